//! Tools for tests from outside: a running Kumoi of its own (`world`), a member of staff over HTTP
//! (`desk`), a real browser (`browser`). For tests only; knows no crate of the house, so that it
//! sees what a user sees and nothing else.

pub mod browser;
pub mod desk;
pub mod html;
pub mod process;
pub mod world;

pub use browser::Browser;
pub use desk::Desk;
pub use world::World;

/// The password of every sample account.
pub const PASSWORD: &str = "kumoi-mihon-2026";
/// The sample village: small, and there after seconds.
pub const VILLAGE: &str = "kasumi";
