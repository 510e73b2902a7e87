//! 利用枠 as the executor holds it: the ceiling of connections in PostgreSQL itself, at opening and
//! after a grant; what is used in the daily series; and a body told once when it is nearly full,
//! and full.

use std::collections::BTreeMap;
use std::io;

use cloud::mail::mail_round;
use cloud::quota::{quota_defaults, quota_defaults_keep};
use cloud::{Executor, Keeper, Kept, Packages};
use jiff::Timestamp;
use store::cluster::{Cluster, ClusterOptions};
use store::control::mail::notice_list;
use store::control::plane::{operator_admit, operator_register};
use store::control::quota::{
    GB, QuotaKind, QuotaStep, quota_ask, quota_decide, quota_measured, quota_step, quotas_of,
};
use store::control::{control_open, organisation_register};
use store::organisation::{Installer, OPERATOR, Organisation};
use store::testing::{Place, sample_organisation};

/// Keeps nothing: nothing is opened by contract here.
struct Nowhere;

impl Keeper for Nowhere {
    fn load(&self, _: &str) -> io::Result<Option<Kept>> {
        Ok(None)
    }

    fn store(&self, _: &str, _: &Kept) -> io::Result<()> {
        Ok(())
    }
}

/// The ceiling of each login of the body, as PostgreSQL holds it.
async fn ceilings(installer: &Installer) -> BTreeMap<String, i32> {
    let client = installer.connect("postgres").await.unwrap();
    let sql = "select rolname::text, rolconnlimit from pg_roles where rolname like 'kasumi\\_%'";
    let rows = client.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test]
async fn what_was_granted_is_held_and_what_is_used_is_told() {
    let place = Place::new();
    let cluster = Cluster::start(&ClusterOptions::for_tests(place.folder())).await.unwrap();
    let installer = Installer::new(cluster.installer("postgres"));
    let templates = installer.prepare(&[]).await.unwrap();
    let control = control_open(&installer).await.unwrap();
    let body = sample_organisation("kasumi");
    organisation_register(&control, &body).await.unwrap();
    let own = installer.organisation_create(&body, &templates).await.unwrap().lgwan;
    store::control::buyer_admit(&control, &body).await.unwrap();
    let packages = Packages::default();
    let executor = Executor {
        installer: &installer,
        templates: &templates,
        packages: &packages,
        keeper: &Nowhere,
    };
    let tend = async || executor.quota_tend("kasumi", Timestamp::now()).await.unwrap();
    tend().await;
    assert!(ceilings(&installer).await.values().all(|it| *it == 40), "nothing was said yet");
    quota_defaults_keep(&control).await.unwrap();
    quota_defaults_keep(&control).await.unwrap();
    tend().await;
    let held = ceilings(&installer).await;
    assert_eq!(held.len(), 5, "{held:?}");
    assert!(held.values().all(|it| *it == 30), "{held:?}");

    // Two of the body and an operator: the next look of the executor holds what was granted.
    let agency = Organisation { kind: OPERATOR.to_owned(), ..sample_organisation("agency") };
    let operator = installer.operator_create(&agency, &templates).await.unwrap();
    operator_admit(&control, &agency).await.unwrap();
    operator_register(&control, &agency, ("unyo", "見本　運用")).await.unwrap();
    let buyer = own.database(own.control().as_ref(), None, 2).unwrap().client().await.unwrap();
    let asked = (QuotaKind::Connections, 45);
    let request = quota_ask(&*buyer, asked, ("a", "窓口が増える")).await.unwrap();
    quota_step(&*buyer, (request, QuotaStep::Decide), "b").await.unwrap();
    let pool = operator.database(operator.control().as_ref(), None, 2).unwrap();
    let mut client = pool.client().await.unwrap();
    quota_decide(&mut client, (request, Some(45)), ("unyo", "")).await.unwrap();
    tend().await;
    assert!(ceilings(&installer).await.values().all(|it| *it == 45));

    // What is used: some 20 MB of three empty databases, and the connections that are open.
    let used = async |kind| {
        let all = quotas_of(&control, "kasumi").await.unwrap();
        all.into_iter().find(|one| one.kind == kind).unwrap().used.map(|it| it.0)
    };
    assert!(used(QuotaKind::Capacity).await.unwrap() > 10_000_000);
    assert_eq!(used(QuotaKind::Connections).await, Some(1));

    // The decision was told; then 80 % and 100 %, each once, and less is no news.
    let round = async || mail_round(&control, None, Timestamp::now()).await.unwrap().told;
    assert_eq!(round().await, 1);
    for (part, told) in [(79, 0), (80, 1), (95, 0), (100, 1), (130, 0), (85, 0), (79, 0)] {
        let measured = ("kasumi", QuotaKind::Capacity);
        quota_measured(&control, measured, 20 * GB / 100 * part).await.unwrap();
        assert_eq!(round().await, told, "{part} %");
    }
    let said = notice_list(&*buyer, 10).await.unwrap();
    let full = said.iter().find(|one| one.subject.contains("100％")).expect("it was told");
    assert!(full.words.contains("窓口の仕事はこのまま続けられます"), "{}", full.words);
    assert_eq!(quota_defaults().unwrap().len(), 12);
    drop((buyer, client));
    cluster.stop().await.unwrap();
}
