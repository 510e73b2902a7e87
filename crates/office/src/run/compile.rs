//! A run and its procedure as programs over columns, for one day and what was asked. Pure.
//!
//! A procedure's form, values, checks and effects become stages that pass over the columns of a
//! chunk one after the other. What only hands something on takes no work: the row that is written
//! names where it comes from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::date::Date;
use definition::model::{
    Derivation, Effect, Item, ItemKind, Procedure, Run, RunSubjects, System, Verb,
};
use rules::column::{Dictionary, Formulas, Handed, Names, Program, Taken};
use rules::law::{FactKind, Plan};
use rules::value::Value;
use rules::{Expression, Type};

use super::source::{Source, lists, subject};
use crate::OfficeError;
use crate::assess::calculation_of;
use crate::facts::parameters;

/// What is the same for everybody in a run.
#[derive(Clone, Debug)]
pub struct Frame {
    /// What was asked when it was started.
    pub asked: BTreeMap<String, Value>,
    /// The day of the run.
    pub today: Date,
    /// The organisation's own values of parameters on that day.
    pub ordinance: Vec<(String, i64)>,
    /// Two reckonings are compared: as if nobody had been decided yet, by group.
    pub compares: bool,
}

impl Frame {
    /// Of what was asked and the day, without own values.
    pub fn new(asked: BTreeMap<String, Value>, today: Date) -> Frame {
        Frame { asked, today, ordinance: Vec::new(), compares: false }
    }
}

/// A run, ready to pass over chunks.
#[derive(Debug)]
pub(super) struct Compiled {
    pub subject: Source,
    pub lists: Vec<Source>,
    pub only: Option<Program>,
    pub stages: Vec<Stage>,
    /// Lists that were made of others, with the one that was read.
    pub origins: BTreeMap<String, String>,
    /// Columns that must be true, and what is said where they are not.
    pub checks: Vec<(String, String)>,
    /// Names of groups and the columns with their words.
    pub groups: Vec<(String, String)>,
    pub sheets: Vec<Sheet>,
    pub dictionary: Dictionary,
}

/// Texts that are no codes are handed on and never reckoned with.
pub(super) fn is_passed(item: &Item) -> bool {
    use ItemKind::{FullWidth, HalfWidth, Time};
    matches!(item.kind, HalfWidth(_) | FullWidth(_) | Time)
}

/// One pass over the columns of a chunk.
#[derive(Debug)]
pub(super) enum Stage {
    Formulas(Program),
    /// A list of those elements of another for which a column is true.
    Keep {
        list: String,
        of: String,
        column: String,
    },
    Calculation(Calculation),
}

/// A calculation with the columns that are its facts.
#[derive(Debug)]
pub(super) struct Calculation {
    /// The name of its results in the procedure.
    pub name: String,
    pub program: Program,
    pub facts: Vec<(String, Given)>,
    pub lists: Vec<GivenList>,
}

/// What a fact is.
#[derive(Debug)]
pub(super) enum Given {
    Column(String),
    Same(Value, Type),
}

/// What a list of facts is: another list's elements, with columns as fields.
#[derive(Debug)]
pub(super) struct GivenList {
    pub fact: String,
    pub list: String,
    pub fields: Vec<(String, String)>,
}

/// The rows that an effect opens.
#[derive(Debug)]
pub(super) struct Sheet {
    pub register: String,
    /// The column that says for whom.
    pub when: Option<String>,
    /// The list with one row an element.
    pub over: Option<String>,
    /// In the order of the register's items.
    pub outs: Vec<Out>,
}

/// Where the value of an item comes from.
#[derive(Debug)]
pub(super) enum Out {
    Same(Value),
    Column(String),
    /// A text of the subject's row, or of the element's.
    Passed(String),
    /// The next number of the register's own series.
    Numbered,
    /// The number of the row that an earlier effect opened.
    Opened(usize),
}

/// Makes the programs.
///
/// # Errors
/// [`OfficeError::Definition`] with everything that cannot be done for many at once.
pub(super) fn compile(
    systems: &[Arc<System>],
    (system, run): (&Arc<System>, &Run),
    frame: &Frame,
) -> Result<Compiled, OfficeError> {
    compile_on(systems, (system, run), frame, Dictionary::default())
}

