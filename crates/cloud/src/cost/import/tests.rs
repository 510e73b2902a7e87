//! Bills in a real control database: imported, re-issued, refused, with nothing left behind.

use std::fs;
use std::path::PathBuf;

use expect_test::{Expect, expect};
use store::cluster::{Cluster, ClusterOptions};
use store::control::control_open;
use store::control::cost::{Owner, Rate, day_list, owner_list, owner_put, rate_put};
use store::organisation::Installer;
use store::testing::Place;

use super::*;

const HEADER: &str = "ProviderName,PublisherName,InvoiceIssuerName,BillingAccountId,\
BillingAccountName,SubAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,\
ChargePeriodEnd,ChargeCategory,ChargeClass,ChargeDescription,BilledCost,EffectiveCost,ListCost,\
ContractedCost,PricingQuantity,PricingUnit,BillingCurrency,ServiceName,ServiceCategory\n";

/// A row of billing account `account` in the period `from` to `to`.
fn row(account: &str, (from, to): (&str, &str), cost: &str) -> String {
    format!(
        "P,P,P,{account},名\\前\t,a1,{from}T00:00:00Z,{to}T00:00:00Z,{from}T00:00:00Z,{from}T01:00:00Z,\
         Usage,,x,{cost},{cost},{cost},{cost},1,Hours,USD,計\\算,Compute\n"
    )
}

const MAY: (&str, &str) = ("2026-05-01", "2026-06-01");

struct Room {
    place: Place,
    client: Connection,
    _cluster: Cluster,
}

impl Room {
    async fn new() -> Room {
        let place = Place::new();
        let cluster = Cluster::start(&ClusterOptions::for_tests(place.folder())).await.unwrap();
        let client = control_open(&Installer::new(cluster.installer("postgres"))).await.unwrap();
        let rate = Rate {
            currency: "USD".to_owned(),
            from: "2026-04-01".parse().unwrap(),
            micro_yen: 139_000_000,
            source: "見本".to_owned(),
            certainty: "U".to_owned(),
        };
        rate_put(&client, &rate).await.unwrap();
        Room { place, client, _cluster: cluster }
    }

    fn root(&self) -> PathBuf {
        self.place.path().join("costs")
    }

    async fn import(&mut self, rows: &[String]) -> Result<Imported, CloudError> {
        self.import_as(rows, Namesake::Unknown).await
    }

    async fn import_as(
        &mut self,
        rows: &[String],
        namesake: Namesake,
    ) -> Result<Imported, CloudError> {
        let file = self.place.path().join("bill.csv");
        fs::write(&file, format!("{HEADER}{}", rows.concat())).unwrap();
        let root = self.root();
        bill_import_as(&mut self.client, &root, (&[file], "試験"), namesake).await
    }

    /// Imports, daily sums and folders, as they are seen from outside.
    async fn said(&self) -> String {
        let month = ("2026-01-01".parse().unwrap(), "2027-01-01".parse().unwrap());
        let mut text = String::new();
        for day in day_list(&self.client, month).await.unwrap() {
            let Day { day, billing_account, service, costs, .. } = day;
            text += &format!("{day} {billing_account} {service} {}\n", costs[0]);
        }
        for name in ["raw", "incoming"] {
            let count = fs::read_dir(self.root().join(name)).map_or(0, Iterator::count);
            text += &format!("{name} {count}\n");
        }
        text
    }

    #[track_caller]
    fn check(result: Result<Imported, CloudError>, expect: Expect) {
        let text = match result {
            Ok(it) => {
                let scope = |(scope, billed, before): &(Scope, Amount, Option<Amount>)| {
                    let before = before.map(|it| it.to_string());
                    format!(" {} {billed} {before:?}", scope.billing_account)
                };
                let scopes: String = it.scopes.iter().map(scope).collect();
                format!("{} replaces {:?}:{scopes}", it.id, it.replaces)
            }
            Err(error) => error.to_string().replace(['。', '、'], "\n"),
        };
        expect.assert_eq(&text);
    }
}

use store::control::cost::Day;

