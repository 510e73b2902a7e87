//! A posted form → the JSON form of the office: dotted names become objects and lists, in order,
//! nothing is dropped.

use office::form::SEALED;
use serde_json::{Map, Value as Json};

/// Everything that was posted.
#[derive(Clone, Debug, Default)]
pub struct Posted {
    /// Token of the session.
    pub csrf: Option<String>,
    /// What the pressed button asks for.
    pub act: String,
    /// A repeated group to which an entry is added.
    pub add: Option<String>,
    /// An entry to be removed (`group.index`).
    pub remove: Option<String>,
    /// Chosen subjects.
    pub subjects: Vec<String>,
    /// The row from which the procedure was started.
    pub start: Option<String>,
    /// Warnings were acknowledged.
    pub acknowledged: bool,
    /// A waiting case that is entered again: number and revision.
    pub case: Option<(i64, i32)>,
    /// Fields (`f.` names).
    pub form: Json,
    /// Identity check (`identity.` names).
    pub identity: Json,
}

/// The prefix of the box that empties a secret field which was entered before.
pub const CLEAR: &str = "clear.";

/// Reads the pairs of a posted form. `many` says which fields hold several values. A sealed value
/// that stands before its empty field is kept, unless the box beside it asks to empty it.
pub fn read(mut pairs: Vec<(String, String)>, many: &dyn Fn(&str) -> bool) -> Posted {
    let mut posted = Posted::default();
    let cleared: Vec<String> =
        pairs.iter().filter_map(|(name, _)| name.strip_prefix(CLEAR)).map(str::to_owned).collect();
    pairs.retain(|(name, value)| {
        let path = name.strip_prefix("f.").unwrap_or_default();
        !(value.starts_with(SEALED) && cleared.iter().any(|one| one == path))
    });
    let mut form = Json::Object(Map::new());
    let mut identity = Map::new();
    for (name, value) in pairs {
        match name.as_str() {
            "csrf" => posted.csrf = Some(value),
            "act" => posted.act = value,
            "add" => posted.add = value.strip_prefix("f.").or(Some(&value)).map(str::to_owned),
            "remove" => {
                posted.remove = value.strip_prefix("f.").or(Some(&value)).map(str::to_owned);
            }
            "subject" => posted.subjects.push(value),
            "start" => posted.start = Some(value),
            "acknowledged" => posted.acknowledged = value == "yes",
            "case" => {
                posted.case = value
                    .split_once('.')
                    .and_then(|(id, revision)| Some((id.parse().ok()?, revision.parse().ok()?)));
            }
            other => {
                if let Some(path) = other.strip_prefix("f.") {
                    put(&mut form, path, value, many);
                } else if let Some(name) = other.strip_prefix("identity.") {
                    identity.insert(name.to_owned(), Json::from(value));
                }
            }
        }
    }
    posted.form = form;
    posted.identity = Json::Object(identity);
    posted
}

/// Puts a value at a dotted path; numbers in it are positions of a list.
fn put(root: &mut Json, path: &str, value: String, many: &dyn Fn(&str) -> bool) {
    let parts: Vec<&str> = path.split('.').collect();
    let Some((last, ancestors)) = parts.split_last() else { return };
    let mut at = root;
    for (index, part) in ancestors.iter().enumerate() {
        let list_next = parts[index + 1].parse::<usize>().is_ok();
        let empty = if list_next { Json::Array(Vec::new()) } else { Json::Object(Map::new()) };
        at = if let Ok(position) = part.parse::<usize>() {
            let Json::Array(list) = at else { return };
            if position >= 100 {
                return;
            }
            while list.len() <= position {
                list.push(Json::Object(Map::new()));
            }
            &mut list[position]
        } else {
            let Json::Object(object) = at else { return };
            object.entry(*part).or_insert(empty)
        };
    }
    let Json::Object(object) = at else { return };
    if many(last) {
        let list = object.entry(*last).or_insert_with(|| Json::Array(Vec::new()));
        if let Json::Array(list) = list
            && !value.is_empty()
        {
            list.push(Json::from(value));
        }
    } else {
        let kept = |old: &Json| old.as_str().is_some_and(|text| text.starts_with(SEALED));
        if !(value.is_empty() && object.get(*last).is_some_and(kept)) {
            object.insert((*last).to_owned(), Json::from(value));
        }
    }
}

impl Posted {
    /// Chosen subjects become the list of the form, keeping the fields entered for each.
    pub fn with_subjects(mut self) -> Posted {
        let known = self.form.get("対象者").and_then(Json::as_array).cloned().unwrap_or_default();
        let entry = |key: &String| {
            let own = known.iter().find(|e| e.get("key").and_then(Json::as_str) == Some(key));
            own.cloned().unwrap_or_else(|| serde_json::json!({ "key": key }))
        };
        let list: Vec<Json> = self.subjects.iter().map(entry).collect();
        if let (Json::Object(object), false) = (&mut self.form, list.is_empty()) {
            object.insert("対象者".to_owned(), Json::Array(list));
        } else if let Json::Object(object) = &mut self.form {
            object.remove("対象者");
        }
        self
    }

    /// Adds or removes an entry of a repeated group, as the pressed button asks.
    pub fn apply_repeat(&mut self) {
        if let Some(group) = &self.add
            && let Json::Object(object) = &mut self.form
        {
            let list = object.entry(group.clone()).or_insert_with(|| Json::Array(Vec::new()));
            if let Json::Array(list) = list {
                list.push(Json::Object(Map::new()));
            }
        }
        let Some((group, index)) = self.remove.as_deref().and_then(|r| r.rsplit_once('.')) else {
            return;
        };
        if let Some(Json::Array(list)) = self.form.get_mut(group)
            && let Ok(index) = index.parse::<usize>()
            && index < list.len()
        {
            list.remove(index);
        }
    }
}
