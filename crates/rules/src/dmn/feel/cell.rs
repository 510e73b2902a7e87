//! What stands in a cell of a table, and after `in`.

use super::lexer::TokenKind;
use super::parser::{Parsed, Parser};
use super::syntax::{Expr, Operator, RangeEnds, Test};
use crate::dmn::scalar::Form;

impl RangeEnds {
    /// `(< a)` and the like.
    pub(super) fn compared(operator: Operator, end: Expr) -> RangeEnds {
        let (low, high) = match operator {
            Operator::Less | Operator::LessOrEqual => (None, Some(end)),
            Operator::Greater | Operator::GreaterOrEqual => (Some(end), None),
            _ => (Some(end.clone()), Some(end)),
        };
        let closed = match operator {
            Operator::LessOrEqual => [false, true],
            Operator::GreaterOrEqual => [true, false],
            Operator::Equal => [true, true],
            _ => [false, false],
        };
        let form = match operator {
            Operator::Equal => Form::Equal,
            Operator::NotEqual => Form::Unequal,
            _ => Form::Compared,
        };
        RangeEnds { low, high, closed, form }
    }
}

impl Parser<'_> {
    /// The whole text of a cell.
    pub(super) fn cell(&mut self) -> Parsed<Vec<Test>> {
        let dash = self.is_sign("-") && *self.peek_at(1) == TokenKind::End;
        if dash || *self.peek() == TokenKind::End {
            self.place += usize::from(dash);
            return Ok(vec![Test::Any]);
        }
        let negated = self.is_word("not") && *self.peek_at(1) == TokenKind::Sign("(");
        if negated {
            let place = self.place;
            self.place += 2;
            if let Ok(tests) = self.tests()
                && self.accept(")")
                && *self.peek() == TokenKind::End
            {
                return Ok(vec![Test::Not(tests)]);
            }
            self.place = place;
        }
        self.tests()
    }

    fn tests(&mut self) -> Parsed<Vec<Test>> {
        let mut tests = vec![self.test()?];
        while self.accept(",") {
            tests.push(self.test()?);
        }
        Ok(tests)
    }

    fn test(&mut self) -> Parsed<Test> {
        if let Some(operator) = self.comparison_sign() {
            return Ok(Test::Compare(operator, self.arithmetic(0)?));
        }
        self.expression().map(Test::Value)
    }

    /// What follows `in`: one test, or tests in parentheses.
    pub(super) fn after_in(&mut self) -> Parsed<Vec<Test>> {
        if let Some(operator) = self.comparison_sign() {
            return Ok(vec![Test::Compare(operator, self.arithmetic(0)?)]);
        }
        if !self.is_sign("(") {
            return Ok(vec![Test::Value(self.arithmetic(0)?)]);
        }
        let place = self.place;
        self.place += 1;
        let tests = self.tests();
        match tests {
            Ok(tests) if self.accept(")") => Ok(tests),
            _ => {
                self.place = place;
                Ok(vec![Test::Value(self.arithmetic(0)?)])
            }
        }
    }
}
