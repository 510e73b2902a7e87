//! Lists in columns: loops, filters, quantifiers and what is gathered from elements.

use std::rc::Rc;

use super::block::{Block, Col, Element, Local, SUBJECTS, scale};
use super::kernel::{Data, Mask, truth};
use crate::functions::Function;
use crate::syntax::{Comparison, Quantifier};
use crate::tree::{Node, NodeKind};
use crate::types::Type;
use crate::value::Value;

/// Which elements of a list of facts.
#[derive(Clone)]
pub(super) enum Source {
    /// All of the block, in order.
    All,
    /// These.
    Rows(Rc<Vec<u32>>),
}

/// A list for every row of `outer`: its elements are the rows of `domain`.
pub(super) struct Items<'b> {
    pub outer: usize,
    pub domain: usize,
    pub element: Element<'b>,
    /// Rows of `outer` whose list cannot be told here.
    pub bad: Mask<'b>,
}

impl<'b> Block<'b> {
    /// The innermost domain that a list or the body of its loop depends on, besides its own
    /// element.
    fn home(&self, nodes: &[&Node]) -> usize {
        let mut home = SUBJECTS;
        for node in nodes {
            self.deepest(node, &mut home);
        }
        home
    }

    fn deepest(&self, node: &Node, home: &mut usize) {
        if let NodeKind::Local(level) = node.kind
            && let Some(local) = self.locals.get(level)
        {
            *home = self.inner(*home, local.domain);
        }
        for child in node.children() {
            self.deepest(child, home);
        }
    }

