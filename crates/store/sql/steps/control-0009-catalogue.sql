-- カタログの検索: what is searched of each offer in one narrow table, kept by the database itself
-- beside every change of an offer. Texts are folded the same way when written and when asked.

-- The key of a text: NFKC, small Latin letters, katakana, without spaces, dots, dashes, brackets.
create function control.fold(given text) returns text
    language sql immutable strict parallel safe as
    $$ select translate(lower(normalize(given, nfkc)),
        'ぁあぃいぅうぇえぉおかがきぎくぐけげこごさざしじすずせぜそぞただちぢっつづてでとどなにぬねのはばぱひびぴふぶぷへべぺほぼぽまみむめもゃやゅゆょよらりるれろゎわゐゑをんゔゕゖ'
        || ' ・･-‐‑–—ー〜~()「」『』[]、。,.',
        'ァアィイゥウェエォオカガキギクグケゲコゴサザシジスズセゼソゾタダチヂッツヅテデトドナニヌネノハバパヒビピフブプヘベペホボポマミムメモャヤュユョヨラリルレロヮワヰヱヲンヴヵヶ') $$;

-- The keys of the words of a question.
create function control.terms(given text) returns text[] language sql immutable strict as
    $$ select coalesce(array_agg(key), '{}') from (
        select distinct control.fold(word) as key
        from regexp_split_to_table(normalize(given, nfkc), '\s+') word) keys
       where key <> '' $$;

-- Every character and every pair of neighbours, of each line by itself. So dear that a plan always
-- goes through the index, which has worked it out.
create function control.grams(folded text) returns text[]
    language sql immutable strict parallel safe cost 100000 as
    $$ select coalesce(array_agg(distinct substr(line, place, width)), '{}')
       from unnest(string_to_array(folded, E'\n')) line,
            generate_series(1, length(line)) place, generate_series(1, 2) width
       where place + width <= length(line) + 1 $$;

-- Names and numbers of items, names of procedures: each once.
create table control.word (
    id integer generated always as identity primary key,
    word text not null unique,
    folded text not null generated always as (control.fold(word)) stored,
    grams text[] not null generated always as (control.grams(control.fold(word))) stored
);
create index word_grams on control.word using gin (grams);

-- Those of each package.
create table control.package_word (
    hash text primary key references control.package,
    words integer[] not null
);

-- The words of a package, which never change: good for an index, dear as above.
create function control.words_of(package text) returns integer[]
    language sql immutable strict parallel safe cost 100000 as
    $$ select coalesce(
        (select w.words from control.package_word w where w.hash = package), '{}') $$;

-- An offer as it is listed, a narrow row for each period of its price that is not over.
create table control.offer_entry (
    offer bigint not null references control.offer,
    from_day date not null,
    until_day date not null,
    system text not null,
    vendor text not null,
    name text not null,
    name_en text not null,
    version text not null,
    base_yen bigint,
    resident_yen bigint,
    conforms boolean,
    -- In force: neither withdrawn nor replaced by a newer one of its vendor; and no part.
    newest boolean not null,
    folded text not null,
    hash text not null,
    primary key (offer, from_day)
);
create index offer_entry_order on control.offer_entry (system, vendor, offer);
create index offer_entry_grams on control.offer_entry using gin (control.grams(folded))
    where newest;
create index offer_entry_words on control.offer_entry using gin (control.words_of(hash))
    where newest;

create function control.offer_entry_write(given control.offer) returns void language plpgsql as
$$
declare
    keys text := control.fold(given.name) || E'\n' || control.fold(given.name_en) || E'\n'
        || control.fold(given.vendor) || E'\n' || control.fold(given.system);
begin
    delete from control.offer_entry e where e.offer = given.id;
    insert into control.offer_entry
    select given.id, p.day, p.until, given.system, given.vendor, given.name, given.name_en,
        given.version, p.base_yen, p.resident_yen, (given.report ->> 'passes')::boolean,
        given.withdrawn_at is null and given.replaced_at is null and not given.part, keys,
        given.hash
    from (
        select *, lead(day, 1, 'infinity') over (order by day) as until from (
            select '-infinity'::date as day, null::bigint as base_yen, null::bigint as resident_yen
            union all
            select (one ->> 'from')::date, (one ->> 'base_yen')::bigint,
                (one ->> 'resident_yen')::bigint
            from jsonb_array_elements(coalesce(given.price, '[]')) one) prices) p
    -- A day of the server may be yesterday here.
    where p.until >= current_date;
end
$$;

create function control.offer_entered() returns trigger language plpgsql as
$$
begin
    perform control.offer_entry_write(new);
    return null;
end
$$;
create trigger entered after insert or update on control.offer
    for each row execute function control.offer_entered();
select control.offer_entry_write(o) from control.offer o order by o.id;

grant select on control.word, control.package_word, control.offer_entry to kumoi_buyer;
