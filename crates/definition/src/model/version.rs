//! An older version of a system over the registers of the version that is installed now.
//!
//! Procedures, forms, rules and parameters stay those of the older version; of the newer one only
//! what its tables hold besides is taken over, so that no value is lost by an older procedure.

use super::{CodeList, Register, System};

impl System {
    /// This version with what the tables of `installed` hold more: its added registers, items and
    /// codes, and what it conceals. The hash stays this version's own.
    pub fn over(&self, installed: &System) -> System {
        let mut out = self.clone();
        for newer in &installed.registers {
            match out.registers.iter_mut().find(|own| own.id == newer.id) {
                Some(own) => widen(own, newer),
                None => out.registers.push(newer.clone()),
            }
        }
        for (name, newer) in &installed.codes {
            let own = out.codes.entry(name.clone());
            let list = own.or_insert_with(|| CodeList { name: name.clone(), entries: Vec::new() });
            for entry in &newer.entries {
                if list.name_of(&entry.code).is_none() {
                    list.entries.push(entry.clone());
                }
            }
        }
        out
    }
}

fn widen(own: &mut Register, newer: &Register) {
    for item in &newer.items {
        match own.items.iter_mut().find(|known| known.romaji == item.romaji) {
            Some(known) => {
                known.conceal |= item.conceal;
                // Where its values are stored follows the tables that are there.
                known.kind.clone_from(&item.kind);
                known.search = item.search;
            }
            None => own.items.push(item.clone()),
        }
    }
    own.restricted |= newer.restricted;
    let column = newer.concealed_by.as_ref().and_then(|name| newer.item(name));
    let flag = column.and_then(|item| own.item_by_romaji(&item.romaji));
    own.concealed_by = flag.map(|item| item.name.clone()).or(own.concealed_by.take());
}
