//! An installed system is upgraded: rows and history stay, what breaks is refused, and a case ends
//! on the procedure that it began with.

use definition::{Package, System};
use office::case::{case_return, case_revise};
use office::register::page;
use office::version::systems_in_force;
use serde_json::{Value as Json, json};
use store::StoreError;
use store::case::case_read;
use store::install;
use store::register::Table;
use store::schema::catalogue;
use store::search::{Criterion, search};

use crate::folder::load;
use crate::world::{World, chief, clerk, input, noon, run};

const CARD: &str = "reading-card";
const KEY: &str = "00000001";

const SYSTEM: &str = "id: reading-card
code: '900'
name: 利用券
name_en: Reading card
statute: 図書館条例
version: '1'
bodies: [municipality]
";
const STATES: &str = "name: 券の状態
entries:
  '1': { name: 有効, name_en: Valid }
  '9': { name: 失効, name_en: Void }
";
const REGISTER: &str = "id: card
name: 利用券
name_en: Card
key: 券番号
title: 氏名
items:
  - { name: 券番号, name_en: Number, romaji: ken_bango, type: X, length: 15, required: true }
  - { no: '90000001', name: 氏名, name_en: Name, romaji: shimei, type: Ｎ, length: 50, required: true }
  - { name: 券の状態, name_en: State, romaji: ken_jotai, type: code, codes: 券の状態, required: true }
  - { name: 交付日, name_en: Issued, romaji: kofu_bi, type: DATE, uncertain: true, required: true }
  - { name: 期限, name_en: Until, romaji: kigen, type: DATE, required: true }
  - { name: 冊数, name_en: Volumes, romaji: satsusu, type: S9, length: 3 }
  - { name: 暗証, name_en: Secret, romaji: ansho, type: X, length: 8, secret: true }
  - { name: 備考, name_en: Remarks, romaji: biko, type: Ｎ, length: 20 }
";
const ISSUE: &str = "id: issue
name: 交付
name_en: Issue
statute: 図書館条例 第3条
kind: notification
select: new
register: card
form:
  - group: 申請
    name_en: Application
    fields:
      - { name: 異動日, name_en: On, type: date, required: true }
      - 氏名
effects:
  - number: 番号
    series: plain
  - open: card
    set: { 券番号: 番号, 氏名: 氏名, 券の状態: '\"1\"', 交付日: 異動日, 期限: 異動日 }
";
const RENAME: &str = "id: rename
name: 改名
name_en: Rename
statute: 図書館条例 第4条
kind: notification
select: one
register: card
form:
  - group: 変更
    name_en: Change
    fields:
      - { name: 異動日, name_en: On, type: date, required: true }
      - { item: 氏名, name: 新しい氏名, name_en: New name }
effects:
  - amend: card
    set: { 氏名: 新しい氏名 }
";
const PAINT: &str = "id: paint
name: 塗替え
name_en: Paint
statute: 図書館条例 第5条
kind: notification
select: one
register: card
form:
  - group: 変更
    name_en: Change
    fields:
      - { name: 異動日, name_en: On, type: date, required: true }
      - { item: 色, name: 新しい色, name_en: New colour }
effects:
  - amend: card
    set: { 色: 新しい色 }
";
const COLOUR: &str =
    "  - { name: 色, name_en: Colour, romaji: iro, type: Ｎ, length: 20, search: name }
";
const LOAN: &str = "id: loan
name: 貸出
name_en: Loan
key: 貸出番号
title: 貸出番号
items:
  - { name: 貸出番号, name_en: Loan, romaji: kashidashi_bango, type: X, length: 15, required: true }
";

/// The first version.
fn first() -> Package {
    let files = [
        ("system.yaml", SYSTEM),
        ("codes/state.yaml", STATES),
        ("registers/card.yaml", REGISTER),
        ("procedures/issue.yaml", ISSUE),
        ("procedures/rename.yaml", RENAME),
    ];
    Package { files: files.map(|(path, text)| (path.to_owned(), text.to_owned())).into() }
}

