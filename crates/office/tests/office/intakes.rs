//! Files that are taken in: which lines go in by themselves, what is said of the others, and that
//! every line is in, waits or was left out.

mod file;
mod settling;

use office::intake::{self, SentFile, waiting};
use office::{OfficeError, reaction};
use serde_json::{Value as Json, json};
use store::intake::{Intake, IntakeRow, intake_read};

use crate::conflicts::{RESIDENT, residents};
use crate::folder::system;
use crate::world::{World, clerk, noon, run};

const TAX: &str = "resident-tax";
const SALARY: &str = "salary-report";
/// A payer in the register.
const PAYER: &str = "0000000000011";
/// Those of the town, in the order of their numbers.
const PEOPLE: &[(&str, &str, &str, &str)] = &[
    ("霞　健", "カスミ　ケン", "1985-06-01", "1"),
    ("霞　恵", "カスミ　メグミ", "1987-02-11", "2"),
    ("佐藤　一郎", "サトウ　イチロウ", "1970-01-01", "1"),
    ("佐藤　一郎", "サトウ　イチロウ", "1970-01-01", "2"),
    ("渡邊　花子", "ワタナベ　ハナコ", "1990-03-03", "2"),
];
/// The columns of the files here.
const HEAD: &str = "宛名番号,受給者の氏名,受給者のフリガナ,受給者の生年月日,支払者の番号,\
支払金額,特別徴収,寡婦,扶養親族1の氏名,扶養親族1の生年月日,扶養親族1の同居";

/// A town with five people, one payer and the resident tax.
struct Town {
    world: World,
    people: Vec<String>,
}

impl Town {
    async fn new() -> Town {
        let world = World::new(vec![system(RESIDENT), system(TAX)]).await;
        let person = |(name, kana, birth, sex): &(&str, &str, &str, &str)| {
            let relationship = if *name == PEOPLE[0].0 { "世帯主" } else { "同居人" };
            json!({
                "氏名": name, "氏名_振り仮名": kana, "生年月日": birth, "性別": sex,
                "続柄": relationship, "本籍": "霞県霞村大字霞1番地", "筆頭者": name,
                "住民種別": "1",
            })
        };
        let form = json!({
            "異動日": "2024-04-01", "届出日": "2024-04-05", "世帯の扱い": "1",
            "住所": "雲居県雲居市東二丁目5番6号", "前住所": "霞県霞村大字霞1番地",
            "転入者": PEOPLE.iter().map(person).collect::<Vec<Json>>(),
        });
        world.register(noon("2024-04-05"), (RESIDENT, "move-in"), form).await;
        let form = json!({ "支払者番号": PAYER, "名称": "雲居商事" });
        world.register(noon("2026-01-05"), (TAX, "payer"), form).await;
        let people = residents(&world.office).await;
        assert_eq!(people.len(), PEOPLE.len());
        Town { world, people }
    }

    /// Sends a file of salaries.
    async fn send(&self, bytes: &[u8], trial: bool) -> Result<i64, OfficeError> {
        self.send_as(SALARY, (&json!({ "年度の初日": "2026-04-01" }), trial), bytes).await
    }

    async fn send_as(
        &self,
        intake: &str,
        given: (&Json, bool),
        bytes: &[u8],
    ) -> Result<i64, OfficeError> {
        let sent = SentFile { name: "r8.csv", bytes };
        let clerk = clerk(noon("2026-05-11"));
        intake::enter(&self.world.office, &clerk, (TAX, intake), given, sent).await
    }

    /// Does the work that is due.
    async fn work(&self) {
        while reaction::work(&self.world.office, noon("2026-05-11")).await.unwrap() > 0 {}
    }

    /// Sends a file of salaries and has it worked through.
    async fn take(&self, lines: &[&str]) -> i64 {
        let id = self.send(sheet(lines).as_bytes(), false).await.unwrap();
        self.work().await;
        assert_eq!(self.read(id).await.stage, "終了");
        id
    }

    /// An intake; none of its lines may be lost.
    async fn read(&self, id: i64) -> Intake {
        let client = self.world.office.database.client().await.unwrap();
        let own = intake_read(&**client, id, false).await.unwrap();
        assert_eq!(own.done, own.taken + own.waiting + own.left_out, "{own:?}");
        if own.stage == "終了" {
            assert_eq!(own.done, own.entered.lines, "{own:?}");
        }
        own
    }

    /// Taken in, waiting, left out.
    async fn counts(&self, id: i64) -> (i64, i64, i64) {
        let own = self.read(id).await;
        (own.taken, own.waiting, own.left_out)
    }

