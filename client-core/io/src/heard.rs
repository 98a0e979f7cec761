//! A stream that knows when it last brought bytes: a large message over a slow line is no silence.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, timeout_at};

/// The moment of the last bytes, shared with whoever waits for more.
#[derive(Debug, Clone)]
pub(crate) struct LastHeard(Arc<Mutex<Instant>>);

impl LastHeard {
    pub(crate) fn now() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    fn get(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, moment: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = moment;
    }

    /// The stream's next item; `None` when no byte has come for `silence_max`.
    pub(crate) async fn next_in_time<S: Stream + Unpin>(
        &self,
        stream: &mut S,
        silence_max: Duration,
    ) -> Option<Option<S::Item>> {
        loop {
            let heard = self.get();
            match timeout_at(heard + silence_max, stream.next()).await {
                Ok(item) => return Some(item),
                // Bytes that came meanwhile begin the patience anew.
                Err(_) if self.get() > heard => {}
                Err(_) => return None,
            }
        }
    }
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Heard<S> {
    stream: S,
    last: LastHeard,
}

impl<S> Heard<S> {
    pub(crate) fn new(stream: S, last: LastHeard) -> Self {
        Self { stream, last }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Heard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.last.set(Instant::now());
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Heard<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::time::advance;
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::Message;
    use tokio_tungstenite::tungstenite::protocol::Role;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    /// The clock is paused: it jumps to the next timer whenever everyone waits.
    #[tokio::test(start_paused = true)]
    async fn a_message_may_take_longer_than_the_longest_silence() {
        let (here, mut there) = tokio::io::duplex(64);
        let server = tokio::spawn(async move {
            for bytes in [&[0x82_u8, 5][..], b"h", b"e", b"l", b"l", b"o"] {
                there.write_all(bytes).await.unwrap();
                advance(Duration::from_secs(6)).await;
            }
            there
        });
        let last = LastHeard::now();
        let heard = Heard::new(here, last.clone());
        let mut socket = WebSocketStream::from_raw_socket(heard, Role::Client, None).await;
        let message = last.next_in_time(&mut socket, PATIENCE).await.unwrap().unwrap().unwrap();
        assert_eq!(message, Message::Binary("hello".into()));
        // Nothing more comes: the patience ends that long after the last byte.
        let last_byte = last.get();
        assert!(last.next_in_time(&mut socket, PATIENCE).await.is_none());
        assert_eq!(last_byte.elapsed().as_secs(), PATIENCE.as_secs());
        drop(server.await.unwrap());
    }
}
