//! A member of staff over HTTP, as thin as can be: signs in once, opens pages. For measuring only.

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Whoever opens pages of one zone.
#[derive(Clone)]
pub(super) struct Visitor {
    port: u16,
    cookie: String,
}

impl Visitor {
    /// Somebody who is not signed in.
    pub(super) fn new(port: u16) -> Visitor {
        Visitor { port, cookie: String::new() }
    }

    /// Signs in at an organisation.
    pub(super) async fn sign_in(&mut self, organisation: &str, id: &str, code: &str) -> Result<()> {
        let password = crate::sample::PASSWORD;
        let form = format!("csrf=&id={id}&password={password}&code={code}");
        let answer = self.send("POST", &format!("/{organisation}/sign-in"), &form).await?;
        let lines = answer.lines().take_while(|line| !line.is_empty());
        let cookie = lines.filter_map(|line| line.split_once(": ")).find_map(|(name, value)| {
            let is_cookie = name.eq_ignore_ascii_case("set-cookie");
            is_cookie.then(|| value.split(';').next().unwrap_or_default().to_owned())
        });
        self.cookie = cookie.context("サインインできません")?;
        Ok(())
    }

    /// Opens a page.
    pub(super) async fn open(&self, path: &str) -> Result<()> {
        self.page(path).await.map(|_| ())
    }

    /// Opens a page and reads it.
    pub(super) async fn page(&self, path: &str) -> Result<String> {
        let answer = self.send("GET", path, "").await?;
        if !answer.starts_with("HTTP/1.1 200") {
            bail!("{path}: {}", answer.lines().next().unwrap_or_default());
        }
        Ok(answer)
    }

    /// Sends a form with the token of a page of the same session; where it leads.
    pub(super) async fn post(&self, path: &str, page: &str, form: &str) -> Result<String> {
        let token = page.split("name=\"csrf\" value=\"").nth(1).context("no form on the page")?;
        let token = token.split('"').next().unwrap_or_default();
        let answer = self.send("POST", path, &format!("csrf={token}&{form}")).await?;
        let lines = answer.lines().take_while(|line| !line.is_empty());
        let mut pairs = lines.filter_map(|line| line.split_once(": "));
        let to = pairs.find(|(name, _)| name.eq_ignore_ascii_case("location"));
        match to {
            Some((_, to)) if answer.starts_with("HTTP/1.1 303") => Ok(to.to_owned()),
            _ => bail!("{path}: {}", answer.lines().next().unwrap_or_default()),
        }
    }

    async fn send(&self, method: &str, path: &str, form: &str) -> Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\
             Cookie: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            self.port,
            self.cookie,
            form.len()
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}
