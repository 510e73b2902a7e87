//! A member of staff at the counter, over HTTP: signs in, opens pages, posts forms.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use tokio::sync::Mutex;
use tokio::time::sleep;

use crate::{PASSWORD, World, html};

/// A code is shown for 30 seconds and works once.
const NEXT_CODE: Duration = Duration::from_secs(70);

/// A signed-in member of staff.
#[derive(Clone)]
pub struct Desk {
    client: Client,
    base: String,
    organisation: String,
    cookie: String,
    csrf: String,
}

/// What was answered: status, where to, body.
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Where a redirect leads.
    pub location: String,
    /// Body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The words of the page.
    pub fn words(&self) -> String {
        html::plain(&self.text())
    }

    async fn read(response: Response) -> reqwest::Result<Answer> {
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let location = location.unwrap_or_default().to_owned();
        Ok(Answer { status: response.status(), location, body: response.bytes().await?.to_vec() })
    }
}

impl Desk {
    /// Signs in, once an account and world: further calls share the session, because every code
    /// works only once.
    ///
    /// # Panics
    /// When signing in is refused for another reason than a used code.
    pub async fn sign_in(world: &World, organisation: &str, account: &str) -> Desk {
        static SESSIONS: Mutex<Option<HashMap<String, String>>> = Mutex::const_new(None);
        let base = world.office("");
        let key = format!("{base} {organisation} {account}");
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            // A world may be stopped and started between two questions.
            .pool_max_idle_per_host(0)
            .timeout(Duration::from_secs(30))
            .build()
            .expect("an HTTP client");
        let mut sessions = SESSIONS.lock().await;
        let sessions = sessions.get_or_insert_default();
        let cookie = match sessions.get(&key) {
            Some(cookie) => cookie.clone(),
            None => cookie(&client, &base, (organisation, account)).await,
        };
        sessions.insert(key, cookie.clone());
        let mut desk = Desk {
            client,
            base,
            organisation: organisation.to_owned(),
            cookie,
            csrf: String::new(),
        };
        let home = desk.get("").await.text();
        let csrf = html::between(&home, "name=\"csrf\" value=\"", "\"");
        desk.csrf = csrf.expect("the token of the session").to_owned();
        desk
    }

    /// Opens a page of the organisation.
    ///
    /// # Panics
    /// When nothing answers.
    #[track_caller]
    pub fn get(&self, path: &str) -> impl Future<Output = Answer> {
        let url = format!("{}/{}{path}", self.base, self.organisation);
        let request = self.client.get(&url).header(COOKIE, &self.cookie);
        async move {
            let response = request.send().await.unwrap_or_else(|error| panic!("{url}: {error}"));
            Answer::read(response).await.unwrap_or_else(|error| panic!("{url}: {error}"))
        }
    }

    /// Posts a form of the organisation with the token of the session.
    ///
    /// # Errors
    /// When nothing answers, for example because it was killed.
    pub async fn post_try(&self, path: &str, form: &[(&str, &str)]) -> reqwest::Result<Answer> {
        let mut pairs: Vec<(&str, &str)> = vec![("csrf", &self.csrf)];
        pairs.extend_from_slice(form);
        let url = format!("{}/{}{path}", self.base, self.organisation);
        let request = self.client.post(url).header(COOKIE, &self.cookie).form(&pairs);
        Answer::read(request.send().await?).await
    }

    /// Posts a form of the organisation with the token of the session.
    ///
    /// # Panics
    /// When nothing answers.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let answer = self.post_try(path, form).await;
        answer.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Searches residents; every row of the table, and the keys of the rows found.
    pub async fn search(&self, form: &[(&str, &str)]) -> (Vec<Vec<String>>, Vec<String>) {
        let page = self.post("/search", form).await.text();
        let mut keys: Vec<String> = html::links(&page, "/rows/")
            .iter()
            .filter_map(|link| link.rsplit('/').next().map(str::to_owned))
            .collect();
        keys.dedup();
        (html::rows(&page), keys)
    }
}

/// The code of a sample account, as its sign-in page shows it.
pub fn code_shown(page: &str, account: &str) -> Option<String> {
    let row = html::rows(page).into_iter().find(|row| row[0] == account)?;
    row.into_iter().find(|cell| cell.len() == 6 && cell.bytes().all(|b| b.is_ascii_digit()))
}

async fn cookie(client: &Client, base: &str, (organisation, account): (&str, &str)) -> String {
    let url = format!("{base}/{organisation}/sign-in");
    let begin = Instant::now();
    let mut used = String::new();
    while begin.elapsed() < NEXT_CODE {
        let page = client.get(&url).send().await.expect("the sign-in page");
        let page = page.text().await.expect("the sign-in page");
        let code = code_shown(&page, account).expect("the account's code");
        if code == used {
            sleep(Duration::from_millis(250)).await;
            continue;
        }
        let form = [("csrf", ""), ("id", account), ("password", PASSWORD), ("code", &code)];
        let answer = client.post(&url).form(&form).send().await.expect("signing in");
        let cookies = answer.headers().get_all(SET_COOKIE).iter();
        let pair = cookies.filter_map(|value| value.to_str().ok()?.split(';').next());
        let pair = pair.map(str::to_owned).collect::<Vec<_>>().join("; ");
        if answer.status() == StatusCode::SEE_OTHER {
            return pair;
        }
        let words = html::plain(&answer.text().await.expect("the refusal"));
        assert!(words.contains("もう使われました"), "{words}");
        used = code;
    }
    panic!("no new code for {account}");
}
