//! The file itself: how it may be written, and what is refused before any line is read.

use office::OfficeError;
use office::access::role;
use office::intake::{self, SentFile, resume};
use serde_json::{Value as Json, json};

use super::{HEAD, PAYER, SALARY, TAX, Town, said, sheet};
use crate::conflicts::refused;
use crate::world::{actor, clerk, noon, run};

fn shift_jis(text: &str) -> Vec<u8> {
    let (bytes, _, lost) = encoding_rs::SHIFT_JIS.encode(text);
    assert!(!lost, "{text}");
    bytes.into_owned()
}

/// What is said of a file that is refused.
fn words<T: std::fmt::Debug>(found: Result<T, OfficeError>) -> String {
    match found.expect_err("it must be refused") {
        OfficeError::Invalid(findings) => {
            let words = |own: &office::plan::Finding| {
                format!("{}: {}", own.at.as_deref().unwrap_or("-"), own.message)
            };
            findings.iter().map(words).collect::<Vec<_>>().join("\n")
        }
        other => other.to_string(),
    }
}

#[test]
fn a_file_that_cannot_be_read_is_refused() {
    run(async {
        let town = Town::new().await;
        let good = format!("{},霞　健,,,{PAYER},1,,,,,", town.people[0]);
        let with = |heading: &str| format!("{heading}{HEAD}\n{good}\n").into_bytes();
        let place = |place: &str, name: &str| {
            format!(
                "file: {place}が {name} の文字ではありません。\
                 UTF-8 か Shift_JIS の CSV で保存し直してください"
            )
        };
        let mut torn = sheet(&[&good, ",霞　健"]).into_bytes();
        torn.pop();
        torn.extend(b"\xFF,,\n");
        let mut torn_in_shift_jis = shift_jis(&sheet(&[&good, ",霞　"]));
        torn_in_shift_jis.pop();
        torn_in_shift_jis.extend(b"\xFF,,\n");
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let cases: Vec<(Vec<u8>, String)> = vec![
            (Vec::new(), "file: ファイルを選んでください".to_owned()),
            (vec![b'a'; intake::FILE_BYTES + 1], "file: ファイルは 64 MiB までです。分けて取り込んでください".to_owned()),
            (format!("{HEAD}\n").into_bytes(), "file: 見出しのほかに行がありません".to_owned()),
            (format!("{HEAD}\n\n,,,\n").into_bytes(), "file: 見出しのほかに行がありません".to_owned()),
            (with("備考,"), "file: 1行目の1列目の見出し「備考」は使いません。見出しを直すか、列を消してください".to_owned()),
            (with("支払金額,"), "file: 1行目の7列目の見出し「支払金額」は二つ目です".to_owned()),
            ("支払金額,金額\n1,2\n".into(), "file: 1行目の2列目の見出し「金額」は使いません。\
                 見出しを直すか、列を消してください\nfile: 1行目に見出し「宛名番号」がありません\n\
                 file: 1行目に見出し「受給者の氏名」がありません".to_owned()),
            (torn, place("3行5文字目", "UTF-8")),
            (torn_in_shift_jis, place("3行4文字目", "Shift_JIS")),
            ([b"\xFF\xFE".to_vec(), wide(&sheet(&[&good]))].concat(), place("1行1文字目", "Shift_JIS")),
            (sheet(&[&good, ",霞　健\0,,,,,,,,,"]).into_bytes(), "file: 3行5文字目に使えない制御文字があります".to_owned()),
        ];
        for (bytes, expected) in cases {
            assert_eq!(words(town.send(&bytes, false).await), expected);
        }
        let bytes = sheet(&[&good]).into_bytes();
        let given = |day: &str| json!({ "年度の初日": day, "宛名番号": "x" });
        for (day, expected) in [
            ("", "年度の初日: 年度の初日を入力してください"),
            ("2026-02-30", "年度の初日: 2026年2月に30日はありません"),
        ] {
            let given = given(day);
            let found = town.send_as(SALARY, (&given, false), &bytes).await;
            assert!(words(found).starts_with(expected), "{day}");
        }
        // What is asked and the file are told of together.
        let found = town.send_as(SALARY, (&given(""), false), b"").await;
        let both = "年度の初日: 年度の初日を入力してください\nfile: ファイルを選んでください";
        assert_eq!(words(found), both);
        let asked = given("2026-04-01");
        let found = town.send_as("nothing", (&asked, false), &bytes).await;
        assert_eq!(words(found), "取込「nothing」が見つかりません");
        let stranger = actor("kanri", &[role::ADMINISTRATOR, role::PROTECTION], noon("2026-05-11"));
        let sent = SentFile { name: "r8.csv", bytes: &bytes };
        let place = (TAX, SALARY);
        let office = &town.world.office;
        let found = intake::enter(office, &stranger, place, (&asked, false), sent).await;
        refused(found, "この操作ができるのは窓口、係長、課長です");
        for table in ["core.intake", "core.intake_row", "core.job where kind = 'intake'"] {
            assert_eq!(town.world.count(&format!("select count(*) from {table}")).await, 0);
        }
    });
}

