//! 検証報告: what the pilots are asked to verify (移行, 運用, 効果), each filled from what was measured or
//! written down by the system itself, with where it is from. What was not measured is a gap and is
//! said to be one. Pure.

use base::money::Yen;
use jiff::Timestamp;
use store::control::cost::OwnShare;
use store::control::evidence::Moved;
use store::control::watch::Incident;
use store::control::{Act, Contract};

use crate::cost::allocate::Method;
use crate::cost::parameter::Parameter;
use crate::gate::{Report, Verdict};
use crate::publication::LINKED;
use crate::service_level::Availability;

/// What a line belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aspect {
    /// 移行の検証.
    Migration,
    /// 運用の検証.
    Operation,
    /// 効果の検証.
    Effect,
}

impl Aspect {
    /// All of them, in order.
    pub const ALL: [Aspect; 3] = [Aspect::Migration, Aspect::Operation, Aspect::Effect];

    /// The term.
    pub fn term(self) -> &'static str {
        match self {
            Aspect::Migration => "移行の検証",
            Aspect::Operation => "運用の検証",
            Aspect::Effect => "効果の検証",
        }
    }
}

/// One thing that is to be verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it belongs to.
    pub aspect: Aspect,
    /// What is verified.
    pub item: &'static str,
    /// What was found and where it is from, or why there is a gap and how it is closed.
    pub found: Result<(String, String), String>,
}

/// What is known of a body.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Its contracts with what was done about each.
    pub contracts: Vec<(Contract, Vec<Act>)>,
    /// The reports of the gate on what it uses.
    pub reports: Vec<Report>,
    /// Its moves between clusters.
    pub moves: Vec<Moved>,
    /// How each of its services answered, all months together.
    pub availability: Vec<(String, Availability)>,
    /// The level that they are held against.
    pub level: Option<Parameter>,
    /// Its incidents, those that go on, too.
    pub incidents: Vec<Incident>,
    /// When the report is made.
    pub at: Timestamp,
    /// Its shares of the bills.
    pub shares: Vec<OwnShare>,
    /// When training copies were opened or made anew for its staff.
    pub trainings: Vec<Timestamp>,
}

