//! One block of subjects: the steps of the plan one after the other, each over all of them.
//!
//! A column lives in a domain: the subjects, the elements of a list of theirs, or the pairs that a
//! loop over another list makes of them. Where two columns meet, the outer one is brought to the
//! inner domain. What does not depend on the element of a loop is worked out outside of it.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::batch::{Batch, Column};
use super::kernel::{Data, Mask, truth};
use super::list::Source;
use super::{Program, Results, day};
use crate::law::{PLACE, Step};
use crate::syntax::Comparison;
use crate::tree::{Arithmetic, DatePart, Node, NodeKind};
use crate::types::Type;
use crate::value::Value;

/// The domain of the subjects themselves.
pub(super) const SUBJECTS: usize = 0;

/// Rows that stand for something within an outer domain.
pub(super) struct Domain {
    pub outer: usize,
    pub depth: usize,
    /// For each row its row in the outer domain, in order.
    pub parent: Rc<Vec<u32>>,
    /// Where the rows of each row of the outer domain begin, and where the last one's end.
    pub starts: Rc<Vec<u32>>,
}

/// A column at work.
#[derive(Clone)]
pub(super) struct Col<'b> {
    pub data: Data<'b>,
    pub null: Mask<'b>,
    /// Rows for which this cannot be told here.
    pub bad: Mask<'b>,
    pub domain: usize,
}

impl<'b> Col<'b> {
    pub fn one(value: i64) -> Self {
        Col { data: Data::One(value), null: Mask::None, bad: Mask::None, domain: SUBJECTS }
    }

    pub fn null() -> Self {
        Col { null: Mask::All, ..Col::one(0) }
    }

    pub fn bad() -> Self {
        Col { bad: Mask::All, ..Col::one(0) }
    }

    /// Set where it is true.
    pub fn is_true(&self) -> Data<'b> {
        match &self.null {
            Mask::None => self.data.clone(),
            null => self.data.zip(&null.data(), |x, null| x & !null),
        }
    }
}

/// What a local of the tree stands for.
pub(super) struct Local<'b> {
    pub domain: usize,
    pub element: Element<'b>,
    /// Fields that were taken of it.
    pub taken: Vec<(&'b str, Col<'b>)>,
}

impl<'b> Local<'b> {
    pub fn new(domain: usize, element: Element<'b>) -> Self {
        Local { domain, element, taken: Vec::new() }
    }
}

/// The element that a loop binds.
#[derive(Clone)]
pub(super) enum Element<'b> {
    /// One of a list of facts: its rows in the block's elements.
    Fact(Rc<str>, Source),
    /// One of a list that was made.
    Made(Col<'b>),
}

pub(super) struct Block<'b> {
    pub program: &'b Program,
    pub batch: &'b Batch,
    pub range: (usize, usize),
    pub domains: Vec<Domain>,
    pub locals: Vec<Local<'b>>,
    /// Values of steps about subjects.
    pub values: BTreeMap<&'b str, Col<'b>>,
    /// Values of steps about elements, in the domain of the elements of their list.
    pub fields: BTreeMap<(&'b str, &'b str), Col<'b>>,
    /// The domain of the elements of a list.
    pub lists: BTreeMap<&'b str, usize>,
}

impl<'b> Block<'b> {
    pub fn new(program: &'b Program, batch: &'b Batch, range: (usize, usize)) -> Self {
        let (parent, starts) = Default::default();
        let subjects = Domain { outer: SUBJECTS, depth: 0, parent, starts };
        Block {
            program,
            batch,
            range,
            domains: vec![subjects],
            locals: Vec::new(),
            values: BTreeMap::new(),
            fields: BTreeMap::new(),
            lists: BTreeMap::new(),
        }
    }

    pub fn rows(&self, domain: usize) -> usize {
        match domain {
            SUBJECTS => self.range.1 - self.range.0,
            domain => self.domains[domain].parent.len(),
        }
    }

