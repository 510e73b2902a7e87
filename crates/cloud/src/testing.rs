//! A sample AWS for tests and benches: the `moto` server as a child process that ends with us, also
//! when we are killed. Never part of the product's own work.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::provider::aws::AwsSettings;

/// How long the server may take to start.
const START: Duration = Duration::from_secs(60);

/// A running server.
pub struct Moto {
    child: Child,
    port: u16,
}

impl Moto {
    /// Starts the server program and waits until it listens.
    ///
    /// # Errors
    /// When it cannot be started or ends at once.
    pub fn start(program: &Path) -> io::Result<Moto> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        // The pipe closes when we end, however we end; then the shell ends the server.
        let script = "\"$0\" -H 127.0.0.1 -p \"$1\" & server=$!; cat >/dev/null; \
                      kill -9 $server 2>/dev/null; wait $server 2>/dev/null";
        let child = Command::new("sh")
            .args(["-c", script])
            .arg(program)
            .arg(port.to_string())
            // Nobody needs these images, and every region would hold them all.
            .env("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let moto = Moto { child, port };
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if begin.elapsed() > START {
                let what = format!("{} が始まりません", program.display());
                return Err(io::Error::new(io::ErrorKind::TimedOut, what));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(moto)
    }

    /// Where it listens, on this machine only.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // The shell is ours and ends after the server.
        let _ = self.child.wait();
    }
}

/// How to reach a sample AWS on a port of this machine.
pub fn sample_settings(port: u16) -> AwsSettings {
    AwsSettings {
        endpoint: format!("http://127.0.0.1:{port}"),
        access_key: "AKIAMIHON00000000000".to_owned(),
        secret_key: "mihon".to_owned(),
        regions: ["ap-northeast-1".to_owned(), "ap-northeast-3".to_owned()],
        yen_per_dollar: 160,
        mail_domain: "accounts.kumoi.example".to_owned(),
    }
}