/// The same with some texts replaced: (file, old, new).
#[track_caller]
fn changed(mut package: Package, changes: &[(&str, &str, &str)]) -> Package {
    for (file, old, new) in changes {
        let text = package.files.entry((*file).to_owned()).or_default();
        assert!(text.contains(old), "{file} has no «{old}»");
        *text = text.replacen(old, new, 1);
    }
    package
}

/// The second version: an item, a register, a procedure and a code more; names change otherwise.
fn second() -> Package {
    let register = format!("{REGISTER}{COLOUR}");
    changed(
        first(),
        &[
            ("system.yaml", "version: '1'", "version: '2'"),
            ("registers/card.yaml", REGISTER, &register),
            (
                "registers/card.yaml",
                "type: Ｎ, length: 50, required: true",
                "type: Ｎ, length: 80, required: true, search: name",
            ),
            (
                "registers/card.yaml",
                "romaji: kigen, type: DATE, required: true",
                "romaji: kigen, type: DATE",
            ),
            ("registers/card.yaml", "uncertain: true, required: true", "uncertain: true"),
            ("registers/loan.yaml", "", LOAN),
            ("procedures/paint.yaml", "", PAINT),
            ("codes/state.yaml", "  '9'", "  '5': { name: 停止, name_en: Stopped }\n  '9'"),
            (
                "procedures/rename.yaml",
                "set: { 氏名: 新しい氏名 }",
                "set: { 氏名: 新しい氏名, 券の状態: '\"5\"' }",
            ),
        ],
    )
}

/// Upgrades as the installer does, in one transaction; the office then serves what is installed.
async fn upgrade(world: &mut World, old: &System, new: &System) -> Result<(), StoreError> {
    let mut client = world.installer.connect(&world.office.organisation.id).await?;
    let transaction = client.transaction().await?;
    transaction.batch_execute("set local role kumoi_owner").await?;
    install::upgrade(&transaction, old, new).await?;
    transaction.commit().await?;
    (world.office.systems, world.office.ended) =
        systems_in_force(&world.office.database, &[]).await.unwrap();
    Ok(())
}

/// An organisation with the first version and one card.
async fn opened() -> (World, System) {
    let old = load(&first());
    let world = World::new(vec![old.clone()]).await;
    let form = json!({ "異動日": "2024-04-01", "氏名": "雲居　花" });
    world.register(noon("2024-04-01"), (CARD, "issue"), form).await;
    (world, old)
}

/// The card is painted by the procedure that came with the second version.
async fn paint(world: &World) {
    let form = json!({ "異動日": "2024-05-02", "新しい色": "青", "対象者": [{ "key": KEY }] });
    world.register(noon("2024-05-02"), (CARD, "paint"), form).await;
}

fn rename(day: &str, name: &str) -> Json {
    json!({ "異動日": day, "新しい氏名": name, "対象者": [{ "key": KEY }] })
}

/// The value of an item of the card as the office shows it.
async fn shown(world: &World, item: &str) -> Option<String> {
    let at = noon("2024-06-01");
    let place = (CARD, "card");
    let found = page(&world.office, &clerk(at), place, KEY, None, "試験").await.expect("the card");
    let mut all = found.row.groups.iter().flat_map(|(_, items)| items);
    all.find(|one| one.name == item).and_then(|one| one.text.clone())
}

