//! The frames between client and worker: a little-endian `u32` length, then the body.
//! Request: a frame of [`Request`] JSON, a frame of data JSON for each item, an empty frame.
//! Answer: a frame of [`Answer`] JSON for each item as soon as it is set, then one for the whole;
//! with pages, a frame with the PDF follows. Nothing else is ever written to these pipes.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::sheets::Exported;
use crate::{BundleHead, Document, PrintError, Template};

/// A longer frame is a fault of the peer, not a document.
const FRAME_LIMIT_BYTES: usize = 256 * 1024 * 1024;

/// The head of a request.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) template: Template,
    /// The head of a bundle; a document has its own in its data.
    pub(crate) bundle: Option<BundleHead>,
    /// Items that an earlier worker did not survive, with their answers.
    pub(crate) left_out: BTreeMap<usize, PrintError>,
}

/// One answer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// The next item, with its number of pages.
    Item(Result<u32, PrintError>),
    /// The next item brought down the compiler; the worker ends.
    Panicked,
    /// The end: a PDF frame follows if there is any page. Items that could not be in it after
    /// all are named.
    Finished { pages: u32, left_out: BTreeMap<usize, PrintError> },
    /// The end: nothing is printed.
    Refused(PrintError),
}

/// An answer with its PDF.
#[derive(Debug)]
pub(crate) enum Answered {
    Item(Result<u32, PrintError>),
    Panicked,
    Finished(Result<Exported, PrintError>),
}

/// Appends one frame to a buffer.
pub(crate) fn frame_append(buffer: &mut Vec<u8>, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len()).map_err(|_| too_long())?;
    buffer.extend_from_slice(&length.to_le_bytes());
    buffer.extend_from_slice(body);
    Ok(())
}

/// Writes one answer without a PDF and flushes it.
pub(crate) fn answer_write(writer: &mut impl Write, answer: &Answer) -> io::Result<()> {
    let mut buffer = Vec::new();
    frame_append(&mut buffer, &serde_json::to_vec(answer)?)?;
    writer.write_all(&buffer)?;
    writer.flush()
}

/// Writes the end of a request; what no frame can carry is refused.
pub(crate) fn finished_write(
    writer: &mut impl Write,
    finished: Result<Exported, PrintError>,
) -> io::Result<()> {
    let Exported { document, left_out } = match finished {
        Ok(exported) => exported,
        Err(error) => return answer_write(writer, &Answer::Refused(error)),
    };
    let Some(Document { pdf, pages }) = document else {
        return answer_write(writer, &Answer::Finished { pages: 0, left_out });
    };
    let length = u32::try_from(pdf.len()).unwrap_or(u32::MAX).to_le_bytes();
    if length_check(length).is_err() {
        return answer_write(writer, &Answer::Refused(PrintError::TooLarge));
    }
    answer_write(writer, &Answer::Finished { pages, left_out })?;
    writer.write_all(&length)?;
    writer.write_all(&pdf)?;
    writer.flush()
}

/// Reads one frame; `None` at a clean end between frames.
pub(crate) fn frame_read(reader: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match reader.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut body = vec![0; length_check(length)?];
    reader.read_exact(&mut body)?;
    Ok(Some(body))
}

/// Reads one answer of the worker.
pub(crate) async fn answer_read(reader: &mut (impl AsyncRead + Unpin)) -> io::Result<Answered> {
    let head = frame_read_async(reader).await?;
    Ok(match serde_json::from_slice(&head)? {
        Answer::Item(item) => Answered::Item(item),
        Answer::Panicked => Answered::Panicked,
        Answer::Finished { pages, left_out } => {
            let document = match pages {
                0 => None,
                pages => Some(Document { pdf: frame_read_async(reader).await?, pages }),
            };
            Answered::Finished(Ok(Exported { document, left_out }))
        }
        Answer::Refused(error) => Answered::Finished(Err(error)),
    })
}

async fn frame_read_async(reader: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    reader.read_exact(&mut length).await?;
    let mut body = vec![0; length_check(length)?];
    reader.read_exact(&mut body).await?;
    Ok(body)
}

fn length_check(length: [u8; 4]) -> io::Result<usize> {
    let length = u32::from_le_bytes(length) as usize;
    if length > FRAME_LIMIT_BYTES { Err(too_long()) } else { Ok(length) }
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the frame is longer than the limit")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_longer_than_a_frame_is_refused_in_words() {
        let mut answer = Vec::new();
        let pdf = vec![0; FRAME_LIMIT_BYTES + 1];
        let exported = Exported { document: Some(Document { pdf, pages: 9 }), left_out: [].into() };
        finished_write(&mut answer, Ok(exported)).expect("written");
        let answer: Answer = serde_json::from_slice(&answer[4..]).expect("one answer");
        assert!(matches!(answer, Answer::Refused(PrintError::TooLarge)), "{answer:?}");
    }
}
