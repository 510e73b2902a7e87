//! The line to the sample AWS: passes every request on and spoils those that a test names. What it
//! passes on is answered by the real server.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What happens to a request.
#[derive(Clone, Debug)]
pub enum Spoil {
    /// It arrives, its answer does not: the line is cut.
    Cut,
    /// It arrives, and nothing comes back until the line is released; then it is cut.
    Hang,
    /// It arrives twice; the second answer comes back.
    Twice,
    /// It arrives twice, and no answer comes back.
    TwiceCut,
    /// It arrives, and this answer comes instead of its own.
    After(u16, &'static str),
    /// It does not arrive: this answer comes instead.
    Instead(u16, &'static str),
}

struct Rule {
    mark: String,
    spoil: Spoil,
    times: usize,
}

/// A line.
pub struct Line {
    pub port: u16,
    rules: Arc<Mutex<Vec<Rule>>>,
    seen: Arc<Mutex<Vec<String>>>,
    released: watch::Sender<bool>,
}

impl Line {
    /// A line to a port of this machine.
    pub async fn to(port: u16) -> Line {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let (rules, seen) = (Arc::default(), Arc::default());
        let (released, waits) = watch::channel(false);
        let line = Line { port: own, rules: Arc::clone(&rules), seen: Arc::clone(&seen), released };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let own = (rules.clone(), seen.clone(), waits.clone());
                tokio::spawn(serve(stream, port, own));
            }
        });
        line
    }

    /// Spoils the next `times` requests whose text holds `mark`.
    pub fn spoil(&self, mark: &str, spoil: Spoil, times: usize) {
        self.rules.lock().unwrap().push(Rule { mark: mark.to_owned(), spoil, times });
    }

    /// What hangs, hangs no more.
    pub fn release(&self) {
        self.released.send_replace(true);
    }

    /// No more spoiling.
    pub fn heal(&self) {
        self.rules.lock().unwrap().clear();
    }

    /// How many requests held `mark`.
    pub fn count(&self, mark: &str) -> usize {
        self.texts(mark).len()
    }

    /// The requests that held `mark`, in order.
    pub fn texts(&self, mark: &str) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|text| text.contains(mark)).cloned().collect()
    }
}

type Waits = watch::Receiver<bool>;

async fn serve(
    mut stream: TcpStream,
    port: u16,
    (rules, seen, mut waits): (Arc<Mutex<Vec<Rule>>>, Arc<Mutex<Vec<String>>>, Waits),
) {
    let Some(request) = read(&mut stream).await else { return };
    let text = String::from_utf8_lossy(&request).into_owned();
    seen.lock().unwrap().push(text.clone());
    let spoil = {
        let mut rules = rules.lock().unwrap();
        let rule = rules.iter_mut().find(|rule| rule.times > 0 && text.contains(&rule.mark));
        rule.map(|rule| {
            rule.times -= 1;
            rule.spoil.clone()
        })
    };
    let answer = match spoil {
        None => ask(port, &request).await,
        Some(Spoil::Cut) => {
            ask(port, &request).await;
            return;
        }
        Some(Spoil::Hang) => {
            ask(port, &request).await;
            // The line may be gone before it is released.
            let _ = waits.wait_for(|released| *released).await;
            return;
        }
        Some(Spoil::Twice) => {
            ask(port, &request).await;
            ask(port, &request).await
        }
        Some(Spoil::After(status, body)) => {
            ask(port, &request).await;
            made(status, body)
        }
        Some(Spoil::Instead(status, body)) => made(status, body),
        Some(Spoil::TwiceCut) => {
            ask(port, &request).await;
            ask(port, &request).await;
            return;
        }
    };
    // The other side may have gone.
    let _ = stream.write_all(&answer).await;
}

fn made(status: u16, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
        .into_bytes()
}

/// One request, with a header that makes its answer the last of its connection.
async fn read(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    let mut piece = [0; 16 * 1024];
    loop {
        let length = stream.read(&mut piece).await.ok()?;
        all.extend_from_slice(&piece[..length]);
        let head = all.windows(4).position(|it| it == b"\r\n\r\n");
        if let Some(head) = head {
            let text = String::from_utf8_lossy(&all[..head]).to_lowercase();
            let body = text.lines().find_map(|line| line.strip_prefix("content-length:"));
            let body: usize = body.map_or(0, |it| it.trim().parse().unwrap());
            if all.len() >= head + 4 + body {
                all.splice(head..head, b"\r\nconnection: close".iter().copied());
                return Some(all);
            }
        }
        if length == 0 {
            return None;
        }
    }
}

async fn ask(port: u16, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    answer
}
