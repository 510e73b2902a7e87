//! Decision tables in columns: each input is numbered by its cases, the numbers together find the
//! row, and only rows that somebody in the block hits are worked out.

use super::block::{Block, Col, SUBJECTS};
use super::day;
use super::kernel::{Data, Mask, truth};
use crate::law::{Cuts, Grid, GridInput};
use crate::tree::{Node, NodeKind};
use crate::value::Value;

impl<'b> Block<'b> {
    /// What the table answers; `None` where an input is null or cannot be told for somebody.
    pub(super) fn grid(&mut self, grid: &'b Grid) -> Option<Col<'b>> {
        let mut case = Col::one(0);
        for input in &grid.inputs {
            let col = self.eval(&input.node);
            if !col.null.is_none() || !col.bad.is_none() {
                return None;
            }
            let (own, count) = self.case(&col.data, input)?;
            let (before, own) = self.meet(&case, &Col { data: own, ..col });
            let data = before.data.zip(&own.data, |before, own| before * count + own);
            case = Col { data, ..before };
        }
        if let Some(answers) = self.constants(&grid.outputs) {
            let answers: Vec<i64> =
                grid.rows.iter().map(|row| answers[usize::from(*row)]).collect();
            return Some(Col { data: look_up(&case.data, &answers), ..case });
        }
        let rows: Vec<i64> = grid.rows.iter().map(|row| i64::from(*row)).collect();
        let row = Col { data: look_up(&case.data, &rows), ..case };
        Some(self.answers(&row, &grid.outputs))
    }

    /// The number of the case of each value, and how many cases there are.
    fn case(&self, data: &Data<'b>, input: &GridInput) -> Option<(Data<'b>, i64)> {
        let count = |cases: usize| i64::try_from(cases).ok();
        Some(match &input.cuts {
            Cuts::Numbers(cuts) => (data.reached(cuts), count(cuts.len() + 1)?),
            Cuts::Dates(dates) => {
                let cuts: Vec<i64> = dates.iter().map(|date| day::pack(*date)).collect();
                (data.reached(&cuts), count(cuts.len() + 1)?)
            }
            Cuts::Truth => (data.map(|x| x & 1), 2),
            Cuts::Texts(texts) => {
                let last = count(texts.len())?;
                let mut case = Data::One(last);
                for (at, text) in (0_i64..).zip(texts) {
                    let number = self.program.text(text);
                    case = case.zip(data, |case, x| case + ((at - last) & truth(x == number)));
                }
                (case, last + 1)
            }
        })
    }

    /// The answers, if each is a constant.
    fn constants(&self, outputs: &[Node]) -> Option<Vec<i64>> {
        let constant = |node: &Node| match &node.kind {
            NodeKind::Constant(Value::Null) => None,
            NodeKind::Constant(value) => {
                let col = self.constant(value, &node.ty);
                (col.bad.is_none() && col.null.is_none()).then(|| col.data.at(0))
            }
            _ => None,
        };
        outputs.iter().map(constant).collect()
    }

    /// The answer of the row that each subject hits.
    fn answers(&mut self, row: &Col<'b>, outputs: &'b [Node]) -> Col<'b> {
        let mut hit = vec![false; outputs.len()];
        let mark = |hit: &mut Vec<bool>, row: i64| {
            if let Some(mark) = usize::try_from(row).ok().and_then(|row| hit.get_mut(row)) {
                *mark = true;
            }
        };
        match row.data.rows() {
            Some(rows) => rows.iter().for_each(|row| mark(&mut hit, *row)),
            None => mark(&mut hit, row.data.at(0)),
        }
        let mut whole: Option<Col<'b>> = None;
        for (at, output) in
            (0_i64..).zip(outputs).zip(hit).filter_map(|(own, hit)| hit.then_some(own))
        {
            let answer = self.eval(output);
            let domain = self.inner(row.domain, answer.domain);
            let answer = self.lift(&answer, domain);
            let Some(before) = whole else {
                whole = Some(answer);
                continue;
            };
            let mine = Col { data: row.data.map(|row| truth(row == at)), ..row.clone() };
            let (mine, before) = (self.lift(&mine, domain), self.lift(&before, domain));
            let chosen = |own: &Mask<'b>, other: &Mask<'b>| {
                own.and(&mine.data).or(&other.without(&mine.data))
            };
            whole = Some(Col {
                data: Data::select(&mine.data, &answer.data, &before.data),
                null: chosen(&answer.null, &before.null),
                bad: chosen(&answer.bad, &before.bad),
                domain,
            });
        }
        whole.unwrap_or_else(|| Col { domain: SUBJECTS, ..Col::bad() })
    }
}

fn look_up<'b>(case: &Data<'b>, table: &[i64]) -> Data<'b> {
    let at = |case: i64| usize::try_from(case).ok().and_then(|case| table.get(case)).copied();
    case.map(|case| at(case).unwrap_or(0))
}
