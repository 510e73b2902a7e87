//! Copies the log to a folder in the layout of C2SP tlog-tiles, where other tools verify it.
//!
//! `checkpoint`, `tile/<level>/<number>`, `tile/entries/<number>`. An entry is a commitment of 32
//! bytes; no row and no salt leaves the database. Full tiles are written once; the checkpoint last,
//! after all it covers. Never overwrites the archive of another log, nor one that is ahead.

use base::said;
use std::io::Write;
use std::path::{Path, PathBuf};

use signed_note::Note;
use tlog_tiles::{Checkpoint, Tile, tree_hash};
use tokio_postgres::GenericClient;

use super::read;
use super::tree::TILE_HEIGHT;
use crate::{Database, StoreError};

/// What was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArchiveReport {
    /// Leaves in the archive before.
    pub before: u64,
    /// Leaves in the archive now.
    pub size: u64,
    /// Tiles and bundles of entries that were written.
    pub files: usize,
}

/// Brings the archive in `folder` up to the latest checkpoint.
///
/// # Errors
/// [`StoreError::Refused`] when the archive is not a beginning of this log (another organisation,
/// or a database that was set back); [`StoreError::NotFound`] when nothing was sealed yet;
/// [`StoreError::Files`] when it cannot be written.
pub async fn archive(database: &Database, folder: &Path) -> Result<ArchiveReport, StoreError> {
    let client = database.client().await?;
    let client: &tokio_postgres::Client = &client;
    let last = read::checkpoint_last(client).await?;
    let last =
        last.ok_or_else(|| StoreError::NotFound(said!("チェックポイント", "The checkpoint")))?;
    let before = archived(client, folder, &last).await?;
    let mut files = 0;
    for tile in Tile::new_tiles(TILE_HEIGHT, before, last.size) {
        let (start, width) = (tile.level_index() << TILE_HEIGHT, tile.width() as usize);
        let hashes = read::tile(client, tile.level(), start, width).await?;
        let content: Vec<u8> = hashes.iter().flat_map(|hash| hash.0).collect();
        write(folder.join(layout_path(&tile)), content).await?;
        files += 1;
        if tile.level() == 0 {
            let leaves = read::leaves(client, start, start + u64::from(tile.width())).await?;
            let bundle = leaves.iter().flat_map(|leaf| bundled(&leaf.commitment)).collect();
            write(folder.join(entries_path(&tile)), bundle).await?;
            files += 1;
        }
    }
    write(folder.join("checkpoint"), last.note.into_bytes()).await?;
    Ok(ArchiveReport { before, size: last.size, files })
}

/// An entry in a bundle: its length (u16, big endian) and itself.
fn bundled(entry: &[u8; 32]) -> impl Iterator<Item = u8> {
    [0, 32].into_iter().chain(*entry)
}

/// The size of the archive that is there, after checking that it is a beginning of this log.
async fn archived(
    client: &impl GenericClient,
    folder: &Path,
    last: &read::Stored,
) -> Result<u64, StoreError> {
    let note = match std::fs::read(folder.join("checkpoint")) {
        Ok(note) => note,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error.into()),
    };
    let refused = |what: &str| {
        let folder = folder.display();
        StoreError::Refused(format!(
            "{folder} の控えは、この記録の途中までのものではありません（{what}）。控えを残したまま\
             原因を調べ、別のフォルダを指定してください"
        ))
    };
    let found = checkpoint(&note).ok_or_else(|| refused("チェックポイントの形"))?;
    let own = checkpoint(last.note.as_bytes()).ok_or_else(|| refused("記録の形"))?;
    if found.origin() != own.origin() {
        return Err(refused("別の団体の記録"));
    }
    if found.size() > last.size {
        return Err(refused("控えのほうが進んでいます。データベースが巻き戻されています"));
    }
    let root = read::computed(client, |hashes| tree_hash(found.size(), hashes)).await?;
    if root == *found.hash() { Ok(found.size()) } else { Err(refused("内容の食い違い")) }
}

/// The checkpoint of a note; its signature is not checked here.
fn checkpoint(note: &[u8]) -> Option<Checkpoint> {
    Checkpoint::from_bytes(Note::from_bytes(note).ok()?.text()).ok()
}

/// `tile/<level>/<number>[.p/<width>]`: the height is fixed and not named.
fn layout_path(tile: &Tile) -> String {
    tile.path().replacen("tile/8/", "tile/", 1)
}

/// `tile/entries/<number>[.p/<width>]`.
fn entries_path(tile: &Tile) -> String {
    tile.path().replacen("tile/8/0/", "tile/entries/", 1)
}

/// Writes a file whole: it is there with all its content, or not at all.
async fn write(path: PathBuf, content: Vec<u8>) -> Result<(), StoreError> {
    let work = move || {
        let folder = path.parent().ok_or(std::io::ErrorKind::InvalidInput)?;
        std::fs::create_dir_all(folder)?;
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let fresh = folder.join(name);
        let mut file = std::fs::File::create(&fresh)?;
        file.write_all(&content)?;
        file.sync_all()?;
        std::fs::rename(&fresh, &path)
    };
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(std::io::Error::other)??)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_paths(tile: Tile, layout: &str, entries: &str) {
        assert_eq!((layout_path(&tile).as_str(), entries_path(&tile).as_str()), (layout, entries));
    }

    #[test]
    fn paths_are_those_of_the_layout() {
        let tile = |n, width| Tile::new(8, 0, n, width, false);
        check_paths(tile(0, 256), "tile/0/000", "tile/entries/000");
        check_paths(tile(5, 3), "tile/0/005.p/3", "tile/entries/005.p/3");
        let far = "x001/x234/067";
        check_paths(tile(1_234_067, 256), &format!("tile/0/{far}"), &format!("tile/entries/{far}"));
        assert_eq!(layout_path(&Tile::new(8, 1, 8, 255, false)), "tile/1/008.p/255");
    }
}
