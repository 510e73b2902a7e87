//! Random but valid systems: a register with items of every kind, the procedures that change it,
//! and a second system that reads the first and reacts to its events.

use std::fmt::Write as _;

use base::date::LooseDate;
use definition::{Package, System};
use serde_json::{Value as Json, json};
use store::ItemValue;

/// A repeatable source of choices (xorshift).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % end
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn one<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

#[derive(Clone, Debug)]
pub enum Kind {
    Half(usize),
    Full(usize),
    Integer { digits: usize, signed: bool },
    Date { uncertain: bool },
    Time,
    Code(Vec<String>),
    Flag,
}

/// An item beside key, title and group number.
#[derive(Clone, Debug)]
pub struct Spec {
    pub name: String,
    pub kind: Kind,
    pub secret: bool,
    extra: String,
}

/// A generated system and what it is made of; the second system watches the first.
pub struct Generated {
    pub first: System,
    pub second: System,
    pub items: Vec<Spec>,
    /// The key follows a number scheme, so that pages find rows of other systems.
    pub scheme: bool,
}

impl Spec {
    fn new(dice: &mut Dice, number: usize) -> Spec {
        let kind = match number {
            0..=7 => number,
            _ => dice.below(8),
        };
        let kind = match kind {
            0 => Kind::Half(1 + dice.below(12)),
            1 => Kind::Full(1 + dice.below(20)),
            2 => Kind::Integer { digits: 1 + dice.below(9), signed: false },
            3 => Kind::Integer { digits: 1 + dice.below(9), signed: true },
            4 => Kind::Date { uncertain: dice.chance(70) },
            5 => Kind::Code((0..1 + dice.below(4)).map(|n| format!("{n}")).collect()),
            6 => Kind::Time,
            _ => Kind::Flag,
        };
        let secret = matches!(kind, Kind::Half(_)) && dice.chance(40);
        let search = match kind {
            Kind::Half(_) if !secret => *dice.one(&["", ", search: exact"]),
            Kind::Full(_) => *dice.one(&["", ", search: name", ", search: address"]),
            Kind::Date { .. } => *dice.one(&["", ", search: date"]),
            _ => "",
        };
        let mut extra = search.to_owned();
        if secret {
            extra.push_str(", secret: true");
        }
        if dice.chance(20) {
            extra.push_str(", internal: true");
        }
        if dice.chance(30) {
            let _ = write!(extra, ", group: 区分{}", dice.below(3));
        }
        Spec { name: format!("項目{number}"), kind, secret, extra }
    }

    fn line(&self, number: usize) -> String {
        let kind = match &self.kind {
            Kind::Half(n) => format!("type: X, length: {n}"),
            Kind::Full(n) => format!("type: Ｎ, length: {n}"),
            Kind::Integer { digits, signed: false } => format!("type: \"9\", length: {digits}"),
            Kind::Integer { digits, signed: true } => format!("type: S9, length: {digits}"),
            Kind::Date { uncertain } => format!("type: DATE, uncertain: {uncertain}"),
            Kind::Code(_) => format!("type: code, codes: 一覧{number}"),
            Kind::Time => "type: TIME".to_owned(),
            Kind::Flag => "type: flag".to_owned(),
        };
        let Spec { name, extra, .. } = self;
        format!("  - {{ name: {name}, name_en: Item, romaji: item_{number}, {kind}{extra} }}\n")
    }

    /// A value as it is entered and as it is recorded.
    pub fn value(&self, dice: &mut Dice) -> (Json, ItemValue) {
        match &self.kind {
            Kind::Half(n) => {
                let letters = b"ABCXYZ0123789";
                let length = 1 + dice.below(*n);
                let text: String = (0..length).map(|_| char::from(*dice.one(letters))).collect();
                (json!(text), ItemValue::Text(text))
            }
            Kind::Full(n) => {
                let letters: Vec<char> = "雲居霞山川田中本町見あいウエ".chars().collect();
                let length = 1 + dice.below(*n);
                let text: String = (0..length).map(|_| *dice.one(&letters)).collect();
                (json!(text), ItemValue::Text(text))
            }
            Kind::Integer { digits, signed } => {
                let greatest = 10_usize.pow(u32::try_from(*digits).unwrap());
                let number = i64::try_from(dice.below(greatest)).unwrap();
                let number = if *signed && dice.chance(50) { -number } else { number };
                (json!(number.to_string()), ItemValue::Integer(number))
            }
            Kind::Date { uncertain } => {
                let certain = ["1960-02-29", "2001-12-31", "昭和64年1月7日", "2024-03-01"];
                let loose = ["昭和15年4月日不詳", "1960年2月頃", "2001-12-31"];
                let text = if *uncertain { *dice.one(&loose) } else { *dice.one(&certain) };
                (json!(text), ItemValue::Date(LooseDate::parse(text).unwrap()))
            }
            Kind::Code(codes) => {
                let code = dice.one(codes).clone();
                (json!(code), ItemValue::Text(code))
            }
            Kind::Time => {
                let (hour, minute) = (dice.below(24), dice.below(60));
                let text = format!("{hour:02}:{minute:02}:00");
                (json!(format!("{hour}:{minute:02}")), ItemValue::Text(text))
            }
            Kind::Flag => {
                let flag = dice.chance(50);
                (json!(flag), ItemValue::Flag(flag))
            }
        }
    }
}

