//! What the game's thread and the IO thread share about one connection.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ambit_client_core::{Outbox, Session};
use tokio::sync::Notify;

use crate::limits;
use crate::state::{ConnectionState, DisconnectReason};

/// Locks are held for one message, one call or one tick, and never two at a time.
#[derive(Debug)]
pub(crate) struct Link {
    session: Mutex<Session>,
    outbox: Mutex<Outbox>,
    status: Mutex<Status>,
    /// Counts everything a game could want to know of. Grows only while `status` is locked.
    news: AtomicU64,
    welcomes: AtomicU64,
    changed: Condvar,
    /// Wakes the IO side: something waits to be sent, or the client is to close.
    pub(crate) wake: Notify,
    /// Wakes the IO side's patience: the client is to close.
    pub(crate) closing: Notify,
    started: Instant,
    started_unix_us: u64,
}

#[derive(Debug)]
struct Status {
    state: ConnectionState,
    closing: bool,
}

impl Link {
    pub(crate) fn new() -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            session: Mutex::default(),
            outbox: Mutex::default(),
            status: Mutex::new(Status { state: ConnectionState::Connecting, closing: false }),
            news: AtomicU64::new(0),
            welcomes: AtomicU64::new(0),
            changed: Condvar::new(),
            wake: Notify::new(),
            closing: Notify::new(),
            started: Instant::now(),
            started_unix_us: u64::try_from(since_1970.as_micros()).unwrap_or_default(),
        }
    }

    pub(crate) fn session(&self) -> MutexGuard<'_, Session> {
        lock(&self.session)
    }

    pub(crate) fn outbox(&self) -> MutexGuard<'_, Outbox> {
        lock(&self.outbox)
    }

    pub(crate) fn state(&self) -> ConnectionState {
        lock(&self.status).state.clone()
    }

    /// Why the connection is over, if it is.
    pub(crate) fn ended(&self) -> Option<DisconnectReason> {
        match &lock(&self.status).state {
            ConnectionState::Disconnected { reason } => Some(reason.clone()),
            ConnectionState::Connecting
            | ConnectionState::Connected
            | ConnectionState::Reconnecting { .. } => None,
        }
    }

    /// Moves on to a state. A connection that is over stays over, with its first reason.
    pub(crate) fn set_state(&self, state: ConnectionState) {
        let mut status = lock(&self.status);
        if !matches!(status.state, ConnectionState::Disconnected { .. }) {
            status.state = state;
            self.tell();
        }
    }

    /// Tells waiting threads that a message came in.
    pub(crate) fn announce(&self) {
        let status = lock(&self.status);
        self.tell();
        drop(status);
    }

    /// To be called while `status` is locked, so that nobody falls asleep between the look and the bell.
    fn tell(&self) {
        self.news.fetch_add(1, Ordering::Release);
        self.changed.notify_all();
    }

    pub(crate) fn news(&self) -> u64 {
        self.news.load(Ordering::Acquire)
    }

    /// Waits until there are other news than `seen`; answers whether there are.
    pub(crate) fn wait(&self, seen: u64, timeout: Duration) -> bool {
        let wakeful = Instant::now() + timeout.min(limits::WAKEFUL_MAX);
        while self.news() == seen && Instant::now() < wakeful {
            std::thread::yield_now();
        }
        let status = lock(&self.status);
        let rest = timeout.saturating_sub(limits::WAKEFUL_MAX);
        let waited = self.changed.wait_timeout_while(status, rest, |_| self.news() == seen);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        self.news() != seen
    }

    /// The connection is lost for this reason, and another one is to be made; answers when it was. Nothing is called in between:
    /// the game is told so first.
    pub(crate) fn lose(&self, reason: &DisconnectReason) -> tokio::time::Instant {
        self.set_state(ConnectionState::Reconnecting { reason: reason.clone() });
        let lost = self.outbox().lose();
        self.session().lose(lost);
        self.announce();
        tokio::time::Instant::now()
    }

    /// Another connection stands: what is to be sent begins with what the client holds.
    pub(crate) fn resume(&self, key: [u64; 2]) {
        let claims = self.session().claim(key);
        let ended = self.outbox().resume(claims);
        self.session().end(ended);
        self.welcomes.fetch_add(1, Ordering::Release);
    }

    /// The token, once there was a Welcome.
    pub(crate) fn token(&self) -> Option<String> {
        self.session().welcome().map(|welcome| welcome.token.clone())
    }

    /// How often another connection stood.
    pub(crate) fn welcomes(&self) -> u64 {
        self.welcomes.load(Ordering::Acquire)
    }

    /// Asks the IO side to send what waits and close.
    pub(crate) fn close(&self) {
        lock(&self.status).closing = true;
        self.wake.notify_one();
        self.closing.notify_one();
    }

    pub(crate) fn is_closing(&self) -> bool {
        lock(&self.status).closing
    }

    /// Microseconds since 1970 by a clock that never goes back.
    pub(crate) fn now_us(&self) -> u64 {
        self.started_unix_us + u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX / 2)
    }
}

/// A thread that panicked while holding a lock has at worst left a message half taken in; the session refuses
/// damaged rows by itself.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
