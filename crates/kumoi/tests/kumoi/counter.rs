//! A family of four from moving in to moving out, at the counter, in a browser without script.

use std::process::Command;

use testkit::{Browser, VILLAGE, World};

use crate::{picture, world};

/// The person at the counter; other tests use the other one, because a code works once.
const CLERK: &str = "madoguchi";
const CHIEF: &str = "kakaricho";
const OLD_ADDRESS: &str = "和歌山県伊都郡九度山町九度山１２３番地";
const ADDRESS: &str = "見本県霞郡霞村大字霞原１番地";
const NEW_ADDRESS: &str = "見本県雲居市中央二丁目３番地";
/// 氏名, 振り仮名, 生年月日, 性別, 続柄. The surname is written with a variant (齋 of 斎); the space
/// is the full-width one that every name is stored with.
const FAMILY: [[&str; 5]; 4] = [
    ["齋藤　雲太郎", "さいとう うんたろう", "昭和60年4月2日", "1", "世帯主"],
    ["齋藤　花子", "さいとう はなこ", "S62.12.31", "2", "妻"],
    ["齋藤　一郎", "さいとう いちろう", "2015-05-05", "1", "子"],
    ["齋藤　桜", "さいとう さくら", "令和2年2月29日", "2", "子"],
];

#[tokio::test]
async fn a_family_moves_in_gets_a_certificate_and_moves_out() {
    let world = world();
    let browser = Browser::start().await;
    let walk = Walk { world, browser: &browser };
    walk.sign_in(CLERK).await;
    walk.browser.picture(&picture("01-queue")).await;
    let case = walk.move_in().await;
    walk.refuse_own_approval(&case).await;
    let row = walk.approve(&case, "02-moved-in").await;
    walk.sign_in(CLERK).await;
    walk.search().await;
    let number = walk.certificate(&row).await;
    walk.void(&number).await;
    walk.move_out(&row).await;
    walk.past(&row).await;
}

struct Walk<'a> {
    world: &'static World,
    browser: &'a Browser,
}

