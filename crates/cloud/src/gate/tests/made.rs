//! A package made of a standard: every item, procedure, event and link that it asks for, and no
//! more. So a layout for which nobody has a package yet is tried as well.

use std::fmt::Write as _;

use definition::model::{Effect, EventType, Procedure, Trigger, Use, Verb};
use definition::standard::{RequiredProcedure, StandardType};

use super::*;

/// The package, loaded as a vendor's would be; what is done and read is borrowed of the built-in
/// systems.
pub(super) fn made(standard: &Standard) -> System {
    let mut package = Package::default();
    let version = standard.version.as_deref().unwrap_or("1");
    let head = format!(
        "id: made\ncode: \"{}\"\nname: {}\nname_en: Made\nstatute: なし\n\
         standard: {{ name: \"{}\", version: \"{version}\" }}\nversion: 1\n\
         bodies: [municipality]\n",
        standard.id, standard.name, standard.title
    );
    package.files.insert("system.yaml".to_owned(), head);
    let price = root().join("systems/seal-registration/price.yaml");
    package.files.insert("price.yaml".to_owned(), fs::read_to_string(price).unwrap());
    for (at, group) in standard.groups.iter().enumerate() {
        package.files.insert(format!("registers/group-{at}.yaml"), register(at, group));
    }
    for (at, list) in standard.codes.values().enumerate() {
        let mut text = format!("name: {}\nentries:\n", list.name);
        for entry in &list.entries {
            let _ = writeln!(text, "  \"{}\": {{ name: {}, name_en: X }}", entry.code, entry.name);
        }
        package.files.insert(format!("codes/list-{at}.yaml"), text);
    }
    let mut system = match definition::load(&package) {
        Ok((system, _)) => system,
        Err(found) => panic!("{}: {found:#?}", standard.id),
    };
    linked(standard, &mut system);
    system
}

fn register(at: usize, group: &definition::standard::Group) -> String {
    let key = group.items.iter().find(|item| item.key).expect("a key");
    let mut text = format!(
        "id: group-{at}\nname: {}\nname_en: Group\nkey: {}\ntitle: {}\nitems:\n",
        group.name, key.name, key.name
    );
    for item in &group.items {
        let flag =
            |is: bool, word: &str| if is { format!(", {word}: true") } else { String::new() };
        let _ = writeln!(
            text,
            "  - {{ no: \"{}\", name: {}, name_en: Item, romaji: {}, {}{}{} }}",
            item.number,
            item.name,
            item.romaji,
            kind(item),
            flag(item.output == definition::standard::Output::Must, "required"),
            flag(item.secret, "secret"),
        );
    }
    text
}

fn kind(item: &StandardItem) -> String {
    let length = item.length;
    match (&item.codes, item.kind) {
        (Some(list), _) => format!("type: code, codes: {list}"),
        (None, StandardType::Date) => format!("type: DATE, uncertain: {}", item.uncertain),
        (None, StandardType::Time) => "type: TIME".to_owned(),
        (None, kind) => format!("type: \"{}\", length: {length}", kind.word()),
    }
}

/// Procedures, events and uses, with effects such as the built-in systems have.
fn linked(standard: &Standard, system: &mut System) {
    let known = BUSINESSES.map(|(_, name)| super::system(name));
    let effects: Vec<&Effect> = known
        .iter()
        .flat_map(|one| one.procedures.iter().flat_map(|procedure| &procedure.effects))
        .collect();
    let model = &known[0].procedures[0];
    let each = standard.procedures.iter().enumerate();
    system.procedures = each.map(|(at, one)| procedure(at, one, (model, &effects))).collect();
    let event = |one: &definition::standard::RequiredEvent| EventType {
        id: one.id.clone(),
        name: one.name.clone(),
        name_en: "Event".to_owned(),
        register: "group-0".to_owned(),
        items: one.items.clone(),
    };
    system.events = standard.events.iter().map(event).collect();
    let item = &known[0].registers[0].items[0];
    let read = |one: &definition::standard::RequiredRead| Use {
        name: "相手".to_owned(),
        system: one.system.clone(),
        register: "group-0".to_owned(),
        key: item.name.clone(),
        items: one.items.iter().map(|name| Item { name: name.clone(), ..item.clone() }).collect(),
        source: one.place.clone(),
    };
    system.uses = standard.reads.iter().map(read).collect();
    system.examples = known[0].examples.clone();
}

fn procedure(
    at: usize,
    wanted: &RequiredProcedure,
    (model, effects): (&Procedure, &[&Effect]),
) -> Procedure {
    let does = |effect: &&&Effect| {
        wanted.does == Some(effect.verb.word())
            || wanted.document && matches!(effect.verb, Verb::Notify { .. })
    };
    let heard = wanted.on.as_deref().and_then(|event| event.split_once('.'));
    let on = heard.map(|(system, event)| Trigger {
        system: system.to_owned(),
        event: event.to_owned(),
        source: wanted.place.clone(),
    });
    Procedure {
        id: format!("p{at}"),
        name: wanted.name.clone(),
        statute: wanted.statute.clone(),
        kind: wanted.kind,
        event: wanted.event.clone(),
        effects: effects.iter().filter(does).map(|effect| (**effect).clone()).collect(),
        on: on.into_iter().collect(),
        ..model.clone()
    }
}
