//! The loops over slices. Each is one pass that the compiler turns into vector instructions.

use std::cell::RefCell;
use std::ops::Deref;
use std::rc::Rc;

/// Numbers of one block. Blocks are alike, so the room of one serves the next.
#[derive(Debug)]
pub(super) struct Buffer(Vec<i64>);

thread_local! {
    static ROOM: RefCell<Vec<Vec<i64>>> = const { RefCell::new(Vec::new()) };
}

/// Buffers that are kept for the next block.
const KEPT: usize = 256;

impl Buffer {
    fn of(values: impl Iterator<Item = i64>) -> Buffer {
        let mut room = ROOM.with_borrow_mut(Vec::pop).unwrap_or_default();
        room.clear();
        room.extend(values);
        Buffer(room)
    }

    /// As many numbers as are asked for, of which each is then set.
    fn room(rows: usize) -> Buffer {
        let mut room = ROOM.with_borrow_mut(Vec::pop).unwrap_or_default();
        room.resize(rows, 0);
        Buffer(room)
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let room = std::mem::take(&mut self.0);
        // Within the end of a thread there is no room to keep it in.
        let _ = ROOM.try_with(|kept| {
            let mut kept = kept.borrow_mut();
            if kept.len() < KEPT {
                kept.push(room);
            }
        });
    }
}

impl Deref for Buffer {
    type Target = [i64];

    fn deref(&self) -> &[i64] {
        &self.0
    }
}

/// The numbers of a column: one for all rows, or one a row, borrowed or own.
#[derive(Clone, Debug)]
pub(super) enum Data<'b> {
    One(i64),
    Slice(&'b [i64]),
    Own(Rc<Buffer>),
}

/// Which rows are meant: all bits of a row's number are set, or none.
#[derive(Clone, Debug)]
pub(super) enum Mask<'b> {
    None,
    All,
    Some(Data<'b>),
}

impl<'b> Data<'b> {
    pub fn own(values: impl IntoIterator<Item = i64>) -> Self {
        Data::Own(Rc::new(Buffer::of(values.into_iter())))
    }

    /// The numbers; a single one stands for all rows.
    pub fn rows(&self) -> Option<&[i64]> {
        match self {
            Data::One(_) => None,
            Data::Slice(values) => Some(values),
            Data::Own(values) => Some(values),
        }
    }

    pub fn at(&self, row: usize) -> i64 {
        match self {
            Data::One(value) => *value,
            Data::Slice(values) => values[row],
            Data::Own(values) => values[row],
        }
    }

    pub fn map(&self, f: impl Fn(i64) -> i64) -> Self {
        let Some(rows) = self.rows() else { return Data::One(f(self.at(0))) };
        let mut out = Buffer::room(rows.len());
        out.0.iter_mut().zip(rows).for_each(|(out, x)| *out = f(*x));
        Data::Own(Rc::new(out))
    }

    pub fn zip(&self, other: &Data<'b>, f: impl Fn(i64, i64) -> i64) -> Self {
        self.zip_with(other, |x, y| (f(x, y), 0)).0
    }

    /// What `f` gives first for each pair of rows, and all bits that it gives second for some.
    #[inline]
    pub fn zip_with(&self, other: &Data<'b>, f: impl Fn(i64, i64) -> (i64, i64)) -> (Self, i64) {
        let (a, b) = match (self.rows(), other.rows()) {
            (None, None) => {
                let (z, any) = f(self.at(0), other.at(0));
                return (Data::One(z), any);
            }
            (Some(a), None) => {
                let y = other.at(0);
                return filled(a.len(), a, |x| f(x, y));
            }
            (None, Some(b)) => {
                let x = self.at(0);
                return filled(b.len(), b, |y| f(x, y));
            }
            (Some(a), Some(b)) => (a, b),
        };
        let (mut out, mut all) = (Buffer::room(a.len().min(b.len())), 0);
        for ((out, x), y) in out.0.iter_mut().zip(a).zip(b) {
            let (z, any) = f(*x, *y);
            *out = z;
            all |= any;
        }
        (Data::Own(Rc::new(out)), all)
    }

    /// Adds other numbers in place, where these belong to nobody else and no sum leaves the range;
    /// otherwise nothing is changed.
    pub fn add(&mut self, other: &Data<'b>) -> bool {
        let Data::Own(own) = self else { return false };
        let (Some(own), Some(rows)) = (Rc::get_mut(own), other.rows()) else { return false };
        if own.0.len() != rows.len() {
            return false;
        }
        let mut over = 0;
        for (sum, x) in own.0.iter_mut().zip(rows) {
            let new = sum.wrapping_add(*x);
            over |= (*sum ^ new) & (x ^ new);
            *sum = new;
        }
        if over < 0 {
            own.0.iter_mut().zip(rows).for_each(|(sum, x)| *sum = sum.wrapping_sub(*x));
        }
        over >= 0
    }