    /// The list that a node gives, for every row of `outer`.
    fn items(&mut self, node: &'b Node, outer: usize) -> Option<Items<'b>> {
        match &node.kind {
            NodeKind::Fact(name) => Some(self.fact_items(name, outer)),
            NodeKind::Filter { list, condition } => {
                let items = self.items(list, outer)?;
                Some(self.filtered(items, condition))
            }
            NodeKind::For { list, body } => {
                let items = self.items(list, outer)?;
                let col = self.each(&items, body);
                let bad = items.bad.or(&self.outward(&col.bad, items.domain));
                let element = Element::Made(Col { bad: Mask::None, ..col });
                Some(Items { element, bad, ..items })
            }
            _ => None,
        }
    }

    /// The elements of a list of facts for every row of `outer`.
    fn fact_items(&mut self, name: &'b str, outer: usize) -> Items<'b> {
        let elements = self.elements_of(name);
        let bad = match self.batch.lists.get(name) {
            None => Mask::All,
            Some(list) if list.unknown.is_empty() => Mask::None,
            Some(list) => {
                let marks = &list.unknown[self.range.0..self.range.1];
                let marks = marks.iter().map(|mark| truth(*mark));
                Mask::from_data(Data::own(marks))
            }
        };
        let list: Rc<str> = name.into();
        if outer == SUBJECTS {
            let element = Element::Fact(list, Source::All);
            return Items { outer, domain: elements, element, bad };
        }
        let marked = Col { bad, ..Col::one(0) };
        let bad = self.lift(&marked, outer).bad;
        let starts = self.domains[elements].starts.clone();
        let subjects = self.subjects_of(outer);
        let bounds = |subject: u32| (starts[subject as usize], starts[subject as usize + 1]);
        let mut ends = Vec::with_capacity(subjects.len() + 1);
        let mut end = 0;
        ends.push(end);
        ends.extend(subjects.iter().map(|subject| {
            let (from, to) = bounds(*subject);
            end += to - from;
            end
        }));
        let pairs = end as usize;
        let (mut source, mut parent) = (Vec::with_capacity(pairs), Vec::with_capacity(pairs));
        for (row, subject) in (0_u32..).zip(subjects) {
            let (from, to) = bounds(subject);
            source.extend(from..to);
            parent.resize(source.len(), row);
        }
        let domain = self.add_domain(outer, parent, ends);
        let element = Element::Fact(list, Source::Rows(Rc::new(source)));
        Items { outer, domain, element, bad }
    }

    /// For each row of a domain its subject.
    fn subjects_of(&self, domain: usize) -> Vec<u32> {
        let mut own: Vec<u32> = self.domains[domain].parent.to_vec();
        let mut at = self.domains[domain].outer;
        while at != SUBJECTS {
            let parent = &self.domains[at].parent;
            own.iter_mut().for_each(|row| *row = parent[*row as usize]);
            at = self.domains[at].outer;
        }
        own
    }

    /// What a body gives for each element, in the domain of the elements.
    fn each(&mut self, items: &Items<'b>, body: &'b Node) -> Col<'b> {
        self.locals.push(Local::new(items.domain, items.element.clone()));
        let col = self.eval(body);
        self.locals.pop();
        self.lift(&col, items.domain)
    }

    fn filtered(&mut self, items: Items<'b>, condition: &'b Node) -> Items<'b> {
        let kept = self.each(&items, condition);
        let bad = items.bad.or(&self.outward(&kept.bad, items.domain));
        let mask = kept.is_true();
        if mask.uniform() == Some(true) {
            return Items { bad, ..items };
        }
        let rows = mask.set_rows(self.rows(items.domain));
        let old = self.domains[items.domain].parent.clone();
        let parent: Vec<u32> = rows.iter().map(|row| old[*row as usize]).collect();
        let mut starts = vec![0_u32; self.rows(items.outer) + 1];
        for owner in &parent {
            starts[*owner as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let element = match items.element {
            Element::Fact(list, Source::All) => {
                Element::Fact(list, Source::Rows(Rc::new(rows.clone())))
            }
            Element::Fact(list, Source::Rows(source)) => {
                let rows = rows.iter().map(|row| source[*row as usize]).collect();
                Element::Fact(list, Source::Rows(Rc::new(rows)))
            }
            Element::Made(col) => Element::Made(Col {
                data: col.data.gather(&rows),
                null: col.null.gather(&rows),
                bad: col.bad.gather(&rows),
                domain: SUBJECTS,
            }),
        };
        let domain = self.add_domain(items.outer, parent, starts);
        let element = match element {
            Element::Made(col) => Element::Made(Col { domain, ..col }),
            element => element,
        };
        Items { domain, element, bad, ..items }
    }

    pub(super) fn quantified(
        &mut self,
        quantifier: Quantifier,
        list: &'b Node,
        body: &'b Node,
    ) -> Col<'b> {
        let home = self.home(&[list, body]);
        let Some(items) = self.items(list, home) else { return Col::bad() };
        let found = self.each(&items, body);
        let decisive = quantifier == Quantifier::Some;
        let hits = match decisive {
            true => found.is_true(),
            false => found.is_true().zip(&found.null.data(), |x, null| !(x | null)),
        };
        let decided = self.outward(&Mask::from_data(hits), items.domain).data();
        let null = self.outward(&found.null, items.domain).without(&decided);
        let bad = items.bad.or(&self.outward(&found.bad, items.domain));
        let data = if decisive { decided } else { decided.map(|x| !x) };
        Col { data, null, bad, domain: home }
    }

    pub(super) fn position(&mut self, list: &'b Node, position: &'b Node) -> Col<'b> {
        let home = self.home(&[list, position]);
        let Some(items) = self.items(list, home) else { return Col::bad() };
        // The checker counts the element as a local, whether used or not.
        self.locals.push(Local::new(home, Element::Made(Col::bad())));
        let position = self.eval(position);
        self.locals.pop();
        let position = self.lift(&position, home);
        let starts = self.domains[items.domain].starts.clone();
        let pick = |row: usize| {
            let (from, to) = (starts[row] as usize, starts[row + 1] as usize);
            let count = i64::try_from(to - from).unwrap_or(i64::MAX);
            match position.data.at(row) {
                at if at > 0 && at <= count => Some(from + usize::try_from(at - 1).ok()?),
                at if at < 0 && -at <= count => Some(to - usize::try_from(-at).ok()?),
                _ => None,
            }
        };
        let picked: Vec<Option<usize>> = (0..self.rows(home)).map(pick).collect();
        let mut col = self.picked(&items, &picked);
        col.null = col.null.or(&position.null);
        col.bad = col.bad.or(&position.bad);
        col
    }

