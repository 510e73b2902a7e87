//! 照会条件: who may ask whom for what, for which affair, since when. The national table, compiled
//! to a hash index; nothing that is not in the table is lawful.

use std::collections::HashMap;

use base::date::Date;
use thiserror::Error;

/// 事務 and its statute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Affair {
    /// Identifier.
    pub id: String,
    /// Official name.
    pub name: String,
    /// The law it is done under.
    pub statute: String,
}

/// 特定個人情報: items that are asked for together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemSet {
    /// Identifier.
    pub id: String,
    /// Official name.
    pub name: String,
    /// The business that holds it; empty when no system here does.
    pub business: String,
    /// Numbers of the data items.
    pub items: Vec<String>,
}

/// A row of the statutory table.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Right {
    from: Date,
    to: Option<Date>,
    basis: String,
}

/// What is asked of the table.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// 事務.
    pub affair: &'q str,
    /// 特定個人情報.
    pub item_set: &'q str,
    /// Kind of the authority that asks.
    pub inquirer: &'q str,
    /// Kind of the authority that is asked.
    pub provider: &'q str,
    /// The day.
    pub day: Date,
}

/// Why a question is refused, in the words of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unlawful {
    /// No such affair in the table.
    #[error("事務が法令の表（照会条件）にありません")]
    Affair,
    /// No such item set in the table.
    #[error("特定個人情報の名が法令の表（照会条件）にありません")]
    ItemSet,
    /// The affair gives no right to the items, between these authorities.
    #[error(
        "この事務では、この機関にこの情報を照会できません（番号法第19条第8号の照会条件にありません）"
    )]
    Right,
    /// The right is not in force on the day.
    #[error("この照会条件は、その日に効力がありません")]
    Day,
}

/// The statutory table with what it names.
#[derive(Debug, Default)]
pub struct Statute {
    affairs: HashMap<String, (u32, Affair)>,
    item_sets: HashMap<String, (u32, ItemSet)>,
    kinds: HashMap<String, u32>,
    rights: HashMap<[u32; 4], Vec<Right>>,
}

/// Why the files of the table cannot be read: file, line, what.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{file} の {line} 行目: {what}")]
pub struct TableError {
    /// The file.
    pub file: &'static str,
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong and what would be right.
    pub what: String,
}

impl Statute {
    /// Reads the three files of the table (`data/mesh`).
    ///
    /// # Errors
    /// [`TableError`] for the first line that cannot be read.
    pub fn read(affairs: &str, item_sets: &str, table: &str) -> Result<Statute, TableError> {
        let mut statute = Statute::default();
        for (line, row) in rows(affairs) {
            let file = "affairs.csv";
            let [id, name, law, ..] = row.as_slice() else { return Err(short(file, line)) };
            let affair = Affair { id: id.clone(), name: name.clone(), statute: law.clone() };
            let number = statute.affairs.len() as u32;
            if statute.affairs.insert(id.clone(), (number, affair)).is_some() {
                return Err(twice(file, line, id));
            }
        }
        for (line, row) in rows(item_sets) {
            let file = "item-sets.csv";
            let [id, name, business, items, ..] = row.as_slice() else {
                return Err(short(file, line));
            };
            let items = items.split(' ').filter(|it| !it.is_empty()).map(str::to_owned).collect();
            let (id, name, business) = (id.clone(), name.clone(), business.clone());
            let number = statute.item_sets.len() as u32;
            let set = ItemSet { id: id.clone(), name, business, items };
            if statute.item_sets.insert(id.clone(), (number, set)).is_some() {
                return Err(twice(file, line, &id));
            }
        }
        for (line, row) in rows(table) {
            statute.right(line, &row)?;
        }
        Ok(statute)
    }

    fn right(&mut self, line: usize, row: &[String]) -> Result<(), TableError> {
        let file = "statutory.csv";
        let wrong = |what: String| TableError { file, line, what };
        let [affair, set, inquirer, provider, from, to, basis, ..] = row else {
            return Err(short(file, line));
        };
        let affair = self.affairs.get(affair).map(|(number, _)| *number);
        let affair = affair
            .ok_or_else(|| wrong(format!("事務「{}」が affairs.csv にありません", row[0])))?;
        let set = self.item_sets.get(set).map(|(number, _)| *number);
        let set =
            set.ok_or_else(|| wrong(format!("情報「{}」が item-sets.csv にありません", row[1])))?;
        let day = |text: &str| {
            text.parse::<Date>()
                .map_err(|_| wrong(format!("「{text}」は日付（2024-05-27 の形）ではありません")))
        };
        let from = day(from)?;
        let to = if to.is_empty() { None } else { Some(day(to)?) };
        if to.is_some_and(|to| to < from) {
            return Err(wrong("終わりの日が始まりの日より前です".to_owned()));
        }
        if basis.is_empty() {
            return Err(wrong("根拠の条文がありません".to_owned()));
        }
        let key = [affair, set, self.kind(inquirer), self.kind(provider)];
        let rights = self.rights.entry(key).or_default();
        let meets = |one: &Right| {
            one.to.is_none_or(|end| from <= end) && to.is_none_or(|end| one.from <= end)
        };
        if rights.iter().any(meets) {
            return Err(wrong("同じ照会条件の期間が重なっています".to_owned()));
        }
        rights.push(Right { from, to, basis: basis.clone() });
        Ok(())
    }

