//! Large messages are compressed before they go out: by the connection's task, never by the thread that flushes.

use std::sync::Arc;

use ambit_wire::ServerMessage;
use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::limits::COMPRESSION_LEVEL;

/// A compressed message, or none if that is no gain.
type Packed = Option<Vec<u8>>;

/// The message of a connection that is being compressed.
pub struct Packing {
    /// So many messages of all connections are compressed at once.
    permits: Arc<Semaphore>,
    job: Option<JoinHandle<Packed>>,
}

impl Packing {
    /// Nothing yet.
    pub fn new(permits: Arc<Semaphore>) -> Self {
        Self { permits, job: None }
    }

    /// Whether a message is being compressed.
    pub fn is_busy(&self) -> bool {
        self.job.is_some()
    }

    /// Begins with a message.
    pub fn begin(&mut self, message: Bytes) {
        let permits = Arc::clone(&self.permits);
        self.job = Some(tokio::spawn(async move {
            let _permit = permits.acquire_owned().await.ok()?;
            tokio::task::spawn_blocking(move || compress(&message)).await.ok().flatten()
        }));
    }

    /// Waits for the message that was begun; for ever, if none was. May be dropped and asked again.
    pub async fn done(&mut self) -> Packed {
        match &mut self.job {
            Some(job) => {
                // A job that broke is no gain: the message then goes out as it is.
                let packed = job.await.ok().flatten();
                self.job = None;
                packed
            }
            None => std::future::pending().await,
        }
    }
}

/// The message that holds another one compressed, if it is smaller.
pub fn compress(message: &[u8]) -> Packed {
    let block = zstd::bulk::compress(message, COMPRESSION_LEVEL).ok()?;
    let packed = ServerMessage::Compressed { length: message.len(), block: &block }.encode();
    Some(packed).filter(|packed| packed.len() < message.len())
}
