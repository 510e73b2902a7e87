//! The health of all on one page, the worst first; a plan of waves looked at, asked what if, and
//! brought into force by another operator; a 利用枠 that a body asks for, granted and refused.

use jiff::{Span, Timestamp};
use store::control::plane::{Found, check_book};
use store::control::quota::{
    GB, QuotaKind, QuotaStep, quota_ask, quota_measured, quota_step, quotas_of,
};
use store::control::watch::{Heard, Incident, Watched, incident_end, incident_open, watch_book};
use store::control::{buyer_admit, organisation_register};
use store::testing::sample_organisation;

use super::{Scene, check};

/// As a form sends it.
fn sent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Everything that is wrong at once: an incident, a held step, a watch that stopped.
pub(super) async fn health_is_worst_first(scene: &Scene) {
    let control = &scene.control;
    organisation_register(control, &sample_organisation("city")).await.expect("a body");
    let before = Timestamp::now() - Span::new().hours(2);
    let watched = Watched {
        service: "住民接続系".to_owned(),
        day: base::date::day_in_japan(before),
        checks: 9,
        failures: 4,
        slowest_ms: 1,
        last_at: before,
    };
    let heard = Heard { organisation: "city".to_owned(), watched };
    watch_book(control, &[heard]).await.expect("booked");
    let incident = Incident {
        id: 0,
        organisation: Some("city".to_owned()),
        service: "住民接続系".to_owned(),
        layer: "クラウド".to_owned(),
        title: "東が応答しません".to_owned(),
        began_at: before,
        ended_at: None,
        by_watch: false,
        notes: Vec::new(),
    };
    let id = incident_open(control, &incident).await.expect("opened").expect("a number");
    let page = scene.ask("looks", "/health", None).await;
    let words = ["すぐに人の手が要る", "東が応答しません", "対応するのはクラウドの提供者", "4 / 9"];
    check(&page, 200, &words);
    check(&page, 200, &["見張りが止まっています", "AccessDenied: 見本の言葉", "2時間"]);
    let place = |word: &str| page.text.find(word).expect(word);
    assert!(place("東が応答しません") < place("AccessDenied"), "{}", page.text);
    assert!(place("AccessDenied") < place("見張りが止まっています"), "{}", page.text);
    check(&scene.ask("looks", "/health?lang=en", None).await, 200, &["The watch has stopped"]);
    incident_end(control, (id, Timestamp::now()), ("人", "直した")).await.expect("ended");
    let page = scene.ask("looks", "/health", None).await;
    assert!(!page.text.contains("東が応答しません"), "{}", page.text);
}

/// What breaks a guardrail needs somebody now, what differs from the books is looked at.
pub(super) async fn what_a_check_found_is_shown(scene: &Scene) {
    let control = &scene.control;
    check(&scene.ask("looks", "/health", None).await, 200, &["まだ照合していません"]);
    let found = |what: &str, rule: &str| Found {
        body: Some("131016".to_owned()),
        place: "131016.production.aws ec2".to_owned(),
        what: what.to_owned(),
        remedy: "消してください".to_owned(),
        rule: rule.to_owned(),
    };
    let mut all = vec![found("台帳と違います", "books"), found("国外にあります", "domestic")];
    all.extend((0..60).map(|at| found(&format!("<b>{at}"), "books")));
    check_book(control, 12, &all).await.expect("booked");
    let page = scene.ask("looks", "/health", None).await;
    let words = ["環境 12、所見 62", "131016.production.aws ec2: 国外にあります", "&lt;b&gt;1"];
    check(&page, 200, &words);
    check(&page, 200, &["消してください", "ほかの照合の所見： 12"]);
    let place = |word: &str| page.text.find(word).expect(word);
    assert!(place("国外にあります") < place("見張りが止まっています"), "{}", page.text);
    assert!(place("見張りが止まっています") < place("台帳と違います"), "{}", page.text);
    check(&scene.ask("looks", "?lang=en", None).await, 200, &["Findings of the check", "62"]);
    check_book(control, 12, &[]).await.expect("booked");
    let page = scene.ask("looks", "/health?lang=en", None).await;
    check(&page, 200, &["12 environments, 0 findings"]);
    assert!(!page.text.contains("国外にあります"), "{}", page.text);
    let page = scene.ask("looks", "", None).await;
    assert!(!page.text.contains("照合の所見"), "{}", page.text);
}

