//! Law as expressions: a typed, total subset of FEEL (OMG DMN 1.5, chapter 10) for checks,
//! derived items and effects of system definitions.
//!
//! [`compile`] parses and type-checks one expression against a [`Scope`];
//! [`Expression::evaluate`] answers it for one subject. What is not known becomes an open
//! question only if the answer depends on it. The language is described in `README.md`.
//!
//! ```
//! use rules::{Record, Scope, Type, Value, compile};
//!
//! let scope = Scope::new().with("所得", Type::INTEGER).with("加算", Type::INTEGER);
//! let formula = compile("切捨て(所得 / 12, 100) + 加算", &scope).unwrap();
//! let outcome = formula.evaluate(&Record::new().with("所得", 123_456).with("加算", 500));
//! assert_eq!(outcome.value, Ok(Value::from(10_700)));
//!
//! let outcome = formula.evaluate(&Record::new().with("所得", 123_456));
//! assert_eq!(outcome.open_questions[0].fact, "加算");
//! ```
//!
//! This crate never reads a file or a clock, never loops without a finite list, never rounds
//! unless the expression says so, and never guesses a missing fact.

mod calendar;
mod check;
pub mod column;
pub mod dmn;
mod error;
mod evaluate;
mod expression;
mod functions;
pub mod law;
mod lexer;
mod nearest;
mod parser;
mod syntax;
mod table;
mod trace;
mod tree;
pub mod types;
pub mod value;

pub use error::{EvaluationError, Fault, SourceError};
pub use expression::{Expression, Outcome, compile, evaluate_traced};
pub use law::Unit;
pub use trace::Trace;
pub use types::{RecordType, Scope, Type};
pub use value::{Date, Decimal, Duration, OpenQuestion, Record, Unknown, Value};
