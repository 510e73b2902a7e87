//! Imported decision models (OMG DMN 1.2 to 1.5): XML and FEEL become nodes of this crate's typed
//! tree and are evaluated by its evaluator. What the types do not settle is refused by name when
//! the model is compiled; nothing is evaluated without types. Our own decision tables leave and
//! come back in this form ([`exchange`]); systems are never written in it.

mod check;
pub mod exchange;
mod feel;
pub(crate) mod functions;
pub(crate) mod number;
pub(crate) mod operation;
pub(crate) mod pattern;
mod read;
pub(crate) mod scalar;
mod signature;
pub mod tck;
pub(crate) mod temporal;
pub(crate) mod value;

pub(crate) use operation::Operation;
pub use scalar::{Scalar, ScalarType};
