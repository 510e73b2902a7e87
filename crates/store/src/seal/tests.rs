//! The log against a real PostgreSQL: sealed, proved, archived; tampered with and found out.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest as sha256};
use serde_json::{Value, json};
use tlog_tiles::{Error, HashReader, Tile, TileHashReader, TileReader};

use super::digest::{Digest, journal_digest};
use super::proof::InclusionProof;
use super::*;
use crate::audit::{NewAudit, audit_append};
use crate::journal::{NewEntry, journal_append, journal_entry};
use crate::testing::body::Body;

/// An organisation with its log.
struct World {
    body: Body,
    office: Database,
    key: SealKey,
}

impl World {
    async fn new() -> World {
        let body = Body::new("sakura", &[]).await;
        let office = body.office.database(body.office.office.as_ref(), None, 8).unwrap();
        let key = SealKey::from_credentials(&body.office).unwrap();
        World { body, office, key }
    }

    /// The owner of the tables: may change what it likes.
    async fn tamper(&self, sql: &str) {
        self.body.behind(sql).await;
    }

    async fn write_journal(&self, count: usize) {
        let client = self.office.client().await.unwrap();
        for number in 0..count {
            journal_append(&**client, &entry(number)).await.unwrap();
        }
    }

    async fn write_audit(&self, count: usize) {
        let client = self.office.client().await.unwrap();
        for number in 0..count {
            audit_append(&**client, &audit(number)).await.unwrap();
        }
    }

    async fn seal(&self) -> SealReport {
        seal_batch(&self.office, &self.key, BATCH).await.unwrap()
    }

    async fn verify(&self) -> VerifyReport {
        verify(&self.office, &self.key.verifier().unwrap()).await.unwrap()
    }

    #[track_caller]
    fn check_found(&self, report: &VerifyReport, expect: &[Finding]) {
        assert_eq!(report.findings, expect, "{report}");
    }
}

fn entry(number: usize) -> NewEntry {
    NewEntry {
        recorded_at: "2026-04-01T00:00:00.123456789Z".parse().unwrap(),
        system: "resident-record".to_owned(),
        procedure: "move-in".to_owned(),
        event: number.is_multiple_of(2).then(|| "moved-in".to_owned()),
        reason: "転入".to_owned(),
        case_id: None,
        subjects: vec![format!("{number:015}")],
        effective_on: "2026-04-01".parse().unwrap(),
        filed_on: None,
        actor: "mado@sakura".to_owned(),
        approver: Some("kacho@sakura".to_owned()),
        run_id: None,
        content: json!({"z": number, "a": {"氏名": "見本　太郎", "続柄": null}, "aa": [1, 2]}),
    }
}

fn audit(number: usize) -> NewAudit {
    NewAudit {
        actor: "mado@sakura".to_owned(),
        role: "clerk".to_owned(),
        zone: "office".to_owned(),
        purpose: "転入届".to_owned(),
        action: "resident-record.search".to_owned(),
        subjects: vec![],
        detail: json!({"rate": 0.1 + 0.2, "n": number}),
        request: "r-1".to_owned(),
    }
}

#[tokio::test]
async fn rows_are_sealed_and_verified() {
    let world = World::new().await;
    let empty = world.seal().await;
    assert_eq!(empty, SealReport { sealed: 0, size: 0, note: None, more: false });
    assert_eq!(world.verify().await, VerifyReport::default());
    world.write_journal(300).await;
    world.write_audit(5).await;
    assert_eq!(world.verify().await.pending, 305);
    let report = world.seal().await;
    assert_eq!((report.sealed, report.size, report.more), (305, 305, false));
    assert!(report.note.unwrap().starts_with("kumoi/sakura\n305\n"));
    assert_eq!(world.seal().await.sealed, 0);
    world.write_audit(400).await;
    // Half of a batch's room is the journal's, and a half of the rest each of the other two's.
    let part = seal_batch(&world.office, &world.key, 200).await.unwrap();
    assert_eq!((part.sealed, part.more), (100, true));
    assert_eq!(seal_all(&world.office, &world.key).await.unwrap(), 300);
    let report = world.verify().await;
    world.check_found(&report, &[]);
    assert_eq!((report.size, report.rows, report.checkpoints, report.pending), (705, 705, 3, 0));
}

#[tokio::test]
async fn the_digest_is_that_of_the_row_read_again() {
    let world = World::new().await;
    let client = world.office.client().await.unwrap();
    let odd = json!([0.1 + 0.2, 1e300, 1e16, 1.5e-9, -0.0, 1.0, 18446744073709551615_u64, 123e-7]);
    for content in [json!({}), odd, json!({"b": {"d": 1.10, "c": "\u{1}\"雲"}, "a": null})] {
        let written = NewEntry { content, ..entry(1) };
        let id = journal_append(&**client, &written).await.unwrap();
        let read = journal_entry(&**client, id).await.unwrap();
        let sql = "select digest from core.journal where event_id = $1";
        let kept: Vec<u8> = client.query_one(sql, &[&id]).await.unwrap().get(0);
        assert_eq!(kept, journal_digest(&read.entry), "{}", read.entry.content);
    }
}

