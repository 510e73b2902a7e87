//! 支援措置: whoever has not the role for it learns nothing of where a protected person lives, by no
//! way round: search, page, past states, history, procedures, cases, documents.

use std::process::Command;

use reqwest::StatusCode;
use store::organisation::credentials_read;
use testkit::html::{between, plain};
use testkit::{Desk, VILLAGE};

use crate::world;

const RESIDENT: &str = "/rows/resident-record/resident";
const NEW_ADDRESS: &str = "見本県霞郡霞村大字隠岐９８７番地";

/// A protected sample resident whom no other test has touched.
struct Protected {
    key: String,
    name: String,
    address: String,
}

async fn protected(officer: &Desk) -> Protected {
    let folder = world().var().join("credentials/office");
    let office = credentials_read(&folder).expect("the office's credentials").remove(0);
    let database = office.database(office.office.as_ref(), None, 1).expect("a pool");
    let client = database.client().await.expect("the office database");
    let sql = "select quote_ident(table_schema) || '.' || quote_ident(table_name)
               from information_schema.columns
               where column_name = 'shien_sochi' and table_name not like '%history%'";
    let table: String = client.query_one(sql, &[]).await.expect("the residents").get(0);
    let sql = format!("select atena_bango::text from {table} where shien_sochi order by 1 limit 1");
    let key: String = client.query_one(&sql, &[]).await.expect("a protected person").get(0);
    let page = officer.get(&format!("{RESIDENT}/{key}")).await.words();
    let lines: Vec<&str> = page.lines().collect();
    let after = |label: &str| {
        // A group may be called as its first item is.
        let found = lines.windows(2).find(|pair| pair[0] == label && pair[1] != label);
        found.unwrap_or_else(|| panic!("no {label} in\n{page}"))[1].to_owned()
    };
    Protected { name: after("氏名"), address: after("住所"), key }
}

#[tokio::test]
async fn a_protected_person_is_found_by_nobody_without_the_role() {
    let clerk = Desk::sign_in(world(), VILLAGE, "madoguchi2").await;
    let officer = Desk::sign_in(world(), VILLAGE, "shien").await;
    let one = protected(&officer).await;
    let hides = |place: &str, words: &str| {
        assert!(!words.contains(&one.address), "{place} shows the address:\n{words}");
    };

    let by_address = [("q", ""), ("date", ""), ("address", one.address.as_str())];
    let (_, found) = officer.search(&by_address).await;
    assert!(found.contains(&one.key), "the officer finds {found:?}");
    let (_, found) = clerk.search(&by_address).await;
    assert!(!found.contains(&one.key), "found by address");
    // With the name beside it too: nobody can try out addresses one by one.
    let both = [("q", one.name.as_str()), ("date", ""), ("address", one.address.as_str())];
    let (_, found) = clerk.search(&both).await;
    assert!(!found.contains(&one.key), "found by name and address");
    let by_name = [("q", one.name.as_str()), ("date", ""), ("address", "")];
    let (rows, found) = clerk.search(&by_name).await;
    assert!(found.contains(&one.key), "found by name: {found:?}");
    let row = rows.iter().find(|row| row[0].contains(&one.key)).expect("its row");
    hides("the list", &row.join(" "));
    assert!(row.join(" ").contains("取扱注意"), "{row:?}");

    let page = clerk.get(&format!("{RESIDENT}/{}", one.key)).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.words().contains(&one.name));
    hides("the page", &page.words());
    assert!(!page.text().contains("/start/resident-record/"), "procedures are offered");
    let past = clerk.get(&format!("{RESIDENT}/{}?on=2026-04-01", one.key)).await;
    hides("a past state", &past.words());
    let seen = officer.get(&format!("{RESIDENT}/{}", one.key)).await;
    assert!(seen.words().contains(&one.address) && seen.text().contains("/start/"));
}

#[tokio::test]
async fn procedures_for_a_protected_person_are_for_the_role_only() {
    let clerk = Desk::sign_in(world(), VILLAGE, "madoguchi2").await;
    let officer = Desk::sign_in(world(), VILLAGE, "shien").await;
    let one = protected(&officer).await;
    for procedure in ["residents-copy", "move-within", "move-out", "protection-end"] {
        let path = format!("/start/resident-record/{procedure}");
        let form = clerk.get(&format!("{path}?subject={}", one.key)).await;
        assert!(!form.words().contains(&one.address), "{procedure}: the form shows it");
        for act in ["check", "enter"] {
            let fields = [("start", one.key.as_str()), ("subject", &one.key), ("act", act)];
            let answer = clerk.post(&path, &fields).await;
            let words = answer.words();
            assert!(!words.contains(&one.address), "{procedure} {act}:\n{words}");
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{procedure} {act}:\n{words}");
        }
    }
    let number = certificate(&officer, &one).await;
    let path = format!("/documents/{number}/pdf");
    let text = printed(&officer.get(&path).await.body);
    assert!(text.contains(&squeezed(&one.address)), "the officer's copy:\n{text}");
    let answer = clerk.get(&path).await;
    if answer.status == StatusCode::OK {
        let text = printed(&answer.body);
        assert!(!text.contains(&squeezed(&one.address)), "the clerk opens the document:\n{text}");
    }
    case_hides(&clerk, &officer, &one).await;
}

