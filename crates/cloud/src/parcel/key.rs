//! The key that a vendor signs its parcels with (Ed25519, C2SP signed-note), and its check by the
//! public keys that the vendor has registered. The private key never leaves the vendor.

use std::io;

use aws_lc_rs::rand;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use signed_note::{Note, StandardSigner, StandardVerifier, Verifier, VerifierList};
use store::market::Key;

/// Signature type 1 of C2SP signed-note: Ed25519.
const ED25519: u8 = 1;
const SEED: usize = 32;

/// The name of a vendor's keys.
pub fn key_name(vendor: &str) -> String {
    format!("vendor/{vendor}")
}

/// A vendor's private key.
pub struct PublisherKey {
    vendor: String,
    secret: String,
    public: String,
}

impl PublisherKey {
    /// A new one.
    ///
    /// # Errors
    /// When the system gives no randomness, or the vendor's identifier makes no name of a key.
    pub fn generate(vendor: &str) -> io::Result<PublisherKey> {
        let mut seed = [0; SEED];
        rand::fill(&mut seed).map_err(|_| io::Error::other("乱数を得られません"))?;
        PublisherKey::from_seed(vendor, &seed)
    }

    /// The key of a seed of 32 bytes, for samples.
    ///
    /// # Errors
    /// As [`PublisherKey::generate`].
    pub fn from_seed(vendor: &str, seed: &[u8; SEED]) -> io::Result<PublisherKey> {
        let name = key_name(vendor);
        if !signed_note::is_key_name_valid(&name) {
            return Err(io::Error::other("事業者の識別子が鍵の名になりません"));
        }
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(io::Error::other)?;
        let public = [&[ED25519][..], pair.public_key().as_ref()].concat();
        let id = signed_note::key_id(&name, &public);
        let encoded = STANDARD.encode([&[ED25519][..], seed].concat());
        Ok(PublisherKey {
            vendor: vendor.to_owned(),
            secret: format!("PRIVATE+KEY+{name}+{id:08x}+{encoded}"),
            public: format!("{name}+{id:08x}+{}", STANDARD.encode(public)),
        })
    }

    /// Reads the text of [`PublisherKey::secret_text`].
    ///
    /// # Errors
    /// When it is no such text.
    pub fn read(text: &str) -> io::Result<PublisherKey> {
        let bad = || io::Error::other("署名の鍵として読めません（PRIVATE+KEY+vendor/… の一行）");
        let line = text.trim();
        StandardSigner::new(line).map_err(|_| bad())?;
        let mut parts = line.splitn(5, '+').skip(2);
        let vendor = parts.next().and_then(|name| name.strip_prefix("vendor/")).ok_or_else(bad)?;
        let encoded = parts.nth(1).ok_or_else(bad)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| bad())?;
        let seed = bytes.get(1..).and_then(|seed| seed.try_into().ok()).ok_or_else(bad)?;
        PublisherKey::from_seed(vendor, seed)
    }

    /// Whose it is.
    pub fn vendor(&self) -> &str {
        &self.vendor
    }

    /// The private key as one line, to be kept secret.
    pub fn secret_text(&self) -> &str {
        &self.secret
    }

    /// The public key as one line (`name+id+base64`), to be registered.
    pub fn public_text(&self) -> &str {
        &self.public
    }

    /// Speaks for another public key of the same vendor: a signed note, to be registered with it.
    ///
    /// # Errors
    /// When the other is no public key of this vendor.
    pub fn endorse(&self, public: &str) -> io::Result<String> {
        let public = public_key_check(public, &self.vendor).map_err(io::Error::other)?;
        self.sign(&endorsed(&self.vendor, &public))
    }

    /// The text as a signed note.
    pub(super) fn sign(&self, text: &str) -> io::Result<String> {
        let signer = StandardSigner::new(&self.secret).map_err(io::Error::other)?;
        let mut note = Note::new(text.as_bytes(), &[]).map_err(io::Error::other)?;
        note.add_sigs(&[&signer]).map_err(io::Error::other)?;
        String::from_utf8(note.to_bytes()).map_err(io::Error::other)
    }
}

