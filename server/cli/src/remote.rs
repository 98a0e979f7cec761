//! Requests to a server, with errors for people.

use std::cell::OnceCell;
use std::path::PathBuf;

use anyhow::{Context, anyhow, bail};
use serde_json::Value;
use ureq::http::Response;
use ureq::{Agent, Body};

use crate::arguments::RemoteOptions;
use crate::limits::ANSWER_BYTES_MAX;
use crate::token;

/// A server, and who talks to it.
pub struct Remote {
    agent: Agent,
    server: String,
    /// Where the token comes from, once it was read.
    kept: OnceCell<PathBuf>,
}

impl Remote {
    /// The server of the options.
    pub fn new(options: &RemoteOptions) -> anyhow::Result<Self> {
        let server = options.server.trim_end_matches('/').to_owned();
        if !server.starts_with("http://") {
            bail!("the server \"{server}\" must begin with http://");
        }
        let agent = Agent::config_builder().http_status_as_error(false).build().into();
        Ok(Self { agent, server, kept: OnceCell::new() })
    }

    /// The token for this server: the given one, the kept one, or a new one that is kept.
    pub fn token(&self, options: &RemoteOptions) -> anyhow::Result<String> {
        if let Some(token) = &options.token {
            return Ok(token.clone());
        }
        let file = token::file(options.config.as_deref(), &self.server)?;
        if let Some(token) = token::read(&file)? {
            self.kept.get_or_init(|| file);
            return Ok(token);
        }
        let answer = self.agent.post(self.address("identity")).send_empty();
        let answer: Value = serde_json::from_slice(&self.body(answer)?).context("the server's answer")?;
        let token = answer["token"].as_str().ok_or_else(|| anyhow!("the server gave no token"))?;
        token::keep(&file, token)
    }

    /// Sends bytes; the JSON answer.
    pub fn post(&self, path: &str, token: &str, content_type: &str, body: &[u8]) -> anyhow::Result<Value> {
        let request = self.agent.post(self.address(path)).header("Content-Type", content_type);
        let answer = request.header("Authorization", format!("Bearer {token}")).send(body);
        serde_json::from_slice(&self.body(answer)?).context("the server's answer is not JSON")
    }

    /// Sends a file as it is read; the JSON answer.
    pub fn post_file(
        &self,
        path: &str,
        token: &str,
        content_type: &str,
        file: std::fs::File,
    ) -> anyhow::Result<Value> {
        let request = self.agent.post(self.address(path)).header("Content-Type", content_type);
        let answer = request.header("Authorization", format!("Bearer {token}")).send(file);
        serde_json::from_slice(&self.body(answer)?).context("the server's answer is not JSON")
    }

    /// Asks for bytes.
    pub fn get(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        self.body(self.agent.get(self.address(path)).call())
    }

    /// Asks for an answer that is read as it comes.
    pub fn stream(&self, path: &str, token: &str) -> anyhow::Result<impl std::io::Read + use<>> {
        let request = self.agent.get(self.address(path)).header("Authorization", format!("Bearer {token}"));
        Ok(self.check(request.call())?.into_body().into_reader())
    }

    fn address(&self, path: &str) -> String {
        format!("{}/v1/{path}", self.server)
    }

    fn body(&self, answer: Result<Response<Body>, ureq::Error>) -> anyhow::Result<Vec<u8>> {
        let mut answer = self.check(answer)?;
        Ok(answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec()?)
    }

    fn check(&self, answer: Result<Response<Body>, ureq::Error>) -> anyhow::Result<Response<Body>> {
        #[expect(clippy::wildcard_enum_match_arm, reason = "all other errors are told in ureq's words")]
        let mut answer = answer.map_err(|error| match error {
            ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                anyhow!("no server at {}; start one with: ambit start", self.server)
            }
            error => anyhow!("the server at {} cannot be asked: {error}", self.server),
        })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let text = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string()?;
        let error = serde_json::from_str::<Value>(&text).ok();
        let error = error.and_then(|error| error["error"].as_str().map(str::to_owned));
        if let (401, Some(file), Some(error)) = (status.as_u16(), self.kept.get(), &error) {
            bail!("{error}. It is kept in {}; if this is a new server, delete that file", file.display());
        }
        bail!("{}", error.unwrap_or_else(|| format!("the server answered {status}: {}", text.trim())))
    }
}
