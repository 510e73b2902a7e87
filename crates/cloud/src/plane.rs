//! 統治の面: the national operator's side of the cloud. The tree of bodies, what each is to have
//! (wanted) and has (the books), the blueprint between the two, and its executor.
//!
//! Pure but for the executor, which journals every step before and after it asks a provider.

pub mod audit;
pub mod billed;
pub mod blueprint;
pub mod books;
pub mod difference;
pub mod duties;
pub mod enrol;
pub mod environment;
pub mod execute;
mod guarded;
mod inventory;
mod lane;
pub mod part;
pub mod summary;
mod table;
pub mod tree;
pub mod wave;
pub mod wish;
