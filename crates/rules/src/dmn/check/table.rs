//! Decision tables as typed tables.

use super::types::Allows;
use super::{Checked, Checker, imported, local};
use crate::dmn::feel::{Test, parse_tests};
use crate::dmn::operation::Operation;
use crate::dmn::read::{Column, TableText};
use crate::dmn::scalar::NUMBER;
use crate::table::{Aggregator, HitPolicy, Output, Row, Table};
use crate::tree::Node;
use crate::types::Type;
use crate::value::{Record, Value};

impl<'p> Checker<'p> {
    pub(super) fn table(&mut self, text: &'p TableText, wanted: Option<&str>) -> Checked<Node> {
        let (frames, depth) = (self.scope.frames.len(), self.depth);
        let result = self.table_within(text, wanted);
        self.scope.frames.truncate(frames);
        self.depth = depth;
        result
    }

    fn table_within(&mut self, text: &'p TableText, wanted: Option<&str>) -> Checked<Node> {
        let policy = self.policy(text)?;
        let level = self.depth;
        let mut inputs = Vec::new();
        for column in &text.inputs {
            let value = self.parsed(&column.text)?;
            let value = self.expression(&value)?;
            inputs.push(self.declared(value, column.type_name.as_deref())?);
            self.depth += 1;
        }
        let mut rows = Vec::new();
        for (tests, outputs) in &text.rows {
            if tests.len() != inputs.len() || outputs.len() != text.outputs.len() {
                return self.refuse("決定表の行の欄の数が列の数と違います。");
            }
            rows.push(self.row(level, &inputs, (tests, outputs), &text.outputs)?);
        }
        let mut outputs = Vec::new();
        for column in &text.outputs {
            outputs.push(self.output(column, wanted, policy)?);
        }
        let ordered = matches!(policy, HitPolicy::Priority | HitPolicy::OutputOrder);
        if ordered && outputs.iter().all(|output| output.priorities.is_empty()) {
            return self
                .refuse("出力の順で決める決定表に、出力の値の順（outputValues）がありません。");
        }
        let ty = self.answer(policy, text, &rows, &outputs)?;
        Ok(imported(Operation::Table(Table { inputs, rows, outputs, policy }), ty))
    }

    fn policy(&self, text: &TableText) -> Checked<HitPolicy> {
        let aggregator = match text.aggregation.as_deref() {
            None => None,
            Some("SUM") => Some(Aggregator::Sum),
            Some("COUNT") => Some(Aggregator::Count),
            Some("MIN") => Some(Aggregator::Min),
            Some("MAX") => Some(Aggregator::Max),
            Some(other) => return self.refuse(format!("決定表の集計「{other}」はありません。")),
        };
        Ok(match text.policy.as_str() {
            "UNIQUE" => HitPolicy::Unique,
            "ANY" => HitPolicy::Any,
            "PRIORITY" => HitPolicy::Priority,
            "FIRST" => HitPolicy::First,
            "RULE ORDER" => HitPolicy::RuleOrder,
            "OUTPUT ORDER" => HitPolicy::OutputOrder,
            "COLLECT" if aggregator.is_some() && text.outputs.len() > 1 => {
                return self.refuse("出力が二つ以上ある決定表の集計には意味がありません。");
            }
            "COLLECT" => HitPolicy::Collect(aggregator),
            other => {
                return self.refuse(format!("決定表のヒットポリシー「{other}」はありません。"));
            }
        })
    }

    fn row(
        &mut self,
        level: usize,
        inputs: &[Node],
        (tests, outputs): (&'p [String], &'p [String]),
        columns: &'p [Column],
    ) -> Checked<Row> {
        let mut checked = Vec::new();
        for (place, (test, input)) in tests.iter().zip(inputs).enumerate() {
            let tests = self.cell(test)?;
            if !matches!(tests.as_slice(), [Test::Any]) {
                let value = local(level + place, input.ty.clone());
                checked.push(self.tests(&value, &tests)?);
            }
        }
        let mut values = Vec::new();
        for (output, column) in outputs.iter().zip(columns) {
            let output = if output.trim().is_empty() { "null" } else { output };
            let value = self.parsed(output)?;
            let value = self.expression(&value)?;
            values.push(self.declared(value, column.type_name.as_deref())?);
        }
        Ok(Row { tests: checked, outputs: values })
    }

    fn cell(&self, text: &str) -> Checked<Vec<Test>> {
        let names = self.names();
        parse_tests(text, &names)
            .or_else(|message| self.refuse(format!("決定表の欄「{}」の{message}", text.trim())))
    }

    fn output(
        &mut self,
        column: &'p Column,
        wanted: Option<&str>,
        policy: HitPolicy,
    ) -> Checked<Output> {
        let ordered = matches!(policy, HitPolicy::Priority | HitPolicy::OutputOrder);
        let priorities = if ordered { self.priorities(column, wanted)? } else { Vec::new() };
        let default = match &column.default {
            Some(text) => {
                let value = self.parsed(text)?;
                let value = self.expression(&value)?;
                Some(self.declared(value, column.type_name.as_deref())?)
            }
            None => None,
        };
        Ok(Output { name: column.text.as_str().into(), priorities, default })
    }

    /// The values of an output in their order, from the table or from its type.
    fn priorities(&mut self, column: &'p Column, wanted: Option<&str>) -> Checked<Vec<Value>> {
        let name = column.type_name.as_deref().or(wanted);
        let from_type = match (&column.values, name) {
            (None, Some(name)) => {
                self.definition(name)?.and_then(|found| allowed_text(found.allows))
            }
            _ => None,
        };
        let Some(text) = column.values.clone().or(from_type) else { return Ok(Vec::new()) };
        let mut values = Vec::new();
        for test in self.cell(&text)? {
            let Test::Value(expression) = test else {
                return self.refuse("出力の値の順（outputValues）には値を並べてください。");
            };
            let value = self.expression(&expression)?;
            let value = crate::evaluate::evaluate(&value, &Record::new(), None);
            values.push(value.unwrap_or(Value::Null));
        }
        Ok(values)
    }

    fn answer(
        &self,
        policy: HitPolicy,
        text: &TableText,
        rows: &[Row],
        outputs: &[Output],
    ) -> Checked<Type> {
        let mut types = Vec::new();
        for (place, output) in outputs.iter().enumerate() {
            let values = rows.iter().filter_map(|row| row.outputs.get(place));
            let ty = self.joined(values.chain(output.default.as_ref()), "決定表の出力")?;
            types.push((text.outputs[place].text.clone(), ty));
        }
        let ty = match types.as_slice() {
            [(_, ty)] => ty.clone(),
            _ => Type::record(types),
        };
        Ok(match policy {
            HitPolicy::Collect(Some(Aggregator::Count)) => NUMBER,
            HitPolicy::Collect(Some(Aggregator::Sum)) if ty != NUMBER => {
                return self.refuse(format!("{ty}の合計はできません。"));
            }
            policy if policy.is_multiple() => Type::list(ty),
            _ => ty,
        })
    }
}

fn allowed_text(allows: Option<Allows>) -> Option<String> {
    match allows? {
        Allows::Tests(text, _) => Some(text),
        Allows::Each(inner) => allowed_text(Some(*inner)),
        Allows::Both(one, other) => allowed_text(Some(*one)).or_else(|| allowed_text(Some(*other))),
        Allows::Fields(_) => None,
    }
}
