//! Functions and rounding in columns.

use super::block::{Block, Col, scale};
use super::day;
use super::kernel::{Data, Mask};
use crate::functions::{Function, Rounding};
use crate::tree::{Node, NodeKind};

impl<'b> Block<'b> {
    pub(super) fn call(&mut self, function: Function, arguments: &'b [Node]) -> Col<'b> {
        match (function, arguments) {
            (
                Function::Count
                | Function::Empty
                | Function::First
                | Function::Last
                | Function::Sum
                | Function::Min
                | Function::Max,
                [list],
            ) => self.of_list(function, list),
            (Function::ValueOr, [value, default]) => self.value_or(value, default),
            (Function::IsUnknown, [value]) => {
                let col = self.eval(value);
                Col { data: Data::One(0), null: Mask::None, ..col }
            }
            (Function::Not, [value]) => {
                let col = self.eval(value);
                Col { data: col.data.map(|x| !x), ..col }
            }
            (Function::Abs, [value]) => {
                let col = self.eval(value);
                self.one(&col, i64::checked_abs)
            }
            (Function::FiscalYear, [on]) => self.eval_map(on, day::fiscal_year),
            (Function::MonthStart, [on]) => self.eval_map(on, day::month_start),
            (Function::MonthEnd, [on]) => self.eval_map(on, day::month_end),
            (Function::FiscalYearEnd, [on]) => match &on.kind {
                // The usual case, in one pass.
                NodeKind::Call { function: Function::AgeReached, arguments: pair } => {
                    let (birth, age) = (self.eval(&pair[0]), self.eval(&pair[1]));
                    self.checked(&birth, &age, day::fiscal_year_end_of_age)
                }
                _ => {
                    let col = self.eval(on);
                    self.one(&col, day::fiscal_year_end)
                }
            },
            (_, [first, second]) => {
                let (a, b) = (self.eval(first), self.eval(second));
                match function {
                    Function::Age => self.checked(&a, &b, day::age),
                    Function::AgeReached => self.checked(&a, &b, day::age_reached),
                    Function::AddMonths => self.checked(&a, &b, day::add_months),
                    Function::AddYears => self.checked(&a, &b, day::add_years),
                    Function::DaysBetween => {
                        self.checked(&a, &b, |from, to| Some(day::days_between(from, to)))
                    }
                    _ => Col::bad(),
                }
            }
            _ => Col::bad(),
        }
    }

    fn eval_map(&mut self, node: &'b Node, f: impl Fn(i64) -> i64) -> Col<'b> {
        let col = self.eval(node);
        Col { data: col.data.map(f), ..col }
    }

    fn one(&self, col: &Col<'b>, f: impl Fn(i64) -> Option<i64>) -> Col<'b> {
        self.checked(col, &Col::one(0), |x, _| f(x))
    }

    fn value_or(&mut self, value: &'b Node, default: &'b Node) -> Col<'b> {
        let col = self.eval(value);
        if col.null.is_none() {
            return col;
        }
        let default = self.eval(default);
        let (col, default) = self.meet(&col, &default);
        let null = col.null.data();
        Col {
            data: Data::select(&null, &default.data, &col.data),
            null: default.null.and(&null),
            bad: col.bad.or(&default.bad.and(&null)),
            domain: col.domain,
        }
    }

    /// A product over a product as one fraction, rounded once to a multiple of the unit.
    pub(super) fn quotient(
        &mut self,
        rounding: Rounding,
        [over, under]: [&'b [Node]; 2],
        unit: &'b Node,
        node: &'b Node,
    ) -> Col<'b> {
        let places = |nodes: &[Node]| nodes.iter().map(|n| i32::from(scale(&n.ty))).sum::<i32>();
        let shift = places(under) + i32::from(scale(&node.ty)) - places(over);
        let Some(ten) = 10_i128.checked_pow(shift.unsigned_abs()) else { return Col::bad() };
        let (more, less) = if shift >= 0 { (ten, 1) } else { (1, ten) };
        let over: Vec<Col<'b>> = over.iter().map(|factor| self.eval(factor)).collect();
        let under: Vec<Col<'b>> = under.iter().map(|factor| self.eval(factor)).collect();
        let unit = self.eval(unit);
        if let Some(col) = self.simple(rounding, (&over, &under, &unit), (more, less)) {
            return col;
        }
        let all: Vec<&Col<'b>> = over.iter().chain(&under).chain([&unit]).collect();
        let mut domain = super::block::SUBJECTS;
        for col in &all {
            domain = self.inner(domain, col.domain);
        }
        let lift = |cols: &[Col<'b>]| -> Vec<Col<'b>> {
            cols.iter().map(|col| self.lift(col, domain)).collect()
        };
        let (over, under, unit) = (lift(&over), lift(&under), self.lift(&unit, domain));
        let row_of = |row: usize| -> Option<i64> {
            let product = |cols: &[Col<'b>], first: i128| {
                cols.iter().try_fold(first, |x, col| x.checked_mul(i128::from(col.data.at(row))))
            };
            let unit = i128::from(unit.data.at(row));
            let under = product(&under, less)?.checked_mul(unit)?;
            if unit <= 0 || under == 0 {
                return None;
            }
            let whole = round(rounding, product(&over, more)?, under)?.checked_mul(unit)?;
            i64::try_from(whole).ok()
        };
        let (mut null, mut bad) = (Mask::None, Mask::None);
        for col in over.iter().chain(&under).chain([&unit]) {
            null = null.or(&col.null);
            bad = bad.or(&col.bad);
        }
        let rows = Data::own(0..i64::try_from(self.rows(domain)).unwrap_or(0));
        let rows = Col { data: rows, null, bad, domain };
        self.one(&rows, |row| row_of(usize::try_from(row).unwrap_or(0)))
    }

    /// One column of numbers times a constant over a constant, the usual case.
    fn simple(
        &self,
        rounding: Rounding,
        (over, under, unit): (&[Col<'b>], &[Col<'b>], &Col<'b>),
        (more, less): (i128, i128),
    ) -> Option<Col<'b>> {
        let is_plain =
            |col: &&Col<'b>| col.data.rows().is_none() && col.null.is_none() && col.bad.is_none();
        let mut columns = over.iter().filter(|col| !is_plain(col));
        let column = columns.next()?;
        let rest = over.iter().filter(is_plain).chain(under).chain([unit]);
        if columns.next().is_some() || !rest.clone().all(|col| is_plain(&col)) {
            return None;
        }
        let times = |x: i128, col: &Col<'b>| x.checked_mul(i128::from(col.data.at(0)));
        let by = under.iter().try_fold(less, times)?;
        let times = over.iter().filter(is_plain).try_fold(more, times)?;
        let unit = unit.data.at(0);
        let by = by.checked_mul(i128::from(unit))?;
        let common = gcd(times.unsigned_abs(), by.unsigned_abs()).max(1);
        let times = u64::try_from(times.checked_div(i128::try_from(common).ok()?)?).ok()?;
        let by = u64::try_from(by.checked_div(i128::try_from(common).ok()?)?).ok()?;
        if unit <= 0 || by == 0 || by > 1 << 40 || times > 1 << 40 {
            return None;
        }
        let divisor = Divisor::new(by);
        // The largest magnitude whose product stays within 63 bits.
        let most = (1_u64 << 62) / times.max(1);
        // What is added so that the division cuts where it is to round.
        let half = match rounding {
            Rounding::Down => 0,
            Rounding::Up => by - 1,
            Rounding::HalfUp => by / 2,
        };
        Some(self.one(column, |x| {
            let magnitude = x.unsigned_abs();
            if magnitude > most {
                return None;
            }
            let whole = divisor.divide(magnitude * times + half);
            let whole = i64::try_from(whole).ok()?.checked_mul(unit)?;
            Some(if x < 0 { -whole } else { whole })
        }))
    }
}

/// Division by a constant as a multiplication, exact below 2^63.
struct Divisor {
    multiplier: u128,
    shift: u32,
}

impl Divisor {
    fn new(by: u64) -> Divisor {
        let bits = 64 - (by - 1).leading_zeros();
        let shift = 63 + bits;
        Divisor { multiplier: ((1_u128 << shift) + u128::from(by) - 1) / u128::from(by), shift }
    }

    fn divide(&self, x: u64) -> u64 {
        let wide = u128::from(x) * self.multiplier >> self.shift;
        wide as u64
    }
}

fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// `over` / `under` as a whole number, by magnitude.
fn round(rounding: Rounding, over: i128, under: i128) -> Option<i128> {
    crate::evaluate::round(rounding, over, under)
}
