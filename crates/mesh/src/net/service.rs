//! What a member offers to others: services that answer a request that was verified and is lawful.

use std::pin::Pin;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};
use store::exchange::Outcome;

use crate::directory::Member;
use crate::linkage::Authority;
use crate::message::RequestHead;

/// A request that is verified: its signature is its sender's, its moment is now.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Its heads.
    pub head: &'a RequestHead,
    /// Who asks.
    pub from: &'a Member,
    /// Its body.
    pub body: &'a [u8],
}

/// What is answered.
#[derive(Clone, Debug)]
pub struct Reply {
    /// How it ended.
    pub outcome: Outcome,
    /// Why, when it is no answer: shown to the officer who asked.
    pub reason: Option<String>,
    /// The article by which it is answered.
    pub basis: Option<String>,
    /// 宛名番号 of the subject here.
    pub subject: Option<String>,
    /// JSON; of a reply that is no answer, the problem is made of the reason.
    pub body: Bytes,
}

impl Reply {
    /// An answer.
    pub fn answer(basis: String, subject: Option<String>, body: &Value) -> Reply {
        let body = Bytes::from(body.to_string());
        Reply { outcome: Outcome::Answered, reason: None, basis: Some(basis), subject, body }
    }

    /// No answer, and why.
    pub fn no(outcome: Outcome, reason: impl Into<String>) -> Reply {
        let reason = Some(reason.into());
        Reply { outcome, reason, basis: None, subject: None, body: Bytes::new() }
    }

    /// The status on the line.
    pub fn status(&self) -> u16 {
        match self.outcome {
            Outcome::Answered => 200,
            Outcome::Held => 202,
            Outcome::Refused => 403,
            Outcome::Nothing => 404,
            Outcome::Lost => 502,
        }
    }
}

/// What a service gives back while it works.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Reply> + Send + 'a>>;

/// A service of a member.
pub trait Service: Send + Sync {
    /// Answers. Whether the affair is lawful is the service's to decide: it owns the fact.
    fn answer<'a>(&'a self, asked: Asked<'a>) -> Answering<'a>;
}

/// The identity authority: makes linkages for a member's own people, and codes for asking others.
/// It keeps nothing.
#[derive(Debug)]
pub struct IdentityService(pub Authority);

/// The basis of linkages and codes.
const IDENTITY_BASIS: &str = "番号法第21条の2";
/// Individual numbers of one request.
pub const LINKAGES_MOST: usize = 20_000;

/// The body that asks for the code of a person at `provider`.
pub fn code_body(provider: &str, number: &str) -> Value {
    json!({ "provider": provider, "number": number })
}

/// The body that asks for the linkages of the own people.
pub fn linkages_body(numbers: &[String]) -> Value {
    json!({ "numbers": numbers })
}

impl IdentityService {
    fn reply(&self, asked: &Asked<'_>) -> Option<Reply> {
        let body: Value = serde_json::from_slice(asked.body).ok()?;
        let basis = || IDENTITY_BASIS.to_owned();
        if let Some(numbers) = body["numbers"].as_array() {
            let own = |number: &Value| {
                let linkage = self.0.linkage(&asked.from.id, number.as_str()?);
                Some(Value::from(STANDARD.encode(linkage)))
            };
            let all: Vec<Value> =
                numbers.iter().take(LINKAGES_MOST + 1).map(own).collect::<Option<_>>()?;
            if all.len() > LINKAGES_MOST {
                return None;
            }
            return Some(Reply::answer(basis(), None, &json!({ "linkages": all })));
        }
        let (provider, number) = (body["provider"].as_str()?, body["number"].as_str()?);
        let linkage = self.0.linkage(provider, number);
        let code = self.0.member_key(provider).code(&asked.from.id, &linkage).ok()?;
        Some(Reply::answer(basis(), None, &json!({ "code": code })))
    }
}

impl Service for IdentityService {
    fn answer<'a>(&'a self, asked: Asked<'a>) -> Answering<'a> {
        let wrong =
            "本文が {\"provider\", \"number\"} でも {\"numbers\"}（2万件まで）でもありません";
        let reply = self.reply(&asked);
        Box::pin(async move { reply.unwrap_or_else(|| Reply::no(Outcome::Refused, wrong)) })
    }
}