/// The programs of the law as it is and of the law as revised, over the same columns.
///
/// # Errors
/// As [`compile`].
pub(super) fn compile_pair(
    systems: &[Arc<System>],
    (system, frame): (&Arc<System>, &Frame),
    (revised, frame_revised): (&Arc<System>, &Frame),
    run: &Run,
) -> Result<(Compiled, Compiled), OfficeError> {
    let mut before = compile(systems, (system, run), frame)?;
    let dictionary = before.dictionary.clone();
    let mut after = compile_on(systems, (revised, run), frame_revised, dictionary)?;
    before.share(after.dictionary.clone());
    let sources = [&mut after.subject].into_iter().chain(&mut after.lists);
    for (own, other) in sources.zip([&before.subject].into_iter().chain(&before.lists)) {
        for (item, name) in &other.columns {
            add(&mut own.columns, item.clone(), name);
        }
    }
    Ok((before, after))
}

fn compile_on(
    systems: &[Arc<System>],
    (system, run): (&Arc<System>, &Run),
    frame: &Frame,
    dictionary: Dictionary,
) -> Result<Compiled, OfficeError> {
    let procedure = crate::procedure_of(system, &run.procedure)?;
    let subject = subject(systems, (system, run))?;
    let lists = lists(system, run, frame);
    let mut builder = Builder::new((system, procedure, run), frame, (&subject, &lists));
    builder.dictionary = dictionary;
    let only = builder.only();
    builder.derived();
    let groups = builder.groups();
    let mut checks = builder.inputs();
    builder.values()?;
    checks.extend(builder.checks());
    let sheets = builder.sheets()?;
    builder.flush();
    let Builder { stages, mut dictionary, taken, problems, world, origins, .. } = builder;
    let mut compiled = Compiled {
        subject,
        lists,
        only: None,
        stages,
        origins,
        checks,
        groups,
        sheets,
        dictionary: Dictionary::default(),
    };
    let mut problems = problems;
    compiled.read(&taken, &world, &mut problems);
    if let Some(only) = only {
        match only.program(dictionary.clone()) {
            Ok(mut program) => {
                dictionary = program.dictionary().clone();
                compiled.only = Some(program);
            }
            Err(refused) => problems.extend(refused),
        }
    }
    if !problems.is_empty() {
        problems.dedup();
        let what = problems.join("。");
        return Err(OfficeError::Definition(format!("一括処理「{}」: {what}", run.name)));
    }
    compiled.share(dictionary);
    Ok(compiled)
}

impl Compiled {
    /// Chooses the items to be read: those that a formula takes or a row hands on.
    fn read(&mut self, taken: &Taken, world: &BTreeSet<String>, problems: &mut Vec<String>) {
        let made: BTreeSet<String> = self.origins.keys().cloned().collect();
        let read: BTreeSet<String> = self.lists.iter().map(|list| list.name.clone()).collect();
        let is_list = |name: &str| made.contains(name) || read.contains(name);
        let prefix = format!("{}.", self.subject.name);
        for name in &taken.facts {
            let item = name.strip_prefix(&prefix).and_then(|item| self.subject.item(item)).cloned();
            match item {
                Some(item) if is_passed(&item) => problems.push(wordy(name)),
                Some(item) => add(&mut self.subject.columns, item, name),
                None if world.contains(name) || is_list(name) => {}
                None => problems.push(format!("「{name}」は一括処理では使えません")),
            }
        }
        for (list, field) in &taken.fields {
            let list = self.origins.get(list).unwrap_or(list);
            if world.contains(field) {
                continue;
            }
            let source = self.lists.iter_mut().find(|source| source.name == *list);
            let Some(source) = source else { continue };
            match source.item(field).cloned() {
                Some(item) if is_passed(&item) => problems.push(wordy(field)),
                Some(item) => add(&mut source.columns, item, field),
                None => problems.push(format!("「{list}」に項目「{field}」がありません")),
            }
        }
        for sheet in &self.sheets {
            for out in &sheet.outs {
                let Out::Passed(name) = out else { continue };
                let of_list = sheet.over.as_deref().filter(|_| !name.starts_with(&prefix));
                let (source, item) = match of_list {
                    Some(list) => {
                        let of = self.origins.get(list).map_or(list, String::as_str);
                        (self.lists.iter_mut().find(|own| own.name == of), &**name)
                    }
                    None => {
                        let item = name.strip_prefix(&prefix).unwrap_or(name);
                        (Some(&mut self.subject), item)
                    }
                };
                if let Some(source) = source
                    && let Some(item) = source.item(item).cloned()
                {
                    add(&mut source.columns, item, name);
                }
            }
        }
    }

