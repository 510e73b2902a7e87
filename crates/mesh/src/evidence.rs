//! Evidence of one exchange: a small file that anybody verifies offline with the directory's public
//! key alone. It holds both signed messages, the row of one side, its place in that side's log and
//! the directory that names the keys; of the answer only the digest.

use base::said;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::exchange::{Exchange, Outcome, Side, exchange_find};
use store::seal::digest::exchange_digest;
use store::seal::{InclusionProof, Kind, Verifier, inclusion_proof};
use store::{Database, StoreError};

use crate::MeshError;
use crate::directory::{Directory, directory_open};
use crate::message::{name, signature_field};

/// The format and its version.
const FORMAT: &str = "kumoi-evidence-1";

/// The file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    format: String,
    /// The member whose record it is.
    pub member: String,
    /// The number of the row there.
    id: i64,
    at: Timestamp,
    side: String,
    request: String,
    counterpart: String,
    service: String,
    affair: Option<String>,
    item_set: Option<String>,
    basis: Option<String>,
    subject: Option<String>,
    case_reference: Option<String>,
    officer: Option<String>,
    outcome: String,
    reason: Option<String>,
    request_base: String,
    request_signature: String,
    answer_base: Option<String>,
    answer_signature: Option<String>,
    /// C2SP tlog-proof.
    proof: String,
    /// The signed directory.
    directory: String,
}

/// What was found right, in the order of looking.
pub type Checked = Vec<String>;

/// What is not right: what was looked at, and why it does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {why}")]
pub struct Broken {
    /// What was looked at.
    pub what: &'static str,
    /// Why it does not hold.
    pub why: String,
}

fn broken(what: &'static str, why: impl Into<String>) -> Broken {
    Broken { what, why: why.into() }
}

/// The evidence of the exchange with this number, from the record of `member`.
///
/// # Errors
/// [`MeshError::Store`]: there is no such exchange, or it is not sealed yet (seconds).
pub async fn export(
    database: &Database,
    (member, request): (&str, &str),
    directory: &str,
) -> Result<Evidence, MeshError> {
    let client = database.client().await?;
    let missing =
        || StoreError::NotFound(said!("この番号の情報連携", "An exchange of this number"));
    let kept = exchange_find(&*client, request).await?.ok_or_else(missing)?;
    drop(client);
    let proof = inclusion_proof(database, Kind::Exchange, kept.id).await?;
    let one = kept.exchange;
    Ok(Evidence {
        format: FORMAT.to_owned(),
        member: member.to_owned(),
        id: kept.id,
        at: one.at,
        side: one.side.word().to_owned(),
        request: one.request,
        counterpart: one.counterpart,
        service: one.service,
        affair: one.affair,
        item_set: one.item_set,
        basis: one.basis,
        subject: one.subject,
        case_reference: one.case_reference,
        officer: one.officer,
        outcome: one.outcome.word().to_owned(),
        reason: one.reason,
        request_base: one.request_base,
        request_signature: STANDARD.encode(one.request_signature),
        answer_base: one.answer_base,
        answer_signature: one.answer_signature.map(|it| STANDARD.encode(it)),
        proof: proof.to_text(),
        directory: directory.to_owned(),
    })
}

impl Evidence {
    /// Verifies everything, with the public key of the directory.
    ///
    /// # Errors
    /// [`Broken`]: the first thing that does not hold.
    pub fn verify(&self, directory_key: &str) -> Result<Checked, Broken> {
        if self.format != FORMAT {
            return Err(broken("様式", format!("「{}」は {FORMAT} ではありません", self.format)));
        }
        let mut checked = Vec::new();
        let directory = directory_open(&self.directory, directory_key)
            .map_err(|error| broken("名簿の署名", error.to_string()))?;
        checked.push(format!("名簿の署名（版 {}）", directory.version));
        let exchange = self.exchange()?;
        let (asks, answers) = match exchange.side {
            Side::Asked => (&self.member, &self.counterpart),
            Side::Answered => (&self.counterpart, &self.member),
        };
        self.message(
            &directory,
            asks,
            ("照会の署名", &self.request_base),
            &exchange.request_signature,
        )?;
        self.stands_in_request(&exchange, (asks, answers))?;
        checked.push(format!("照会の署名（{asks}）と、記録の欄との一致"));
        match (&self.answer_base, &exchange.answer_signature) {
            (Some(base), Some(signature)) => {
                self.message(&directory, answers, ("回答の署名", base), signature)?;
                let field = signature_field(&exchange.request_signature);
                let bytes = field.split_once('=').map_or("", |(_, bytes)| bytes);
                let line = format!("\"signature\";req;tr;key=\"kumoi\": {bytes}\n");
                if !base.contains(&line) {
                    return Err(broken("回答の署名", "別の照会への回答です"));
                }
                checked.push(format!("回答の署名（{answers}）。この照会への回答です"));
            }
            _ => checked.push("回答は届いていません".to_owned()),
        }
        checked.push(self.sealed(&directory, &exchange)?);
        Ok(checked)
    }

