//! 監視: everything that needs somebody on one page, the worst first, each line with what to do;
//! below it the environments by state and how every body's services answer. Judges nothing but what
//! the journal, the watch and the incidents say.

use axum::response::Response;
use base::money::Yen;
use cloud::plane::tree::Tree;
use cloud::quota::NEARLY;
use cloud::service_level::layers;
use jiff::Timestamp;
use maud::{Markup, html};
use store::control::plane::{Head, Health, LastCheck, check_last, head_list, health_read};
use store::control::quota::{Quota, QuotaAct, quota_acts, quota_list};
use store::control::watch::{Incident, Latest, incident_list, latest_list};

use super::{ACTS, Operator, STUCK_SECONDS, ago, environment, nation, word};
use crate::component::language::Language;
use crate::component::notice::{Notice, Tile, Tone, badge, tiles};
use crate::component::page::section;
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;
use crate::lgwan::quota::{called, last_acts};

/// How old what the watch said last may be: a few of its rounds.
const FRESH_SECONDS: i64 = 300;

/// How many findings of the check are named.
const FINDINGS: i64 = 50;

/// What is known.
struct Known {
    health: Health,
    /// The last check afterwards.
    check: Option<LastCheck>,
    latest: Vec<Latest>,
    incidents: Vec<Incident>,
    heads: Vec<Head>,
    /// Quotas of which 80 % or more is used, and the acts about requests.
    quotas: Vec<Quota>,
    acts: Vec<QuotaAct>,
    now: Timestamp,
}

/// Something that somebody has to look at.
struct Line {
    tone: Tone,
    what: String,
    since: String,
    todo: String,
    href: String,
}

/// The page.
pub async fn health(operator: Operator) -> Response {
    operator.answer(made(&operator).await)
}

async fn made(operator: &Operator) -> Result<Response, Refusal> {
    let tree = nation()?;
    let client = operator.cloud().await?;
    let now = operator.actor.at;
    let mut quotas = quota_list(&*client).await?;
    quotas.retain(|one| one.percent().is_some_and(|percent| percent >= NEARLY));
    let open = |all: Vec<Incident>| all.into_iter().filter(|it| it.ended_at.is_none()).collect();
    let known = Known {
        health: health_read(&*client).await?,
        check: check_last(&*client, FINDINGS).await?,
        latest: latest_list(&*client).await?,
        incidents: open(incident_list(&*client, now).await?),
        heads: head_list(&*client).await?,
        quotas,
        acts: quota_acts(&*client).await?,
        now,
    };
    let lines = lines(operator, tree, &known);
    let content = html! {
        (counts(operator, &known))
        (section(operator.say("すること（重いものから）", "To do, the worst first"),
            todo(operator, &lines)))
        (section(operator.say("あとからの照合", "Check afterwards"), checked(operator, &known)))
        (section(operator.say("環境の状態", "Environments"), environments(operator, &known.health)))
        (section(operator.say("団体の応答", "How bodies answer"), answers(operator, &known)))
    };
    let say = |ja, en| operator.say(ja, en);
    let notice = match lines.first().map(|line| line.tone) {
        Some(Tone::Danger) => Notice::new(
            Tone::Danger,
            say("すぐに人の手が要るものがあります。", "Something needs somebody now."),
        ),
        Some(Tone::Warning) => Notice::new(
            Tone::Warning,
            say("確かめるものがあります。", "Something has to be looked at."),
        ),
        _ => Notice::new(
            Tone::Success,
            say("すぐに人の手が要るものはありません。", "Nothing needs anybody now."),
        ),
    };
    Ok(operator.page(say("監視", "Health"), vec![notice], content))
}

fn is_stale(known: &Known, one: &Latest) -> bool {
    known.now.duration_since(one.last_at).as_secs() > FRESH_SECONDS
}