    /// How many of the cuts each number reaches.
    pub fn reached(&self, cuts: &[i64]) -> Self {
        let Some(rows) = self.rows() else {
            let x = self.at(0);
            let reached = cuts.iter().map(|cut| i64::from(x >= *cut)).sum();
            return Data::One(reached);
        };
        let mut out = Buffer::room(rows.len());
        let (many, rest) = rows.as_chunks::<8>();
        let (to, left) = out.0.as_chunks_mut::<8>();
        for (to, rows) in to.iter_mut().zip(many) {
            let mut reached = [0; 8];
            for cut in cuts {
                for at in 0..8 {
                    reached[at] += i64::from(rows[at] >= *cut);
                }
            }
            *to = reached;
        }
        for (to, x) in left.iter_mut().zip(rest) {
            *to = cuts.iter().map(|cut| i64::from(*x >= *cut)).sum();
        }
        Data::Own(Rc::new(out))
    }

    /// Rows of a mask that are set.
    pub fn set_rows(&self, rows: usize) -> Vec<u32> {
        let count = u32::try_from(rows).unwrap_or(u32::MAX);
        match self.rows() {
            None if self.at(0) != 0 => (0..count).collect(),
            None => Vec::new(),
            Some(marks) => {
                (0..count).zip(marks).filter(|(_, m)| **m != 0).map(|(r, _)| r).collect()
            }
        }
    }

    /// `self` where the mask is set, `other` elsewhere.
    pub fn select(mask: &Data<'b>, then: &Data<'b>, otherwise: &Data<'b>) -> Self {
        let pick = |m: i64, x: i64, y: i64| (m & x) | (!m & y);
        let Some(m) = mask.rows() else {
            return if mask.at(0) != 0 { then.clone() } else { otherwise.clone() };
        };
        let mut out = Buffer::room(m.len());
        let to = out.0.iter_mut().zip(m);
        match (then.rows(), otherwise.rows()) {
            (None, None) => {
                let (x, y) = (then.at(0), otherwise.at(0));
                to.for_each(|(out, m)| *out = pick(*m, x, y));
            }
            (Some(a), None) => {
                let y = otherwise.at(0);
                to.zip(a).for_each(|((out, m), x)| *out = pick(*m, *x, y));
            }
            (None, Some(b)) => {
                let x = then.at(0);
                to.zip(b).for_each(|((out, m), y)| *out = pick(*m, x, *y));
            }
            (Some(a), Some(b)) => {
                to.zip(a).zip(b).for_each(|(((out, m), x), y)| *out = pick(*m, *x, *y));
            }
        }
        Data::Own(Rc::new(out))
    }

    pub fn gather(&self, rows: &[u32]) -> Self {
        let Some(values) = self.rows() else { return self.clone() };
        let mut out = Buffer::room(rows.len());
        out.0.iter_mut().zip(rows).for_each(|(out, row)| *out = values[*row as usize]);
        Data::Own(Rc::new(out))
    }

    /// Whether all numbers are 0, or all are not; `None` if some are and some are not.
    pub fn uniform(&self) -> Option<bool> {
        let Some(rows) = self.rows() else { return Some(self.at(0) != 0) };
        let (any, all) = rows.iter().fold((0, -1), |(any, all), x| (any | x, all & x));
        match (any, all) {
            (0, _) => Some(false),
            (_, -1) => Some(true),
            _ => None,
        }
    }
}

impl<'b> Mask<'b> {
    /// A mask from marks that are 0 or −1; no mask if none is set.
    pub fn from_data(data: Data<'b>) -> Self {
        match data.uniform() {
            Some(false) => Mask::None,
            Some(true) => Mask::All,
            None => Mask::Some(data),
        }
    }

    pub fn data(&self) -> Data<'b> {
        match self {
            Mask::None => Data::One(0),
            Mask::All => Data::One(-1),
            Mask::Some(data) => data.clone(),
        }
    }

    pub fn is_none(&self) -> bool {
        matches!(self, Mask::None)
    }

    pub fn or(&self, other: &Mask<'b>) -> Mask<'b> {
        match (self, other) {
            (Mask::None, mask) | (mask, Mask::None) => mask.clone(),
            (Mask::All, _) | (_, Mask::All) => Mask::All,
            (Mask::Some(a), Mask::Some(b)) => Mask::Some(a.zip(b, |a, b| a | b)),
        }
    }

    /// Set where both are.
    pub fn and(&self, other: &Data<'b>) -> Mask<'b> {
        match self {
            Mask::None => Mask::None,
            mask => Mask::from_data(mask.data().zip(other, |a, b| a & b)),
        }
    }

    /// Set where this is and the other is not.
    pub fn without(&self, other: &Data<'b>) -> Mask<'b> {
        match self {
            Mask::None => Mask::None,
            mask => Mask::from_data(mask.data().zip(other, |a, b| a & !b)),
        }
    }

    pub fn gather(&self, rows: &[u32]) -> Mask<'b> {
        match self {
            Mask::Some(data) => Mask::from_data(data.gather(rows)),
            mask => mask.clone(),
        }
    }
}

#[inline]
fn filled<'b>(rows: usize, from: &[i64], f: impl Fn(i64) -> (i64, i64)) -> (Data<'b>, i64) {
    let (mut out, mut all) = (Buffer::room(rows), 0);
    for (out, x) in out.0.iter_mut().zip(from) {
        let (z, any) = f(*x);
        *out = z;
        all |= any;
    }
    (Data::Own(Rc::new(out)), all)
}

/// A truth as its mask.
pub(super) fn truth(value: bool) -> i64 {
    -i64::from(value)
}
