//! The API: its OpenAPI text is whole, and a real organisation is served by it.

mod matrix;
mod shape;
pub mod stage;
pub mod walk;
