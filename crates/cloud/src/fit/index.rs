//! What a package has, by folded names and by numbers of the standard, with the place of each; and
//! the neighbours of a name, for what comes near it.

use std::collections::{HashMap, HashSet};

use definition::model::{Item, Procedure, ProcedureKind};

use super::Candidate;

/// A pair of neighbouring characters.
pub(super) type Pair = (char, char);

/// Folds names and remembers: the same names stand in many packages.
#[derive(Default)]
pub(super) struct Keys(HashMap<String, String>);

impl Keys {
    /// The key of a name: kana and variants of kanji folded as names of people are when they are
    /// searched, without the particle の, signs and brackets.
    pub(super) fn of(&mut self, name: &str) -> String {
        if let Some(known) = self.0.get(name) {
            return known.clone();
        }
        let key = key(name);
        self.0.insert(name.to_owned(), key.clone());
        key
    }
}

fn key(name: &str) -> String {
    let said = |sign: &char| sign.is_alphanumeric() && *sign != 'の';
    // A long mark is a letter, and is folded away with the rest.
    let plain: String = name.chars().filter(said).collect();
    base::kanji::fold(&base::kana::fold(&plain))
}

/// The pairs of a key, each once, in order.
pub(super) fn pairs(key: &str) -> Vec<Pair> {
    let mut found: Vec<Pair> = key.chars().zip(key.chars().skip(1)).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Something that a package has.
pub(super) struct Part<'c> {
    /// Its name.
    pub(super) name: &'c str,
    /// What sort of thing it is, for people.
    pub(super) sort: &'static str,
    /// The file that says so.
    pub(super) place: String,
    /// The number of the standard.
    pub(super) number: Option<&'c str>,
    /// A value that the body sets.
    pub(super) set: bool,
}

impl Part<'_> {
    /// Sort, name, number and place, for people.
    pub(super) fn said(&self) -> String {
        let number = self.number.map(|number| format!(" {number}")).unwrap_or_default();
        format!("{}{number}「{}」（{}）", self.sort, self.name, self.place)
    }
}

/// What one offer has.
pub(super) struct Index<'c> {
    /// The offer.
    pub(super) offer: i64,
    /// 業務ID.
    pub(super) code: &'c str,
    parts: Vec<Part<'c>>,
    names: HashMap<String, Vec<usize>>,
    numbers: HashMap<&'c str, usize>,
    /// Pair → names that have it; and how many pairs each name has.
    neighbours: HashMap<Pair, Vec<usize>>,
    sizes: Vec<usize>,
    /// What the vendor says that the package has not: key → the whole sentence.
    lacking: HashMap<String, &'c str>,
    /// Lines of documents: name of the file, line, key.
    lines: Vec<(&'c str, usize, String)>,
    /// Every pair that stands in a line.
    written: HashSet<Pair>,
}

impl<'c> Index<'c> {
    /// Of a candidate.
    pub(super) fn of(candidate: &'c Candidate, keys: &mut Keys) -> Index<'c> {
        let system = &*candidate.system;
        let mut index = Index {
            offer: candidate.offer,
            code: &system.code,
            parts: parts(candidate),
            names: HashMap::new(),
            numbers: HashMap::new(),
            neighbours: HashMap::new(),
            sizes: Vec::new(),
            lacking: HashMap::new(),
            lines: Vec::new(),
            written: HashSet::new(),
        };
        for (at, part) in index.parts.iter().enumerate() {
            if let Some(number) = part.number {
                index.numbers.entry(number).or_insert(at);
            }
            let key = keys.of(part.name);
            let found = pairs(&key);
            index.sizes.push(found.len());
            let same = index.names.entry(key).or_default();
            if same.is_empty() {
                for pair in found {
                    index.neighbours.entry(pair).or_default().push(at);
                }
            }
            same.push(at);
        }
        for sentence in &system.limits {
            for what in lacking(sentence) {
                index.lacking.insert(keys.of(what), sentence);
            }
        }
        for (file, text) in &candidate.documents {
            // A bill of materials describes no function.
            if !file.ends_with(".md") {
                continue;
            }
            let lines = text.lines().enumerate();
            index.lines.extend(lines.map(|(at, line)| (file.as_str(), at + 1, keys.of(line))));
        }
        let written = index.lines.iter().flat_map(|(.., key)| key.chars().zip(key.chars().skip(1)));
        index.written = written.collect();
        index
    }

    /// What has this name.
    pub(super) fn named(&self, key: &str) -> impl Iterator<Item = &Part<'c>> {
        self.names.get(key).into_iter().flatten().map(|at| &self.parts[*at])
    }

