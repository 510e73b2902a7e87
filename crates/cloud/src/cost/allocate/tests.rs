//! Allocation of an invented month by hand-checked amounts, and sums that must hold for any bill.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::cost::rate;
use store::control::cost::Rate;

fn day(provider: &str, account: &str, currency: &str, billed: &str) -> Day {
    Day {
        day: "2026-05-10".parse().unwrap(),
        period_from: "2026-05-01T00:00:00Z".parse().unwrap(),
        provider: provider.to_owned(),
        names: [provider.to_owned(), String::new()],
        billing_account: "B".to_owned(),
        account: account.to_owned(),
        service: "計算".to_owned(),
        service_category: "Compute".to_owned(),
        region: String::new(),
        charge: String::new(),
        environment: String::new(),
        currency: currency.to_owned(),
        rows: 1,
        costs: [billed, billed, billed, billed].map(str::to_owned),
    }
}

fn owner(account: &str, organisation: Option<&str>, system: &str) -> Owner {
    Owner {
        provider: "P".to_owned(),
        account: account.to_owned(),
        environment: String::new(),
        organisation: organisation.map(str::to_owned),
        system: system.to_owned(),
    }
}

fn rates() -> Rates {
    let rate = Rate {
        currency: "USD".to_owned(),
        from: "2026-05-01".parse().unwrap(),
        micro_yen: rate::read("139").unwrap(),
        source: "見本".to_owned(),
        certainty: "U".to_owned(),
    };
    Rates::of(&[rate]).unwrap()
}

/// Two organisations, one with two systems, a shared network and an account of nobody's.
fn month() -> Ledger {
    let days = [
        day("P", "k1", "USD", "100"),
        day("P", "k2", "USD", "50.005"),
        day("P", "s1", "JPY", "7000.9"),
        day("P", "net", "USD", "30"),
        day("P", "lost", "JPY", "500"),
    ];
    let owners = [
        owner("k1", Some("kasumi"), "resident-record"),
        owner("k2", Some("kasumi"), "seal-registration"),
        owner("s1", Some("sakura"), "resident-record"),
        owner("net", None, "共通ネットワーク"),
    ];
    Ledger::of(&days, &owners, &rates()).unwrap()
}

fn basis() -> Basis {
    let mut basis =
        Basis { points: vec![("人口".into(), 7), ("業務量".into(), 3)], ..Basis::default() };
    for (organisation, people, before) in [("kasumi", 30_000, 900_000), ("sakura", 10_000, 300_000)]
    {
        let source = || "見本".to_owned();
        basis.measures.insert((organisation.into(), "人口".into()), (people, source()));
        basis.measures.insert((organisation.into(), LEGACY.into()), (before, source()));
    }
    basis
}

fn said(allocation: &Allocation) -> String {
    let mut text =
        format!("{} = {} + {:?}\n", allocation.total, allocation.spread, allocation.nobody);
    for outcome in &allocation.outcomes {
        match &outcome.shares {
            Ok(shares) => {
                for it in shares {
                    let trace = format!("{}。{}", it.trace, it.working).replace('。', "\n    ");
                    text += &format!("{} {} {}: {trace}\n", it.organisation, it.system, it.yen);
                }
            }
            Err(open) => text += &format!("{}: {}\n", outcome.method.term(), open.join("、")),
        }
    }
    text
}

#[track_caller]
fn check(basis: &Basis, expect: Expect) {
    expect.assert_eq(&said(&allocate(&month(), basis).unwrap()));
}

