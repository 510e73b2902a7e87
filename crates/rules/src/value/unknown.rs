//! What is not known, and which facts would have to be asked.

use std::fmt;
use std::sync::Arc;

use base::date::LooseDate;

/// A fact that is missing (未確認の事項) and why it is missing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpenQuestion {
    /// The fact, as the expression names it: `世帯主.生年月日`.
    pub fact: String,
    /// Why it is not known.
    pub reason: String,
}

/// What a rule may hand on although it cannot count with it.
#[derive(Clone, Debug, PartialEq)]
pub enum Carried {
    /// A date of which no part is known, as written.
    Date(LooseDate),
    /// A secret that is recorded: only its place is known here.
    Secret(Arc<str>),
}

/// A value that is not known, with every fact it depends on, in order and without repeats.
#[derive(Clone, Debug)]
pub struct Unknown {
    questions: Arc<Vec<OpenQuestion>>,
    carried: Option<Carried>,
}

/// What is carried takes no part in comparing.
impl PartialEq for Unknown {
    fn eq(&self, other: &Unknown) -> bool {
        self.questions == other.questions
    }
}

impl Eq for Unknown {}

impl Unknown {
    /// Not known because of one fact.
    pub fn new(fact: impl Into<String>, reason: impl Into<String>) -> Self {
        let question = OpenQuestion { fact: fact.into(), reason: reason.into() };
        Self { questions: Arc::new(vec![question]), carried: None }
    }

    /// Not known, but it can be handed on as it is.
    pub fn carrying(self, carried: Carried) -> Self {
        Self { carried: Some(carried), ..self }
    }

    /// What can be handed on.
    pub fn carried(&self) -> Option<&Carried> {
        self.carried.as_ref()
    }

    /// Only the questions: what an operation answers when it cannot tell.
    pub(crate) fn asked(&self) -> Unknown {
        Self { questions: self.questions.clone(), carried: None }
    }

    /// The facts that are missing; never empty.
    pub fn questions(&self) -> &[OpenQuestion] {
        &self.questions
    }

    /// Not known because of the facts of both.
    pub(crate) fn merge(self, other: &Unknown) -> Unknown {
        if Arc::ptr_eq(&self.questions, &other.questions) || self == *other {
            return self.asked();
        }
        let mut questions = [&self.questions[..], &other.questions[..]].concat();
        questions.sort();
        questions.dedup();
        Self { questions: Arc::new(questions), carried: None }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let facts: Vec<&str> = self.questions.iter().map(|q| q.fact.as_str()).collect();
        write!(f, "不明（{}）", facts.join("、"))
    }
}
