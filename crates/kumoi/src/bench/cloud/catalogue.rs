//! The catalogue's search over 20,000 offers, through a municipality's own login: the page's own
//! questions to the database, and the whole page over HTTP. Vendors and businesses are invented.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use base::date::{Date, day_in_japan};
use base::dated::Dated;
use cloud::{Documents, contract_sign, offer_publish};
use definition::System;
use definition::model::{Item, MonthlyPrice, Price};
use jiff::Timestamp;
use office::access::role;
use office::staff::{NewAccount, account_create, sample_codes};
use portal::lgwan::{self, LgwanState};
use print::{Printer, WorkerCommand};
use store::StoreError;
use store::cluster::{Cluster, ClusterOptions};
use store::control::{Asked, business_list, buyer_admit, control_open, offer_search};
use store::organisation::{Credentials, Installer};
use tokio::net::TcpListener;

use crate::bench::figure::Figure;
use crate::bench::place::Folder;
use crate::bench::visitor::Visitor;
use crate::sample::{self, samples};
use crate::systems::{parcels, systems_load};

const VENDORS: usize = 500;
const FIRST: [&str; 8] = ["文書", "施設", "備品", "公園", "道路", "図書", "会議", "研修"];
const SECOND: [&str; 5] = ["管理", "予約", "台帳", "申請", "点検"];
const PLACES: [&str; 10] =
    ["青葉", "千歳", "若草", "白鳥", "東雲", "山吹", "朝霧", "常盤", "瑞穂", "夕凪"];
const TRADES: [&str; 5] = ["情報", "電算", "計算", "通信", "ソフト"];
const BUYER: &str = "bench_buyer";
/// For how many residents prices are asked.
const RESIDENTS: i64 = 30_000;
/// Pages over HTTP for each twenty questions to the database.
const PAGE_OF: usize = 4;

