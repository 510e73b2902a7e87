//! The people of a sample organisation: every fact finds its item, and rows stay what they were.

use office::seed::{SampleChunk, SampleSubject};

use super::*;

/// The first `people` of a sample organisation as one chunk.
fn chunk(kind: &str, people: u32) -> SampleChunk {
    let source = sample::samples(Some(kind)).remove(0).source;
    let seed = source.code.parse().unwrap();
    let people = Population::new(seed, source, people, sample::DAY);
    let (maker, mut chunk) = (Maker::new(&people), Maker::chunk());
    for household in people.iter() {
        let before = chunk.people.len() as u64;
        maker.household(&household, before, &mut chunk).unwrap();
    }
    chunk
}

/// A loader that computes rows only: no connection is opened.
fn seeder(system: &Arc<System>) -> Seeder {
    let vault = store::vault::Vault::from_master(&[7; 32]).unwrap();
    let database = Database::new(Default::default(), 1, Some(Arc::new(vault))).unwrap();
    Seeder::new(database, system.clone(), sample::DAY, sample::RECORDED_AT)
}

#[test]
fn the_village_fits_every_system() {
    let village = chunk("village", 1_000);
    let days_ascend = |subject: &SampleSubject| {
        let versions = &village.versions[subject.versions.clone()];
        !versions.is_empty() && versions.windows(2).all(|pair| pair[0].from < pair[1].from)
    };
    assert!(village.people.iter().chain(&village.households).all(days_ascend));
    assert!(village.people.iter().any(|one| one.versions.len() > 1));
    for system in crate::systems::systems_load().unwrap().iter() {
        let seeder = seeder(system);
        let (one, two) = (seeder.rows(&village).unwrap(), seeder.rows(&village).unwrap());
        assert_eq!((one.people(), one.digest()), (1_000, two.digest()));
    }
}

/// A load that was broken off goes on with these very rows: they never change unnoticed.
#[track_caller]
fn check(id: &str, digest: &str) {
    let systems = crate::systems::systems_load().unwrap();
    let system = systems.iter().find(|system| system.id == id).unwrap();
    let rows = seeder(system).rows(&chunk("special_ward", 2_000)).unwrap();
    assert_eq!(rows.digest(), digest);
}

#[test]
fn the_rows_are_those_of_the_first_release() {
    check("resident-record", "2dd09677abe0c6f54c440bc136adc7fe21cbd1b26095b01112b10c8b578d121e");
    check("seal-registration", "a8bd1a333f7378f17377de5ef73d33325c48f4e697ee53afd00001b099d4e430");
}