fn counts(operator: &Operator, known: &Known) -> Markup {
    let say = |ja, en| operator.say(ja, en);
    let href = operator.href("/health");
    let stale = known.latest.iter().filter(|one| is_stale(known, one)).count();
    let begun = usize::try_from(known.health.begun).unwrap_or_default();
    let numbers = [known.incidents.len(), begun, known.health.alarms.len(), stale];
    let numbers = numbers.map(|it| it.to_string());
    let tile = |label, count, bad: Tone| {
        let tone = if count == "0" { Tone::Information } else { bad };
        Tile { href: &href, label, count, tone }
    };
    tiles(
        say("いまの数", "Now"),
        &[
            tile(say("続いている障害", "Incidents"), &numbers[0], Tone::Danger),
            tile(say("済んでいない手順", "Steps begun"), &numbers[1], Tone::Warning),
            tile(say("警報", "Alarms"), &numbers[2], Tone::Danger),
            tile(say("見張りの届かないもの", "Not watched"), &numbers[3], Tone::Warning),
        ],
    )
}

/// Everything that needs somebody, the worst first and the oldest of each first.
fn lines(operator: &Operator, tree: &Tree, known: &Known) -> Vec<Line> {
    let mut all: Vec<Line> = incidents(operator, known);
    let (held, slow): (Vec<Line>, Vec<Line>) =
        steps(operator, tree, known).into_iter().partition(|line| line.tone == Tone::Danger);
    all.extend(held);
    let (broken, astray): (Vec<Line>, Vec<Line>) =
        found(operator, known).into_iter().partition(|line| line.tone == Tone::Danger);
    all.extend(broken);
    all.extend(more(operator, known));
    all.extend(unwatched(operator, known));
    all.extend(slow);
    all.extend(unsettled(operator, known));
    all.extend(astray);
    all.extend(filling(operator, known));
    all.extend(waiting(operator, known));
    all.extend(asking(operator, known));
    all
}

fn incidents(operator: &Operator, known: &Known) -> Vec<Line> {
    let responsible = layers();
    let mut oldest: Vec<&Incident> = known.incidents.iter().collect();
    oldest.sort_by_key(|one| one.began_at);
    let line = |one: &Incident| {
        let name =
            known.latest.iter().find(|it| Some(&it.organisation.0) == one.organisation.as_ref());
        let whose = match (&one.organisation, name) {
            (None, _) => operator.say("すべての団体", "All bodies"),
            (Some(_), Some(known)) => &known.organisation.1,
            (Some(id), None) => id,
        };
        let who = responsible.iter().find(|it| it.layer == one.layer);
        let who = who.map_or(one.layer.as_str(), |it| &it.responsible);
        let said = one.notes.last().map_or("", |(_, _, words)| words);
        Line {
            tone: Tone::Danger,
            what: format!("{whose}: {}（{said}）", one.title),
            since: ago(operator.language, one.began_at, known.now),
            todo: format!(
                "{}{who}{}{}",
                operator.say("対応するのは", "Handled by "),
                operator.say(
                    "。分かったことは kumoi incident note ",
                    ". Tell what is known: kumoi incident note "
                ),
                one.id
            ),
            href: operator.href("/health"),
        }
    };
    oldest.into_iter().map(line).collect()
}

fn steps(operator: &Operator, tree: &Tree, known: &Known) -> Vec<Line> {
    let stuck = known.health.stuck.iter().filter_map(|one| {
        let seconds = known.now.duration_since(one.since).as_secs();
        let is_held = one.state == "保留";
        if !is_held && (seconds as f64) < STUCK_SECONDS {
            return None;
        }
        let act = word(operator, &ACTS, &one.act);
        let place = environment(operator, tree, &one.environment);
        let reason = one.reason.as_deref().map(|it| format!("（{it}）")).unwrap_or_default();
        let todo = match is_held {
            true => operator.say(
                "理由を除いて「続きから適用する」。できなければ残りを取り止める",
                "Remove the reason and go on; if that cannot be, give the rest up",
            ),
            false => operator.say(
                "基盤（kumoi up、kumoi plane apply）が動いているかを確かめる",
                "See whether the executor runs (kumoi up, kumoi plane apply)",
            ),
        };
        Some(Line {
            tone: if is_held { Tone::Danger } else { Tone::Warning },
            what: format!("{place}: {act} {}{reason}", one.part),
            since: ago(operator.language, one.since, known.now),
            todo: todo.to_owned(),
            href: operator.href(&format!("/blueprints/{}", one.blueprint)),
        })
    });
    stuck.collect()
}

