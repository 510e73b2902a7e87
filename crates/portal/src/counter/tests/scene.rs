//! A household of two, entered and decided by the office itself on days of the test's choosing, and
//! pages read with a session of the counter.

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use base::date::Date;
use base::date::day_in_japan;
use jiff::{Span, Timestamp};
use office::Actor;
use office::access::role;
use office::case::{CaseInput, case_approve, case_enter};
use serde_json::{Value, json};

use super::super::api::tests::stage::Stage;
use crate::counter::desk::COOKIE;

/// The address of the household.
pub const ADDRESS: &str = "雲居県雲居市東二丁目５番６号";

/// Everything together.
pub struct Scene {
    pub stage: Stage,
    /// 宛名番号 of 霞　健 and 霞　花.
    pub keys: [String; 2],
}

/// A moment so many days ago.
pub fn ago(days: i64) -> Timestamp {
    Timestamp::now() - Span::new().hours(24 * days)
}

/// The day in Japan so many days ago.
pub fn day(days: i64) -> Date {
    day_in_japan(ago(days))
}

fn actor(id: &str, roles: &[&str], at: Timestamp) -> Actor {
    Actor {
        id: id.to_owned(),
        name: format!("見本　{id}"),
        roles: roles.iter().map(|one| (*one).to_owned()).collect(),
        zone: "office",
        request: "test".to_owned(),
        at,
    }
}

impl Scene {
    /// The household moved in ten days ago and was entered that day.
    pub async fn build() -> Scene {
        let stage = Stage::build().await;
        let mut scene = Scene { stage, keys: [String::new(), String::new()] };
        let person = |name: &str, kana: &str, sex: &str, relation: &str| {
            json!({
                "氏名": name, "氏名_振り仮名": kana, "生年月日": "1985-06-01", "性別": sex,
                "続柄": relation, "本籍": "霞県霞村大字霞1番地", "筆頭者": "霞　健",
                "住民種別": "1",
            })
        };
        let form = json!({
            "異動日": day(10).to_string(), "届出日": day(10).to_string(), "住所": ADDRESS,
            "郵便番号": "9999001", "前住所": "霞県霞村大字霞1番地", "世帯の扱い": "1",
            "転入者": [
                person("霞　健", "カスミ　ケン", "1", "世帯主"),
                person("霞　花", "カスミ　ハナ", "2", "妻"),
            ],
        });
        scene.decided("move-in", form, ago(10)).await;
        scene.keys = [scene.key("霞　健").await, scene.key("霞　花").await];
        scene
    }

    async fn key(&self, name: &str) -> String {
        let asked = json!({
            "system": "resident-record", "register": "resident", "q": name, "purpose": "試験",
        });
        let found = self.stage.first("madoguchi", ("POST", "/search"), Some(asked)).await;
        found.body["rows"][0]["key"].as_str().expect("a row").to_owned()
    }

    /// A case entered and decided at a moment.
    pub async fn decided(&self, procedure: &str, form: Value, at: Timestamp) {
        let place = self.stage.state.place("first_city").expect("a place");
        let input = CaseInput {
            system: "resident-record".to_owned(),
            procedure: procedure.to_owned(),
            form,
            identity: json!({"方法": "運転免許証等"}),
            acknowledged: true,
        };
        let clerk = actor("madoguchi", &[role::COUNTER, role::PROTECTION], at);
        let id = case_enter(&place.office, &clerk, &input).await.expect("an entry");
        let chief = actor("kakari", &[role::CHIEF, role::PROTECTION], at);
        case_approve(&place.office, &chief, (id, 1), None).await.expect("a decision");
    }

    /// The form of a procedure for the first person.
    pub fn first(&self, fields: Value) -> Value {
        let mut form = fields;
        form["対象者"] = json!([{"key": self.keys[0]}]);
        form
    }

    /// A page as the counter reads it.
    pub async fn page(&self, path: &str) -> (StatusCode, String) {
        let token = self.stage.token("first_city", "madoguchi");
        let request = Request::builder()
            .uri(format!("/first_city{path}"))
            .header(header::COOKIE, format!("{COOKIE}={token}"))
            .body(Body::empty())
            .expect("a request");
        let response = self.stage.respond(request).await;
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 8 << 20).await.expect("a body");
        (status, String::from_utf8(bytes.to_vec()).expect("a text"))
    }

    /// The page of one of the two persons.
    pub async fn person(&self, which: usize, query: &str) -> String {
        let path = format!("/rows/resident-record/resident/{}{query}", self.keys[which]);
        let (status, page) = self.page(&path).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        page
    }
}

/// What a page says of these words.
#[track_caller]
pub fn check(page: &str, said: &[&str], unsaid: &[&str]) {
    for words in said {
        assert!(page.contains(words), "「{words}」 is not said:\n{page}");
    }
    for words in unsaid {
        assert!(!page.contains(words), "「{words}」 is said:\n{page}");
    }
}
