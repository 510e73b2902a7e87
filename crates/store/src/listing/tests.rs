//! Every table that has to do with organisations leaves with one, or is named with its reason.

use std::collections::BTreeSet;

use tokio_postgres::Client;

use super::{CONTROL, LEFT_OUT};
use crate::bulk::record::snapshot;
use crate::cluster::{Cluster, ClusterOptions};
use crate::control::{DATABASE, control_open};
use crate::organisation::Installer;
use crate::testing::Place;

/// Tables with a column that names an organisation, and what refers to one of those by a key.
const TABLES: &str = "with recursive reached (id) as (
        select a.attrelid from pg_attribute a join pg_class t on t.oid = a.attrelid
        where t.relnamespace = 'control'::regnamespace and t.relkind in ('r', 'p')
          and not a.attisdropped and a.attname in ('organisation', 'of', 'body', 'lead')
      union
        select k.conrelid from pg_constraint k
        where k.contype = 'f' and k.connamespace = 'control'::regnamespace
          and k.confrelid = 'control.organisation'::regclass
      union
        select k.conrelid from pg_constraint k join reached r on r.id = k.confrelid
        where k.contype = 'f')
    select t.relname::text from reached r join pg_class t on t.oid = r.id";

/// One row of each of two organisations in every table: every text says whose it is, every number
/// is its own, so that what refers to it by whatever column is found.
const ROWS: &str = "set session_replication_role = replica;
do $fill$
declare
    one record;
    names text;
    texts text;
begin
    for one in select conrelid::regclass as place, conname from pg_constraint
        where connamespace = 'control'::regnamespace and contype = 'c' loop
        execute format('alter table %s drop constraint %I', one.place, one.conname);
    end loop;
    -- What making the database wrote.
    for one in select t.oid::regclass as place from pg_class t
        where t.relnamespace = 'control'::regnamespace and t.relkind = 'r' loop
        execute format('delete from %s', one.place);
    end loop;
    for one in select t.oid::regclass as place, w.number, w.word from pg_class t,
            (values (1, 'kasumi'), (2, 'minato')) w (number, word)
        where t.relnamespace = 'control'::regnamespace and t.relkind = 'r' loop
        select string_agg(quote_ident(a.attname), ', '), string_agg(case
            when y.typcategory = 'S' then quote_literal(one.word)
            when y.typcategory = 'N' then one.number::text
            when y.typcategory = 'A' then format('array[%L]::%s', one.number, y.oid::regtype)
            when y.typcategory = 'B' then (one.number = 1)::text
            when y.typcategory = 'D'
                then format('%L::%s', '2026-01-0' || one.number, y.oid::regtype)
            when y.typname = 'bytea' then format('convert_to(%L, ''UTF8'')', one.word)
            when y.typname = 'jsonb' then format('to_jsonb(%L::text)', one.word)
            else 'null' end, ', ') into names, texts
        from pg_attribute a join pg_type y on y.oid = a.atttypid
        where a.attrelid = one.place and a.attnum > 0 and not a.attisdropped
            and a.attgenerated = '';
        execute format('insert into %s (%s) overriding system value values (%s)',
            one.place, names, texts);
    end loop;
end $fill$;";

async fn listed(client: &mut Client, of: &str) -> String {
    let from = snapshot(client).await.unwrap();
    let mut out = String::new();
    for (listing, _) in CONTROL {
        let mut lines = from.listed_of(listing, of).await.unwrap();
        while let Some(line) = lines.next().await.unwrap() {
            out.push_str(&format!("{}: {line}\n", listing.name));
        }
    }
    out
}

#[tokio::test]
async fn what_the_control_database_keeps_leaves_with_its_organisation() {
    let place = Place::new();
    let cluster = Cluster::start(&ClusterOptions::for_tests(place.folder())).await.unwrap();
    let mut client = control_open(&Installer::new(cluster.installer("postgres"))).await.unwrap();
    let rows = client.query(TABLES, &[]).await.unwrap();
    let there: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
    assert!(there.contains("invoice") && there.contains("contract_act"), "{there:?}");
    let named = CONTROL.iter().map(|(listing, _)| listing.name);
    let named: BTreeSet<&str> = named.chain(LEFT_OUT.iter().map(|it| it.0)).collect();
    let lost: Vec<_> = there.iter().filter(|it| !named.contains(it.as_str())).collect();
    assert!(lost.is_empty(), "neither written out nor left out with a reason: {lost:?}");

    // Nobody else may set triggers and keys aside.
    let root = Installer::new(cluster.superuser("postgres").unwrap());
    root.connect(DATABASE).await.unwrap().batch_execute(ROWS).await.unwrap();
    let text = listed(&mut client, "kasumi").await;
    for (listing, _) in CONTROL {
        let own = format!("{}: ", listing.name);
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with(&own)).collect();
        assert_eq!(lines.len(), 1, "{}: {lines:?}", listing.name);
        assert!(!lines[0].contains("minato"), "{}", lines[0]);
    }
    let mail = text.lines().find(|line| line.starts_with("mail: ")).unwrap();
    assert!(!mail.contains("\"code\"") && !text.contains("\"digest\""), "{mail}");
}
