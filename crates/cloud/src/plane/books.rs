//! 台帳: what the plane has made or enrolled, as the journal recorded it, with the generation in
//! which each part last changed. What a provider really holds is compared with it by `survey`.

use std::collections::BTreeMap;

use store::control::plane as rows;

use super::environment::{Environment, Foundation, Lane};
use super::part::Part;
use crate::CloudError;

/// A part that is on the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// As it was last made.
    pub part: Part,
    /// The provider's name for it.
    pub reference: Option<String>,
    /// When it last changed.
    pub generation: i64,
    /// Why nobody knows whether it is there as it is written; `None` where it is settled.
    pub doubt: Option<String>,
}

/// 台帳.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Books {
    /// Counts every blueprint that was begun.
    pub generation: i64,
    /// Parts by environment and identifier.
    pub lanes: BTreeMap<String, BTreeMap<String, Held>>,
    /// How often each environment has changed; one that was never begun is not in it.
    pub changes: BTreeMap<String, i64>,
}

impl Books {
    /// Books as the store keeps them.
    ///
    /// # Errors
    /// [`CloudError::Plane`] when a part is not understood.
    pub fn read(generation: i64, parts: Vec<rows::Part>) -> Result<Books, CloudError> {
        let mut books = Books { generation, ..Books::default() };
        for row in parts {
            let part = part_read(&row.value)?;
            let rows::Part { reference, generation, doubt, .. } = row;
            let held = Held { part, reference, generation, doubt };
            books.lanes.entry(row.environment).or_default().insert(row.part, held);
        }
        Ok(books)
    }
}

impl Books {
    /// The environments by provider and the provider's name for them, made or enrolled.
    pub fn references(&self) -> BTreeMap<(&str, &str), &str> {
        let mut out = BTreeMap::new();
        for (lane, parts) in &self.lanes {
            let held = parts.get("account").or_else(|| parts.get("enrolment"));
            if let (Some(reference), Some((_, provider))) =
                (held.and_then(|it| it.reference.as_deref()), lane.rsplit_once('.'))
            {
                out.insert((provider, reference), lane.as_str());
            }
        }
        out
    }
}

/// A part as the journal keeps it.
///
/// # Errors
/// [`CloudError::Plane`].
pub(super) fn part_read(text: &str) -> Result<Part, CloudError> {
    serde_json::from_str(text)
        .map_err(|error| CloudError::Plane(format!("台帳の部分を読めません（{error}）")))
}

/// What there is to be.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// What is shared at each provider.
    pub foundations: Vec<Foundation>,
    /// Environments.
    pub environments: Vec<Environment>,
}

impl Wanted {
    /// Parts by environment and identifier.
    ///
    /// # Errors
    /// [`CloudError::Plane`] when an environment is wanted twice.
    pub fn lanes(&self) -> Result<BTreeMap<String, BTreeMap<String, Part>>, CloudError> {
        let shared = self.foundations.iter().map(|it| (Lane::shared(&it.provider), it.parts()));
        let own = self.environments.iter().map(|it| (it.lane.clone(), it.parts()));
        let mut out = BTreeMap::new();
        for (lane, parts) in shared.chain(own) {
            let lane = lane.to_string();
            if out.insert(lane.clone(), parts).is_some() {
                return Err(CloudError::Plane(format!(
                    "環境「{lane}」が二度書かれています。一つにしてください"
                )));
            }
        }
        Ok(out)
    }
}