/// 検証の型: which of the four patterns a body is in, by how many clouds bill it and whether it uses
/// systems beside the standardised ones.
///
/// # Errors
/// Why it is not known.
pub fn pattern(clouds: i64, surrounding: bool) -> Result<(char, &'static str), &'static str> {
    match (clouds, surrounding) {
        (..=0, _) => Err("クラウドの請求がまだないため、クラウドの数が分かりません"),
        (1, false) => Ok(('A', "一つのクラウド、基幹業務だけ")),
        (1, true) => Ok(('B', "一つのクラウド、基幹業務と周辺業務")),
        (_, false) => Ok(('C', "複数のクラウド、基幹業務だけ")),
        (_, true) => Ok(('D', "複数のクラウド、基幹業務と周辺業務")),
    }
}

/// Every line, measured or a gap.
pub fn lines(facts: &Facts) -> Vec<Line> {
    let line = |aspect, item, found| Line { aspect, item, found };
    use Aspect::{Effect, Migration, Operation};
    vec![
        line(Migration, "標準化の手順", conformity(facts)),
        line(Migration, "データの移行", data(facts)),
        line(Migration, "業務システムの導入と日程", schedule(facts)),
        line(Migration, "既存のシステムとの連携", links(facts)),
        line(Migration, "研修", trainings(facts)),
        line(
            Operation,
            "回線の負荷",
            gap("庁舎とクラウドの間の回線は、基盤からは測れません。団体が測ります"),
        ),
        line(Operation, "サーバーの応答", answers(facts)),
        line(Operation, "障害のときに誰が答えるか", incidents(facts)),
        line(
            Operation,
            "ほかのシステムとのデータのやり取り",
            gap("照会の数と時間を、まだ集めていません"),
        ),
        line(Operation, "クラウドの変えやすさ", moves(facts)),
        line(Effect, "経費", cost(facts)),
        line(Effect, "職員の負担", gap("導入の前の作業の時間が分からないため、比べられません")),
    ]
}

type Found = Result<(String, String), String>;

fn gap(why: &str) -> Found {
    Err(why.to_owned())
}

fn conformity(facts: &Facts) -> Found {
    if facts.reports.is_empty() {
        return gap("使っている業務システムの適合性の報告がありません");
    }
    let passing = facts.reports.iter().filter(|it| it.passes()).count();
    let checked: usize = facts.reports.iter().map(|it| it.count(Verdict::Pass)).sum();
    let confirmed = facts.contracts.iter().filter(|it| it.0.confirmed.is_some()).count();
    let words = format!(
        "{} のうち {passing} が適合（確かめた項目 {checked}）。適合確認をした契約 {confirmed}",
        facts.reports.len()
    );
    Ok((words, "適合性の報告、適合確認の記録".to_owned()))
}

fn links(facts: &Facts) -> Found {
    let linked = |it: &&Report| {
        it.findings.iter().any(|one| one.asked == LINKED && one.verdict == Verdict::Pass)
    };
    match facts.reports.iter().filter(linked).count() {
        0 => gap("連携の相手の一覧と試験の結果を、まだ持っていません"),
        count => Ok((
            format!("{} のうち {count} が、ほかの業務の項目と事象につながる", facts.reports.len()),
            "適合性の報告。この基盤の外のシステムとの試験は、まだありません".to_owned(),
        )),
    }
}

fn trainings(facts: &Facts) -> Found {
    let Some(last) = facts.trainings.iter().max() else {
        return gap("研修環境を、まだ開いていません（「研修環境」の画面）");
    };
    let day = base::date::day_in_japan(*last);
    Ok((
        format!("研修環境を用意した回数 {}、最後は {day}", facts.trainings.len()),
        "研修環境の経過。受けた人数は記録していません".to_owned(),
    ))
}

fn data(facts: &Facts) -> Found {
    let tried = |it: &&Report| {
        it.findings
            .iter()
            .any(|one| one.asked == crate::gate::ROUND_TRIP && one.verdict == Verdict::Pass)
    };
    let tried = facts.reports.iter().filter(tried).count();
    let sum = |of: fn(&Moved) -> i64| facts.moves.iter().map(of).sum::<i64>();
    match facts.moves.len() {
        count @ 1.. => Ok((
            format!(
                "引越し {count} 回で全行を比べて計 {} 行、違い {} 行",
                sum(|it| it.rows),
                sum(|it| it.different)
            ),
            "クラスターの間の引越しの記録。前のシステムからの移行はまだ測っていません".to_owned(),
        )),
        0 if tried > 0 => Ok((
            format!("書き出して読み込み、全行が同じだった業務システム {tried}"),
            "適合性の報告（見本の行による）。この団体のデータの移行はまだありません".to_owned(),
        )),
        0 => gap("データを移したことが、まだありません"),
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    (to.as_millisecond() - from.as_millisecond()) as f64 / 1000.0
}

fn schedule(facts: &Facts) -> Found {
    let took: Vec<(f64, f64)> = facts
        .contracts
        .iter()
        .filter_map(|(contract, acts)| {
            let drafted = acts.iter().find(|it| it.act == "起案")?.at;
            let signed = acts.iter().rev().find(|it| it.act == "締結")?.at;
            let opened = contract.opened_at.filter(|it| *it >= signed)?;
            Some((seconds(drafted, signed), seconds(signed, opened)))
        })
        .collect();
    if took.is_empty() {
        return gap("起案から締結、提供開始までを経た契約が、まだありません");
    }
    let most = |of: fn(&(f64, f64)) -> f64| took.iter().map(of).fold(0.0, f64::max);
    let words = format!(
        "契約 {}: 起案から締結まで最も長くて {:.0} 時間、締結から提供開始まで最も長くて {:.1} 秒",
        took.len(),
        most(|it| it.0) / 3600.0,
        most(|it| it.1)
    );
    Ok((words, "契約の記録".to_owned()))
}

fn answers(facts: &Facts) -> Found {
    let Some(level) = &facts.level else {
        return gap("この日の標準の水準がないため、比べられません");
    };
    let line = |(service, one): &(String, Availability)| {
        let (rate, reached) = (one.rate()?, one.reaches(level)?);
        let reached = if reached { "届いている" } else { "届いていない" };
        Some(format!(
            "{service}: 稼働率 {}.{:02}％（確かめた回数 {}、応答なし {}、最も遅い応答 {} ミリ秒）、標準の水準に{reached}",
            rate / 100,
            rate % 100,
            one.checks,
            one.failures,
            one.slowest_ms
        ))
    };
    let lines: Vec<String> = facts.availability.iter().filter_map(line).collect();
    if lines.is_empty() {
        return gap("見張りの記録がまだありません");
    }
    Ok((lines.join("。"), format!("一分ごとの見張り。水準 {}", level.words())))
}

fn incidents(facts: &Facts) -> Found {
    if facts.incidents.is_empty() {
        return Ok(("障害の記録はない".to_owned(), "障害の記録".to_owned()));
    }
    let mut layers: Vec<&str> = facts.incidents.iter().map(|it| it.layer.as_str()).collect();
    layers.sort_unstable();
    let mut words = Vec::new();
    for layer in crate::service_level::layers() {
        let count = layers.iter().filter(|it| **it == layer.layer).count();
        if count > 0 {
            words.push(format!("{}（{}） {count}", layer.layer, layer.responsible));
        }
    }
    // One that goes on has lasted until now.
    let lasted = |it: &Incident| seconds(it.began_at, it.ended_at.unwrap_or(facts.at));
    let longest = facts.incidents.iter().map(lasted).fold(0.0, f64::max);
    let open = facts.incidents.iter().filter(|it| it.ended_at.is_none()).count();
    let open = if open > 0 { format!("。続いているもの {open}") } else { String::new() };
    let words = format!("{}。最も長いもの {:.0} 分{open}", words.join("、"), longest / 60.0);
    Ok((words, "障害の記録".to_owned()))
}

fn moves(facts: &Facts) -> Found {
    let Some(longest) = facts.moves.iter().map(|it| it.read_only_ms).max() else {
        return gap("クラスターの間の引越しを、まだしていません（kumoi move）");
    };
    let words =
        format!("引越し {} 回、書込みを止めた時間は最も長くて {longest} ミリ秒", facts.moves.len());
    Ok((words, "引越しの記録".to_owned()))
}

fn cost(facts: &Facts) -> Found {
    let Some(month) = facts.shares.iter().map(|it| it.month).max() else {
        return gap("クラウドの請求がまだ按分されていません");
    };
    let own = |method: Method| -> i64 {
        let of = |it: &&OwnShare| it.month == month && it.method == method.term();
        facts.shares.iter().filter(of).map(|it| it.yen).sum()
    };
    let words = format!(
        "{}は利用量による按分で {}、従前の比による按分で {}",
        month.strftime("%Y年%-m月"),
        Yen(own(Method::Usage)),
        Yen(own(Method::Legacy))
    );
    Ok((
        words,
        "按分の記録。導入の前の経費との比べは、「三割削減の目標」の入力が要ります".to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn nothing_measured_is_said_to_be_a_gap() {
        let lines = lines(&Facts::default());
        assert_eq!(lines.len(), 12);
        let filled: Vec<&str> =
            lines.iter().filter(|it| it.found.is_ok()).map(|it| it.item).collect();
        // That there was no incident is known, because they are written down.
        assert_eq!(filled, ["障害のときに誰が答えるか"]);
    }

    #[test]
    fn what_was_measured_is_said_with_its_source() {
        let open = Incident {
            id: 1,
            organisation: None,
            service: "窓口".to_owned(),
            layer: "クラウド".to_owned(),
            title: "見本".to_owned(),
            began_at: at("2026-11-03T00:00:00Z"),
            ended_at: None,
            by_watch: false,
            notes: Vec::new(),
        };
        let facts = Facts {
            moves: vec![
                Moved {
                    begun_at: at("2026-11-01T00:00:00Z"),
                    read_only_ms: 378,
                    rows: 2023,
                    different: 0,
                },
                Moved {
                    begun_at: at("2026-11-02T00:00:00Z"),
                    read_only_ms: 222,
                    rows: 2024,
                    different: 0,
                },
            ],
            availability: vec![
                ("窓口".to_owned(), Availability { checks: 1000, failures: 1, slowest_ms: 70 }),
                ("住民".to_owned(), Availability { checks: 100, failures: 2, slowest_ms: 9 }),
                ("まだ".to_owned(), Availability::default()),
            ],
            level: crate::service_level::level_on("2026-11-01".parse().unwrap()).ok(),
            incidents: vec![open],
            at: at("2026-11-03T02:00:00Z"),
            trainings: vec![at("2026-11-01T15:00:00Z"), at("2026-10-01T00:00:00Z")],
            ..Facts::default()
        };
        let found = |item: &str| {
            let line = lines(&facts).into_iter().find(|it| it.item == item).unwrap();
            line.found.unwrap().0
        };
        assert_eq!(found("データの移行"), "引越し 2 回で全行を比べて計 4047 行、違い 0 行");
        let incidents = found("障害のときに誰が答えるか");
        assert!(incidents.ends_with("最も長いもの 120 分。続いているもの 1"), "{incidents}");
        assert_eq!(found("研修"), "研修環境を用意した回数 2、最後は 2026-11-02");
        assert!(found("クラウドの変えやすさ").contains("最も長くて 378 ミリ秒"));
        let answers = found("サーバーの応答");
        assert!(
            answers.contains("窓口: 稼働率 99.90％") && answers.contains("。住民: 稼働率 98.00％")
        );
        assert!(!answers.contains("まだ"), "{answers}");
        // A service that nobody asked yet is no measurement.
        let asked = vec![("窓口".to_owned(), Availability::default())];
        let facts = Facts { availability: asked, level: facts.level, ..Facts::default() };
        let line = lines(&facts).into_iter().find(|it| it.item == "サーバーの応答").unwrap();
        assert_eq!(line.found.unwrap_err(), "見張りの記録がまだありません");
    }

    #[test]
    fn the_pattern_follows_clouds_and_systems() {
        let letter = |clouds, surrounding| pattern(clouds, surrounding).map(|it| it.0);
        assert_eq!(
            [letter(1, false), letter(1, true), letter(2, false), letter(3, true)],
            [Ok('A'), Ok('B'), Ok('C'), Ok('D')]
        );
        assert!(letter(0, true).is_err());
    }
}