/// A case of a protected person tells a clerk nothing of the new address.
async fn case_hides(clerk: &Desk, officer: &Desk, one: &Protected) {
    let path = format!("/start/resident-record/move-within?subject={}", one.key);
    let keys = boxes(&officer.get(&path).await.text());
    let mut fields = vec![
        ("start", one.key.as_str()),
        ("identity.方法", "運転免許証等"),
        ("f.異動日", "2026-11-01"),
        ("f.届出日", "2026-11-02"),
        ("f.住所", NEW_ADDRESS),
        ("acknowledged", "yes"),
        ("act", "enter"),
    ];
    fields.extend(keys.iter().map(|key| ("subject", key.as_str())));
    let answer = officer.post("/start/resident-record/move-within", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.words());
    let case = answer.location.strip_prefix(&format!("/{VILLAGE}")).expect("a case").to_owned();
    let seen = officer.get(&case).await.words();
    assert!(seen.contains(NEW_ADDRESS), "the officer's case:\n{seen}");
    for path in [&case, "", "/documents"] {
        let words = clerk.get(path).await.words();
        let hidden = !words.contains(NEW_ADDRESS) && !words.contains(&one.address);
        assert!(hidden, "{path} shows the address:\n{words}");
    }
    let number = case.rsplit('/').next().expect("a number");
    let again = format!("/start/resident-record/move-within?case={number}");
    let words = clerk.get(&again).await.words();
    let source = clerk.get(&again).await.text();
    assert!(!source.contains(NEW_ADDRESS), "the case's form shows the address:\n{words}");
    let withdrawn = officer.post(&format!("{case}/withdraw"), &[("revision", "1")]).await;
    assert_eq!(withdrawn.status, StatusCode::SEE_OTHER, "{}", withdrawn.words());
}

/// The keys of the whole household, as the form offers them.
fn boxes(page: &str) -> Vec<String> {
    let inputs = page.split("<input").filter_map(|tag| tag.split('>').next());
    let boxes = inputs.filter(|tag| tag.contains("\"subject\"") && tag.contains("checkbox"));
    boxes.filter_map(|tag| between(tag, "value=\"", "\"").map(str::to_owned)).collect()
}

/// The officer issues 住民票の写し; its number.
async fn certificate(officer: &Desk, one: &Protected) -> String {
    let fields = [
        ("start", one.key.as_str()),
        ("subject", &one.key),
        ("identity.方法", "個人番号カード"),
        ("f.届出日", "2026-11-20"),
        ("f.請求者区分", "1"),
        ("f.請求者氏名", &one.name),
        ("f.手数料の扱い", "0"),
        ("acknowledged", "yes"),
        ("act", "enter"),
    ];
    let answer = officer.post("/start/resident-record/residents-copy", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.words());
    answer.location.rsplit('/').next().expect("a number").to_owned()
}

/// The text of a PDF without spaces.
fn printed(pdf: &[u8]) -> String {
    use std::io::Write;
    use std::process::Stdio;
    let mut child = Command::new("pdftotext")
        .args(["-q", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("pdftotext (poppler-utils)");
    child.stdin.take().expect("its input").write_all(pdf).expect("writing");
    let done = child.wait_with_output().expect("its output");
    squeezed(&String::from_utf8_lossy(&done.stdout))
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|sign| !sign.is_whitespace()).collect()
}

/// What is not ours is not there; who is not signed in is sent to sign in.
#[tokio::test]
async fn strangers_see_nothing() {
    let world = world();
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .expect("an HTTP client");
    let status = async |path: &str| {
        client.get(world.office(path)).send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(status(&format!("/{VILLAGE}/search")).await, 303);
    assert_eq!(status(&format!("/{VILLAGE}{RESIDENT}/1")).await, 303);
    assert_eq!(status("/elsewhere/search").await, 404);
    let clerk = Desk::sign_in(world, VILLAGE, "madoguchi2").await;
    let page = clerk.get("/search").await.text();
    let token = between(&page, "name=\"csrf\" value=\"", "\"").expect("a token");
    let forged = clerk.post("/search", &[("csrf", "forged"), ("q", "サトウ")]).await;
    assert!(!token.is_empty() && !plain(&forged.text()).contains("件"), "{}", forged.words());
}