impl Generated {
    pub fn new(seed: u64) -> Generated {
        let mut dice = Dice::new(seed);
        let count = 8 + dice.below(3);
        let items: Vec<Spec> = (0..count).map(|number| Spec::new(&mut dice, number)).collect();
        let scheme = dice.chance(50);
        let first = load(seed, first(&items, scheme, seed));
        let second = load(seed, second(scheme));
        let found = definition::link(&[&first, &second]);
        assert!(found.is_empty(), "seed {seed}: {found:?}");
        Generated { first, second, items, scheme }
    }
}

#[track_caller]
fn load(seed: u64, package: Package) -> System {
    match definition::load(&package) {
        Ok((system, _)) => system,
        Err(errors) => {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            panic!("seed {seed} does not load:\n{}", lines.join("\n"));
        }
    }
}

fn system_file(id: &str, rest: &str) -> String {
    format!(
        "id: {id}\ncode: \"900\"\nname: 試し\nname_en: Trial\nstatute: なし\nversion: 0.1.0\n{rest}"
    )
}

fn key_line(name: &str, scheme: bool) -> String {
    let format = if scheme { ", format: 宛名番号" } else { "" };
    format!(
        "  - {{ name: {name}, name_en: Key, romaji: bango, type: X, length: 15, required: true, \
         search: exact{format} }}\n"
    )
}

fn procedure(id: &str, head: &str, form: &str, rest: &str) -> (String, String) {
    let text = format!(
        "id: {id}\nname: {id}\nname_en: {id}\nstatute: なし\nreason: {id}\n{head}form:\n  \
         - group: 届出\n    name_en: Form\n    fields:\n      - {{ name: 異動日, name_en: Day, \
         type: date, required: true }}\n{form}{rest}"
    );
    (format!("procedures/{id}.yaml"), text)
}

fn first(items: &[Spec], scheme: bool, seed: u64) -> Package {
    let mut files = std::collections::BTreeMap::new();
    let published: Vec<&str> =
        items.iter().filter(|item| !item.secret).map(|item| item.name.as_str()).collect();
    let event = |id: &str| {
        let items = published.join(", ");
        format!(
            "  - {{ id: {id}, name: {id}, name_en: {id}, register: thing, items: [番号, {items}] }}\n"
        )
    };
    let events = format!("events:\n{}{}", event("changed"), event("closed"));
    // Templates are shared by equal packages only; the seed tells them apart.
    let limits = format!("limits: [種 {seed}]\n");
    files.insert("system.yaml".to_owned(), system_file("gen-a", &format!("{events}{limits}")));
    for (number, item) in items.iter().enumerate() {
        if let Kind::Code(codes) = &item.kind {
            let mut text = format!("name: 一覧{number}\nentries:\n");
            for code in codes {
                let _ = writeln!(text, "  \"{code}\": {{ name: 名{code}, name_en: Name }}");
            }
            files.insert(format!("codes/list-{number}.yaml"), text);
        }
    }
    let mut thing = format!(
        "id: thing\nname: 台帳甲\nname_en: Thing\nsubject: person\nkey: 番号\ntitle: 名称\nitems:\n{}  \
         - {{ name: 名称, name_en: Title, romaji: meisho, type: Ｎ, length: 30, required: true, \
         search: name }}\n  - {{ name: 組番号, name_en: Group, romaji: kumi, type: X, length: 15, \
         required: true }}\n",
        key_line("番号", scheme)
    );
    for (number, item) in items.iter().enumerate() {
        thing.push_str(&item.line(number));
    }
    thing.push_str(
        "relations:\n  - { name: 仲間, name_en: Fellows, register: thing, by: 組番号, many: true }\n  \
         - { name: 組, name_en: Group, register: group, by: 組番号 }\n",
    );
    files.insert("registers/thing.yaml".to_owned(), thing);
    files.insert(
        "registers/group.yaml".to_owned(),
        "id: group\nname: 組\nname_en: Group\nkey: 組番号\ntitle: 組名\nitems:\n  - { name: 組番号, \
         name_en: Number, romaji: kumi, type: X, length: 15, required: true }\n  - { name: 組名, \
         name_en: Name, romaji: kumimei, type: Ｎ, length: 30 }\n"
            .to_owned(),
    );
    files.extend(procedures(items));
    Package { files }
}

