//! The prefectures' part of the LGWAN zone (都道府県): how far the own municipalities are, what
//! goes wrong there, and the groups that the prefecture leads. It shows no resident, no amount and
//! no person, and nothing of another prefecture's; it changes groups only.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::Path;
use axum::response::Response;
use axum::routing::on;
use cloud::plane::tree::{BodyKind, Tree};
use jiff::{Span, Timestamp};
use maud::{Markup, html};
use store::control::prefecture::{
    Contracted, Disturbed, Municipality, Placed, answered_list, contracted_list, disturbed_list,
    municipality_list, placed_list, wave_slot_list,
};
use store::control::wave::WaveSlot;

use super::{BUYERS, group};
use crate::component::day::moment_text;
use crate::component::notice::{Notice, Tone};
use crate::component::page::section;
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;
use crate::entrance::{PREFECTURES, People};
use crate::member::{Body, Member, Zone, sign_in};
use crate::route::Access::{Open, Signed};
use crate::route::Leaves::{Change, Nothing, Opening};
use crate::route::Page;

/// Days of incidents that have ended.
const DAYS: i64 = 30;

/// The prefectures of this node.
#[derive(Clone, Debug)]
pub struct PrefectureState {
    bodies: Arc<BTreeMap<String, Arc<Body>>>,
}

impl PrefectureState {
    /// With these prefectures.
    pub fn new(bodies: BTreeMap<String, Arc<Body>>) -> PrefectureState {
        PrefectureState { bodies: Arc::new(bodies) }
    }
}

impl Zone for PrefectureState {
    const NAME: &'static str = "prefecture";
    const TITLE: (&'static str, &'static str) = ("都道府県", "Prefecture");
    const COOKIE: &'static str = "kumoi_prefecture";
    const BASE: &'static str = "/prefectures";
    const PEOPLE: &'static People = &PREFECTURES;
    const MENU: &'static [(&'static str, &'static str, &'static str)] =
        &[("", "市区町村の進み", "Progress"), ("/groups", "共同利用", "Joint use")];

    fn body(&self, id: &str) -> Option<Arc<Body>> {
        self.bodies.get(id).cloned()
    }

    fn bodies(&self) -> Vec<Arc<Body>> {
        self.bodies.values().cloned().collect()
    }
}

/// Somebody of a prefecture.
type Officer = Member<PrefectureState>;

/// Every page of the prefectures' part. What is done in a group leaves its row in its course.
pub static PAGES: &[Page<PrefectureState>] = &[
    Page::get("/prefectures", Open, Nothing, |f| on(f, sign_in::entrance::<PrefectureState>)),
    Page::get("/prefectures/{organisation}/sign-in", Open, Nothing, |f| {
        on(f, sign_in::form::<PrefectureState>)
    }),
    Page::post("/prefectures/{organisation}/sign-in", Open, Opening, |f| {
        on(f, sign_in::submit::<PrefectureState>)
    }),
    Page::post("/prefectures/{organisation}/sign-out", Signed, Change, |f| {
        on(f, sign_in::sign_out::<PrefectureState>)
    }),
    Page::get("/prefectures/{organisation}", Signed, Nothing, |f| on(f, progress)),
    Page::get("/prefectures/{organisation}/bodies/{body}", Signed, Nothing, |f| on(f, one)),
    Page::get("/prefectures/{organisation}/groups", Signed, Nothing, |f| {
        on(f, group::all::<PrefectureState>)
    }),
    Page::post("/prefectures/{organisation}/groups", BUYERS, Change, |f| {
        on(f, group::make::<PrefectureState>)
    }),
    Page::get("/prefectures/{organisation}/groups/{group}", Signed, Nothing, |f| {
        on(f, group::one::<PrefectureState>)
    }),
    Page::post("/prefectures/{organisation}/groups/{group}/{step}", BUYERS, Change, |f| {
        on(f, group::step::<PrefectureState>)
    }),
    Page::get("/prefectures/{organisation}/groups/{group}/plans", Signed, Nothing, |f| {
        on(f, group::plan::form::<PrefectureState>)
    }),
    Page::post("/prefectures/{organisation}/groups/{group}/plans", BUYERS, Change, |f| {
        on(f, group::plan::make::<PrefectureState>)
    }),
    Page::get("/prefectures/{organisation}/groups/{group}/plans/{plan}", Signed, Nothing, |f| {
        on(f, group::plan::one::<PrefectureState>)
    }),
    Page::post(
        "/prefectures/{organisation}/groups/{group}/plans/{plan}/{step}",
        BUYERS,
        Change,
        |f| on(f, group::plan::step::<PrefectureState>),
    ),
];