impl Walk<'_> {
    async fn open(&self, path: &str) {
        self.browser.open(&self.world.office(path)).await;
    }

    async fn sign_in(&self, account: &str) {
        if self.browser.words().await.contains("ログアウト") {
            self.browser.press("ログアウト").await;
        }
        let url = self.world.office(&format!("/{VILLAGE}/sign-in"));
        self.browser.sign_in(&url, account).await;
    }

    /// Enters the move-in; its case is answered.
    async fn move_in(&self) -> String {
        let browser = self.browser;
        self.open(&format!("/{VILLAGE}")).await;
        browser.press("転入届").await;
        for _ in 1..FAMILY.len() {
            browser.press("転入者を追加").await;
        }
        browser.choose("identity.方法", "運転免許証等").await;
        browser.fill("f.異動日", &day(10)).await;
        browser.fill("f.郵便番号", "999-9003").await;
        browser.fill("f.住所", ADDRESS).await;
        browser.fill("f.前住所", OLD_ADDRESS).await;
        for (index, member) in FAMILY.iter().enumerate() {
            self.member(index, member).await;
        }
        browser.fill("f.転入者.3.続柄", "孫").await;
        browser.press("確認へ進む").await;
        browser.see("続柄に「孫」は使えません").await;
        browser.picture(&picture("03-invalid")).await;
        self.words_are_kept().await;
        browser.fill("f.転入者.3.続柄", "子").await;
        browser.press("確認へ進む").await;
        let words = browser.see("転入届の確認").await;
        browser.picture(&picture("04-confirm")).await;
        for [name, ..] in FAMILY {
            assert!(words.contains(name), "{name} is not on the page:\n{words}");
        }
        browser.press("仮登録する（決裁へ）").await;
        browser.see("受付番号").await;
        browser.picture(&picture("05-case")).await;
        browser.path().await
    }

    async fn member(&self, index: usize, [name, kana, birth, sex, relation]: &[&str; 5]) {
        let field = |item: &str| format!("f.転入者.{index}.{item}");
        for (item, text) in [
            ("氏名", *name),
            ("氏名_振り仮名", *kana),
            ("生年月日", *birth),
            ("続柄", *relation),
            ("本籍", OLD_ADDRESS),
            ("筆頭者", FAMILY[0][0]),
        ] {
            self.browser.fill(&field(item), text).await;
        }
        self.browser.choose(&field("性別"), sex).await;
    }

    /// The message stands at its field, and nothing typed is lost.
    async fn words_are_kept(&self) {
        let source = self.browser.source().await;
        let field = source.split("name=\"f.転入者.3.続柄\"").next().unwrap_or_default();
        let block = field.rsplit("class=\"field").next().unwrap_or_default();
        assert!(block.contains("続柄に「孫」は使えません"), "not at its field: {block}");
        for (index, [name, ..]) in FAMILY.iter().enumerate() {
            let kept = self.browser.value(&format!("f.転入者.{index}.氏名")).await;
            assert_eq!(&kept, name);
        }
        assert_eq!(self.browser.value("f.住所").await, ADDRESS);
        assert_eq!(self.browser.value("f.転入者.3.続柄").await, "孫");
        assert_eq!(self.browser.value("identity.方法").await, "運転免許証等");
        assert_eq!(self.browser.value("f.転入者.1.性別").await, "2");
    }

    /// Who entered a case is offered no approval, and is refused when asking all the same.
    async fn refuse_own_approval(&self, case: &str) {
        assert!(!self.browser.words().await.contains("決裁する"));
        let answer = self.post(&format!("{case}/approve"), &[("revision", "1")]).await;
        let words = testkit::html::plain(&answer.1);
        assert_eq!(answer.0, 403, "{words}");
        assert!(words.contains("できません"), "{words}");
    }

    /// Posts with the browser's session and the page's token.
    async fn post(&self, path: &str, form: &[(&str, &str)]) -> (u16, String) {
        let source = self.browser.source().await;
        let csrf = testkit::html::between(&source, "name=\"csrf\" value=\"", "\"");
        let mut pairs = vec![("csrf", csrf.expect("a token"))];
        pairs.extend_from_slice(form);
        let client = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        let request = client.post(self.world.office(path)).form(&pairs);
        let request = request.header("cookie", self.browser.cookies().await);
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a text"))
    }

    /// The chief approves; the first row of the case is answered.
    async fn approve(&self, case: &str, name: &str) -> String {
        self.sign_in(CHIEF).await;
        self.open(case).await;
        self.browser.press("決裁する").await;
        self.browser.see("本登録").await;
        self.browser.picture(&picture(name)).await;
        self.browser.link("/rows/").await.expect("a row of the case")
    }

    /// By kana, by the name as written and in another writing, by date of birth.
    async fn search(&self) {
        for (field, text) in [
            ("q", "サイトウ　ウンタロウ"),
            ("q", "さいとう"),
            ("q", "齋藤"),
            ("q", "斎藤"),
            ("q", "齋藤雲太郎"),
            ("date", "昭和60年4月2日"),
            ("date", "S60.4.2"),
            ("address", ADDRESS),
        ] {
            self.open(&format!("/{VILLAGE}/search")).await;
            self.browser.fill(field, text).await;
            self.browser.press("検索").await;
            let words = self.browser.words().await;
            assert!(words.contains("齋藤　雲太郎"), "{field}={text}:\n{words}");
        }
        self.browser.picture(&picture("06-search")).await;
        self.open(&format!("/{VILLAGE}/search")).await;
        self.browser.fill("q", "サトウ").await;
        self.browser.press("検索").await;
        self.browser.picture(&picture("07-search-kana")).await;
        let (_, found) = testkit::html::rows(&self.browser.source().await).into_iter().fold(
            (0, 0),
            |(all, found), row| {
                (all + 1, found + usize::from(row.iter().any(|cell| cell.starts_with("サトウ"))))
            },
        );
        assert!(found > 0, "nobody is called サトウ:\n{}", self.browser.words().await);
    }

    /// 住民票の写し with 本籍 asked for; its number is answered.
    async fn certificate(&self, row: &str) -> String {
        let browser = self.browser;
        self.open(row).await;
        browser.see("齋藤　雲太郎").await;
        browser.picture(&picture("08-resident")).await;
        browser.press("住民票の写し").await;
        browser.choose("identity.方法", "運転免許証等").await;
        browser.fill("f.請求者氏名", FAMILY[0][0]).await;
        browser.choose("f.記載事項", "本籍").await;
        self.everybody().await;
        browser.picture(&picture("09-certificate-form")).await;
        browser.press("確認へ進む").await;
        browser.see("この内容で発行します").await;
        browser.press("発行する").await;
        let words = browser.see("発行番号").await;
        browser.picture(&picture("10-certificate")).await;
        let path = browser.path().await;
        let number = path.rsplit('/').next().expect("a number").to_owned();
        assert!(words.contains(&number), "{words}");
        let (text, info) = self.pdf(&number).await;
        for [name, ..] in FAMILY {
            assert!(text.contains(&squeezed(name)), "{name} is not printed:\n{text}");
        }
        for word in [number.as_str(), "見本", &squeezed(OLD_ADDRESS), "霞村", "省略"] {
            assert!(text.contains(word), "{word} is not printed:\n{text}");
        }
        // 世帯主, 続柄 and 筆頭者 were not asked for.
        let relation = text.split("続柄").nth(1).unwrap_or_default();
        assert!(relation.starts_with("省略"), "続柄 is printed: {relation}");
        assert!(!text.contains("書損"), "{text}");
        assert!(info.contains("PDF/A") || info.contains("pdfaid"), "no PDF/A mark:\n{info}");
        number
    }

    /// Ticks every member of the household.
    async fn everybody(&self) {
        let source = self.browser.source().await;
        let boxes = source.split("<input").filter(|tag| {
            tag.split('>')
                .next()
                .is_some_and(|tag| tag.contains("name=\"subject\"") && tag.contains("checkbox"))
        });
        let keys: Vec<String> = boxes
            .filter_map(|tag| testkit::html::between(tag, "value=\"", "\"").map(str::to_owned))
            .collect();
        assert_eq!(keys.len(), FAMILY.len(), "{keys:?}");
        for key in &keys {
            self.browser.choose("subject", key).await;
        }
    }

    /// The document's text without spaces, and what pdfinfo and the metadata say.
    async fn pdf(&self, number: &str) -> (String, String) {
        let client = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        let url = self.world.office(&format!("/{VILLAGE}/documents/{number}/pdf"));
        let request = client.get(url).header("cookie", self.browser.cookies().await);
        let answer = request.send().await.expect("the document");
        assert_eq!(answer.status().as_u16(), 200);
        assert_eq!(answer.headers()["content-type"], "application/pdf");
        let file = picture("certificate").with_file_name(format!("{number}.pdf"));
        std::fs::write(&file, answer.bytes().await.expect("the document")).expect("a file");
        let run = |program: &str, words: &[&str]| {
            let done = Command::new(program).args(words).arg(&file).arg("-").output();
            let done = done.unwrap_or_else(|error| panic!("{program} (poppler-utils): {error}"));
            String::from_utf8_lossy(&done.stdout).into_owned()
        };
        let text = squeezed(&run("pdftotext", &["-q", "-raw"]));
        let done = Command::new("pdfinfo").arg("-meta").arg(&file).output().expect("pdfinfo");
        (text, String::from_utf8_lossy(&done.stdout).into_owned())
    }

    /// 書損: the number stays, the page carries the mark.
    async fn void(&self, number: &str) {
        self.open(&format!("/{VILLAGE}/documents/{number}")).await;
        self.browser.unfold("書損にする").await;
        self.browser.fill("reason", "印字がかすれたため").await;
        self.browser.press("書損にする").await;
        let words = self.browser.see("印字がかすれたため").await;
        assert!(words.contains("書損") && words.contains(number), "{words}");
        self.browser.picture(&picture("11-void")).await;
        let (text, _) = self.pdf(number).await;
        assert!(text.contains("書損") || text.contains("無効"), "no mark:\n{text}");
    }

    /// 転出届, approved; 転出の確定, approved; the household is closed.
    async fn move_out(&self, row: &str) {
        let browser = self.browser;
        self.open(row).await;
        browser.press("転出届").await;
        self.everybody().await;
        browser.choose("identity.方法", "運転免許証等").await;
        browser.fill("f.転出日", &day(0)).await;
        browser.fill("f.転出先", NEW_ADDRESS).await;
        browser.press("確認へ進む").await;
        browser.see("転出届の確認").await;
        browser.picture(&picture("12-move-out-confirm")).await;
        browser.press("仮登録する（決裁へ）").await;
        browser.see("受付番号").await;
        let case = browser.path().await;
        self.approve(&case, "13-move-out").await;
        self.sign_in(CLERK).await;
        self.open(row).await;
        browser.press("転出の確定").await;
        self.everybody().await;
        browser.press("確認へ進む").await;
        browser.see("転出の確定の確認").await;
        browser.press("仮登録する（決裁へ）").await;
        browser.see("受付番号").await;
        let case = browser.path().await;
        self.approve(&case, "14-moved-out").await;
        self.open(row).await;
        let words = browser.see("消除された記録（除票）です").await;
        assert!(words.contains(NEW_ADDRESS), "{words}");
        browser.picture(&picture("15-removed")).await;
        let household = browser.link("/rows/resident-record/household/").await;
        self.open(&household.expect("the household")).await;
        browser.see("消除された記録").await;
        browser.picture(&picture("16-household-closed")).await;
    }

    /// The state on a day between moving in and out, and on a day before both.
    async fn past(&self, row: &str) {
        self.open(row).await;
        self.browser.unfold("過去の状態").await;
        self.browser.picture(&picture("17-past-form")).await;
        self.browser.fill("on", &day(5)).await;
        self.browser.press("その時点の状態を見る").await;
        let words = self.browser.see("の時点の状態です").await;
        self.browser.picture(&picture("18-past")).await;
        assert!(words.contains(&day(5)) && words.contains(ADDRESS), "{words}");
        // The household ended later, with the move out.
        let (household, all) =
            (squeezed("世帯（その時点）") + &squeezed(FAMILY[0][0]), squeezed(&words));
        assert!(all.contains(&household) && !all.contains(&(household + "消除")), "{words}");
        // Below the record stand its history and cases, which are of today.
        let record = words.split("履歴\n").next().unwrap_or_default();
        assert!(!record.contains("除票") && !record.contains(NEW_ADDRESS), "{record}");
        self.open(row).await;
        self.browser.unfold("過去の状態").await;
        self.browser.fill("on", &day(20)).await;
        self.browser.press("その時点の状態を見る").await;
        self.browser.see("見つかりません").await;
        self.browser.picture(&picture("19-before")).await;
    }
}

/// The day so many days ago in Japan, in 和暦 as a clerk types it.
fn day(ago: i32) -> String {
    let today = base::date::day_in_japan(jiff::Timestamp::now());
    let day = today.saturating_sub(jiff::Span::new().days(ago));
    format!("令和{}年{}月{}日", day.year() - 2018, day.month(), day.day())
}

/// Without any space: printed text is broken anywhere.
fn squeezed(text: &str) -> String {
    text.chars().filter(|sign| !sign.is_whitespace()).collect()
}
