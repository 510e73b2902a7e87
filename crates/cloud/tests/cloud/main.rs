//! The plane against a real PostgreSQL and a real sample AWS (moto), with a line between them that
//! fails in every way that lines and clouds fail.

mod bad_input;
mod carry_out;
mod catalogue;
mod disaster;
mod drift;
mod guard;
mod line;
mod local;
mod lookout;
mod mail;
mod operators;
mod publication;
mod quota;
mod truth;
mod world;