/// All that a prefecture sees of its municipalities.
struct Seen {
    municipalities: Vec<Municipality>,
    contracts: Vec<Contracted>,
    environments: Vec<Placed>,
    /// When systems of its bodies move, by the plan of waves in force.
    waves: Vec<WaveSlot>,
    incidents: Vec<Disturbed>,
    /// Questions and failures of this month, by municipality.
    answered: BTreeMap<String, (i64, i64)>,
}

async fn seen(officer: &Officer) -> Result<Seen, Refusal> {
    let client = officer.cloud().await?;
    let since = Timestamp::now() - Span::new().hours(24 * DAYS);
    let month = officer.actor.today().first_of_month();
    let answered = answered_list(&*client, month).await?;
    Ok(Seen {
        municipalities: municipality_list(&*client).await?,
        contracts: contracted_list(&*client).await?,
        environments: placed_list(&*client).await?,
        waves: wave_slot_list(&*client).await?,
        incidents: disturbed_list(&*client, since).await?,
        answered: answered.into_iter().map(|(id, all, none)| (id, (all, none))).collect(),
    })
}

impl Seen {
    fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.municipalities.iter().find(|one| one.id == id).map_or(id, |one| &one.name)
    }

    /// 99.98 of a hundred, cut off; a dash where nothing was asked.
    fn rate(&self, id: &str) -> String {
        match self.answered.get(id) {
            Some((all, none)) if *all > 0 => {
                let rate = (all - none) * 10_000 / all;
                format!("{}.{:02}％（{all}回）", rate / 100, rate % 100)
            }
            _ => "―".to_owned(),
        }
    }

    /// How many environments the books of the plane have for a body.
    fn placed(&self, code: &str) -> usize {
        self.environments.iter().filter(|one| one.body == code).count()
    }
}

/// How far the municipalities are: by body, by business, and what goes wrong.
async fn progress(officer: Officer) -> Response {
    let made = async {
        let seen = seen(&officer).await?;
        let open: Vec<&Disturbed> =
            seen.incidents.iter().filter(|one| one.ended_at.is_none()).collect();
        let lines: Vec<String> = open
            .iter()
            .map(|it| format!("{}　{}", seen.name(&it.organisation), it.title))
            .collect();
        let notices = lines.iter().map(|line| Notice::new(Tone::Danger, line)).collect();
        let content = html! {
            p { (officer.say("この都道府県の市区町村の進みです。住民の情報、金額、人の名は見えません。",
                "Progress of the municipalities here: no resident, no amount, no person.")) }
            (section(officer.say("市区町村", "Municipalities"), bodies(&officer, &seen)))
            (section(officer.say("業務ごとの契約", "Contracts by business"), businesses(&officer, &seen)))
            (section(officer.say("移行の波", "Waves of migration"), waves(&officer, &seen)))
            (section(officer.say("障害（続いているものと、この30日）", "Incidents (30 days)"),
                incidents(&officer, &seen)))
        };
        Ok(officer.page(officer.say("市区町村の進み", "Progress"), notices, content))
    };
    officer.answer(made.await)
}

