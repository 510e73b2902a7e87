//! Tests of the expression language through its public door.

mod carried;
mod columns;
mod dmn;
mod errors;
mod exchange;
mod law;
mod properties;
mod support;
mod tables;
mod unknowns;
mod values;
