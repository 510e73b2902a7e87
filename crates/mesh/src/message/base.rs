//! The signature base (RFC 9421 section 2.5): the very bytes that are signed and kept as evidence.

use super::{AnswerHead, Input, RequestHead, name, signature_field};

/// What the signature of a request covers.
pub fn request_base(head: &RequestHead, digest: &str, input: &Input) -> String {
    let mut out = String::with_capacity(640);
    line(&mut out, "\"@method\"", "POST");
    line(&mut out, "\"@path\"", &head.path());
    for (name, value) in head.fields() {
        line(&mut out, &format!("\"{name}\""), value);
    }
    line(&mut out, "\"content-digest\";tr", digest);
    out.push_str("\"@signature-params\": ");
    out.push_str(&input.parameters(&components_of_request(head)));
    out
}

/// What the signature of an answer covers; `request` is the signature of what it answers.
pub fn answer_base(head: &AnswerHead, digest: &str, request: &[u8], input: &Input) -> String {
    let mut out = String::with_capacity(640);
    line(&mut out, "\"@status\"", &head.status.to_string());
    for (name, value) in head.fields() {
        line(&mut out, &format!("\"{name}\""), value);
    }
    line(&mut out, "\"content-digest\";tr", digest);
    let signature = signature_field(request);
    let bytes = signature.split_once('=').map_or("", |(_, bytes)| bytes);
    line(&mut out, "\"signature\";req;tr;key=\"kumoi\"", bytes);
    out.push_str("\"@signature-params\": ");
    out.push_str(&input.parameters(&components_of_answer(head)));
    out
}

/// The list of components that a request's signature covers.
pub(super) fn components_of_request(head: &RequestHead) -> String {
    let names: String = head.fields().map(|(name, _)| format!(" \"{name}\"")).collect();
    format!("(\"@method\" \"@path\"{names} \"{}\";tr)", name::DIGEST)
}

/// The list of components that an answer's signature covers.
pub(super) fn components_of_answer(head: &AnswerHead) -> String {
    let names: String = head.fields().map(|(name, _)| format!(" \"{name}\"")).collect();
    format!("(\"@status\"{names} \"{}\";tr \"signature\";req;tr;key=\"kumoi\")", name::DIGEST)
}

fn line(out: &mut String, component: &str, value: &str) {
    out.push_str(component);
    out.push_str(": ");
    out.push_str(value);
    out.push('\n');
}