#[test]
fn rows_and_history_stay_and_new_items_can_be_filled() {
    run(async {
        let (mut world, old) = opened().await;
        let new = load(&second());
        let form = rename("2024-05-01", "霞　花");
        world.register(noon("2024-05-01"), (CARD, "rename"), form).await;
        let dump = "select count(*) from reading_card.card_history where shimei = '雲居　花'";
        let past = world.count(dump).await;
        assert!(past > 0);

        upgrade(&mut world, &old, &new).await.expect("nothing breaks");
        assert_eq!(world.office.system(CARD).unwrap().hash, new.hash);
        assert_eq!(shown(&world, "氏名").await.as_deref(), Some("霞　花"));
        assert_eq!(shown(&world, "色").await, None);
        assert_eq!(world.count(dump).await, past);
        paint(&world).await;
        assert_eq!(shown(&world, "色").await.as_deref(), Some("青"));
        world.count("select count(*) from reading_card.loan").await;
        // The item that is searched from now on finds what was recorded before.
        let client = world.office.database.client().await.unwrap();
        let system = world.office.system(CARD).unwrap();
        let table = Table::new(system, "card").unwrap();
        let criterion = Criterion::Prefix(definition::model::Search::Name, "霞".to_owned());
        assert_eq!(search(&**client, table, &[criterion], 10, None).await.unwrap().len(), 1);
        // What need not be filled any more may be empty.
        world.behind("update reading_card.card set kofu_bi = null, kigen = null").await;
        let versions = install::version_list(&**client).await.unwrap();
        let seen: Vec<(&str, bool)> =
            versions.iter().map(|one| (one.version.as_str(), one.in_force)).collect();
        assert_eq!(seen, [("2", true), ("1", false)]);
        let kept = install::version_load(&**client, CARD, &old.hash).await.unwrap();
        assert_eq!(kept.expect("the old version is kept").hash, old.hash);
        // Every table of the upgraded system is as if it had been installed anew.
        let fresh = World::new(vec![new.clone()]).await;
        assert_eq!(tables(&world).await, tables(&fresh).await);
    });
}

/// The catalogue of the system's schema.
async fn tables(world: &World) -> Vec<String> {
    let client = world.installer.connect(&world.office.organisation.id).await.unwrap();
    catalogue(&client, &["reading_card"]).await.unwrap()
}

