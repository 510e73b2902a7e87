//! Lists with faults, every verdict with its evidence, the score, and the whole example against the
//! three systems for one business.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use definition::{Package, System};
use expect_test::{Expect, expect};

use super::*;

const EXAMPLE: &str = include_str!("../../../../data/sample/work-steps.csv");

fn system(folder: &str) -> Arc<System> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let mut files = BTreeMap::new();
    collect(&root, &root, &mut files);
    Arc::new(definition::load(&Package { files }).unwrap_or_else(|found| panic!("{found:?}")).0)
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
            continue;
        }
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        files.insert(name, std::fs::read_to_string(&path).unwrap());
    }
}

fn candidates() -> Vec<Candidate> {
    let folders =
        ["systems/seal-registration", "vendors/a/seal-registration", "vendors/b/seal-registration"];
    let manual = "# 手引き\n登録証を引き替えるときは、封筒の宛名を確かめる。\n".to_owned();
    let one = |(offer, folder): (i64, &str)| {
        let documents = BTreeMap::from([("manual.md".to_owned(), manual.clone())]);
        Candidate { offer, system: system(folder), documents }
    };
    (1..).zip(folders).map(one).collect()
}

fn needing(needs: &str) -> Requirement {
    let [number, business, step] = ["1", "印鑑登録", "窓口"].map(str::to_owned);
    Requirement { number, business, step, needs: needs.to_owned(), weight: Weight::High }
}

/// The verdict and evidence of each of the three offers.
#[track_caller]
fn check(needs: &str, expect: Expect) {
    let requirement = needing(needs);
    let found = analyse(&[&requirement], &candidates());
    let line = |fit: &OfferFit| {
        let answer = &fit.answers[0];
        format!("{} {}: {}\n", fit.offer, answer.verdict.word(), answer.evidence.join(" / "))
    };
    let lines: String = found.iter().map(line).collect();
    expect.assert_eq(&lines.replace("）、", "）\n    、"));
}

