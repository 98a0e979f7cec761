//! The WebSocket handshake (RFC 6455, section 4.2). The session itself is not HTTP any more.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::HttpError;
use crate::database::Database;
use crate::door::SocketPlace;
use crate::server::Node;
use crate::session;

/// Answers the handshake and begins the session.
pub async fn connect(
    State(node): State<Arc<Node>>,
    Path(name): Path<String>,
    mut request: Request,
) -> Result<Response, HttpError> {
    let database = super::database(&node, &name)?;
    let headers = request.headers();
    let accept = accept_key(headers)?;
    let upgrade = request.extensions_mut().remove::<OnUpgrade>();
    let upgrade = upgrade.ok_or_else(|| bad_request("this connection cannot become a WebSocket"))?;
    let place = request.extensions_mut().remove::<SocketPlace>();
    tokio::spawn(async move {
        begin(upgrade, node, database).await;
        // The socket has left HTTP, and is still one of those that may be open.
        drop(place);
    });
    let headers = [
        (header::CONNECTION, "Upgrade".to_owned()),
        (header::UPGRADE, "websocket".to_owned()),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
        (header::SEC_WEBSOCKET_PROTOCOL, ambit_wire::SUBPROTOCOL.to_owned()),
    ];
    Ok((StatusCode::SWITCHING_PROTOCOLS, headers, Body::empty()).into_response())
}

fn accept_key(headers: &HeaderMap) -> Result<String, HttpError> {
    let has = |name: HeaderName, word: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .any(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(word)))
    };
    if !has(header::CONNECTION, "upgrade") || !has(header::UPGRADE, "websocket") {
        return Err(bad_request("this address is a WebSocket: connect with an Ambit client"));
    }
    if !has(header::SEC_WEBSOCKET_VERSION, "13") {
        return Err(bad_request("the WebSocket version must be 13"));
    }
    if !has(header::SEC_WEBSOCKET_PROTOCOL, ambit_wire::SUBPROTOCOL) {
        let text = format!("the client must ask for the WebSocket subprotocol {}", ambit_wire::SUBPROTOCOL);
        return Err(bad_request(&text));
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).map(|key| derive_accept_key(key.as_bytes()));
    key.ok_or_else(|| bad_request("the header Sec-WebSocket-Key is missing"))
}

async fn begin(upgrade: OnUpgrade, node: Arc<Node>, database: Arc<Database>) {
    let upgraded = match upgrade.await {
        Ok(upgraded) => upgraded,
        Err(error) => return tracing::debug!("a WebSocket handshake was not completed: {error}"),
    };
    match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => {
            session::run(parts.io.into_inner(), parts.read_buf, &node, database).await;
        }
        Err(_) => tracing::error!("a WebSocket came over something else than TCP"),
    }
}

fn bad_request(message: &str) -> HttpError {
    HttpError::new(StatusCode::BAD_REQUEST, message)
}
