//! The bodies of requests, bounded in bytes and time.

use axum::body::Body;
use axum::http::StatusCode;
use futures_util::StreamExt;

use super::HttpError;
use crate::limits;

/// The whole body, or why not.
pub async fn read(body: Body, bytes_max: usize) -> Result<Vec<u8>, HttpError> {
    let mut bytes = Vec::new();
    let mut take = |chunk: &[u8]| {
        let fits = bytes.len() + chunk.len() <= bytes_max;
        if fits {
            bytes.extend_from_slice(chunk);
        }
        fits
    };
    each_chunk(body, bytes_max, &mut take).await?;
    Ok(bytes)
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
                let text = format!("the body has more than {bytes_max} bytes");
                return Err(HttpError::new(StatusCode::PAYLOAD_TOO_LARGE, text));
            }
        }
        Ok(())
    };
    tokio::time::timeout(limits::HTTP_BODY_WAIT, whole).await.unwrap_or_else(|_| {
        let text = format!("the body did not arrive within {} s", limits::HTTP_BODY_WAIT.as_secs());
        Err(HttpError::new(StatusCode::REQUEST_TIMEOUT, text))
    })
}