/// Steps beyond those that are named, with the blueprints in which they stand. What is held is
/// named first: as long as one of the named is not, all that is held is.
fn more(operator: &Operator, known: &Known) -> Vec<Line> {
    let health = &known.health;
    let shown = i64::try_from(health.stuck.len()).unwrap_or(i64::MAX);
    let Some(last) = health.stuck.last().filter(|_| health.begun > shown) else {
        return Vec::new();
    };
    let is_held = last.state == "保留";
    let tone = if is_held { Tone::Danger } else { Tone::Information };
    let where_they_are =
        health.places.iter().map(|(id, count)| format!("{id}（{count}）")).collect::<Vec<_>>();
    vec![Line {
        tone,
        what: format!(
            "{}{}",
            operator.say("ほかに始めて済んでいない手順： ", "More steps begun and not done: "),
            health.begun - shown
        ),
        since: String::new(),
        todo: format!(
            "{}{}",
            operator.say(
                "青写真（手順の数）の進み具合をすべて見る： ",
                "See how far these blueprints (steps) are: "
            ),
            where_they_are.join("、")
        ),
        href: operator.href(&format!("/blueprints/{}/application", last.blueprint)),
    }]
}

/// Services of which nobody knows how they are now; the watch itself where it is all of them.
fn unwatched(operator: &Operator, known: &Known) -> Vec<Line> {
    let stale: Vec<&Latest> = known.latest.iter().filter(|one| is_stale(known, one)).collect();
    let line = |what: String, since: Timestamp, todo: &str| Line {
        tone: Tone::Warning,
        what,
        since: ago(operator.language, since, known.now),
        todo: todo.to_owned(),
        href: operator.href("/health"),
    };
    match stale.last() {
        Some(last) if stale.len() == known.latest.len() => {
            let what = operator.say("見張りが止まっています", "The watch has stopped");
            let todo = operator.say(
                "kumoi up が動いているか、その記録に watch の警告がないかを確かめる",
                "See whether kumoi up runs, and whether its log warns of the watch",
            );
            vec![line(what.to_owned(), last.last_at, todo)]
        }
        _ => {
            let what = operator.say("確かめていません", "is not asked");
            let todo =
                operator.say("その団体の移動や退去を確かめる", "Was it moved, did it leave?");
            let each = stale.iter().map(|one| {
                line(format!("{} {}: {what}", one.organisation.1, one.service), one.last_at, todo)
            });
            each.collect()
        }
    }
}

fn unsettled(operator: &Operator, known: &Known) -> Vec<Line> {
    let counted = known.health.counts.iter().filter(|it| it.state == "未確定");
    let line = |it: &store::control::plane::Counted| Line {
        tone: Tone::Warning,
        what: format!(
            "{}: {}（{}）",
            operator.say("未確定の環境", "Environments in doubt"),
            it.count,
            it.provider
        ),
        since: String::new(),
        todo: operator
            .say(
                "要望を書き直し、作り直す青写真を作る",
                "Write the wish anew; the blueprint makes them again",
            )
            .to_owned(),
        href: operator.href("/plan"),
    };
    counted.map(line).collect()
}

