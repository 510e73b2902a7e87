//! A municipality searches the catalogue, sends a list of work steps, and reads what each offer
//! answers; another municipality does not see it.

use axum::body::Body;
use axum::http::{Request, header};

use super::{Answer, Scene, answer, check};

const LIST: &str = "番号,業務,作業,必要な機能,重要度\n\
    1,子ども医療費助成,申請を受ける,受給資格の認定申請,高\n\
    2,子ども医療費助成,どこにもない仕事をする,どこにもない機能,中\n\
    3,図書館,本を貸す,貸出,低\n";

/// Sends a file with the token of the session.
pub(super) async fn sent(scene: &Scene, who: &str, system: &str, list: &str) -> Answer {
    let page = scene.ask(who, "", None).await.text;
    let token = page.split("name=\"csrf\" value=\"").nth(1).expect("a token");
    let token = token.split('"').next().expect("its end");
    let part = |name: &str, value: &str| {
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let file = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"list.csv\"\r\n\
                Content-Type: text/csv\r\n\r\n";
    let body = part("csrf", token) + &part("system", system) + file + list + "\r\n--x--\r\n";
    let (city, person) = who.split_once('/').expect("city/person");
    let request = Request::builder()
        .method("POST")
        .uri(format!("/{city}/fit"))
        .header(header::COOKIE, &scene.cookies[&(city.to_owned(), person.to_owned())])
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
        .body(Body::from(body))
        .expect("a request");
    answer(scene.router.clone(), request).await
}

/// What the search finds and refuses.
pub(super) async fn it_is_found(scene: &Scene) {
    let kanri = "first_city/kanri";
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let path = |query: &str| format!("/catalogue?{query}");
    let found = scene.ask(kanri, &path(&format!("text={}", encoded("医療"))), None).await;
    check(&found, 200, &["子ども医療費助成", "/first_city/catalogue/child-medical-subsidy"]);
    assert!(!found.text.contains("/first_city/catalogue/resident-record"), "{}", found.text);
    let none = scene.ask(kanri, &path("to=1&residents=1"), None).await;
    check(&none, 200, &["この条件に当たる申出はありません"]);
    let wrong = scene.ask(kanri, &path(&format!("from={}", encoded("十万"))), None).await;
    check(&wrong, 200, &["0から1兆までの整数で入れてください"]);
    check(&scene.ask(kanri, &path("contract=yes&lang=en"), None).await, 200, &["In service"]);
}

/// From the list to the gaps and the CSV.
pub(super) async fn it_is_analysed(scene: &Scene) {
    let (kanri, system) = ("first_city/kanri", "child-medical-subsidy");
    check(&scene.ask(kanri, "/fit", None).await, 200, &["試すための一覧", "まだありません"]);
    check(&scene.ask(kanri, "/fit-example", None).await, 200, &["番号,業務,作業"]);
    let clerk = scene.ask("first_city/madoguchi", "/fit", None).await;
    assert!(!clerk.text.contains("照らし合わせる"), "who may not send sees no form");
    let bare = sent(scene, kanri, "", "番号,業務\n").await;
    check(&bare, 422, &["業務を選んでください", "見出し「必要な機能」がありません"]);
    let foreign = sent(scene, kanri, "resident-record", LIST).await;
    check(&foreign, 422, &["の作業がありません", "図書館"]);
    let made = sent(scene, kanri, system, LIST).await;
    check(&made, 303, &[]);
    let path = made.location.trim_start_matches("/first_city").to_owned();
    let page = scene.ask(kanri, &path, None).await;
    check(&page, 200, &["list.csv", "どこにもない機能", "不明", "÷ 全 5 点", "ほかの業務の作業"]);
    let offers = format!("/first_city{path}/offers/");
    let offer = page.text.split(&offers).nth(1).and_then(|rest| rest.split('"').next());
    let offer = format!("{path}/offers/{}", offer.expect("an offer"));
    let one = scene.ask(kanri, &offer, None).await;
    check(&one, 200, &["同じ名前のものはありません", "どこにもない機能"]);
    let csv = scene.ask(kanri, &format!("{path}/csv"), None).await;
    check(&csv, 200, &["必要な機能,重要度,", "判定"]);
    for gone in [path.clone(), offer, format!("{path}/csv")] {
        check(&scene.ask("second_city/kanri", &gone, None).await, 404, &[]);
    }
    check(&scene.ask(kanri, "/fit", None).await, 200, &["list.csv", &format!("/first_city{path}")]);
}
