//! Functions and rounding in columns.

use super::block::{Block, Col, scale};
use super::day;
use super::kernel::{Data, Mask, truth};
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
            (Function::Date, [year, month, day]) => {
                let (year, month) = (self.eval(year), self.eval(month));
                let month = self.checked(&year, &month, day::month_of);
                let day = self.eval(day);
                self.checked(&month, &day, day::day_of)
            }
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
        let mut domain = super::block::SUBJECTS;
        for col in over.iter().chain(&under).chain([&unit]) {
            domain = self.inner(domain, col.domain);
        }
        let lift = |cols: &[Col<'b>]| -> Vec<Col<'b>> {
            cols.iter().map(|col| self.lift(col, domain)).collect()
        };
        let (over, under, unit) = (lift(&over), lift(&under), self.lift(&unit, domain));
        let (mut null, mut bad) = (Mask::None, Mask::None);
        for col in over.iter().chain(&under).chain([&unit]) {
            null = null.or(&col.null);
            bad = bad.or(&col.bad);
        }
        let parts = (over.as_slice(), under.as_slice(), &unit);
        let (data, failed) = shared(rounding, parts, (more, less))
            .unwrap_or_else(|| row_by_row(rounding, parts, (more, less), self.rows(domain)));
        let bad = bad.or(&failed.without(&null.data()));
        Col { data, null, bad, domain }
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
        if let Some(data) =
            Narrow::new(by).and_then(|narrow| narrow.all(&column.data, (times, half, unit)))
        {
            return Some(Col { data, ..column.clone() });
        }
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

/// Division of numbers below 2^31 by a constant: one multiplication of 32 bits, many at a time.
struct Narrow {
    multiplier: u64,
    shift: u32,
}

/// The lower half of a number.
const LOW: u64 = 0xffff_ffff;

impl Narrow {
    fn new(by: u64) -> Option<Narrow> {
        if by >= 1 << 31 {
            return None;
        }
        let shift = 31 + (64 - (by - 1).leading_zeros());
        Some(Narrow { multiplier: ((1 << shift) + by - 1) / by, shift })
    }

    /// Every number times one constant, over the divisor and times another; `None` when one of
    /// them is too large for this way.
    fn all<'b>(&self, data: &Data<'b>, (times, half, unit): (u64, u64, i64)) -> Option<Data<'b>> {
        let unit = u64::try_from(unit).ok().filter(|unit| *unit <= LOW)?;
        let spread = |(bits, signs), x: &i64| (bits | (x ^ (x >> 63)), signs | x);
        let (bits, signs) = data.rows()?.iter().fold((0, 0), spread);
        // Every magnitude is at most this.
        let most = u64::try_from(bits).ok()?.checked_add(1)?.checked_next_power_of_two()?;
        if most.checked_mul(times)?.checked_add(half)? >= 1 << 31 {
            return None;
        }
        let (multiplier, shift) = (self.multiplier, self.shift);
        let whole = |over: u64| ((over & LOW) * (multiplier & LOW)) >> shift;
        if signs >= 0 && times == 1 && unit == 1 {
            return Some(data.map(|x| whole(x as u64 + half) as i64));
        }
        let of = |magnitude: u64| {
            let whole = whole((magnitude & LOW) * (times & LOW) + half);
            ((whole & LOW) * (unit & LOW)) as i64
        };
        if signs >= 0 {
            return Some(data.map(|x| of(x as u64)));
        }
        Some(data.map(|x| {
            let sign = x >> 63;
            (of(((x ^ sign) - sign) as u64) ^ sign) - sign
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

/// Factors over factors, and a unit.
type Parts<'a, 'b> = (&'a [Col<'b>], &'a [Col<'b>], &'a Col<'b>);

/// The quotients of all rows, and which have none.
fn row_by_row<'b>(
    rounding: Rounding,
    (over, under, unit): Parts<'_, 'b>,
    (more, less): (i128, i128),
    rows: usize,
) -> (Data<'b>, Mask<'b>) {
    let row_of = |row: usize| -> Option<i64> {
        let product = |cols: &[Col<'_>], first: i128| {
            cols.iter().try_fold(first, |x, col| x.checked_mul(i128::from(col.data.at(row))))
        };
        let unit = i128::from(unit.data.at(row));
        let under = product(under, less)?.checked_mul(unit)?;
        if unit <= 0 || under == 0 {
            return None;
        }
        let whole = round(rounding, product(over, more)?, under)?.checked_mul(unit)?;
        i64::try_from(whole).ok()
    };
    let found: Vec<Option<i64>> = (0..rows).map(row_of).collect();
    let failed = Mask::from_data(Data::own(found.iter().map(|own| truth(own.is_none()))));
    (Data::own(found.into_iter().map(Option::unwrap_or_default)), failed)
}

/// The same where the products fit 64 bits and the unit is one for all; `None` where they do not.
fn shared<'b>(
    rounding: Rounding,
    (over, under, unit): Parts<'_, 'b>,
    (more, less): (i128, i128),
) -> Option<(Data<'b>, Mask<'b>)> {
    if unit.data.rows().is_some() || unit.data.at(0) <= 0 {
        return None;
    }
    let unit = unit.data.at(0);
    let over = product(over, more)?;
    let under = product(under, less.checked_mul(i128::from(unit))?)?;
    let (data, failed) = over.zip_with(&under, |over, under| {
        let (above, below) = (over.unsigned_abs(), under.unsigned_abs().max(1));
        let (whole, rest) = (above / below, above % below);
        let up = match rounding {
            Rounding::Down => false,
            Rounding::Up => rest > 0,
            Rounding::HalfUp => rest >= below - rest,
        };
        let whole = i64::try_from(whole + u64::from(up)).ok();
        let whole = whole.and_then(|whole| whole.checked_mul(unit));
        let (sign, there) = ((over ^ under) >> 63, truth(under != 0));
        (whole.map_or(0, |whole| ((whole ^ sign) - sign) & there), truth(whole.is_none()))
    });
    let none = Mask::from_data(under.map(|under| truth(under == 0)));
    (failed == 0).then_some((data, none))
}

/// The product of columns; `None` when one leaves 64 bits.
fn product<'b>(cols: &[Col<'b>], first: i128) -> Option<Data<'b>> {
    let mut whole = Data::One(i64::try_from(first).ok()?);
    for col in cols {
        let (next, left) = whole.zip_with(&col.data, |x, y| {
            let (product, left) = x.overflowing_mul(y);
            (product, truth(left))
        });
        if left != 0 {
            return None;
        }
        whole = next;
    }
    Some(whole)
}

/// `over` / `under` as a whole number, by magnitude.
fn round(rounding: Rounding, over: i128, under: i128) -> Option<i128> {
    crate::evaluate::round(rounding, over, under)
}
