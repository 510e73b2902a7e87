-- カタログの検索, by item: the words of packages have an index of their own, with statistics by which a
-- plan tells an item that all have from one of a single offer.

drop index control.offer_entry_words;
drop function control.words_of(text);
create index package_word_words on control.package_word using gin (words);
create index offer_entry_hash on control.offer_entry (hash) where newest;
