//! 通知 by mail: what bodies are told is put in the books once and handed to a relay, again later
//! where that failed. Without a relay notices stay on screen. No mail holds a secret or a
//! person's data.

mod notice;
mod smtp;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use store::Connection;
use store::control::mail::{Due, mail_due, mail_failed, mail_sent, notice_tell, relay_put};

use crate::CloudError;

use notice::notices;
use smtp::SendError;

/// The most octets of text in one encoded word of a heading (RFC 2047: 75 signs a word).
const WORD: usize = 42;
/// The most signs of base64 a line (RFC 2045).
const LINE: usize = 76;

/// メールの中継: the server that takes mail from here, in the same closed network, and who it is from. It
/// is spoken to without encryption and without a password: what goes further is its own part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    address: String,
    from: String,
}

impl Relay {
    /// A relay by `host:port` and the address that mail is from.
    ///
    /// # Errors
    /// [`CloudError::Mail`] when one of them is none.
    pub fn new(address: &str, from: &str) -> Result<Relay, CloudError> {
        let port = address.rsplit_once(':').filter(|it| !it.0.is_empty());
        if port.and_then(|it| it.1.parse::<u16>().ok()).is_none() {
            return Err(CloudError::Mail(format!(
                "メールサーバ「{address}」は「名前:ポート」の形ではありません（例: localhost:25）"
            )));
        }
        if !is_address(from) {
            return Err(CloudError::Mail(format!(
                "差出人「{from}」はメールアドレスとして読めません"
            )));
        }
        Ok(Relay { address: address.to_owned(), from: from.to_owned() })
    }
}

/// One sign of `@` between what no command or heading can be broken with.
fn is_address(text: &str) -> bool {
    let plain = text.bytes().all(|it| it.is_ascii_graphic() && !b"<>()[],;:\\\"".contains(&it));
    let parts: Vec<&str> = text.split('@').collect();
    plain && text.len() <= 254 && parts.len() == 2 && parts.iter().all(|it| !it.is_empty())
}

/// What a round came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Notices that were new.
    pub told: usize,
    /// Mails that the relay took.
    pub sent: usize,
    /// Mails that it did not take this time.
    pub failed: usize,
}

/// Tells bodies what is new and hands on the mail that is due. One round at a time.
///
/// # Errors
/// [`CloudError::Store`]; a relay that does not answer is no error but a mail for later.
pub async fn mail_round(
    client: &Connection,
    relay: Option<&Relay>,
    now: Timestamp,
) -> Result<Round, CloudError> {
    relay_put(client, relay.map(|it| it.address.as_str())).await?;
    let mut round = Round::default();
    for notice in notices(client, now).await? {
        round.told += usize::from(notice_tell(client, &notice).await?);
    }
    let Some(relay) = relay else { return Ok(round) };
    for due in mail_due(client).await? {
        let text = text(relay, &due, now);
        match smtp::send(&relay.address, (&relay.from, &due.address), &text).await {
            Ok(()) => {
                mail_sent(client, due.id).await?;
                round.sent += 1;
            }
            Err(error) => {
                let for_good = matches!(error, SendError::Refused(_));
                mail_failed(client, due.id, (&error.to_string(), for_good)).await?;
                round.failed += 1;
                if matches!(error, SendError::Nobody(_)) {
                    break;
                }
            }
        }
    }
    Ok(round)
}

/// Subject and body.
fn said(due: &Due) -> (String, String) {
    if let Some((subject, words)) = &due.notice {
        let body = format!(
            "{} 御中\n\n{words}\n\n同じ知らせは、LGWAN接続系の「通知」の画面で読めます。\n\
             このメールには返信できません。宛先は同じ画面で外せます。\n",
            due.name
        );
        return (format!("【雲居】{subject}"), body);
    }
    let code = due.code.as_deref().unwrap_or_default();
    let body = format!(
        "{} の通知の宛先に、このアドレスが加えられました。\n\n確認の番号: {code}\n\n\
         LGWAN接続系の「通知」の画面に、一日のうちに入れてください。\n\
         心当たりがなければ、何もせずに捨ててください。番号を入れるまで、通知は届きません。\n",
        due.name
    );
    ("【雲居】通知の宛先の確認".to_owned(), body)
}

/// The whole mail. Its number is the same each time that it is tried, so that who gets it twice
/// sees that it is one.
fn text(relay: &Relay, due: &Due, now: Timestamp) -> String {
    let (subject, body) = said(due);
    let zoned = now.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9)));
    let date = zoned.strftime("%a, %d %b %Y %H:%M:%S %z");
    let domain = relay.from.rsplit('@').next().unwrap_or_default();
    let encoded = STANDARD.encode(body.replace('\n', "\r\n"));
    let lines: Vec<&str> = encoded
        .as_bytes()
        .chunks(LINE)
        .map(|line| std::str::from_utf8(line).unwrap_or_default())
        .collect();
    format!(
        "From: <{}>\r\nTo: <{}>\r\nSubject: {}\r\nDate: {date}\r\n\
         Message-ID: <kumoi.{}@{domain}>\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n\
         Content-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n\r\n{}\r\n",
        relay.from,
        due.address,
        heading(&subject),
        due.id,
        lines.join("\r\n")
    )
}

/// A heading in encoded words, cut between characters.
fn heading(text: &str) -> String {
    let mut words = vec![String::new()];
    for sign in text.chars() {
        let last = words.last_mut();
        match last.filter(|it| it.len() + sign.len_utf8() <= WORD) {
            Some(word) => word.push(sign),
            None => words.push(sign.to_string()),
        }
    }
    let words = words.iter().map(|it| format!("=?UTF-8?B?{}?=", STANDARD.encode(it)));
    words.collect::<Vec<_>>().join("\r\n ")
}

#[cfg(test)]
mod tests;
