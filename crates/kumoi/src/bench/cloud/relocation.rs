//! An organisation moved between two clusters of one machine and back: how long nobody could write,
//! how many rows were compared, how many differed. Nobody works meanwhile; moving under writers is
//! tested in `transfer`.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use store::cluster::{Cluster, ClusterOptions};
use store::control::{Relocation, control_open, organisation_register};
use store::relocation::Seat;
use transfer::{Mover, PlaceFolder, Places as _};

use super::super::place::{Folder, Place};

/// There, back, and the copy given up.
pub(super) async fn relocation(folder: &Folder, people: u32) -> Result<()> {
    let place = Place::open(folder).await?;
    let second = Cluster::start(&ClusterOptions::new(folder.path().join("second"))).await?;
    let measured = measured(folder, &place, &second, people).await;
    second.stop().await?;
    place.close().await?;
    measured
}

async fn measured(folder: &Folder, place: &Place, second: &Cluster, people: u32) -> Result<()> {
    let city = place.city_with_people(people).await?;
    let organisation = &city.sample.organisation;
    let control = control_open(&place.installer).await?;
    organisation_register(&control, organisation).await?;
    drop(control);
    let places = PlaceFolder::open(&folder.path().join("places"))?;
    let source = place.seat()?;
    places.point(&organisation.id, source.socket())?;
    let mover = Mover {
        organisation: &organisation.id,
        source: ("first", source),
        target: ("second", Seat::of(second)?),
        home: &place.installer,
        places: &places,
    };
    let begin = Instant::now();
    let forth = mover.forth().await?;
    print(&format!("move of {people} people, there"), &forth, begin.elapsed())?;
    let begin = Instant::now();
    let back = mover.back().await?;
    print(&format!("move of {people} people, back"), &back, begin.elapsed())?;
    mover.finish().await?;
    Ok(())
}

/// One line; a row that differs is an error.
fn print(name: &str, way: &Relocation, took: Duration) -> Result<()> {
    let [held, rows, different] =
        [way.read_only_ms, way.rows, way.different].map(Option::unwrap_or_default);
    println!(
        "{name}: writing stopped {held} ms, {rows} rows compared, {different} different; the whole \
         {:.1} s (must 5 s and 0, aim 1 s and 0)",
        took.as_secs_f64()
    );
    ensure!(rows > 0 && different == 0, "{name}: {rows} rows compared, {different} different");
    Ok(())
}
