//! Where to connect, and as whom.

use std::time::Duration;

use tokio_tungstenite::tungstenite::ClientRequestBuilder;
use tokio_tungstenite::tungstenite::http::Uri;

use crate::limits::DATABASE_NAME_BYTES_MAX;

/// Where to connect, and as whom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// The server: `ws://host:port`, `http://host:port` or `host:port`.
    pub uri: String,
    /// The database's name.
    pub database: String,
    /// The token of an earlier connection, to be the same player again; without it a new player.
    pub token: Option<String>,
    /// For how long a connection that is lost is made again. `None`: for as long as the client lives; zero: it is over at once.
    pub reconnect_for: Option<Duration>,
}

/// What the options mean.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) address: String,
    pub(crate) request: ClientRequestBuilder,
}

impl Options {
    /// What the options mean, or what is wrong with them.
    pub(crate) fn target(&self) -> Result<Target, String> {
        let text = if self.uri.contains("://") { self.uri.clone() } else { format!("ws://{}", self.uri) };
        let uri: Uri = text.parse().map_err(|error| format!("`{}` is no address: {error}", self.uri))?;
        match uri.scheme_str() {
            Some("ws" | "http") => {}
            Some("wss" | "https") => {
                return Err("TLS is not possible yet; use ws:// within a trusted network".into());
            }
            Some(_) | None => return Err(format!("`{}` begins neither with ws:// nor http://", self.uri)),
        }
        let name_letters = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
        let length = self.database.len();
        if length == 0 || length > DATABASE_NAME_BYTES_MAX || !self.database.chars().all(name_letters) {
            return Err(format!(
                "`{}` is no database name: 1 to {DATABASE_NAME_BYTES_MAX} letters, digits, _ and -",
                self.database
            ));
        }
        let host = uri.host().ok_or_else(|| format!("`{}` names no host", self.uri))?;
        let port = uri.port_u16().unwrap_or(80);
        let path = ambit_wire::connect_path(&self.database);
        let request = format!("ws://{host}:{port}{path}")
            .parse()
            .map_err(|error| format!("`{}` is no address: {error}", self.uri))?;
        Ok(Target {
            address: format!("{host}:{port}"),
            request: ClientRequestBuilder::new(request).with_sub_protocol(ambit_wire::SUBPROTOCOL),
        })
    }
}