    /// What has this number of the standard.
    pub(super) fn numbered(&self, number: &str) -> Option<&Part<'c>> {
        self.numbers.get(number).map(|at| &self.parts[*at])
    }

    /// Every part with a number, and the key of its name.
    pub(super) fn standard(&self) -> impl Iterator<Item = (&str, &'c str)> {
        self.names.iter().flat_map(|(key, places)| {
            let numbers = places.iter().filter_map(|at| self.parts[*at].number);
            numbers.map(move |number| (key.as_str(), number))
        })
    }

    /// The vendor's sentence that says that this is not there.
    pub(super) fn lacking(&self, key: &str) -> Option<&'c str> {
        self.lacking.get(key).copied()
    }

    /// The first line of a document in which a name stands.
    pub(super) fn mentioned(&self, key: &str, pairs: &[Pair]) -> Option<(&'c str, usize)> {
        // Most names share no line with a document: their pairs tell at once.
        if !pairs.iter().all(|pair| self.written.contains(pair)) {
            return None;
        }
        let found = self.lines.iter().find(|(.., line)| line.contains(key));
        found.map(|(file, line, _)| (*file, *line))
    }

    /// At most three parts whose names share half of their pairs or more (Dice), the nearest first.
    pub(super) fn near(&self, asked: &[Pair]) -> Vec<&Part<'c>> {
        let mut shared: HashMap<usize, usize> = HashMap::new();
        for at in asked.iter().filter_map(|pair| self.neighbours.get(pair)).flatten() {
            *shared.entry(*at).or_default() += 1;
        }
        let share = |(at, count): (usize, usize)| {
            let whole = asked.len() + self.sizes[at];
            (4 * count >= whole).then(|| (2_000 * count / whole, at))
        };
        let mut found: Vec<(usize, usize)> = shared.into_iter().filter_map(share).collect();
        found.sort_unstable_by_key(|(share, at)| (std::cmp::Reverse(*share), *at));
        found.truncate(3);
        found.into_iter().map(|(_, at)| &self.parts[at]).collect()
    }
}

/// Everything that has a name, in the order in which it counts.
fn parts(candidate: &Candidate) -> Vec<Part<'_>> {
    let system = &*candidate.system;
    let mut out = Vec::new();
    for procedure in &system.procedures {
        out.push(plain(
            &procedure.name,
            sort(procedure),
            format!("procedures/{}.yaml", procedure.id),
        ));
    }
    for register in &system.registers {
        let place = format!("registers/{}.yaml", register.id);
        out.push(plain(&register.name, "台帳", place.clone()));
        let item = |item| item_part(item, &place);
        out.extend(register.items.iter().map(item));
    }
    for (name, parameter) in &system.parameters {
        let (sort, set) = match parameter.ordinance {
            true => ("団体が条例で定める値", true),
            false => ("法令の定める値", false),
        };
        out.push(Part { set, ..plain(name, sort, "parameters/".to_owned()) });
    }
    for event in &system.events {
        out.push(plain(&event.name, "公開する事象", "system.yaml".to_owned()));
    }
    for read in &system.uses {
        let place = format!("system.yaml、{} から", read.system);
        let item = |item| plain(name_of(item), "ほかの業務から読む項目", place.clone());
        out.extend(read.items.iter().map(item));
    }
    for procedure in &system.procedures {
        let place = format!("procedures/{}.yaml「{}」", procedure.id, procedure.name);
        for (_, field) in procedure.fields() {
            out.push(plain(&field.name, "入力欄", place.clone()));
            if !field.label.is_empty() && field.label != field.name {
                out.push(plain(&field.label, "入力欄", place.clone()));
            }
        }
    }
    out
}

fn name_of(item: &Item) -> &str {
    &item.name
}

fn plain<'c>(name: &'c str, sort: &'static str, place: String) -> Part<'c> {
    Part { name, sort, place, number: None, set: false }
}

fn item_part<'c>(item: &'c Item, place: &str) -> Part<'c> {
    Part { number: item.number.as_deref(), ..plain(&item.name, "項目", place.to_owned()) }
}

fn sort(procedure: &Procedure) -> &'static str {
    match procedure.kind {
        ProcedureKind::Notification => "手続（届出・申請）",
        ProcedureKind::Official => "手続（職権）",
        ProcedureKind::Certificate => "証明・通知",
        ProcedureKind::Reaction => "自動の手続",
    }
}

/// What a sentence like 「Aと、Bはない」 says that there is not: A and B.
fn lacking(sentence: &str) -> impl Iterator<Item = &str> {
    const ENDS: [&str; 4] = ["はない", "はありません", "は扱わない", "はできない"];
    let sentences = sentence.split('。').map(str::trim);
    let told = sentences.filter_map(|one| ENDS.iter().find_map(|end| one.strip_suffix(end)));
    told.flat_map(|what| what.split('、')).map(|what| what.strip_suffix('と').unwrap_or(what))
}