    /// Works the block out and adds its results.
    pub fn run(mut self, results: &mut Results) {
        for step in &self.program.plan.steps {
            self.step(step);
        }
        self.finish(results);
    }

    fn step(&mut self, step: &'b Step) {
        let rule = &*step.rule;
        let Some(list) = rule.list.as_deref() else {
            let value = self.answer(step);
            self.values.insert(&rule.name, value);
            return;
        };
        let domain = self.elements_of(list);
        let element = Element::Fact(list.into(), Source::All);
        self.locals.push(Local::new(domain, element));
        let value = self.answer(step);
        self.locals.pop();
        let value = self.lift(&value, domain);
        self.fields.insert((list, &rule.name), value);
    }

    fn answer(&mut self, step: &'b Step) -> Col<'b> {
        let found = step.grid.as_ref().and_then(|grid| self.grid(grid));
        found.unwrap_or_else(|| self.eval(&step.node))
    }

    /// The domain of the elements of a list of facts.
    pub fn elements_of(&mut self, list: &'b str) -> usize {
        if let Some(domain) = self.lists.get(list) {
            return *domain;
        }
        let subjects = self.rows(SUBJECTS);
        let mut starts = vec![0; subjects + 1];
        let mut parent = Vec::new();
        if let Some(column) = self.batch.lists.get(list) {
            let offsets = &column.offsets[self.range.0..=self.range.1];
            starts = offsets.iter().map(|at| at - offsets[0]).collect();
            parent = owners(&starts);
        }
        let domain = self.add_domain(SUBJECTS, parent, starts);
        self.lists.insert(list, domain);
        domain
    }

    pub fn add_domain(&mut self, outer: usize, parent: Vec<u32>, starts: Vec<u32>) -> usize {
        let depth = self.domains[outer].depth + 1;
        let (parent, starts) = (Rc::new(parent), Rc::new(starts));
        self.domains.push(Domain { outer, depth, parent, starts });
        self.domains.len() - 1
    }

    /// The column in an inner domain.
    pub fn lift(&self, col: &Col<'b>, domain: usize) -> Col<'b> {
        if col.domain == domain {
            return col.clone();
        }
        let constant = col.data.rows().is_none()
            && !matches!(col.null, Mask::Some(_))
            && !matches!(col.bad, Mask::Some(_));
        if constant {
            return Col { domain, ..col.clone() };
        }
        let rows = self.path(col.domain, domain);
        Col {
            data: col.data.gather(&rows),
            null: col.null.gather(&rows),
            bad: col.bad.gather(&rows),
            domain,
        }
    }

    /// For each row of `to` its row in the outer domain `from`.
    fn path(&self, from: usize, to: usize) -> Rc<Vec<u32>> {
        let own = &self.domains[to];
        if own.outer == from || own.depth == 0 {
            return own.parent.clone();
        }
        let outer = self.path(from, own.outer);
        Rc::new(own.parent.iter().map(|row| outer[*row as usize]).collect())
    }

    /// The inner of two domains of which one lies within the other.
    pub fn inner(&self, a: usize, b: usize) -> usize {
        if self.domains[a].depth >= self.domains[b].depth { a } else { b }
    }

    pub fn meet(&self, a: &Col<'b>, b: &Col<'b>) -> (Col<'b>, Col<'b>) {
        let domain = self.inner(a.domain, b.domain);
        (self.lift(a, domain), self.lift(b, domain))
    }

    pub fn eval(&mut self, node: &'b Node) -> Col<'b> {
        match &node.kind {
            NodeKind::Constant(value) => self.constant(value, &node.ty),
            NodeKind::Fact(name) => self.fact(name),
            NodeKind::Local(level) => self.local(*level),
            NodeKind::Field { base, name, .. } => match base.kind {
                NodeKind::Local(level) => self.field(level, name),
                _ => Col::bad(),
            },
            NodeKind::DatePart { base, part } => {
                let base = self.eval(base);
                let take = match part {
                    DatePart::Year => day::year,
                    DatePart::Month => day::month,
                    DatePart::Day => day::day,
                };
                Col { data: base.data.map(take), ..base }
            }
            NodeKind::Rescale(inner) => {
                let col = self.eval(inner);
                self.rescale(col, scale(&inner.ty), scale(&node.ty))
            }
            NodeKind::Negate(inner) => {
                let col = self.eval(inner);
                self.combine(Col::one(0), col, Arithmetic::Subtract)
            }
            NodeKind::Arithmetic { operation: Arithmetic::Add, left, right }
                if matches!(left.kind, NodeKind::Arithmetic { operation: Arithmetic::Add, .. }) =>
            {
                self.sum(left, right)
            }
            NodeKind::Arithmetic { operation, left, right } => {
                let (left, right) = (self.eval(left), self.eval(right));
                self.combine(left, right, *operation)
            }
            NodeKind::Quotient { rounding, over, under, unit } => {
                self.quotient(*rounding, [over, under], unit, node)
            }
            NodeKind::Compare { comparison, left, right } => {
                let scales = (scale(&left.ty), scale(&right.ty));
                let (left, right) = (self.eval(left), self.eval(right));
                self.compare(*comparison, (left, right), scales)
            }
            NodeKind::And(left, right) => self.logic(left, right, false),
            NodeKind::Or(left, right) => self.logic(left, right, true),
            NodeKind::If { condition, then, otherwise } => self.branch(condition, then, otherwise),
            NodeKind::InRange { value, ends, closed } => self.in_range(value, ends, *closed),
            NodeKind::In { value, list } => self.membership(value, list),
            NodeKind::Quantified { quantifier, list, body } => {
                self.quantified(*quantifier, list, body)
            }
            NodeKind::Position { list, position } => self.position(list, position),
            NodeKind::Call { function, arguments } => self.call(*function, arguments),
            NodeKind::For { .. }
            | NodeKind::Filter { .. }
            | NodeKind::List(_)
            | NodeKind::Record(_)
            | NodeKind::Imported(_) => Col::bad(),
        }
    }

    pub fn constant(&self, value: &Value, ty: &Type) -> Col<'b> {
        match (value, ty) {
            (Value::Null, _) => Col::null(),
            (Value::Number(number), Type::Number { scale }) => match number.rescale(*scale) {
                Ok(number) => Col::one(number.mantissa()),
                Err(_) => Col::bad(),
            },
            (Value::Boolean(value), _) => Col::one(truth(*value)),
            (Value::Date(date), _) => Col::one(day::pack(**date)),
            (Value::Text(text), _) => {
                self.program.dictionary.find(text).map_or_else(Col::bad, Col::one)
            }
            _ => Col::bad(),
        }
    }

    fn fact(&mut self, name: &str) -> Col<'b> {
        if let Some(col) = self.values.get(name) {
            return col.clone();
        }
        if let Some(column) = self.program.constants.get(name) {
            return Col {
                data: Data::One(column.values[0]),
                null: if column.null[0] { Mask::All } else { Mask::None },
                bad: if column.unknown[0] { Mask::All } else { Mask::None },
                domain: SUBJECTS,
            };
        }
        match self.batch.facts.get(name) {
            Some(column) => slice(column, self.range, SUBJECTS),
            None => Col::bad(),
        }
    }

    fn local(&self, level: usize) -> Col<'b> {
        match self.locals.get(level).map(|local| &local.element) {
            Some(Element::Made(col)) => col.clone(),
            _ => Col::bad(),
        }
    }

