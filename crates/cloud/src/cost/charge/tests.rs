//! From metered days to a bill in the books: contracts of an invented body, its fees as FOCUS rows,
//! imported, allocated, invoiced, billed once.

use std::fs;
use std::path::PathBuf;

use definition::{Package, System};
use store::cluster::{Cluster, ClusterOptions};
use store::control::deposit::statement_list;
use store::control::{
    Publication, contract_in_service, contract_sign, control_open, meter, offer_publish,
    organisation_register,
};
use store::organisation::Installer;
use store::testing::{Place, sample_organisation};

use super::*;
use crate::cost::allocate::WORKLOAD;
use crate::cost::books::{allocation_keep, books_open};
use crate::cost::focus::lines_write;
use crate::cost::import::bill_import;
use crate::cost::metered::fees;

const MAY: Date = Date::constant(2026, 5, 1);

fn system() -> System {
    let mut package = Package::default();
    let head = "id: reading-card\ncode: '900'\nname: 利用券\nname_en: Card\nstatute: 図書館条例\n\
                version: '1'\nbodies: [municipality]\n";
    package.files.insert("system.yaml".to_owned(), head.to_owned());
    let found = definition::load(&package);
    found.unwrap_or_else(|errors| panic!("{errors:?}")).0
}

/// Two organisations that contracted a priced system, metered for ten days.
async fn signed(client: &Connection) {
    let system = system();
    let price = serde_json::json!([{"from": "2026-04-01", "base_yen": 31_000, "resident_yen": 31}]);
    let none = std::collections::BTreeMap::new();
    let publication = Publication {
        vendor: ("vendor_c", "見本の事業者"),
        code: Some("900"),
        price: Some(&price),
        report: None,
        documents: &none,
    };
    let offer = offer_publish(client, &publication, &system).await.unwrap();
    for (id, code, residents) in [("kasumi", "999991", 100), ("kumoi", "999992", 700)] {
        let code = code.to_owned();
        let organisation = store::organisation::Organisation { code, ..sample_organisation(id) };
        organisation_register(client, &organisation).await.unwrap();
        let contract = contract_sign(client, id, offer).await.unwrap();
        contract_in_service(client, contract).await.unwrap();
        for day in 0..10 {
            let day = MAY.saturating_add(Span::new().days(day));
            meter(client, (id, day), residents).await.unwrap();
        }
    }
}

#[tokio::test]
async fn metered_days_become_a_bill_in_the_books() {
    let place = Place::new();
    let cluster = Cluster::start(&ClusterOptions::for_tests(place.folder())).await.unwrap();
    let mut client = control_open(&Installer::new(cluster.installer("postgres"))).await.unwrap();
    signed(&client).await;
    let names = BTreeMap::from([("kasumi".to_owned(), "霞村".to_owned())]);
    let fees = fees(&client, MAY, &names).await.unwrap();
    assert_eq!((fees.bills.len(), fees.unpriced.len()), (2, 0));
    for ((_, organisation), lines) in &fees.bills {
        // (31,000 + 31 × residents) × 10 days ÷ 31 days.
        let expect = if organisation == "kasumi" { 11_000 } else { 17_000 };
        assert_eq!(lines.iter().map(|it| it.yen).sum::<i64>(), expect);
        assert_eq!(lines.len(), 10);
        let file: PathBuf = place.path().join(format!("{organisation}.csv"));
        lines_write(fs::File::create(&file).unwrap(), lines).unwrap();
        bill_import(&mut client, &place.path().join("costs"), (&[file], "試験")).await.unwrap();
    }
    let mut books = books_open(&client, MAY).await.unwrap();
    books.basis.points = vec![("人口".to_owned(), 7), (WORKLOAD.to_owned(), 3)];
    let allocation = books.allocate().unwrap();
    assert_eq!((allocation.total, allocation.nobody.len()), (28_000, 0));
    // The population is what was metered, so that only the old cost is an open question.
    assert_eq!(books.measure("kumoi", "人口"), Some(700));
    let open: Vec<Method> =
        allocation.outcomes.iter().filter(|it| it.shares.is_err()).map(|it| it.method).collect();
    assert_eq!(open, [Method::Legacy]);
    allocation_keep(&mut client, (&books, &allocation), "試験").await.unwrap();
    let issuer =
        Issuer { name: "見本".into(), registration: "T0000000000000".into(), sample: true };
    let made =
        invoice_list(&client, (MAY, Method::Usage), (&issuer, Date::constant(2026, 6, 10)), &names)
            .await;
    let (run, invoices) = made.unwrap();
    assert_eq!(run.total_yen, 28_000);
    let totals: Vec<_> =
        invoices.iter().map(|(_, it)| (it.recipient.as_str(), it.total_yen)).collect();
    assert_eq!(totals, [("霞村", 12_100), ("kumoi", 18_700)]);
    assert_eq!(invoices_bill(&mut client, MAY, &invoices, "試験").await.unwrap(), 2);
    let again = invoices_bill(&mut client, MAY, &invoices, "試験").await.unwrap_err().to_string();
    assert!(again.contains("もう請求しています"), "{again}");
    let statements = statement_list(&client, Date::constant(2026, 12, 31)).await.unwrap();
    let billed: Vec<_> =
        statements.iter().map(|it| (it.billed, it.receivable, it.payable)).collect();
    assert_eq!(billed, [(12_100, 12_100, 12_100), (18_700, 18_700, 18_700)]);
}
