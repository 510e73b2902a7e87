//! The yardstick: nginx before nginx, mutual TLS 1.3 on both hops, no signature, no policy, no log.
//! The second answers the same bytes from memory.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use mesh::net::{Door, Identity, OfficeKey, pin_text};

use super::super::place::Folder;
use super::inquiry;

/// Connections of the load to the first.
const DOORS: usize = 4;
/// How long they may take to start.
const PATIENCE: Duration = Duration::from_secs(10);

/// Both, running.
pub(super) struct Nginx {
    pub(super) doors: Arc<Vec<Door>>,
    running: Vec<Child>,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        for one in &mut self.running {
            // It ends its workers itself when it is asked to.
            let id = i32::try_from(one.id()).unwrap_or_default();
            let _ = store::cluster::system::send_signal(id, libc::SIGTERM);
            let _ = one.wait();
        }
    }
}

impl Nginx {
    /// Starts both with `answer`; `None` where nginx is not installed.
    pub(super) async fn start(folder: &Folder, answer: &str) -> Result<Option<Nginx>> {
        if Command::new("nginx").arg("-v").stderr(Stdio::null()).status().is_err() {
            return Ok(None);
        }
        let expires = Timestamp::now().checked_add(SignedDuration::from_hours(240))?;
        let place = folder.path().join("nginx");
        fs::create_dir_all(&place)?;
        let mut made = Vec::new();
        for name in ["first", "second", "load"] {
            let own = Identity::generate("kita", expires)?;
            fs::write(place.join(format!("{name}.crt")), pem("CERTIFICATE", &own.certificate))?;
            fs::write(place.join(format!("{name}.key")), pem("PRIVATE KEY", &own.key))?;
            made.push(own);
        }
        let port = || -> Result<u16> {
            Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
        };
        let (first, second) = (port()?, port()?);
        let answer = answer.replace('\\', "\\\\").replace('\'', "\\'");
        let answering =
            format!("location / {{ default_type application/json; return 200 '{answer}'; }}");
        let passing = "location / { proxy_pass https://second; proxy_http_version 1.1; \
             proxy_set_header Connection ''; proxy_ssl_certificate first.crt; \
             proxy_ssl_certificate_key first.key; proxy_ssl_trusted_certificate second.crt; \
             proxy_ssl_protocols TLSv1.3; proxy_ssl_verify on; \
             proxy_ssl_name kita.mesh.kumoi.internal; }";
        let upstream = format!(
            "upstream second {{ server 127.0.0.1:{second}; keepalive 128; \
             keepalive_requests 100000000; }}"
        );
        let running = vec![
            run(&place, ("second", "first", second), ("", &answering))?,
            run(&place, ("first", "load", first), (&upstream, passing))?,
        ];
        let key = OfficeKey {
            member: "kita".to_owned(),
            address: format!("127.0.0.1:{first}"),
            node: pin_text(&made[0].certificate),
            certificate: STANDARD.encode(&made[2].certificate),
            key: STANDARD.encode(&made[2].key),
        };
        let doors: Vec<Door> = (0..DOORS).map(|_| Door::new(&key)).collect::<Result<_, _>>()?;
        let nginx = Nginx { doors: Arc::new(doors), running };
        let begin = Instant::now();
        loop {
            match nginx.doors[0].ask(&inquiry("")).await {
                Ok(given) if given.status == 200 => return Ok(Some(nginx)),
                Ok(given) => bail!("nginx answers {}", given.status),
                Err(error) if begin.elapsed() > PATIENCE => return Err(error).context("nginx"),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }
}

/// One nginx that shows the certificate `own` and lets in who shows that of `from`.
fn run(
    place: &Path,
    (own, from, port): (&str, &str, u16),
    (upstream, location): (&str, &str),
) -> Result<Child> {
    let shown = place.display();
    let text = format!(
        "daemon off; worker_processes auto; pid {shown}/{own}.pid; error_log {shown}/{own}.log crit;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000;
  client_body_temp_path {shown}/{own}-body; proxy_temp_path {shown}/{own}-proxy;
  fastcgi_temp_path {shown}/{own}-f; uwsgi_temp_path {shown}/{own}-u;
  scgi_temp_path {shown}/{own}-s;
  {upstream}
  server {{
    listen 127.0.0.1:{port} ssl http2; ssl_protocols TLSv1.3;
    ssl_certificate {own}.crt; ssl_certificate_key {own}.key;
    ssl_client_certificate {from}.crt; ssl_verify_client on;
    {location}
  }}
}}
"
    );
    let path = place.join(format!("{own}.conf"));
    fs::write(&path, text)?;
    let mut command = Command::new("nginx");
    Ok(command.arg("-c").arg(path).arg("-p").arg(place).spawn()?)
}

/// A PEM block.
fn pem(kind: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", lines.join("\n"))
}