/// Its watch stopped two hours ago, and that is as it should be; what went on there has ended.
pub(super) async fn a_body_that_left_is_not_missed(scene: &Scene) {
    let control = &scene.control;
    let sql = "insert into control.incident (organisation, service, layer, title, found_by)
                 values ('city', '住民接続系', '運用管理', '応答しません', '見張り');
               insert into control.deletion (organisation, requested_by, approved_by, state, export,
                   journal_last, audit_last)
                 values ('city', 'a', 'b', '書出し済', repeat('0', 64), 1, 1)";
    control.batch_execute(sql).await.expect("it leaves");
    let page = scene.ask("looks", "/health", None).await;
    check(&page, 200, &["見張りが止まっています", "応答しません"]);
    let sql = "update control.deletion set state = '消去中'";
    control.batch_execute(sql).await.expect("it has left");
    let page = scene.ask("looks", "/health", None).await;
    for gone in ["見張りが止まっています", "応答しません"] {
        assert!(!page.text.contains(gone), "{gone}: {}", page.text);
    }
}

const FRAME: &str = "first: 2027-01
months: 12
vendors:
  vendor-a: { capacity: 10, offers: [tax] }
  vendor-b: { capacity: 10, offers: [tax] }
";
const MOVES: &str = "団体,システム,事業者,作業量,期限
131016,tax,vendor-a,5,2027-02
011002,tax,vendor-b,20,2027-01
";

pub(super) async fn a_plan_of_waves_comes_into_force(scene: &Scene) {
    let page = scene.ask("looks", "/waves", None).await;
    check(&page, 200, &["効力のある計画はまだありません"]);
    assert!(!page.text.contains("案を残す"), "who looks makes none");
    let fields = |frame: &str, moves: &str, act: &str| {
        format!("frame={}&moves={}&note=試し&do={act}", sent(frame), sent(moves))
    };
    let wrong = scene.send("one", "/waves", &fields(FRAME, "団体\n1", "keep")).await;
    check(&wrong, 422, &["移行（CSV）: 1行目の見出し", "vendor-b"]);
    let long = format!("{FRAME}# {}", "x".repeat(1_000_000));
    let refused = scene.send("one", "/waves", &fields(&long, MOVES, "keep")).await;
    check(&refused, 422, &["残せるのは次の文字数まで： 1000000", "試し", "xxxxxxxx"]);
    let looked = scene.send("one", "/waves", &fields(FRAME, MOVES, "look")).await;
    check(&looked, 200, &["2027-02", "北海道札幌市", "事業者の月の作業量が足りません"]);
    check(&scene.ask("one", "/waves", None).await, 200, &["計画はまだありません"]);
    let kept = scene.send("one", "/waves", &fields(FRAME, MOVES, "keep")).await;
    check(&kept, 303, &[]);
    let path = kept.location.trim_start_matches("/operators/first_agency").to_owned();
    let page = scene.ask("one", &path, None).await;
    check(&page, 200, &["期限に遅れる移行： 1", "作った人とは別の運用担当", "vendor-a"]);
    let by = scene.ask("two", &format!("{path}?by=prefecture"), None).await;
    check(&by, 200, &["東京都", "この計画を採用する"]);
    check(&scene.ask("two", &format!("{path}?by=vendor"), None).await, 200, &["2027-01 1"]);
    let hash = by.text.split("name=\"hash\" value=\"").nth(1).and_then(|it| it.split('"').next());
    let hash = format!("hash={}", hash.expect("a hash"));
    what_if(scene, &path).await;
    let step = |name: &str| format!("{path}/{name}");
    check(&scene.send("one", &step("adopt"), &hash).await, 409, &["作った人は採用できず"]);
    check(&scene.send("two", &step("adopt"), "hash=0000").await, 409, &["見た内容と違います"]);
    check(&scene.send("two", &step("withdraw"), &hash).await, 409, &["取り下げられません"]);
    check(&scene.send("two", &step("reject"), &hash).await, 422, &["却下する理由を入れて"]);
    check(&scene.send("two", &step("adopt"), &hash).await, 303, &[]);
    let page = scene.ask("looks", "/waves", None).await;
    check(&page, 200, &["採用", "two@first_agency"]);
    check(&scene.ask("looks", "/waves/999", None).await, 404, &[]);
    let saved = scene.ask("looks", &format!("{path}/csv"), None).await;
    check(&saved, 200, &["131016,東京都千代田区,tax,vendor-a,2027-01,,"]);
}