/// What the last check afterwards found: what breaks a guardrail needs somebody now.
fn found(operator: &Operator, known: &Known) -> Vec<Line> {
    let Some(check) = &known.check else { return Vec::new() };
    let since = ago(operator.language, check.at, known.now);
    let line = |tone, what: String, todo: &str| Line {
        tone,
        what,
        since: since.clone(),
        todo: todo.to_owned(),
        href: operator.href("/health"),
    };
    let each = check.shown.iter().map(|one| {
        let is_book = matches!(one.rule.as_str(), "books" | "no-orphans");
        let tone = if is_book { Tone::Warning } else { Tone::Danger };
        line(tone, format!("{}: {}", one.place, one.what), &one.remedy)
    });
    let mut all: Vec<Line> = each.collect();
    let more = check.findings - i32::try_from(all.len()).unwrap_or(i32::MAX);
    // As weighty as the last that is named: those that break a guardrail are named first.
    if let Some(last) = all.last().filter(|_| more > 0) {
        let what = operator.say("ほかの照合の所見： ", "More findings of the check: ");
        let todo =
            operator.say("kumoi plane check ですべてを見る", "kumoi plane check shows all of them");
        all.push(line(last.tone, format!("{what}{more}"), todo));
    }
    all
}

/// When the check was made last, and what it came to.
fn checked(operator: &Operator, known: &Known) -> Markup {
    let words = match &known.check {
        None => operator
            .say(
                "まだ照合していません。kumoi plane check で行います。",
                "Not checked yet: kumoi plane check.",
            )
            .to_owned(),
        Some(check) => {
            let ago = ago(operator.language, check.at, known.now);
            let (environments, findings) = (check.environments, check.findings);
            match operator.language {
                Language::Japanese => {
                    format!("{ago}前に照合しました。環境 {environments}、所見 {findings}。")
                }
                Language::English => {
                    format!("Checked {ago} ago: {environments} environments, {findings} findings.")
                }
            }
        }
    };
    html! { p { (words) } }
}

/// Bodies that have nearly used up what they may.
fn filling(operator: &Operator, known: &Known) -> Vec<Line> {
    let line = |one: &Quota| {
        let kind = called(operator.language, one.kind);
        let percent = one.percent().unwrap_or_default();
        let todo =
            operator.say("団体に知らせ、申込みを待つ", "Tell the body, and wait for its request");
        Line {
            tone: Tone::Warning,
            what: format!(
                "{}: {}（{kind} {percent}％）",
                one.name,
                operator.say("利用枠", "quota")
            ),
            since: String::new(),
            todo: todo.to_owned(),
            href: operator.href("/quotas"),
        }
    };
    known.quotas.iter().map(line).collect()
}

/// Requests for another quota that wait for an operator.
fn asking(operator: &Operator, known: &Known) -> Vec<Line> {
    let open = last_acts(&known.acts).into_iter().filter(|act| act.act == "決裁");
    let line = |act: &QuotaAct| Line {
        tone: Tone::Information,
        what: format!(
            "{} {}（{} {}）",
            operator.say("決定を待つ利用枠の申込み", "Quota request"),
            act.request,
            called(operator.language, act.kind),
            act.kind.amount(act.value)
        ),
        since: ago(operator.language, act.at, known.now),
        todo: operator.say("承認するか却下する", "Grant or refuse it").to_owned(),
        href: operator.href("/quotas"),
    };
    open.map(line).collect()
}

fn waiting(operator: &Operator, known: &Known) -> Vec<Line> {
    let line = |head: &Head| {
        let (what, todo) = match head.state.as_str() {
            "案" => (
                operator.say("承認を待つ青写真", "Blueprint that awaits approval"),
                operator.say("読んで承認するか却下する", "Read it, then approve or reject it"),
            ),
            "承認済" => (
                operator.say("承認された青写真", "Approved blueprint"),
                operator.say("適用するか取り下げる", "Apply or withdraw it"),
            ),
            _ => return None,
        };
        Some(Line {
            tone: Tone::Information,
            what: format!("{what} {}（{}）", head.id, head.note),
            since: ago(operator.language, head.made_at, known.now),
            todo: todo.to_owned(),
            href: operator.href(&format!("/blueprints/{}", head.id)),
        })
    };
    known.heads.iter().rev().filter_map(line).collect()
}

