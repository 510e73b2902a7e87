//! `Signature-Input`: what a signature covers and its parameters, written and read in one form.

use thiserror::Error;

use super::base::{components_of_answer, components_of_request};
use super::{AnswerHead, LABEL, RequestHead, TAG, TOLERANCE_S};

/// The parameters of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// When it was made, in seconds since 1970.
    pub created: i64,
    /// The key: the member's name, a slash, the number of the key.
    pub key: String,
}

/// Why an input is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InputError {
    /// It covers something else, or is written otherwise, than the protocol says.
    #[error("署名の対象（Signature-Input）が規約と違います")]
    Form,
    /// Its moment is too far from now.
    #[error("署名の時刻が、こちらの時計と 5 分より離れています。時計を合わせてください")]
    Clock,
    /// Its key is not of the sender.
    #[error("署名の鍵が送信者のものではありません")]
    Key,
}

impl Input {
    /// The components and the parameters, as in the last line of a signature base.
    pub fn parameters(&self, components: &str) -> String {
        let Input { created, key } = self;
        format!(
            "{components};created={created};keyid=\"{key}\";alg=\"ecdsa-p256-sha256\";tag=\"{TAG}\""
        )
    }

    /// `Signature-Input` of a request.
    pub fn of_request(&self, head: &RequestHead) -> String {
        format!("{LABEL}={}", self.parameters(&components_of_request(head)))
    }

    /// `Signature-Input` of an answer.
    pub fn of_answer(&self, head: &AnswerHead) -> String {
        format!("{LABEL}={}", self.parameters(&components_of_answer(head)))
    }

    /// Reads the input of a request with these heads.
    ///
    /// # Errors
    /// [`InputError`].
    pub fn read_request(text: &str, head: &RequestHead, now: i64) -> Result<Input, InputError> {
        Input::read(text, &components_of_request(head), (&head.from, now))
    }

    /// Reads the input of an answer with these heads.
    ///
    /// # Errors
    /// [`InputError`].
    pub fn read_answer(text: &str, head: &AnswerHead, now: i64) -> Result<Input, InputError> {
        Input::read(text, &components_of_answer(head), (&head.from, now))
    }

    fn read(text: &str, components: &str, (from, now): (&str, i64)) -> Result<Input, InputError> {
        let rest = text.strip_prefix(LABEL).and_then(|rest| rest.strip_prefix('='));
        let rest = rest.and_then(|rest| rest.strip_prefix(components)).ok_or(InputError::Form)?;
        let rest = rest.strip_prefix(";created=").ok_or(InputError::Form)?;
        let (created, rest) = rest.split_once(";keyid=\"").ok_or(InputError::Form)?;
        let (key, _) = rest.split_once('"').ok_or(InputError::Form)?;
        let created: i64 = created.parse().map_err(|_| InputError::Form)?;
        let input = Input { created, key: key.to_owned() };
        // One form only: what is read must be what would be written.
        if text.len() != LABEL.len() + 1 + input.parameters(components).len()
            || !text.ends_with(&input.parameters(components))
        {
            return Err(InputError::Form);
        }
        if created.abs_diff(now) > TOLERANCE_S.unsigned_abs() {
            return Err(InputError::Clock);
        }
        match key.split_once('/') {
            Some((member, _)) if member == from => Ok(input),
            _ => Err(InputError::Key),
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use proptest::prelude::*;

    use super::super::{answer_base, content_digest, request_base};
    use super::*;

    fn head() -> RequestHead {
        RequestHead {
            from: "kasumi".to_owned(),
            to: "kumoishi".to_owned(),
            service: "inquiry".to_owned(),
            request: "0123456789abcdef0123456789abcdef".to_owned(),
            affair: Some("child-allowance".to_owned()),
            item_set: Some("local-tax".to_owned()),
            subject: Some("c1".to_owned()),
            ..RequestHead::default()
        }
    }

    fn input() -> Input {
        Input { created: 1_764_000_000, key: "kasumi/1".to_owned() }
    }

    /// A base with its last line broken, to be read.
    fn shown(base: &str) -> String {
        base.replace(" \"", "\n \"").replace(";created", "\n;created")
    }

    #[test]
    fn the_bases_are_those_of_the_protocol() {
        let base = request_base(&head(), &content_digest(b""), &input());
        expect![[r#"
            "@method": POST
            "@path": /mesh/v1/kumoishi/inquiry
            "kumoi-from": kasumi
            "kumoi-request": 0123456789abcdef0123456789abcdef
            "kumoi-affair": child-allowance
            "kumoi-item-set": local-tax
            "kumoi-subject": c1
            "content-digest";tr: sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:
            "@signature-params": ("@method"
             "@path"
             "kumoi-from"
             "kumoi-request"
             "kumoi-affair"
             "kumoi-item-set"
             "kumoi-subject"
             "content-digest";tr)
            ;created=1764000000;keyid="kasumi/1";alg="ecdsa-p256-sha256";tag="kumoi-mesh-1""#]]
        .assert_eq(&shown(&base));
        let answer =
            AnswerHead { status: 200, from: "kumoishi".to_owned(), ..AnswerHead::default() };
        let base = answer_base(&answer, &content_digest(b"{}"), &[1, 2, 3], &input());
        expect![[r#"
            "@status": 200
            "kumoi-from": kumoishi
            "content-digest";tr: sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:
            "signature";req;tr;key="kumoi": :AQID:
            "@signature-params": ("@status"
             "kumoi-from"
             "content-digest";tr
             "signature";req;tr;key="kumoi")
            ;created=1764000000;keyid="kasumi/1";alg="ecdsa-p256-sha256";tag="kumoi-mesh-1""#]]
        .assert_eq(&shown(&base));
    }

    #[test]
    fn an_input_is_read_in_its_one_form_only() {
        let (head, input) = (head(), input());
        let text = input.of_request(&head);
        let read = |text: &str, now| Input::read_request(text, &head, now);
        assert_eq!(read(&text, input.created + 300), Ok(input.clone()));
        assert_eq!(read(&text, input.created + 3600), Err(InputError::Clock));
        assert_eq!(
            read(&text.replace("\"kumoi-subject\" ", ""), input.created),
            Err(InputError::Form)
        );
        assert_eq!(read(&format!("{text};x=1"), input.created), Err(InputError::Form));
        assert_eq!(read(&text.replace("=1764", "=01764"), input.created), Err(InputError::Form));
        assert_eq!(
            read(&text.replace("kasumi/1", "kumoishi/1"), input.created),
            Err(InputError::Key)
        );
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in ".{0,300}", now in any::<i64>()) {
            let _ = Input::read_request(&text, &head(), now);
            let longer = format!("{}{text}", input().of_request(&head()));
            let _ = Input::read_request(&longer, &head(), now);
        }
    }
}
