//! The worker's main loop: frames in on standard input, frames out on standard output,
//! one document after the other. It holds no state that a restart could lose.

use std::io::{self, BufReader, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::compile::Engine;
use crate::wire::{answer_write, frame_read};
use crate::{Document, PrintError, Template};

/// Deeply nested templates need more than a default stack before they are refused.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// Answers requests until standard input ends.
///
/// A panic of the compiler is answered for its document; then the loop ends, so that the
/// client starts a fresh process.
///
/// # Errors
/// When a pipe breaks.
pub fn run_worker() -> io::Result<()> {
    let thread = std::thread::Builder::new().name("print".to_owned()).stack_size(STACK_BYTES);
    let loop_thread = thread.spawn(|| {
        let mut reader = BufReader::new(io::stdin());
        let mut writer = io::stdout();
        serve(&mut reader, &mut writer)
    })?;
    loop_thread.join().map_err(|_| io::Error::other("the print loop panicked"))?
}

fn serve(reader: &mut impl Read, writer: &mut impl Write) -> io::Result<()> {
    let mut engine = Engine::load();
    while let Some(template) = frame_read(reader)? {
        let data = frame_read(reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let (answer, panicked) = match &mut engine {
            Ok(engine) => guarded(|| render(engine, &template, data)),
            Err(error) => (Err(error.clone()), false),
        };
        answer_write(writer, &answer)?;
        if panicked {
            break;
        }
    }
    Ok(())
}

/// Runs one compilation; a panic becomes its answer. The flag says that it panicked.
fn guarded(
    compile: impl FnOnce() -> Result<Document, PrintError>,
) -> (Result<Document, PrintError>, bool) {
    match catch_unwind(AssertUnwindSafe(compile)) {
        Ok(answer) => (answer, false),
        Err(_) => {
            let text = "様式の処理中に内部エラーが起きました。様式を確認してください";
            (Err(PrintError::Worker(text.to_owned())), true)
        }
    }
}

fn render(engine: &mut Engine, template: &[u8], data: Vec<u8>) -> Result<Document, PrintError> {
    let template: Template = serde_json::from_slice(template)
        .map_err(|error| PrintError::Template(format!("様式を読めません: {error}")))?;
    engine.render(&template, data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_answered_for_its_document() {
        let (answer, panicked) = guarded(|| panic!("a fault of the compiler"));
        assert!(panicked && matches!(answer, Err(PrintError::Worker(_))), "{answer:?}");
        let (answer, panicked) = guarded(|| Err(PrintError::Timeout));
        assert!(!panicked && answer == Err(PrintError::Timeout));
    }

    #[test]
    fn the_loop_answers_a_frame_that_is_no_template_and_goes_on() {
        let mut requests = Vec::new();
        for _ in 0..2 {
            crate::wire::frame_append(&mut requests, b"no template").expect("short");
            crate::wire::frame_append(&mut requests, b"{}").expect("short");
        }
        let mut answers = Vec::new();
        serve(&mut requests.as_slice(), &mut answers).expect("a clean end");
        let text = String::from_utf8_lossy(&answers);
        assert_eq!(text.matches("様式を読めません").count(), 2, "{text}");
    }
}
