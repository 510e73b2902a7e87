//! One request to AWS: signed, sent, and its answer or fault told apart by what follows from it.
//!
//! Secrets and bodies are never logged. Every request has deadlines, so that a line that is cut
//! holds nobody up for longer.

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_lc_rs::digest::{SHA256, digest};
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use roxmltree::Document;
use serde_json::Value;

use super::{AwsSettings, ENTRY_ROLE, Session, WORLD};
use crate::provider::ProviderError;

/// Sends requests.
pub(super) struct Caller {
    http: reqwest::Client,
    endpoint: String,
    own: Session,
}

/// A service at a place.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub service: &'static str,
    pub region: &'a str,
}

impl At<'static> {
    /// A service without a place.
    pub fn world(service: &'static str) -> At<'static> {
        At { service, region: WORLD }
    }
}

/// A request before it is signed.
struct Plain<'a> {
    method: Method,
    path: String,
    headers: Vec<(&'a str, String)>,
    body: Vec<u8>,
}

/// A request that did not succeed.
#[derive(Debug)]
pub(super) enum Fault {
    /// AWS says why, by its own code.
    Said { code: String, message: String },
    /// For everybody the same.
    Known(ProviderError),
}

impl Fault {
    /// Whether AWS says one of these codes.
    pub fn is(&self, codes: &[&str]) -> bool {
        matches!(self, Fault::Said { code, .. } if codes.contains(&code.as_str()))
    }
}

impl Fault {
    /// Whether AWS says that there is no such thing.
    pub fn is_absent(&self) -> bool {
        let named = |code: &str| ["NotFound", "NoSuch"].iter().any(|it| code.contains(it));
        matches!(self, Fault::Said { code, .. } if named(code))
    }
}

impl From<Fault> for ProviderError {
    fn from(fault: Fault) -> ProviderError {
        match fault {
            Fault::Known(error) => error,
            Fault::Said { code, message } => {
                let words = format!("{code}: {message}");
                // What was made a moment ago is not seen everywhere at once.
                let unseen = ["NotFound", "NoSuch", "NotActive"].iter().any(|it| code.contains(it))
                    || UNREADY.contains(&code.as_str());
                if unseen { ProviderError::NotYet(words) } else { ProviderError::Refused(words) }
            }
        }
    }
}

const BUSY: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "SlowDown",
    "ConcurrentModificationException",
];
/// Reasons of a `ConstraintViolationException` that pass by themselves: so many a day or at a time.
const PASSING: &[&str] =
    &["ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED", "CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED"];
/// What was made or set a moment ago is not ready for this yet, or a session ended meanwhile.
const UNREADY: &[&str] = &[
    "FinalizingOrganizationException",
    "ConflictException",
    "OperationAborted",
    "OptInRequired",
    "SubscriptionRequiredException",
    "InvalidClientTokenId",
    "InsufficientS3BucketPolicyException",
    "InsufficientEncryptionPolicyException",
    "CloudTrailAccessNotEnabledException",
    "ExpiredToken",
    "ExpiredTokenException",
];
const ENDED: &[&str] = &["ExpiredToken", "ExpiredTokenException"];
const LIMITS: &[&str] = &[
    "ConstraintViolationException",
    "LimitExceeded",
    "LimitExceededException",
    "CreationLimitExceededException",
    "ServiceQuotaExceededException",
    "TooManyBuckets",
    "MaximumNumberOfTrailsExceededException",
];

