//! FEEL in our language: names as the calculation has them, what it does not know by name.

use super::{PARTS, ROUNDINGS, SHARED};
use crate::dmn::feel::{
    Arguments, Domain, Expr, Names, Operator, RangeEnds, Test, parse_expression, parse_tests,
};
use crate::dmn::scalar::Form;
use crate::nearest::nearest;
use crate::types::Scope;

/// The tests of a cell in our language.
pub(super) fn tests(text: &str, names: &Names, scope: &Scope) -> Result<String, String> {
    let tests = parse_tests(text, names)?;
    Writer { scope, bound: Vec::new() }.cell(&tests)
}

/// An expression in our language.
pub(super) fn expression(text: &str, names: &Names, scope: &Scope) -> Result<String, String> {
    let expression = parse_expression(text, names)?;
    Writer { scope, bound: Vec::new() }.at(&expression, 0)
}

/// How strongly what is written binds: a branch least, a name most.
const PRIMARY: u8 = 7;

struct Writer<'s> {
    scope: &'s Scope,
    /// Variables of loops.
    bound: Vec<String>,
}

type Written = Result<String, String>;

fn refuse(what: &str) -> Written {
    Err(format!("{what}は、この言語では書けません。別の書き方に改めてください。"))
}

impl Writer<'_> {
    fn cell(&mut self, tests: &[Test]) -> Written {
        match tests {
            [Test::Any] => Ok("-".to_owned()),
            [Test::Not(inner)] => Ok(format!("not({})", self.tests(inner)?)),
            tests => self.tests(tests),
        }
    }

    fn tests(&mut self, tests: &[Test]) -> Written {
        let all: Result<Vec<String>, String> = tests.iter().map(|test| self.test(test)).collect();
        all.map(|all| all.join(", "))
    }

    fn test(&mut self, test: &Test) -> Written {
        match test {
            Test::Any | Test::Not(_) => refuse("欄の一部だけの - や not(…)"),
            Test::Compare(operator, value) => {
                Ok(format!("{} {}", sign(*operator), self.at(value, 4)?))
            }
            Test::Value(Expr::Range(ends)) => self.range(ends),
            Test::Value(Expr::List(items)) if !items.is_empty() => {
                let items: Result<Vec<String>, String> =
                    items.iter().map(|item| self.at(item, 0)).collect();
                items.map(|items| items.join(", "))
            }
            Test::Value(value) => self.at(value, 0),
        }
    }

    /// `[a..b]`, or `< a`.
    fn range(&mut self, ends: &RangeEnds) -> Written {
        let [low_closed, high_closed] = ends.closed;
        match (&ends.form, &ends.low, &ends.high) {
            (Form::Between, Some(low), Some(high)) => {
                let (low, high) = (self.at(low, 4)?, self.at(high, 4)?);
                let opening = if low_closed { '[' } else { '(' };
                let closing = if high_closed { ']' } else { ')' };
                Ok(format!("{opening}{low}..{high}{closing}"))
            }
            (Form::Compared, None, Some(high)) => {
                Ok(format!("{} {}", if high_closed { "<=" } else { "<" }, self.at(high, 4)?))
            }
            (Form::Compared, Some(low), None) => {
                Ok(format!("{} {}", if low_closed { ">=" } else { ">" }, self.at(low, 4)?))
            }
            _ => refuse("この形の範囲"),
        }
    }

    /// Writes `expression`, in parentheses if it binds less than `least`.
    fn at(&mut self, expression: &Expr, least: u8) -> Written {
        let (text, strength) = match expression {
            Expr::Number(number) => (number.to_string(), PRIMARY),
            Expr::Text(text) => (quoted(text)?, PRIMARY),
            Expr::Boolean(truth) => (truth.to_string(), PRIMARY),
            Expr::Null => ("null".to_owned(), PRIMARY),
            Expr::At(text) if is_day(text) => (format!("date({})", quoted(text)?), PRIMARY),
            Expr::At(text) => return refuse(&format!("@\"{text}\"")),
            Expr::Name(name) => (self.name(name)?, PRIMARY),
            Expr::Path(base, name) => (self.path(base, name)?, PRIMARY),
            Expr::Filter(base, filter) => {
                let (base, depth) = (self.at(base, PRIMARY)?, self.bound.len());
                self.bound.push("item".to_owned());
                let filter = self.at(filter, 0);
                self.bound.truncate(depth);
                (format!("{base}[{}]", filter?), PRIMARY)
            }
            Expr::Call(callee, arguments) => (self.call(callee, arguments)?, PRIMARY),
            Expr::Negate(inner) => (format!("-{}", self.at(inner, 6)?), 6),
            Expr::Binary(operator, left, right) => self.binary(*operator, left, right)?,
            Expr::Between(value, ends) => {
                let [low, high] = &**ends;
                let (low, high) = (self.at(low, 4)?, self.at(high, 4)?);
                (format!("{} in [{low}..{high}]", self.at(value, 4)?), 3)
            }
            Expr::In(value, tests) => (self.among(value, tests)?, 3),
            Expr::If(parts) => {
                let [condition, then, otherwise] = &**parts;
                let (condition, then) = (self.at(condition, 0)?, self.at(then, 0)?);
                (format!("if {condition} then {then} else {}", self.at(otherwise, 0)?), 0)
            }
            Expr::For(iterators, body) => (self.iterated(["for", "return"], iterators, body)?, 0),
            Expr::Quantified(some, iterators, body) => {
                let word = if *some { "some" } else { "every" };
                (self.iterated([word, "satisfies"], iterators, body)?, 0)
            }
            Expr::List(items) => {
                let items: Result<Vec<String>, String> =
                    items.iter().map(|item| self.at(item, 0)).collect();
                (format!("[{}]", items?.join(", ")), PRIMARY)
            }
            Expr::InstanceOf(..) => return refuse("instance of"),
            Expr::Context(_) => return refuse("項目の組 { }"),
            Expr::Range(_) => return refuse("値としての範囲"),
            Expr::Function(_) => return refuse("式の中の関数の定義"),
        };
        Ok(if strength < least { format!("({text})") } else { text })
    }

    fn binary(
        &mut self,
        operator: Operator,
        left: &Expr,
        right: &Expr,
    ) -> Result<(String, u8), String> {
        let strength = match operator {
            Operator::Or => 1,
            Operator::And => 2,
            Operator::Add | Operator::Subtract => 4,
            Operator::Multiply | Operator::Divide => 5,
            Operator::Power => return refuse("べき乗 **").map(|text| (text, 0)),
            _ => 3,
        };
        // Comparisons never stand in a row.
        let least = if strength == 3 { 4 } else { strength };
        let (left, right) = (self.at(left, least)?, self.at(right, strength + 1)?);
        Ok((format!("{left} {} {right}", sign(operator)), strength))
    }

    /// A name of the calculation; one with spaces stands for the same without.
    fn name(&self, name: &str) -> Written {
        if name == "?" {
            return refuse("欄の中の ?");
        }
        let joined: String = name.split_whitespace().collect();
        let known =
            |name: &str| self.scope.get(name).is_some() || self.bound.iter().any(|own| own == name);
        let Some(found) = [name, &joined].into_iter().find(|name| known(name)) else {
            let near = nearest(&joined, self.scope.names().map(|(name, _)| name));
            let near = match near.as_slice() {
                [] => String::new(),
                near => format!("「{}」のことですか。", near.join("」「")),
            };
            return Err(format!(
                "名前「{name}」は、この算定の事実・規則・法令の値にありません。{near}"
            ));
        };
        Ok(spelled(found))
    }

    fn path(&mut self, base: &Expr, name: &str) -> Written {
        let part = PARTS.iter().find(|(_, feel)| *feel == name).map(|(own, _)| *own);
        let joined: String = name.split_whitespace().collect();
        Ok(format!("{}.{}", self.at(base, PRIMARY)?, part.map_or(spelled(&joined), str::to_owned)))
    }

    fn call(&mut self, callee: &Expr, arguments: &Arguments) -> Written {
        let Expr::Name(name) = callee else {
            return refuse("式の結果を関数として呼ぶこと");
        };
        let Arguments::Placed(arguments) = arguments else {
            return refuse("名前を付けた引数");
        };
        let rounding = ROUNDINGS.iter().find(|(_, feel)| feel == name);
        let mut written: Vec<String> = Vec::new();
        let taken =
            if rounding.is_some() { &arguments[..arguments.len().min(1)] } else { arguments };
        for argument in taken {
            written.push(self.at(argument, 0)?);
        }
        let Some((own, _)) = rounding else {
            if !SHARED.contains(&name.as_str()) {
                let help = match name.as_str() {
                    "floor" | "ceiling" | "decimal" | "round half down" => {
                        "round down・round up・round half up のどれかにしてください。"
                    }
                    _ => "別の書き方に改めてください。",
                };
                return Err(format!("関数「{name}」は、この言語では使えません。{help}"));
            }
            return Ok(format!("{name}({})", written.join(", ")));
        };
        let unit = match arguments.as_slice() {
            [_, places] => unit(places),
            _ => None,
        };
        match unit.as_deref() {
            Some("1") => {}
            Some(unit) => written.push(unit.to_owned()),
            None => return Err(format!("{name} の桁は整数で書いてください（0 は一の位）。")),
        }
        Ok(format!("{own}({})", written.join(", ")))
    }

    fn among(&mut self, value: &Expr, tests: &[Test]) -> Written {
        let value = self.at(value, 4)?;
        match tests {
            [Test::Value(Expr::Range(ends))] if is_range(&tests[0]) => {
                Ok(format!("{value} in {}", self.range(ends)?))
            }
            [Test::Value(one @ (Expr::List(_) | Expr::Name(_) | Expr::Path(..)))] => {
                Ok(format!("{value} in {}", self.at(one, 4)?))
            }
            tests if tests.iter().all(|test| matches!(test, Test::Value(_)) && !is_range(test)) => {
                Ok(format!("{value} in [{}]", self.tests(tests)?))
            }
            _ => refuse("in の後のこの条件"),
        }
    }

    fn iterated(
        &mut self,
        [word, before_body]: [&str; 2],
        iterators: &[(String, Domain)],
        body: &Expr,
    ) -> Written {
        let [(name, Domain::List(list))] = iterators else {
            return refuse("二つ以上の変数や数の範囲での繰り返し");
        };
        let list = self.at(list, 0)?;
        self.bound.push(name.clone());
        let body = self.at(body, 0);
        self.bound.pop();
        Ok(format!("{word} {} in {list} {before_body} {}", spelled(name), body?))
    }
}

