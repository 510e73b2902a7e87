//! The frames between client and worker: a little-endian `u32` length, then the body.
//! Request: a frame of template JSON, then a frame of data JSON. Answer: a frame of
//! [`Answer`] JSON, then, for a document, a frame with the PDF. Nothing else is ever
//! written to these pipes.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::{Document, PrintError};

/// A longer frame is a fault of the peer, not a document.
const FRAME_LIMIT_BYTES: usize = 256 * 1024 * 1024;

/// The head of an answer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// A PDF frame follows.
    Document { pages: u32 },
    /// Nothing follows.
    Refused(PrintError),
}

/// Appends one frame to a buffer.
pub(crate) fn frame_append(buffer: &mut Vec<u8>, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len()).map_err(|_| too_long())?;
    buffer.extend_from_slice(&length.to_le_bytes());
    buffer.extend_from_slice(body);
    Ok(())
}

/// Writes one answer and flushes it.
pub(crate) fn answer_write(
    writer: &mut impl Write,
    answer: &Result<Document, PrintError>,
) -> io::Result<()> {
    let mut buffer = Vec::new();
    match answer {
        Ok(document) => {
            let head = Answer::Document { pages: document.pages };
            frame_append(&mut buffer, &serde_json::to_vec(&head)?)?;
            frame_append(&mut buffer, &document.pdf)?;
        }
        Err(error) => {
            let head = Answer::Refused(error.clone());
            frame_append(&mut buffer, &serde_json::to_vec(&head)?)?;
        }
    }
    writer.write_all(&buffer)?;
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
pub(crate) async fn answer_read(
    reader: &mut (impl AsyncRead + Unpin),
) -> io::Result<Result<Document, PrintError>> {
    let head = frame_read_async(reader).await?;
    match serde_json::from_slice(&head)? {
        Answer::Document { pages } => {
            let pdf = frame_read_async(reader).await?;
            Ok(Ok(Document { pdf, pages }))
        }
        Answer::Refused(error) => Ok(Err(error)),
    }
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
