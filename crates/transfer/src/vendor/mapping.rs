//! Which item of one package is which of another: by データ項目ID, and where neither has a number by
//! the name under which it is published. Pure.

use definition::System;
use definition::model::{Item, ItemKind, Register};
use serde::Serialize;
use store::register::Table;

use crate::TransferError;

/// The homes of all items of a package in another of the same business.
pub struct Mapping<'s> {
    /// The package that is left.
    pub from: &'s System,
    /// The package that takes over.
    pub to: &'s System,
    /// Every register of the package that is left.
    pub registers: Vec<RegisterHome<'s>>,
}

/// The home of a register.
pub struct RegisterHome<'s> {
    pub(super) source: &'s Register,
    pub(super) target: Option<&'s Register>,
    /// For each item of the source, its position in the target, or why there is none.
    pub(super) items: Vec<Result<usize, String>>,
}

/// The home of an item, to be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ItemHome {
    /// Register of the package that is left.
    pub register: String,
    /// データ項目ID.
    pub number: Option<String>,
    /// Item.
    pub item: String,
    /// Register and item of the package that takes over; `None` without a home.
    pub home: Option<(String, String)>,
    /// Why it has none.
    pub why: String,
}

impl<'s> Mapping<'s> {
    /// Finds the homes.
    ///
    /// # Errors
    /// [`TransferError::Refused`] when the packages are of different businesses.
    pub fn of(from: &'s System, to: &'s System) -> Result<Mapping<'s>, TransferError> {
        if from.code != to.code {
            return Err(TransferError::Refused(format!(
                "{}（業務ID {}）から{}（業務ID {}）へは移せません。同じ業務の製品を選んでください",
                from.name, from.code, to.name, to.code
            )));
        }
        let mut taken: Vec<&str> = Vec::new();
        let mut registers = Vec::new();
        for source in &from.registers {
            let key = &source.items[source.key_index()];
            let target = to.registers.iter().find(|one| {
                !taken.contains(&one.id.as_str())
                    && is_same(key, &one.items[one.key_index()])
                    && (one.id == source.id || !from.registers.iter().any(|own| own.id == one.id))
            });
            taken.extend(target.map(|one| one.id.as_str()));
            let home = |item| match target {
                Some(target) => home_of(item, target),
                None => Err("移行先に、この台帳にあたる台帳がありません".to_owned()),
            };
            let items = source.items.iter().map(home).collect();
            registers.push(RegisterHome { source, target, items });
        }
        Ok(Mapping { from, to, registers })
    }

    /// Every item with its home.
    pub fn items(&self) -> Vec<ItemHome> {
        let of =
            |home: &RegisterHome<'_>| -> Vec<ItemHome> {
                let pairs = home.source.items.iter().zip(&home.items);
                pairs
                    .map(|(item, place)| ItemHome {
                        register: home.source.name.clone(),
                        number: item.number.clone(),
                        item: item.name.clone(),
                        home: place.as_ref().ok().zip(home.target).map(|(at, target)| {
                            (target.name.clone(), target.items[*at].name.clone())
                        }),
                        why: place.as_ref().err().cloned().unwrap_or_default(),
                    })
                    .collect()
            };
        self.registers.iter().flat_map(of).collect()
    }

    /// Items that the other package requires and nothing fills: (register, item).
    pub fn unfilled(&self) -> Vec<(String, String)> {
        let mut out = Vec::new();
        for home in &self.registers {
            let Some(target) = home.target else { continue };
            for (at, item) in target.items.iter().enumerate().filter(|(_, item)| item.required) {
                if !home.items.contains(&Ok(at)) {
                    out.push((target.name.clone(), item.name.clone()));
                }
            }
        }
        out
    }

    /// The register whose rows a procedure of this package has something to do with on a day, where
    /// the other package goes on with it: it has one of the same name, for the rows that took over.
    pub(super) fn carries(&self, procedure: &str) -> Option<&'s str> {
        let (own, other) = (self.from.procedure(procedure)?, self.to.procedure(procedure)?);
        let home = self.registers.iter().find(|home| home.source.id == own.register)?;
        let is_there = home.target.is_some_and(|target| target.id == other.register);
        is_there.then_some(home.source.id.as_str())
    }

    /// Where the items are called otherwise: (register, item) here and there, by their identifiers
    /// and names.
    pub(super) fn names(&self) -> Vec<((&'s str, &'s str), (&'s str, &'s str))> {
        let mut out = Vec::new();
        for home in &self.registers {
            let Some(target) = home.target else { continue };
            for (item, place) in home.source.items.iter().zip(&home.items) {
                let Ok(at) = place else { continue };
                let own = (home.source.id.as_str(), item.name.as_str());
                out.push((own, (target.id.as_str(), target.items[*at].name.as_str())));
            }
        }
        out
    }

    /// Every table of the package that is left, current and past.
    pub(super) fn tables(&self) -> impl Iterator<Item = (&RegisterHome<'s>, bool)> {
        self.registers.iter().flat_map(|home| [(home, false), (home, true)])
    }
}

impl<'s> RegisterHome<'s> {
    pub(super) fn source_table(&self, mapping: &Mapping<'s>) -> Table<'s> {
        Table { system: mapping.from, register: self.source }
    }

    pub(super) fn target_table(&self, mapping: &Mapping<'s>) -> Option<Table<'s>> {
        self.target.map(|register| Table { system: mapping.to, register })
    }
}

/// The same item: by number; without numbers by the name under which others read it.
fn is_same(one: &Item, other: &Item) -> bool {
    match (&one.number, &other.number) {
        (Some(one), Some(other)) => one == other,
        (None, None) => one.name == other.name,
        _ => false,
    }
}

fn home_of(item: &Item, target: &Register) -> Result<usize, String> {
    let at = target.items.iter().position(|other| is_same(item, other));
    let at =
        at.ok_or_else(|| format!("移行先の台帳「{}」に、この項目がありません", target.name))?;
    let other = &target.items[at];
    if item.secret && !other.secret {
        return Err("移行先では暗号化されない項目です".to_owned());
    }
    let text = |kind: &ItemKind| matches!(kind, ItemKind::HalfWidth(_) | ItemKind::FullWidth(_));
    let fits = match (&item.kind, &other.kind) {
        (one, other) if text(one) && text(other) => true,
        (one, other) => std::mem::discriminant(one) == std::mem::discriminant(other),
    };
    if fits { Ok(at) } else { Err("移行先と型が違います".to_owned()) }
}
