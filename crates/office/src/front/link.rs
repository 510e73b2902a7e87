//! Fetching applications and linking residents: at once when exactly one open record agrees in all
//! four items, by a clerk's decision otherwise.

use base::said;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::audit::{NewAudit, audit_append};
use store::front::office::{self as shelf, Application, Link};
use store::front::seal::{self, ResidentKeys, application_context};
use store::front::{Claims, LINK_REQUEST, LinkRequest, LinkState};
use store::register;
use store::{Client, Database, StoreError, Transaction};

use super::matching::{Candidate, candidates};
use super::token::{Expected, Proved, TokenError, Trust, verify};
use super::{Desk, LinkItems, TickReport, publish};

/// How long an application waits for keys that the issuer changed.
const KEYS_CHANGE: SignedDuration = SignedDuration::from_mins(5);

/// The office's particulars of a link; sealed under its vault.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Particulars {
    /// The issuer.
    pub issuer: String,
    /// The subject.
    pub subject: String,
    /// The card's items, kept only while a clerk may need them.
    pub claims: Option<Claims>,
    /// Key of the record.
    pub key: Option<String>,
    /// Link secret, base64url.
    pub secret: Option<String>,
}

/// A link that waits for a clerk.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Names the link in [`decide`].
    pub handle: Vec<u8>,
    /// What the card says.
    pub claims: Claims,
    /// Records that agree fully or nearly, the best first.
    pub candidates: Vec<Candidate>,
}

/// A clerk's decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is this record.
    Link(String),
    /// There is no record of this person.
    Refuse,
}

/// Fetches one application; false when none waits. Link and application change in one transaction;
/// the publication follows, and the next comparison repeats it if it fails.
pub(super) async fn fetch(
    desk: &Desk<'_>,
    mailbox: &mut Client,
    trust: &Trust,
    report: &mut TickReport,
) -> Result<bool, StoreError> {
    let transaction = mailbox.transaction().await?;
    let Some(application) = shelf::application_next(&*transaction).await? else {
        return Ok(false);
    };
    let received = match open(desk, &application, trust) {
        Opened::Waits => return Ok(false),
        Opened::Proved(proved) => {
            receive(desk, &transaction, &application.handle, (&trust.issuer, *proved)).await?
        }
        Opened::Refused => {
            tracing::warn!(id = application.id, "an application of the front database is refused");
            Received::Refused
        }
    };
    shelf::application_fetched(&*transaction, application.id).await?;
    transaction.commit().await?;
    report.fetched += 1;
    match received {
        Received::Linked => {
            report.linked += 1;
            report.published += usize::from(publish::publish(desk, &application.handle).await?);
        }
        Received::Pending => report.pending += 1,
        Received::Refused => report.refused += 1,
        Received::Mismatch => {}
    }
    Ok(true)
}

/// What became of an application.
enum Received {
    Linked,
    Pending,
    Mismatch,
    Refused,
}

/// What an application turned out to be.
enum Opened {
    Proved(Box<Proved>),
    /// The issuer may have changed its keys since they were fetched.
    Waits,
    Refused,
}

/// The resident whom an application proves. It must be sealed to this office, carry a token that
/// the issuer signed for this organisation and that held when it was left, and be left for the very
/// resident of the token.
fn open(desk: &Desk<'_>, application: &Application, trust: &Trust) -> Opened {
    let request = || -> Option<LinkRequest> {
        if application.kind != LINK_REQUEST {
            return None;
        }
        let context = application_context(&application.kind, &application.handle);
        let plain = desk.key.open(&context, &application.sealed).ok()?;
        serde_json::from_slice(&plain).ok()
    };
    let Some(request) = request() else { return Opened::Refused };
    let at = application.received_at;
    let (issuer, audience) = (trust.issuer.as_str(), trust.audience.as_str());
    let expected = Expected { issuer, audience, nonce: &request.nonce, at };
    match verify(&request.token, &trust.keys, &expected) {
        Err(TokenError::Key) if Timestamp::now().duration_since(at) < KEYS_CHANGE => Opened::Waits,
        Err(error) => {
            tracing::warn!(id = application.id, %error, "the token of an application");
            Opened::Refused
        }
        Ok(proved) => match ResidentKeys::new(issuer, &proved.subject) {
            Ok(keys) if keys.handle() == application.handle => Opened::Proved(Box::new(proved)),
            _ => Opened::Refused,
        },
    }
}

async fn receive(
    desk: &Desk<'_>,
    client: &Transaction<'_>,
    handle: &[u8],
    (issuer, proved): (&str, Proved),
) -> Result<Received, StoreError> {
    let found = candidates(desk, &proved.claims).await?;
    let full: Vec<&Candidate> = found.iter().filter(|one| one.agreement.full()).collect();
    let particulars = Particulars {
        issuer: issuer.to_owned(),
        subject: proved.subject,
        claims: Some(proved.claims),
        key: None,
        secret: None,
    };
    if let [only] = full.as_slice() {
        audit(desk, ("自動照合", "システム"), &only.key).await?;
        join(desk, client, handle, particulars, only.key.clone()).await?;
        return Ok(Received::Linked);
    }
    if found.is_empty() {
        let kept = Particulars { claims: None, ..particulars };
        put(desk, client, handle, LinkState::Mismatch, &kept).await?;
        return Ok(Received::Mismatch);
    }
    put(desk, client, handle, LinkState::Matching, &particulars).await?;
    Ok(Received::Pending)
}

