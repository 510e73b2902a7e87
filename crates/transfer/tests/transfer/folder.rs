//! Reads the folders of systems and standards in the repository.

use std::path::Path;

use definition::standard::Standard;
use definition::{Package, System};

fn package(path: &str) -> Package {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    let mut package = Package::default();
    let mut open = vec![folder.clone()];
    while let Some(current) = open.pop() {
        for entry in std::fs::read_dir(&current).expect("the folder can be read") {
            let path = entry.expect("the entry can be read").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(&folder).expect("the path lies within");
            let text = std::fs::read_to_string(&path).expect("the file is UTF-8");
            package.files.insert(name.to_string_lossy().into_owned(), text);
        }
    }
    package
}

/// A system of the repository, by its path.
pub fn system(path: &str) -> System {
    definition::load(&package(path)).expect("a sound system").0
}

/// A standard of the repository, by its path.
pub fn standard(path: &str) -> Standard {
    Standard::load(&package(path)).expect("a sound standard").0
}

const SYSTEM: &str = "\
id: things
code: \"999\"
name: 物
name_en: Things
statute: なし
standard: { name: なし, version: \"1\" }
version: 0.1.0
bodies: [municipality]
";

const CODES: &str = "\
name: 色
entries:
  \"1\": { name: 赤, name_en: Red }
  \"2\": { name: 青, name_en: Blue }
";

const REGISTER: &str = "\
id: small-thing
name: 物
name_en: Thing
subject: thing
key: 番号
title: 名前
items:
  - { name: 名前, name_en: Name, romaji: namae, type: Ｎ, length: 50, required: true, search: name, group: 物 }
  - { name: 番号, name_en: Number, romaji: bango, type: X, length: 15, required: true, search: exact }
  - { name: 色, name_en: Colour, romaji: iro, type: code, codes: 色 }
  - { name: 数, name_en: Count, romaji: kazu, type: S9, length: 6 }
  - { name: 日, name_en: Day, romaji: hi, type: DATE, uncertain: true, required: true, search: date }
  - { name: 期限, name_en: Until, romaji: kigen, type: DATE }
  - { name: 時刻, name_en: Time, romaji: jikoku, type: TIME, required: true }
  - { name: 済, name_en: Done, romaji: sumi, type: flag }
  - { name: 所, name_en: Place, romaji: tokoro, type: Ｎ, length: 50, search: address }
  - { name: 秘密, name_en: Secret, romaji: himitsu, type: X, length: 12, secret: true }
";

/// A system with one register that has an item of every kind; `version` changes its hash.
pub fn things(version: &str) -> System {
    things_with(version, &[])
}

/// The same of another vendor: each change is what is replaced, once, in the register or the codes.
pub fn things_with(version: &str, changes: &[(&str, &str)]) -> System {
    let mut package = Package::default();
    let (mut codes, mut register) = (CODES.to_owned(), REGISTER.to_owned());
    for (before, after) in changes {
        assert!(codes.contains(before) || register.contains(before), "{before}");
        codes = codes.replacen(before, after, 1);
        register = register.replacen(before, after, 1);
    }
    let text = SYSTEM.replace("0.1.0", version);
    let name = register.lines().next().and_then(|line| line.strip_prefix("id: "));
    let file = format!("registers/{}.yaml", name.expect("an identifier"));
    for (path, text) in [
        ("system.yaml", text.as_str()),
        ("codes/colour.yaml", codes.as_str()),
        (file.as_str(), register.as_str()),
    ] {
        package.files.insert(path.to_owned(), text.to_owned());
    }
    match definition::load(&package) {
        Ok((system, _)) => system,
        Err(errors) => panic!("{errors:?}"),
    }
}

/// The same with a procedure that a timer may start.
pub fn with_watch(system: &System) -> System {
    let text = format!(
        "id: watch\nname: 見守り\nname_en: Watch\nstatute: なし\nkind: official\norder: 1\n\
         select: one\nregister: {id}\nreason: 見守り\nhandling_days: 1\nguidance: 見る。\n\
         guidance_en: Look.\nform:\n  - group: 内容\n    name_en: Content\n    fields:\n      \
         - {{ name: 異動日, name_en: Happened on, type: date, required: true }}\neffects:\n  \
         - amend: {id}\n    set: {{ 済: \"true\" }}\n",
        id = system.registers[0].id
    );
    let mut package = Package { files: (*system.files).clone() };
    package.files.insert("procedures/watch.yaml".to_owned(), text);
    match definition::load(&package) {
        Ok((system, _)) => system,
        Err(errors) => panic!("{errors:?}"),
    }
}

/// A system that reads 数 of the other's 物.
pub fn things_used() -> System {
    let mut package = Package::default();
    let text = SYSTEM.replace("id: things", "id: shelves").replace("999", "998");
    let uses = "\
uses:
  - name: 物
    system: things
    register: small-thing
    key: 番号
    items:
      - { name: 数, name_en: Count, romaji: kazu, type: S9, length: 6 }
";
    let register = REGISTER.replace("small-thing", "shelf").replace("name: 物", "name: 棚");
    for (path, text) in [
        ("system.yaml", text + uses),
        ("codes/colour.yaml", CODES.to_owned()),
        ("registers/shelf.yaml", register),
    ] {
        package.files.insert(path.to_owned(), text);
    }
    match definition::load(&package) {
        Ok((system, _)) => system,
        Err(errors) => panic!("{errors:?}"),
    }
}