#[test]
fn every_kind_of_break_is_refused_and_changes_nothing() {
    run(async {
        let (mut world, old) = opened().await;
        let before = whole(&world).await;
        let card = "registers/card.yaml";
        let (issue, day) = ("procedures/issue.yaml", "期限: 異動日");
        let volumes = "type: S9, length: 3";
        let required = format!("{REGISTER}{}", COLOUR.replace("search: name", "required: true"));
        let swapped = "  - { name: 備考, name_en: Other, romaji: bekko, type: Ｎ, length: 20 }\n";
        /// File, what is replaced in it, by what.
        type Edit<'e> = (&'e str, &'e str, &'e str);
        let breaks: &[(&[Edit<'_>], &str)] = &[
            (&[(card, "romaji: biko", "romaji: bikou")], "「備考」がなくなります"),
            (
                &[(card, REGISTER, &required), (issue, day, "期限: 異動日, 色: 氏名")],
                "「色」が必須です",
            ),
            (&[(card, "90000001", "90000002")], "項目IDが変わります"),
            (&[(card, "length: 8, secret: true", "length: 8")], "暗号化の有無"),
            (&[(card, "length: 50", "length: 49")], "桁数が狭く"),
            (&[(card, volumes, "type: S9, length: 2")], "桁数が狭く"),
            (&[(card, volumes, "type: 9, length: 3")], "型または桁数が狭く"),
            (&[(card, volumes, "type: flag")], "型または桁数が狭く"),
            (&[(card, "type: DATE, uncertain: true", "type: DATE")], "「交付日」の型"),
            (
                &[
                    (card, volumes, "type: S9, length: 3, required: true"),
                    (issue, day, "期限: 異動日, 冊数: 0"),
                ],
                "必須になります",
            ),
            (
                &[("codes/state.yaml", "  '9': { name: 失効, name_en: Void }\n", "")],
                "「9（失効）」",
            ),
            (&[(card, "key: 券番号", "key: 氏名")], "主キーが変わります"),
            (&[(card, "key: 券番号", "subject: household\nkey: 券番号")], "指すもの"),
            (
                &[
                    (card, "name: 備考, name_en: Remarks", "name: 覚え, name_en: Remarks"),
                    (card, "  - { name: 覚え", &format!("{swapped}  - {{ name: 覚え")),
                ],
                "別の項目に移ります",
            ),
        ];
        for (changes, words) in breaks {
            let new = load(&changed(first(), changes));
            let said = match upgrade(&mut world, &old, &new).await {
                Err(StoreError::Refused(said)) => said,
                other => panic!("{words}: {other:?}"),
            };
            assert!(said.contains(words), "no «{words}» in: {said}");
            assert_eq!(whole(&world).await, before, "{words}");
        }
        // A register that is gone, and another system altogether.
        let mut gone = second();
        gone.files.insert("system.yaml".to_owned(), SYSTEM.replace("'1'", "'3'"));
        gone.files.remove("registers/loan.yaml");
        let (two, three) = (load(&second()), load(&gone));
        let reasons = install::breaking_changes(&two, &three);
        assert_eq!(reasons, ["台帳「貸出」がなくなります。記録が読めなくなります"]);
        let other = load(&changed(first(), &[("system.yaml", "reading-card", "other-card")]));
        assert!(install::breaking_changes(&two, &other)[0].contains("別の業務システム"));
    });
}

/// The whole catalogue and every row.
async fn whole(world: &World) -> (Vec<String>, String) {
    let client = world.installer.connect(&world.office.organisation.id).await.unwrap();
    let lines = catalogue(&client, &["core", "reading_card"]).await.unwrap();
    let sql = "select (select jsonb_agg(c) from reading_card.card c)::text
        || (select jsonb_agg(h) from core.system_version h)::text
        || (select jsonb_agg(s) from core.system s)::text";
    (lines, client.query_one(sql, &[]).await.unwrap().get(0))
}

#[test]
fn a_case_ends_on_the_procedure_that_it_began_with() {
    run(async {
        let (mut world, old) = opened().await;
        let new = load(&second());
        let at = noon("2024-05-01");
        let form = rename("2024-05-01", "霞　花");
        let case = world.enter(at, (CARD, "rename"), form).await.unwrap();
        let office = world.office.clone();
        case_return(&office, &chief(at), (case, 1), "別の人").await.unwrap();

        upgrade(&mut world, &old, &new).await.expect("nothing breaks");
        paint(&world).await;
        let at = noon("2024-05-03");
        let entered = input((CARD, "rename"), rename("2024-05-03", "霞　花"));
        case_revise(&world.office, &clerk(at), (case, 2), &entered).await.unwrap();
        let event = world.approve(at, case).await.unwrap();
        // The old procedure leaves the state as it was; the new item is not lost by it.
        assert_eq!(shown(&world, "氏名").await.as_deref(), Some("霞　花"));
        assert_eq!(shown(&world, "券の状態").await.as_deref(), Some("有効"));
        assert_eq!(shown(&world, "色").await.as_deref(), Some("青"));
        check_event(&world, (event, case), &old.hash).await;
        // A case that begins now goes the new way.
        let form = rename("2024-05-04", "春日　花");
        let event = world.register(noon("2024-05-04"), (CARD, "rename"), form).await;
        assert_eq!(shown(&world, "券の状態").await.as_deref(), Some("停止"));
        check_event(&world, (event, case + 2), &new.hash).await;
    });
}

/// Journal entry and case carry the version's hash.
async fn check_event(world: &World, (event, case): (i64, i64), hash: &str) {
    let client = world.office.database.client().await.unwrap();
    let entry = store::journal::journal_entry(&**client, event).await.unwrap().entry;
    assert_eq!(entry.content["package"], json!(hash));
    assert_eq!(case_read(&**client, case, false).await.unwrap().entered.package, hash);
}

#[test]
fn a_version_whose_texts_were_changed_is_not_used() {
    run(async {
        let old = load(&first());
        let world = World::new(vec![old]).await;
        let sql = "update core.system_version set files = jsonb_set(files, '{system.yaml}',
            to_jsonb(replace(files ->> 'system.yaml', '図書館条例', '別の条例')))";
        world.behind(sql).await;
        let said = systems_in_force(&world.office.database, &[]).await;
        let said = format!("{:?}", said.map(|(all, _)| all.len()));
        assert!(said.contains("書き換えられています"), "{said}");
    });
}