    async fn waiting(&self, id: i64) -> Vec<IntakeRow> {
        let clerk = clerk(noon("2026-05-11"));
        waiting(&self.world.office, &clerk, id, (0, 1000)).await.unwrap()
    }

    async fn slips(&self) -> i64 {
        self.world.count("select count(*) from resident_tax.slip where closed_on is null").await
    }
}

/// Lines below the headings.
fn sheet(lines: &[&str]) -> String {
    format!("{HEAD}\n{}\n", lines.join("\n"))
}

/// What is said of a line: `field: words`, one a line.
fn said(row: &IntakeRow) -> String {
    let one = |finding: &Json| {
        assert!(!finding["message_en"].as_str().unwrap().is_empty(), "{finding}");
        let at = finding["at"].as_str().unwrap_or("行");
        format!("{at}: {}", finding["message"].as_str().unwrap())
    };
    row.findings.as_array().unwrap().iter().map(one).collect::<Vec<_>>().join("\n")
}

/// Each dependant belongs to the own slip.
async fn check_dependants(town: &Town) {
    let client = town.world.office.database.client().await.unwrap();
    let sql = "select d.atena_bangou = s.atena_bangou, d.shimei, d.seinengappi::text, d.doukyo,
                 s.shimei
               from resident_tax.slip_dependant d join resident_tax.slip s using (shiryou_bangou)
               order by shiryou_bangou";
    let found = client.query(sql, &[]).await.unwrap();
    let read = |at: usize| {
        let row = &found[at];
        assert!(row.get::<_, bool>(0));
        (row.get::<_, String>(1), row.get::<_, String>(2), row.get::<_, bool>(3), row.get(4))
    };
    let expected =
        [("霞　翔", "2010-05-05", true, "霞　恵"), ("佐藤　仁", "2012-01-02", false, "佐藤　一郎")];
    assert_eq!(found.len(), expected.len());
    for (at, (name, birth, home, whose)) in expected.into_iter().enumerate() {
        let (name, birth, whose): (String, String, String) =
            (name.to_owned(), birth.to_owned(), whose.to_owned());
        assert_eq!(read(at), (name, birth, home, whose));
    }
}

#[test]
fn whole_lines_go_in() {
    run(async {
        let town = Town::new().await;
        let [ken, megumi, ichiro, _, hanako] = town.people.as_slice() else { panic!("five") };
        let id = town
            .take(&[
                // The number decides, whatever else the line says.
                &format!("{ken},霞　健,,,{PAYER},5000000,1,0,,,"),
                // Name, kana and day of birth, as other people write them.
                &format!(",霞 恵,ｶｽﾐ ﾒｸﾞﾐ,S62.2.11,{PAYER},\"3,000,000\",○,,霞　翔,2010-05-05,はい"),
                "",
                &format!(",渡辺花子,わたなべ はなこ,1990/3/3,{PAYER},２００,0,0,,,"),
                &format!("{ichiro},佐藤　一郎,,,{PAYER},1,×,1,佐藤　仁,2012-01-02,0"),
            ])
            .await;
        for row in town.waiting(id).await {
            panic!("line {}: {}", row.line, said(&row));
        }
        assert_eq!(town.counts(id).await, (4, 0, 0));
        let client = town.world.office.database.client().await.unwrap();
        let sql = "select atena_bangou, shimei, kyuuyo_shuunyuu, tokubetsu_choushuu, kafu,
                     shiryou_kubun, nendo_no_shonichi::text
                   from resident_tax.slip order by shiryou_bangou";
        let found = client.query(sql, &[]).await.unwrap();
        let slip = |at: usize| {
            let row = &found[at];
            let key: String = row.get(0);
            let amount: i64 = row.get(2);
            assert_eq!(row.get::<_, String>(5), "1");
            assert_eq!(row.get::<_, String>(6), "2026-04-01");
            (key, amount, row.get::<_, Option<bool>>(3), row.get::<_, Option<bool>>(4))
        };
        assert_eq!(found.len(), 4);
        assert_eq!(slip(0), (ken.clone(), 5_000_000, Some(true), Some(false)));
        assert_eq!(slip(1), (megumi.clone(), 3_000_000, Some(true), Some(false)));
        assert_eq!(slip(2), (hanako.clone(), 200, Some(false), Some(false)));
        assert_eq!(slip(3), (ichiro.clone(), 1, Some(false), Some(true)));
        check_dependants(&town).await;
        // One entry of the journal, in the name of who sent the file.
        let sql = "select actor, content from core.journal where procedure = 'slip'";
        let entries = client.query(sql, &[]).await.unwrap();
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].get::<_, String>(0), "mado");
        let content: Json = entries[0].get(1);
        for (name, value) in [("intake", id), ("from", 2), ("to", 6), ("lines", 4)] {
            assert_eq!(content[name], json!(value), "{name}: {content}");
        }
        let own = town.read(id).await;
        assert!(own.ended_at.is_some() && own.error.is_none(), "{own:?}");
        let kept = "select count(*) from core.intake where content is not null";
        assert_eq!(town.world.count(kept).await, 0, "the file goes with its last line");
        let sql = "select actor, purpose, detail from core.audit where action = 'intake.enter'";
        let audit = client.query_one(sql, &[]).await.unwrap();
        assert_eq!(audit.get::<_, String>(0), "mado");
        assert_eq!(audit.get::<_, String>(1), "給与支払報告書の取込");
        let detail: Json = audit.get(2);
        assert_eq!((&detail["intake"], &detail["lines"]), (&json!(id), &json!(4)), "{detail}");
    });
}

