//! A real browser (Chromium by chromedriver), headless and with script switched off, so that what
//! works here works without script. It acts as a person does: by labels, keys and clicks.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, json};
use tokio::time::sleep;

use crate::world::port_free;
use crate::{PASSWORD, desk};

/// How long anything on a page may take on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);
/// Width of the window in pixels.
const WIDTH: u32 = 1280;

/// Stops of the Tab key that no page of ours has.
const MOST_STOPS: usize = 120;

/// The Tab key.
pub const TAB: &str = "\u{e004}";
/// The Enter key.
pub const ENTER: &str = "\u{e007}";
/// The key that goes down in a list.
pub const DOWN: &str = "\u{e015}";

/// A browser; it ends with the value.
pub struct Browser {
    client: Client,
    driver: Child,
    folder: std::path::PathBuf,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let doomed = crate::process::tree(i32::try_from(self.driver.id()).unwrap_or_default());
        for one in doomed.iter().rev() {
            crate::process::signal(one.id, libc::SIGKILL);
        }
        let _ = self.driver.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Browser {
    /// Starts driver and browser.
    ///
    /// # Panics
    /// When Chromium or chromedriver is missing.
    pub async fn start() -> Browser {
        let port = port_free();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver (Debian: chromium-driver)");
        let name = format!("kumoi-browser-{}-{port}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let mut capabilities = Map::new();
        let options = json!({
            "args": arguments(&folder),
            "prefs": {"profile.managed_default_content_settings.javascript": 2},
        });
        capabilities.insert("goog:chromeOptions".to_owned(), options);
        let begin = Instant::now();
        let client = loop {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(capabilities.clone());
            match builder.connect(&format!("http://127.0.0.1:{port}")).await {
                Ok(client) => break client,
                Err(error) => assert!(begin.elapsed() < PATIENCE, "chromedriver: {error}"),
            }
            sleep(PAUSE).await;
        };
        Browser { client, driver, folder }
    }

    /// Opens an address.
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// The path of the page.
    pub async fn path(&self) -> String {
        self.client.current_url().await.expect("the address").path().to_owned()
    }

    /// The source of the page.
    pub async fn source(&self) -> String {
        self.client.source().await.expect("the source")
    }

    /// The words of the page, as displayed.
    pub async fn words(&self) -> String {
        let body = self.client.find(Locator::Css("body")).await.expect("a body");
        body.text().await.expect("the words of the page")
    }

    /// Waits until the page says `text`.
    #[track_caller]
    pub fn see<'a>(&'a self, text: &'a str) -> impl Future<Output = String> + 'a {
        let place = std::panic::Location::caller();
        async move {
            let begin = Instant::now();
            loop {
                // The page may be exchanged between finding its body and reading it.
                let words = match self.client.find(Locator::Css("body")).await {
                    Ok(body) => body.text().await.unwrap_or_default(),
                    Err(_) => String::new(),
                };
                if words.contains(text) {
                    return words;
                }
                let path = self.path().await;
                assert!(begin.elapsed() < PATIENCE, "{place}: {path}: no «{text}» in\n{words}");
                sleep(PAUSE).await;
            }
        }
    }

    /// The last visible field of that name.
    #[track_caller]
    pub fn field<'a>(&'a self, name: &'a str) -> impl Future<Output = Element> + 'a {
        let place = std::panic::Location::caller();
        async move {
            let css = format!("[name=\"{name}\"]:not([type=hidden])");
            let found = self.client.find_all(Locator::Css(&css)).await.expect("fields");
            found.into_iter().next_back().unwrap_or_else(|| panic!("{place}: no field {name}"))
        }
    }

    /// Types a text into a field, in place of what stands there.
    #[track_caller]
    pub fn fill<'a>(&'a self, name: &'a str, text: &'a str) -> impl Future<Output = ()> + 'a {
        let field = self.field(name);
        async move {
            let field = field.await;
            field.clear().await.expect("an empty field");
            field.send_keys(text).await.expect("typing");
        }
    }

