//! A body takes everything along, can check it without us, and is then gone for good.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::date::Date;
use definition::System;
use jiff::Timestamp;
use serde_json::json;
use store::Database;
use store::audit::{NewAudit, audit_append};
use store::cluster::{Cluster, ClusterOptions};
use store::control::{
    DeletionState, buyer_admit, control_open, deletion_last, organisation_register,
    relocation_begin, relocation_end, relocation_last, training_of,
};
use store::copybook::{TRAININGS, copy_list};
use store::journal::{NewEntry, journal_append};
use store::organisation::{CopyWish, Installer, Organisation, credentials_write};
use store::register::{Table, open_many};
use store::relocation::Seat;
use store::seal::{SealKey, seal_all};
use store::testing::{Place, sample_organisation};
use transfer::{Deleter, Layout, Mover, PlaceFolder, Side, Whole, WholeManifest, whole_verify};

use crate::folder::{standard, system};
use transfer::trial::row;

/// A body with two systems, and what it wrote.
struct Body {
    cluster: Cluster,
    home: Installer,
    organisation: Organisation,
    systems: [Arc<System>; 2],
    office: Database,
    key: SealKey,
    /// Where its keys lie.
    file: PathBuf,
}

async fn body(place: &Place) -> Body {
    let cluster = Cluster::start(&ClusterOptions::for_tests(place.folder())).await.unwrap();
    let home = Installer::new(cluster.installer("postgres"));
    let systems = [
        Arc::new(system("systems/resident-record")),
        Arc::new(system("systems/seal-registration")),
    ];
    let templates = home.prepare(&systems).await.unwrap();
    let organisation = sample_organisation("mura");
    let zones = home.organisation_create(&organisation, &templates).await.unwrap();
    let control = control_open(&home).await.unwrap();
    organisation_register(&control, &organisation).await.unwrap();
    buyer_admit(&control, &organisation).await.unwrap();
    let keys = place.path().join("keys");
    fs::create_dir_all(&keys).unwrap();
    let file = credentials_write(&keys, &zones.office, None).unwrap();

    let (login, vault) = (zones.office.office.as_ref(), zones.office.vault.as_deref());
    let office = zones.office.database(login, vault, 2).unwrap();
    let client = office.client().await.unwrap();
    for system in &systems {
        for register in &system.registers {
            let rows: Vec<_> = (0..40).map(|number| row(system, register, number)).collect();
            let table = Table { system, register };
            open_many(&**client, table, &rows, office.vault().ok()).await.unwrap();
        }
    }
    for number in 0..20 {
        journal_append(&**client, &entry(number)).await.unwrap();
        audit_append(&**client, &audit(number)).await.unwrap();
    }
    let key = SealKey::from_credentials(&zones.office).unwrap();
    seal_all(&office, &key).await.unwrap();
    audit_append(&**client, &audit(99)).await.unwrap();
    drop(client);
    Body { cluster, home, organisation, systems, office, key, file }
}