/// Lines, and what is said of each; nothing of the one that goes in.
const LINES: &[(&str, &str)] = &[
    (
        ",誰　某,ダレ　ソレ,1950-05-05,{PAYER},1,,,,,",
        "宛名番号: 該当する人がいません（氏名と氏名の振り仮名と生年月日、氏名と生年月日、氏名の振り仮名と生年月日の順に探しました）。だれの資料かを選ぶか、除外してください",
    ),
    (
        ",,,,{PAYER},1,,,,,",
        "氏名: 氏名を入力してください\n宛名番号: 該当する人がいません（氏名と氏名の振り仮名と生年月日、氏名と生年月日、氏名の振り仮名と生年月日の順に探しました）。だれの資料かを選ぶか、除外してください",
    ),
    (
        ",佐藤　一郎,サトウ　イチロウ,1970-01-01,{PAYER},1,,,,,",
        "宛名番号: 氏名と氏名の振り仮名と生年月日が同じ人が2人います。だれの資料かを選んでください",
    ),
    (
        "{megumi},霞　恵,,,0000000000099,1,,,,,",
        "支払者番号: 支払者番号「0000000000099」は台帳「特別徴収義務者」にありません。番号を確かめてください",
    ),
    ("{megumi},霞　恵,,,,1,,,,,", "支払者番号: 給与支払報告書には支払者番号が要ります。"),
    ("{megumi},霞　恵,,,{PAYER},千円,,,,,", "給与収入: 「千円」は数ではありません"),
    (
        "{megumi},霞　恵,,2026-02-30,{PAYER},1,,,,,",
        "生年月日: 2026年2月に30日はありません。日は1から28までで入力してください。",
    ),
    (
        "{megumi},霞　恵,,1999-09-09,{PAYER},1,,,,,",
        "生年月日: 住民基本台帳の生年月日と違います。別の人の資料でないかを確かめてください。",
    ),
    (
        "{megumi},霞　恵,,,{PAYER},1,たぶん,,霞　翔,2010-05-05,？",
        "特別徴収: 「たぶん」は 1（はい）か 0（いいえ）で書いてください\n扶養親族.0.同居: 「?」は 1（はい）か 0（いいえ）で書いてください",
    ),
    ("{megumi},霞　恵,,,{PAYER},1,,,霞　翔,,1", "扶養親族.0.生年月日: 生年月日を入力してください"),
    (
        "9999999999,霞　健,,,{PAYER},1,,,,,",
        "宛名番号: 宛名番号の検査数字が合いません。書類と見比べて入力し直してください。\n宛名番号: この団体の住民基本台帳に記録されている人ではありません。宛名番号を確かめてください。",
    ),
    (
        "{ken},霞　健,,,{PAYER},1,,,,,",
        "行: 年度の初日・資料区分・宛名番号・支払者番号が同じ人がもう記載されています（00000001）。二重の記載になるため登録できません",
    ),
    (
        "{megumi},霞　恵,,,{PAYER},1,,,,",
        "行: 欄の数が見出しと違います（見出しは11、この行は10）。コンマの数を確かめてください",
    ),
    (
        "{megumi},霞，恵,,,{PAYER},1,000,,,,,",
        "行: 欄の数が見出しと違います（見出しは11、この行は12）。コンマの数を確かめてください",
    ),
    ("{megumi},霞　恵,,,{PAYER},7,,,,,", ""),
    (
        "{megumi},霞　恵,,,{PAYER},8,,,,,",
        "行: 年度の初日・資料区分・宛名番号・支払者番号が同じ行が、このファイルの前の行にもあります。二重でないかを確かめてください",
    ),
    (
        "{megumi},\"霞　恵,,,{PAYER},9,,,,,\n{megumi},霞　恵,,,{PAYER},9,,,,,\n{megumi},霞　恵,,,{PAYER},9,,,,,",
        "行: 18行目から21行目まで「受給者の氏名」の一つの欄になっています。引用符（\"）が閉じているか確かめてください",
    ),
];