const EVENT: &str = "      - { name: 取り消す異動, name_en: Event, type: event, required: true }\n";
const CANCEL: &str = "effects:\n  - cancel: 取り消す異動\n";

fn procedures(items: &[Spec]) -> Vec<(String, String)> {
    let mut entry = "  - group: 新規\n    name_en: New\n    repeat: { min: 1, max: 3 }\n    \
         fields:\n      - 名称\n"
        .to_owned();
    let (mut fields, mut set) = (String::new(), String::new());
    let (mut secret_fields, mut secret_set) = (String::new(), String::new());
    for item in items {
        let name = &item.name;
        let _ = writeln!(entry, "      - {name}");
        let field = format!("      - {{ item: {name}, name: 新_{name}, name_en: New }}\n");
        let plain = format!("      {name}: 新_{name}\n");
        match item.kind {
            // Handed over as it is, a secret stays, although rules cannot read it.
            _ if item.secret => {
                secret_fields.push_str(&field);
                let _ = writeln!(secret_set, "      {name}: value or(新_{name}, 対象.{name})");
            }
            Kind::Flag => {
                fields.push_str(&field);
                set.push_str(&plain);
            }
            _ => {
                fields.push_str(&field);
                let _ = writeln!(set, "      {name}: value or(新_{name}, 対象.{name})");
            }
        }
    }
    let one = "register: thing\nselect: one\nopen: true\n";
    let effects = |verb: &str, set: &str| format!("effects:\n  - {verb}: thing\n    set:\n{set}");
    let mut out = vec![
        procedure(
            "enter",
            "register: thing\nselect: new\n",
            &entry,
            "values:\n  件数: count(新規)\nchecks:\n  - must: 異動日 <= 本日\n    at: 異動日\n    \
             message: 先の日です\n    message_en: Future\n  - must: 件数 <= 3\n    message: 多すぎます\n\
             effects:\n  - number: 新組番号\n    series: plain\n  - open: thing\n    for: 新規\n    \
             as: 新しい行\n    take: all\n    set: { 組番号: 新組番号 }\n  - open: group\n    set: { \
             組番号: 新組番号, 組名: first(新しい行).名称 }\n",
        ),
        procedure("amend", &format!("{one}event: changed\n"), &fields, &effects("amend", &set)),
        procedure("correct", one, &fields, &effects("correct", &set)),
        procedure(
            "close",
            "register: thing\nselect: related\nopen: true\nevent: closed\n",
            "",
            "effects:\n  - close: thing\n",
        ),
        procedure("cancel", "register: thing\nselect: one\n", EVENT, CANCEL),
    ];
    if !secret_set.is_empty() {
        out.push(procedure("secret", one, &secret_fields, &effects("amend", &secret_set)));
    }
    out
}

fn second(scheme: bool) -> Package {
    let uses = "uses:\n  - name: 元\n    system: gen-a\n    register: thing\n    key: 番号\n    \
         items:\n      - { name: 名称, name_en: Title, romaji: meisho, type: Ｎ, length: 30 }\n";
    let mut files = std::collections::BTreeMap::new();
    files.insert("system.yaml".to_owned(), system_file("gen-b", uses));
    files.insert(
        "registers/watch.yaml".to_owned(),
        format!(
            "id: watch\nname: 台帳乙\nname_en: Watch\nsubject: thing\nkey: 監番号\ntitle: 写し\nitems:\n  \
             - {{ name: 監番号, name_en: Key, romaji: kanbango, type: X, length: 15, required: true \
             }}\n{}  - {{ name: 写し, name_en: Copy, romaji: utsushi, type: Ｎ, length: 30 }}\n  - {{ \
             name: 回数, name_en: Count, romaji: kaisu, type: \"9\", length: 5 }}\n",
            key_line("番号", scheme)
        ),
    );
    let reaction = "kind: reaction\nregister: watch\nselect: related\nby: 番号\nopen: true\n";
    files.extend([
        procedure(
            "watch",
            "register: watch\nselect: new\nduplicates: [番号]\n",
            "      - 番号\n",
            "checks:\n  - must: 元 != null\n    at: 番号\n    message: 元の行がありません\neffects:\n  \
             - open: watch\n    take: [番号]\n    set: { 写し: 元.名称, 回数: \"0\" }\n",
        ),
        procedure(
            "on-changed",
            &format!("{reaction}on: [gen-a.changed]\n"),
            "",
            "effects:\n  - amend: watch\n    set: { 回数: 対象.回数 + 1 }\n",
        ),
        procedure(
            "on-closed",
            &format!("{reaction}on: [gen-a.closed]\n"),
            "",
            "effects:\n  - close: watch\n",
        ),
        procedure("cancel", "register: watch\nselect: one\n", EVENT, CANCEL),
    ]);
    Package { files }
}