impl Body {
    /// Writes everything out; the manifest and its digest.
    async fn export(&self, folder: &Path) -> (WholeManifest, String) {
        let standards = [standard("standards/001"), standard("standards/002")];
        let layouts = [
            Layout::of(&self.systems[0], Some(&standards[0])),
            Layout::of(&self.systems[1], Some(&standards[1])),
        ];
        let mut registers = self.home.connect_owner("mura").await.unwrap();
        let mut staff = self.home.connect_owner("mura_staff").await.unwrap();
        let mut control = control_open(&self.home).await.unwrap();
        let whole = Whole {
            organisation: &self.organisation,
            office: Side { client: &mut registers, vault: self.office.vault().unwrap() },
            staff: &mut staff,
            control: &mut control,
            log: &self.office,
            key: &self.key,
            layouts: &layouts,
        };
        whole.export(folder, Timestamp::now()).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_leaves_with_everything_and_is_gone() {
    let place = Place::new();
    let body = body(&place).await;
    let (key, file) = (&body.key, body.file.clone());
    let seats = [Seat::of(&body.cluster).unwrap()];
    let deleter = Deleter { organisation: &body.organisation, seats: &seats, home: &body.home };
    let said = deleter.freeze(("甲", "甲"), key).await.unwrap_err().to_string();
    assert!(said.contains("別の二人"), "{said}");
    check_changing(&body, &deleter).await;
    check_taken_back(&body, &deleter).await;
    let case = entered(&body).await;
    let people = ("見本 甲", "見本 乙");
    let early = place.path().join("early");
    body.export(&early).await;
    deleter.freeze(people, key).await.unwrap();
    let late = audit_append(&**body.office.client().await.unwrap(), &audit(100)).await;
    assert!(late.is_err(), "it is written after the freeze");

    let folder = place.path().join("export");
    let (manifest, name) = body.export(&folder).await;
    let report = whole_verify(&folder).unwrap();
    assert!(report.wrong.is_empty(), "{:?}", report.wrong);
    assert_eq!((report.name.as_str(), report.sealed, report.unsealed), (name.as_str(), 41, 0));
    let residents = manifest.files[Path::new("systems/resident-record/001_resident_1.csv")].clone();
    assert_eq!(residents.records, Some(40));
    check_altered(&folder, "systems/resident-record/001_resident_1.csv", "書き換えられています");
    check_altered(&folder, "records/journal.jsonl", "書き換えられています");
    let own = manifest.files[Path::new("control/organisation.jsonl")].clone();
    assert_eq!(own.records, Some(1));
    assert!(manifest.files[Path::new("control/deletion_act.jsonl")].records > Some(0));
    check_altered(&folder, "control/deletion.jsonl", "書き換えられています");
    let readme = fs::read_to_string(folder.join("README.txt")).unwrap();
    assert!(readme.contains("deposit_entry.jsonl  保管金の仕訳"), "{readme}");
    check_resealed(&folder);
    fs::write(folder.join("more.txt"), "x").unwrap();
    assert_eq!(whole_verify(&folder).unwrap().wrong, ["more.txt は目録にありません"]);
    fs::remove_file(folder.join("more.txt")).unwrap();

    let said = deleter.delete((&name, key), &[]).await.unwrap_err().to_string();
    assert!(said.contains("最後の書き出しと違います"), "{said}");
    let said = deleter.exported(&early).await.unwrap_err().to_string();
    assert!(said.contains("凍結する前"), "{said}");
    let cases = fs::read_to_string(folder.join("records/cases.jsonl")).unwrap();
    assert!(cases.contains("\"kojin_bango\":\"123456789018\""), "{cases}");
    assert_eq!(manifest.unopened, [format!("事案 {case} の damaged")]);
    deleter.exported(&folder).await.unwrap();
    check_refused(&body, (&deleter, &name)).await;
    let again = place.path().join("again");
    let name = body.export(&again).await.1;
    deleter.exported(&again).await.unwrap();
    assert!(!seats[0].traces("mura").await.unwrap().is_empty());
    let copy = training_beside(&body).await;
    let (deletion, note) = deleter.delete((&name, key), std::slice::from_ref(&file)).await.unwrap();
    assert_eq!(deletion.state, DeletionState::Done);
    assert!(seats[0].traces("mura").await.unwrap().is_empty() && !file.exists());
    assert!(seats[0].traces(&copy).await.unwrap().is_empty(), "its training copy goes with it");
    let control = control_open(&body.home).await.unwrap();
    let last = copy_list(&control, &TRAININGS).await.unwrap().remove(0);
    assert_eq!((last.wish, &*last.asked_by), (CopyWish::Close, "消去"));
    let record = key.verifier().unwrap().open_text(&note).unwrap();
    for part in ["見本 甲", "見本 乙", name.as_str(), "mura_staff"] {
        assert!(record.contains(part), "{part} is missing in {record}");
    }
    // Once more changes nothing, and what was taken along can still be checked.
    deleter.delete((&name, key), &[file]).await.unwrap();
    assert!(whole_verify(&folder).unwrap().wrong.is_empty());
}

/// A training copy that the body opened when it still had contracts; its identifier.
async fn training_beside(body: &Body) -> String {
    let copy = training_of(&body.organisation).unwrap();
    let bare = body.home.prepare(&[]).await.unwrap();
    body.home.organisation_create(&copy, &bare).await.unwrap();
    let control = control_open(&body.home).await.unwrap();
    let sql = "alter table control.training disable trigger guarded_first;
               insert into control.training (of, organisation, wish, asked_by, done_at)
               values ('mura', 'mura_kenshu', '開く', 'x', now());
               alter table control.training enable trigger guarded_first";
    control.batch_execute(sql).await.unwrap();
    assert!(!Seat::of(&body.cluster).unwrap().traces(&copy.id).await.unwrap().is_empty());
    copy.id
}

/// Nothing is taken away while it moves, or when something was written after the last export; and
/// what is frozen does not move.
async fn check_refused(body: &Body, (deleter, name): (&Deleter<'_>, &str)) {
    let seat = || Seat::of(&body.cluster).unwrap();
    let places = PlaceFolder::open(&body.file.with_extension("places")).unwrap();
    let mover = Mover {
        organisation: "mura",
        source: ("一", seat()),
        target: ("二", seat()),
        home: &body.home,
        places: &places,
    };
    let said = mover.forth().await.unwrap_err().to_string();
    assert!(said.contains("消去のため凍結"), "{said}");
    let mut control = control_open(&body.home).await.unwrap();
    let mut way = relocation_begin(&mut control, "mura", ("一", "二")).await.unwrap();
    let said = deleter.delete((name, &body.key), &[]).await.unwrap_err().to_string();
    assert!(said.contains("引越しの途中"), "{said}");
    relocation_end(&control, &mut way).await.unwrap();
    let owner = body.home.connect_owner("mura").await.unwrap();
    audit_append(&owner, &audit(101)).await.unwrap();
    let said = deleter.delete((name, &body.key), &[]).await.unwrap_err().to_string();
    assert!(said.contains("書かれたものがあります。何も消していません"), "{said}");
    assert!(seat().holds("mura").await.unwrap());
    seal_all(&seat().database("mura").unwrap(), &body.key).await.unwrap();
}

/// While a change of vendor is open the body neither leaves nor moves, and nothing is begun.
async fn check_changing(body: &Body, deleter: &Deleter<'_>) {
    let owner = body.home.connect_owner("mura").await.unwrap();
    let open = "insert into core.vendor_change (system, from_hash, to_hash, aside, event_id, annex,
            annex_sha256, changed_by)
        select system, hash, hash, '', 1, '', '', '' from core.system_version
        where system = 'seal-registration'";
    owner.batch_execute(open).await.unwrap();
    let seat = || Seat::of(&body.cluster).unwrap();
    let places = PlaceFolder::open(&body.file.with_extension("places")).unwrap();
    let (source, target) = (("一", seat()), ("二", seat()));
    let mover = Mover { organisation: "mura", source, target, home: &body.home, places: &places };
    let moved = mover.forth().await.unwrap_err().to_string();
    let left = deleter.freeze(("見本 甲", "見本 乙"), &body.key).await.unwrap_err().to_string();
    let control = control_open(&body.home).await.unwrap();
    assert!(relocation_last(&control, "mura").await.unwrap().is_none());
    assert!(deletion_last(&control, "mura").await.unwrap().is_none());
    assert!(moved.contains("印鑑登録の事業者の変更が終わっていません"), "{moved}");
    assert!(left.contains("印鑑登録の事業者の変更が終わっていません"), "{left}");
    owner.batch_execute("delete from core.vendor_change").await.unwrap();
}

/// A freeze waits for applications, and can be taken back; who answered for it stays known.
async fn check_taken_back(body: &Body, deleter: &Deleter<'_>) {
    let front = body.home.connect_owner("mura_front").await.unwrap();
    let sql = "insert into front.inbox (kind, subject_handle, sealed)
        values ('link', sha256('x'), 'x')";
    front.batch_execute(sql).await.unwrap();
    let people = ("見本 丙", "見本 丁");
    let said = deleter.freeze(people, &body.key).await.unwrap_err().to_string();
    assert!(said.contains("住民の申請が 1 件"), "{said}");
    front.batch_execute("delete from front.inbox").await.unwrap();
    deleter.freeze(people, &body.key).await.unwrap();
    let client = body.office.client().await.unwrap();
    assert!(audit_append(&**client, &audit(98)).await.is_err(), "it is written after the freeze");
    let cancelled = deleter.cancel(("見本 丙", "契約を続ける")).await.unwrap();
    assert_eq!(cancelled.state, DeletionState::Cancelled);
    drop(client);
    let control = control_open(&body.home).await.unwrap();
    let change = "update control.deletion set requested_by = 'だれか'";
    let refused = control.batch_execute(change).await.unwrap_err();
    assert!(refused.as_db_error().unwrap().message().contains("never changed"), "{refused:?}");
}

/// A case that is open, with a sealed number and one that nobody can open; its number.
async fn entered(body: &Body) -> i64 {
    use base64::Engine;
    let place = "case.resident-record.move-in.kojin_bango";
    let sealed = body.office.vault().unwrap().seal(place, "123456789018").unwrap();
    let text = base64::engine::general_purpose::STANDARD_NO_PAD.encode(sealed);
    let form = json!({
        "people": [{ "kojin_bango": format!("sealed:{text}") }],
        "damaged": "sealed:AAAA",
    });
    let client = body.home.connect_owner("mura").await.unwrap();
    let sql = "insert into core.cases (system, procedure, package, stage, origin, title, subjects,
            versions, form, identity, due_on, entered_by)
        values ('resident-record', 'move-in', '', '仮登録', '窓口', '', '{}', '{}', $1, '{}',
            '2026-04-01', '見本') returning id";
    client.query_one(sql, &[&form]).await.unwrap().get(0)
}

/// A changed byte is found by the manifest.
#[track_caller]
fn check_altered(folder: &Path, file: &str, expect: &str) {
    let path = folder.join(file);
    let sound = fs::read(&path).unwrap();
    let mut altered = sound.clone();
    let at = altered.len() / 2;
    altered[at] ^= 1;
    fs::write(&path, altered).unwrap();
    let wrong = whole_verify(folder).unwrap().wrong.join("");
    assert!(wrong.contains(file) && wrong.contains(expect), "{wrong}");
    fs::write(&path, sound).unwrap();
}

/// A changed entry is found by the log, even when the manifest was made to fit.
#[track_caller]
fn check_resealed(folder: &Path) {
    let (path, manifest) = (folder.join("records/journal.jsonl"), folder.join("export.json"));
    let (rows, sound) =
        (fs::read_to_string(&path).unwrap(), fs::read_to_string(&manifest).unwrap());
    let before = sum(&rows);
    let altered = rows.replacen("事由 7", "事由 8", 1);
    assert_ne!(rows, altered);
    fs::write(&path, &altered).unwrap();
    fs::write(&manifest, sound.replace(&before, &sum(&altered))).unwrap();
    let wrong = whole_verify(folder).unwrap().wrong.join("");
    assert!(wrong.contains("1 行が、封印したときと違います"), "{wrong}");
    assert!(wrong.contains("の行がないか、書き換えられています"), "{wrong}");
    fs::write(&path, rows).unwrap();
    fs::write(&manifest, sound).unwrap();
}

fn sum(text: &str) -> String {
    use aws_lc_rs::digest::{SHA256, digest};
    let digest = digest(&SHA256, text.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn entry(number: i64) -> NewEntry {
    NewEntry {
        recorded_at: Timestamp::from_microsecond(1_700_000_000_000_000 + number).unwrap(),
        system: "resident-record".to_owned(),
        procedure: "move-in".to_owned(),
        event: Some("moved-in".to_owned()),
        reason: format!("事由 {number}, \"引用\"\n次の行"),
        case_id: Some(number),
        subjects: vec![format!("{number:015}")],
        effective_on: Date::constant(2026, 4, 1),
        filed_on: (number % 2 == 1).then_some(Date::constant(2026, 4, 2)),
        actor: "見本".to_owned(),
        approver: None,
        run_id: None,
        content: json!({ "subjects": { "ん": [1, 2.5, null, "😀"] }, "a": { "z": true, "b": -3 } }),
    }
}

fn audit(number: i64) -> NewAudit {
    NewAudit {
        actor: "見本".to_owned(),
        role: "clerk".to_owned(),
        zone: "office".to_owned(),
        purpose: "住民異動".to_owned(),
        action: "resident-record.search".to_owned(),
        subjects: vec![format!("{number:015}")],
        detail: json!({ "found": number }),
        request: format!("r{number}"),
    }
}
