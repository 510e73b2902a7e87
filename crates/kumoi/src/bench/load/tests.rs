//! What a load leaves in a real database, column by column, and a load that is broken off.

use store::register::{Table, reveal, rows};

use super::*;
use crate::bench::place::{City, Folder, Place};

/// Rows, and MD5 over all of them without the sealed columns, which differ from load to load.
const TABLES: [(&str, i64, &str); 8] = [
    ("resident_record.household", 905, "a10bc5532fcaf1bd54cdbcf9419d5358"),
    ("resident_record.protection", 2, "98418abe69e442bd44ca9da1a10e5f80"),
    ("resident_record.resident", 2000, "6a1c39ec850604d7242fc0e198a7f7ab"),
    ("resident_record.resident_history", 122, "20d5a0bd5c42337ba6faf8efb5705d68"),
    ("resident_tax.payer", 40, "9aaa8c4eafd69175ad57a5fea4acc705"),
    ("resident_tax.slip", 1605, "8088c837a816d6eefe5479662ae4b132"),
    ("resident_tax.slip_dependant", 237, "61c56e91664989f97682e06a29339ecf"),
    ("seal_registration.seal", 905, "cff800f9ab70842367d9db4ff9f0d5d8"),
];

async fn number(client: &store::Connection, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.expect(sql).get(0)
}

async fn digest(client: &store::Connection, table: &str) -> (i64, String) {
    let sql = format!(
        "select string_agg(quote_ident(column_name), ',' order by ordinal_position)
         from information_schema.columns where table_schema || '.' || table_name = '{table}'
         and column_name not like '%\\_sealed' and column_name not like '%\\_index'"
    );
    let columns: String = client.query_one(&sql, &[]).await.expect("columns").get(0);
    let sql = format!(
        "select count(*), md5(string_agg(x::text, E'\\n' order by x::text collate \"C\"))
         from (select {columns} from {table}) x"
    );
    let row = client.query_one(&sql, &[]).await.expect("a digest");
    (row.get(0), row.get(1))
}

/// A secret is read back as the population has it.
async fn check_secret(place: &Place, city: &City) {
    let system = place.systems.iter().find(|one| one.id == "resident-record").expect("a system");
    let table = Table::new(system, "resident").expect("a register");
    let person = seed::population(&city.sample).household(0).members.remove(0);
    let key = base::code::AddresseeNumber::from_serial(1).expect("a number").to_string();
    let client = city.office.database.client().await.expect("a connection");
    assert_eq!(rows(&**client, table, std::slice::from_ref(&key)).await.expect("rows").len(), 1);
    let vault = city.office.database.vault().expect("keys");
    let item = table.register.item("個人番号").expect("an item");
    let shown = reveal(&**client, table, item, &key, vault).await.expect("a secret");
    assert_eq!(shown, Some(person.individual_number.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_leaves_these_rows_and_goes_on_when_broken_off() {
    let folder = Folder::open(None).expect("a folder");
    let place = Place::open(&folder).await.expect("a cluster");
    let city = place.city("golden", 2_000).await.expect("a city");
    // One system first: each knows by itself how far it is.
    for systems in [&place.systems[..1], &place.systems[..]] {
        seed::load(&city.sample, &city.kept, systems, |_| {}).await.expect("a load");
    }
    let client = place.owner(&city).await.expect("the owner");
    let mut found = Vec::new();
    for (table, ..) in TABLES {
        let (rows, digest) = digest(&client, table).await;
        found.push((table, rows, digest));
    }
    let expected = TABLES.map(|(table, rows, digest)| (table, rows, digest.to_owned()));
    assert_eq!(found, expected);
    check_secret(&place, &city).await;

    let city = place.city("broken", 10_000).await.expect("a city");
    let client = place.owner(&city).await.expect("the owner");
    let (first, heard) = tokio::sync::oneshot::channel();
    let mut first = Some(first);
    let load = seed::load(&city.sample, &city.kept, &place.systems, |_| {
        first.take().into_iter().for_each(|first| assert!(first.send(()).is_ok()));
    });
    tokio::select! {
        ended = load => ended.expect("a load"),
        _ = heard => {}
    }
    let people = "select count(*) from resident_record.resident";
    let some = number(&client, people).await;
    assert!((1..10_000).contains(&some), "{some}");
    assert!(!seed::loaded(&city.sample, &city.kept, &place.systems).await.expect("a state"));
    seed::load(&city.sample, &city.kept, &place.systems, |_| {}).await.expect("a load");
    assert!(seed::loaded(&city.sample, &city.kept, &place.systems).await.expect("a state"));
    assert_eq!(number(&client, people).await, 10_000);
    let strangers = "select count(*) from resident_record.resident r
                     where not exists (select from core.journal j where j.event_id = r.event_id)";
    assert_eq!(number(&client, strangers).await, 0);
    place.close().await.expect("the end");
}