    /// One element of each list, null where there is none.
    fn picked(&self, items: &Items<'b>, picked: &[Option<usize>]) -> Col<'b> {
        let Element::Made(col) = &items.element else { return Col::bad() };
        let (null, bad) = (col.null.data(), col.bad.data());
        let at =
            |data: &Data<'b>, row: &Option<usize>, none: i64| row.map_or(none, |row| data.at(row));
        let take = |data: &Data<'b>, none| Data::own(picked.iter().map(|row| at(data, row, none)));
        Col {
            data: take(&col.data, 0),
            null: Mask::from_data(take(&null, -1)),
            bad: items.bad.or(&Mask::from_data(take(&bad, 0))),
            domain: items.outer,
        }
    }

    pub(super) fn membership(&mut self, value: &'b Node, list: &'b Node) -> Col<'b> {
        let own = self.eval(value);
        let element = match &list.ty {
            Type::List(element) => scale(element),
            _ => 0,
        };
        let scales = (scale(&value.ty), element);
        let mut whole = Col::one(0);
        match &list.kind {
            NodeKind::Constant(Value::List(items)) => {
                let Type::List(ty) = &list.ty else { return Col::bad() };
                for item in items.iter() {
                    let item = self.constant(item, ty);
                    let same = self.compare(Comparison::Equal, (own.clone(), item), scales);
                    whole = self.join(&whole, &same, true);
                }
                whole
            }
            NodeKind::List(items) => {
                for item in items {
                    let item = self.eval(item);
                    let same = self.compare(Comparison::Equal, (own.clone(), item), scales);
                    whole = self.join(&whole, &same, true);
                }
                whole
            }
            _ => {
                let home = self.inner(self.home(&[list]), own.domain);
                let Some(items) = self.items(list, home) else { return Col::bad() };
                let Element::Made(col) = items.element.clone() else { return Col::bad() };
                let asked = self.lift(&own, home).bad;
                let same = self.compare(Comparison::Equal, (own, col), scales);
                let same = self.lift(&same, items.domain);
                let hits = Mask::from_data(same.is_true());
                let data = self.outward(&hits, items.domain).data();
                let bad = items.bad.or(&self.outward(&same.bad, items.domain)).or(&asked);
                Col { data, null: Mask::None, bad, domain: home }
            }
        }
    }

    /// Functions of one list.
    pub(super) fn of_list(&mut self, function: Function, list: &'b Node) -> Col<'b> {
        if let NodeKind::List(nodes) = &list.kind {
            return self.of_written(function, nodes);
        }
        if let (NodeKind::Constant(Value::List(values)), Type::List(ty)) = (&list.kind, &list.ty) {
            let cols: Vec<Col<'b>> = values.iter().map(|value| self.constant(value, ty)).collect();
            return self.of_cols(function, cols);
        }
        let home = self.home(&[list]);
        if let (Function::Count, NodeKind::Filter { list, condition }) = (function, &list.kind) {
            return self.count_of(list, condition, home);
        }
        let Some(items) = self.items(list, home) else { return Col::bad() };
        let starts = self.domains[items.domain].starts.clone();
        let count = |row: usize| i64::from(starts[row + 1] - starts[row]);
        let rows = 0..self.rows(home);
        match function {
            Function::Count | Function::Empty => {
                let empty = function == Function::Empty;
                let of = |row| if empty { truth(count(row) == 0) } else { count(row) };
                let data = Data::own(rows.map(of));
                Col { data, null: Mask::None, bad: items.bad, domain: home }
            }
            Function::First | Function::Last => {
                let pick = |row: usize| {
                    let at = if function == Function::First {
                        starts[row]
                    } else {
                        starts[row + 1].wrapping_sub(1)
                    };
                    (count(row) > 0).then_some(at as usize)
                };
                let picked: Vec<Option<usize>> = rows.map(pick).collect();
                self.picked(&items, &picked)
            }
            _ => self.gathered(function, &items),
        }
    }

    /// How many elements a condition holds for, without making the list of them.
    fn count_of(&mut self, list: &'b Node, condition: &'b Node, home: usize) -> Col<'b> {
        let Some(items) = self.items(list, home) else { return Col::bad() };
        let kept = self.each(&items, condition);
        let bad = items.bad.or(&self.outward(&kept.bad, items.domain));
        let (mask, starts) = (kept.is_true(), &self.domains[items.domain].starts);
        let bounds = starts.windows(2).map(|bounds| bounds[0] as usize..bounds[1] as usize);
        let counts = match mask.rows() {
            Some(marks) => bounds.map(|own| -marks[own].iter().sum::<i64>()).collect(),
            None if mask.at(0) != 0 => {
                bounds.map(|own| i64::try_from(own.len()).unwrap_or(i64::MAX)).collect()
            }
            None => vec![0; self.rows(home)],
        };
        Col { data: Data::own(counts), null: Mask::None, bad, domain: home }
    }