#[tokio::test]
async fn a_bill_is_in_the_books_whole_or_not_at_all() {
    let mut room = Room::new().await;
    let first = room.import(&[row("B1", MAY, "1.5"), row("B2", MAY, "2")]).await;
    Room::check(first, expect!["1 replaces None: B1 1.5 None B2 2 None"]);
    // Re-issued whole: replaced, with the difference.
    let again = room.import(&[row("B1", MAY, "1.75"), row("B2", MAY, "2")]).await;
    Room::check(again, expect![[r#"2 replaces Some(1): B1 1.75 Some("1.5") B2 2 Some("2")"#]]);
    // A part of it only, or another period that overlaps: refused.
    let part = room.import(&[row("B1", MAY, "9")]).await;
    Room::check(
        part,
        expect![[r#"
            取込み済みの請求（2）と範囲が重なりますが
            同じ範囲ではありません
            取込み済み: P の請求先 B1
            2026-05-01T00:00:00Z から 2026-06-01T00:00:00Z まで（USD）（ほかを合わせ 2 件）
            今回: P の請求先 B1
            2026-05-01T00:00:00Z から 2026-06-01T00:00:00Z まで（USD）（1 件）
            出し直された請求なら
            同じ請求先と期間のすべてをまとめて取り込んでください
            誤って取り込んだものなら
            kumoi cost withdraw 2 で除けます"#]],
    );
    let other = room.import(&[row("B1", ("2026-05-15", "2026-06-15"), "9")]).await;
    Room::check(
        other,
        expect![[r#"
            取込み済みの請求（2）と範囲が重なりますが
            同じ範囲ではありません
            取込み済み: P の請求先 B1
            2026-05-01T00:00:00Z から 2026-06-01T00:00:00Z まで（USD）（ほかを合わせ 2 件）
            今回: P の請求先 B1
            2026-05-15T00:00:00Z から 2026-06-15T00:00:00Z まで（USD）（1 件）
            出し直された請求なら
            同じ請求先と期間のすべてをまとめて取り込んでください
            誤って取り込んだものなら
            kumoi cost withdraw 2 で除けます"#]],
    );
    let inner = [row("B3", MAY, "1"), row("B3", ("2026-05-31", "2026-06-30"), "1")];
    Room::check(
        room.import(&inner).await,
        expect![[r#"
            一つの請求の中で請求期間が重なっています: P の請求先 B3
            2026-05-01T00:00:00Z から 2026-06-01T00:00:00Z まで（USD） と P の請求先 B3
            2026-05-31T00:00:00Z から 2026-06-30T00:00:00Z まで（USD）"#]],
    );
    check_issued_wider(&mut room).await;
    // Another month stands beside it; a fault in the last row leaves nothing.
    let june = room.import(&[row("B1", ("2026-06-01", "2026-07-01"), "3")]).await;
    Room::check(june, expect!["5 replaces None: B1 3 None"]);
    let broken = [row("B1", ("2026-07-01", "2026-08-01"), "3"), row("B1", MAY, "三")];
    Room::check(
        room.import(&broken).await,
        expect![[r#"
            bill.csv の 3 行目
            列 BilledCost: 「三」は数として読めません
            12.345 や 1.2E-7 のように書いてください"#]],
    );
    expect![[r#"
        2026-05-01 B1 計\算 1.75
        2026-05-01 B2 計\算 2
        2026-06-01 B1 計\算 3
        raw 5
        incoming 0
    "#]]
    .assert_eq(&room.said().await);
}

/// A bill that is issued again over the same accounts and months replaces, whatever else is in it;
/// one that was a mistake is taken out again.
async fn check_issued_wider(room: &mut Room) {
    // Issued again with a charge in another currency: the same accounts, the same month.
    let other = row("B2", MAY, "4").replacen("USD", "JPY", 1);
    let wider = [row("B1", MAY, "1.75"), row("B2", MAY, "2"), other];
    let wider = room.import(&wider).await.unwrap();
    assert_eq!((wider.replaces, wider.scopes.len()), (Some(2), 3));
    let why = ("試験", "取り違え");
    bill_withdraw(&mut room.client, wider.id, why).await.unwrap();
    let said = bill_withdraw(&mut room.client, wider.id, why).await.unwrap_err().to_string();
    assert!(said.contains("有効な請求 3"), "{said}");
    let changed = room.client.batch_execute("update control.cost_scope set current = true").await;
    assert!(changed.is_err(), "a bill that was replaced comes back");
    let again = room.import(&[row("B1", MAY, "1.75"), row("B2", MAY, "2")]).await;
    Room::check(again, expect!["4 replaces None: B1 1.75 None B2 2 None"]);
}

#[tokio::test]
async fn a_provider_of_another_name_does_not_double_a_bill() {
    let mut room = Room::new().await;
    let renamed = || [row("B1", MAY, "1.75").replace("P,P,P,", "P Cloud,P,P,")];
    room.import(&[row("B1", MAY, "1.5")]).await.unwrap();
    for (provider, account, system) in
        [("P", "a1", "見本"), ("P", "a2", "見本"), ("P Cloud", "a2", "別")]
    {
        let [provider, account, system] = [provider, account, system].map(str::to_owned);
        let environment = String::new();
        let owner = Owner { provider, account, environment, organisation: None, system };
        owner_put(&room.client, &owner).await.unwrap();
    }
    Room::check(
        room.import(&renamed()).await,
        expect![[r#"
            取込み済みの請求（1）と請求先と期間が同じで
            提供者の名前だけが違います
            取込み済み: P の請求先 B1
            2026-05-01T00:00:00Z から 2026-06-01T00:00:00Z まで（USD）
            今回: P Cloud の請求先 B1
            2026-05-01T00:00:00Z から 2026-06-01T00:00:00Z まで（USD）
            提供者の名前が変わったのなら --renamed を付けて置き換え
            別の提供者の請求なら --other-provider を付けて並べて取り込んでください"#]],
    );
    let again = room.import_as(&renamed(), Namesake::Renamed).await;
    Room::check(again, expect![[r#"2 replaces Some(1): B1 1.75 Some("1.5")"#]]);
    // Whose its accounts are stays so; what somebody said of the new name is left alone.
    let owners = owner_list(&room.client).await.unwrap();
    let owners: Vec<_> = owners
        .iter()
        .map(|it| (it.provider.as_str(), it.account.as_str(), it.system.as_str()))
        .collect();
    let kept = [
        ("P", "a1", "見本"),
        ("P", "a2", "見本"),
        ("P Cloud", "a1", "見本"),
        ("P Cloud", "a2", "別"),
    ];
    assert_eq!(owners, kept);
    let other = [row("B1", MAY, "4").replace("P,P,P,", "Q,Q,Q,")];
    let beside = room.import_as(&other, Namesake::Other).await;
    Room::check(beside, expect!["3 replaces None: B1 4 None"]);
    let may = ("2026-05-01".parse().unwrap(), "2026-06-01".parse().unwrap());
    let days = day_list(&room.client, may).await.unwrap();
    let costs: Vec<_> =
        days.iter().map(|it| (it.provider.as_str(), it.costs[0].as_str())).collect();
    assert_eq!(costs, [("P Cloud", "1.75"), ("Q", "4")]);
}

#[tokio::test]
async fn what_a_broken_off_import_left_is_swept() {
    let mut room = Room::new().await;
    // A process number that no machine gives.
    for left in ["raw/1-1", "incoming/1-999999999"] {
        fs::create_dir_all(room.root().join(left)).unwrap();
    }
    let own = format!("incoming/2-{}", std::process::id());
    fs::create_dir_all(room.root().join(&own)).unwrap();
    room.import(&[row("B1", MAY, "1")]).await.unwrap();
    assert!(room.root().join(own).exists());
    let raw: Vec<_> = fs::read_dir(room.root().join("raw")).unwrap().collect();
    assert_eq!(raw.len(), 1);
    assert!(!room.root().join("incoming/1-999999999").exists());
}
