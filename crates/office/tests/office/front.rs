//! 支援措置 and what lies at the front: whoever is protected, now or from a day to come, disappears
//! from every view at the next visit, whoever's view it is.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base::date::Date;
use base::date::day_in_japan;
use jiff::{Timestamp, ToSpan};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use office::front::{LinkItems, TickReport, Trust, tick};
use serde_json::json;
use store::Database;
use store::front::seal::{ResidentKeys, application_context, from_text, seal_for_office};
use store::front::view::View;
use store::front::{
    LINK_REQUEST, LinkRequest, OFFICE_KEY, application_leave, link_answer, setting_read, view_read,
};

use crate::conflicts::{RESIDENT, move_in, residents, world};
use crate::world::{World, later, protector, run};

const ISSUER: &str = "https://issuer.example";
const ADDRESS: &str = "雲居県雲居市東二丁目5番6号";
const PEOPLE: &[(&str, &str, &str)] = &[
    ("霞　健", "1985-06-01", "世帯主"),
    ("霞　恵", "1987-02-11", "妻"),
    ("霞　望", "2015-03-04", "子"),
];
const SUBJECTS: [&str; 3] =
    ["Zt4nQ0v6H2mX8kLr1sYc7Q", "Aa4nQ0v6H2mX8kLr1sYc7Q", "Bb4nQ0v6H2mX8kLr1sYc7Q"];

/// A family in the register, all of them linked, and the moment of the next step.
struct Stage {
    world: World,
    front: Database,
    internet: Database,
    trust: Trust,
    keys: Vec<String>,
    at: Timestamp,
}

/// A key that signs identity tokens, and its public half.
fn signing_key() -> (EncodingKey, Jwk) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let private = EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref());
    let mut public = Jwk::from_encoding_key(&private, Algorithm::ES256).unwrap();
    public.common.key_id = Some("key".to_owned());
    (private, public)
}

/// The token of one of the family.
fn token(key: &EncodingKey, who: usize) -> String {
    let now = Timestamp::now().as_second();
    let (name, birth, _) = PEOPLE[who];
    let claims = json!({
        "iss": ISSUER, "aud": "city", "sub": SUBJECTS[who], "nonce": "n", "iat": now,
        "exp": now + 300, "name": name, "address": ADDRESS, "birthdate": birth, "gender": "1",
    });
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some("key".to_owned());
    encode(&header, &claims, key).unwrap()
}

impl Stage {
    async fn new() -> Stage {
        let world = world().await;
        let pool = |held: &store::organisation::Credentials| {
            held.database(held.front.as_ref(), None, 3).unwrap()
        };
        let (front, internet) = (pool(&world.zones.office), pool(&world.zones.internet));
        let (private, public) = signing_key();
        let keys = JwkSet { keys: vec![public] };
        let trust = Trust { issuer: ISSUER.to_owned(), audience: "city".to_owned(), keys };
        let at = Timestamp::now() - 1.hour();
        world.register(at, (RESIDENT, "move-in"), move_in(PEOPLE)).await;
        let keys = residents(&world.office).await;
        let stage = Stage { world, front, internet, trust, keys, at };
        stage.tick().await;
        for who in 0..PEOPLE.len() {
            stage.apply(who, token(&private, who)).await;
        }
        let report = stage.tick().await;
        assert_eq!((report.linked, report.published), (3, 3), "{report:?}");
        stage
    }

    /// Leaves an application as the internet zone does.
    async fn apply(&self, who: usize, token: String) {
        let client = self.internet.client().await.unwrap();
        let handle = ResidentKeys::new(ISSUER, SUBJECTS[who]).unwrap().handle();
        let key = setting_read(&**client, OFFICE_KEY).await.unwrap().unwrap();
        let request = LinkRequest { token, nonce: "n".to_owned() };
        let plain = serde_json::to_vec(&request).unwrap();
        let context = application_context(LINK_REQUEST, &handle);
        let sealed = seal_for_office(&from_text(&key).unwrap(), &context, &plain).unwrap();
        application_leave(&**client, LINK_REQUEST, &handle, &sealed).await.unwrap();
    }

    /// One visit of the office to the front.
    async fn tick(&self) -> TickReport {
        let system = self.world.office.system(RESIDENT).unwrap();
        let register = system.register("resident").unwrap();
        let items = LinkItems::from(register.published.as_ref().unwrap());
        let both = (&self.front, &self.world.office.database);
        tick(both, (&**system, "resident"), &items, Some(&self.trust)).await.unwrap()
    }

