//! The HTTP interface: for tools, and for the WebSocket handshake. Errors are `{"error": "a sentence"}`.

mod backup;
mod body;
mod caller;
mod connect;
mod logs;

use std::sync::Arc;

use ambit_model::Lifecycle;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::oneshot;

use self::caller::{Caller, Somebody};
use crate::database::{Database, EngineCommand};
use crate::server::{NoDatabaseError, Node, PublishError, PublishOptions};
use crate::{json as row_json, limits};

/// An answer that is an error.
#[derive(Debug)]
pub struct HttpError {
    status: StatusCode,
    message: String,
}

/// All routes.
pub fn router(node: Arc<Node>) -> Router {
    Router::new()
        .route("/v1/health", get(health))
        .route("/v1/identity", post(identity))
        .route("/v1/database/{name}/publish", post(publish))
        .route("/v1/database/{name}/call/{reducer}", post(call))
        .route("/v1/database/{name}/schema", get(schema))
        .route("/v1/database/{name}/statistics", get(statistics))
        .route("/v1/database/{name}/logs", get(logs::logs))
        .route("/v1/database/{name}/backup", get(backup::backup))
        .route("/v1/database/{name}/restore", post(backup::restore))
        .route("/v1/database/{name}/connect", get(connect::connect))
        .fallback(async || HttpError::new(StatusCode::NOT_FOUND, "there is nothing at this address"))
        .method_not_allowed_fallback(async || {
            HttpError::new(StatusCode::METHOD_NOT_ALLOWED, "this address takes another method")
        })
        .layer(map_response(in_one_form))
        .with_state(node)
}

async fn health() -> Json<serde_json::Value> {
    Json(json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }))
}