    /// Every code gets its number, and every program the same numbers.
    fn share(&mut self, mut dictionary: Dictionary) {
        for source in [&self.subject].into_iter().chain(&self.lists) {
            for (item, _) in &source.columns {
                let codes = item.codes(&source.system);
                codes.into_iter().flat_map(|list| &list.entries).for_each(|entry| {
                    dictionary.number(&entry.code);
                });
            }
        }
        for program in self.programs() {
            *program.dictionary() = dictionary.clone();
        }
        self.dictionary = dictionary;
    }

    /// The law of each calculation on its day.
    pub fn plans(&self) -> impl Iterator<Item = &Plan> {
        self.stages.iter().filter_map(|stage| match stage {
            Stage::Calculation(own) => Some(own.program.plan()),
            _ => None,
        })
    }

    fn programs(&mut self) -> impl Iterator<Item = &mut Program> {
        let stages = self.stages.iter_mut().map(|stage| match stage {
            Stage::Formulas(program) => Some(program),
            Stage::Calculation(own) => Some(&mut own.program),
            Stage::Keep { .. } => None,
        });
        self.only.iter_mut().chain(stages.flatten())
    }
}

fn wordy(name: &str) -> String {
    format!("文字の項目「{name}」は、写すだけで、式の中では使えません")
}

fn add(columns: &mut Vec<(Item, String)>, item: Item, name: &str) {
    if columns.iter().all(|(_, known)| known != name) {
        columns.push((item, name.to_owned()));
    }
}

struct Builder<'a> {
    system: &'a System,
    procedure: &'a Procedure,
    run: &'a Run,
    frame: &'a Frame,
    subject: &'a str,
    /// Names of the run, and of the procedure.
    outer: Names,
    inner: Names,
    /// Formulas of the stage that grows.
    current: Formulas,
    stages: Vec<Stage>,
    dictionary: Dictionary,
    /// Columns that stages make.
    world: BTreeSet<String>,
    taken: Taken,
    /// Lists that were made of others, with the one that was read.
    origins: BTreeMap<String, String>,
    problems: Vec<String>,
}