/// However a file is written, its people are found and a line is called by its own number.
#[test]
fn a_file_may_be_written_in_many_ways() {
    run(async {
        let town = Town::new().await;
        let text = |amount: i64| {
            let good = format!(",霞　健,カスミ　ケン,1985-06-01,{PAYER},{amount},,,,,");
            // The third line is empty, and one cell of the fourth has a line of its own.
            sheet(&["x", "", &good.replace("霞　健", "\"霞　健\n\""), "x"])
        };
        let plain = text(1);
        let ways: [(&str, Vec<u8>, &str); 5] = [
            ("\\n", plain.clone().into_bytes(), "UTF-8"),
            ("\\r\\n", text(2).replace('\n', "\r\n").into_bytes(), "UTF-8"),
            ("\\r", text(3).replace('\n', "\r").into_bytes(), "UTF-8"),
            ("with a mark", format!("\u{FEFF}{}", text(4)).into_bytes(), "UTF-8"),
            ("Shift_JIS", shift_jis(&text(5).replace('\n', "\r\n")), "Shift_JIS"),
        ];
        for (way, bytes, encoding) in ways {
            let id = town.send(&bytes, false).await.unwrap();
            town.work().await;
            let own = town.read(id).await;
            assert_eq!((own.stage.as_str(), own.waiting), ("終了", 3), "{way}: {own:?}");
            assert_eq!(own.entered.encoding, encoding, "{way}");
            let rows = town.waiting(id).await;
            let lines: Vec<i64> = rows.iter().map(|row| row.line).collect();
            assert_eq!(lines, [2, 4, 6], "{way}");
            let torn = "行: 4行目から5行目まで「受給者の氏名」の一つの欄になっています。\
                        引用符（\"）が閉じているか確かめてください";
            assert_eq!(said(&rows[1]), torn, "{way}");
        }
        let good = format!(",霞　健,カスミ　ケン,1985-06-01,{PAYER},6,,,,,");
        let bytes = shift_jis(&sheet(&[&good]).replace('\n', "\r\n"));
        let id = town.send(&bytes, false).await.unwrap();
        town.work().await;
        assert_eq!(town.counts(id).await, (1, 0, 0));
        let named = "select count(*) from resident_tax.slip where shimei = '霞　健'";
        assert_eq!(town.world.count(named).await, 1);
    });
}

#[test]
fn a_file_is_taken_in_once_for_the_same_year() {
    run(async {
        let town = Town::new().await;
        let bytes = sheet(&[&format!("{},霞　健,,,{PAYER},1,,,,,", town.people[0])]).into_bytes();
        town.send(&bytes, false).await.unwrap();
        let same = "「r8.csv」と同じ内容のファイルは、もう取り込まれています";
        assert_eq!(words(town.send(&bytes, false).await), same);
        town.work().await;
        assert_eq!(words(town.send(&bytes, false).await), same);
        // Only to look is always possible, and another year is another matter.
        town.send(&bytes, true).await.unwrap();
        let given: Json = json!({ "年度の初日": "2027-04-01" });
        let next = town.send_as(SALARY, (&given, false), &bytes).await.unwrap();
        town.work().await;
        assert_eq!(town.counts(next).await, (1, 0, 0));
        assert_eq!(town.slips().await, 2);
        let audit = "select count(*) from core.audit where action = 'intake.enter'";
        assert_eq!(town.world.count(audit).await, 3, "who was refused sent nothing");
    });
}

