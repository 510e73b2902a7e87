//! Loads the systems of the repository and a folder of broken definitions.

mod broken;
mod limits;
mod links;
mod mutations;
mod pages;
mod standards;
mod support;
mod systems;
mod tables;