    /// What one of them can read at the front; `None` when it was withdrawn.
    async fn view(&self, who: usize) -> Option<View> {
        let client = self.internet.client().await.unwrap();
        let keys = ResidentKeys::new(ISSUER, SUBJECTS[who]).unwrap();
        let handle = keys.handle();
        let (_, answer) = link_answer(&**client, &handle).await.unwrap().unwrap();
        let secret = keys.answer_open(&answer.unwrap()).unwrap();
        let (sealed, _) = view_read(&**client, &handle).await.unwrap()?;
        Some(serde_json::from_slice(&keys.view_open(&secret, &sealed).unwrap()).unwrap())
    }

    /// The names of the others in one's view, and whether it has an address and the moving in.
    async fn seen(&self, who: usize) -> (Vec<String>, bool, bool) {
        let view = self.view(who).await.expect("a view");
        let all = serde_json::to_string(&view).unwrap();
        assert!(!all.contains("支援措置"), "{who} reads of a protection: {all}");
        let address = all.contains("東二丁目");
        (view.household, address, view.cases.iter().any(|case| case.procedure == "転入届"))
    }

    /// A protection procedure for one of them, decided.
    async fn protect(&mut self, who: usize, procedure: &str, day: Date) {
        self.at = later(self.at, 1);
        let mut form = json!({
            "異動日": day.to_string(), "対象者": [{ "key": &self.keys[who] }],
        });
        if procedure == "protection-end" {
            form["終了の理由"] = json!("本人の申出");
        } else {
            form["申出日"] = json!(today().to_string());
            form["支援措置区分"] = json!("1");
            form["支援措置の状態"] = json!("1");
        }
        let actor = protector(self.at);
        let case = self.world.enter_as(&actor, (RESIDENT, procedure), form).await.unwrap();
        self.world.approve(self.at, case).await.unwrap();
    }
}

fn today() -> Date {
    day_in_japan(Timestamp::now())
}

fn names(people: &[usize]) -> Vec<String> {
    people.iter().map(|who| PEOPLE[*who].0.to_owned()).collect()
}

#[test]
fn a_protection_takes_what_was_published_from_every_view_at_once() {
    run(async {
        let mut stage = Stage::new().await;
        assert_eq!(stage.seen(0).await, (names(&[1, 2]), true, true), "before");
        // The wife is protected from a day to come: nobody else's record is written.
        stage.protect(1, "protection-start", today() + 10.days()).await;
        stage.tick().await;
        assert_eq!(stage.seen(0).await, (names(&[2]), true, false), "the husband's");
        assert_eq!(stage.seen(2).await, (names(&[0]), true, false), "the child's");
        let (_, address, _) = stage.seen(1).await;
        assert!(!address, "her own whereabouts do not lie at the front");
        // An end on a day to come ends nothing before that day.
        stage.protect(1, "protection-end", today() + 20.days()).await;
        stage.tick().await;
        assert_eq!(stage.seen(0).await, (names(&[2]), true, false), "until the end");
        assert!(!stage.seen(1).await.1, "until the end");
    });
}

#[test]
fn what_ended_today_conceals_nothing_and_what_was_removed_still_does() {
    run(async {
        let mut stage = Stage::new().await;
        stage.protect(1, "protection-start", today() - 10.days()).await;
        stage.tick().await;
        assert_eq!(stage.seen(0).await, (names(&[2]), true, false));
        stage.protect(1, "protection-end", today()).await;
        stage.tick().await;
        assert!(stage.seen(1).await.1, "her own view is complete again");
        stage.protect(2, "protection-start", today()).await;
        stage.tick().await;
        assert_eq!(stage.seen(0).await, (names(&[1]), true, false), "the child is concealed");
        stage.at = later(stage.at, 1);
        let day = today().to_string();
        let form = json!({
            "異動日": day, "届出日": day, "対象者": [{ "key": &stage.keys[2] }],
        });
        let entered = stage.world.enter_as(&protector(stage.at), (RESIDENT, "death"), form).await;
        stage.world.approve(stage.at, entered.unwrap()).await.unwrap();
        stage.tick().await;
        assert!(stage.view(2).await.is_none(), "a removed record is withdrawn");
        let (others, _, moved_in) = stage.seen(0).await;
        assert_eq!((others, moved_in), (names(&[1]), false), "nothing of the child comes back");
    });
}