fn bodies(officer: &Officer, seen: &Seen) -> Markup {
    let lines: Vec<(String, [String; 5])> = seen
        .municipalities
        .iter()
        .map(|body| {
            let of = |states: &[&str]| {
                let own = seen.contracts.iter().filter(|one| one.organisation == body.id);
                own.filter(|one| states.contains(&one.state.as_str())).count().to_string()
            };
            let cells = [
                body.name.clone(),
                of(&["提供中"]),
                of(&["起案", "決裁済", "締結", "移行待ち"]),
                seen.placed(&body.code).to_string(),
                seen.rate(&body.id),
            ];
            (officer.href(&format!("/bodies/{}", body.id)), cells)
        })
        .collect();
    let rows = lines
        .iter()
        .map(|(href, cells)| Row {
            href: Some(href),
            cells: cells.iter().map(|it| Cell::Text(it)).collect(),
        })
        .collect();
    html! {
        (table(&Table {
            caption: officer.say("雲居を使う市区町村", "Municipalities that are open here"),
            columns: vec![
                Column::text(officer.say("団体", "Body")),
                Column::number(officer.say("提供中の業務", "In service")),
                Column::number(officer.say("手続中の契約", "On their way")),
                Column::number(officer.say("台帳の環境", "Environments")),
                Column::number(officer.say("今月の稼働率", "Answered this month")),
            ],
            rows,
            empty: officer.say("まだありません。", "None yet."),
            stacked: true,
        }))
        (others(officer, seen))
    }
}

/// Municipalities of the real table that are not open here, with what the plane's books have.
fn others(officer: &Officer, seen: &Seen) -> Markup {
    let number = officer.body.organisation.code.get(..2).unwrap_or_default();
    let there: BTreeSet<&str> = seen.municipalities.iter().map(|it| it.code.as_str()).collect();
    let tree = Tree::nation().unwrap_or_default();
    let rest: Vec<(&str, usize)> = tree
        .bodies
        .values()
        .filter(|it| it.kind == BodyKind::Municipality && it.prefecture.as_deref() == Some(number))
        .filter(|it| !there.contains(it.id.as_str()))
        .map(|it| (it.name.as_str(), seen.placed(&it.id)))
        .collect();
    let placed: Vec<String> = rest
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{name}（{count}）"))
        .collect();
    html! {
        @if !rest.is_empty() {
            p { (officer.say("まだ雲居を使っていない市区町村: ", "Not open here yet: ")) (rest.len()) }
            @if !placed.is_empty() {
                p lang="ja" { "そのうち、台帳に環境のある団体: " (placed.join("、")) }
            }
        }
    }
}

fn businesses(officer: &Officer, seen: &Seen) -> Markup {
    let mut by: BTreeMap<(&str, &str), BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for one in seen.contracts.iter().filter(|it| !["取下げ", "終了"].contains(&it.state.as_str()))
    {
        let states = by.entry((&one.system, &one.name)).or_default();
        states.entry(&one.state).or_default().push(seen.name(&one.organisation));
    }
    let total = seen.municipalities.len();
    let lines: Vec<[String; 4]> = by
        .iter()
        .map(|((_, name), states)| {
            let served = states.get("提供中").map(Vec::as_slice).unwrap_or_default();
            let way: Vec<String> = states
                .iter()
                .filter(|(state, _)| **state != "提供中")
                .map(|(state, bodies)| format!("{state} {}", bodies.join("、")))
                .collect();
            let count = format!("{} / {total}", served.len());
            [(*name).to_owned(), count, served.join("、"), way.join("；")]
        })
        .collect();
    let rows = lines
        .iter()
        .map(|cells| Row { href: None, cells: cells.iter().map(|it| Cell::Japanese(it)).collect() })
        .collect();
    table(&Table {
        caption: officer.say("業務と状態", "Businesses and states"),
        columns: vec![
            Column::text(officer.say("業務", "Business")),
            Column::number(officer.say("提供中の団体", "In service")),
            Column::text(officer.say("どの団体", "Where")),
            Column::text(officer.say("手続中", "On their way")),
        ],
        rows,
        empty: officer.say("契約はまだありません。", "No contract yet."),
        stacked: true,
    })
}