    /// A signature by the key that the base itself names.
    fn message(
        &self,
        directory: &Directory,
        member: &str,
        (what, base): (&'static str, &str),
        signature: &[u8],
    ) -> Result<(), Broken> {
        let named = base.rsplit_once(";keyid=\"").and_then(|(_, rest)| rest.split_once('"'));
        let (key, _) = named.ok_or_else(|| broken(what, "鍵の名がありません"))?;
        let known = directory.member(member);
        let known = known.ok_or_else(|| broken(what, format!("「{member}」が名簿にありません")))?;
        let key = known.key(key, self.at);
        let key =
            key.ok_or_else(|| broken(what, "鍵が名簿にないか、その時に有効ではありません"))?;
        match key.verify(base.as_bytes(), signature) {
            true => Ok(()),
            false => Err(broken(what, "署名が本文と合いません")),
        }
    }

    /// What the row says must be what was signed.
    fn stands_in_request(
        &self,
        exchange: &Exchange,
        (asks, answers): (&str, &str),
    ) -> Result<(), Broken> {
        let path = format!("\"@path\": /mesh/v1/{answers}/{}", exchange.service);
        let mut lines: Vec<String> = vec![path];
        let heads = [
            (name::FROM, Some(asks)),
            (name::REQUEST, Some(exchange.request.as_str())),
            (name::AFFAIR, exchange.affair.as_deref()),
            (name::ITEM_SET, exchange.item_set.as_deref()),
            (name::CASE, exchange.case_reference.as_deref()),
        ];
        lines.extend(
            heads.iter().filter_map(|(name, value)| Some(format!("\"{name}\": {}", (*value)?))),
        );
        for line in lines {
            if !self.request_base.lines().any(|it| it == line) {
                return Err(broken("記録の欄", format!("署名された照会に {line} がありません")));
            }
        }
        Ok(())
    }

    /// The row's place in its member's log.
    fn sealed(&self, directory: &Directory, exchange: &Exchange) -> Result<String, Broken> {
        let wrong = |error: StoreError| broken("封印の証明", error.to_string());
        let proof = InclusionProof::parse(&self.proof).map_err(wrong)?;
        if proof.kind != Kind::Exchange || proof.entry_id != self.id {
            return Err(broken("封印の証明", "別の行の証明です"));
        }
        let log = directory.member(&self.member).map(|it| it.log.as_str()).unwrap_or_default();
        let verifier = Verifier::parse(log).map_err(wrong)?;
        let checkpoint = proof.check(&verifier, &exchange_digest(exchange)).map_err(wrong)?;
        let (index, size) = (proof.index, checkpoint.size());
        Ok(format!("{}の記録の葉 {index}（大きさ {size} のチェックポイント）", self.member))
    }

    fn exchange(&self) -> Result<Exchange, Broken> {
        let bytes =
            |text: &str| STANDARD.decode(text).map_err(|_| broken("署名", "base64 ではありません"));
        let word = |what, word: &str| broken(what, format!("「{word}」という値はありません"));
        Ok(Exchange {
            at: self.at,
            side: Side::parse(&self.side).ok_or_else(|| word("向き", &self.side))?,
            request: self.request.clone(),
            counterpart: self.counterpart.clone(),
            service: self.service.clone(),
            affair: self.affair.clone(),
            item_set: self.item_set.clone(),
            basis: self.basis.clone(),
            subject: self.subject.clone(),
            case_reference: self.case_reference.clone(),
            officer: self.officer.clone(),
            outcome: Outcome::parse(&self.outcome).ok_or_else(|| word("結果", &self.outcome))?,
            reason: self.reason.clone(),
            request_base: self.request_base.clone(),
            request_signature: bytes(&self.request_signature)?,
            answer_base: self.answer_base.clone(),
            answer_signature: self.answer_signature.as_deref().map(bytes).transpose()?,
        })
    }
}
