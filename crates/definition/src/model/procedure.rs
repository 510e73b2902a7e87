//! Procedures: form, checks, effects, reactions.

use rules::Expression;

use super::Located;

/// 手続: what a clerk, a resident or an event sets going.
#[derive(Clone, Debug)]
pub struct Procedure {
    /// Identifier (`move-in`).
    pub id: String,
    /// Official name (転入届).
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Article.
    pub statute: String,
    /// What sort of procedure it is.
    pub kind: ProcedureKind,
    /// Order in menus.
    pub order: u32,
    /// Whom it concerns.
    pub selection: Selection,
    /// The register of the subjects.
    pub register: String,
    /// The item by which a reaction finds its subjects (the register's key unless said otherwise).
    pub by: String,
    /// Subjects must not be closed (true), must be closed (false), or either (none).
    pub open_subjects: Option<bool>,
    /// What a row must fulfil for this to be started on it; every subject must.
    pub startable: Vec<StartRule>,
    /// 異動事由 written to history and journal.
    pub reason: String,
    /// The person who came is identified.
    pub identity_check: bool,
    /// 届出期間: days after 異動日 in which the notification is due.
    pub deadline_days: Option<u32>,
    /// Days in which the office handles the case.
    pub handling_days: u32,
    /// The event published at final registration.
    pub event: Option<String>,
    /// What the clerk should know, shown above the form.
    pub guidance: Option<String>,
    /// The same in English.
    pub guidance_en: Option<String>,
    /// The form's groups.
    pub form: Vec<FieldGroup>,
    /// Items that together show that an opened row is already there (二重登録).
    pub duplicates: Vec<String>,
    /// Derived values, in order.
    pub values: Vec<(String, Derivation)>,
    /// What must hold.
    pub checks: Vec<Check>,
    /// What it does.
    pub effects: Vec<Effect>,
    /// Events that set it going, for reactions.
    pub on: Vec<Trigger>,
    /// Whom it is forwarded to after final registration.
    pub forward: Option<Forward>,
}

/// How a value of a procedure is derived.
#[derive(Clone, Debug)]
pub enum Derivation {
    /// By an expression.
    Expression(Expression),
    /// By a calculation: a record of its results.
    Calculation {
        /// The calculation.
        id: String,
        /// What each of its facts is, in their order.
        facts: Vec<(String, Expression)>,
    },
}

/// 転送: other municipalities are told of a final registration by letter. Items that are concealed
/// never stand in it; what names a municipality is told to that municipality only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    /// Items of the subjects whose texts, now and before, begin with a municipality.
    pub to: Vec<String>,
    /// Template file stem.
    pub notice: String,
    /// Items of the subjects that the letter shows.
    pub items: Vec<String>,
    /// Fields of the form that it shows.
    pub fields: Vec<String>,
}

/// Sorts of procedure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcedureKind {
    /// 届出・申請: somebody comes.
    Notification,
    /// 職権: the office acts by itself.
    Official,
    /// 証明: a document is issued at once.
    Certificate,
    /// Set going by an event of a system.
    Reaction,
}

/// Whom a procedure concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// Nobody yet: it opens rows.
    New,
    /// One row.
    One,
    /// One or more rows related to the one started from.
    Related,
}

/// A group of fields; repeated groups are lists.
#[derive(Clone, Debug)]
pub struct FieldGroup {
    /// Heading; the list's name in expressions when repeated.
    pub name: String,
    /// English heading.
    pub name_en: String,
    /// Least and greatest number of entries, when repeated.
    pub repeat: Option<(u32, u32)>,
    /// One entry for each selected subject.
    pub per_subject: bool,
    /// Fields.
    pub fields: Vec<Field>,
}

/// One field of a form.
#[derive(Clone, Debug)]
pub struct Field {
    /// Name; also its name in expressions.
    pub name: String,
    /// Label, when it differs from the name.
    pub label: String,
    /// English label.
    pub name_en: String,
    /// Type.
    pub kind: FieldKind,
    /// Must be filled.
    pub required: bool,
    /// Shown only when this holds; otherwise the field is empty.
    pub when: Option<Expression>,
    /// Help for the person who fills it.
    pub hint: Option<String>,
    /// The same in English.
    pub hint_en: Option<String>,
    /// Filled with this at first.
    pub default: Option<Expression>,
    /// The item whose type, length, codes and format it shares.
    pub item: Option<String>,
    /// The register of which it names an open row.
    pub refers_to: Option<Reference>,
}

/// A row of the same system that a field names by its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Register.
    pub register: String,
    /// The row's name in expressions.
    pub name: Option<String>,
}

