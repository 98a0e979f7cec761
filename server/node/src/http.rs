//! The HTTP interface: for tools, and for the WebSocket handshake. Errors are `{"error": "a sentence"}`.

mod connect;
mod logs;

use std::sync::Arc;

use ambit_model::{Identity, Lifecycle};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;
use tokio::sync::oneshot;

use crate::database::{Database, EngineCommand};
use crate::server::{Node, PublishError};
use crate::{json as row_json, limits};

/// An answer that is an error.
#[derive(Debug)]
pub struct HttpError {
    status: StatusCode,
    message: String,
}

/// All routes.
pub fn router(node: Arc<Node>) -> Router {
    let publish = post(publish).layer(DefaultBodyLimit::max(limits::MODULE_BYTES_MAX));
    let call = post(call).layer(DefaultBodyLimit::max(limits::CALL_JSON_BYTES_MAX));
    Router::new()
        .route("/v1/health", get(health))
        .route("/v1/identity", post(identity))
        .route("/v1/database/{name}/publish", publish)
        .route("/v1/database/{name}/call/{reducer}", call)
        .route("/v1/database/{name}/schema", get(schema))
        .route("/v1/database/{name}/statistics", get(statistics))
        .route("/v1/database/{name}/logs", get(logs::logs))
        .route("/v1/database/{name}/connect", get(connect::connect))
        .fallback(async || HttpError::new(StatusCode::NOT_FOUND, "there is nothing at this address"))
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

async fn publish(
    State(node): State<Arc<Node>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    wasm: Bytes,
) -> Result<Json<serde_json::Value>, HttpError> {
    let publisher = caller(&node, &headers)?.ok_or_else(|| {
        HttpError::new(
            StatusCode::UNAUTHORIZED,
            "publishing needs an identity: send a token of this server's",
        )
    })?;
    let is_new = node.publish(&name, publisher, wasm.to_vec()).await.map_err(|error| {
        let status = match &error {
            PublishError::Name(_) => StatusCode::BAD_REQUEST,
            PublishError::NotOwner(_) => StatusCode::FORBIDDEN,
            PublishError::TooMany => StatusCode::INSUFFICIENT_STORAGE,
            PublishError::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            PublishError::Server(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        HttpError::new(status, error.to_string())
    })?;
    Ok(Json(json!({ "database": name, "created": is_new, "owner": publisher.to_string() })))
}

/// Calls a reducer and waits until what it committed is durable.
async fn call(
    State(node): State<Arc<Node>>,
    Path((name, reducer)): Path<(String, String)>,
    headers: HeaderMap,
    Json(arguments): Json<Vec<serde_json::Value>>,
) -> Result<Json<serde_json::Value>, HttpError> {
    let caller = match caller(&node, &headers)? {
        Some(identity) => identity,
        None => {
            let issued = node.identities.issue();
            issued.map_err(|error| HttpError::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?.0
        }
    };
    let database = database(&node, &name)?;
    let (id, arguments) = arguments_of(&database, &reducer, &arguments)?;
    let (reply, answer) = oneshot::channel();
    let command = EngineCommand::CallOnce { caller, reducer: id, arguments, reply };
    let stopped = || HttpError::new(StatusCode::SERVICE_UNAVAILABLE, "the database has stopped");
    if !database.send(command).await {
        return Err(stopped());
    }
    let result = answer.await.map_err(|_| stopped())?;
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
    let schema = &database.shared.schema;
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
    let bytes = database.shared.schema_bytes.clone();
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}

async fn statistics(State(node): State<Arc<Node>>, Path(name): Path<String>) -> Result<Response, HttpError> {
    let database = database(&node, &name)?;
    Ok(Json(database.report()).into_response())
}

/// The running database of this name.
fn database(node: &Node, name: &str) -> Result<Arc<Database>, HttpError> {
    node.database(name).filter(|database| database.is_running()).ok_or_else(|| {
        let text = format!(
            "there is no database \"{name}\"; publish a module first: ambit publish DIR --name {name}"
        );
        HttpError::new(StatusCode::NOT_FOUND, text)
    })
}

/// Who sends a request, if it says so.
fn caller(node: &Node, headers: &HeaderMap) -> Result<Option<Identity>, HttpError> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let token = value.to_str().ok().and_then(|value| value.strip_prefix("Bearer "));
    let form =
        || HttpError::new(StatusCode::UNAUTHORIZED, "the Authorization header must be: Bearer <token>");
    let identity = node.identities.check(token.ok_or_else(form)?.trim());
    identity.map(Some).map_err(|error| HttpError::new(StatusCode::UNAUTHORIZED, error.to_string()))
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