#[tokio::test]
async fn tampering_is_named() {
    let world = World::new().await;
    world.write_journal(20).await;
    world.write_audit(20).await;
    world.seal().await;
    world.tamper("update core.journal set actor = 'nobody' where event_id = 7").await;
    world.tamper("delete from core.audit where id = 9").await;
    world.tamper("update core.journal set digest = '\\x00' where event_id = 8").await;
    world.tamper("update core.audit set at = at + '1 microsecond' where id = 2").await;
    let report = world.verify().await;
    let changed = |kind, id| Finding::Changed(kind, id);
    world.check_found(
        &report,
        &[
            changed(Kind::Journal, 7),
            changed(Kind::Journal, 8),
            changed(Kind::Audit, 2),
            Finding::Removed(Kind::Audit, 9),
        ],
    );
    let text = report.to_string();
    assert!(text.contains("異動 7番の内容が、封印した内容と違います（改変）"), "{text}");
    assert!(text.contains("封印した監査記録 9番がありません（削除）"), "{text}");
    // Put back with another content under its old number.
    world
        .tamper(
            "insert into core.audit overriding system value
               select 9, at, 'x', role, zone, purpose, action, subjects, detail, request
               from core.audit where id = 10",
        )
        .await;
    assert!(world.verify().await.findings.contains(&changed(Kind::Audit, 9)));
}

#[tokio::test]
async fn a_rewritten_log_is_found_out() {
    let world = World::new().await;
    world.write_journal(300).await;
    let first = world.seal().await;
    world.write_journal(300).await;
    world.seal().await;
    let root = world.verify().await;
    world.check_found(&root, &[]);
    world
        .tamper(
            "update core.log_node set hash = decode(repeat('00', 32), 'hex')
               where tile_level = 1 and n = 1",
        )
        .await;
    world.check_found(&world.verify().await, &[Finding::Node { tile_level: 1, n: 1 }]);
    // An older end of the log: only a checkpoint held elsewhere shows it.
    world
        .tamper(
            "delete from core.log_leaf where leaf_index >= 300; delete from core.log_node
               where n = 1; delete from core.log_checkpoint where size = 600;
             delete from core.journal where event_id > 300",
        )
        .await;
    world.check_found(&world.verify().await, &[]);
    let verifier = world.key.verifier().unwrap();
    let old = first.note.unwrap();
    let held = [old.clone(), world.key.sign(600, Hash([1; 32])).unwrap()];
    let report = verify_against(&world.office, &verifier, &held).await.unwrap();
    world.check_found(&report, &[Finding::Foreign(600)]);
    // A checkpoint that somebody else signed, a leaf that is gone, the log's end.
    world.tamper("update core.log_checkpoint set note = replace(note, '300', '301')").await;
    world.check_found(&world.verify().await, &[Finding::Signature(300)]);
    world.tamper("delete from core.log_leaf where leaf_index = 299").await;
    let report = world.verify().await;
    let gone = [Finding::LeafMissing(299), Finding::Signature(300), Finding::Root(300)];
    assert!(gone.iter().all(|it| report.findings.contains(it)), "{report}");
    let refused = seal_batch(&world.office, &world.key, 10).await.unwrap_err();
    assert!(refused.to_string().contains("封印を止め"), "{refused}");
}

#[tokio::test]
async fn a_late_commit_is_not_skipped() {
    let world = World::new().await;
    world.write_journal(2).await;
    world.seal().await;
    let mut late = world.office.client().await.unwrap();
    let late = late.transaction().await.unwrap();
    let id = journal_append(&*late, &entry(0)).await.unwrap();
    for _ in 0..4 {
        world.write_journal(2).await;
        assert_eq!(world.seal().await.sealed, 2);
    }
    assert!(last_marks(&world).await.floor[0] < id);
    late.commit().await.unwrap();
    assert_eq!(world.seal().await.sealed, 1);
    let report = world.verify().await;
    world.check_found(&report, &[]);
    assert_eq!((report.rows, report.pending), (11, 0));
    for _ in 0..2 {
        world.seal().await;
    }
    let marks = last_marks(&world).await;
    assert_eq!(marks.floor[0], 11, "{marks:?}");
    assert_eq!(world.seal().await.size, 11);
    assert_eq!(last_marks(&world).await, marks);
}

async fn last_marks(world: &World) -> Marks {
    let client = world.office.client().await.unwrap();
    read::marks(&**client).await.unwrap()
}

