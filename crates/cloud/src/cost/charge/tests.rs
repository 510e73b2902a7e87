//! From metered days to a bill in the books: contracts of an invented body, its fees as FOCUS rows,
//! imported, allocated, invoiced, billed once.

use std::fs;
use std::path::PathBuf;

use definition::{Package, System};
use store::cluster::{Cluster, ClusterOptions};
use store::control::deposit::{entry_reverse, statement_list};
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
use crate::cost::import::{Namesake, bill_import_as, bill_withdraw};
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
        sent_at: None,
        part: false,
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

/// Imports the month's fees; what each replaced.
async fn billed(client: &mut Connection, place: &Place, namesake: Namesake) -> Vec<Option<i64>> {
    let names = BTreeMap::from([("kasumi".to_owned(), "霞村".to_owned())]);
    let fees = fees(client, MAY, &names).await.unwrap();
    assert_eq!((fees.bills.len(), fees.unpriced.len()), (2, 0));
    let mut replaced = Vec::new();
    for ((_, organisation), lines) in &fees.bills {
        // (31,000 + 31 × residents) × 10 days ÷ 31 days.
        let expect = if organisation == "kasumi" { 11_000 } else { 17_000 };
        assert_eq!(lines.iter().map(|it| it.yen).sum::<i64>(), expect);
        assert_eq!(lines.len(), 10);
        let file: PathBuf = place.path().join(format!("{organisation}.csv"));
        lines_write(fs::File::create(&file).unwrap(), lines).unwrap();
        let (root, files) = (place.path().join("costs"), [file]);
        let files = (files.as_slice(), "試験");
        replaced.push(bill_import_as(client, &root, files, namesake).await.unwrap().replaces);
    }
    replaced
}

#[tokio::test]
async fn metered_days_become_a_bill_in_the_books() {
    let place = Place::new();
    let cluster = Cluster::start(&ClusterOptions::for_tests(place.folder())).await.unwrap();
    let mut client = control_open(&Installer::new(cluster.installer("postgres"))).await.unwrap();
    signed(&client).await;
    let names = BTreeMap::from([("kasumi".to_owned(), "霞村".to_owned())]);
    let first = billed(&mut client, &place, Namesake::Unknown).await;
    assert_eq!(first, [None, None]);
    // A vendor of another name bills the same accounts: what it billed before is replaced.
    let sql = "update control.offer set vendor = '名前を変えた見本の事業者'";
    client.batch_execute(sql).await.unwrap();
    let again = billed(&mut client, &place, Namesake::Renamed).await;
    assert_eq!(again, [Some(1), Some(2)]);
    // And so it is found as whose it is when it is called otherwise once more.
    client.batch_execute("update control.offer set vendor = '見本の事業者'").await.unwrap();
    let mut books = books_open(&client, MAY).await.unwrap();
    // Days of Japan, the first of the month with them.
    let days = books.days.iter().map(|it| it.day);
    assert_eq!(days.clone().min().zip(days.max()), Some((MAY, Date::constant(2026, 5, 10))));
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
    let made = invoice_drafts(
        &client,
        (MAY, Method::Usage),
        (&issuer, Date::constant(2026, 6, 10)),
        &names,
    )
    .await;
    let (run, invoices) = made.unwrap();
    assert_eq!(run.total_yen, 28_000);
    let totals: Vec<_> =
        invoices.iter().map(|(_, it)| (it.recipient.as_str(), it.total_yen)).collect();
    assert_eq!(totals, [("霞村", 12_100), ("kumoi", 18_700)]);
    check_issued(&mut client, &issuer, &names).await;
    let statements = statement_list(&client, Date::constant(2027, 12, 31)).await.unwrap();
    let billed: Vec<_> =
        statements.iter().map(|it| (it.billed, it.receivable, it.payable)).collect();
    assert_eq!(billed, [(12_100, 12_100, 12_100), (18_700, 18_700, 18_700)]);
    for organisation in ["kasumi", "kumoi"] {
        let standing = standing(&invoice::invoice_list(&client, MAY).await.unwrap());
        let number = standing[organisation].0;
        let why = (Date::constant(2027, 1, 5), "按分の誤り", "試験");
        invoice_cancel(&mut client, (&issuer.registration, number), why).await.unwrap();
    }
    check_stale(&mut client, &issuer, &names).await;
}