/// The months of the plan in force, body by body: what was planned when it was made.
fn waves(officer: &Officer, seen: &Seen) -> Markup {
    let tree = Tree::nation().unwrap_or_default();
    let mut by: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for one in &seen.waves {
        let none = || officer.say("月なし", "no month").to_owned();
        let month = one.month.clone().unwrap_or_else(none);
        let words = format!("{month} {}（{}）", one.system, one.vendor);
        by.entry(&one.body).or_default().push(words);
    }
    let lines: Vec<[String; 3]> = by
        .iter()
        .map(|(code, moves)| {
            let last = seen.waves.iter().filter(|it| it.body == *code);
            let last = last.map(|it| it.month.as_deref()).collect::<Option<Vec<_>>>();
            let last = last.and_then(|it| it.into_iter().max().map(str::to_owned));
            let none = || officer.say("月なし", "no month").to_owned();
            let known = seen.municipalities.iter().find(|it| it.code == *code);
            let name = known.map_or_else(|| tree.name(code), |it| &it.name);
            [name.to_owned(), last.unwrap_or_else(none), moves.join("、")]
        })
        .collect();
    let rows = lines
        .iter()
        .map(|cells| Row { href: None, cells: cells.iter().map(|it| Cell::Japanese(it)).collect() })
        .collect();
    html! {
        p { (officer.say("国の運用担当が採用した計画が、作られた時に示した月です。",
            "The months of the plan that the national operator has in force, as it was made.")) }
        (table(&Table {
            caption: officer.say("市区町村ごとの移行の月", "Months by municipality"),
            columns: vec![
                Column::text(officer.say("団体", "Body")),
                Column::text(officer.say("すべて終わる月", "All done in")),
                Column::text(officer.say("システムごとの月（事業者）", "Month by system (vendor)")),
            ],
            rows,
            empty: officer.say("効力のある計画に、この都道府県の移行の月はありません（月を記録する前に採用された\
                計画では、出ません）。", "The plan in force has no months here."),
            stacked: true,
        }))
    }
}

fn incidents(officer: &Officer, seen: &Seen) -> Markup {
    let lines: Vec<[String; 6]> = seen
        .incidents
        .iter()
        .map(|one| {
            let moment = |at| moment_text(officer.language, at);
            let until = one.ended_at.map_or_else(|| "続いている".to_owned(), moment);
            let name = seen.name(&one.organisation).to_owned();
            let (title, service, layer) =
                (one.title.clone(), one.service.clone(), one.layer.clone());
            [name, title, service, layer, moment(one.began_at), until]
        })
        .collect();
    let rows = lines
        .iter()
        .map(|cells| Row { href: None, cells: cells.iter().map(|it| Cell::Japanese(it)).collect() })
        .collect();
    table(&Table {
        caption: officer.say("障害", "Incidents"),
        columns: vec![
            Column::text(officer.say("団体", "Body")),
            Column::text(officer.say("何が", "What")),
            Column::text(officer.say("影響を受けたもの", "Affected")),
            Column::text(officer.say("層", "Layer")),
            Column::text(officer.say("始まり", "From")),
            Column::text(officer.say("終わり", "Until")),
        ],
        rows,
        empty: officer.say("ありません。", "None."),
        stacked: true,
    })
}

/// One municipality: its contracts with their states.
async fn one(officer: Officer, Path((_, body)): Path<(String, String)>) -> Response {
    let made = async {
        let seen = seen(&officer).await?;
        let found = seen.municipalities.iter().find(|one| one.id == body);
        let municipality = found.ok_or(Refusal::NotFound)?;
        let lines: Vec<[String; 5]> = seen
            .contracts
            .iter()
            .filter(|one| one.organisation == body)
            .map(|one| {
                let at = |at: Option<Timestamp>| {
                    at.map_or_else(|| "―".to_owned(), |at| moment_text(officer.language, at))
                };
                let ends = one.ends_on.map(|day| format!("（{day} まで）")).unwrap_or_default();
                let vendor = format!("{} {}", one.vendor, one.version);
                let state = format!("{}{ends}", one.state);
                [one.name.clone(), vendor, state, at(one.signed_at), at(one.opened_at)]
            })
            .collect();
        let rows = lines
            .iter()
            .map(|cells| Row {
                href: None,
                cells: cells.iter().map(|it| Cell::Japanese(it)).collect(),
            })
            .collect();
        let content = table(&Table {
            caption: officer.say("契約", "Contracts"),
            columns: vec![
                Column::text(officer.say("業務", "Business")),
                Column::text(officer.say("事業者", "Vendor")),
                Column::text(officer.say("状態", "State")),
                Column::text(officer.say("締結", "Signed")),
                Column::text(officer.say("提供を始めた時", "In service since")),
            ],
            rows,
            empty: officer.say("契約はまだありません。", "No contract yet."),
            stacked: true,
        });
        Ok(officer.page(&municipality.name, Vec::new(), content))
    };
    officer.answer(made.await)
}