#[test]
fn a_trial_writes_its_report_only() {
    run(async {
        let town = Town::new().await;
        let good = format!("{},霞　健,,,{PAYER},1,,,,,", town.people[0]);
        let series = "select coalesce(sum(next), 0)::bigint from core.series";
        let before = town.world.count(series).await;
        let journal = "select count(*) from core.journal";
        let entries = town.world.count(journal).await;
        let bytes = sheet(&[&good, "x", &good]).into_bytes();
        for _ in 0..2 {
            let id = town.send(&bytes, true).await.unwrap();
            town.work().await;
            assert_eq!(town.counts(id).await, (1, 2, 0));
            let rows = town.waiting(id).await;
            assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [3, 4]);
        }
        assert_eq!(town.slips().await, 0);
        assert_eq!(town.world.count(journal).await, entries);
        assert_eq!(town.world.count(series).await, before, "no number is used up");
        let kept = "select count(*) from core.intake where content is not null";
        assert_eq!(town.world.count(kept).await, 0);
        let id = town.send(&bytes, false).await.unwrap();
        town.work().await;
        assert_eq!(town.counts(id).await, (1, 2, 0), "a trial stands in nobody's way");
    });
}

/// What keeps the second part of an intake from being written.
const FAULT: &str = "create or replace function core.fault() returns trigger language plpgsql as
    'begin if new.done > 500 then raise exception ''fault''; end if; return new; end';
    grant execute on function core.fault() to public;
    create trigger fault before update on core.intake for each row execute function core.fault()";

/// What broke off goes on where it was, by itself at the next try or when a person says so.
#[test]
fn what_broke_off_is_taken_up_again() {
    run(async {
        let town = Town::new().await;
        let (office, clerk) = (&town.world.office, clerk(noon("2026-05-12")));
        for (round, by_person) in [(1, true), (2, false)] {
            let line = |at: usize| {
                format!("{},霞　健,,,{PAYER},{round},,,,,", town.people[2 * round + at - 2])
            };
            let mut lines = vec![line(0)];
            lines.resize(500, "x".to_owned());
            lines.push(line(1));
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let id = town.send(sheet(&lines).as_bytes(), false).await.unwrap();
            let again = resume(office, &clerk, id).await;
            refused(again, &format!("取込 {id} はいま「実行待ち」のため、この操作はできません"));
            town.world.behind(FAULT).await;
            town.work().await;
            let own = town.read(id).await;
            assert_eq!((own.stage.as_str(), own.done), ("停止", 500), "{own:?}");
            assert_eq!((own.taken, own.waiting, own.error.is_some()), (1, 499, true));
            assert_eq!(town.slips().await, 2 * round as i64 - 1);
            town.world.behind("drop trigger fault on core.intake").await;
            match by_person {
                true => resume(office, &clerk, id).await.unwrap(),
                false => {
                    let due = "update core.job set run_at = now() where done_at is null";
                    town.world.behind(due).await;
                }
            }
            town.work().await;
            let own = town.read(id).await;
            assert_eq!((own.stage.as_str(), own.done), ("終了", 501), "{own:?}");
            assert_eq!((own.taken, own.waiting, own.error), (2, 499, None), "{by_person}");
            assert_eq!(town.slips().await, 2 * round as i64);
            refused(resume(office, &clerk, id).await, "いま「終了」のため");
        }
        let audit = "select count(*) from core.audit where action = 'intake.resume'";
        assert_eq!(town.world.count(audit).await, 1);
    });
}

#[test]
fn the_content_is_sealed_while_it_waits() {
    run(async {
        let town = Town::new().await;
        let line = format!("{},霞　健,,,{PAYER},1,,,,,", town.people[0]);
        let id = town.send(sheet(&[&line]).as_bytes(), false).await.unwrap();
        let client = town.world.office.database.client().await.unwrap();
        let sql = "select content, file_name from core.intake where id = $1";
        let row = client.query_one(sql, &[&id]).await.unwrap();
        let sealed: Vec<u8> = row.get(0);
        assert!(sealed.len() > HEAD.len());
        for plain in ["霞", town.people[0].as_str(), PAYER] {
            let plain = plain.as_bytes();
            assert!(!sealed.windows(plain.len()).any(|part| part == plain), "it is readable");
        }
        town.work().await;
        let gone = "select count(*) from core.intake where content is null";
        assert_eq!(town.world.count(gone).await, 1);
    });
}
