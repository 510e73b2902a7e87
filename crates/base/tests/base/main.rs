//! The tests of `base`: one binary, one module a subject.

mod age;
mod characters;
mod code;
mod era;
mod kana;
mod loose_date;
mod loose_properties;
mod loose_refusals;
mod names;
mod relationship;
mod said;
mod small;