async fn identity(State(node): State<Arc<Node>>) -> Result<Json<serde_json::Value>, HttpError> {
    let issued = node.identities.issue();
    let (identity, token) =
        issued.map_err(|error| HttpError::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    Ok(Json(json!({ "identity": identity.to_string(), "token": token })))
}

/// How to publish.
#[derive(Deserialize)]
struct PublishQuery {
    /// 1: only tell what it would do.
    #[serde(default)]
    dry_run: u8,
    /// 1: rows and columns may be lost.
    #[serde(default)]
    confirm: u8,
}

async fn publish(
    State(node): State<Arc<Node>>,
    Path(name): Path<String>,
    Query(query): Query<PublishQuery>,
    publisher: Result<Somebody, HttpError>,
    body: Body,
) -> Result<Json<serde_json::Value>, HttpError> {
    let publisher = match publisher {
        Ok(Somebody(publisher)) => publisher,
        Err(refused) => {
            body::discard(body, limits::MODULE_BYTES_MAX).await;
            return Err(refused);
        }
    };
    // The server is never without its semaphore.
    let upload = node.uploads.acquire().await;
    let wasm = body::read(body, limits::MODULE_BYTES_MAX).await?;
    let (publishing, database) = (Arc::clone(&node), name.clone());
    // A task of its own: a publisher that goes away does not leave a database halfway between two modules.
    let options = PublishOptions { is_dry_run: query.dry_run != 0, is_confirmed: query.confirm != 0 };
    let publish = async move { publishing.publish(&database, publisher, wasm, options).await };
    let published = tokio::spawn(publish).await;
    drop(upload);
    let published = published.unwrap_or_else(|error| Err(PublishError::Server(error.to_string())));
    let published = published.map_err(|error| {
        let status = match &error {
            PublishError::Name(_) => StatusCode::BAD_REQUEST,
            PublishError::NotOwner(_) => StatusCode::FORBIDDEN,
            PublishError::TooMany => StatusCode::INSUFFICIENT_STORAGE,
            PublishError::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            PublishError::Unconfirmed(_) | PublishError::Restoring(_) => StatusCode::CONFLICT,
            PublishError::Server(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let plan = match &error {
            PublishError::Unconfirmed(plan) => Some(plan),
            PublishError::Name(_)
            | PublishError::NotOwner(_)
            | PublishError::Restoring(_)
            | PublishError::TooMany
            | PublishError::Refused(_)
            | PublishError::Server(_) => None,
        };
        let text = plan.map_or_else(|| error.to_string(), |plan| format!("{error}:\n{plan}"));
        HttpError::new(status, text)
    })?;
    Ok(Json(json!({
        "database": name,
        "created": published.is_new,
        "dry_run": options.is_dry_run,
        "offset": published.offset,
        "plan": published.plan,
        "owner": publisher.to_string(),
    })))
}

/// Calls a reducer and waits until what it committed is durable.
async fn call(
    State(node): State<Arc<Node>>,
    Path((name, reducer)): Path<(String, String)>,
    caller: Result<Caller, HttpError>,
    body: Body,
) -> Result<Json<serde_json::Value>, HttpError> {
    let (database, caller) = match (database(&node, &name), caller) {
        (Ok(database), Ok(Caller(caller))) => (database, caller),
        (Err(refused), _) | (_, Err(refused)) => {
            body::discard(body, limits::CALL_JSON_BYTES_MAX).await;
            return Err(refused);
        }
    };
    let body = body::read(body, limits::CALL_JSON_BYTES_MAX).await?;
    let arguments: Vec<serde_json::Value> = serde_json::from_slice(&body).map_err(|error| {
        let text = format!("the arguments must be a list in JSON: {error}");
        HttpError::new(StatusCode::BAD_REQUEST, text)
    })?;
    let caller = match caller {
        Some(identity) => identity,
        None => {
            let issued = node.identities.issue();
            issued.map_err(|error| HttpError::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?.0
        }
    };
    let (id, arguments) = arguments_of(&database, &reducer, &arguments)?;
    let (reply, answer) = oneshot::channel();
    let command = EngineCommand::CallOnce { caller, reducer: id, arguments, reply };
    let stopped = || HttpError::new(StatusCode::SERVICE_UNAVAILABLE, database.shared.why_ended().1);
    if !database.send(command).await {
        return Err(stopped());
    }
    let result = tokio::select! {
        biased;
        answer = answer => answer.map_err(|_| stopped())?,
        () = database.shared.ended() => return Err(stopped()),
    };
    let offset = result.map_err(|refusal| {
        let status = match refusal.is_rejection {
            true => StatusCode::BAD_REQUEST,
            false => StatusCode::CONFLICT,
        };
        HttpError::new(status, refusal.message)
    })?;
    let mut durable = database.shared.durable.clone();
    durable.wait_for(|durable| *durable >= offset).await.map_err(|_| stopped())?;
    Ok(Json(json!({ "offset": offset, "durable": true })))
}

fn arguments_of(
    database: &Database,
    reducer: &str,
    arguments: &[serde_json::Value],
) -> Result<(u16, Vec<u8>), HttpError> {
    let schema = Arc::clone(&database.shared.schema().schema);
    let (id, found) = schema.reducer(reducer).ok_or_else(|| {
        let callable = schema.reducers.iter().filter(|reducer| reducer.lifecycle == Lifecycle::Call);
        let names: Vec<&str> = callable.map(|reducer| reducer.name.as_str()).collect();
        let text = format!("there is no reducer \"{reducer}\"; there are: {}", names.join(", "));
        HttpError::new(StatusCode::NOT_FOUND, text)
    })?;
    let row = row_json::arguments_row(found, arguments)
        .map_err(|error| HttpError::new(StatusCode::BAD_REQUEST, error.to_string()))?;
    Ok((id, row))
}

async fn schema(State(node): State<Arc<Node>>, Path(name): Path<String>) -> Result<Response, HttpError> {
    let database = database(&node, &name)?;
    let bytes = database.shared.schema().bytes.clone();
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}

async fn statistics(State(node): State<Arc<Node>>, Path(name): Path<String>) -> Result<Response, HttpError> {
    let database = database(&node, &name)?;
    Ok(Json(database.report()).into_response())
}

/// The running database of this name.
fn database(node: &Node, name: &str) -> Result<Arc<Database>, HttpError> {
    node.database(name).map_err(|error| {
        let status = match &error {
            NoDatabaseError::Unknown(_) => StatusCode::NOT_FOUND,
            NoDatabaseError::Restoring(_) | NoDatabaseError::Broken { .. } | NoDatabaseError::Stopped(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        HttpError::new(status, error.to_string())
    })
}

/// Gives axum's own errors (an address or a query that cannot be read) the form of all others.
async fn in_one_form(response: Response) -> Response {
    let status = response.status();
    let is_json = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|content| content.as_bytes().starts_with(b"application/json"));
    if is_json || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let text = body::read(response.into_body(), limits::HTTP_ERROR_BYTES_MAX).await.unwrap_or_default();
    HttpError::new(status, String::from_utf8_lossy(&text).trim()).into_response()
}

impl HttpError {
    /// An error with this sentence.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.message }))).into_response()
    }
}