#[test]
fn four_methods_stand_side_by_side() {
    check(
        &basis(),
        expect![[r#"
            32521 = 32021 + [("P", "lost", 500)]
            kasumi resident-record 15981: 利用量: 自らの環境の費用 20850円 + 共通費のうちこの費用に応じた分 3,122円（端数を含む） = 23,972円
                うちこの業務 23,972円 × 13900000000／20850695000 = 15,981円、端数の1円を含む
                利用量: 自らの環境の費用 20850円
                32,021円 × 20850695000／27851595000 = 23,972円
                うちこの業務 23,972円 × 13900000000／20850695000 = 15,981円、端数の1円を含む
            kasumi seal-registration 7991: 利用量: 自らの環境の費用 20850円 + 共通費のうちこの費用に応じた分 3,122円（端数を含む） = 23,972円
                うちこの業務 23,972円 × 6950695000／20850695000 = 7,991円
                利用量: 自らの環境の費用 20850円
                32,021円 × 20850695000／27851595000 = 23,972円
                うちこの業務 23,972円 × 6950695000／20850695000 = 7,991円
            sakura resident-record 8049: 利用量: 自らの環境の費用 7000円 + 共通費のうちこの費用に応じた分 1,049円（端数を含む） = 8,049円、端数の1円を含む
                利用量: 自らの環境の費用 7000円
                32,021円 × 7000900000／27851595000 = 8,049円、端数の1円を含む
            kasumi resident-record 10674: 均等: すべての団体で等しく分けた一団体分 = 16,011円、端数の1円を含む
                うちこの業務 16,011円 × 13900000000／20850695000 = 10,674円、端数の1円を含む
                均等: 一団体
                32,021円 × 1／2 = 16,011円、端数の1円を含む
                うちこの業務 16,011円 × 13900000000／20850695000 = 10,674円、端数の1円を含む
            kasumi seal-registration 5337: 均等: すべての団体で等しく分けた一団体分 = 16,011円、端数の1円を含む
                うちこの業務 16,011円 × 6950695000／20850695000 = 5,337円
                均等: 一団体
                32,021円 × 1／2 = 16,011円、端数の1円を含む
                うちこの業務 16,011円 × 6950695000／20850695000 = 5,337円
            sakura resident-record 16010: 均等: すべての団体で等しく分けた一団体分 = 16,010円
                均等: 一団体
                32,021円 × 1／2 = 16,010円
            kasumi resident-record 15951: 独自点数: 人口 30000 に 7 点、業務量 20 に 3 点の割合で分けた分 = 23,927円、端数の1円を含む
                うちこの業務 23,927円 × 13900000000／20850695000 = 15,951円、端数の1円を含む
                独自点数: 人口 30000／40000×7点＋業務量 20／27×3点
                32,021円 × 8070000／10800000 = 23,927円、端数の1円を含む
                うちこの業務 23,927円 × 13900000000／20850695000 = 15,951円、端数の1円を含む
            kasumi seal-registration 7976: 独自点数: 人口 30000 に 7 点、業務量 20 に 3 点の割合で分けた分 = 23,927円、端数の1円を含む
                うちこの業務 23,927円 × 6950695000／20850695000 = 7,976円
                独自点数: 人口 30000／40000×7点＋業務量 20／27×3点
                32,021円 × 8070000／10800000 = 23,927円、端数の1円を含む
                うちこの業務 23,927円 × 6950695000／20850695000 = 7,976円
            sakura resident-record 8094: 独自点数: 人口 10000 に 7 点、業務量 7 に 3 点の割合で分けた分 = 8,094円
                独自点数: 人口 10000／40000×7点＋業務量 7／27×3点
                32,021円 × 2730000／10800000 = 8,094円
            kasumi resident-record 16010: 従前の比: 従前の費用 900000（見本）に応じて分けた分 = 24,016円、端数の1円を含む
                うちこの業務 24,016円 × 13900000000／20850695000 = 16,010円
                従前の比: 従前の費用 900000（見本）
                32,021円 × 900000／1200000 = 24,016円、端数の1円を含む
                うちこの業務 24,016円 × 13900000000／20850695000 = 16,010円
            kasumi seal-registration 8006: 従前の比: 従前の費用 900000（見本）に応じて分けた分 = 24,016円、端数の1円を含む
                うちこの業務 24,016円 × 6950695000／20850695000 = 8,006円、端数の1円を含む
                従前の比: 従前の費用 900000（見本）
                32,021円 × 900000／1200000 = 24,016円、端数の1円を含む
                うちこの業務 24,016円 × 6950695000／20850695000 = 8,006円、端数の1円を含む
            sakura resident-record 8005: 従前の比: 従前の費用 300000（見本）に応じて分けた分 = 8,005円
                従前の比: 従前の費用 300000（見本）
                32,021円 × 300000／1200000 = 8,005円
        "#]],
    );
}

#[test]
fn what_is_not_known_is_asked() {
    check(
        &Basis { points: basis().points, ..Basis::default() },
        expect![[r#"
            32521 = 32021 + [("P", "lost", 500)]
            kasumi resident-record 15981: 利用量: 自らの環境の費用 20850円 + 共通費のうちこの費用に応じた分 3,122円（端数を含む） = 23,972円
                うちこの業務 23,972円 × 13900000000／20850695000 = 15,981円、端数の1円を含む
                利用量: 自らの環境の費用 20850円
                32,021円 × 20850695000／27851595000 = 23,972円
                うちこの業務 23,972円 × 13900000000／20850695000 = 15,981円、端数の1円を含む
            kasumi seal-registration 7991: 利用量: 自らの環境の費用 20850円 + 共通費のうちこの費用に応じた分 3,122円（端数を含む） = 23,972円
                うちこの業務 23,972円 × 6950695000／20850695000 = 7,991円
                利用量: 自らの環境の費用 20850円
                32,021円 × 20850695000／27851595000 = 23,972円
                うちこの業務 23,972円 × 6950695000／20850695000 = 7,991円
            sakura resident-record 8049: 利用量: 自らの環境の費用 7000円 + 共通費のうちこの費用に応じた分 1,049円（端数を含む） = 8,049円、端数の1円を含む
                利用量: 自らの環境の費用 7000円
                32,021円 × 7000900000／27851595000 = 8,049円、端数の1円を含む
            kasumi resident-record 10674: 均等: すべての団体で等しく分けた一団体分 = 16,011円、端数の1円を含む
                うちこの業務 16,011円 × 13900000000／20850695000 = 10,674円、端数の1円を含む
                均等: 一団体
                32,021円 × 1／2 = 16,011円、端数の1円を含む
                うちこの業務 16,011円 × 13900000000／20850695000 = 10,674円、端数の1円を含む
            kasumi seal-registration 5337: 均等: すべての団体で等しく分けた一団体分 = 16,011円、端数の1円を含む
                うちこの業務 16,011円 × 6950695000／20850695000 = 5,337円
                均等: 一団体
                32,021円 × 1／2 = 16,011円、端数の1円を含む
                うちこの業務 16,011円 × 6950695000／20850695000 = 5,337円
            sakura resident-record 16010: 均等: すべての団体で等しく分けた一団体分 = 16,010円
                均等: 一団体
                32,021円 × 1／2 = 16,010円
            独自点数: kasumi の人口が分かりません、sakura の人口が分かりません
            従前の比: kasumi の従前の費用が分かりません、sakura の従前の費用が分かりません
        "#]],
    );
}

#[test]
fn a_day_without_a_rate_is_refused() {
    let days = [day("P", "k1", "EUR", "1")];
    let error = Ledger::of(&days, &[], &rates()).unwrap_err();
    expect![[r#"
        2026-05-10 の EUR の為替がありません。
        kumoi cost rate で、出典とともに加えてください"#]]
    .assert_eq(&error.to_string().replace('。', "。\n"));
}

#[test]
fn an_environment_goes_before_its_account() {
    let mut tagged = day("P", "k1", "JPY", "10");
    tagged.environment = "sakura-prod".to_owned();
    let mut by_tag = owner("", Some("sakura"), "x");
    by_tag.environment = "sakura-prod".to_owned();
    let owners = [owner("k1", Some("kasumi"), "x"), by_tag];
    let ledger = Ledger::of(&[tagged], &owners, &rates()).unwrap();
    assert_eq!(ledger.pools.keys().next(), Some(&Pool::Own("sakura".into(), "x".into())));
}

proptest! {
    #[test]
    fn every_method_sums_to_the_bill(
        costs in prop::collection::vec((0_u8..12, -500_000_i64..9_000_000_000), 1..40),
    ) {
        let mut days = vec![day("P", "a0", "JPY", "1")];
        days.extend(costs.iter().map(|(account, micro)| {
            let amount = Amount(i128::from(*micro) * 10_i128.pow(14)).to_string();
            day("P", &format!("a{account}"), "USD", &amount)
        }));
        // Nine accounts of three organisations, two shared ones, one of nobody's.
        let owners: Vec<Owner> = (0..11)
            .map(|at| {
                let name = format!("o{}", at % 3);
                owner(&format!("a{at}"), (at < 9).then_some(name.as_str()), ["x", "y"][at % 2])
            })
            .collect();
        let ledger = Ledger::of(&days, &owners, &rates()).unwrap();
        let Ok(allocation) = allocate(&ledger, &basis()) else { return Ok(()) };
        let nobody: i64 = allocation.nobody.iter().map(|it| it.2).sum();
        prop_assert_eq!(allocation.spread + nobody, allocation.total);
        prop_assert_eq!(allocation.total, ledger.total().unwrap().0);
        for outcome in allocation.outcomes {
            if let Ok(shares) = outcome.shares {
                let sum: i64 = shares.iter().map(|share| share.yen).sum();
                prop_assert_eq!(sum, allocation.spread);
            }
        }
    }
}

/// Bills of charges and credits over the accounts of [`strange`].
fn of_accounts(costs: &[(u8, i64)]) -> Ledger {
    let mut days = vec![day("P", "a0", "JPY", "1")];
    days.extend(costs.iter().map(|(account, micro)| {
        let amount = Amount(i128::from(*micro) * 10_i128.pow(14)).to_string();
        day("P", &format!("a{account}"), "JPY", &amount)
    }));
    // Accounts 0 to 5 are of three organisations, 6 is shared, 7 and 8 are nobody's; 9 is tax.
    days.iter_mut().filter(|it| it.account == "a9").for_each(|it| it.charge = TAX.to_owned());
    let owners: Vec<Owner> = (0..7)
        .map(|at| {
            let name = format!("o{}", at % 3);
            owner(&format!("a{at}"), (at < 6).then_some(name.as_str()), ["x", "y"][at % 2])
        })
        .collect();
    Ledger::of(&days, &owners, &rates()).unwrap()
}

/// What each organisation bears by a method.
fn borne(allocation: &Allocation, method: Method) -> BTreeMap<String, i64> {
    let mut all = BTreeMap::new();
    for share in allocation.shares(method).into_iter().flatten() {
        *all.entry(share.organisation.clone()).or_default() += share.yen;
    }
    all
}

proptest! {
    #[test]
    fn credits_of_strangers_are_theirs(
        costs in prop::collection::vec((0_u8..10, -900_000_000_i64..9_000_000_000), 1..30),
        credit in 1_i64..5_000_000_000, stranger in 7_u8..10,
    ) {
        let mut basis = basis();
        for at in 0..3 {
            let key = |name: &str| (format!("o{at}"), name.to_owned());
            basis.measures.insert(key("人口"), (1_000 * (at + 1), String::new()));
            basis.measures.insert(key(LEGACY), (700 + at, String::new()));
        }
        let Ok(before) = allocate(&of_accounts(&costs), &basis) else { return Ok(()) };
        let mut more = costs.clone();
        more.push((stranger, -credit));
        let after = allocate(&of_accounts(&more), &basis).unwrap();
        for allocation in [&before, &after] {
            let apart: i64 = allocation.nobody.iter().map(|it| it.2).sum::<i64>()
                + allocation.taxes.iter().map(|it| it.1).sum::<i64>();
            prop_assert_eq!(allocation.spread + apart, allocation.total);
            for outcome in &allocation.outcomes {
                if let Ok(shares) = &outcome.shares {
                    let sum: i64 = shares.iter().map(|share| share.yen).sum();
                    prop_assert_eq!(sum, allocation.spread);
                }
            }
        }
        for method in Method::ALL {
            prop_assert_eq!(borne(&before, method), borne(&after, method));
        }
        // By usage another body's credit is a stranger's too.
        let mut other = costs.clone();
        other.push((1, -credit - 900_000_000_000));
        let Ok(other) = allocate(&of_accounts(&other), &basis) else { return Ok(()) };
        let (before, other) = (borne(&before, Method::Usage), borne(&other, Method::Usage));
        for (organisation, yen) in other.iter().filter(|it| *it.0 != "o1") {
            let had = before.get(organisation).copied().unwrap_or_default();
            // Who alone bears what is shared bears more of it, or gets more of a shared credit.
            let shared: i64 = costs.iter().filter(|it| it.0 == 6).map(|it| it.1).sum();
            prop_assert!(shared < 0 || had <= *yen + 2, "{organisation} {had} {yen}");
        }
    }
}

#[test]
fn credits_keep_their_sign_and_their_owner() {
    let days = [
        day("P", "k1", "JPY", "1000"),
        day("P", "s1", "JPY", "-300"),
        day("P", "net", "JPY", "100"),
        day("P", "lost", "JPY", "-40.5"),
        Day { charge: TAX.to_owned(), ..day("P", "k1", "JPY", "-9") },
    ];
    let owners = [
        owner("k1", Some("kasumi"), "x"),
        owner("s1", Some("sakura"), "x"),
        owner("net", None, "共通"),
    ];
    let allocation = allocate(&Ledger::of(&days, &owners, &rates()).unwrap(), &basis()).unwrap();
    assert_eq!((allocation.total, allocation.spread), (750, 800));
    assert_eq!(allocation.nobody, [("P".to_owned(), "lost".to_owned(), -41)]);
    assert_eq!(allocation.taxes, [("P".to_owned(), -9)]);
    let usage = borne(&allocation, Method::Usage);
    assert_eq!((usage["kasumi"], usage["sakura"]), (1_100, -300));
    assert_eq!(borne(&allocation, Method::Equal)["sakura"], 400);
    let share = allocation.share(Method::Usage, "kasumi", "x").unwrap();
    expect!["利用量: 自らの環境の費用 1000円 + 共通費のうちこの費用に応じた分 100円（端数を含む） = 1,100円"]
        .assert_eq(&share.trace);
}

#[test]
fn what_a_body_reads_tells_no_sum_of_all() {
    let allocation = allocate(&month(), &basis()).unwrap();
    for outcome in &allocation.outcomes {
        for share in outcome.shares.as_ref().unwrap() {
            for of_all in
                ["32,021", "32021", "27851595000", "10800000", "1200000", "／40000", "／27"]
            {
                assert!(!share.trace.contains(of_all), "{}", share.trace);
            }
            assert!(share.working.contains("32,021円"), "{}", share.working);
        }
    }
}

#[test]
fn tax_on_a_bill_stands_apart() {
    let tax = Day { charge: "Tax".to_owned(), ..day("P", "k1", "JPY", "1390") };
    let days = [day("P", "k1", "JPY", "13900"), tax, day("P", "s1", "JPY", "100")];
    let owners = [owner("k1", Some("kasumi"), "resident-record"), owner("s1", Some("sakura"), "x")];
    let ledger = Ledger::of(&days, &owners, &rates()).unwrap();
    let allocation = allocate(&ledger, &basis()).unwrap();
    assert_eq!((allocation.total, allocation.spread), (15_390, 14_000));
    assert_eq!(allocation.taxes, [("P".to_owned(), 1_390)]);
    for method in Method::ALL {
        let all: i64 = allocation.shares(method).unwrap().iter().map(|it| it.yen).sum();
        assert_eq!(all, 14_000, "{}", method.term());
    }
    // What the own accounts cost is what an invoice taxes, once.
    let own = allocation.share(Method::Usage, "kasumi", "resident-record").unwrap();
    assert_eq!(own.yen, 13_900);
    let makeup = Makeup::of(&ledger);
    let weights: i128 = makeup.services_of("kasumi", "resident-record").iter().map(|it| it.1).sum();
    assert_eq!(weights, 13_900_000_000);
}

#[test]
fn a_share_is_made_of_its_own_services_and_its_part_of_the_shared() {
    let service = |account: &str, name: &str, yen: &str| Day {
        service: name.to_owned(),
        ..day("P", account, "JPY", yen)
    };
    let days = [
        service("k1", "計算", "300"),
        service("s1", "倉庫", "100"),
        service("net", "網", "40"),
        service("lost", "誰のでもない", "9"),
    ];
    let owners = [
        owner("k1", Some("kasumi"), "a"),
        owner("s1", Some("sakura"), "b"),
        owner("net", None, "共通"),
    ];
    let ledger = Ledger::of(&days, &owners, &rates()).unwrap();
    let makeup = Makeup::of(&ledger);
    let of = |organisation, system| -> Vec<(String, i128)> {
        let all = makeup.services_of(organisation, system).into_iter();
        all.map(|(service, weight)| (service.1.clone(), weight / 1_000_000)).collect()
    };
    assert_eq!(of("kasumi", "a"), [("網".to_owned(), 30), ("計算".to_owned(), 300)]);
    assert_eq!(of("sakura", "b"), [("倉庫".to_owned(), 100), ("網".to_owned(), 10)]);
    assert_eq!(of("kasumi", "b"), [("網".to_owned(), 40)]);
    assert_eq!(ledger.by_service().unwrap().len(), 4);
}

#[test]
fn a_share_is_made_of_currencies() {
    let days = [
        day("P", "k1", "USD", "100.5"),
        day("P", "k1", "JPY", "1000"),
        day("P", "s1", "JPY", "14969.5"),
        day("P", "net", "USD", "20"),
        day("P", "lost", "USD", "9"),
    ];
    let owners = [
        owner("k1", Some("kasumi"), "a"),
        owner("s1", Some("sakura"), "b"),
        owner("z1", Some("zero"), "b"),
        owner("net", None, "共通"),
    ];
    let ledger = Ledger::of(&days, &owners, &rates()).unwrap();
    let makeup = Makeup::of(&ledger);
    let of = |organisation| -> Vec<(String, i128, i128)> {
        let all = makeup.currencies_of(organisation).unwrap().into_iter();
        all.map(|it| (it.currency, it.amount, it.yen)).collect()
    };
    // Each bears half of the shared twenty dollars: 14,969.5 yen are their own.
    let usd = |amount: i128| ("USD".to_owned(), amount, amount * 139);
    let jpy = |yen: i128| ("JPY".to_owned(), yen, yen);
    assert_eq!(of("kasumi"), [jpy(1_000_000_000), usd(110_500_000)]);
    assert_eq!(of("sakura"), [jpy(14_969_500_000), usd(10_000_000)]);
    assert_eq!(of("zero"), []);
}
