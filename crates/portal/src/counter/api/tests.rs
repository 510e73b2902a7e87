//! The API: its OpenAPI text is whole, and a real organisation is served by it.

mod matrix;
mod shape;
mod stage;
mod walk;