/// An invoice's entry is taken back with the invoice and not alone, whoever asks the database.
async fn check_entry(client: &mut Connection, entry: i64) {
    let transaction = cost::transaction_begin(client).await.unwrap();
    let words = (Date::constant(2026, 6, 11), "誤り", "試験");
    let said = entry_reverse(&transaction, entry, words).await.unwrap_err().to_string();
    assert!(said.contains("請求書 2026-000001 のものです"), "{said}");
    entry_take_back(&transaction, entry, words).await.unwrap();
    assert!(cost::transaction_commit(transaction).await.is_err(), "taken back alone");
}

/// Not before the month is over, nor from bills that are in force no more.
async fn check_stale(client: &mut Connection, issuer: &Issuer, names: &BTreeMap<String, String>) {
    let (month, by) = ((MAY, Method::Usage), (names, "試験"));
    let early = (issuer, Date::constant(2026, 5, 31));
    let said = invoices_issue(client, month, early, by).await.unwrap_err().to_string();
    assert!(said.contains("2026年5月はまだ終わっていません"), "{said}");
    let scopes = store::control::cost::scope_list(client).await.unwrap();
    bill_withdraw(client, scopes[0].import, ("試験", "取り違え")).await.unwrap();
    let late = (issuer, Date::constant(2026, 6, 10));
    let said = invoices_issue(client, month, late, by).await.unwrap_err().to_string();
    assert!(said.contains("kumoi cost allocate 2026-05"), "{said}");
}

/// Numbers without gaps, one that stands a body and month, and a counter-invoice for a wrong one.
async fn check_issued(client: &mut Connection, issuer: &Issuer, names: &BTreeMap<String, String>) {
    let day = Date::constant(2026, 6, 10);
    let (month, by) = ((MAY, Method::Usage), (names, "試験"));
    let numbers =
        |all: &[Issued]| -> Vec<String> { all.iter().map(|it| number_text(it.number)).collect() };
    let first = invoices_issue(client, month, (issuer, day), by).await.unwrap();
    assert_eq!(numbers(&first), ["2026-000001", "2026-000002"]);
    for (method, said) in [
        (Method::Usage, "請求書 2026-000001 でもう請求しています"),
        (Method::Equal, "利用量による請求書 2026-000001 でもう請求しています"),
    ] {
        let again = invoices_issue(client, (MAY, method), (issuer, day), by).await;
        let again = again.unwrap_err().to_string();
        assert!(again.contains(said), "{again}");
    }
    check_entry(client, first[0].entry.unwrap()).await;
    let number = first[0].number;
    let key = (issuer.registration.as_str(), number);
    let why = (day, "団体の誤り", "試験");
    let counter = invoice_cancel(client, key, why).await.unwrap();
    assert_eq!((number_text(counter.number).as_str(), counter.total_yen), ("2026-000003", -12_100));
    assert_eq!(counter.content.0[0]["net_yen"], -11_000);
    for wrong in [number, counter.number] {
        let key = (issuer.registration.as_str(), wrong);
        let said = invoice_cancel(client, key, why).await.unwrap_err().to_string();
        assert!(said.contains("もう取り消されているか"), "{said}");
    }
    // The other one's stands: one body's is issued anew alone.
    let alone = invoices_issue(client, month, (issuer, day), by).await.unwrap();
    assert_eq!(numbers(&alone), ["2026-000004"]);
    assert_eq!((alone[0].organisation.as_str(), alone[0].total_yen), ("kasumi", 12_100));
    for number in [alone[0].number, first[1].number] {
        invoice_cancel(client, (issuer.registration.as_str(), number), why).await.unwrap();
    }
    let later = Date::constant(2027, 1, 4);
    let second = invoices_issue(client, month, (issuer, later), by).await.unwrap();
    assert_eq!(numbers(&second), ["2027-000001", "2027-000002"]);
    assert_eq!(invoice::invoice_list(client, MAY).await.unwrap().len(), 8);
    let sheet = invoice_sheet(&counter);
    assert_eq!((&sheet["total"], &sheet["cancels"]), (&json!("-12,100"), &json!("2026-000001")));
    assert_eq!(sheet["taxes"][0]["percent"], "10");
    assert_eq!(number_read("2026-000003"), Some(counter.number));
    for sql in [
        "delete from control.invoice",
        "update control.invoice set total_yen = 1",
        "insert into control.invoice select * from control.invoice where total_yen > 0",
    ] {
        assert!(client.batch_execute(sql).await.is_err(), "{sql}");
    }
}