/// Nothing of it is kept.
async fn what_if(scene: &Scene, path: &str) {
    let ask = async |query: &str| scene.ask("looks", &format!("{path}?{query}"), None).await;
    let gone = ask("vendor=vendor-a&capacity=&from=2027-01").await;
    check(
        &gone,
        200,
        &["変わる移行 ", "vendor-a → vendor-b", "{ from: 2027-01, vendor: vendor-a }"],
    );
    let more = ask("vendor=vendor-b&capacity=20&from=2027-01").await;
    check(&more, 200, &["1 → 0", "capacity: 20"]);
    check(&ask("vendor=vendor-b&capacity=many&from=2027-01").await, 422, &["0以上の整数"]);
    check(&ask("vendor=vendor-b&capacity=1&from=soon").await, 422, &["年月（2027-01 の形）"]);
    check(&ask("vendor=nobody&capacity=1&from=2027-01").await, 422, &["計画にありません"]);
    check(&ask("").await, 200, &["期限に遅れる移行： 1"]);
}

pub(super) async fn a_quota_is_granted(scene: &Scene) {
    let (control, city) = (&scene.control, sample_organisation("city"));
    organisation_register(control, &city).await.expect("a body");
    let templates = scene.installer.prepare(&[]).await.expect("templates");
    let own = scene.installer.organisation_create(&city, &templates).await.expect("a body").lgwan;
    buyer_admit(control, &city).await.expect("it is let in");
    cloud::quota::quota_defaults_keep(control).await.expect("defaults");
    quota_measured(control, ("city", QuotaKind::Capacity), 17 * GB).await.expect("measured");
    let page = scene.ask("looks", "/quotas", None).await;
    check(&page, 200, &["決定を待つ申込みはありません", "85％", "見本市", "17 GB", "600"]);
    check(&scene.ask("looks", "/health", None).await, 200, &["見本市: 利用枠（容量 85％）"]);
    let pool = own.database(own.control().as_ref(), None, 1).expect("a pool");
    let buyer = pool.client().await.expect("a connection");
    let asked = async |gigabytes: i64| {
        let wanted = (QuotaKind::Capacity, gigabytes * GB);
        let request = quota_ask(&*buyer, wanted, ("kanri", "写真が増える")).await.expect("asked");
        quota_step(&*buyer, (request, QuotaStep::Decide), "kacho").await.expect("decided");
        request
    };
    let first = asked(50).await;
    check(&scene.ask("looks", "/health", None).await, 200, &["決定を待つ利用枠の申込み"]);
    let looked = scene.ask("looks", "/quotas", None).await;
    check(&looked, 200, &["50 GB", "写真が増える", "kacho"]);
    assert!(!looked.text.contains("承認する</button>"), "who looks grants nothing");
    let at = |request: i64, step: &str| format!("/quotas/{request}/{step}");
    for (value, words) in [("x", "整数で入れてください"), ("16", "いま17 GBを使っている")]
    {
        let refused = scene.send("one", &at(first, "grant"), &format!("value={value}")).await;
        check(&refused, 422, &[words, &format!("value=\"{value}\"")]);
    }
    check(&scene.send("one", &at(999, "grant"), "value=50").await, 404, &[]);
    check(&scene.send("one", &at(first, "dream"), "value=50").await, 404, &[]);
    let left = scene.send("left", &at(first, "grant"), "value=50").await;
    check(&left, 422, &["運用担当として登録されていません"]);
    check(&scene.send("one", &at(first, "grant"), "value=４０").await, 303, &[]);
    let again = scene.send("two", &at(first, "grant"), "value=50").await;
    check(&again, 409, &["もう決まったか"]);
    let quotas = quotas_of(control, "city").await.expect("quotas");
    assert_eq!(quotas[0].value, Some(40 * GB));
    let second = asked(60).await;
    check(&scene.send("one", &at(second, "refuse"), "reason=").await, 422, &["却下する理由を"]);
    check(&scene.send("one", &at(second, "refuse"), "reason=見直してから").await, 303, &[]);
    let page = scene.ask("looks", "/quotas?lang=en", None).await;
    check(&page, 200, &["Granted", "Refused", "見直してから", "one@first_agency"]);
}
