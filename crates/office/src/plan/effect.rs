//! The engine verbs, planned: one function a verb.

use std::sync::Arc;

use base::date::Date;
use base::said;
use base::said::Said;
use definition::model::{
    Assignment, Effect, Format, NumberSeries, Procedure, Register, System, Verb,
};
use rules::Expression;
use rules::value::{Record, Value};
use store::ItemValue;
use store::register::Change;

use super::{Finding, Numbers, Plan, Shape, Step, open, validate};
use crate::OfficeError;
use crate::facts::{Facts, item_value, secret_place, value_of};

fn register_of<'s>(system: &'s System, id: &str) -> Result<&'s Register, OfficeError> {
    let missing = || OfficeError::Definition(format!("台帳「{id}」がありません"));
    system.register(id).ok_or_else(missing)
}

pub(super) struct Planner<'a> {
    pub system: &'a System,
    pub procedure: &'a Procedure,
    pub facts: Facts,
    pub numbers: &'a mut dyn Numbers,
    pub plan: &'a mut Plan,
}

impl Planner<'_> {
    pub fn run(&mut self, effect: &Effect) -> Result<(), OfficeError> {
        if let Some(when) = &effect.when {
            match self.value(when) {
                Some(Value::Boolean(true)) => {}
                Some(Value::Boolean(false) | Value::Null) => return self.skip(effect),
                Some(_) | None => return Ok(()),
            }
        }
        let elements = match &effect.over {
            None => None,
            Some(over) => match self.value(over) {
                Some(Value::List(elements)) => Some(elements),
                _ => Some(Arc::default()),
            },
        };
        match &effect.verb {
            Verb::Number { series, name } => {
                let number = self.number(*series, name);
                self.facts.set(name, number);
                Ok(())
            }
            Verb::Notify { notice, items, requested, fee } => {
                self.notify(notice, items, requested.as_ref(), fee.as_ref());
                Ok(())
            }
            Verb::Cancel { event } => {
                self.cancel(event);
                Ok(())
            }
            _ => self.rows(effect, elements),
        }
    }

    fn cancel(&mut self, event: &Expression) {
        let number = match self.value(event) {
            Some(Value::Number(number)) => number.to_integer(),
            _ => None,
        };
        let found = self.facts.events.iter().find(|found| Some(found.event_id) == number);
        match found.cloned() {
            Some(found) => self.plan.steps.push(Step::Cancel(found)),
            None => self.error(said!(
                "取り消す異動が決まりません。履歴から選んでください",
                "It is not said which event to cancel. Choose it from the history"
            )),
        }
    }

    /// A number that is not issued is known to be absent.
    fn skip(&mut self, effect: &Effect) -> Result<(), OfficeError> {
        match &effect.verb {
            Verb::Number { name, .. } => self.facts.set(name, Value::Null),
            Verb::Open { bind: Some(name), .. } => self.facts.set(name, Vec::<Value>::new()),
            _ => {}
        }
        Ok(())
    }

    fn value(&mut self, expression: &Expression) -> Option<Value> {
        match expression.evaluate(&self.facts.record).value {
            Ok(Value::Unknown(unknown)) => {
                let Said { ja, en } =
                    open::facts((self.system, self.procedure), unknown.questions());
                self.error(said!(
                    "確かめられない事実があります: {ja}",
                    "Some facts cannot be checked: {en}"
                ));
                None
            }
            Ok(value) => Some(value),
            Err(error) => {
                let Said { ja, en } = error.said();
                self.error(said!("計算できません: {ja}", "This cannot be calculated: {en}"));
                None
            }
        }
    }

    fn error(&mut self, said: Said) {
        self.plan.findings.push(Finding::error(None, said));
    }

    fn number(&mut self, series: NumberSeries, name: &str) -> String {
        match series {
            NumberSeries::Addressee => self.numbers.take("宛名番号", Shape::Addressee),
            NumberSeries::Household => self.numbers.take("世帯番号", Shape::Household),
            NumberSeries::Plain => {
                let series = format!("{}.{name}", self.system.id);
                self.numbers.take(&series, Shape::Plain)
            }
        }
    }

    fn notify(
        &mut self,
        notice: &str,
        items: &[String],
        requested: Option<&Expression>,
        fee: Option<&Expression>,
    ) {
        let requested = requested.map(|expression| match self.value(expression) {
            Some(Value::List(list)) => list.iter().filter_map(text_of).collect(),
            _ => Vec::new(),
        });
        let fee_yen = match fee.map(|expression| self.value(expression)) {
            Some(Some(Value::Number(number))) => number.to_integer().unwrap_or_default(),
            _ => 0,
        };
        let (notice, items) = (notice.to_owned(), items.to_vec());
        self.plan.steps.push(Step::Notify { notice, items, requested, fee_yen });
    }

    fn rows(
        &mut self,
        effect: &Effect,
        elements: Option<Arc<Vec<Value>>>,
    ) -> Result<(), OfficeError> {
        let Some(elements) = elements else { return self.row(effect).map(|_| ()) };
        let mut opened = Vec::new();
        for element in elements.iter() {
            self.facts.record.insert(effect.each.as_str(), element.clone());
            opened.extend(self.row(effect)?);
        }
        self.facts.record.remove(&effect.each);
        if let Verb::Open { bind: Some(name), .. } = &effect.verb {
            self.facts.set(name, opened);
        }
        Ok(())
    }

    fn row(&mut self, effect: &Effect) -> Result<Option<Value>, OfficeError> {
        let Some(day) = self.day(effect) else { return Ok(None) };
        match &effect.verb {
            Verb::Open { register, set, bind } => {
                let register = register_of(self.system, register)?;
                let opened = self.open(register, set, day);
                if let (Some(name), None, Some(opened)) = (bind, &effect.over, &opened) {
                    self.facts.set(name, vec![opened.clone()]);
                }
                return Ok(opened);
            }
            Verb::Amend { register, key, set } => {
                self.change(register, key, set, |patch| Change::Amend { day, patch })?
            }
            Verb::Correct { register, key, set } => {
                self.change(register, key, set, |patch| Change::Correct { patch })?;
            }
            Verb::Close { register, key, set } => {
                self.change(register, key, set, |patch| Change::Close { day, patch })?
            }
            Verb::Timer { on, procedure, key } => self.timer(on, procedure, key),
            Verb::Number { .. } | Verb::Notify { .. } | Verb::Cancel { .. } => {}
        }
        Ok(None)
    }

    fn day(&mut self, effect: &Effect) -> Option<Date> {
        match &effect.effective {
            None => self.plan.effective_on,
            Some(expression) => match self.value(expression) {
                Some(Value::Date(day)) => Some(*day),
                _ => {
                    self.error(said!(
                        "効力の生じる日が決まりません",
                        "The day from which it holds is not known"
                    ));
                    None
                }
            },
        }
    }

    fn timer(&mut self, on: &Expression, procedure: &str, key: &Expression) {
        let (on, key) = (self.value(on), self.value(key));
        if let (Some(Value::Date(on)), Some(Value::Text(key))) = (on, key) {
            let (on, procedure, key) = (*on, procedure.to_owned(), key.to_string());
            self.plan.steps.push(Step::Timer { on, procedure, key });
        }
    }

    fn open(&mut self, register: &Register, set: &[Assignment], day: Date) -> Option<Value> {
        let mut values: Vec<Option<ItemValue>> = vec![None; register.items.len()];
        for (at, value) in self.assigned((register, None), set)? {
            values[at] = value;
        }
        let key = register.key_index();
        if values[key].is_none() {
            let (series, shape) = match register.items[key].format {
                Some(Format::AddresseeNumber) => ("宛名番号".to_owned(), Shape::Addressee),
                Some(Format::HouseholdNumber) => ("世帯番号".to_owned(), Shape::Household),
                _ => (format!("{}.{}", self.system.id, register.id), Shape::Plain),
            };
            values[key] = Some(ItemValue::Text(self.numbers.take(&series, shape)));
        }
        let mut record = Record::new();
        for (item, value) in register.items.iter().zip(&values) {
            if let Some(said) = validate::item(self.system, item, value.as_ref()) {
                self.error(said);
            }
            record.insert(item.name.as_str(), value_of(&item.name, value.as_ref()));
        }
        record.insert("閉鎖日", Value::Null);
        record.insert("記載日", Value::from(day));
        self.plan.steps.push(Step::Open { register: register.id.clone(), values, day });
        Some(Value::from(record))
    }

    fn assigned(
        &mut self,
        (register, key): (&Register, Option<&str>),
        set: &[Assignment],
    ) -> Option<Vec<(usize, Option<ItemValue>)>> {
        let mut out = Vec::with_capacity(set.len());
        let mut failed = false;
        for assignment in set {
            let at = register.items.iter().position(|item| item.name == assignment.item)?;
            let item = &register.items[at];
            let place = key.map(|key| secret_place(register, key, &item.name));
            let value = match assignment.value.evaluate(&self.facts.record).value {
                Ok(value) => item_value(item, place.as_deref(), &value),
                Err(error) => Err(error.said()),
            };
            match value {
                Ok(value) => out.push((at, value)),
                Err(said) => {
                    self.error(said);
                    failed = true;
                }
            }
        }
        (!failed).then_some(out)
    }

    fn change(
        &mut self,
        register: &str,
        key: &Expression,
        set: &[Assignment],
        change: impl FnOnce(Vec<(usize, Option<ItemValue>)>) -> Change,
    ) -> Result<(), OfficeError> {
        let system = self.system;
        let register = register_of(system, register)?;
        let Some(Value::Text(key)) = self.value(key) else {
            let (name, name_en) = (&register.name, &register.name_en);
            self.error(said!(
                "台帳「{name}」のどの行かが決まりません",
                "It is not known which row of the register “{name_en}” is meant"
            ));
            return Ok(());
        };
        let Some(patch) = self.assigned((register, Some(&key)), set) else { return Ok(()) };
        for (at, value) in &patch {
            let found = validate::item(system, &register.items[*at], value.as_ref());
            if let Some(said) = found {
                self.error(said);
            }
        }
        let register = register.id.clone();
        self.plan.steps.push(Step::Change {
            register,
            key: key.to_string(),
            change: change(patch),
        });
        Ok(())
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.to_string()),
        _ => None,
    }
}
