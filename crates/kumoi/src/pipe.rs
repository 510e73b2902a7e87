//! A reader that ends early (`kumoi cost … | head`): the command then ends quietly, with the status
//! that a shell gives to a program ended by a closed pipe. Every other panic is shown as ever.

use std::any::Any;
use std::panic;
use std::process::ExitCode;

/// The exit status of a program that a closed pipe ended: 128 and the number of the signal.
const CLOSED: u8 = 128 + 13;

/// Keeps panics about a closed output from being shown.
pub fn quiet() {
    let shown = panic::take_hook();
    panic::set_hook(Box::new(move |what| {
        if !is_closed(what.payload()) {
            shown(what);
        }
    }));
}

/// Runs a command to its end; a closed output is one.
pub fn run(command: impl FnOnce() -> ExitCode + panic::UnwindSafe) -> ExitCode {
    match panic::catch_unwind(command) {
        Ok(code) => code,
        Err(what) if is_closed(&*what) => ExitCode::from(CLOSED),
        Err(what) => panic::resume_unwind(what),
    }
}

/// Whether a panic says that nobody reads the output any more. The standard library has no other
/// way to say it; its words are held by a test.
fn is_closed(what: &(dyn Any + Send)) -> bool {
    let text = what.downcast_ref::<String>().map(String::as_str);
    let broken = std::io::Error::from_raw_os_error(libc::EPIPE).to_string();
    text.is_some_and(|it| it.starts_with("failed printing to std") && it.ends_with(&broken))
}
