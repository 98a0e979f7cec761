//! News of durability: from the log thread to whoever waits, to clients that nothing else would tell, and to those that are told
//! nothing else.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ambit_interest::ClientUpdate;
use ambit_log::{Log, LogEvent, LogThread};
use ambit_wire::{ServerMessage, goodbye};
use tokio::sync::watch;

use super::follower_thread;
use super::gate::GateKeeper;
use super::{Shared, Statistics};
use crate::connection::Connection;
use crate::limits;
use crate::log_lines::Level;

/// What the log thread tells others. It goes with the thread.
pub struct LogNews {
    /// Takes durable offsets.
    pub durable: watch::Sender<u64>,
    /// Lets the engine send more records.
    pub keeper: GateKeeper,
    /// See [`Shared::ended`].
    pub _closed: watch::Sender<()>,
}

impl LogNews {
    fn tell(&self, bytes: usize, offset: u64) {
        self.keeper.leave(bytes);
        self.durable.send_replace(offset);
    }
}

/// Starts the log's thread.
pub fn start_log(log: Log, news: LogNews, shared: Arc<Shared>) -> io::Result<LogThread> {
    // Through a method, so that the thread takes all of `news` and not only the parts that it uses.
    LogThread::start(log, move |event| match event {
        LogEvent::Durable { offset, bytes, written, took } => {
            if written > 0 {
                let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
                Statistics::add(&shared.statistics.log_sync_us, micros);
                Statistics::add(&shared.statistics.log_bytes, written);
                Statistics::add(&shared.statistics.log_syncs, 1);
            }
            news.tell(bytes, offset);
        }
        LogEvent::Failed { reason } => {
            shared
                .lines
                .server(Level::Error, format!("the log failed, nothing is committed any more: {reason}"));
            // Before the thread is gone, which tells everybody that the database has ended.
            drop(shared.ending.set((goodbye::DATABASE, reason.to_owned())));
        }
    })
}

/// Clients whose last commits were not durable when they were told of them.
#[derive(Default)]
pub struct Waiting {
    clients: Mutex<Vec<WaitingClient>>,
    /// Clients with updates that are held until they are durable.
    held: Mutex<Vec<Arc<Connection>>>,
}

struct WaitingClient {
    connection: Arc<Connection>,
    /// When it is told if nothing else has told it.
    due: Instant,
}

impl Waiting {
    /// Notes a client that is about to be told of a commit. To be called before the durable offset is read that it is told:
    /// what becomes durable in between finds it here. It is on the list at most once.
    pub fn add(&self, connection: &Arc<Connection>) {
        if connection.waits_for_durable.swap(true, Ordering::AcqRel) {
            return;
        }
        // Its next update will tell a client that has subscriptions.
        let patience = match connection.has_subscriptions.load(Ordering::Relaxed) {
            true => limits::DURABLE_PATIENCE,
            false => Duration::ZERO,
        };
        let client = WaitingClient { connection: Arc::clone(connection), due: Instant::now() + patience };
        lock(&self.clients).push(client);
    }

    /// Sends an update once it is durable, and all of the client's updates in order.
    pub fn hold(
        &self,
        connection: &Arc<Connection>,
        update: &ClientUpdate<'_>,
        durable: &watch::Receiver<u64>,
    ) {
        let inspections = follower_thread::inspections(update).collect();
        if connection.hold(update.header(0), update.blocks.to_vec(), inspections) {
            lock(&self.held).push(Arc::clone(connection));
        }
        // After it is on the list: what becomes durable from here on finds it there.
        let durable_offset = *durable.borrow();
        if update.offset <= durable_offset {
            connection.release(durable_offset);
        }
    }

    /// Sends what was held and is durable.
    fn release(&self, durable_offset: u64) {
        let mut connections = std::mem::take(&mut *lock(&self.held));
        connections.retain(|connection| connection.release(durable_offset));
        lock(&self.held).append(&mut connections);
    }

    /// Tells those who are due; returns when to look again if somebody is left who is not.
    fn tell(&self, durable_offset: u64, now: Instant) -> Option<Instant> {
        let mut clients = std::mem::take(&mut *lock(&self.clients));
        clients.retain(|client| {
            let connection = &client.connection;
            // A swap, not a store: whoever still sees the mark has made its commit visible to the next line.
            connection.waits_for_durable.swap(false, Ordering::AcqRel);
            let committed = connection.committed.load(Ordering::Acquire);
            let told = connection.durable_told.load(Ordering::Acquire);
            if told < committed && told < durable_offset && client.due <= now {
                connection.durable_told.fetch_max(durable_offset, Ordering::AcqRel);
                connection.send(ServerMessage::Durable { durable_offset }.encode());
            }
            let is_left =
                connection.durable_told.load(Ordering::Acquire) < committed && !connection.is_closing();
            // Somebody else may have put it on the new list meanwhile.
            is_left && !connection.waits_for_durable.swap(true, Ordering::AcqRel)
        });
        let next = clients.iter().map(|client| client.due).filter(|due| *due > now).min();
        lock(&self.clients).append(&mut clients);
        next
    }
}

fn lock<T>(list: &Mutex<Vec<T>>) -> MutexGuard<'_, Vec<T>> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells waiting clients of durable offsets until the log's thread has ended. A client that gets results or updates anyway
/// learns the offset from them.
pub async fn tell_durable(shared: Arc<Shared>) {
    let mut durable = shared.durable.clone();
    loop {
        let offset = *durable.borrow_and_update();
        shared.waiting.release(offset);
        let again = shared.waiting.tell(offset, Instant::now());
        tokio::time::sleep(limits::DURABLE_PAUSE).await;
        let wait = async {
            match again {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = durable.changed() => if changed.is_err() { return },
            () = wait => {}
        }
    }
}
