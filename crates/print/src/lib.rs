//! Printing of notices (帳票): templates in Typst, one worker process, PDF/A-2b out.
//!
//! The client ([`Printer`]) lives in the counter's process and only moves bytes; the
//! compiler runs in a worker process ([`run_worker`]), so a template can be broken, slow
//! or fatal without taking a counter down. It never drops or reduces a character: what
//! the fonts cannot show exactly is refused with the place where it stands. It never
//! reads a clock, the network or a file other than the fonts.

mod bench;
mod bundle;
mod compile;
mod coverage;
mod error;
mod fonts;
mod overlay;
mod printer;
mod sheets;
mod template;
mod wire;
mod worker;
mod world;

pub use bench::{BenchReport, bench_bundle, bench_documents};
pub use bundle::{Bundle, BundleHead, Part};
pub use error::{MissingGlyph, PrintError};
pub use fonts::{FONT_FACES, FONT_FOLDERS, FontFace};
pub use printer::{Printer, WorkerCommand};
pub use template::{Document, Template};
pub use worker::run_worker;
