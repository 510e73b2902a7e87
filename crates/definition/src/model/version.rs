//! An older version of a system over the registers of the version that is installed now.
//!
//! Procedures, forms, rules and parameters stay those of the older version; of the newer one only
//! what its tables hold besides is taken over, so that no value is lost by an older procedure.
//! Where another vendor's package is installed by now, its registers stand in place of those that
//! are gone: what was done under the older one can be read, not gone on with.

use super::{CodeList, ItemKind, Register, System};

impl System {
    /// This version with what the tables of `installed` hold more: its added registers, items and
    /// codes, and what it conceals. The hash stays this version's own.
    pub fn over(&self, installed: &System) -> System {
        let mut out = self.clone();
        let replaced = out.replace_registers(installed);
        for newer in &installed.registers {
            match out.registers.iter_mut().find(|own| own.id == newer.id) {
                Some(own) if replaced.contains(&own.id) => {}
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

    /// A register whose table is not there any more gives its place to the one that took its rows;
    /// the identifiers of these.
    fn replace_registers(&mut self, installed: &System) -> Vec<String> {
        let holds = |own: &Register| {
            installed.register(&own.id).is_some_and(|newer| {
                own.items.iter().all(|item| newer.item_by_romaji(&item.romaji).is_some())
            })
        };
        let mut replaced = Vec::new();
        let all = std::mem::take(&mut self.registers);
        let ids: Vec<String> = all.iter().map(|own| own.id.clone()).collect();
        for own in all {
            if holds(&own) {
                self.registers.push(own);
                continue;
            }
            let home = installed.register(&own.id).or_else(|| {
                let free = |one: &&Register| !ids.contains(&one.id);
                installed.registers.iter().filter(free).find(|one| own.has_key_of(one))
            });
            let Some(home) = home.map(|home| self.with_codes(home, installed)) else { continue };
            for procedure in self.procedures.iter_mut().filter(|one| one.register == own.id) {
                procedure.register.clone_from(&home.id);
            }
            replaced.push(home.id.clone());
            self.registers.push(home);
        }
        replaced
    }

    /// A register of `installed` with the code lists that it means: a list of the same name may
    /// mean something else here.
    fn with_codes(&mut self, register: &Register, installed: &System) -> Register {
        let mut out = register.clone();
        for item in &mut out.items {
            if let ItemKind::Code(name) = &item.kind
                && let Some(list) = installed.codes.get(name)
            {
                let own = format!("{name}＠{}", installed.hash);
                self.codes.insert(own.clone(), list.clone());
                item.kind = ItemKind::Code(own);
            }
        }
        out
    }
}

impl Register {
    /// Whether both are kept by the same key: by データ項目ID, else by name.
    fn has_key_of(&self, other: &Register) -> bool {
        let (own, other) = (&self.items[self.key_index()], &other.items[other.key_index()]);
        match (&own.number, &other.number) {
            (Some(own), Some(other)) => own == other,
            (None, None) => own.name == other.name,
            _ => false,
        }
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
