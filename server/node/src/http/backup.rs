//! Backups over HTTP: a database as a stream, and a database from one. For owners.

use std::io::{self, Write};
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use tokio::sync::{mpsc, oneshot};

use super::HttpError;
use super::caller::{Caller, Somebody};
use crate::backup::{BackupSummary, write_backup};
use crate::database::{EngineCommand, Until};
use crate::limits;
use crate::server::{Node, RestoreFailure};

/// How far to restore.
#[derive(Deserialize)]
pub struct RestoreQuery {
    /// To this commit, included.
    until_offset: Option<u64>,
    /// To the last commit at or before this moment, in microseconds since 1970.
    until_us: Option<i64>,
}

/// Streams a backup: takes a snapshot first, so that it reaches to this moment.
pub async fn backup(
    State(node): State<Arc<Node>>,
    Path(name): Path<String>,
    caller: Caller,
) -> Result<Response, HttpError> {
    let database = super::database(&node, &name)?;
    if caller.0 != Some(database.shared.owner) {
        let text = format!("backups of database {name} are for its owner; use the token that published it");
        return Err(HttpError::new(StatusCode::FORBIDDEN, text));
    }
    let stopped = || HttpError::new(StatusCode::SERVICE_UNAVAILABLE, database.shared.why_ended().1);
    let (reply, answer) = oneshot::channel();
    if !database.send(EngineCommand::Snapshot { reply }).await {
        return Err(stopped());
    }
    let (offset, written) = tokio::select! {
        biased;
        answer = answer => answer.map_err(|_| stopped())?,
        () = database.shared.ended() => return Err(stopped()),
    };
    let written = tokio::task::spawn_blocking(move || written.recv());
    let written = written.await.map_err(|_| stopped())?.map_err(|_| stopped())?;
    written.map_err(|problem| {
        HttpError::new(StatusCode::INTERNAL_SERVER_ERROR, format!("the snapshot failed: {problem}"))
    })?;
    let dir = node.database_dir(&name);
    let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(limits::BACKUP_PIECES_MAX);
    tokio::task::spawn_blocking(move || {
        let mut pieces = Pieces { piece: Vec::new(), sender: sender.clone() };
        if let Err(error) = write_backup(&name, &dir, offset, &mut pieces) {
            // The stream breaks off, so that nobody takes a part for the whole.
            drop(sender.blocking_send(Err(io::Error::other(error))));
        }
    });
    let pieces = stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
    let headers = [(header::CONTENT_TYPE, "application/x-tar")];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// Makes a database of the backup in the body. It belongs to whoever restores it.
pub async fn restore(
    State(node): State<Arc<Node>>,
    Path(name): Path<String>,
    Query(query): Query<RestoreQuery>,
    restorer: Somebody,
    body: Body,
) -> Result<Json<BackupSummary>, HttpError> {
    let until = match (query.until_offset, query.until_us) {
        (None, None) => Until::End,
        (Some(offset), None) => Until::Offset(offset),
        (None, Some(micros)) => Until::Time(ambit_model::Timestamp(micros)),
        (Some(_), Some(_)) => {
            let text = "until_offset and until_us exclude each other";
            return Err(HttpError::new(StatusCode::BAD_REQUEST, text));
        }
    };
    let Ok(_restore) = node.restores.try_acquire() else {
        let text =
            format!("the server is restoring {} databases, its limit; try again later", limits::RESTORES_MAX);
        return Err(HttpError::new(StatusCode::SERVICE_UNAVAILABLE, text));
    };
    let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(limits::BACKUP_PIECES_MAX);
    let restoring = Arc::clone(&node);
    // A task of its own: whoever goes away in the middle leaves no half database.
    let restored = tokio::spawn(async move { restoring.restore(&name, restorer.0, until, receiver).await });
    hand_on(body, sender).await;
    let restored = restored.await.unwrap_or_else(|error| Err(RestoreFailure::Server(error.to_string())));
    let summary = restored.map_err(|failure| {
        let status = match &failure {
            RestoreFailure::Name(_) => StatusCode::BAD_REQUEST,
            RestoreFailure::Exists(_) => StatusCode::CONFLICT,
            RestoreFailure::TooMany => StatusCode::INSUFFICIENT_STORAGE,
            RestoreFailure::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            RestoreFailure::Server(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        HttpError::new(status, failure.to_string())
    })?;
    Ok(Json(summary))
}

/// Hands the body on in pieces until it ends, stalls, or is wanted no more.
async fn hand_on(body: Body, sender: mpsc::Sender<io::Result<Bytes>>) {
    let mut chunks = body.into_data_stream();
    loop {
        let chunk = match tokio::time::timeout(limits::BACKUP_PIECE_WAIT, chunks.next()).await {
            Ok(None) => return,
            Ok(Some(chunk)) => chunk.map_err(io::Error::other),
            Err(_) => {
                let text = format!("nothing arrived for {} s", limits::BACKUP_PIECE_WAIT.as_secs());
                Err(io::Error::new(io::ErrorKind::TimedOut, text))
            }
        };
        let is_broken = chunk.is_err();
        let is_wanted = sender.send(chunk).await.is_ok();
        if is_broken {
            return;
        }
        if !is_wanted {
            break;
        }
    }
    // The sender reads the answer when it has sent everything.
    let rest = async { while let Some(Ok(_)) = chunks.next().await {} };
    drop(tokio::time::timeout(limits::BACKUP_PIECE_WAIT, rest).await);
}

/// Sends what is written in pieces.
struct Pieces {
    piece: Vec<u8>,
    sender: mpsc::Sender<io::Result<Bytes>>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= limits::BACKUP_PIECE_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = Bytes::from(std::mem::take(&mut self.piece));
        self.sender.blocking_send(Ok(piece)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