impl Caller {
    pub fn new(settings: &AwsSettings) -> Result<Caller, ProviderError> {
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(60))
            .tcp_keepalive(Duration::from_secs(30))
            .build()
            .map_err(|error| ProviderError::Refused(error.to_string()))?;
        let own = Session {
            access_key: settings.access_key.clone(),
            secret_key: settings.secret_key.clone(),
            token: None,
            ended: AtomicBool::new(false),
        };
        Ok(Caller { http, endpoint: settings.endpoint.clone(), own })
    }

    /// Services that speak JSON; `None` acts as the management account.
    pub async fn json(
        &self,
        who: Option<&Session>,
        at: At<'_>,
        target: &str,
        body: Value,
    ) -> Result<Value, Fault> {
        let plain = Plain {
            method: Method::POST,
            path: "/".to_owned(),
            headers: vec![
                ("content-type", "application/x-amz-json-1.1".to_owned()),
                ("x-amz-target", target.to_owned()),
            ],
            body: body.to_string().into_bytes(),
        };
        let text = self.send(who, at, plain).await?;
        if text.trim().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).map_err(|it| odd(&it))
    }

    /// Services that take a form and answer XML.
    pub async fn form(
        &self,
        who: Option<&Session>,
        at: At<'_>,
        pairs: &[(&str, &str)],
    ) -> Result<String, Fault> {
        let pairs: Vec<String> =
            pairs.iter().map(|(name, value)| format!("{name}={}", percent(value))).collect();
        let plain = Plain {
            method: Method::POST,
            path: "/".to_owned(),
            headers: vec![("content-type", "application/x-www-form-urlencoded".to_owned())],
            body: pairs.join("&").into_bytes(),
        };
        self.send(who, at, plain).await
    }

    /// Storage: a method on a path, XML both ways.
    pub async fn storage(
        &self,
        (who, region): (&Session, &str),
        (method, path): (Method, &str),
        headers: &[(&'static str, &str)],
        body: &str,
    ) -> Result<String, Fault> {
        let mut headers: Vec<(&str, String)> =
            headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        if !body.is_empty() {
            // Settings of a bucket are refused without one.
            let sum = STANDARD.encode(digest(&SHA256, body.as_bytes()));
            headers.push(("x-amz-checksum-sha256", sum));
        }
        let plain =
            Plain { method, path: path.to_owned(), headers, body: body.as_bytes().to_vec() };
        self.send(Some(who), At { service: "s3", region }, plain).await
    }

    /// Keys to an account, through the role that AWS made in it.
    pub async fn role_assume(&self, account: &str) -> Result<Session, ProviderError> {
        let role = format!("arn:aws:iam::{account}:role/{ENTRY_ROLE}");
        let pairs = [
            ("Action", "AssumeRole"),
            ("Version", "2011-06-15"),
            ("RoleArn", role.as_str()),
            ("RoleSessionName", "kumoi"),
        ];
        let xml = match self.form(None, At::world("sts"), &pairs).await {
            // The role of a new account is not known everywhere at once.
            Err(fault) if fault.is(&["AccessDenied"]) => {
                return Err(ProviderError::NotYet(format!("区画 {account} の入口の役割")));
            }
            answer => answer?,
        };
        let text = |name| element(&xml, name).ok_or_else(|| ProviderError::from(missing(name)));
        Ok(Session {
            access_key: text("AccessKeyId")?,
            secret_key: text("SecretAccessKey")?,
            token: Some(text("SessionToken")?),
            ended: AtomicBool::new(false),
        })
    }

    async fn send(
        &self,
        who: Option<&Session>,
        at: At<'_>,
        plain: Plain<'_>,
    ) -> Result<String, Fault> {
        let base = self.endpoint.replace("{service}", at.service).replace("{region}", at.region);
        let address = format!("{}{}", base.trim_end_matches('/'), plain.path);
        let who = who.unwrap_or(&self.own);
        let signature = signature(who, at, &address, &plain)?;
        let mut request = self.http.request(plain.method, &address).body(plain.body);
        for (name, value) in plain.headers {
            request = request.header(name, value);
        }
        for (name, value) in signature {
            request = request.header(name, value);
        }
        let lost = |error: reqwest::Error| {
            // The address may carry names, the words of the library do not.
            Fault::Known(ProviderError::Unreachable(error.without_url().to_string()))
        };
        let answer = request.send().await.map_err(lost)?;
        let status = answer.status().as_u16();
        let text = answer.text().await.map_err(lost)?;
        if status < 300 {
            return Ok(text);
        }
        let fault = fault(status, &text);
        if fault.is(ENDED) {
            who.ended.store(true, Ordering::Relaxed);
        }
        Err(fault)
    }
}

/// The headers that sign a request.
fn signature(
    who: &Session,
    at: At<'_>,
    address: &str,
    plain: &Plain<'_>,
) -> Result<Vec<(String, String)>, Fault> {
    let refused = |error: String| Fault::Known(ProviderError::Refused(format!("署名: {error}")));
    let Session { access_key, secret_key, token, .. } = who;
    let identity = Credentials::new(access_key, secret_key, token.clone(), None, "kumoi").into();
    let mut settings = SigningSettings::default();
    if at.service == "s3" {
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    let params = SigningParams::builder()
        .identity(&identity)
        .region(at.region)
        .name(at.service)
        .time(SystemTime::now())
        .settings(settings)
        .build()
        .map_err(|error| refused(error.to_string()))?
        .into();
    let headers = plain.headers.iter().map(|(name, value)| (*name, value.as_str()));
    let body = SignableBody::Bytes(&plain.body);
    let request = SignableRequest::new(plain.method.as_str(), address, headers, body)
        .map_err(|error| refused(error.to_string()))?;
    let (signed, _) = sign(request, &params).map_err(|it| refused(it.to_string()))?.into_parts();
    Ok(signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// A refusal of AWS, in JSON or XML.
fn fault(status: u16, text: &str) -> Fault {
    let json: Option<Value> = serde_json::from_str(text).ok();
    let field = |names: [&str; 2]| {
        let json = json.as_ref()?;
        names.iter().find_map(|name| json.get(*name)?.as_str()).map(str::to_owned)
    };
    let code = field(["__type", "code"]).or_else(|| element(text, "Code")).unwrap_or_default();
    let code = code.rsplit('#').next().unwrap_or_default().to_owned();
    let message = field(["message", "Message"]).or_else(|| element(text, "Message"));
    let message = message.unwrap_or_default();
    let reason = field(["Reason", "reason"]).unwrap_or_default();
    let words = format!("{status} {code} {message}");
    let words = if reason.is_empty() { words } else { format!("{words} {reason}") };
    let passing = PASSING.iter().any(|it| reason == *it || message.contains(it));
    if BUSY.contains(&code.as_str()) || status == 429 || passing {
        return Fault::Known(ProviderError::Throttled(words));
    }
    if LIMITS.contains(&code.as_str()) {
        return Fault::Known(ProviderError::Quota(words));
    }
    match status {
        // Also a bare 503: whoever sends it may be a gateway behind which it was done.
        500.. => Fault::Known(ProviderError::Unreachable(words)),
        _ if code.is_empty() => Fault::Known(ProviderError::Refused(words)),
        _ => Fault::Said { code, message },
    }
}

/// The text of the first element of a name.
pub(super) fn element(xml: &str, name: &str) -> Option<String> {
    let document = Document::parse(xml).ok()?;
    let node = document.descendants().find(|node| node.tag_name().name() == name)?;
    node.text().map(str::to_owned)
}

/// The texts of all elements of a name.
pub(super) fn elements(xml: &str, name: &str) -> Vec<String> {
    let Ok(document) = Document::parse(xml) else { return Vec::new() };
    let named = document.descendants().filter(|node| node.tag_name().name() == name);
    named.filter_map(|node| node.text().map(str::to_owned)).collect()
}

/// A text of an answer in JSON.
pub(super) fn text(value: &Value, pointer: &str) -> Result<String, Fault> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.map(str::to_owned).ok_or_else(|| missing(pointer))
}

fn missing(what: &str) -> Fault {
    Fault::Known(ProviderError::Unreachable(format!("答えに {what} がありません")))
}

fn odd(error: &dyn std::fmt::Display) -> Fault {
    Fault::Known(ProviderError::Unreachable(format!("答えを読めません: {error}")))
}

fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