impl<'a> Builder<'a> {
    fn new(
        (system, procedure, run): (&'a System, &'a Procedure, &'a Run),
        frame: &'a Frame,
        (subject, lists): (&'a Source, &[Source]),
    ) -> Builder<'a> {
        let mut outer = Names::default();
        outer.present.insert(subject.name.clone());
        outer.known.extend(parameters(system, &frame.ordinance, frame.today));
        outer.known.insert("本日".to_owned(), frame.today.into());
        let mut inner = outer.clone();
        inner.known.insert("届出日".to_owned(), frame.today.into());
        outer.known.extend(frame.asked.clone());
        for list in lists {
            inner.aliases.insert(list.name.clone(), list.name.clone());
        }
        Builder {
            system,
            procedure,
            run,
            frame,
            subject: &subject.name,
            current: Formulas::new(outer.clone()),
            outer,
            inner,
            stages: Vec::new(),
            dictionary: Dictionary::default(),
            world: BTreeSet::new(),
            taken: Taken::default(),
            origins: BTreeMap::new(),
            problems: Vec::new(),
        }
    }

    fn only(&mut self) -> Option<Formulas> {
        let only = self.run.only.as_ref()?;
        let mut formulas = Formulas::new(self.outer.clone());
        formulas.add("選ぶ", only);
        self.take(&formulas);
        Some(formulas)
    }

    fn take(&mut self, formulas: &Formulas) {
        let Taken { facts, fields } = formulas.taken();
        self.taken.facts.extend(facts);
        self.taken.fields.extend(fields);
    }

    /// Ends the stage that grows.
    fn flush(&mut self) {
        let next = Formulas::new(self.inner.clone());
        let formulas = std::mem::replace(&mut self.current, next);
        if formulas.is_empty() {
            return;
        }
        self.take(&formulas);
        if let Some(program) = self.program(formulas) {
            self.stages.push(Stage::Formulas(program));
        }
    }

    fn program(&mut self, formulas: Formulas) -> Option<Program> {
        match formulas.program(self.dictionary.clone()) {
            Ok(mut program) => {
                self.dictionary = program.dictionary().clone();
                Some(program)
            }
            Err(refused) => {
                self.problems.extend(refused);
                None
            }
        }
    }

    /// What the run itself derives.
    fn derived(&mut self) {
        for (name, by) in &self.run.values {
            self.current.add(name, by);
            self.world.insert(name.clone());
        }
    }

    /// The form: what a field is; and what the run itself checks.
    fn inputs(&mut self) -> Vec<(String, String)> {
        let (procedure, run) = (self.procedure, self.run);
        let mut checks = Vec::new();
        for (at, check) in run.checks.iter().enumerate() {
            let column = format!("対象/{at}");
            self.current.add(&column, &check.must);
            self.world.insert(column.clone());
            checks.push((column, check.message.clone()));
        }
        let mut kept = Vec::new();
        for group in &procedure.form {
            let given = |name: &str| self.run.inputs.iter().find(|(field, _)| field == name);
            if group.repeat.is_some() {
                let by = given(&group.name).map(|(_, by)| by);
                match by.map(|by| (by, by.handed(), by.filtered())) {
                    Some((_, Some(Handed::Name(list)), _)) => {
                        self.inner.aliases.insert(group.name.clone(), list);
                    }
                    Some((by, _, Some(of))) => {
                        let list = format!("欄/{}", group.name);
                        let column = format!("{list}/残す");
                        self.current.add_filter(&column, by);
                        self.inner.aliases.insert(group.name.clone(), list.clone());
                        self.origins.insert(list.clone(), of.to_owned());
                        kept.push(Stage::Keep { list, of: of.to_owned(), column });
                    }
                    _ => self.problems.push(format!("一覧の欄「{}」に並びが要ります", group.name)),
                }
                continue;
            }
            for field in &group.fields {
                let by = given(&field.name).map(|(_, by)| by).or(field.default.as_ref());
                match by {
                    Some(by) => self.input(&field.name, by),
                    None if field.required && field.when.is_none() => {
                        self.problems.push(format!("必須の欄「{}」に値がありません", field.name));
                    }
                    None => {
                        self.inner.known.insert(field.name.clone(), Value::Null);
                    }
                }
            }
        }
        self.flush();
        self.stages.extend(kept);
        checks
    }

    fn input(&mut self, field: &str, by: &Expression) {
        if let Some(value) = self.constant(by, &self.outer) {
            self.inner.known.insert(field.to_owned(), value);
            return;
        }
        if let Some(Handed::Name(name)) = by.handed() {
            self.inner.aliases.insert(field.to_owned(), name);
            return;
        }
        let column = format!("欄/{field}");
        self.current.add(&column, by);
        self.world.insert(column.clone());
        self.inner.aliases.insert(field.to_owned(), column);
    }

    /// The value of an expression that is the same for everybody.
    fn constant(&self, by: &Expression, names: &Names) -> Option<Value> {
        let known = |name: &String| {
            let name = names.aliases.get(name).unwrap_or(name);
            Some((Arc::<str>::from(name.as_str()), names.known.get(name)?.clone()))
        };
        let facts = by.names().iter().map(known).collect::<Option<_>>()?;
        by.evaluate(&facts).value.ok()
    }

    fn resolved(&self, name: String) -> String {
        self.inner.aliases.get(&name).cloned().unwrap_or(name)
    }

    fn values(&mut self) -> Result<(), OfficeError> {
        for (name, derivation) in &self.procedure.values {
            match derivation {
                Derivation::Expression(by) => self.value(name, by),
                Derivation::Calculation { id, facts } => self.calculation(name, (id, facts))?,
            }
        }
        Ok(())
    }

    fn value(&mut self, name: &str, by: &Expression) {
        if let Some(value) = self.constant(by, &self.inner) {
            self.inner.known.insert(name.to_owned(), value);
            self.flush();
        } else if let Some(Handed::Name(from)) = by.handed() {
            let from = self.resolved(from);
            self.inner.aliases.insert(name.to_owned(), from);
            self.flush();
        } else {
            self.current.add(name, by);
            self.world.insert(name.to_owned());
        }
    }

    fn calculation(
        &mut self,
        name: &str,
        (id, given): (&str, &[(String, Expression)]),
    ) -> Result<(), OfficeError> {
        let law = &calculation_of(self.system, id)?.law;
        let (mut facts, mut lists) = (Vec::new(), Vec::new());
        for (fact, by) in given {
            let of = law.calculation().facts.iter().find(|own| own.name == *fact);
            match of.map(|own| &own.kind) {
                Some(FactKind::List { .. }) => lists.extend(self.list_of_facts(name, fact, by)),
                Some(FactKind::One(kind)) => {
                    facts.push((fact.clone(), self.fact(name, fact, by, &kind.ty)));
                }
                None => {}
            }
        }
        self.flush();
        let day = facts.iter().find(|(fact, _)| *fact == law.calculation().day);
        let Some((_, Given::Same(Value::Date(day), _))) = day else {
            let day = &law.calculation().day;
            self.problems.push(format!("算定「{name}」の日（{day}）が全員に同じではありません"));
            return Ok(());
        };
        let set = self.frame.ordinance.iter();
        let set = set.map(|(name, value)| (name.clone(), Value::from(*value))).collect();
        let plan = law.plan(**day, &set).map_err(|errors| {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            OfficeError::Definition(lines.join(" "))
        })?;
        for result in &plan.results {
            self.world.insert(format!("{name}.{}", result.rule));
        }
        match Program::new(Arc::new(plan), self.dictionary.clone()) {
            Ok(mut program) => {
                self.dictionary = program.dictionary().clone();
                let name = name.to_owned();
                self.stages.push(Stage::Calculation(Calculation { name, program, facts, lists }));
            }
            Err(refused) => self.problems.extend(refused),
        }
        Ok(())
    }

    fn fact(&mut self, name: &str, fact: &str, by: &Expression, ty: &Type) -> Given {
        if let Some(value) = self.constant(by, &self.inner) {
            return Given::Same(value, ty.clone());
        }
        if let Some(Handed::Name(from)) = by.handed() {
            let from = self.resolved(from);
            self.taken.facts.insert(from.clone());
            return Given::Column(from);
        }
        let column = format!("{name}/{fact}");
        self.current.add(&column, by);
        self.world.insert(column.clone());
        Given::Column(column)
    }

    fn list_of_facts(&mut self, name: &str, fact: &str, by: &Expression) -> Option<GivenList> {
        let Some((list, fields)) = by.records() else {
            let message =
                format!("算定「{name}」の「{fact}」は for … return {{ … }} で書いてください");
            self.problems.push(message);
            return None;
        };
        let column = format!("{name}/{fact}");
        let list = self.resolved(list.to_owned());
        let fields = fields.iter();
        let fields = fields.map(|field| ((*field).to_owned(), format!("{column}.{field}")));
        let fields = fields.collect();
        self.current.add_records(&column, by);
        Some(GivenList { fact: fact.to_owned(), list, fields })
    }

    fn checks(&mut self) -> Vec<(String, String)> {
        let mut out = Vec::new();
        for (at, check) in self.procedure.checks.iter().enumerate() {
            let column = format!("検査/{at}");
            self.current.add(&column, &check.must);
            self.world.insert(column.clone());
            out.push((column, check.message.clone()));
        }
        out
    }

    /// What tells subjects apart.
    fn groups(&mut self) -> Vec<(String, String)> {
        if !self.frame.compares {
            return Vec::new();
        }
        let mut out = Vec::new();
        for (at, group) in self.run.groups.iter().enumerate() {
            let column = format!("区分/{at}");
            self.current.add(&column, &group.by);
            self.world.insert(column.clone());
            out.push((group.name.clone(), column));
        }
        out
    }

    fn sheets(&mut self) -> Result<Vec<Sheet>, OfficeError> {
        let mut sheets: Vec<Sheet> = Vec::new();
        let mut bound: Vec<(String, usize)> = Vec::new();
        for (at, effect) in self.procedure.effects.iter().enumerate() {
            let Verb::Open { register, bind, .. } = &effect.verb else { continue };
            if effect.effective.is_some() {
                self.problems.push("effective のある効果は一括処理で行えません".to_owned());
            }
            let sheet = self.sheet((at, effect), register, &bound)?;
            if let (Some(name), None) = (bind, &sheet.over) {
                bound.push((name.clone(), sheets.len()));
            }
            sheets.push(sheet);
        }
        Ok(sheets)
    }

    fn sheet(
        &mut self,
        (at, effect): (usize, &Effect),
        register: &str,
        bound: &[(String, usize)],
    ) -> Result<Sheet, OfficeError> {
        let missing = || OfficeError::Definition(format!("台帳「{register}」がありません"));
        let of = self.system.register(register).ok_or_else(missing)?;
        let when = effect.when.as_ref().map(|when| {
            let column = format!("条件/{at}");
            self.current.add(&column, when);
            self.world.insert(column.clone());
            column
        });
        let over = match effect.over.as_ref().map(Expression::handed) {
            None => None,
            Some(Some(Handed::Name(list))) => Some(self.resolved(list)),
            Some(_) => {
                self.problems.push("for には並びの名前だけを書いてください".to_owned());
                None
            }
        };
        let Verb::Open { set, .. } = &effect.verb else { return Err(missing()) };
        let mut outs = Vec::with_capacity(of.items.len());
        for item in &of.items {
            let by = set.iter().find(|own| own.item == item.name).map(|own| &own.value);
            let out = match by {
                Some(by) => self.out((at, item), by, (effect, over.as_deref()), bound),
                None if item.name == of.key && item.format.is_none() => Out::Numbered,
                None => Out::Same(Value::Null),
            };
            if item.secret || (item.name == of.key && !matches!(out, Out::Numbered)) {
                let name = &item.name;
                self.problems.push(format!("項目「{name}」は一括処理で書けません"));
            }
            outs.push(out);
        }
        Ok(Sheet { register: register.to_owned(), when, over, outs })
    }

    fn out(
        &mut self,
        (at, item): (usize, &Item),
        by: &Expression,
        (effect, over): (&Effect, Option<&str>),
        bound: &[(String, usize)],
    ) -> Out {
        if let Some(value) = self.constant(by, &self.inner) {
            return Out::Same(value);
        }
        match by.handed() {
            Some(Handed::Name(name)) => {
                let element = name.strip_prefix(&format!("{}.", effect.each));
                if let (Some(field), Some(list)) = (element, over) {
                    return self.of_element(list, field);
                }
                self.of_subject(self.resolved(name))
            }
            Some(Handed::First { list, .. }) => match bound.iter().find(|(name, _)| name == list) {
                Some((_, sheet)) => Out::Opened(*sheet),
                None => Out::Same(Value::Null),
            },
            None => {
                let column = format!("行/{at}/{}", item.name);
                if over.is_some() {
                    let message = format!("並びの行の「{}」に式は使えません", item.name);
                    self.problems.push(message);
                }
                self.current.add(&column, by);
                self.world.insert(column.clone());
                Out::Column(column)
            }
        }
    }

    fn of_element(&mut self, list: &str, field: &str) -> Out {
        let read = self.origins.get(list).map_or(list, String::as_str);
        let of = self.run.lists.iter().find(|own| own.name == read);
        let register = of.and_then(|own| self.system.register(&own.register));
        match register.and_then(|register| register.item(field)) {
            Some(item) if is_passed(item) => Out::Passed(field.to_owned()),
            Some(_) => {
                self.taken.fields.insert((list.to_owned(), field.to_owned()));
                Out::Column(field.to_owned())
            }
            None => Out::Same(Value::Null),
        }
    }

    fn of_subject(&mut self, name: String) -> Out {
        let item = name.strip_prefix(self.subject).and_then(|rest| rest.strip_prefix('.'));
        let Some(item) = item else { return Out::Column(name) };
        let used = self.system.uses.iter().find(|used| used.name == self.subject);
        let items = match (used, &self.run.subjects) {
            (Some(used), _) => &used.items,
            (None, RunSubjects::Own(id) | RunSubjects::Used(id)) => {
                match self.system.register(id) {
                    Some(own) => &own.items,
                    None => return Out::Same(Value::Null),
                }
            }
        };
        match items.iter().find(|own| own.name == item) {
            Some(item) if is_passed(item) => Out::Passed(name),
            _ => {
                self.taken.facts.insert(name.clone());
                Out::Column(name)
            }
        }
    }
}