/// The public key of a vendor as it is registered: tidied, or why not.
///
/// # Errors
/// What is wrong, in Japanese.
pub fn public_key_check(text: &str, vendor: &str) -> Result<String, &'static str> {
    let line = text.trim();
    if line.starts_with("PRIVATE+KEY+") {
        return Err(
            "署名の鍵（PRIVATE+KEY で始まるもの）は登録しないでください。検証鍵の一行を入れてください",
        );
    }
    let key = StandardVerifier::new(line)
        .map_err(|_| "検証鍵として読めません（vendor/… で始まる一行を入れてください）")?;
    if key.name() != key_name(vendor) {
        return Err("ほかの事業者の名の鍵です");
    }
    Ok(line.to_owned())
}

/// What a key signs when it speaks for another.
fn endorsed(vendor: &str, public: &str) -> String {
    format!("kumoi-key/1\n{vendor}\n{public}\n")
}

/// Whether one of these keys speaks for a new public key of the vendor; a form's line ends count
/// for nothing.
///
/// # Errors
/// What is wrong, in Japanese.
pub fn endorsement_check(
    note: &str,
    (vendor, public): (&str, &str),
    keys: &[String],
) -> Result<String, &'static str> {
    let note = format!("{}\n", note.replace('\r', "").trim());
    match verify(Some(&note), vendor, keys) {
        Ok((text, _)) if text == endorsed(vendor, public) => Ok(note),
        Ok(_) => Err("この検証鍵のための署名ではありません"),
        Err(_) => Err("使える検証鍵の署名がありません。kumoi parcel endorse の文を入れてください"),
    }
}

/// The keys that a vendor's parcels are checked with, of all that stand in its name. Whoever wrote
/// them there is not believed: besides the first key and those that the platform has admitted, one
/// counts only by the signature of one that counted and was in force when it was added.
pub fn keys_in_force(vendor: &str, all: &[Key]) -> Vec<String> {
    let mut all: Vec<&Key> = all.iter().collect();
    all.sort_by_key(|key| key.id);
    let mut trusted: Vec<&Key> = Vec::new();
    for (place, key) in all.into_iter().enumerate() {
        let is_own = public_key_check(&key.content, vendor).is_ok_and(|own| own == key.content);
        let in_force = |one: &&&Key| one.revoked.as_ref().is_none_or(|(at, _)| *at > key.added_at);
        let spoken_for = || {
            let speaking: Vec<String> =
                trusted.iter().filter(in_force).map(|one| one.content.clone()).collect();
            let note = key.endorsement.as_deref().unwrap_or_default();
            endorsement_check(note, (vendor, &key.content), &speaking).is_ok()
        };
        if is_own && (key.admitted || place == 0 || spoken_for()) {
            trusted.push(key);
        }
    }
    trusted.into_iter().filter(|key| key.revoked.is_none()).map(|key| key.content.clone()).collect()
}

/// The signed text and by which key, or what is wrong and what to do.
pub(super) fn verify(
    note: Option<&String>,
    vendor: &str,
    keys: &[String],
) -> Result<(String, String), (String, &'static str)> {
    const SIGN: &str = "kumoi parcel make で署名し直す";
    let Some(note) = note else {
        return Err(("署名（parcel.note）がない".to_owned(), SIGN));
    };
    let parsed = Note::from_bytes(note.as_bytes())
        .map_err(|_| ("署名（parcel.note）の形がちがう".to_owned(), SIGN))?;
    if keys.is_empty() {
        return Err(("検証鍵が登録されていない".to_owned(), "検証鍵の頁で登録する"));
    }
    let known = keys.iter().filter_map(|key| StandardVerifier::new(key).ok());
    let known = known.map(|key| Box::new(key) as Box<dyn Verifier>).collect();
    match parsed.verify(&VerifierList::new(known)) {
        Ok((verified, _)) if !verified.is_empty() => {
            let by = format!("{}（{:08x}）", verified[0].name(), verified[0].id());
            Ok((String::from_utf8_lossy(parsed.text()).into_owned(), by))
        }
        _ => Err((
            format!("{} の、登録された鍵による署名ではない", key_name(vendor)),
            "登録した鍵で署名し直すか、検証鍵を登録する",
        )),
    }
}