/// Types of fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Text of at most n characters.
    Text(u32),
    /// Whole number.
    Integer(u32),
    /// Date; `uncertain` allows 不詳日.
    Date {
        /// 不詳日 allowed.
        uncertain: bool,
    },
    /// One code of a list.
    Code(String),
    /// Several codes of a list.
    Codes(String),
    /// Yes or no.
    Flag,
    /// One of the selected subject's related rows, by key.
    Subject,
    /// 異動: one of the recorded events of the selected subject, by its number.
    Event,
}

/// A condition that must hold.
#[derive(Clone, Debug)]
pub struct Check {
    /// The condition.
    pub must: Expression,
    /// The field it belongs to.
    pub at: Option<String>,
    /// What is wrong and what to do.
    pub message: String,
    /// English.
    pub message_en: String,
    /// A warning may be acknowledged; an error may not.
    pub warning: bool,
    /// Where it stands in the definition.
    pub source: Located,
}

/// On which rows a procedure may be started: a rule over the items of one row and the day, that
/// needs nothing else and is therefore known wherever the row is shown.
#[derive(Clone, Debug)]
pub struct StartRule {
    /// The condition.
    pub when: Expression,
    /// Why it cannot be started and what to do instead.
    pub message: String,
    /// English.
    pub message_en: String,
    /// Where it stands in the definition.
    pub source: Located,
}

/// An event that sets a reaction going.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// The publishing system.
    pub system: String,
    /// The event.
    pub event: String,
    /// Where it stands in the definition.
    pub source: Located,
}

/// 効果: one engine verb with its arguments.
#[derive(Clone, Debug)]
pub struct Effect {
    /// What is done.
    pub verb: Verb,
    /// Only when this holds.
    pub when: Option<Expression>,
    /// Once for each element of this list, bound to [`Effect::each`].
    pub over: Option<Expression>,
    /// The name of the element (`対象` unless the definition says otherwise).
    pub each: String,
    /// The day from which it holds (異動日 unless said otherwise).
    pub effective: Option<Expression>,
    /// Where it stands.
    pub source: Located,
}

/// The closed set of verbs. Each has its page in `docs/guides/verbs.md`.
#[derive(Clone, Debug)]
pub enum Verb {
    /// A new row. A key that is not set takes the next number of its series.
    Open {
        /// Register.
        register: String,
        /// The opened rows get this name for the effects that follow.
        bind: Option<String>,
        /// Values.
        set: Vec<Assignment>,
    },
    /// New values from a day on.
    Amend {
        /// Register.
        register: String,
        /// Which row.
        key: Expression,
        /// Values.
        set: Vec<Assignment>,
    },
    /// Right values where wrong ones were recorded, for the whole period they were believed.
    Correct {
        /// Register.
        register: String,
        /// Which row.
        key: Expression,
        /// Values.
        set: Vec<Assignment>,
    },
    /// The row ends on a day.
    Close {
        /// Register.
        register: String,
        /// Which row.
        key: Expression,
        /// Last values.
        set: Vec<Assignment>,
    },
    /// 取消: a whole recorded event is taken back, on every row that it wrote.
    Cancel {
        /// Number of the event.
        event: Expression,
    },
    /// The next number of a series, bound to a name for the effects that follow.
    Number {
        /// Series: the format that shapes it.
        series: NumberSeries,
        /// Name.
        name: String,
    },
    /// A timer that starts a procedure on a day.
    Timer {
        /// Day.
        on: Expression,
        /// Procedure of this system.
        procedure: String,
        /// Key of the subject.
        key: Expression,
    },
    /// A document from a template.
    Notify {
        /// Template file stem.
        notice: String,
        /// Items printed for each subject.
        items: Vec<String>,
        /// Items printed only when this list of names holds them.
        requested: Option<Expression>,
        /// Fee in yen.
        fee: Option<Expression>,
    },
}

/// Number series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberSeries {
    /// 宛名番号.
    Addressee,
    /// 世帯番号.
    Household,
    /// A plain serial, one for each name.
    Plain,
}

/// `item: expression`.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// Item.
    pub item: String,
    /// Value.
    pub value: Expression,
}

impl Procedure {
    /// Every field with its group.
    pub fn fields(&self) -> impl Iterator<Item = (&FieldGroup, &Field)> {
        self.form.iter().flat_map(|group| group.fields.iter().map(move |field| (group, field)))
    }

    /// A field by name, wherever it stands.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields().map(|(_, field)| field).find(|field| field.name == name)
    }
}

impl Verb {
    /// The verb's name in definition files.
    pub fn word(&self) -> &'static str {
        match self {
            Verb::Open { .. } => "open",
            Verb::Amend { .. } => "amend",
            Verb::Correct { .. } => "correct",
            Verb::Close { .. } => "close",
            Verb::Cancel { .. } => "cancel",
            Verb::Number { .. } => "number",
            Verb::Timer { .. } => "timer",
            Verb::Notify { .. } => "notify",
        }
    }
}