    /// A field of a list's element, in the domain of the loop that binds it.
    fn field(&mut self, level: usize, name: &'b str) -> Col<'b> {
        let Some(local) = self.locals.get(level) else { return Col::bad() };
        if let Some((_, col)) = local.taken.iter().find(|(taken, _)| *taken == name) {
            return col.clone();
        }
        let (domain, Element::Fact(list, source)) = (local.domain, local.element.clone()) else {
            return Col::bad();
        };
        let whole = self.whole_field(&list, name);
        let col = match source {
            Source::All => Col { domain, ..whole },
            Source::Rows(rows) => Col {
                data: whole.data.gather(&rows),
                null: whole.null.gather(&rows),
                bad: whole.bad.gather(&rows),
                domain,
            },
        };
        self.locals[level].taken.push((name, col.clone()));
        col
    }

    /// A field of all elements of a list in the block.
    fn whole_field(&mut self, list: &str, name: &str) -> Col<'b> {
        let Some((list, domain)) = self.lists.get_key_value(list).map(|(l, d)| (*l, *d)) else {
            return Col::bad();
        };
        if let Some(col) = self.fields.get(&(list, name)) {
            return col.clone();
        }
        let Some(column) = self.batch.lists.get(list) else { return Col::bad() };
        if name == PLACE {
            let places = (self.range.0..self.range.1)
                .flat_map(|row| (1..).take(column.range(row).len()).map(|place: i64| place));
            let places = Data::own(places);
            return Col { data: places, null: Mask::None, bad: Mask::None, domain };
        }
        let from = column.range(self.range.0).start;
        let to = column.range(self.range.1 - 1).end;
        match column.fields.get(name) {
            Some(field) => slice(field, (from, to), domain),
            None => Col { domain, ..Col::bad() },
        }
    }

