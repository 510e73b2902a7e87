//! What other members ask: verified, decided by the service that owns the fact, signed, written
//! down, and only then let out.

use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response};
use jiff::Timestamp;
use serde_json::json;
use store::exchange::{Exchange, Outcome, Side};

use super::body::{Whole, head as text_of, read, trailers, whole};
use super::moment::now_whole;
use super::node::{Hosted, Node};
use super::service::{Asked, Reply};
use crate::MeshError;
use crate::directory::Member;
use crate::message::{
    AnswerHead, Input, RequestHead, answer_base, content_digest, is_name, is_request, name,
    path_parts, percent, request_base, signature_field, signature_parse,
};

/// Type of an answer, and of one that is none.
const JSON: &str = "application/json";
pub(super) const PROBLEM: &str = "application/problem+json";
/// The longest case reference and subject.
const LONGEST: usize = 128;

/// A request that holds: its heads, what its signature covered, its signature, its body.
struct Verified {
    head: RequestHead,
    base: String,
    signature: Vec<u8>,
    body: Bytes,
}

/// A message that is no member's: nothing of it is kept but a line in the log of the node.
pub(super) fn problem(status: u16, detail: &str) -> Response<Whole> {
    let body = problem_body(status, detail);
    let mut response = Response::new(whole(body, None));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
    response
}

/// RFC 9457.
pub(super) fn problem_body(status: u16, detail: &str) -> Bytes {
    let body = json!({ "type": "about:blank", "status": status, "detail": detail });
    Bytes::from(body.to_string())
}

/// Answers a member's request.
pub(super) async fn answer(
    node: &Arc<Node>,
    peer: &str,
    request: Request<Incoming>,
) -> Response<Whole> {
    if request.method() != Method::POST {
        return problem(405, "POST だけを受けます");
    }
    let Some((to, service)) = path_parts(request.uri().path()) else {
        return problem(404, "アドレスが規約（/mesh/v1/機関/サービス）と違います");
    };
    if request.uri().query().is_some() {
        return problem(400, "アドレスに ? の後を付けることはできません。署名の対象になりません");
    }
    let Some(hosted) = node.members.get(to) else {
        return problem(404, "この機関は、このノードにいません");
    };
    let known = node.known();
    let Some(member) = known.directory.member(peer) else {
        return problem(403, "照会した機関が名簿にありません");
    };
    let head = head_of(request.headers(), (to, service));
    let verified = match verified(head, member, request).await {
        Ok(verified) => verified,
        Err(error) => {
            tracing::warn!(%peer, %error, "a message was refused");
            let status = if matches!(error, MeshError::Message(_)) { 400 } else { 502 };
            return problem(status, &error.to_string());
        }
    };
    let reply = match hosted.services.get(&verified.head.service) {
        Some(service) => {
            let (head, body) = (&verified.head, verified.body.as_ref());
            service.answer(Asked { head, from: member, body }).await
        }
        None => Reply::no(Outcome::Refused, "このサービスは、この機関にありません"),
    };
    match released(hosted, &verified, reply).await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(%error, "an answer could not be released");
            problem(
                503,
                "提供機関が記録を書けないため、答えられません。あとでもう一度照会してください",
            )
        }
    }
}

/// The heads of a request, as they came.
fn head_of(headers: &HeaderMap, (to, service): (&str, &str)) -> RequestHead {
    let own = |name: &str| text_of(headers, name).map(str::to_owned);
    RequestHead {
        from: own(name::FROM).unwrap_or_default(),
        to: to.to_owned(),
        service: service.to_owned(),
        request: own(name::REQUEST).unwrap_or_default(),
        affair: own(name::AFFAIR),
        item_set: own(name::ITEM_SET),
        subject: own(name::SUBJECT),
        case: own(name::CASE),
        content_type: own("content-type"),
    }
}

