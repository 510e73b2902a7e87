//! What the own office asks: signed in the member's name, sent to the provider itself, its answer
//! verified and written down, and only then handed over.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand;
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response};
use jiff::Timestamp;
use store::exchange::{Exchange, Outcome, Side};

use super::body::{Whole, head as text_of, read, trailers, whole};
use super::inbound::{PROBLEM, problem, problem_body};
use super::moment::now_whole;
use super::node::{Hosted, Node, Pins};
use super::tls::client;
use crate::MeshError;
use crate::directory::Member;
use crate::message::{
    AnswerHead, Input, RequestHead, answer_base, content_digest, name, path_parts, percent_read,
    request_base, signature_field, signature_parse,
};

/// How long the other member may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// The service with which an office asks its own node who can be asked.
pub(super) const MEMBERS: &str = "members";

/// A request that was signed.
struct Signed {
    head: RequestHead,
    base: String,
    digest: String,
    input: String,
    signature: Vec<u8>,
    body: Bytes,
}

/// An answer that was verified.
struct Answer {
    status: u16,
    basis: Option<String>,
    content_type: String,
    base: String,
    signature: Vec<u8>,
    body: Bytes,
}

/// Asks another member for the own office.
pub(super) async fn ask(
    node: &Arc<Node>,
    member: &str,
    request: Request<Incoming>,
) -> Response<Whole> {
    match asked(node, member, request).await {
        Ok(response) => response,
        Err(error) => {
            tracing::warn!(%member, %error, "an office's request was not carried out");
            let status = match error {
                MeshError::Message(_) => 400,
                MeshError::Unreachable(..) => 502,
                _ => 503,
            };
            problem(status, &error.to_string())
        }
    }
}

async fn asked(
    node: &Arc<Node>,
    member: &str,
    request: Request<Incoming>,
) -> Result<Response<Whole>, MeshError> {
    let wrong = |what: &str| MeshError::Message(what.to_owned());
    let hosted = node.members.get(member).ok_or_else(|| wrong("機関"))?;
    let path = request.uri().path().to_owned();
    let (to, service) = path_parts(&path)
        .filter(|_| request.method() == Method::POST)
        .ok_or_else(|| wrong("アドレスが規約（/mesh/v1/機関/サービス）と違います"))?;
    if to == member && service == MEMBERS {
        return Ok(members(node));
    }
    let headers = request.headers().clone();
    let (body, _) = read(request.into_body()).await?;
    let signed = sign(hosted, (to, service), &headers, body)?;
    let known = node.known();
    let provider = known.directory.member(to);
    let provider = provider.ok_or_else(|| wrong("照会先の機関が名簿にありません"))?;
    let sending = async {
        let answer = send(node, hosted, provider, &signed).await?;
        verify(answer, provider, &signed).await
    };
    let answer = match tokio::time::timeout(DEADLINE, sending).await {
        Ok(answer) => answer,
        Err(_) => Err(MeshError::Unreachable(provider.name.clone(), "時間切れ".to_owned())),
    };
    handed_over(hosted, (&signed, &headers), answer).await
}

/// Who can be asked, as the node's directory has it.
fn members(node: &Node) -> Response<Whole> {
    let known = node.known();
    let all: Vec<serde_json::Value> = known
        .directory
        .members
        .iter()
        .map(|one| serde_json::json!({ "id": one.id, "name": one.name, "kind": one.kind }))
        .collect();
    let body = serde_json::json!({ "members": all, "directory": known.note }).to_string();
    Response::new(whole(Bytes::from(body), None))
}

