//! Who sends a request. Known from its head, so that a stranger is refused before a body is read.

use std::sync::Arc;

use ambit_model::Identity;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};

use super::HttpError;
use crate::server::Node;

/// Who sends a request, if it says so.
pub struct Caller(pub Option<Identity>);

/// Who sends a request that only somebody may send.
pub struct Somebody(pub Identity);

impl FromRequestParts<Arc<Node>> for Caller {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, node: &Arc<Node>) -> Result<Self, HttpError> {
        let Some(value) = parts.headers.get(header::AUTHORIZATION) else { return Ok(Self(None)) };
        let token = value.to_str().ok().and_then(|value| value.strip_prefix("Bearer "));
        let token = token.ok_or_else(|| unauthorized("the Authorization header must be: Bearer <token>"))?;
        let identity = node.identities.check(token.trim());
        identity.map(|identity| Self(Some(identity))).map_err(|error| unauthorized(error.to_string()))
    }
}

impl FromRequestParts<Arc<Node>> for Somebody {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, node: &Arc<Node>) -> Result<Self, HttpError> {
        let Caller(caller) = Caller::from_request_parts(parts, node).await?;
        caller
            .map(Self)
            .ok_or_else(|| unauthorized("publishing needs an identity: send a token of this server's"))
    }
}

fn unauthorized(message: impl Into<String>) -> HttpError {
    HttpError::new(StatusCode::UNAUTHORIZED, message)
}