    /// Chooses a file.
    #[track_caller]
    pub fn attach<'a>(&'a self, name: &'a str, path: &'a Path) -> impl Future<Output = ()> + 'a {
        let field = self.field(name);
        async move {
            let path = path.to_str().expect("a path in UTF-8");
            field.await.send_keys(path).await.expect("choosing a file");
        }
    }

    /// Chooses a value of a select, radio or checkbox.
    #[track_caller]
    pub fn choose<'a>(&'a self, name: &'a str, value: &'a str) -> impl Future<Output = ()> + 'a {
        let place = std::panic::Location::caller();
        async move {
            let css = format!(
                "select[name=\"{name}\"] option[value=\"{value}\"], \
                 input[name=\"{name}\"][value=\"{value}\"]:not([type=hidden])"
            );
            let found = self.client.find(Locator::Css(&css)).await;
            let found = found.unwrap_or_else(|_| panic!("{place}: no choice {name}={value}"));
            if !found.is_selected().await.expect("a choice") {
                found.click().await.expect("choosing");
            }
        }
    }

    /// The value that a field holds.
    #[track_caller]
    pub fn value<'a>(&'a self, name: &'a str) -> impl Future<Output = String> + 'a {
        let field = self.field(name);
        async move { field.await.prop("value").await.expect("a value").unwrap_or_default() }
    }

    /// Types keys wherever the focus is, as a person without a mouse does.
    pub async fn keys(&self, keys: &str) {
        let focus = self.client.active_element().await.expect("a focus");
        focus.send_keys(keys).await.expect("keys");
    }

    /// Where the focus is: the field's name, else the element's id, else its words.
    pub async fn focus(&self) -> String {
        let focus = self.client.active_element().await.expect("a focus");
        for name in ["name", "id"] {
            let found = focus.attr(name).await.expect("an attribute").unwrap_or_default();
            if !found.is_empty() && focus.tag_name().await.expect("a tag") != "button" {
                return found;
            }
        }
        focus.text().await.expect("words")
    }

    /// Goes on by the Tab key until the focus is there; what was passed, in order.
    ///
    /// # Panics
    /// When it is not reached: the focus is caught, or it cannot be had by keyboard.
    #[track_caller]
    pub fn tab_to<'a>(&'a self, place: &'a str) -> impl Future<Output = Vec<String>> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let mut passed = Vec::new();
            for _ in 0..MOST_STOPS {
                self.keys(TAB).await;
                let focus = self.focus().await;
                if focus == place {
                    return passed;
                }
                passed.push(focus);
            }
            panic!("{caller}: {place} is not reached: {passed:?}");
        }
    }

    /// Presses a key that leads to another page, and waits for it.
    pub async fn key_on(&self, key: &str) {
        let before = self.page_id().await;
        self.keys(key).await;
        let begin = Instant::now();
        while self.page_id().await == before {
            assert!(begin.elapsed() < PATIENCE, "nothing follows the key");
            sleep(PAUSE).await;
        }
    }

    /// Presses the button (or follows the link) of that label and waits for the next page.
    #[track_caller]
    pub fn press<'a>(&'a self, label: &'a str) -> impl Future<Output = ()> + 'a {
        let place = std::panic::Location::caller();
        async move {
            let before = self.page_id().await;
            self.pressable(label, place).await.click().await.expect("a click");
            let begin = Instant::now();
            // While pages change there is none for a moment.
            while self.page_id().await.is_none_or(|now| Some(now) == before) {
                assert!(begin.elapsed() < PATIENCE, "{place}: nothing follows {label}");
                sleep(PAUSE).await;
            }
        }
    }

    /// Opens what a heading hides (`summary`).
    #[track_caller]
    pub fn unfold<'a>(&'a self, label: &'a str) -> impl Future<Output = ()> + 'a {
        let place = std::panic::Location::caller();
        async move {
            let xpath = format!("//summary[normalize-space()='{label}']");
            let found = self.client.find(Locator::XPath(&xpath)).await;
            let found = found.unwrap_or_else(|_| panic!("{place}: nothing to unfold: {label}"));
            found.click().await.expect("unfolding");
        }
    }

    async fn pressable(&self, label: &str, place: &std::panic::Location<'_>) -> Element {
        let xpath = format!("//*[self::button or self::a][normalize-space()='{label}']");
        let found = self.client.find_all(Locator::XPath(&xpath)).await.expect("buttons");
        for element in found.into_iter().rev() {
            if element.is_displayed().await.unwrap_or(false) {
                return element;
            }
        }
        panic!("{place}: no button {label} in\n{}", self.words().await);
    }

    /// A name of the present document: another page has another.
    async fn page_id(&self) -> Option<String> {
        let root = self.client.find(Locator::Css("html")).await.ok()?;
        Some(root.element_id().to_string())
    }

    /// Signs in at the counter; waits for the next code when this one was used.
    pub async fn sign_in(&self, url: &str, account: &str) {
        let begin = Instant::now();
        let mut used = String::new();
        while begin.elapsed() < Duration::from_secs(70) {
            self.open(url).await;
            let code = desk::code_shown(&self.source().await, account).expect("a code");
            if code == used {
                sleep(Duration::from_millis(250)).await;
                continue;
            }
            self.fill("id", account).await;
            self.fill("password", PASSWORD).await;
            self.fill("code", &code).await;
            self.press("サインイン").await;
            if !self.path().await.ends_with("/sign-in") {
                return;
            }
            let words = self.words().await;
            assert!(words.contains("もう使われました"), "{words}");
            used = code;
        }
        panic!("no new code for {account}");
    }

    /// The cookies of the page as one header.
    pub async fn cookies(&self) -> String {
        let cookies = self.client.get_all_cookies().await.expect("cookies");
        let pairs = cookies.iter().map(|one| format!("{}={}", one.name(), one.value()));
        pairs.collect::<Vec<_>>().join("; ")
    }

    /// A picture of the whole page.
    pub async fn picture(&self, path: &Path) {
        let root = self.client.find(Locator::Css("body")).await.expect("a body");
        let height = root.rectangle().await.map_or(900.0, |(.., height)| height);
        let height = (height as u32 + 160).clamp(700, 6000);
        self.client.set_window_size(WIDTH, height).await.expect("the window");
        let picture = self.client.screenshot().await.expect("a picture");
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        std::fs::write(path, picture).expect("the picture's file");
        self.client.set_window_size(WIDTH, 1400).await.expect("the window");
    }

    /// The link of the page whose address contains `part`.
    pub async fn link(&self, part: &str) -> Option<String> {
        crate::html::links(&self.source().await, part).into_iter().next()
    }
}

fn arguments(folder: &Path) -> Vec<String> {
    let mut out: Vec<String> = [
        "--headless",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--lang=ja",
        "--window-size=1280,1400",
    ]
    .map(str::to_owned)
    .to_vec();
    out.push(format!("--user-data-dir={}", folder.display()));
    // Chromium's sandbox refuses to run as root.
    if std::fs::metadata("/proc/self").is_ok_and(|it| std::os::unix::fs::MetadataExt::uid(&it) == 0)
    {
        out.push("--no-sandbox".to_owned());
    }
    out
}