/// Makes the message of what the office asks.
fn sign(
    hosted: &Hosted,
    (to, service): (&str, &str),
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Signed, MeshError> {
    let own = |name: &str| text_of(headers, name).map(str::to_owned);
    let head = RequestHead {
        from: hosted.id.clone(),
        to: to.to_owned(),
        service: service.to_owned(),
        request: request_number()?,
        affair: own(name::AFFAIR),
        item_set: own(name::ITEM_SET),
        subject: own(name::SUBJECT),
        case: own(name::CASE),
        content_type: own("content-type"),
    };
    let digest = content_digest(&body);
    let input = Input { created: Timestamp::now().as_second(), key: hosted.key_id.clone() };
    let base = request_base(&head, &digest, &input);
    let signature = hosted.key.sign(base.as_bytes())?.to_vec();
    let input = input.of_request(&head);
    Ok(Signed { head, base, digest, input, signature, body })
}

fn request_number() -> Result<String, MeshError> {
    let mut number = [0_u8; 16];
    rand::fill(&mut number).map_err(|_| MeshError::Key("乱数"))?;
    Ok(number.iter().map(|byte| format!("{byte:02x}")).collect())
}

async fn send(
    node: &Arc<Node>,
    hosted: &Hosted,
    provider: &Member,
    signed: &Signed,
) -> Result<Response<Incoming>, MeshError> {
    let unreachable =
        |error: hyper::Error| MeshError::Unreachable(provider.name.clone(), error.to_string());
    let config = || client(&hosted.identity, &provider.id, Arc::new(Pins(Arc::clone(node))));
    let pair = (hosted.id.as_str(), provider.id.as_str());
    let mut link = node.links.open(pair, &provider.address, config).await?;
    link.ready().await.map_err(unreachable)?;
    let uri = format!("https://{}{}", super::server_name(&provider.id), signed.head.path());
    let mut request = Request::post(uri);
    for (name, value) in signed.head.fields() {
        request = request.header(name, value);
    }
    let trailers = trailers(&[
        (name::DIGEST, &signed.digest),
        (name::INPUT, &signed.input),
        (name::SIGNATURE, &signature_field(&signed.signature)),
    ])?;
    let request = request.body(whole(signed.body.clone(), Some(trailers)));
    let request = request.map_err(|error| MeshError::Message(error.to_string()))?;
    link.send_request(request).await.map_err(unreachable)
}

/// Takes an answer only when it is the provider's, whole, and to this very request.
async fn verify(
    answer: Response<Incoming>,
    provider: &Member,
    signed: &Signed,
) -> Result<Answer, MeshError> {
    let wrong = |what: &str| {
        let name = &provider.name;
        MeshError::Message(format!("{name}の回答を受け入れません: {what}"))
    };
    let status = answer.status().as_u16();
    let headers = answer.headers().clone();
    let own = |name: &str| text_of(&headers, name).map(str::to_owned);
    let head = AnswerHead {
        status,
        from: own(name::FROM).unwrap_or_default(),
        basis: own(name::BASIS),
        content_type: own("content-type"),
    };
    let (body, trailers) = read(answer.into_body()).await?;
    let now = Timestamp::now();
    let Some(input) = text_of(&trailers, name::INPUT) else {
        // Not signed: the provider's node says why it did not take the message.
        let detail = serde_json::from_slice::<serde_json::Value>(&body).ok();
        let detail = detail.and_then(|it| Some(it["detail"].as_str()?.to_owned()));
        return Err(wrong(detail.as_deref().unwrap_or("署名がありません")));
    };
    if head.from != provider.id {
        return Err(wrong("別の機関の名で答えています"));
    }
    let digest = content_digest(&body);
    if text_of(&trailers, name::DIGEST) != Some(digest.as_str()) {
        return Err(wrong("本文が要約値（Content-Digest）と違います"));
    }
    let input = Input::read_answer(input, &head, now.as_second());
    let input = input.map_err(|error| wrong(&error.to_string()))?;
    let key = provider.key(&input.key, now);
    let key = key.ok_or_else(|| wrong("署名の鍵が名簿にないか、期限が切れています"))?;
    let signature = text_of(&trailers, name::SIGNATURE).and_then(signature_parse);
    let signature = signature.ok_or_else(|| wrong("署名（Signature）がありません"))?;
    let base = answer_base(&head, &digest, &signed.signature, &input);
    if !key.verify(base.as_bytes(), &signature) {
        return Err(wrong("署名が正しくありません"));
    }
    let basis = head.basis.as_deref().and_then(percent_read);
    let content_type = head.content_type.unwrap_or_default();
    Ok(Answer { status, basis, content_type, base, signature, body })
}

/// How an answer with this status ended the exchange.
fn outcome(status: u16) -> Outcome {
    match status {
        200 => Outcome::Answered,
        202 => Outcome::Held,
        403 => Outcome::Refused,
        404 => Outcome::Nothing,
        _ => Outcome::Lost,
    }
}

/// Writes down how the exchange ended, and hands it over.
async fn handed_over(
    hosted: &Hosted,
    (signed, headers): (&Signed, &HeaderMap),
    answer: Result<Answer, MeshError>,
) -> Result<Response<Whole>, MeshError> {
    let own = |name: &str| text_of(headers, name).and_then(percent_read);
    let reason = |body: &[u8]| {
        let problem: serde_json::Value = serde_json::from_slice(body).ok()?;
        Some(problem["detail"].as_str()?.to_owned())
    };
    let mut exchange = Exchange {
        at: now_whole(),
        side: Side::Asked,
        request: signed.head.request.clone(),
        counterpart: signed.head.to.clone(),
        service: signed.head.service.clone(),
        affair: signed.head.affair.clone(),
        item_set: signed.head.item_set.clone(),
        basis: None,
        subject: own(name::OWN_SUBJECT),
        case_reference: signed.head.case.clone(),
        officer: own(name::OFFICER),
        outcome: Outcome::Lost,
        reason: None,
        request_base: signed.base.clone(),
        request_signature: signed.signature.clone(),
        answer_base: None,
        answer_signature: None,
    };
    let mut response = match answer {
        Ok(answer) => {
            exchange.outcome = outcome(answer.status);
            if exchange.outcome != Outcome::Answered {
                exchange.reason = reason(&answer.body);
            }
            exchange.basis.clone_from(&answer.basis);
            exchange.answer_base = Some(answer.base);
            exchange.answer_signature = Some(answer.signature);
            let mut response = Response::new(whole(answer.body, None));
            *response.status_mut() = hyper::StatusCode::from_u16(answer.status).unwrap_or_default();
            if let Ok(value) = HeaderValue::from_str(&answer.content_type) {
                response.headers_mut().insert(CONTENT_TYPE, value);
            }
            response
        }
        Err(error) => {
            exchange.reason = Some(error.to_string());
            let mut response = Response::new(whole(problem_body(502, &error.to_string()), None));
            *response.status_mut() = hyper::StatusCode::BAD_GATEWAY;
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
            response
        }
    };
    let basis = exchange.basis.as_deref().map(crate::message::percent);
    hosted.ledger.write(exchange).await?;
    let heads =
        [(name::REQUEST, Some(signed.head.request.as_str())), (name::BASIS, basis.as_deref())];
    for (name, value) in heads {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}
