//! The internet zone: identity tokens that must be refused, and the whole walk of a resident
//! against a real PostgreSQL with the sample authenticator and the office.

mod forged;
mod matrix;
mod stage;
mod token;
mod walk;