    pub fn rescale(&self, col: Col<'b>, from: u8, to: u8) -> Col<'b> {
        if from >= to {
            return col;
        }
        let factor = 10_i64.pow(u32::from(to - from));
        self.checked(&col, &Col::one(factor), i64::checked_mul)
    }

    /// A number of both rows, bad where there is none.
    pub fn checked(
        &self,
        a: &Col<'b>,
        b: &Col<'b>,
        f: impl Fn(i64, i64) -> Option<i64>,
    ) -> Col<'b> {
        let (a, b) = self.meet(a, b);
        let (null, mut bad) = (a.null.or(&b.null), a.bad.or(&b.bad));
        let (data, failed) = a.data.zip_with(&b.data, |x, y| {
            let found = f(x, y);
            (found.unwrap_or(0), truth(found.is_none()))
        });
        if failed != 0 {
            // What is null has no number that could fail.
            let failed = Mask::from_data(a.data.zip(&b.data, |x, y| truth(f(x, y).is_none())));
            bad = bad.or(&failed.without(&null.data()));
        }
        Col { data, null, bad, domain: a.domain }
    }

    fn combine(&self, a: Col<'b>, b: Col<'b>, operation: Arithmetic) -> Col<'b> {
        match operation {
            Arithmetic::Add => self.plain(a, b, i64::wrapping_add, |x, y, z| (x ^ z) & (y ^ z)),
            Arithmetic::Subtract => {
                self.plain(a, b, i64::wrapping_sub, |x, y, z| (x ^ y) & (x ^ z))
            }
            Arithmetic::Multiply => self.checked(&a, &b, i64::checked_mul),
            _ => Col::bad(),
        }
    }

    /// A chain of additions in one column: what was added so far is not kept.
    fn sum(&mut self, left: &'b Node, right: &'b Node) -> Col<'b> {
        let (mut chain, mut at) = (vec![right], left);
        while let NodeKind::Arithmetic { operation: Arithmetic::Add, left, right } = &at.kind {
            chain.push(right);
            at = left;
        }
        let mut sum = self.eval(at);
        while let Some(node) = chain.pop() {
            let next = self.eval(node);
            let is_plain = |col: &Col<'b>| col.null.is_none() && col.bad.is_none();
            let fits = sum.domain == next.domain && is_plain(&sum) && is_plain(&next);
            if !fits || !sum.data.add(&next.data) {
                sum = self.combine(sum, next, Arithmetic::Add);
            }
        }
        sum
    }

    /// Wrapping arithmetic in one pass; the sign of `over` tells where it wrapped.
    fn plain(
        &self,
        a: Col<'b>,
        b: Col<'b>,
        f: impl Fn(i64, i64) -> i64,
        over: impl Fn(i64, i64, i64) -> i64,
    ) -> Col<'b> {
        let (a, b) = self.meet(&a, &b);
        let (data, any) = a.data.zip_with(&b.data, |x, y| {
            let z = f(x, y);
            (z, over(x, y, z))
        });
        let (null, mut bad) = (a.null.or(&b.null), a.bad.or(&b.bad));
        let wrapped = |x, y| over(x, y, f(x, y));
        if any < 0 {
            let failed = Mask::from_data(a.data.zip(&b.data, |x, y| wrapped(x, y) >> 63));
            bad = bad.or(&failed.without(&null.data()));
        }
        Col { data, null, bad, domain: a.domain }
    }

    /// Comparison of numbers at their scales, of dates, truths and text numbers.
    pub fn compare(
        &self,
        comparison: Comparison,
        (a, b): (Col<'b>, Col<'b>),
        scales: (u8, u8),
    ) -> Col<'b> {
        let a = self.rescale(a, scales.0, scales.1);
        let b = self.rescale(b, scales.1, scales.0);
        let (a, b) = self.meet(&a, &b);
        let (bad, domain) = (a.bad.or(&b.bad), a.domain);
        let ordered = |data| Col { data, null: a.null.or(&b.null), bad: bad.clone(), domain };
        let (x, y) = (&a.data, &b.data);
        match comparison {
            Comparison::Less => return ordered(x.zip(y, |x, y| truth(x < y))),
            Comparison::LessOrEqual => return ordered(x.zip(y, |x, y| truth(x <= y))),
            Comparison::Greater => return ordered(x.zip(y, |x, y| truth(x > y))),
            Comparison::GreaterOrEqual => return ordered(x.zip(y, |x, y| truth(x >= y))),
            Comparison::Equal | Comparison::NotEqual => {}
        }
        let mut data = x.zip(y, |x, y| truth(x == y));
        if !a.null.is_none() || !b.null.is_none() {
            let (x, y) = (a.null.data(), b.null.data());
            let neither = x.zip(&y, |x, y| !(x | y));
            let both = x.zip(&y, |x, y| x & y);
            data = data.zip(&neither, |same, neither| same & neither).zip(&both, |a, b| a | b);
        }
        if comparison == Comparison::NotEqual {
            data = data.map(|same| !same);
        }
        Col { data, null: Mask::None, bad, domain }
    }

    fn in_range(&mut self, value: &'b Node, ends: &'b [Node; 2], closed: [bool; 2]) -> Col<'b> {
        let above = if closed[0] { Comparison::GreaterOrEqual } else { Comparison::Greater };
        let below = if closed[1] { Comparison::LessOrEqual } else { Comparison::Less };
        let own = self.eval(value);
        if let Some(found) = self.between(&own, (value, ends), closed) {
            return found;
        }
        let mut side = |end: &'b Node, comparison| {
            let col = self.eval(end);
            self.compare(comparison, (own.clone(), col), (scale(&value.ty), scale(&end.ty)))
        };
        let (low, high) = (side(&ends[0], above), side(&ends[1], below));
        self.join(&low, &high, false)
    }

    /// Between two ends that are the same for all rows, in one pass.
    fn between(
        &mut self,
        own: &Col<'b>,
        (value, ends): (&'b Node, &'b [Node; 2]),
        closed: [bool; 2],
    ) -> Option<Col<'b>> {
        let end = |block: &mut Self, node: &'b Node| {
            let same =
                matches!(node.kind, NodeKind::Constant(_)) && scale(&node.ty) == scale(&value.ty);
            same.then(|| block.eval(node)).filter(|col| col.null.is_none() && col.bad.is_none())
        };
        let (low, high) = (end(self, &ends[0])?, end(self, &ends[1])?);
        let low = low.data.at(0).checked_add(i64::from(!closed[0]))?;
        let high = high.data.at(0).checked_sub(i64::from(!closed[1]))?;
        let data = own.data.map(|x| truth(x >= low) & truth(x <= high));
        Some(Col { data, ..own.clone() })
    }

    /// `and`, `or` of two truths: `decisive` on either side decides, then null.
    pub fn join(&self, a: &Col<'b>, b: &Col<'b>, decisive: bool) -> Col<'b> {
        let (a, b) = self.meet(a, b);
        if a.null.is_none() && b.null.is_none() {
            let data = match decisive {
                true => a.data.zip(&b.data, |x, y| x | y),
                false => a.data.zip(&b.data, |x, y| x & y),
            };
            return Col { data, null: Mask::None, bad: a.bad.or(&b.bad), domain: a.domain };
        }
        let flip = |data: &Data<'b>| if decisive { data.clone() } else { data.map(|x| !x) };
        let decided = |col: &Col<'b>| match &col.null {
            Mask::None => flip(&col.data),
            null => flip(&col.data).zip(&null.data(), |x, null| x & !null),
        };
        let decided = decided(&a).zip(&decided(&b), |x, y| x | y);
        let null = a.null.or(&b.null).without(&decided);
        Col { data: flip(&decided), null, bad: a.bad.or(&b.bad), domain: a.domain }
    }

    fn logic(&mut self, left: &'b Node, right: &'b Node, decisive: bool) -> Col<'b> {
        let a = self.eval(left);
        if let (Data::One(x), Mask::None, Mask::None) = (&a.data, &a.null, &a.bad)
            && (*x != 0) == decisive
        {
            return a;
        }
        let b = self.eval(right);
        let joined = self.join(&a, &b, decisive);
        if b.bad.is_none() {
            return joined;
        }
        // What the left side decides needs nothing of the right.
        let a = self.lift(&a, joined.domain);
        let b = self.lift(&b, joined.domain);
        let decided = match decisive {
            true => a.is_true(),
            false => a.is_true().zip(&a.null.data(), |x, null| !(x | null)),
        };
        Col { bad: a.bad.or(&b.bad.without(&decided)), ..joined }
    }

    fn branch(&mut self, condition: &'b Node, then: &'b Node, otherwise: &'b Node) -> Col<'b> {
        let condition = self.eval(condition);
        let mask = condition.is_true();
        let chosen = match mask.uniform() {
            Some(true) => self.eval(then),
            Some(false) => self.eval(otherwise),
            None => return self.choose(&condition, mask, [then, otherwise]),
        };
        if condition.bad.is_none() {
            return chosen;
        }
        let (chosen, condition) = self.meet(&chosen, &condition);
        Col { bad: chosen.bad.or(&condition.bad), ..chosen }
    }

    fn choose(
        &mut self,
        condition: &Col<'b>,
        mask: Data<'b>,
        [then, otherwise]: [&'b Node; 2],
    ) -> Col<'b> {
        let (then, otherwise) = (self.eval(then), self.eval(otherwise));
        let domain = self.inner(condition.domain, self.inner(then.domain, otherwise.domain));
        let mask = Col { data: mask, null: Mask::None, ..condition.clone() };
        let mask = self.lift(&mask, domain);
        let (then, otherwise) = (self.lift(&then, domain), self.lift(&otherwise, domain));
        let masks = |a: &Mask<'b>, b: &Mask<'b>| match (a, b) {
            (Mask::None, Mask::None) => Mask::None,
            _ => Mask::from_data(Data::select(&mask.data, &a.data(), &b.data())),
        };
        Col {
            data: Data::select(&mask.data, &then.data, &otherwise.data),
            null: masks(&then.null, &otherwise.null),
            bad: mask.bad.or(&masks(&then.bad, &otherwise.bad)),
            domain,
        }
    }

    /// Adds the block's results to those of the batch.
    fn finish(&mut self, results: &mut Results) {
        let mut bad = Mask::None;
        for result in &self.program.plan.results {
            let Some(out) = results.columns.get_mut(&result.rule) else { continue };
            let (col, domain) = match &result.list {
                Some(list) => {
                    let domain = self.elements_of(list);
                    let col = self.fields.get(&(list.as_str(), result.rule.as_str()));
                    (col.cloned().unwrap_or_else(Col::bad), domain)
                }
                None => {
                    let col = self.values.get(result.rule.as_str());
                    (col.cloned().unwrap_or_else(Col::bad), SUBJECTS)
                }
            };
            let col = self.lift(&col, domain);
            let rows = self.rows(domain);
            append(out, &col, rows);
            bad = bad.or(&self.to_subjects(&col.bad, domain));
        }
        for list in self.batch.lists.values().filter(|list| !list.unknown.is_empty()) {
            let marks = &list.unknown[self.range.0..self.range.1];
            bad = bad.or(&Mask::from_data(Data::own(marks.iter().map(|m| truth(*m)))));
        }
        let bad = bad.data();
        let rows = 0..self.rows(SUBJECTS);
        results
            .irregular
            .extend(rows.filter(|row| bad.at(*row) != 0).map(|row| row + self.range.0));
    }

    /// Subjects of which some row is marked.
    pub fn to_subjects(&self, mask: &Mask<'b>, domain: usize) -> Mask<'b> {
        let mut mask = mask.clone();
        let mut domain = domain;
        while domain != SUBJECTS && !mask.is_none() {
            mask = self.outward(&mask, domain);
            domain = self.domains[domain].outer;
        }
        mask
    }

    /// Rows of the outer domain of which some row is marked.
    pub fn outward(&self, mask: &Mask<'b>, domain: usize) -> Mask<'b> {
        if mask.is_none() {
            return Mask::None;
        }
        let (own, data) = (&self.domains[domain], mask.data());
        let mut marks = vec![0; self.rows(own.outer)];
        for (row, parent) in own.parent.iter().enumerate() {
            marks[*parent as usize] |= data.at(row);
        }
        Mask::from_data(Data::own(marks))
    }
}

/// For each element the row that it belongs to.
fn owners(starts: &[u32]) -> Vec<u32> {
    let mut owners = Vec::with_capacity(starts.last().map_or(0, |end| *end as usize));
    for (row, bounds) in (0_u32..).zip(starts.windows(2)) {
        owners.resize(bounds[1] as usize, row);
    }
    owners
}

/// Decimal places of a number's type.
pub(super) fn scale(ty: &Type) -> u8 {
    match ty {
        Type::Number { scale } => *scale,
        _ => 0,
    }
}

/// Rows of a batch's column.
fn slice<'b>(column: &'b Column, (from, to): (usize, usize), domain: usize) -> Col<'b> {
    let marks = |marks: &[bool]| match marks.get(from..to.min(marks.len())) {
        Some(rows) if rows.iter().any(|set| *set) => {
            let mut data: Vec<i64> = rows.iter().map(|set| truth(*set)).collect();
            data.resize(to - from, 0);
            Mask::from_data(Data::own(data))
        }
        _ => Mask::None,
    };
    let (null, bad) = (marks(&column.null), marks(&column.unknown));
    Col { data: Data::Slice(&column.values[from..to]), null, bad, domain }
}

fn append(out: &mut Column, col: &Col<'_>, rows: usize) {
    let before = out.values.len();
    match col.data.rows() {
        Some(values) => out.values.extend_from_slice(values),
        None => out.values.extend(std::iter::repeat_n(col.data.at(0), rows)),
    }
    let mark = |marks: &mut Vec<bool>, mask: &Mask<'_>| {
        if mask.is_none() && marks.is_empty() {
            return;
        }
        let data = mask.data();
        marks.resize(before, false);
        marks.extend((0..rows).map(|row| data.at(row) != 0));
    };
    mark(&mut out.null, &col.null);
    mark(&mut out.unknown, &col.bad);
}