/// `[a..b]` and its open forms.
fn is_range(test: &Test) -> bool {
    matches!(test, Test::Value(Expr::Range(ends)) if ends.form == Form::Between)
}

fn sign(operator: Operator) -> &'static str {
    match operator {
        Operator::Or => "or",
        Operator::And => "and",
        Operator::Equal => "=",
        Operator::NotEqual => "!=",
        Operator::Less => "<",
        Operator::LessOrEqual => "<=",
        Operator::Greater => ">",
        Operator::GreaterOrEqual => ">=",
        Operator::Add => "+",
        Operator::Subtract => "-",
        Operator::Multiply => "*",
        Operator::Divide => "/",
        Operator::Power => "**",
    }
}

/// A name as our language writes it: in backquotes behind a leading digit.
fn spelled(name: &str) -> String {
    let digit = name.starts_with(|c: char| c.is_ascii_digit());
    if digit { format!("`{name}`") } else { name.to_owned() }
}

fn quoted(text: &str) -> Written {
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        return refuse("文字の中の制御文字");
    }
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    Ok(format!("\"{}\"", escaped.replace('\n', "\\n").replace('\t', "\\t")))
}

fn is_day(text: &str) -> bool {
    text.len() == 10 && text.parse::<base::date::Date>().is_ok()
}

/// The unit of rounding to this many places: `1000` for -3, `0.01` for 2.
fn unit(places: &Expr) -> Option<String> {
    let digits = |number: &Expr| match number {
        Expr::Number(number) => number.to_string().parse::<usize>().ok().filter(|many| *many <= 9),
        _ => None,
    };
    match places {
        Expr::Negate(number) => digits(number).map(|many| format!("1{}", "0".repeat(many))),
        number => digits(number).map(|many| match many {
            0 => "1".to_owned(),
            many => format!("0.{}1", "0".repeat(many - 1)),
        }),
    }
}
