//! One mail to one relay (SMTP, RFC 5321): greeting, sender, receiver, text. It waits for nothing
//! for ever and reads no more than an answer may be long. Encrypts nothing and signs in nowhere.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

use super::is_address;

/// How long the relay may take for one answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// The longest answer, in octets, and in lines.
const LONGEST: u64 = 4096;
const MOST_LINES: usize = 50;

/// Why a mail was not handed on.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    /// There is no relay: later, and nothing else now.
    #[error("メールサーバにつながりません（{0}）")]
    Nobody(String),
    /// Nobody answered as a relay does: later.
    #[error("メールサーバに渡せません（{0}）")]
    Later(String),
    /// The relay will never take it.
    #[error("メールサーバが受け取りません（{0}）")]
    Refused(String),
}

struct Talk {
    read: BufReader<OwnedReadHalf>,
    write: OwnedWriteHalf,
}

/// Hands a mail to the relay at `host:port`. The text has no line that is a point alone.
pub(super) async fn send(
    relay: &str,
    (from, to): (&str, &str),
    text: &str,
) -> Result<(), SendError> {
    if !is_address(from) || !is_address(to) {
        return Err(SendError::Refused("宛先か差出人の形".to_owned()));
    }
    let connected = timeout(PATIENCE, TcpStream::connect(relay)).await;
    let stream = connected
        .map_err(|_| SendError::Nobody("応答がありません".to_owned()))?
        .map_err(|error| SendError::Nobody(error.kind().to_string()))?;
    let (read, write) = stream.into_split();
    let mut talk = Talk { read: BufReader::new(read), write };
    talk.answer(220).await.map_err(later)?;
    talk.say("EHLO kumoi\r\n", 250).await.map_err(later)?;
    talk.say(&format!("MAIL FROM:<{from}>\r\n"), 250).await.map_err(later)?;
    talk.say(&format!("RCPT TO:<{to}>\r\n"), 250).await?;
    talk.say("DATA\r\n", 354).await.map_err(later)?;
    talk.say(&format!("{text}.\r\n"), 250).await?;
    // It was taken: what the relay says to the farewell changes nothing.
    let _ = talk.say("QUIT\r\n", 221).await;
    Ok(())
}

/// What a relay refuses of itself or of us says nothing of this mail.
fn later(error: SendError) -> SendError {
    match error {
        SendError::Refused(words) => SendError::Later(words),
        other => other,
    }
}

fn late() -> SendError {
    SendError::Later("応答がありません".to_owned())
}

fn broken(error: std::io::Error) -> SendError {
    SendError::Later(error.kind().to_string())
}

impl Talk {
    async fn say(&mut self, words: &str, expect: u16) -> Result<(), SendError> {
        let written = timeout(PATIENCE, self.write.write_all(words.as_bytes())).await;
        written.map_err(|_| late())?.map_err(broken)?;
        self.answer(expect).await
    }

    /// Reads an answer of one line or several; the last has a space behind its number.
    async fn answer(&mut self, expect: u16) -> Result<(), SendError> {
        for _ in 0..MOST_LINES {
            let mut line = Vec::new();
            let mut limited = (&mut self.read).take(LONGEST);
            let read = timeout(PATIENCE, limited.read_until(b'\n', &mut line)).await;
            read.map_err(|_| late())?.map_err(broken)?;
            let code = line.get(..3).and_then(|it| std::str::from_utf8(it).ok());
            let code = code.and_then(|it| it.parse::<u16>().ok()).filter(|_| line.ends_with(b"\n"));
            let Some(code) = code else {
                return Err(SendError::Later("メールサーバの応答ではありません".to_owned()));
            };
            if line.get(3) == Some(&b'-') {
                continue;
            }
            // Only the number is kept: a relay's words may repeat an address.
            return match code {
                _ if code == expect => Ok(()),
                500..=599 => Err(SendError::Refused(format!("応答 {code}"))),
                _ => Err(SendError::Later(format!("応答 {code}"))),
            };
        }
        Err(SendError::Later("応答が長すぎます".to_owned()))
    }
}