    /// Sum, least and greatest of the elements of each list.
    fn gathered(&self, function: Function, items: &Items<'b>) -> Col<'b> {
        let Element::Made(col) = &items.element else { return Col::bad() };
        let rows = self.rows(items.outer);
        let (mut values, mut failed) = (Vec::with_capacity(rows), Vec::new());
        let mut empty: Vec<i64> = Vec::new();
        let elements = self.rows(items.domain);
        let spread;
        let own = match col.data.rows() {
            Some(own) => own,
            None => {
                spread = vec![col.data.at(0); elements];
                &spread
            }
        };
        for (row, bounds) in self.domains[items.domain].starts.windows(2).enumerate() {
            let mut own = own[bounds[0] as usize..bounds[1] as usize].iter().copied();
            let found = match function {
                Function::Sum => own.try_fold(0_i64, i64::checked_add),
                Function::Min => own.min(),
                _ => own.max(),
            };
            if found.is_none() {
                let marks = if function == Function::Sum { &mut failed } else { &mut empty };
                marks.resize(rows, 0);
                marks[row] = -1;
            }
            values.push(found.unwrap_or(0));
        }
        let marks = |marks: Vec<i64>| match marks.is_empty() {
            true => Mask::None,
            false => Mask::from_data(Data::own(marks)),
        };
        let null = self.outward(&col.null, items.domain);
        let failed = marks(failed).without(&null.data());
        let bad = items.bad.or(&self.outward(&col.bad, items.domain)).or(&failed);
        Col { data: Data::own(values), null: null.or(&marks(empty)), bad, domain: items.outer }
    }

    /// Functions of values written one after the other.
    fn of_written(&mut self, function: Function, nodes: &'b [Node]) -> Col<'b> {
        let cols: Vec<Col<'b>> = nodes.iter().map(|node| self.eval(node)).collect();
        self.of_cols(function, cols)
    }

    fn of_cols(&mut self, function: Function, cols: Vec<Col<'b>>) -> Col<'b> {
        let count = i64::try_from(cols.len()).unwrap_or(i64::MAX);
        let all_bad = |cols: &[Col<'b>]| {
            let mut whole = Col::one(0);
            for col in cols {
                let (a, b) = self.meet(&whole, col);
                whole = Col { bad: a.bad.or(&b.bad), ..a };
            }
            whole
        };
        match function {
            Function::Count => Col { data: Data::One(count), ..all_bad(&cols) },
            Function::Empty => Col { data: Data::One(truth(count == 0)), ..all_bad(&cols) },
            Function::First => cols.into_iter().next().unwrap_or_else(Col::null),
            Function::Last => cols.into_iter().next_back().unwrap_or_else(Col::null),
            _ => {
                let mut cols = cols.into_iter();
                let first = match (cols.next(), function) {
                    (Some(first), _) => first,
                    (None, Function::Sum) => return Col::one(0),
                    (None, _) => return Col::null(),
                };
                cols.fold(first, |a, b| match function {
                    Function::Sum => self.checked(&a, &b, i64::checked_add),
                    Function::Min => self.checked(&a, &b, |x, y| Some(x.min(y))),
                    _ => self.checked(&a, &b, |x, y| Some(x.max(y))),
                })
            }
        }
    }
}
