//! From a vendor's folder to a bill: a vendor publishes a new version in the browser, the gate
//! reports, a village compares, contracts, and works with it; and what does not conform is refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use testkit::{Browser, VILLAGE, World};

use crate::{PROGRAM, picture, world};

const VENDOR: &str = "vendor_a";
/// How long the gate may take on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A copy of the vendor's package with one text changed, signed with a key: the file.
fn parcel(world: &World, name: &str, (from, to): (&str, &str), key: &Path) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vendors/a");
    let folder = world.var().parent().expect("a folder").join(format!("vendor-{name}"));
    let from_folder = root.join("child-medical-subsidy");
    let copied = Command::new("cp").arg("-r").arg(from_folder).arg(&folder).status();
    assert!(copied.expect("cp").success());
    let head = folder.join("system.yaml");
    let text = fs::read_to_string(&head).expect("the head");
    assert!(text.contains(from), "{from} is not there");
    fs::write(&head, text.replacen(from, to, 1)).expect("the head");
    let output = folder.with_extension("parcel");
    let made = Command::new(PROGRAM)
        .args(["parcel", "make"])
        .arg(&folder)
        .arg("--documents")
        .arg(root.join("documents/child-medical-subsidy"))
        .arg("--key")
        .arg(key)
        .arg("--output")
        .arg(&output)
        .output()
        .expect("kumoi parcel");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    output
}

/// Sends a file in and waits for the gate's answer; the words of its page.
async fn sent(browser: &Browser, world: &World, file: &Path) -> String {
    browser.open(&world.internet(&format!("/vendors/{VENDOR}/publish"))).await;
    browser.attach("file", file).await;
    browser.press("提出する").await;
    let page = browser.path().await;
    let begin = Instant::now();
    loop {
        browser.open(&world.internet(&page)).await;
        let words = browser.words().await;
        if !words.contains("審査しています") {
            return words;
        }
        assert!(begin.elapsed() < PATIENCE, "no answer of the gate:\n{words}");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

#[tokio::test]
async fn a_vendor_publishes_and_a_village_contracts() {
    let world = world();
    let browser = Browser::start().await;
    let key = world.var().join(format!("sample/{VENDOR}.key"));
    let url = world.internet(&format!("/vendors/{VENDOR}/sign-in"));
    browser.sign_in(&url, "kokai").await;
    let newer = ("version: 0.1.0", "version: 0.2.0");

    // A stranger's key, and a text that is no system.
    let stranger = world.var().parent().expect("a folder").join("stranger.key");
    let made = Command::new(PROGRAM)
        .args(["parcel", "key", VENDOR, "--output"])
        .arg(&stranger)
        .output()
        .expect("kumoi parcel");
    let public = String::from_utf8(made.stdout).expect("a key");
    let refused = sent(&browser, world, &parcel(world, "stranger", newer, &stranger)).await;
    assert!(refused.contains("登録された鍵による署名ではない"), "{refused}");
    browser.picture(&picture("60-refused")).await;
    let other = ("code: 周辺", "code: \"778\"");
    let file = parcel(world, "code", other, &key);
    let refused = sent(&browser, world, &file).await;
    assert!(refused.contains("業務ID 778 の標準は、まだ基盤にない"), "{refused}");

    // With the registered key it is offered.
    browser.open(&world.internet(&format!("/vendors/{VENDOR}/keys"))).await;
    browser.fill("key", fs::read_to_string(&key).expect("the key").trim()).await;
    browser.press("登録する").await;
    browser.see("署名の鍵（PRIVATE+KEY で始まるもの）は登録しないでください").await;
    browser.fill("key", public.trim()).await;
    browser.press("登録する").await;
    browser.see("使える検証鍵の署名がありません").await;
    let spoken = Command::new(PROGRAM)
        .args(["parcel", "endorse", public.trim(), "--key"])
        .arg(&key)
        .output()
        .expect("kumoi parcel");
    let spoken = String::from_utf8(spoken.stdout).expect("a signature");
    browser.fill("endorsement", &spoken).await;
    browser.press("登録する").await;
    browser.see(public.trim()).await;
    let words = sent(&browser, world, &parcel(world, "own", newer, &stranger)).await;
    assert!(words.contains("公開") && words.contains("0.2.0"), "{words}");
    browser.picture(&picture("61-published")).await;

    let contract = contracted(world, &browser).await;
    let begin = Instant::now();
    loop {
        browser.open(&contract).await;
        if browser.words().await.contains("提供中") {
            break;
        }
        assert!(begin.elapsed() < PATIENCE, "it is not brought into service");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    browser.press("適合を確認する").await;
    browser.see("適合性の報告（SHA-256").await;
    browser.picture(&picture("64-contract")).await;
    browser.open(&world.lgwan(&format!("/{VILLAGE}/bill"))).await;
    browser.see("子ども医療費助成").await;
    browser.picture(&picture("65-bill")).await;
    invoiced(world, &browser).await;
    browser.open(&world.office(&format!("/{VILLAGE}/sign-in"))).await;
    browser.sign_in(&world.office(&format!("/{VILLAGE}/sign-in")), "kanri").await;
    browser.open(&world.office(&format!("/{VILLAGE}/administration"))).await;
    browser.see("子ども医療費助成").await;
}

/// The invoices of the village; the newest is printed by the zone's own worker.
async fn invoiced(world: &World, browser: &Browser) {
    let begin = Instant::now();
    let link = loop {
        browser.open(&world.lgwan(&format!("/{VILLAGE}/bill/invoices"))).await;
        if let Some(link) = browser.link(".pdf").await {
            break link;
        }
        assert!(begin.elapsed() < PATIENCE, "the sample has no invoice");
        tokio::time::sleep(Duration::from_millis(250)).await;
    };
    browser.picture(&picture("66-invoices")).await;
    let client = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
    let request = client.get(world.lgwan(&link)).header("cookie", browser.cookies().await);
    let answer = request.send().await.expect("the invoice");
    assert_eq!(answer.status().as_u16(), 200);
    assert_eq!(answer.headers()["content-type"], "application/pdf");
    assert!(answer.bytes().await.expect("the invoice").starts_with(b"%PDF-"));
}

/// Compares, drafts, decides and signs as two people; the address of the contract.
async fn contracted(world: &World, browser: &Browser) -> String {
    let door = world.lgwan(&format!("/{VILLAGE}/sign-in"));
    browser.sign_in(&door, "kanri").await;
    let path = format!("/{VILLAGE}/catalogue/child-medical-subsidy");
    browser.open(&world.lgwan(&path)).await;
    let words = browser.see("この団体の月額").await;
    assert!(words.contains("0.2.0") && words.contains("適合"), "{words}");
    browser.picture(&picture("62-compare")).await;
    browser.press("見本ベンダーA で起案する").await;
    browser.fill("reason", "二社の料金と手続を比べた").await;
    browser.fill("budget", "民生費　児童福祉費").await;
    browser.press("起案する").await;
    let contract = world.lgwan(&browser.path().await);
    browser.sign_in(&door, "kacho").await;
    browser.open(&contract).await;
    browser.press("決裁する").await;
    browser.press("電子契約を締結する").await;
    browser.picture(&picture("63-signed")).await;
    contract
}
