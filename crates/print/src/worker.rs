//! The worker's main loop: frames in on standard input, frames out on standard output,
//! one request after the other. It holds no state that a restart could lose.

use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::PrintError;
use crate::compile::Engine;
use crate::sheets::Sheets;
use crate::wire::{Answer, Request, answer_write, finished_write, frame_read};

/// Deeply nested templates need more than a default stack before they are refused.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// Answers requests until standard input ends.
///
/// A panic of the compiler is answered for its item; then the loop ends, so that the
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
    while let Some(request) = frame_read(reader)? {
        let answered = guarded(|| match &mut engine {
            Ok(engine) => request_answer(engine, &request, reader, writer),
            Err(error) => refuse(error.clone(), reader, writer),
        });
        match answered {
            Some(answered) => answered?,
            None => return answer_write(writer, &Answer::Panicked),
        }
    }
    Ok(())
}

/// Runs the compiler; none when it panicked.
fn guarded<T>(run: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(run)).ok()
}

fn request_answer(
    engine: &mut Engine,
    request: &[u8],
    reader: &mut impl Read,
    writer: &mut impl Write,
) -> io::Result<()> {
    let read = serde_json::from_slice::<Request>(request)
        .map_err(|error| PrintError::Template(format!("様式を読めません: {error}")))
        .and_then(|request| Ok((Sheets::new(request.bundle)?, request.template, request.left_out)));
    let (mut sheets, template, left_out) = match read {
        Ok(read) => read,
        Err(error) => return refuse(error, reader, writer),
    };
    let mut index = 0;
    while let Some(data) = item_read(reader)? {
        let item = match left_out.get(&index) {
            Some(error) => Err(error.clone()),
            None => engine.item_set(&template, data, (&mut sheets, index)),
        };
        answer_write(writer, &Answer::Item(item))?;
        index += 1;
    }
    finished_write(writer, sheets.export())
}

/// Refuses a request and reads past its items.
fn refuse(error: PrintError, reader: &mut impl Read, writer: &mut impl Write) -> io::Result<()> {
    while item_read(reader)?.is_some() {}
    finished_write(writer, Err(error))
}

/// The data of the next item; an empty frame ends the request.
fn item_read(reader: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let data = frame_read(reader)?.ok_or(ErrorKind::UnexpectedEof)?;
    Ok(Some(data).filter(|data| !data.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_the_loop() {
        assert_eq!(guarded(|| panic!("a fault of the compiler")), None::<()>);
        assert_eq!(guarded(|| 1), Some(1));
    }

    #[test]
    fn the_loop_answers_a_frame_that_is_no_template_and_goes_on() {
        let mut requests = Vec::new();
        for _ in 0..2 {
            for frame in [b"no template".as_slice(), b"{}", b"{}", b""] {
                crate::wire::frame_append(&mut requests, frame).expect("short");
            }
        }
        let mut answers = Vec::new();
        serve(&mut requests.as_slice(), &mut answers).expect("a clean end");
        let text = String::from_utf8_lossy(&answers);
        assert_eq!(text.matches("様式を読めません").count(), 2, "{text}");
    }
}
