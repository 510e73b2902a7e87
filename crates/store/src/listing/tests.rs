//! Every table that has to do with organisations leaves with one, or is named with its reason.

use std::collections::BTreeSet;

use tokio_postgres::Client;

use super::{CONTROL, LEFT_OUT};
use crate::bulk::record::snapshot;
use crate::cluster::{Cluster, ClusterOptions};
use crate::control::{control_open, organisation_register};
use crate::organisation::{Installer, Organisation};
use crate::testing::{Place, sample_organisation};

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

/// One row of most of what an organisation has, in two of them.
const ROWS: &str = "
    insert into control.notice (organisation, key, subject, words)
        values ('ID', 'k', 'ID の知らせ', 'ID');
    insert into control.mail_address (organisation, address, added_by, digest)
        values ('ID', 'ID@example.jp', '甲', '\\x5ec7e7'::bytea);
    insert into control.mail (address, code)
        select id, 'code-ID' from control.mail_address where organisation = 'ID';
    insert into control.incident (organisation, service, layer, title, found_by)
        values ('ID', '窓口', '団体', 'ID の障害', '人');
    insert into control.incident_note (incident, actor, words)
        select id, '甲', 'ID' from control.incident where organisation = 'ID';
    insert into control.environment (id, provider, kind, body)
        values ('ID.production.local', 'local', 'production', 'CODE');
    insert into control.cost_measure values ('ID', 'people', '2026-04-01', 1, 'ID');
    insert into control.joint_group (name, lead, pattern, purpose, made_by)
        values ('ID の組', 'ID', 'A', 'p', '甲');";

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

    for (id, code) in [("kasumi", "999991"), ("minato", "999992")] {
        let organisation = Organisation { code: code.to_owned(), ..sample_organisation(id) };
        organisation_register(&client, &organisation).await.unwrap();
        client.batch_execute(&ROWS.replace("ID", id).replace("CODE", code)).await.unwrap();
    }
    let text = listed(&mut client, "kasumi").await;
    let kinds = ["notice", "mail_address", "mail", "incident", "incident_note", "cost_measure"];
    for kind in kinds.into_iter().chain(["organisation", "joint_group", "environment"]) {
        assert!(text.contains(&format!("{kind}: ")), "{kind} is missing in {text}");
    }
    for strange in ["minato", "code-kasumi", "5ec7e7", "digest"] {
        assert!(!text.contains(strange), "{strange} in {text}");
    }
}
