//! The bodies of requests, bounded in bytes and time.

use axum::body::Body;
use axum::http::StatusCode;
use futures_util::StreamExt;

use super::HttpError;
use crate::limits;

/// The whole body, or why not. As much again of a body that is too large passes by unkept: a client that is still sending
/// would not read the answer.
pub async fn read(body: Body, bytes_max: usize) -> Result<Vec<u8>, HttpError> {
    let (mut bytes, mut byte_count) = (Vec::new(), 0_usize);
    let mut take = |chunk: &[u8]| {
        byte_count = byte_count.saturating_add(chunk.len());
        if byte_count <= bytes_max {
            bytes.extend_from_slice(chunk);
        }
        byte_count <= bytes_max.saturating_mul(2)
    };
    each_chunk(body, bytes_max, &mut take).await?;
    if byte_count > bytes_max { Err(too_large(bytes_max)) } else { Ok(bytes) }
}

/// Lets a body that nobody wants pass by, keeping none of it: a client that is still sending would not read the answer.
pub async fn discard(body: Body, bytes_max: usize) {
    let mut rest = bytes_max;
    let mut take = |chunk: &[u8]| {
        rest = rest.saturating_sub(chunk.len());
        rest > 0
    };
    // The client is refused already, for a better reason.
    drop(each_chunk(body, bytes_max, &mut take).await);
}

/// Gives out the body's chunks until one is not taken.
async fn each_chunk(
    body: Body,
    bytes_max: usize,
    take: &mut impl FnMut(&[u8]) -> bool,
) -> Result<(), HttpError> {
    let mut chunks = body.into_data_stream();
    let whole = async {
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| {
                let text = format!("the body did not arrive whole: {error}");
                HttpError::new(StatusCode::BAD_REQUEST, text)
            })?;
            if !take(&chunk) {
                return Err(too_large(bytes_max));
            }
        }
        Ok(())
    };
    tokio::time::timeout(limits::HTTP_BODY_WAIT, whole).await.unwrap_or_else(|_| {
        let text = format!("the body did not arrive within {} s", limits::HTTP_BODY_WAIT.as_secs());
        Err(HttpError::new(StatusCode::REQUEST_TIMEOUT, text))
    })
}

fn too_large(bytes_max: usize) -> HttpError {
    HttpError::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the body has more than {bytes_max} bytes"))
}
