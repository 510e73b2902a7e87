//! Entering a form by hand: messages say which entry they are about, a warning is acknowledged on
//! the confirmation, and a number that was entered is sent on sealed and never shown.

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use jiff::Timestamp;
use office::staff::session_actor;

use super::scene::{ADDRESS, Scene, check, day};
use crate::counter::desk::{COOKIE, ZONE};

const NUMBER: &str = "123456789012";

type Pairs = Vec<(String, String)>;

impl Scene {
    async fn csrf(&self) -> String {
        let place = self.stage.state.place("first_city").expect("a place");
        let token = self.stage.token("first_city", "madoguchi");
        let found = session_actor(&place.staff, token, ZONE, String::new(), Timestamp::now());
        found.await.expect("a session").expect("somebody").1
    }

    /// A posted step of the move-in.
    async fn step(&self, act: &str, pairs: &[(String, String)]) -> String {
        let mut url = reqwest::Url::parse("http://form/").expect("an address");
        url.query_pairs_mut()
            .append_pair("csrf", &self.csrf().await)
            .append_pair("act", act)
            .append_pair("identity.方法", "運転免許証等")
            .extend_pairs(pairs);
        let token = self.stage.token("first_city", "madoguchi");
        let request = Request::builder()
            .method("POST")
            .uri("/first_city/start/resident-record/move-in")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, format!("{COOKIE}={token}"))
            .body(Body::from(url.query().unwrap_or_default().to_owned()))
            .expect("a request");
        let response = self.stage.respond(request).await;
        assert!(response.status() != StatusCode::FORBIDDEN, "{}", response.status());
        let bytes = to_bytes(response.into_body(), 8 << 20).await.expect("a body");
        String::from_utf8(bytes.to_vec()).expect("a text")
    }
}

/// A move-in of two; the second has no 本籍, which is a warning.
fn pairs(second: &str) -> Pairs {
    let today = day(0).to_string();
    let mut out: Pairs = [
        ("f.異動日", today.as_str()),
        ("f.届出日", &today),
        ("f.住所", ADDRESS),
        ("f.前住所", "霞県霞村大字霞9番地"),
        ("f.世帯の扱い", "1"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    let people = [("霧　太郎", "世帯主", "霞県霞村大字霞9番地", NUMBER), (second, "妻", "", "")];
    for (index, (name, relation, home, number)) in people.iter().enumerate() {
        for (item, value) in [
            ("氏名", *name),
            ("氏名_振り仮名", "キリ　タロウ"),
            ("生年月日", "1990-01-01"),
            ("性別", "1"),
            ("続柄", relation),
            ("本籍", home),
            ("住民種別", "1"),
            ("個人番号", number),
        ] {
            out.push((format!("f.転入者.{index}.{item}"), value.to_owned()));
        }
    }
    out
}

/// The hidden fields of a page, as its form would send them.
fn hidden(page: &str) -> Pairs {
    let tags = page.split("<input type=\"hidden\" name=\"").skip(1);
    let pair = |tag: &str| {
        let (name, rest) = tag.split_once("\" value=\"")?;
        Some((name.to_owned(), rest.split_once('"')?.0.to_owned()))
    };
    tags.filter_map(pair).filter(|(name, _)| name.starts_with("f.")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_is_entered_by_hand() {
    let scene = Scene::build().await;
    let wrong = scene.step("check", &pairs("霧\u{e000}　花")).await;
    check(
        &wrong,
        &["入力に誤りが1件あります", "転入者 2の氏名：2文字目は外字"],
        &["本籍の記入がない"],
    );
    // A character that no text holds is named at its field.
    let nul = scene.step("check", &pairs("霧\0　花")).await;
    check(&nul, &["「f.転入者.1.氏名」に", "NUL"], &["転入届の確認"]);
    let right = scene.step("check", &pairs("霧　花")).await;
    check(&right, &["転入届の確認", "本籍の記入がない"], &[NUMBER, "入力に誤りが"]);
    let kept = hidden(&right);
    let number = "f.転入者.0.個人番号";
    let sealed = kept.iter().find(|(name, _)| name == number).expect("the number");
    assert!(sealed.1.starts_with("sealed:"), "{sealed:?}");

    // Sent without a word about the warning, the confirmation asks for it.
    let unsaid = scene.step("enter", &kept).await;
    let asked = ["転入届の確認", "注意を確かめて、印を付けてください", "本籍の記入がない"];
    check(&unsaid, &asked, &[NUMBER]);

    // On the form the number is neither shown nor lost: an empty field keeps it, a box removes it.
    let form = scene.step("edit", &kept).await;
    check(&form, &["入力済みです", "転入をした日"], &[NUMBER]);
    let shown = format!("name=\"{number}\" value=\"sealed:");
    assert_eq!(form.matches("sealed:").count(), form.matches(&shown).count(), "only hidden");
    let mut again: Pairs = kept.clone();
    again.push((number.to_owned(), String::new()));
    let same = scene.step("check", &again).await;
    check(&same, &["転入届の確認", "＊＊＊＊"], &[]);
    again.push(("clear.転入者.0.個人番号".to_owned(), "yes".to_owned()));
    let emptied = scene.step("check", &again).await;
    check(&emptied, &["転入届の確認"], &["＊＊＊＊"]);
    scene.stage.cluster.stop().await.unwrap();
}