type Kind = (&'static str, fn(usize) -> Question);

/// What is asked, owned.
#[derive(Default)]
struct Question {
    text: String,
    item: String,
    system: String,
    yen: (Option<i64>, Option<i64>),
    conforms: Option<Option<bool>>,
    contracted: Option<bool>,
}

fn text(text: String) -> Question {
    Question { text, ..Question::default() }
}

fn item(item: String) -> Question {
    Question { item, ..Question::default() }
}

/// From the widest to the narrowest.
const QUESTIONS: [Kind; 14] = [
    ("nothing asked", |_| Question::default()),
    ("one character of a name", |at| text(FIRST[at % 8].chars().take(1).collect())),
    ("name of a business", |at| text(business(at % 40))),
    ("half of a vendor's name", |at| text(PLACES[at % 10].to_owned())),
    ("vendor's whole name", |at| text(vendor(at % VENDORS))),
    ("business and vendor", |at| text(format!("{} {}", FIRST[at % 8], vendor(at * 7 % VENDORS)))),
    ("English name", |at| text(format!("Sample {}", at % 40))),
    ("nothing has this name", |at| text(format!("どこにもない{at}"))),
    ("item that many have", |_| item("氏名".to_owned())),
    ("half of a vendor's name, item that many have", |at| Question {
        text: PLACES[at % 10].to_owned(),
        item: "氏名".to_owned(),
        ..Question::default()
    }),
    ("item of one offer", |at| item(format!("独自項目{}", at * 37 % 20_000))),
    ("price", |at| {
        let low = 40_000 + i64::try_from(at % 100).unwrap_or_default() * 3_000;
        Question { yen: (Some(low), Some(low + 20_000)), ..Question::default() }
    }),
    ("business, price, conforming", |at| Question {
        system: format!("business-{:02}", at % 40),
        yen: (Some(100_000), Some(250_000)),
        conforms: Some(Some(true)),
        ..Question::default()
    }),
    ("under contract, not conforming", |_| Question {
        conforms: Some(Some(false)),
        contracted: Some(true),
        ..Question::default()
    }),
];

fn business(at: usize) -> String {
    format!("{}{}", FIRST[at % 8], SECOND[at / 8 % 5])
}

fn vendor(at: usize) -> String {
    let number = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十"][at / 50 % 10];
    format!("見本{}{}{number}", PLACES[at % 10], TRADES[at / 10 % 5])
}

/// Makes the offers, then asks.
pub(super) async fn catalogue(folder: &Folder, rounds: usize) -> Result<()> {
    let options = ClusterOptions::new(folder.path().join("catalogue"));
    let cluster = Cluster::start(&options).await?;
    let installer = Installer::new(cluster.installer("postgres"));
    let (buyer, count) = made(&installer).await?;
    println!("catalogue search, {count} offers (p99: must 50 ms, aim 10 ms)");
    questions(&buyer, rounds).await?;
    pages(buyer, rounds / PAGE_OF).await?;
    Ok(cluster.stop().await?)
}

/// The municipality's credentials in the LGWAN zone, and how many offers there are.
async fn made(installer: &Installer) -> Result<(Credentials, usize)> {
    let templates = installer.prepare(&[]).await?;
    let mut organisation = samples(Some("village")).pop().context("no sample")?.organisation;
    organisation.id = BUYER.to_owned();
    let zones = installer.organisation_create(&organisation, &templates).await?;
    let control = control_open(installer).await?;
    contract_sign(installer, &organisation, &[]).await?;
    buyer_admit(&control, &organisation).await?;
    // The offers are not what is measured.
    let sql = "alter database kumoi_control set synchronous_commit = off";
    control.batch_execute(sql).await.map_err(StoreError::from)?;
    let models = models()?;
    let begin = Instant::now();
    let (mut count, mut signed) = (0, Vec::new());
    for at in 0..VENDORS {
        let of = |number: usize| offered(&models, at, number);
        let systems: Vec<Arc<System>> =
            (0..FIRST.len() * SECOND.len()).map(of).collect::<Result<_>>()?;
        let name = vendor(at);
        let offers = offer_publish(installer, (&name, &Documents::new()), &systems).await?;
        count += offers.len();
        signed.extend(offers.into_iter().nth(at).filter(|_| at < 12));
    }
    contract_sign(installer, &organisation, &signed).await?;
    let judged = "update control.offer set report = jsonb_build_object('passes', id % 10 <> 0)
                  where id % 100 <> 0";
    // And what autovacuum does a minute later.
    for sql in [judged, "vacuum (analyze)"] {
        control.batch_execute(sql).await.map_err(StoreError::from)?;
    }
    println!("{count} offers published in {:.0} s", begin.elapsed().as_secs_f64());
    Ok((zones.lgwan, count))
}

/// The systems that offers are made of.
fn models() -> Result<Vec<System>> {
    let mut all: Vec<System> = systems_load()?.iter().map(|one| System::clone(one)).collect();
    for parcel in ["a", "b"].into_iter().flat_map(parcels) {
        all.push(definition::load(&parcel.package).ok().context("a sample package")?.0);
    }
    // The texts are not read here and would fill the disk.
    for system in &mut all {
        let keep = |path: &String| path == "system.yaml";
        let files = system.files.iter().filter(|(path, _)| keep(path));
        let files = files.map(|(path, text)| (path.clone(), text.clone())).collect();
        system.files = Arc::new(files);
    }
    Ok(all)
}

/// The n-th system of a vendor, with a price and an item of its own.
fn offered(models: &[System], vendor: usize, number: usize) -> Result<Arc<System>> {
    let at = vendor * FIRST.len() * SECOND.len() + number;
    let mut system = System::clone(&models[at % models.len()]);
    system.id = format!("business-{number:02}");
    system.name = business(number);
    system.name_en = format!("Sample {number}");
    system.version = format!("1.{}", at % 30);
    system.hash = format!("{at:064x}");
    let register = system.registers.first_mut().context("no register")?;
    let model = register.items.first().context("no item")?;
    let own = Item { name: format!("独自項目{at}"), number: None, ..model.clone() };
    register.items.push(own);
    let place = u64::try_from(at)?;
    let mut values = Dated::default();
    for (year, base_yen) in [(2025, 30_000), (2027, 45_000)] {
        let base_yen = base_yen + place * 7_919 % 300_000;
        let price = MonthlyPrice { base_yen, resident_yen: place % 9 };
        values.insert(Date::constant(year, 4, 1), Some(price)).ok().context("a price")?;
    }
    let price: &Price = system.price.as_ref().context("no price")?;
    system.price = Some(Price { values, ..price.clone() });
    Ok(Arc::new(system))
}

/// The page's own questions: the businesses to choose from, and the search.
async fn questions(buyer: &Credentials, rounds: usize) -> Result<()> {
    let login = buyer.control();
    let database = buyer.database(login.as_ref(), None, 1)?;
    let client = database.client().await?;
    let today = day_in_japan(Timestamp::now());
    let mut figures: [Figure; QUESTIONS.len()] = Default::default();
    let (mut whole, mut found) = (Figure::default(), [0; QUESTIONS.len()]);
    for at in 0..rounds {
        let kind = at % QUESTIONS.len();
        let question = QUESTIONS[kind].1(at);
        let asked = Asked {
            text: &question.text,
            item: &question.item,
            system: &question.system,
            yen: question.yen,
            residents: RESIDENTS,
            conforms: question.conforms,
            contracted: question.contracted,
        };
        let begin = Instant::now();
        business_list(&**client).await?;
        let (offers, _) = offer_search(&**client, &asked, today).await?;
        figures[kind].since(begin);
        whole.since(begin);
        found[kind] = found[kind].max(offers.len());
    }
    for ((name, _), (figure, found)) in QUESTIONS.iter().zip(figures.iter().zip(found)) {
        figure.print(&format!("  {name} (up to {found} found)"));
    }
    whole.print("  all, in the database");
    Ok(())
}

/// The whole page over HTTP: session, questions, 20 rows as HTML.
async fn pages(buyer: Credentials, rounds: usize) -> Result<()> {
    let staff = buyer.database(buyer.staff.as_ref(), buyer.staff_vault.as_deref(), 1)?;
    let account = NewAccount {
        id: "kacho".to_owned(),
        name: "見本　課長".to_owned(),
        password: sample::PASSWORD.to_owned(),
        totp_secret: vec![7; 20],
        roles: vec![role::MANAGER.to_owned()],
        valid_from: day_in_japan(Timestamp::now()),
    };
    account_create(&staff, &account).await?;
    let codes = sample_codes(&staff, Timestamp::now()).await?;
    let (id, .., code) = codes.first().context("no code")?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let printer = Printer::new(WorkerCommand::new(std::env::current_exe()?, &["print-worker"]));
    let router = lgwan::router(LgwanState::new(vec![buyer], printer)?);
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    let serving = tokio::spawn(axum::serve(listener, router).into_future());
    let mut visitor = Visitor::new(port);
    visitor.sign_in(BUYER, id, code).await?;
    let mut figure = Figure::default();
    for at in 0..rounds {
        let path = address(&QUESTIONS[at % QUESTIONS.len()].1(at));
        let begin = Instant::now();
        visitor.open(&path).await?;
        figure.since(begin);
    }
    figure.print("  all, the page over HTTP");
    serving.abort();
    Ok(())
}

/// The address of the page that asks this.
fn address(question: &Question) -> String {
    let number = |number: Option<i64>| number.map(|it| it.to_string()).unwrap_or_default();
    let word = |answer: Option<bool>| match answer {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    };
    let pairs = [
        ("text", encoded(&question.text)),
        ("item", encoded(&question.item)),
        ("business", question.system.clone()),
        ("from", number(question.yen.0)),
        ("to", number(question.yen.1)),
        ("residents", RESIDENTS.to_string()),
        ("conforms", word(question.conforms.flatten()).to_owned()),
        ("contract", word(question.contracted).to_owned()),
    ];
    let pairs = pairs.map(|(name, value)| format!("{name}={value}"));
    format!("/{BUYER}/catalogue?{}", pairs.join("&"))
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
