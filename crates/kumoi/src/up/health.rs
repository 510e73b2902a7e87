//! Asking a zone whether it is ready, or for a page: `GET` over TCP, answer 200.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether the zone at `address` answers 200 now.
pub(super) async fn is_ready(address: SocketAddr) -> bool {
    answer_time(address, "/health").await.is_some()
}

/// How long the zone at `address` took until it answered 200 to a page; `None` if it did not.
pub(crate) async fn answer_time(address: SocketAddr, path: &str) -> Option<Duration> {
    let begin = Instant::now();
    let answer = timeout(PATIENCE, ask(address, path)).await;
    answer.is_ok_and(|line| line.is_ok_and(|line| is_ok(&line))).then(|| begin.elapsed())
}

async fn ask(address: SocketAddr, path: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(reachable(address)).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut line = vec![0; 12];
    stream.read_exact(&mut line).await?;
    Ok(line)
}

fn is_ok(line: &[u8]) -> bool {
    line.starts_with(b"HTTP/1.") && line.ends_with(b" 200")
}

/// «Every address» is no address to call: the machine's own is taken instead.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_200_is_ready() {
        assert!(is_ok(b"HTTP/1.1 200"));
        assert!(is_ok(b"HTTP/1.0 200"));
        assert!(!is_ok(b"HTTP/1.1 503"));
        assert!(!is_ok(b"SSH-2.0-x200"));
    }

    #[test]
    fn every_address_is_asked_at_home() {
        assert_eq!(reachable("0.0.0.0:80".parse().unwrap()), "127.0.0.1:80".parse().unwrap());
        assert_eq!(reachable("[::]:80".parse().unwrap()), "[::1]:80".parse().unwrap());
        assert_eq!(reachable("10.0.0.1:80".parse().unwrap()), "10.0.0.1:80".parse().unwrap());
    }

    #[tokio::test]
    async fn nobody_there_is_not_ready() {
        // Taken and not listening: nobody else can come to answer there.
        let taken = tokio::net::TcpSocket::new_v4().unwrap();
        taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        assert!(!is_ready(taken.local_addr().unwrap()).await);
    }
}
