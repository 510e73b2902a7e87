//! The Merkle tree of RFC 6962 in tiles of height 8 (C2SP tlog-tiles): the right edge that grows,
//! and hashes gathered for a proof. Pure; never reads a store itself.

use std::cell::RefCell;
use std::collections::HashMap;

use tlog_tiles::{Error, Hash, HashReader, Tile};

/// Height of a tile: 256 hashes.
pub const TILE_HEIGHT: u8 = 8;
/// Hashes in a full tile.
pub const TILE_WIDTH: usize = 1 << TILE_HEIGHT;

/// A hash that closes a full tile: it stands in the tile one level up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Node {
    /// Tile level, from 1; the hash has height `8 * tile_level`.
    pub tile_level: u8,
    /// Number within the level.
    pub n: u64,
    /// The hash.
    pub hash: Hash,
}

/// The unfinished tiles at the right edge of a tree: all that is needed to append and to know the
/// root. At most 255 hashes a level.
#[derive(Clone, Debug, Default)]
pub struct Edge {
    size: u64,
    tiles: Vec<Vec<Hash>>,
}

impl Edge {
    /// An edge as it was stored: the unfinished tile of each level, from the leaves up.
    pub fn restored(size: u64, tiles: Vec<Vec<Hash>>) -> Edge {
        Edge { size, tiles }
    }

    /// Leaves so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends the hash of a leaf; hashes of tiles that became full are pushed to `full`.
    pub fn push(&mut self, leaf: Hash, full: &mut Vec<Node>) {
        let (mut hash, mut level) = (leaf, 0_u8);
        loop {
            if self.tiles.len() == usize::from(level) {
                self.tiles.push(Vec::with_capacity(TILE_WIDTH));
            }
            let tile = &mut self.tiles[usize::from(level)];
            tile.push(hash);
            if tile.len() < TILE_WIDTH {
                break;
            }
            hash = subtree(tile);
            tile.clear();
            let n = self.size >> (TILE_HEIGHT * (level + 1));
            level += 1;
            full.push(Node { tile_level: level, n, hash });
        }
        self.size += 1;
    }

    /// The root.
    ///
    /// # Errors
    /// When the edge was restored with hashes missing.
    pub fn root(&self) -> Result<Hash, Error> {
        tlog_tiles::tree_hash(self.size, self)
    }
}

impl HashReader for Edge {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        let read = |index: &u64| {
            let place = Place::of(*index);
            let count = self.size >> (TILE_HEIGHT * place.tile_level);
            let first = count & !(TILE_WIDTH as u64 - 1);
            let tile = self.tiles.get(usize::from(place.tile_level));
            let start = usize::try_from(place.start.checked_sub(first)?).ok()?;
            Some(subtree(tile?.get(start..start + place.width)?))
        };
        indexes.iter().map(|index| read(index).ok_or(Error::IndexesNotInTree)).collect()
    }
}

/// Where the hashes lie of which a hash of the tree is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Level of the tile that holds them.
    pub tile_level: u8,
    /// The first one's number within the level.
    pub start: u64,
    /// How many: 1 to 128.
    pub width: usize,
}

impl Place {
    /// The place of a stored hash index.
    pub fn of(index: u64) -> Place {
        let (level, n) = tlog_tiles::split_stored_hash_index(index);
        let within = level % TILE_HEIGHT;
        Place { tile_level: level / TILE_HEIGHT, start: n << within, width: 1 << within }
    }
}

/// The hash over a power of two of neighbours.
pub fn subtree(hashes: &[Hash]) -> Hash {
    match hashes {
        [one] => *one,
        _ => {
            let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.0).collect();
            Tile::subtree_hash(&bytes)
        }
    }
}

/// Hashes gathered for a computation: it runs once to learn which it needs, and again with them.
#[derive(Default)]
pub struct Gathered {
    known: HashMap<u64, Hash>,
    missing: RefCell<Vec<u64>>,
}

impl Gathered {
    /// The hashes that were asked for and are not known; forgotten by this call.
    pub fn missing(&self) -> Vec<u64> {
        self.missing.take()
    }

    /// Adds a hash.
    pub fn insert(&mut self, index: u64, hash: Hash) {
        self.known.insert(index, hash);
    }
}

impl HashReader for Gathered {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        let find = |index: &u64| {
            self.known.get(index).copied().unwrap_or_else(|| {
                self.missing.borrow_mut().push(*index);
                Hash::default()
            })
        };
        Ok(indexes.iter().map(find).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6962 section 2.1, written down as it stands there.
    fn plain_root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => tlog_tiles::EMPTY_HASH,
            [one] => *one,
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                let (left, right) = leaves.split_at(split);
                tlog_tiles::node_hash(plain_root(left), plain_root(right))
            }
        }
    }

    #[test]
    fn the_edge_has_the_root_of_the_standard() {
        let leaves: Vec<Hash> =
            (0..66_000_u32).map(|n| tlog_tiles::record_hash(&n.to_be_bytes())).collect();
        let (mut edge, mut full) = (Edge::default(), Vec::new());
        assert_eq!(edge.root().unwrap(), tlog_tiles::EMPTY_HASH);
        for (at, leaf) in leaves.iter().enumerate() {
            edge.push(*leaf, &mut full);
            let size = at + 1;
            if size <= 600 || [65_535, 65_536, 65_537, 66_000].contains(&size) {
                assert_eq!(edge.root().unwrap(), plain_root(&leaves[..size]), "{size}");
            }
        }
        assert_eq!(edge.size(), 66_000);
        for node in &full {
            let width = 1 << (8 * node.tile_level);
            let start = usize::try_from(node.n).unwrap() * width;
            assert_eq!(node.hash, plain_root(&leaves[start..start + width]), "{node:?}");
        }
        let count = |level| full.iter().filter(|node| node.tile_level == level).count();
        assert_eq!((count(1), count(2), count(3)), (257, 1, 0));
    }

    #[test]
    fn a_damaged_edge_is_an_error() {
        let edge = Edge::restored(3, vec![vec![Hash::default()]]);
        assert!(edge.root().is_err());
        assert!(Edge::restored(256, vec![vec![]]).root().is_err());
    }
}
