//! The log lines of a database as text, followed on request. For its owner.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use serde::Deserialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::HttpError;
use super::caller::Caller;
use crate::log_lines::LogLine;
use crate::server::Node;

/// What is asked for.
#[derive(Deserialize)]
pub struct LogsQuery {
    /// 1: lines that come later too, until the connection ends.
    #[serde(default)]
    follow: u8,
}

/// Streams the lines.
pub async fn logs(
    State(node): State<Arc<Node>>,
    Path(name): Path<String>,
    Query(query): Query<LogsQuery>,
    caller: Caller,
) -> Result<Response, HttpError> {
    let database = super::database(&node, &name)?;
    if caller.0 != Some(database.shared.owner) {
        let text = format!("the logs of database {name} are for its owner; use the token that published it");
        return Err(HttpError::new(StatusCode::FORBIDDEN, text));
    }
    let (kept, receiver) = database.shared.lines.follow();
    let kept: String = kept.iter().map(|line| format!("{line}\n")).collect();
    let body = match query.follow {
        0 => Body::from(kept),
        _ => Body::from_stream(stream::unfold((Some(kept), receiver), next_lines)),
    };
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response())
}

type Followed = (Option<String>, Receiver<LogLine>);

async fn next_lines((kept, mut receiver): Followed) -> Option<(Result<Bytes, std::io::Error>, Followed)> {
    let text = match kept {
        Some(kept) => kept,
        None => match receiver.recv().await {
            Ok(line) => format!("{line}\n"),
            Err(RecvError::Lagged(missed)) => {
                format!("({missed} lines were missed: the reader is too slow)\n")
            }
            Err(RecvError::Closed) => return None,
        },
    };
    Some((Ok(Bytes::from(text)), (None, receiver)))
}
