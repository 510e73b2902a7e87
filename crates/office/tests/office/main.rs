//! The office against the examples of the systems, and against a real PostgreSQL.

mod cancel;
mod certificates;
mod conflicts;
mod examples;
mod folder;
mod front;
mod generated;
mod intakes;
mod reactions;
mod upgrade;
mod values;
mod world;
