//! Named values: the facts of one subject, and the records within them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Value;

/// Named values in order of name. An absent name is unknown, a null value is known absence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    fields: BTreeMap<Arc<str>, Value>,
}

impl Record {
    /// A record without fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    /// Sets `name`, and gives back what it replaced.
    pub fn insert(&mut self, name: impl Into<Arc<str>>, value: impl Into<Value>) -> Option<Value> {
        self.fields.insert(name.into(), value.into())
    }

    /// The same record with one more field.
    #[must_use]
    pub fn with(mut self, name: impl Into<Arc<str>>, value: impl Into<Value>) -> Self {
        self.insert(name, value);
        self
    }

    /// Gives each record of the list `name` one more field, in order; in place while nobody else
    /// holds the list.
    pub(crate) fn amend_list(&mut self, name: &str, values: Vec<Value>, field: &Arc<str>) {
        let Some(Value::List(items)) = self.fields.get_mut(name) else { return };
        for (item, value) in Arc::make_mut(items).iter_mut().zip(values) {
            if let Value::Record(record) = item {
                Arc::make_mut(record).insert(field.clone(), value);
            }
        }
    }

    /// Removes `name`: from then on it is not known.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.fields.remove(name)
    }

    /// Names and values in order of name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.fields.iter().map(|(name, value)| (&**name, value))
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

impl<N: Into<Arc<str>>, V: Into<Value>> FromIterator<(N, V)> for Record {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        let fields = fields.into_iter();
        Self { fields: fields.map(|(name, value)| (name.into(), value.into())).collect() }
    }
}

impl<N: Into<Arc<str>>, V: Into<Value>> Extend<(N, V)> for Record {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, fields: I) {
        self.fields.extend(fields.into_iter().map(|(name, value)| (name.into(), value.into())));
    }
}