#[tokio::test]
async fn a_row_put_in_later_is_named() {
    let world = World::new().await;
    let mut client = world.office.client().await.unwrap();
    let gap = client.transaction().await.unwrap();
    let id = journal_append(&*gap, &entry(0)).await.unwrap();
    gap.rollback().await.unwrap();
    for _ in 0..3 {
        world.write_journal(3).await;
        world.seal().await;
    }
    world
        .tamper(&format!(
            "insert into core.journal overriding system value
               select {id}, recorded_at, system, procedure, event, reason, case_id, subjects,
                 effective_on, filed_on, actor, approver, run_id, content, digest
               from core.journal where event_id = {id} + 1"
        ))
        .await;
    assert_eq!(world.seal().await.sealed, 0);
    world.check_found(&world.verify().await, &[Finding::Inserted(Kind::Journal, id)]);
}

#[tokio::test]
async fn two_sealers_take_turns_while_rows_are_written() {
    let world = World::new().await;
    let sealer = async || {
        let mut sealed = 0;
        for _ in 0..25 {
            sealed += seal_batch(&world.office, &world.key, 40).await.unwrap().sealed;
        }
        sealed
    };
    let (one, two, (), (), ()) = tokio::join!(
        sealer(),
        sealer(),
        world.write_journal(200),
        world.write_audit(200),
        world.write_audit(100),
    );
    let rest = seal_all(&world.office, &world.key).await.unwrap();
    assert_eq!(one + two + usize::try_from(rest).unwrap(), 500);
    let report = world.verify().await;
    world.check_found(&report, &[]);
    assert_eq!(report.size, 500);
}

#[tokio::test]
async fn the_office_can_neither_change_nor_delete() {
    let world = World::new().await;
    world.write_journal(1).await;
    world.seal().await;
    let client = world.office.client().await.unwrap();
    for table in ["log_leaf", "log_node", "log_checkpoint", "log_mark", "journal", "audit"] {
        for sql in [format!("delete from core.{table}"), format!("truncate core.{table}")] {
            let error = client.batch_execute(&sql).await.unwrap_err();
            let code = error.code().map(|code| code.code().to_owned());
            assert_eq!(code.as_deref(), Some("42501"), "{sql}");
        }
    }
    assert!(client.batch_execute("update core.log_checkpoint set note = ''").await.is_err());
    let foreign = SealKey::from_master(&[1; 32], "kaede").unwrap();
    let refused = seal_batch(&world.office, &foreign, 10).await.unwrap_err().to_string();
    assert!(refused.contains("kumoi/kaede") && refused.contains("kumoi/sakura"), "{refused}");
}

#[tokio::test]
async fn proofs_hold_and_altered_ones_fail() {
    let world = World::new().await;
    let verifier = world.key.verifier().unwrap();
    let missing = inclusion_proof(&world.office, Kind::Journal, 1).await;
    assert!(matches!(missing, Err(StoreError::NotFound(_))));
    let mut sizes = Vec::new();
    for count in [1, 255, 2, 300] {
        world.write_journal(count).await;
        sizes.push(world.seal().await.size);
    }
    let client = world.office.client().await.unwrap();
    for id in [1, 2, 256, 257, 258, 300, 558] {
        let row = journal_entry(&**client, id).await.unwrap();
        let proof = inclusion_proof(&world.office, Kind::Journal, id).await.unwrap();
        check_inclusion(&proof, &verifier, &journal_digest(&row.entry));
    }
    for (old, new) in [(1, 256), (1, 558), (256, 258), (258, 558), (558, 558)] {
        assert!(sizes.contains(&old) && sizes.contains(&new));
        let proof = consistency_proof(&world.office, old, new).await.unwrap();
        let (before, after) = proof.check(&verifier).unwrap();
        assert_eq!((before.size(), after.size()), (old, new));
        let forged = world.key.sign(old, Hash([3; 32])).unwrap();
        assert!(ConsistencyProof { old: forged, ..proof.clone() }.check(&verifier).is_err());
        let hashes = [&proof.hashes[..], &[Hash([0; 32])]].concat();
        assert!(ConsistencyProof { hashes, ..proof }.check(&verifier).is_err());
    }
    assert!(consistency_proof(&world.office, 558, 1).await.is_err());
    assert!(consistency_proof(&world.office, 3, 558).await.is_err());
}

