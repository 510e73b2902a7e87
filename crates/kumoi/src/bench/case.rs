//! A family at the counter: entered by a clerk, decided by a chief, reactions of all systems run.

use std::time::Instant;

use anyhow::Result;
use jiff::Timestamp;
use office::access::role;
use office::case::{case_approve, case_enter};
use office::reaction::work;

use super::Looks;
use super::figure::Figure;
use super::place::{Folder, Place, actor};
use super::work::Work;

/// Measures entry, decision, reactions and all of them together.
pub(super) async fn case(folder: &Folder, looks: Looks) -> Result<()> {
    let place = Place::open(folder).await?;
    let city = place.city_with_people(looks.people).await?;
    place.remember(&city).await?;
    let office = &city.office;
    let entered = Work::read()?.case;
    let (clerk, chief) = (actor("madoguchi", role::COUNTER), actor("kakaricho", role::CHIEF));
    // A folder that is used again already knows the names of earlier runs.
    let first = u32::try_from(Timestamp::now().as_second() % 1_000_000)? * 1_000;
    let mut figures: [Figure; 5] = Default::default();
    for number in 0..looks.count {
        let input = entered.numbered(first + number);
        let begin = Instant::now();
        let id = case_enter(office, &clerk, &input).await?;
        figures[0].since(begin);
        let middle = Instant::now();
        case_approve(office, &chief, (id, 1), None).await?;
        figures[1].since(middle);
        figures[2].since(begin);
        let after = Instant::now();
        while work(office, Timestamp::now()).await? > 0 {}
        figures[3].since(after);
        figures[4].since(begin);
    }
    let names = ["entry", "decision", "entry and decision", "reactions", "everything"];
    for (name, figure) in names.iter().zip(&figures) {
        figure.print(&format!("case, {name}"));
    }
    place.close().await
}