#[test]
fn other_lines_wait_with_what_is_wrong() {
    run(async {
        let town = Town::new().await;
        let ken = &town.people[0];
        let known = format!("{ken},霞　健,,,{PAYER},1,,,,,");
        town.take(&[&known]).await;
        let megumi = &town.people[1];
        let write = |text: &str| {
            text.replace("{ken}", ken).replace("{megumi}", megumi).replace("{PAYER}", PAYER)
        };
        let lines: Vec<(String, &str)> =
            LINES.iter().map(|(line, words)| (write(line), *words)).collect();
        let texts: Vec<&str> = lines.iter().map(|(line, _)| line.as_str()).collect();
        let id = town.take(&texts).await;
        let wrong = lines.len() as i64 - 1;
        assert_eq!(town.counts(id).await, (1, wrong, 0));
        assert_eq!(town.slips().await, 2);
        let rows = town.waiting(id).await;
        let wanted = (2..).zip(&lines).filter(|(_, (_, words))| !words.is_empty());
        let wanted = wanted.map(|(line, (_, words))| format!("{line} {words}"));
        let found: Vec<String> =
            rows.iter().map(|row| format!("{} {}", row.line, said(row))).collect();
        assert_eq!(found.join("\n"), wanted.collect::<Vec<_>>().join("\n"));
        // What cannot be read stays as it was written.
        assert_eq!(rows[5].form["給与収入"], "千円");
        assert_eq!(rows[8].form["特別徴収"], "たぶん");
        assert_eq!(rows[8].form["年度の初日"], "2026-04-01");
        let seen = "select count(*) from core.audit where action = 'intake.waiting'";
        assert_eq!(town.world.count(seen).await, 1);
    });
}

/// Two reports without a payer's number are of the same payer: nobody is to be taxed twice.
#[test]
fn a_second_report_of_a_pension_waits() {
    run(async {
        let town = Town::new().await;
        let ken = &town.people[0];
        let asked = json!({ "年度の初日": "2026-04-01" });
        for (text, counts) in [
            (
                format!("宛名番号,受給者の氏名,支払金額\n{ken},霞　健,1\n{ken},霞　健,2\n"),
                (1, 1, 0),
            ),
            (format!("宛名番号,受給者の氏名,支払金額\n{ken},霞　健,1\n"), (0, 1, 0)),
        ] {
            let sent = town.send_as("pension-report", (&asked, false), text.as_bytes()).await;
            let id = sent.unwrap();
            town.work().await;
            assert_eq!(town.counts(id).await, counts, "{text}");
        }
    });
}

/// Five hundred lines go in one transaction; the next ones see them.
#[test]
fn a_long_file_goes_in_by_parts() {
    run(async {
        let town = Town::new().await;
        let (ken, megumi) = (&town.people[0], &town.people[1]);
        let mut lines = vec![format!("{ken},霞　健,,,{PAYER},1,,,,,")];
        lines.resize(500, "x".to_owned());
        lines.push(format!("{ken},霞　健,,,{PAYER},2,,,,,"));
        lines.resize(999, "x".to_owned());
        lines.push(format!("{megumi},霞　恵,,,{PAYER},3,,,,,"));
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let id = town.take(&lines).await;
        assert_eq!(town.counts(id).await, (2, 998, 0));
        let rows = town.waiting(id).await;
        let second = rows.iter().find(|row| row.line == 502).unwrap();
        assert!(said(second).contains("もう記載されています"), "{}", said(second));
        let entries = "select count(*) from core.journal where procedure = 'slip'";
        assert_eq!(town.world.count(entries).await, 2);
        let page = clerk(noon("2026-05-11"));
        let next = waiting(&town.world.office, &page, id, (501, 2)).await.unwrap();
        assert_eq!(next.iter().map(|row| row.line).collect::<Vec<_>>(), [502, 503]);
    });
}
