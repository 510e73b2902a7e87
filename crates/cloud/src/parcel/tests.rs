//! A parcel opens with the vendor's own key and as it was signed, and in no other way.

use std::collections::BTreeMap;

use definition::Package;
use expect_test::{Expect, expect};
use store::market::Key;

use super::*;

fn key(vendor: &str, seed: u8) -> PublisherKey {
    PublisherKey::from_seed(vendor, &[seed; 32]).unwrap()
}

fn parcel() -> Parcel {
    let text = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());
    Parcel {
        package: Package {
            files: [("system.yaml", "id: x\n"), ("examples/良い例.md", "# 例\n")].map(text).into(),
        },
        documents: [("manual.md", "# 手引き\n")].map(text).into(),
    }
}

/// What is wrong with a file that was sent in; empty when nothing is.
#[track_caller]
fn check(bytes: &[u8], expected: Expect) {
    let keys = [key("vendor_a", 1).public_text().to_owned()];
    let (findings, opened) = Parcel::open(bytes, "vendor_a", &keys);
    let failed = findings
        .iter()
        .filter_map(|one| Some(format!("{} → {}\n", one.found, one.remedy.as_ref()?)));
    let failed: String = failed.collect();
    assert_eq!(opened.is_some(), failed.is_empty());
    expected.assert_eq(&failed);
}

/// The same archive with files changed by hand.
fn changed(change: impl FnOnce(&mut BTreeMap<String, String>)) -> Vec<u8> {
    let bytes = parcel().pack(&key("vendor_a", 1)).unwrap();
    let mut files = archive::read(&bytes).unwrap();
    change(&mut files);
    let texts = files.iter().map(|(name, text)| (name.clone(), text.as_str())).collect();
    archive::write(&texts).unwrap()
}

#[test]
fn it_opens_as_it_was_packed() {
    let bytes = parcel().pack(&key("vendor_a", 1)).unwrap();
    assert_eq!(bytes, parcel().pack(&key("vendor_a", 1)).unwrap());
    check(&bytes, expect![[""]]);
    let keys = [key("vendor_a", 1).public_text().to_owned()];
    let opened = Parcel::open(&bytes, "vendor_a", &keys).1.unwrap();
    assert_eq!(opened.package.files, parcel().package.files);
    assert_eq!(opened.documents, parcel().documents);
}

#[test]
fn a_key_speaks_for_the_next_one_of_its_vendor_only() {
    let (old, next, other) = (key("vendor_a", 1), key("vendor_a", 2), key("vendor_b", 3));
    let keys = [old.public_text().to_owned()];
    let note = old.endorse(next.public_text()).unwrap();
    let checked = |note: &str, public: &str| endorsement_check(note, ("vendor_a", public), &keys);
    let as_a_form_sends_it = note.trim().replace('\n', "\r\n");
    assert_eq!(checked(&as_a_form_sends_it, next.public_text()).as_deref(), Ok(note.as_str()));
    assert!(checked(&note, key("vendor_a", 4).public_text()).unwrap_err().contains("ための署名"));
    let own = next.endorse(next.public_text()).unwrap();
    assert!(checked(&own, next.public_text()).unwrap_err().contains("parcel endorse"));
    assert!(checked("", next.public_text()).is_err());
    assert!(old.endorse(other.public_text()).is_err());
    // A signed parcel is no word for a key.
    let parcel = archive::read(&parcel().pack(&old).unwrap()).unwrap();
    assert!(checked(&parcel[NOTE], next.public_text()).is_err());
}

