//! How an analysis is shown: offers with their scores, requirements beside offers, and one offer
//! with the evidence of every answer. Nothing is judged here.

use cloud::fit::{Answer, OfferFit, Requirement, Verdict};
use maud::{Markup, html};
use store::control::Offer;

use super::Buyer;
use super::fit::Worked;
use super::fit_settle::by_hand;
use crate::component::day::moment_text;
use crate::component::language::pick;
use crate::component::notice::{Tone, badge};
use crate::component::page::{disclosure, section};
use crate::component::table::{Cell, Column, Row, Table, table};

/// A verdict in the reader's language, and its tone.
fn word(buyer: &Buyer, verdict: Verdict) -> (Tone, &'static str) {
    let (tone, english) = match verdict {
        Verdict::Fits => (Tone::Success, "Fits"),
        Verdict::Setting => (Tone::Information, "Fits by setting"),
        Verdict::Unknown => (Tone::Warning, "Unknown"),
        Verdict::Gap => (Tone::Danger, "Gap"),
    };
    (tone, pick(buyer.language, verdict.word(), english))
}

fn mark(buyer: &Buyer, verdict: Verdict) -> Markup {
    let (tone, text) = word(buyer, verdict);
    badge(tone, text)
}

/// The whole analysis.
pub fn analysis(buyer: &Buyer, worked: &Worked) -> Markup {
    let id = worked.fit.id;
    let at = moment_text(buyer.language, worked.fit.made_at);
    html! {
        p { span lang="ja" { (worked.fit.file_name) } "　" (at) "　" (worked.fit.made_by) }
        @if worked.others > 0 {
            p { (buyer.say("一覧にあるほかの業務の作業: ", "Steps of other businesses in the list: "))
                (worked.others) }
        }
        (scores(buyer, worked))
        p { a href=(buyer.href(&format!("/fit/{id}/csv"))) {
            (buyer.say("CSV で保存する（判定と根拠）", "Save as CSV (answers and evidence)")) } "　"
            a href=(buyer.href(&format!("/catalogue/{}", worked.fit.system))) {
                (buyer.say("料金と手続を比べる", "Compare prices and procedures")) } }
        (section(buyer.say("作業ごとの判定", "Every step"), matrix(buyer, worked)))
    }
}

/// Every offer with what its answers come to.
fn scores(buyer: &Buyer, worked: &Worked) -> Markup {
    let lines: Vec<(String, String, [String; 6], String)> = worked
        .offers
        .iter()
        .map(|(offer, fit)| {
            let href = buyer.href(&format!("/fit/{}/offers/{}", worked.fit.id, offer.id));
            let (least, most) = fit.score.percent();
            let share = match least == most {
                true => format!("{least} %"),
                false => format!("{least}～{most} %"),
            };
            let [fits, setting, unknown, gap] =
                Verdict::ALL.map(|one| fit.score.count(one).to_string());
            let name = format!("{} {}", offer.vendor, offer.version);
            let hand = by_hand(worked, fit);
            let settled = match hand.steps.len() {
                0 => "―".to_owned(),
                count => {
                    let (least, most) = hand.percent(fit);
                    format!("{least}～{most} %（{count}）")
                }
            };
            let trace = [fit.score.trace(), hand.trace(fit)].join("　");
            (href, name, [share, fits, setting, gap, unknown, settled], trace)
        })
        .collect();
    let rows = lines
        .iter()
        .map(|(href, name, numbers, trace)| {
            let mut cells = vec![Cell::Japanese(name)];
            cells.extend(numbers.iter().map(|one| Cell::Text(one)));
            cells.push(Cell::Japanese(trace));
            Row { href: Some(href), cells }
        })
        .collect();
    let number = |verdict| Column::number(word(buyer, verdict).1);
    table(&Table {
        caption: buyer.say(
            "申出ごとの適合の割合（高3点、中2点、低1点）",
            "Share that fits (高 3, 中 2, 低 1 points)",
        ),
        columns: vec![
            Column::text(buyer.say("申出", "Offer")),
            Column::number(buyer.say("割合", "Share")),
            number(Verdict::Fits),
            number(Verdict::Setting),
            number(Verdict::Gap),
            number(Verdict::Unknown),
            Column::number(buyer.say("人の判断を足すと（件）", "With officials' (steps)")),
            Column::text(buyer.say("計算", "How")),
        ],
        rows,
        empty: "",
        stacked: false,
    })
}

