//! Files for their owner alone, with their digest on the way: written whole, read as they were.
//!
//! A folder that is made for an export is emptied again when the export fails; a folder that holds
//! anything before is refused.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};

use crate::TransferError;
use crate::error::at;
use crate::manifest::hexadecimal;

/// Length and digest of a file.
pub(crate) struct Sum {
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

/// A new folder, or an empty one, to be filled; what is in it goes unless it is kept.
pub(crate) struct NewFolder {
    path: PathBuf,
    made: bool,
    kept: bool,
}

impl NewFolder {
    pub(crate) fn make(path: &Path) -> Result<NewFolder, TransferError> {
        let made = match fs::read_dir(path) {
            Ok(mut entries) => match entries.next() {
                None => false,
                Some(_) => {
                    return Err(TransferError::Refused(format!(
                        "フォルダ {} は空ではありません。空のフォルダか、新しい名前を指定してください",
                        path.display()
                    )));
                }
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(at(path))?;
                true
            }
            Err(error) => return Err(at(path)(error)),
        };
        Ok(NewFolder { path: path.to_owned(), made, kept: false })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        // It was empty: all that is in it is ours. What cannot be removed lacks its manifest.
        for entry in fs::read_dir(&self.path).into_iter().flatten().flatten() {
            let path = entry.path();
            let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        }
        if self.made {
            let _ = fs::remove_dir(&self.path);
        }
    }
}

/// A file that is written with its digest.
pub(crate) struct Writer {
    path: PathBuf,
    inner: BufWriter<File>,
    context: Context,
    bytes: u64,
}

impl Writer {
    pub(crate) fn create(path: &Path) -> Result<Writer, TransferError> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let inner = BufWriter::with_capacity(256 * 1024, file.map_err(at(path))?);
        Ok(Writer { path: path.to_owned(), inner, context: Context::new(&SHA256), bytes: 0 })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), TransferError> {
        self.context.update(bytes);
        self.bytes += bytes.len() as u64;
        self.inner.write_all(bytes).map_err(at(&self.path))
    }

    /// Ends the file; it is on the disk when this returns.
    pub(crate) fn finish(self) -> Result<Sum, TransferError> {
        let path = self.path;
        let file = self.inner.into_inner().map_err(|error| at(&path)(error.into_error()))?;
        file.sync_all().map_err(at(&path))?;
        Ok(Sum { bytes: self.bytes, sha256: hexadecimal(self.context.finish().as_ref()) })
    }
}

/// A file that is read with its digest.
pub(crate) struct Reader {
    inner: BufReader<File>,
    context: Context,
    bytes: u64,
}

impl Reader {
    pub(crate) fn open(path: &Path) -> Result<Reader, TransferError> {
        let inner = BufReader::with_capacity(256 * 1024, File::open(path).map_err(at(path))?);
        Ok(Reader { inner, context: Context::new(&SHA256), bytes: 0 })
    }

    /// What was read until now.
    pub(crate) fn sum(self) -> Sum {
        Sum { bytes: self.bytes, sha256: hexadecimal(self.context.finish().as_ref()) }
    }
}

impl Read for Reader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.len().min(out.len());
        out[..length].copy_from_slice(&self.inner.buffer()[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Reader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, length: usize) {
        self.context.update(&self.inner.buffer()[..length]);
        self.bytes += length as u64;
        self.inner.consume(length);
    }
}

/// Writes a file whole: it is there with all its content, or not at all.
pub(crate) fn write_whole(path: &Path, content: &[u8]) -> Result<(), TransferError> {
    let unfinished = path.with_extension("unfinished");
    let _ = fs::remove_file(&unfinished);
    let mut writer = Writer::create(&unfinished)?;
    writer.write(content)?;
    writer.finish()?;
    fs::rename(&unfinished, path).map_err(at(path))
}