/// Another vendor's package: its register, its columns and its codes are called otherwise.
fn of_another_vendor() -> Package {
    let mut package = changed(
        first(),
        &[
            ("system.yaml", "version: '1'", "version: '2'"),
            ("registers/card.yaml", "id: card", "id: pass"),
            ("registers/card.yaml", "romaji: shimei", "romaji: namae"),
            ("codes/state.yaml", "'1': { name: 有効", "'9': { name: 有効"),
            ("codes/state.yaml", "'9': { name: 失効", "'1': { name: 失効"),
            ("procedures/issue.yaml", "register: card", "register: pass"),
            ("procedures/issue.yaml", "open: card", "open: pass"),
            ("procedures/rename.yaml", "register: card", "register: pass"),
            ("procedures/rename.yaml", "amend: card", "amend: pass"),
        ],
    );
    let register = package.files.remove("registers/card.yaml").expect("the register");
    package.files.insert("registers/pass.yaml".to_owned(), register);
    package
}

#[test]
fn what_was_done_under_another_vendor_can_be_read() {
    run(async {
        let (mut world, old) = opened().await;
        let new = load(&of_another_vendor());
        let mut client = world.installer.connect(&world.office.organisation.id).await.unwrap();
        let switch = install::Switch::begin(&mut client, &old).await.unwrap();
        let aside = switch.replace(&old, &new).await.unwrap();
        let entry = store::journal::NewEntry {
            recorded_at: noon("2024-05-01"),
            system: CARD.to_owned(),
            procedure: "vendor-change".to_owned(),
            event: None,
            reason: "事業者の変更".to_owned(),
            case_id: None,
            subjects: Vec::new(),
            effective_on: crate::world::date("2024-05-01"),
            filed_on: None,
            actor: "基盤".to_owned(),
            approver: None,
            run_id: None,
            content: json!({}),
        };
        let noted = install::NewVendorChange { annex: "別紙", annex_sha256: "x", entry };
        let (change, _) = switch.commit((&old, &new), (&aside, &noted)).await.unwrap();
        assert_eq!((change.aside, change.ended), (aside.clone(), None));
        let rows = format!(
            "insert into reading_card.pass select ken_bango, shimei,
               case ken_jotai when '1' then '9' else '1' end, kofu_bi, kofu_bi_fusho, kigen,
               satsusu, ansho_sealed, ansho_index, biko, version_no, valid_from, valid_to,
               recorded_from, recorded_to, event_id, reason, closed_on from {aside}.card"
        );
        world.behind(&rows).await;
        world.office.systems = systems_in_force(&world.office.database, &[]).await.unwrap().0;

        // The case as its page reads it: its own procedure, over the row that is there.
        let office = &world.office;
        let client = office.database.client().await.unwrap();
        let case = case_read(&**client, 1, false).await.unwrap();
        let began = office.version(&**client, CARD, &case.entered.package).await.unwrap();
        let procedure = began.procedure(&case.entered.procedure).unwrap();
        assert_eq!((began.hash.as_str(), procedure.register.as_str()), (&*old.hash, "pass"));
        let table = Table::new(&began, &procedure.register).unwrap();
        let found = store::register::rows(&**client, table, &[KEY.to_owned()]).await.unwrap();
        let at = table.register.items.iter().position(|item| item.name == "券の状態").unwrap();
        let code = found[0].values[at].as_ref().and_then(store::ItemValue::as_text).unwrap();
        let meant = table.register.items[at].codes(&began).unwrap().name_of(code);
        assert_eq!((code, meant), ("9", Some("有効")));
        // Work goes on under the new package, with the next number.
        let form = json!({ "異動日": "2024-06-01", "氏名": "霞　健" });
        world.register(noon("2024-06-01"), (CARD, "issue"), form).await;
        assert_eq!(world.count("select count(*) from reading_card.pass").await, 2);
    });
}