/// Requirements beside offers.
fn matrix(buyer: &Buyer, worked: &Worked) -> Markup {
    let hands: Vec<_> = worked.offers.iter().map(|(_, fit)| by_hand(worked, fit)).collect();
    let rows = worked
        .requirements
        .iter()
        .enumerate()
        .map(|(at, one)| {
            let mut cells = vec![
                Cell::Japanese(&one.number),
                Cell::Japanese(&one.step),
                Cell::Japanese(&one.needs),
                Cell::Text(one.weight.word()),
            ];
            let answers = worked.offers.iter().zip(&hands);
            cells.extend(answers.filter_map(|((_, fit), hand)| {
                let verdict = fit.answers.get(at)?.verdict;
                let settled = hand.steps.get(&one.number).map(|it| it.word());
                Some(Cell::Component(html! {
                    (mark(buyer, verdict))
                    @if let Some(word) = settled {
                        " " (buyer.say("人の判断: ", "by hand: ")) span lang="ja" { (word) }
                    }
                }))
            }));
            Row { href: None, cells }
        })
        .collect();
    let mut columns = heads(buyer);
    columns.extend(worked.offers.iter().map(|(offer, _)| Column::text(&offer.vendor)));
    let caption = buyer.say("作業と申出", "Steps and offers");
    table(&Table { caption, columns, rows, empty: "", stacked: false })
}

fn heads<'a>(buyer: &Buyer) -> Vec<Column<'a>> {
    let say = |ja, en| Column::text(pick(buyer.language, ja, en));
    vec![
        say("番号", "Number"),
        say("作業", "Step"),
        say("必要な機能", "Needs"),
        say("重要度", "Weight"),
    ]
}

/// One offer: what is missing and unknown in sight, the rest to open.
pub fn offer_view(buyer: &Buyer, worked: &Worked, (offer, fit): (&Offer, &OfferFit)) -> Markup {
    let of = |verdict: Verdict| -> Vec<(&Requirement, &Answer)> {
        let all = worked.requirements.iter().zip(&fit.answers);
        all.filter(|(_, answer)| answer.verdict == verdict).collect()
    };
    let part = |verdict| {
        let own = of(verdict);
        let text = word(buyer, verdict).1;
        (format!("{text}（{}）", own.len()), answers(buyer, text, &own))
    };
    let at = |rest: &str| buyer.href(&format!("/offers/{}{rest}", offer.id));
    html! {
        p lang="ja" { (offer.name) "　" (offer.version) "　" (fit.score.trace()) }
        p { a href=(buyer.href(&format!("/fit/{}", worked.fit.id))) {
            (buyer.say("分析に戻る", "Back to the analysis")) } "　"
            @if offer.conforms.is_some() {
                a href=(at("/report")) { (buyer.say("適合性の報告", "Report of conformity")) }
            } }
        @for verdict in [Verdict::Gap, Verdict::Unknown] {
            @let (title, content) = part(verdict);
            (section(&title, content))
        }
        @for verdict in [Verdict::Setting, Verdict::Fits] {
            @let (title, content) = part(verdict);
            (disclosure(&title, content))
        }
    }
}

fn answers(buyer: &Buyer, caption: &str, list: &[(&Requirement, &Answer)]) -> Markup {
    let evidence: Vec<String> = list.iter().map(|(_, answer)| answer.evidence.join("。")).collect();
    let rows = list
        .iter()
        .zip(&evidence)
        .map(|((one, _), evidence)| Row {
            href: None,
            cells: vec![
                Cell::Japanese(&one.number),
                Cell::Japanese(&one.step),
                Cell::Japanese(&one.needs),
                Cell::Text(one.weight.word()),
                Cell::Japanese(evidence),
            ],
        })
        .collect();
    let mut columns = heads(buyer);
    columns.push(Column::text(buyer.say("根拠", "Evidence")));
    let empty = buyer.say("ありません。", "None.");
    table(&Table { caption, columns, rows, empty, stacked: true })
}
