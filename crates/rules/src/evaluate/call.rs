//! Calls of functions.

use super::list::{Elements, element_type};
use super::{Evaluated, Evaluator, absorb, arithmetic, conform, truth};
use crate::calendar;
use crate::error::{Fault, Span};
use crate::functions::Function;
use crate::tree::Node;
use crate::types::Type;
use crate::value::Value;

impl Evaluator<'_, '_> {
    pub(super) fn call(
        &mut self,
        function: Function,
        arguments: &[Node],
        node: &Node,
    ) -> Evaluated {
        match (function, arguments) {
            (Function::IsUnknown, [value]) => {
                let value = self.eval(value)?;
                Ok(Value::Boolean(matches!(value, Value::Unknown(_))))
            }
            (Function::ValueOr, [value, default]) => match self.eval(value)? {
                Value::Null => self.eval(default),
                value => Ok(value),
            },
            (Function::Concat, parts) if matches!(node.ty, Type::List(_)) => {
                self.concat_lists(parts, node.span)
            }
            (
                Function::Count
                | Function::Empty
                | Function::First
                | Function::Last
                | Function::Distinct
                | Function::Sum
                | Function::Min
                | Function::Max,
                [list],
            ) => self.of_list(function, list, node),
            _ => {
                let values = self.all(arguments)?;
                match absorb(&values) {
                    Some(absorbed) => Ok(absorbed),
                    None => self.of_known(function, &values, node.span),
                }
            }
        }
    }

    fn concat_lists(&mut self, parts: &[Node], span: Span) -> Evaluated {
        let mut whole = Vec::new();
        for part in parts {
            match self.elements(part)? {
                Elements::Known(items) => {
                    self.charge(items.len(), span)?;
                    whole.extend(items.iter().cloned());
                }
                Elements::Unknown(unknown) => return Ok(Value::Unknown(unknown)),
            }
        }
        Ok(whole.into())
    }

    fn of_list(&mut self, function: Function, list: &Node, node: &Node) -> Evaluated {
        let items = match self.elements(list)? {
            Elements::Known(items) => items,
            Elements::Unknown(unknown) => return Ok(Value::Unknown(unknown)),
        };
        let element = element_type(list);
        let pick = |item: Option<&Value>| match item {
            Some(item) => conform(item, element, list.span),
            None => Ok(Value::Null),
        };
        match function {
            Function::Count => Ok(Value::from(i64::try_from(items.len()).unwrap_or(i64::MAX))),
            Function::Empty => Ok(Value::Boolean(items.is_empty())),
            Function::First => pick(items.first()),
            Function::Last => pick(items.last()),
            Function::Distinct => self.distinct(&items, node.span),
            _ => {
                self.charge(items.len(), node.span)?;
                let values = items.iter().map(|item| pick(Some(item)));
                let values = values.collect::<Result<Vec<Value>, _>>()?;
                self.aggregate(function, &values, node)
            }
        }
    }

    fn aggregate(&mut self, function: Function, values: &[Value], node: &Node) -> Evaluated {
        if let Some(absorbed) = absorb(values) {
            return Ok(absorbed);
        }
        if function == Function::Sum {
            return self.total(values, node);
        }
        let mut best: Option<&Value> = None;
        for value in values {
            let better = match best {
                None => true,
                Some(best) if function == Function::Min => {
                    truth::order(value, best, node.span)?.is_lt()
                }
                Some(best) => truth::order(value, best, node.span)?.is_gt(),
            };
            if better {
                best = Some(value);
            }
        }
        Ok(best.cloned().unwrap_or(Value::Null))
    }

    /// Functions of values that are neither null nor unknown.
    fn of_known(&mut self, function: Function, values: &[Value], span: Span) -> Evaluated {
        match (function, values) {
            (Function::Not, [value]) => Ok(truth::negation(value.clone())),
            (Function::Abs, [value]) => arithmetic::absolute(value.clone(), span),
            (Function::Text, [Value::Text(text)]) => Ok(text.clone().into()),
            (Function::Text, [value]) => Ok(value.to_string().into()),
            (Function::StringLength, [Value::Text(text)]) => {
                let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
                Ok(length.into())
            }
            (Function::Concat, parts) => {
                let texts: Vec<&str> = parts.iter().filter_map(text).collect();
                self.join_texts(&texts, span)
            }
            (_, [Value::Text(whole), Value::Text(part)]) => {
                self.charge(whole.len() / 64, span)?;
                Ok(Value::Boolean(match function {
                    Function::StartsWith => whole.starts_with(&**part),
                    Function::EndsWith => whole.ends_with(&**part),
                    _ => whole.contains(&**part),
                }))
            }
            (_, values) => of_dates(function, values, span),
        }
    }
}

fn of_dates(function: Function, values: &[Value], span: Span) -> Evaluated {
    let place = |fault: Fault| fault.at(span);
    let date = match (function, values) {
        (Function::DaysBetween, [Value::Date(from), Value::Date(to)]) => {
            return Ok(calendar::days_between(**from, **to).into());
        }
        (Function::Age, [Value::Date(birth), Value::Date(day)]) => {
            return calendar::age(**birth, **day).map(Value::from).map_err(place);
        }
        (Function::FiscalYear, [Value::Date(day)]) => {
            return Ok(calendar::fiscal_year(**day).into());
        }
        (Function::FiscalYearEnd, [Value::Date(day)]) => calendar::fiscal_year_end(**day),
        (Function::MonthStart, [Value::Date(day)]) => Ok(day.first_of_month()),
        (Function::MonthEnd, [Value::Date(day)]) => Ok(day.last_of_month()),
        (_, [Value::Date(day), Value::Number(number)]) => {
            let number = number.to_integer().unwrap_or(0);
            match function {
                Function::AgeReached => calendar::age_reached(**day, number),
                Function::AddMonths => calendar::add_months(**day, number),
                Function::AddYears => calendar::add_years(**day, number),
                Function::PeriodEnd => calendar::period_end(**day, number),
                _ => calendar::add_days(**day, number),
            }
        }
        (_, [Value::Number(year), Value::Number(month), Value::Number(day)]) => {
            let [year, month, day] = [year, month, day].map(|n| n.to_integer().unwrap_or(0));
            calendar::date(year, month, day)
        }
        (_, values) => {
            let found = values.first().map_or("null", Value::kind);
            Err(Fault::WrongType { expected: Type::Date.to_string(), found })
        }
    };
    date.map(Value::from).map_err(place)
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}