fn todo(operator: &Operator, lines: &[Line]) -> Markup {
    let rows = lines
        .iter()
        .map(|line| {
            let label = match line.tone {
                Tone::Danger => operator.say("すぐに", "Now"),
                Tone::Warning => operator.say("確かめる", "Look"),
                _ => operator.say("予定", "Planned"),
            };
            Row {
                href: Some(&line.href),
                cells: vec![
                    Cell::Japanese(&line.what),
                    Cell::Component(badge(line.tone, label)),
                    Cell::Text(&line.since),
                    Cell::Text(&line.todo),
                ],
            }
        })
        .collect();
    table(&Table {
        caption: operator.say("人の手が要るもの", "What needs somebody"),
        columns: vec![
            Column::text(operator.say("何が", "What")),
            Column::text(operator.say("重さ", "Weight")),
            Column::text(operator.say("始まってから", "For")),
            Column::text(operator.say("すること", "To do")),
        ],
        rows,
        empty: operator.say("人の手が要るものはありません。", "Nothing needs anybody."),
        stacked: true,
    })
}

fn environments(operator: &Operator, health: &Health) -> Markup {
    let counts: Vec<String> = health.counts.iter().map(|it| Yen(it.count).grouped()).collect();
    let rows = health
        .counts
        .iter()
        .zip(&counts)
        .map(|(it, count)| Row {
            href: None,
            cells: vec![
                Cell::Text(&it.provider),
                Cell::Text(&it.kind),
                Cell::Text(&it.state),
                Cell::Text(count),
            ],
        })
        .collect();
    html! {
        p { (operator.say("始めて済んでいない手順 ", "Steps begun: ")) (health.begun) "　"
            (operator.say("順番を待つ手順 ", "waiting: ")) (health.waiting) }
        (table(&Table {
            caption: operator.say("プロバイダー・種類・状態ごとの環境", "By provider, kind and state"),
            columns: vec![
                Column::text(operator.say("プロバイダー", "Provider")),
                Column::text(operator.say("種類", "Kind")),
                Column::text(operator.say("状態", "State")),
                Column::number(operator.say("環境", "Environments")),
            ],
            rows,
            empty: operator.say("台帳に環境がまだありません。", "Nothing is on the books yet."),
            stacked: true,
        }))
    }
}

/// Every service of every body: what is not asked and what fails most first.
fn answers(operator: &Operator, known: &Known) -> Markup {
    let mut all: Vec<&Latest> = known.latest.iter().collect();
    all.sort_by_key(|one| (!is_stale(known, one), std::cmp::Reverse(one.of_day.1)));
    let lines: Vec<[String; 2]> = all
        .iter()
        .map(|one| {
            let last = ago(operator.language, one.last_at, known.now);
            [last, format!("{} / {}", one.of_day.1, one.of_day.0)]
        })
        .collect();
    let rows = all
        .iter()
        .zip(&lines)
        .map(|(one, [last, failures])| Row {
            href: None,
            cells: vec![
                Cell::Japanese(&one.organisation.1),
                Cell::Text(&one.service),
                Cell::Text(last),
                Cell::Text(failures),
            ],
        })
        .collect();
    table(&Table {
        caption: operator.say("最後に確かめた日の応答", "Answers of the last day"),
        columns: vec![
            Column::text(operator.say("団体", "Body")),
            Column::text(operator.say("確かめたもの", "Asked")),
            Column::text(operator.say("最後に確かめてから", "Last asked, ago")),
            Column::number(operator.say("応答なし / 回数", "Failures / checks")),
        ],
        rows,
        empty: operator.say("まだ確かめていません。", "Nothing was asked yet."),
        stacked: true,
    })
}
