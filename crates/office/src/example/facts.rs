//! The facts block of an example as a form and as the rows that a real case would have found.

use base::date::{Date, FOREVER, LooseDate};
use definition::model::{FieldKind, Item, ItemKind, Procedure, Register, System};
use serde_json::{Map, Value as Json, json};
use store::value::record_open;
use store::{ItemValue, Row, RowMeta};

use crate::OfficeError;
use crate::case::{Found, UsedRow, references};
use crate::form::Parsed;
use crate::plan::{Undoable, UndoneRow};

/// The facts of an example.
pub(super) struct Given {
    /// What is entered.
    pub form: Json,
    /// 本日.
    pub today: Date,
    /// What would be found.
    pub found: Found,
    /// Every row that is there already: register and row.
    pub known: Vec<(String, Row)>,
}

impl Given {
    /// The known rows that fields of the form name by their keys.
    pub fn look_up(&mut self, system: &System, procedure: &Procedure, parsed: &Parsed) {
        for (reference, key) in references(procedure, parsed) {
            let at = system.register(&reference.register).map_or(0, Register::key_index);
            let mut own = self.known.iter().filter(|(id, _)| *id == reference.register);
            let key_of =
                |row: &Row| row.values[at].as_ref().and_then(ItemValue::as_text) == Some(&key);
            let found = own.find(|(_, row)| key_of(row)).map(|(_, row)| row.clone());
            self.found.referred.push(found);
        }
    }
}

/// Reads the facts block.
pub(super) fn read(
    system: &System,
    procedure: &Procedure,
    facts: &Json,
) -> Result<Given, OfficeError> {
    let today = day(&facts["本日"], "本日")?;
    let register = system.register(&procedure.register);
    let register = register.ok_or_else(|| wrong(&procedure.register, "台帳がありません"))?;
    let mut known = Vec::new();
    for own in &system.registers {
        known.extend(rows(own, &facts[&own.name])?.into_iter().map(|row| (own.id.clone(), row)));
    }
    let mut relations = Vec::new();
    for relation in &register.relations {
        let missing = || wrong(&relation.register, "台帳がありません");
        let other = system.register(&relation.register).ok_or_else(missing)?;
        // A relation of the register's own name was read above.
        let given = rows(other, &facts[&relation.name])?;
        if relation.name != other.name {
            known.extend(given.iter().map(|row| (other.id.clone(), row.clone())));
        }
        relations.push(given);
    }
    let form = form(procedure, facts);
    let subjects = subjects(register, &form, &known);
    let used = system.uses.iter().map(|used| used_row(&used.items, &facts[&used.name]));
    let used = used.collect::<Result<_, _>>()?;
    let events = events(system, &facts["異動"], &known)?;
    let found =
        Found { subjects, relations, used, ordinance: Vec::new(), events, ..Found::default() };
    Ok(Given { form, today, found, known })
}

/// 異動: recorded events with the rows that they changed (前) and opened (新規).
fn events(
    system: &System,
    facts: &Json,
    known: &[(String, Row)],
) -> Result<Vec<Undoable>, OfficeError> {
    let mut out = Vec::new();
    for event in facts.as_array().map(Vec::as_slice).unwrap_or_default() {
        let number = event["番号"].as_str().and_then(|text| text.parse().ok());
        let event_id = number.ok_or_else(|| wrong("異動", "番号を引用符の中に書いてください"))?;
        let mut undone = Vec::new();
        for register in &system.registers {
            let key_of = |row: &Row| row.values[register.key_index()].clone();
            for (part, opened) in [("前", false), ("新規", true)] {
                for row in rows(register, &event[part][&register.name])? {
                    let mut own = known.iter().filter(|(id, _)| *id == register.id);
                    let now = own.find(|(_, known)| key_of(known) == key_of(&row));
                    let key = key_of(&row).as_ref().and_then(ItemValue::as_text).map(str::to_owned);
                    undone.push(UndoneRow {
                        register: register.id.clone(),
                        key: key.ok_or_else(|| wrong(&register.key, "主キーがありません"))?,
                        now: now.map_or_else(|| row.values.clone(), |(_, now)| now.values.clone()),
                        before: (!opened).then_some(row.values),
                    });
                }
            }
        }
        let since = jiff::Timestamp::UNIX_EPOCH;
        let findings = Vec::new();
        let subjects = Vec::new();
        out.push(Undoable { event_id, since, subjects, rows: undone, concealed: false, findings });
    }
    Ok(out)
}

