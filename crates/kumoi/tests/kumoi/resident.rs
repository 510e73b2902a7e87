//! A resident in the internet zone: signs in with a sample card, sees the own record and who
//! looked at it. In a browser without script.

use testkit::html::{between, plain};
use testkit::{Browser, Desk, VILLAGE};

use crate::{picture, world};

const PIN: &str = "1234";

#[tokio::test]
async fn a_resident_sees_the_own_record_and_who_looked() {
    let world = world();
    let browser = Browser::start().await;
    browser.open(&world.internet(&format!("/{VILLAGE}/"))).await;
    browser.picture(&picture("30-resident-door")).await;
    browser.press("カードでログイン").await;
    browser.see("カードで認証").await;
    let name = first_card(&browser.source().await);
    browser.choose("card", "0").await;
    browser.fill("pin", "9999").await;
    browser.press("認証する").await;
    browser.see("暗証番号が違います").await;
    browser.picture(&picture("31-wrong-pin")).await;
    browser.choose("card", "0").await;
    browser.fill("pin", PIN).await;
    browser.press("認証する").await;
    // The office fetches the request and publishes the view; the page reloads by itself.
    let words = browser.see("本籍").await;
    browser.picture(&picture("32-own-record")).await;
    assert!(words.contains(&name) && words.contains("住所"), "{words}");
    assert!(!words.contains("個人番号"), "the individual number is published:\n{words}");

    let clerk = Desk::sign_in(world, VILLAGE, "madoguchi2").await;
    let (_, found) = clerk.search(&[("q", &name), ("date", ""), ("address", "")]).await;
    let key = found.first().unwrap_or_else(|| panic!("the counter does not find {name}"));
    clerk.get(&format!("/rows/resident-record/resident/{key}")).await;
    let mut words = String::new();
    let limit = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !words.contains("記録の閲覧") {
        assert!(std::time::Instant::now() < limit, "the look is not shown:\n{words}");
        browser.open(&world.internet(&format!("/{VILLAGE}/looks"))).await;
        words = browser.see("閲覧・変更の記録").await;
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    browser.picture(&picture("33-who-looked")).await;
    assert!(words.contains("窓口"), "{words}");
    assert!(!words.contains("madoguchi") && !words.contains("見本　窓口"), "{words}");
    browser.press("お知らせ").await;
    browser.picture(&picture("34-notices")).await;
    browser.press("ログアウト").await;
    browser.see("カードでログイン").await;
}

/// The name of the first sample card on the page.
fn first_card(page: &str) -> String {
    let after = page.split("name=\"card\"").nth(1).unwrap_or_default();
    let label = between(after, "<label", "</label>").expect("the card's label");
    let text = plain(label.split_once('>').map_or("", |(_, text)| text));
    text.lines().next().expect("a name").to_owned()
}