/// Links to a record with a new secret: an older answer opens nothing any more.
async fn join(
    desk: &Desk<'_>,
    client: &Transaction<'_>,
    handle: &[u8],
    particulars: Particulars,
    key: String,
) -> Result<(), StoreError> {
    let secret = seal::to_text(&seal::random()?);
    let joined = Particulars { claims: None, key: Some(key), secret: Some(secret), ..particulars };
    put(desk, client, handle, LinkState::Linked, &joined).await
}

async fn put(
    desk: &Desk<'_>,
    client: &Transaction<'_>,
    handle: &[u8],
    state: LinkState,
    particulars: &Particulars,
) -> Result<(), StoreError> {
    let keys = ResidentKeys::new(&particulars.issuer, &particulars.subject)?;
    let secret = particulars.secret.as_deref().map(seal::from_text).transpose()?;
    let link = Link {
        handle: handle.to_vec(),
        state,
        answer: secret.map(|secret| keys.answer_seal(&secret)).transpose()?,
        office_sealed: particulars_seal(desk, handle, particulars)?,
        subject_index: particulars.key.as_deref().map(|key| subject_index(desk, key)),
        published_event: 0,
        published_audit: 0,
        view_index: None,
    };
    shelf::view_put(&**client, handle, None).await?;
    shelf::link_put(&**client, &link).await
}

/// The index under which links to a record are found.
pub(super) fn subject_index(desk: &Desk<'_>, key: &str) -> Vec<u8> {
    let (system, register) = (&desk.table.system.id, &desk.table.register.id);
    desk.vault.index(&format!("front/link/{system}/{register}"), key)
}

fn place(handle: &[u8]) -> String {
    format!("front/link/{}", seal::to_text(handle))
}

fn particulars_seal(
    desk: &Desk<'_>,
    handle: &[u8],
    particulars: &Particulars,
) -> Result<Vec<u8>, StoreError> {
    let text = serde_json::to_string(particulars).map_err(std::io::Error::other)?;
    desk.vault.seal(&place(handle), &text)
}

/// The office's particulars of a link.
pub(super) fn particulars(desk: &Desk<'_>, link: &Link) -> Result<Particulars, StoreError> {
    let text = desk.vault.open_sealed(&place(&link.handle), &link.office_sealed)?;
    serde_json::from_str(&text).map_err(|_| StoreError::Vault("連携の控え"))
}

async fn audit(desk: &Desk<'_>, by: (&str, &str), key: &str) -> Result<(), StoreError> {
    let audit = NewAudit {
        actor: by.0.to_owned(),
        role: by.1.to_owned(),
        zone: "office".to_owned(),
        purpose: "本人との連携".to_owned(),
        action: "front.link".to_owned(),
        subjects: vec![key.to_owned()],
        detail: json!({}),
        request: String::new(),
    };
    audit_append(desk.office(), &audit).await.map(drop)
}

/// Links that wait for a clerk, the oldest first. The caller writes the audit row of its page.
///
/// # Errors
/// [`StoreError`].
pub async fn pending(
    front: &Database,
    office: &Database,
    system: &definition::System,
    register: &str,
    items: &LinkItems,
) -> Result<Vec<Pending>, StoreError> {
    let desk = Desk::new(front, office, system, register, items).await?;
    let mut out = Vec::new();
    for link in shelf::links_in(desk.front(), LinkState::Matching, 100).await? {
        let Some(claims) = particulars(&desk, &link)?.claims else { continue };
        let candidates = candidates(&desk, &claims).await?;
        out.push(Pending { handle: link.handle, claims, candidates });
    }
    Ok(out)
}

/// A clerk: sign-in name and role, for the audit.
#[derive(Clone, Copy, Debug)]
pub struct Clerk<'a> {
    /// Sign-in name.
    pub id: &'a str,
    /// Role.
    pub role: &'a str,
}

/// A decision about one waiting link.
#[derive(Clone, Debug)]
pub struct Verdict<'a> {
    /// The link.
    pub handle: &'a [u8],
    /// What was decided.
    pub decision: Decision,
    /// By whom.
    pub clerk: Clerk<'a>,
}

/// Carries out a clerk's decision about a waiting link and publishes the view.
///
/// # Errors
/// [`StoreError::Conflict`] when it no longer waits; [`StoreError::NotFound`] when the record is
/// not there or closed.
pub async fn decide(
    (front, office): (&Database, &Database),
    (system, register): (&definition::System, &str),
    items: &LinkItems,
    verdict: Verdict<'_>,
) -> Result<(), StoreError> {
    let desk = Desk::new(front, office, system, register, items).await?;
    let mut client = front.client().await?;
    let transaction = client.transaction().await?;
    let link = shelf::link_read(&*transaction, verdict.handle, true).await?;
    let waiting = link.filter(|link| link.state == LinkState::Matching);
    let link = waiting.ok_or_else(|| {
        StoreError::Conflict(said!(
            "この連携の申請は、もう照合待ちではありません",
            "This application no longer waits to be matched"
        ))
    })?;
    let particulars = particulars(&desk, &link)?;
    let Decision::Link(key) = verdict.decision else {
        let kept = Particulars { claims: None, ..particulars };
        put(&desk, &transaction, verdict.handle, LinkState::Mismatch, &kept).await?;
        return Ok(transaction.commit().await?);
    };
    let row = register::row(desk.office(), desk.table, &key).await?;
    if row.is_none_or(|row| row.meta.closed_on.is_some()) {
        return Err(StoreError::NotFound(said!("現存する記録 {key}", "An open record {key}")));
    }
    audit(&desk, (verdict.clerk.id, verdict.clerk.role), &key).await?;
    join(&desk, &transaction, verdict.handle, particulars, key).await?;
    transaction.commit().await?;
    publish::publish(&desk, verdict.handle).await.map(drop)
}