/// 届出 as entered; 事象 fills the fields of a reaction as the event would.
fn form(procedure: &Procedure, facts: &Json) -> Json {
    let mut form = Map::new();
    if let Some(event) = facts["事象"].as_object() {
        for (_, field) in procedure.fields().filter(|(_, f)| f.kind != FieldKind::Subject) {
            let value = event.get(&field.name).cloned().unwrap_or(Json::Null);
            form.insert(field.name.clone(), value);
        }
    }
    if let Some(entered) = facts["届出"].as_object() {
        form.extend(entered.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    if let Some(keys) = facts["対象者"].as_array() {
        let key = |key: &Json| json!({ "key": key });
        form.entry("対象者").or_insert_with(|| Json::Array(keys.iter().map(key).collect()));
    }
    Json::Object(form)
}

/// The known rows that the form chose, in its order, each once.
fn subjects(register: &Register, form: &Json, known: &[(String, Row)]) -> Vec<Row> {
    let chosen = form["対象者"].as_array().map(Vec::as_slice).unwrap_or_default();
    let at = register.key_index();
    let find = |entry: &Json| {
        let key = entry["key"].as_str()?;
        let own = known.iter().filter(|(id, _)| *id == register.id);
        let mut rows = own.map(|(_, row)| row);
        rows.find(|row| row.values[at].as_ref().and_then(ItemValue::as_text) == Some(key)).cloned()
    };
    chosen.iter().filter_map(find).collect()
}

fn rows(register: &Register, json: &Json) -> Result<Vec<Row>, OfficeError> {
    match json {
        Json::Null => Ok(Vec::new()),
        Json::Array(list) => list.iter().map(|json| row(&register.items, json)).collect(),
        one => Ok(vec![row(&register.items, one)?]),
    }
}

fn row(items: &[Item], json: &Json) -> Result<Row, OfficeError> {
    let values = items.iter().map(|item| value(item, &json[&item.name]));
    let closed = &json["閉鎖日"];
    let since = &json["記載日"];
    let meta = RowMeta {
        version_no: 1,
        valid_from: if since.is_null() { Date::MIN } else { day(since, "記載日")? },
        valid_to: FOREVER,
        recorded_from: jiff::Timestamp::UNIX_EPOCH,
        recorded_to: record_open(),
        event_id: 0,
        reason: String::new(),
        closed_on: if closed.is_null() { None } else { Some(day(closed, "閉鎖日")?) },
    };
    Ok(Row { values: values.collect::<Result<_, _>>()?, meta })
}

fn used_row(items: &[Item], json: &Json) -> Result<UsedRow, OfficeError> {
    if json.is_null() {
        return Ok(UsedRow::Absent);
    }
    let values = items.iter().map(|item| value(item, &json[&item.name]));
    Ok(UsedRow::Values { values: values.collect::<Result<_, _>>()?, concealed: false })
}

fn value(item: &Item, json: &Json) -> Result<Option<ItemValue>, OfficeError> {
    let text = match json {
        Json::Null => return Ok(None),
        Json::Bool(flag) => return Ok(Some(ItemValue::Flag(*flag))),
        Json::String(text) => text,
        _ => return Err(wrong(&item.name, "一つの値を書いてください")),
    };
    Ok(Some(match item.kind {
        _ if item.secret => ItemValue::Masked,
        ItemKind::Date { .. } => ItemValue::Date(
            LooseDate::parse(text).map_err(|error| wrong(&item.name, &error.to_string()))?,
        ),
        ItemKind::Integer { .. } => {
            let number = text.parse().map_err(|_| wrong(&item.name, "数ではありません"))?;
            ItemValue::Integer(number)
        }
        ItemKind::Flag => return Err(wrong(&item.name, "true か false を書いてください")),
        _ => ItemValue::Text(text.clone()),
    }))
}

fn day(json: &Json, name: &str) -> Result<Date, OfficeError> {
    let text = json.as_str().unwrap_or_default();
    text.parse().map_err(|_| wrong(name, "2026-04-01 のように年月日を書いてください"))
}

pub(super) fn wrong(name: &str, what: &str) -> OfficeError {
    OfficeError::Definition(format!("例の事実「{name}」: {what}"))
}