#[track_caller]
fn check_inclusion(proof: &InclusionProof, verifier: &Verifier, row: &Digest) {
    assert_eq!(proof.check(verifier, row).unwrap().size(), 558);
    assert_eq!(InclusionProof::parse(&proof.to_text()).unwrap(), *proof);
    let mut others = vec![proof.clone(); 6];
    others[0].entry_id += 1;
    others[1].kind = Kind::Audit;
    others[2].salt[0] ^= 1;
    others[3].index ^= 1;
    others[4].hashes[0].0[31] ^= 1;
    others[5].hashes.pop();
    for (at, other) in others.iter().enumerate() {
        assert!(other.check(verifier, row).is_err(), "{at}");
    }
    let mut changed = *row;
    changed[0] ^= 1;
    assert!(proof.check(verifier, &changed).is_err());
    let stranger = SealKey::from_master(&[1; 32], "sakura").unwrap().verifier().unwrap();
    assert!(proof.check(&stranger, row).is_err());
    for cut in ["", "c2sp.org/tlog-proof@v1\n\n", &proof.to_text().replace("index", "place")] {
        assert!(InclusionProof::parse(cut).is_err(), "{cut}");
    }
}

/// Reads an archive as another tool would.
struct Folder(PathBuf);

impl TileReader for Folder {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        let read = |tile: &Tile| {
            let path = self.0.join(tile.path().replacen("tile/8/", "tile/", 1));
            Ok(std::fs::read(&path).unwrap_or_else(|error| panic!("{path:?}: {error}")))
        };
        tiles.iter().map(read).collect()
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

/// Every leaf's hash through the archive's tiles, authenticated by the checkpoint's root.
fn check_archive(folder: &Path, verifier: &Verifier, expect: u64) {
    let note = std::fs::read_to_string(folder.join("checkpoint")).unwrap();
    let checkpoint = verifier.open(&note).unwrap();
    assert_eq!(checkpoint.size(), expect);
    let tiles = Folder(folder.to_owned());
    let reader = TileHashReader::new(expect, *checkpoint.hash(), &tiles);
    let indexes: Vec<u64> = (0..expect).map(|n| tlog_tiles::stored_hash_index(0, n)).collect();
    let hashes = reader.read_hashes(&indexes).unwrap();
    let mut entries = HashMap::new();
    for (n, hash) in (0_u64..).zip(hashes) {
        let bundle = entries.entry(n / 256).or_insert_with(|| {
            let width = (expect - n).min(256);
            let part = if width < 256 { format!(".p/{width}") } else { String::new() };
            std::fs::read(folder.join(format!("tile/entries/{:03}{part}", n / 256))).unwrap()
        });
        let at = usize::try_from(n % 256).unwrap() * 34;
        assert_eq!(bundle[at..at + 2], [0, 32]);
        let hashed = [&[0][..], &bundle[at + 2..at + 34]].concat();
        assert_eq!(sha256(&SHA256, &hashed).as_ref(), hash.0, "{n}");
    }
}

#[tokio::test]
async fn the_archive_is_verified_by_another_reader() {
    let world = World::new().await;
    let verifier = world.key.verifier().unwrap();
    let folder = world.body.folder("archive");
    assert!(archive(&world.office, &folder).await.is_err());
    for (count, files) in [(300, 5), (212, 3), (1, 2), (0, 0), (700, 7)] {
        world.write_audit(count).await;
        let size = world.seal().await.size;
        let report = archive(&world.office, &folder).await.unwrap();
        assert_eq!((report.size, report.files), (size, files), "{count}");
        check_archive(&folder, &verifier, size);
    }
    world
        .tamper(
            "delete from core.log_checkpoint where size > 512; delete from core.log_leaf
               where leaf_index >= 512; delete from core.log_node where n >= 2",
        )
        .await;
    let refused = archive(&world.office, &folder).await.unwrap_err().to_string();
    assert!(refused.contains("巻き戻されています"), "{refused}");
}

#[tokio::test]
async fn large_logs_are_sealed_quickly() {
    let world = World::new().await;
    let detail: Value = json!({"query": "見本　太郎", "shown": 20, "b": [1, 2, 3]});
    world
        .tamper(&format!(
            "insert into core.audit (actor, role, zone, purpose, action, subjects, detail, request)
               select 'mado@sakura', 'clerk', 'office', '転入届', 'resident-record.search',
                 array[n::text], '{detail}', 'r-' || n from generate_series(1, 70000) n"
        ))
        .await;
    let begin = std::time::Instant::now();
    let sealed = seal_all(&world.office, &world.key).await.unwrap();
    let spent = begin.elapsed().as_secs_f64();
    assert_eq!(sealed, 70_000);
    let rate = sealed as f64 / spent;
    println!("sealed {rate:.0} rows/s");
    let begin = std::time::Instant::now();
    let report = world.verify().await;
    println!("verified {:.0} rows/s", 70_000.0 / begin.elapsed().as_secs_f64());
    world.check_found(&report, &[]);
    assert_eq!((report.rows, report.pending), (70_000, 0));
    // Unoptimised builds on a busy machine; an optimised one reaches several times as much.
    assert!(rate > 2_000.0, "{rate:.0} rows/s");
}