    fn kind(&mut self, name: &str) -> u32 {
        let next = self.kinds.len() as u32;
        *self.kinds.entry(name.to_owned()).or_insert(next)
    }

    /// The article by which the question is lawful.
    ///
    /// # Errors
    /// [`Unlawful`].
    pub fn decide(&self, question: &Question<'_>) -> Result<&str, Unlawful> {
        let (affair, _) = self.affairs.get(question.affair).ok_or(Unlawful::Affair)?;
        let (set, _) = self.item_sets.get(question.item_set).ok_or(Unlawful::ItemSet)?;
        let inquirer = self.kinds.get(question.inquirer).ok_or(Unlawful::Right)?;
        let provider = self.kinds.get(question.provider).ok_or(Unlawful::Right)?;
        let rights = self.rights.get(&[*affair, *set, *inquirer, *provider]);
        let rights = rights.ok_or(Unlawful::Right)?;
        let day = question.day;
        let in_force = |one: &&Right| one.from <= day && one.to.is_none_or(|to| day <= to);
        rights.iter().find(in_force).map(|one| one.basis.as_str()).ok_or(Unlawful::Day)
    }

    /// An affair.
    pub fn affair(&self, id: &str) -> Option<&Affair> {
        self.affairs.get(id).map(|(_, affair)| affair)
    }

    /// An item set.
    pub fn item_set(&self, id: &str) -> Option<&ItemSet> {
        self.item_sets.get(id).map(|(_, set)| set)
    }

    /// Every affair, in the order of the table.
    pub fn affairs(&self) -> Vec<&Affair> {
        let mut all: Vec<&(u32, Affair)> = self.affairs.values().collect();
        all.sort_by_key(|(number, _)| *number);
        all.into_iter().map(|(_, affair)| affair).collect()
    }

    /// Every item set, in the order of the table.
    pub fn item_sets(&self) -> Vec<&ItemSet> {
        let mut all: Vec<&(u32, ItemSet)> = self.item_sets.values().collect();
        all.sort_by_key(|(number, _)| *number);
        all.into_iter().map(|(_, set)| set).collect()
    }
}

fn short(file: &'static str, line: usize) -> TableError {
    TableError { file, line, what: "欄が足りません".to_owned() }
}

fn twice(file: &'static str, line: usize, id: &str) -> TableError {
    TableError { file, line, what: format!("「{id}」が二度あります") }
}

/// The lines after the first, with their numbers, cut into fields; a field may stand in quotes.
fn rows(text: &str) -> impl Iterator<Item = (usize, Vec<String>)> {
    let lines = text.lines().enumerate().skip(1).filter(|(_, line)| !line.is_empty());
    lines.map(|(at, line)| (at + 1, fields(line)))
}

fn fields(line: &str) -> Vec<String> {
    let (mut all, mut field, mut quoted) = (Vec::new(), String::new(), false);
    for letter in line.chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => all.push(std::mem::take(&mut field)),
            _ => field.push(letter),
        }
    }
    all.push(field);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const AFFAIRS: &str =
        "affair,name,statute\nallowance,児童手当,児童手当法\nseal,印鑑登録,条例\n";
    const SETS: &str =
        "item_set,name,business,items\nlocal-tax,地方税関係情報,resident-tax,01090002 01090013\n";
    const TABLE: &str = "affair,item_set,inquirer,provider,from,to,basis\n\
        allowance,local-tax,municipality,municipality,2024-05-27,2026-03-31,旧い根拠\n\
        allowance,local-tax,municipality,municipality,2026-04-01,,\"番号法第19条第8号、表\"\n";

    fn question(affair: &str, day: &str) -> Result<String, Unlawful> {
        let statute = Statute::read(AFFAIRS, SETS, TABLE).unwrap();
        let question = Question {
            affair,
            item_set: "local-tax",
            inquirer: "municipality",
            provider: "municipality",
            day: day.parse().unwrap(),
        };
        statute.decide(&question).map(str::to_owned)
    }

    #[test]
    fn the_row_in_force_that_day_decides() {
        assert_eq!(question("allowance", "2026-03-31").as_deref(), Ok("旧い根拠"));
        assert_eq!(question("allowance", "2026-04-01").as_deref(), Ok("番号法第19条第8号、表"));
        assert_eq!(question("allowance", "2024-05-26"), Err(Unlawful::Day));
        assert_eq!(question("seal", "2026-04-01"), Err(Unlawful::Right));
        assert_eq!(question("police", "2026-04-01"), Err(Unlawful::Affair));
    }

    #[track_caller]
    fn check_refused(table: &str, expect: &str) {
        let table = format!("head\n{table}");
        let said = Statute::read(AFFAIRS, SETS, &table).unwrap_err().to_string();
        assert_eq!(said, expect);
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named() {
        check_refused(
            "allowance,x,a,b,2024-05-27,,y",
            "statutory.csv の 2 行目: 情報「x」が item-sets.csv にありません",
        );
        check_refused(
            "allowance,local-tax,a,b,2024-5-27,,y",
            "statutory.csv の 2 行目: 「2024-5-27」は日付（2024-05-27 の形）ではありません",
        );
        check_refused(
            "allowance,local-tax,a,b,2024-05-27,,y\nallowance,local-tax,a,b,2025-05-27,,z",
            "statutory.csv の 3 行目: 同じ照会条件の期間が重なっています",
        );
        check_refused(
            "allowance,local-tax,a,b,2024-05-27,,",
            "statutory.csv の 2 行目: 根拠の条文がありません",
        );
    }
}