#[test]
fn an_item_is_found_by_its_number() {
    check(
        "00290013",
        expect![[r#"
        1 適合: 項目 00290013「登録証番号」（registers/seal.yaml）
        2 適合: 項目 00290013「登録証番号」（registers/registration.yaml）
        3 適合: 項目 00290013「登録証番号」（registers/book.yaml）
    "#]],
    );
    check(
        "データ項目 ００２９００１３ 登録証番号",
        expect![[r#"
        1 適合: 項目 00290013「登録証番号」（registers/seal.yaml）
        2 適合: 項目 00290013「登録証番号」（registers/registration.yaml）
        3 適合: 項目 00290013「登録証番号」（registers/book.yaml）
    "#]],
    );
}

#[test]
fn a_number_with_another_name_is_a_question() {
    check(
        "00290013 登録日",
        expect![[r#"
        1 不明: 番号 00290013 は「登録証番号」の項目で、書かれた名前と違います
        2 不明: 番号 00290013 は「登録証番号」の項目で、書かれた名前と違います
        3 不明: 番号 00290013 は「登録証番号」の項目で、書かれた名前と違います
    "#]],
    );
}

#[test]
fn a_number_that_is_not_there_is_a_gap_and_a_foreign_one_a_question() {
    check(
        "00299999",
        expect![[r#"
        1 不適合: 番号 00299999 の項目がありません（registers/）
        2 不適合: 番号 00299999 の項目がありません（registers/）
        3 不適合: 番号 00299999 の項目がありません（registers/）
    "#]],
    );
    check(
        "00190001",
        expect![[r#"
        1 不明: 番号 00190001 は、業務ID 002 の標準の番号ではありません
        2 不明: 番号 00190001 は、業務ID 002 の標準の番号ではありません
        3 不明: 番号 00190001 は、業務ID 002 の標準の番号ではありません
    "#]],
    );
}

#[test]
fn procedures_are_found_by_folded_names() {
    check(
        "印鑑登録の廃止申請",
        expect![[r#"
        1 適合: 手続（届出・申請）「印鑑登録廃止申請」（procedures/abolish.yaml）
        2 適合: 手続（届出・申請）「印鑑登録廃止申請」（procedures/abolish.yaml）
        3 適合: 手続（届出・申請）「印鑑登録の廃止申請」（procedures/abolish.yaml）
    "#]],
    );
    check(
        "印鑑登録申請　(即日)",
        expect![[r#"
        1 不明: 同じ名前のものはありません。近い名前: 手続（届出・申請）「印鑑登録申請」（procedures/apply.yaml）
            、手続（届出・申請）「印鑑登録廃止申請」（procedures/abolish.yaml）
            、台帳「印鑑登録原票」（registers/seal.yaml）
        2 適合: 手続（届出・申請）「印鑑登録申請（即日）」（procedures/apply-same-day.yaml）
        3 不明: 同じ名前のものはありません。近い名前: 手続（届出・申請）「印鑑登録申請（照会）」（procedures/apply-by-inquiry.yaml）
            、手続（届出・申請）「印鑑登録申請（窓口で即日）」（procedures/apply.yaml）
            、手続（届出・申請）「印鑑登録の廃止申請」（procedures/abolish.yaml）
    "#]],
    );
}

#[test]
fn a_value_of_the_ordinance_is_a_setting() {
    check(
        "照会回答期限日数",
        expect![[r#"
        1 設定で適合: 団体が条例で定める値「照会回答期限日数」（parameters/）
        2 設定で適合: 団体が条例で定める値「照会回答期限日数」（parameters/）
        3 設定で適合: 団体が条例で定める値「照会回答期限日数」（parameters/）
    "#]],
    );
}

#[test]
fn what_a_vendor_says_is_not_there_is_a_gap() {
    check(
        "コンビニ交付との接続",
        expect![[r#"
        1 不適合: 事業者が、ないと書いています（system.yaml「印鑑登録証（カード）の印字と、コンビニ交付との接続はない。」）
        2 不適合: 事業者が、ないと書いています（system.yaml「登録証（カード）の印字、登録の手数料の徴収、コンビニ交付との接続はない。」）
        3 不明: 同じ名前のものはありません
    "#]],
    );
}

#[test]
fn what_is_nowhere_is_unknown_with_what_comes_near() {
    check(
        "登録証再交付",
        expect![[r#"
        1 不明: 同じ名前のものはありません。近い名前: 手続（届出・申請）「印鑑登録証の再交付」（procedures/card-exchange.yaml）
        2 不明: 同じ名前のものはありません。近い名前: 手続（届出・申請）「印鑑登録証の再交付（亡失）」（procedures/card-reissue.yaml）
        3 不明: 同じ名前のものはありません。近い名前: 項目「登録証交付日」（registers/book.yaml）
            、手続（届出・申請）「登録証の引替交付」（procedures/card-exchange.yaml）
    "#]],
    );
    check(
        "封筒の宛名",
        expect![[r#"
        1 不明: 同じ名前のものはありません。文書に言葉があります（documents/manual.md 2行目）
        2 不明: 同じ名前のものはありません。文書に言葉があります（documents/manual.md 2行目）
        3 不明: 同じ名前のものはありません。文書に言葉があります（documents/manual.md 2行目）
    "#]],
    );
    check(
        "0020123",
        expect![[r#"
        1 不明: 業務システムの定義に機能ID（0020123）はありません。手続か項目の名前も書いてください
        2 不明: 業務システムの定義に機能ID（0020123）はありません。手続か項目の名前も書いてください
        3 不明: 業務システムの定義に機能ID（0020123）はありません。手続か項目の名前も書いてください
    "#]],
    );
}

#[test]
fn the_worst_part_decides() {
    check(
        "印鑑登録廃止申請；00290013；窓あき封筒",
        expect![[r#"
        1 不明: 手続（届出・申請）「印鑑登録廃止申請」（procedures/abolish.yaml） / 項目 00290013「登録証番号」（registers/seal.yaml） / 同じ名前のものはありません
        2 不明: 手続（届出・申請）「印鑑登録廃止申請」（procedures/abolish.yaml） / 項目 00290013「登録証番号」（registers/registration.yaml） / 同じ名前のものはありません
        3 不明: 手続（届出・申請）「印鑑登録の廃止申請」（procedures/abolish.yaml） / 項目 00290013「登録証番号」（registers/book.yaml） / 同じ名前のものはありません
    "#]],
    );
}

#[test]
fn the_name_of_a_standard_item_is_asked_by_its_number() {
    let mut all = candidates();
    let mut poorer = (*all[1].system).clone();
    for register in &mut poorer.registers {
        register.items.retain(|item| item.number.as_deref() != Some("00290010"));
    }
    for procedure in &mut poorer.procedures {
        procedure.form.clear();
    }
    all[1].system = Arc::new(poorer);
    let requirement = needing("照会状況");
    let found = analyse(&[&requirement], &all);
    let verdicts: Vec<Verdict> = found.iter().map(|fit| fit.answers[0].verdict).collect();
    assert_eq!(verdicts, [Verdict::Fits, Verdict::Gap, Verdict::Fits]);
}

#[test]
fn a_score_shows_how_it_comes_about() {
    let verdicts = [
        (Weight::High, Verdict::Fits),
        (Weight::Middle, Verdict::Setting),
        (Weight::Low, Verdict::Unknown),
        (Weight::High, Verdict::Gap),
    ];
    let score = Score::of(verdicts.into_iter());
    assert_eq!(score.percent(), (55, 66));
    expect!["（適合 3 点 ＋ 設定で適合 2 点）÷ 全 9 点 ＝ 55 %。不明の 1 点がすべて適合なら 66 %"]
        .assert_eq(&score.trace());
    assert_eq!(Score::default().percent(), (0, 0));
}

#[test]
fn the_example_is_read_and_answered() {
    let list = list_read(EXAMPLE.as_bytes()).unwrap();
    let own = for_business(&list, ("印鑑登録", "002"));
    assert!(own.len() >= 20 && own.len() < list.len(), "{} of {}", own.len(), list.len());
    let found = analyse(&own, &candidates());
    let all: Vec<String> = found.iter().map(|fit| fit.score.trace()).collect();
    expect![[r#"
        （適合 50 点 ＋ 設定で適合 6 点）÷ 全 69 点 ＝ 81 %。不明の 10 点がすべて適合なら 95 %
        （適合 38 点 ＋ 設定で適合 6 点）÷ 全 69 点 ＝ 63 %。不明の 23 点がすべて適合なら 97 %
        （適合 32 点 ＋ 設定で適合 6 点）÷ 全 69 点 ＝ 55 %。不明の 31 点がすべて適合なら 100 %"#]]
    .assert_eq(&all.join("\n"));
    let label = |fit: &OfferFit| format!("申出{}", fit.offer);
    let labelled: Vec<(String, &OfferFit)> = found.iter().map(|fit| (label(fit), fit)).collect();
    let text = analysis_csv(&own, &labelled);
    assert!(text.starts_with("\u{FEFF}番号,業務,作業,必要な機能,重要度,申出1 判定,申出1 根拠,"));
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{FEFF}').as_bytes());
    assert_eq!(reader.records().map(Result::unwrap).count(), own.len() + 1);
}

#[test]
fn no_cell_becomes_a_formula() {
    let mut requirement = needing("x");
    requirement.step = "=HYPERLINK(1)".to_owned();
    assert!(analysis_csv(&[&requirement], &[]).contains(",'=HYPERLINK(1),"));
}

#[track_caller]
fn check_faults(text: &[u8], expect: Expect) {
    let faults = list_read(text).unwrap_err();
    let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
    expect.assert_eq(&lines.join("\n"));
}

const HEAD: &str = "番号,業務,作業,必要な機能,重要度\n";

#[test]
fn faults_have_their_places() {
    check_faults(b"", expect!["何も書かれていません"]);
    check_faults(
        "番号,業務,作業,番号\n".as_bytes(),
        expect![[r#"
        1行4列目: 見出し「番号」が二つあります。一つにしてください
        1行目: 見出し「必要な機能」がありません。一行目に 番号、業務、作業、必要な機能、重要度 を書いてください
        1行目: 見出し「重要度」がありません。一行目に 番号、業務、作業、必要な機能、重要度 を書いてください"#]],
    );
    check_faults(HEAD.as_bytes(), expect!["見出しの下に、作業が一つもありません"]);
    let wrong =
        "1,印鑑登録,受付,印鑑登録申請,高\n\n1,印鑑登録,,証明,最高\n2,印鑑登録,受付,届,低,余り\n";
    check_faults(
        format!("{HEAD}{wrong}").as_bytes(),
        expect![[r#"
        4行3列目: 作業が空です
        4行5列目: 重要度「最高」は、高、中、低のどれかにしてください
        4行1列目: 番号「1」は2行目にもあります。別の番号にしてください
        5行6列目: 見出しは 5 列ですが、6 列あります"#]],
    );
    let long = format!("{HEAD}1,印鑑登録,{},\u{1}届,低\n", "長".repeat(501));
    check_faults(
        long.as_bytes(),
        expect![[r#"
        2行3列目: 作業が 501 字あります。500 字までです
        2行4列目: 必要な機能に、文字でない符号が入っています。消してください"#]],
    );
    check_faults(
        b"PK\x03\x04rest",
        expect!["表計算のファイル（.xlsx）です。CSV で保存してから送ってください"],
    );
    check_faults(
        b"\xE7\x95\xAA\n\xFF\xFF",
        expect!["2行目: 文字を読めません。UTF-8 か Shift_JIS の CSV で保存してください"],
    );
    let many = format!("{HEAD}{}", "1,印鑑登録,a,b,高い\n".repeat(40));
    assert_eq!(list_read(many.as_bytes()).unwrap_err().len(), 30);
    let line = |number: usize| format!("{number},印鑑登録,a,b,高\n");
    let most: String = (0..=MOST_REQUIREMENTS).map(line).collect();
    check_faults(
        format!("{HEAD}{most}").as_bytes(),
        expect!["2000行を超えています。業務ごとに分けてください"],
    );
}

#[test]
fn columns_stand_in_any_order_and_in_shift_jis() {
    let text =
        "\u{FEFF}重要度,必要な機能,備考,作業,業務,番号\r\n高,00290013,何か,受付,印鑑登録,A-1\r\n";
    let read = list_read(text.as_bytes()).unwrap();
    assert_eq!((read[0].number.as_str(), read[0].needs.as_str()), ("A-1", "00290013"));
    let (shift_jis, ..) = encoding_rs::SHIFT_JIS.encode(text.trim_start_matches('\u{FEFF}'));
    assert_eq!(list_read(&shift_jis).unwrap(), read);
}