#[test]
fn another_signature_is_refused() {
    check(
        &parcel().pack(&key("vendor_a", 2)).unwrap(),
        expect![[r#"
        vendor/vendor_a の、登録された鍵による署名ではない → 登録した鍵で署名し直すか、検証鍵を登録する
    "#]],
    );
    check(
        &parcel().pack(&key("vendor_b", 1)).unwrap(),
        expect![[r#"
        vendor/vendor_a の、登録された鍵による署名ではない → 登録した鍵で署名し直すか、検証鍵を登録する
    "#]],
    );
    check(
        &changed(|files| drop(files.remove(NOTE))),
        expect![[r#"
        署名（parcel.note）がない → kumoi parcel make で署名し直す
    "#]],
    );
    check(
        &changed(|files| drop(files.insert(NOTE.into(), "x".into()))),
        expect![[r#"
        署名（parcel.note）の形がちがう → kumoi parcel make で署名し直す
    "#]],
    );
}

#[test]
fn what_was_altered_is_named() {
    let name = || "system/system.yaml".to_owned();
    check(
        &changed(|files| drop(files.insert(name(), "id: y\n".into()))),
        expect![[r#"
        「system/system.yaml」が署名のあとで変わっている → フォルダから作り直し、署名し直す
    "#]],
    );
    check(
        &changed(|files| drop(files.remove(&name()))),
        expect![[r#"
        一覧にある「system/system.yaml」がない → フォルダから作り直し、署名し直す
    "#]],
    );
    check(
        &changed(|files| drop(files.insert("system/z.yaml".into(), "z".into()))),
        expect![[r#"
        「system/z.yaml」が一覧にない → フォルダから作り直し、署名し直す
    "#]],
    );
    check(
        &changed(|files| drop(files.insert("z.yaml".into(), "z".into()))),
        expect![[r#"
        「z.yaml」は置けない場所にある → フォルダから作り直し、署名し直す
    "#]],
    );
}

#[test]
fn what_is_no_archive_is_said() {
    check(
        b"not a file",
        expect![[r#"
        読めない（invalid gzip header） → kumoi parcel make で作ったファイルをそのまま送る
    "#]],
    );
    check(
        &[],
        expect![[r#"
        読めない（unexpected end of file） → kumoi parcel make で作ったファイルをそのまま送る
    "#]],
    );
    let whole = parcel().pack(&key("vendor_a", 1)).unwrap();
    let (findings, opened) = Parcel::open(&whole[..whole.len() / 2], "vendor_a", &[]);
    assert!(opened.is_none() && findings[0].remedy.is_some(), "{findings:?}");
}

#[test]
fn links_are_refused() {
    let mut builder = tar::Builder::new(flate2::write::GzEncoder::new(
        Vec::new(),
        flate2::Compression::default(),
    ));
    let mut header = tar::Header::new_gnu();
    header.set_size(0);
    header.set_entry_type(tar::EntryType::Symlink);
    builder.append_link(&mut header, "system/system.yaml", "/etc/passwd").unwrap();
    check(
        &builder.into_inner().unwrap().finish().unwrap(),
        expect![[r#"
        「system/system.yaml」はふつうのファイルではないか、外を指している → kumoi parcel make で作ったファイルをそのまま送る
    "#]],
    );
}

#[test]
fn keys_are_read_and_registered() {
    let own = key("vendor_a", 1);
    assert_eq!(PublisherKey::read(own.secret_text()).unwrap().public_text(), own.public_text());
    assert_eq!(public_key_check(own.public_text(), "vendor_a").unwrap(), own.public_text());
    for bad in [own.secret_text(), "x", key("vendor_b", 1).public_text()] {
        assert!(public_key_check(bad, "vendor_a").is_err(), "{bad}");
    }
    let other = PublisherKey::generate("vendor_a").unwrap();
    assert_ne!(other.public_text(), PublisherKey::generate("vendor_a").unwrap().public_text());
    assert!(PublisherKey::generate("業者 甲").is_err());
    assert!(PublisherKey::read("PRIVATE+KEY+x").is_err());
}

/// A key as it stands in the books: its number, its seed, what was signed for it, until when.
fn kept(id: i64, seed: u8, endorsement: Option<String>, until: Option<i64>) -> Key {
    let at = |second| jiff::Timestamp::from_second(second).unwrap();
    Key {
        id,
        content: key("vendor_a", seed).public_text().to_owned(),
        added_at: at(id),
        added_by: "kokai".to_owned(),
        endorsement,
        admitted: false,
        revoked: until.map(|second| (at(second), "kokai".to_owned())),
    }
}

/// The numbers of the keys that count, of these.
#[track_caller]
fn check_keys(all: &[Key], expected: &[i64]) {
    let counting = keys_in_force("vendor_a", all);
    let number = |text: &String| all.iter().find(|key| key.content == *text).unwrap().id;
    assert_eq!(counting.iter().map(number).collect::<Vec<_>>(), expected);
}

#[test]
fn a_key_counts_by_the_word_of_one_that_counted() {
    let word = |by: u8, of: u8| {
        Some(key("vendor_a", by).endorse(key("vendor_a", of).public_text()).unwrap())
    };
    check_keys(&[], &[]);
    check_keys(&[kept(1, 1, None, None), kept(2, 2, word(1, 2), None)], &[1, 2]);
    // Rotated: the old one spoke while it was in force. Afterwards it speaks for nothing.
    let rotated = [kept(1, 1, None, Some(10)), kept(2, 2, word(1, 2), None)];
    check_keys(&rotated, &[2]);
    check_keys(&[kept(1, 1, None, Some(10)), kept(12, 2, word(1, 2), None)], &[]);
    // Whoever wrote it there: without a word, with another's, with one for another, by itself.
    for note in [None, Some("x".to_owned()), word(3, 2), word(1, 3), word(2, 2)] {
        check_keys(&[kept(1, 1, None, None), kept(2, 2, note, None)], &[1]);
    }
    // Nor does what hangs on one that does not count.
    check_keys(
        &[kept(1, 1, None, None), kept(2, 2, None, None), kept(3, 3, word(2, 3), None)],
        &[1],
    );
    // The way back: the platform admits one, which then speaks for others.
    let mut admitted =
        [kept(1, 1, None, Some(5)), kept(7, 2, None, None), kept(8, 3, word(2, 3), None)];
    check_keys(&admitted, &[]);
    admitted[1].admitted = true;
    check_keys(&admitted, &[7, 8]);
    // A key in another vendor's name is nobody's here.
    let foreign =
        Key { content: key("vendor_b", 1).public_text().to_owned(), ..kept(1, 1, None, None) };
    check_keys(&[foreign], &[]);
}

#[test]
fn what_is_too_large_or_no_text_is_named() {
    let name = || "system/notices/長い.typ".to_owned();
    check(
        &changed(|files| drop(files.insert(name(), "x".repeat((4 << 20) + 1)))),
        expect![[r#"
        「system/notices/長い.typ」が大きすぎる（一つのファイルは 4 メガバイトまで） → フォルダで直し、kumoi parcel make で作り直す
    "#]],
    );
    let many = |at: usize| (format!("system/notices/{at}.typ"), "x".repeat(4 << 20));
    check(
        &changed(|files| files.extend((0..9).map(many))),
        expect![[r#"
        全部のファイルで大きすぎる（32 メガバイトまで） → フォルダで直し、kumoi parcel make で作り直す
    "#]],
    );
    let small = |at: usize| (format!("documents/{at}"), String::new());
    check(
        &changed(|files| files.extend((0..4_001).map(small))),
        expect![[r#"
        ファイルが 4000 を超える → フォルダで直し、kumoi parcel make で作り直す
    "#]],
    );
    check(
        &changed(|files| drop(files.insert(name(), "あ\nい\0".to_owned()))),
        expect![[r#"
        「system/notices/長い.typ」の 2 行 2 列に、使えない文字 U+0000 がある → フォルダで直し、kumoi parcel make で作り直す
    "#]],
    );
}
