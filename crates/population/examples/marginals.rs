//! Prints the shape of a sample population and the speed of making it; writes nothing.

use std::time::Instant;

use jiff::civil::date;
use population::{Population, SampleOrganisation, State};

fn main() {
    let people = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(50_000);
    let today = date(2026, 11, 22);
    let organisation = SampleOrganisation::find("雲居市").expect("a sample");
    let started = Instant::now();
    let population = Population::new(1, organisation, people, today);
    println!("{} households counted in {:?}", population.households(), started.elapsed());
    population.household(0);
    let started = Instant::now();
    let (mut young, mut old, mut women, mut foreign, mut gone, mut total) = (0, 0, 0, 0, 0, 0u32);
    for household in population.iter() {
        for person in &household.members {
            let age = person.age(today);
            total += 1;
            young += u32::from(age < 15);
            old += u32::from(age >= 65);
            women += u32::from(person.sex == population::Sex::Female);
            foreign += u32::from(person.foreign.is_some());
            gone += u32::from(!matches!(person.state, State::Living));
        }
    }
    let spent = started.elapsed();
    let share = |part: u32| f64::from(part) * 100.0 / f64::from(total);
    println!("average {:.3}", f64::from(total) / f64::from(population.households()));
    println!("0-14 {:.2}  65+ {:.2}  women {:.2}", share(young), share(old), share(women));
    println!("foreign {:.2}  removed {:.2}", share(foreign), share(gone));
    println!("{total} people in {spent:?}: {:.0}/s", f64::from(total) / spent.as_secs_f64());
}
