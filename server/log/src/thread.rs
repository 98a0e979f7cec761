//! The log's own thread: takes batches from a bounded queue, writes and syncs them in groups.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::batch::Batch;
use crate::limits;
use crate::writer::{AppendError, Log};

/// A handle to the log's thread. Dropping it lets the thread finish what was appended.
pub struct LogThread {
    sender: Option<SyncSender<Batch>>,
    recycled: Receiver<Batch>,
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

/// What the log's thread tells, on that thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogEvent<'a> {
    /// Everything up to this offset is on disk.
    Durable {
        /// The last durable offset.
        offset: u64,
        /// What [`Batch::byte_count`] says of the group's batches, added up.
        bytes: usize,
        /// Bytes that were written and synced: 0 if the group held no record.
        written: u64,
        /// How long writing and syncing the group took.
        took: Duration,
    },
    /// The log failed; nothing after the last durable offset will be acknowledged.
    Failed {
        /// Why, in a sentence.
        reason: &'a str,
    },
}

/// The log's thread takes no more batches.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct StoppedError {
    /// Why, in a sentence.
    pub reason: String,
}

struct State {
    durable_offset: AtomicU64,
    failure: OnceLock<String>,
}

impl LogThread {
    /// Starts the thread. `notify` is called on it after every group.
    pub fn start(log: Log, notify: impl FnMut(LogEvent<'_>) + Send + 'static) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(limits::QUEUED_BATCHES_MAX);
        let (recycler, recycled) = sync_channel(limits::QUEUED_BATCHES_MAX);
        let state = Arc::new(State {
            durable_offset: AtomicU64::new(log.durable_offset()),
            failure: OnceLock::new(),
        });
        let worker = Worker { log, receiver, recycler, state: Arc::clone(&state), notify };
        let thread = std::thread::Builder::new().name("ambit-log".into()).spawn(move || worker.run())?;
        Ok(Self { sender: Some(sender), recycled, state, thread: Some(thread) })
    }

    /// An empty batch, with the buffer of an earlier one if there is one.
    pub fn batch(&self) -> Batch {
        self.recycled.try_recv().unwrap_or_default()
    }

    /// Hands a batch to the thread; waits while [`limits::QUEUED_BATCHES_MAX`] batches are queued.
    pub fn append(&self, batch: Batch) -> Result<(), StoppedError> {
        self.check()?;
        let Some(sender) = &self.sender else { return Err(self.stopped()) };
        sender.send(batch).map_err(|_| self.stopped())
    }

    /// The last offset that is on disk; 0 if there is none.
    pub fn durable_offset(&self) -> u64 {
        self.state.durable_offset.load(Ordering::Acquire)
    }

    /// Why the log failed, if it has.
    pub fn failure(&self) -> Option<&str> {
        self.state.failure.get().map(String::as_str)
    }

    /// Waits until everything appended is on disk and ends the thread; returns the last durable offset.
    pub fn close(mut self) -> Result<u64, StoppedError> {
        self.join();
        self.check()?;
        Ok(self.durable_offset())
    }

    fn check(&self) -> Result<(), StoppedError> {
        match self.state.failure.get() {
            Some(reason) => Err(StoppedError { reason: reason.clone() }),
            None => Ok(()),
        }
    }

    fn stopped(&self) -> StoppedError {
        let reason = self.failure().unwrap_or("the log's thread has ended; restart the database");
        StoppedError { reason: reason.into() }
    }

    fn join(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            self.state.fail("the log's thread panicked; restart the database to recover what is durable");
        }
    }
}

impl Drop for LogThread {
    fn drop(&mut self) {
        self.join();
    }
}

impl State {
    fn fail(&self, reason: &str) -> &str {
        self.failure.get_or_init(|| reason.to_owned())
    }
}

struct Worker<N> {
    log: Log,
    receiver: Receiver<Batch>,
    recycler: SyncSender<Batch>,
    state: Arc<State>,
    notify: N,
}

impl<N: FnMut(LogEvent<'_>)> Worker<N> {
    fn run(mut self) {
        while let Ok(first) = self.receiver.recv() {
            if let Err(error) = self.write_group(first) {
                let reason = self.state.fail(&error.to_string());
                (self.notify)(LogEvent::Failed { reason });
                return;
            }
        }
    }

    /// Writes the first batch and those that have queued up behind it, and syncs once for all of them.
    fn write_group(&mut self, first: Batch) -> Result<(), AppendError> {
        let begin = Instant::now();
        let written_before = self.log.written_bytes();
        let mut bytes = 0;
        let mut next = Ok(first);
        while let Ok(batch) = next {
            bytes += batch.byte_count();
            self.log.append(&batch)?;
            self.recycle(batch);
            next = match bytes < limits::GROUP_BYTES_MAX {
                true => self.receiver.try_recv(),
                false => Err(TryRecvError::Empty),
            };
        }
        let offset = self.log.sync()?;
        self.state.durable_offset.store(offset, Ordering::Release);
        let written = self.log.written_bytes() - written_before;
        (self.notify)(LogEvent::Durable { offset, bytes, written, took: begin.elapsed() });
        Ok(())
    }

    fn recycle(&self, mut batch: Batch) {
        if batch.byte_count() > limits::GROUP_BYTES_MAX {
            return;
        }
        batch.clear();
        match self.recycler.try_send(batch) {
            // A full or closed recycling queue costs an allocation later, nothing else.
            Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
        }
    }
}