async fn verified(
    head: RequestHead,
    member: &Member,
    request: Request<Incoming>,
) -> Result<Verified, MeshError> {
    let wrong = |what: &str| MeshError::Message(what.to_owned());
    if head.from != member.id {
        return Err(wrong("送信者（kumoi-from）が、TLS の証明書の機関と違います"));
    }
    if !is_request(&head.request) {
        return Err(wrong("照会の番号（kumoi-request）は、16進の32文字です"));
    }
    let names = [&head.affair, &head.item_set];
    if names.into_iter().flatten().any(|name| !is_name(name)) {
        return Err(wrong("事務と情報の名は、小文字の英数字、ハイフン、下線です"));
    }
    let texts = [&head.subject, &head.case];
    let is_plain =
        |text: &String| text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !texts.into_iter().flatten().all(is_plain) {
        return Err(wrong("符号と事案の番号は、128文字までの ASCII の文字です"));
    }
    let (body, trailers) = read(request.into_body()).await?;
    let digest = content_digest(&body);
    if text_of(&trailers, name::DIGEST) != Some(digest.as_str()) {
        return Err(wrong("本文が要約値（Content-Digest）と違います"));
    }
    let now = Timestamp::now();
    let input = text_of(&trailers, name::INPUT).unwrap_or_default();
    let input = Input::read_request(input, &head, now.as_second());
    let input = input.map_err(|error| MeshError::Message(error.to_string()))?;
    let key = member.key(&input.key, now);
    let key = key.ok_or_else(|| wrong("署名の鍵が名簿にないか、期限が切れています"))?;
    let signature = text_of(&trailers, name::SIGNATURE).and_then(signature_parse);
    let signature = signature.ok_or_else(|| wrong("署名（Signature）がありません"))?;
    let base = request_base(&head, &digest, &input);
    if !key.verify(base.as_bytes(), &signature) {
        return Err(wrong("署名が正しくありません"));
    }
    Ok(Verified { head, base, signature, body })
}

/// Signs and writes down what is answered, and lets it out.
async fn released(
    hosted: &Hosted,
    verified: &Verified,
    reply: Reply,
) -> Result<Response<Whole>, MeshError> {
    let status = reply.status();
    let (body, content_type) = match (&reply.outcome, &reply.reason) {
        (Outcome::Answered, _) => (reply.body, JSON),
        (_, reason) => (problem_body(status, reason.as_deref().unwrap_or_default()), PROBLEM),
    };
    let head = AnswerHead {
        status,
        from: hosted.id.clone(),
        basis: reply.basis.as_deref().map(percent),
        content_type: Some(content_type.to_owned()),
    };
    let digest = content_digest(&body);
    let at = now_whole();
    let input = Input { created: at.as_second(), key: hosted.key_id.clone() };
    let base = answer_base(&head, &digest, &verified.signature, &input);
    let signature = hosted.key.sign(base.as_bytes())?;
    let mut response = Response::new(whole(
        body,
        Some(trailers(&[
            (name::DIGEST, &digest),
            (name::INPUT, &input.of_answer(&head)),
            (name::SIGNATURE, &signature_field(&signature)),
        ])?),
    ));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    for (name, value) in head.fields() {
        let value = HeaderValue::from_str(value);
        let value = value.map_err(|_| MeshError::Message(name.to_owned()))?;
        response.headers_mut().insert(name, value);
    }
    let asked = &verified.head;
    let written = hosted.ledger.write(Exchange {
        at,
        side: Side::Answered,
        request: asked.request.clone(),
        counterpart: asked.from.clone(),
        service: asked.service.clone(),
        affair: asked.affair.clone(),
        item_set: asked.item_set.clone(),
        basis: reply.basis,
        subject: reply.subject,
        case_reference: asked.case.clone(),
        officer: None,
        outcome: reply.outcome,
        reason: reply.reason,
        request_base: verified.base.clone(),
        request_signature: verified.signature.clone(),
        answer_base: Some(base),
        answer_signature: Some(signature.to_vec()),
    });
    match written.await? {
        true => Ok(response),
        false => {
            Ok(problem(409, "この番号の照会には、もう答えました。新しい番号で照会してください"))
        }
    }
}
