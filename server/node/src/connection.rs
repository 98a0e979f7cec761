//! One client's connection as the engine and the follower see it: a name and a bounded way out.
//!
//! Whoever has a message writes it to the socket at once, from its own thread: no task is woken for it. Only what the
//! system does not take waits here, and the connection's task writes it when the socket is ready. A client that lets
//! more than [`limits::OUTGOING_BYTES_MAX`] wait loses what waits and gets a Goodbye; less, if the clients of the server let
//! too much wait together.

mod held;

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ambit_model::{ConnectionId, Identity};
use ambit_wire::{ServerMessage, goodbye};
use bytes::Bytes;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::Notify;

use crate::frame::{Frame, Opcode};
use crate::limits::{self, FRAMES_PER_WRITE};
use held::Held;
pub use held::HeldUpdate;

/// Bytes that wait for all clients of a server together.
#[derive(Debug, Default)]
pub struct OutgoingBytes(AtomicUsize);

/// One client's connection.
pub struct Connection {
    /// Counts connections of this server since its start.
    pub number: u64,
    /// The connection's id, as reducers see it.
    pub id: ConnectionId,
    /// Who is connected.
    pub identity: Identity,
    /// Whether the client reads compressed messages.
    pub takes_compressed: bool,
    /// The durable offset that the client was last told.
    pub durable_told: AtomicU64,
    /// The offset of the client's last commit that it was told of.
    pub committed: AtomicU64,
    /// Whether the client is on the list of those who wait for a durable offset.
    pub waits_for_durable: AtomicBool,
    /// Whether the client ever subscribed: then updates tell it of durable offsets.
    pub has_subscriptions: AtomicBool,
    is_confirmed: AtomicBool,
    held: Mutex<Held>,
    stream: Arc<OwnedWriteHalf>,
    outgoing: Mutex<Outgoing>,
    server_outgoing: Arc<OutgoingBytes>,
    wake: Notify,
    batches: AtomicUsize,
    is_welcomed: AtomicBool,
    is_closing: AtomicBool,
    was_too_slow: AtomicBool,
}

/// Frames that the system has not taken yet.
#[derive(Default)]
struct Outgoing {
    frames: VecDeque<Frame>,
    /// Bytes of the first frame that are already written.
    written: usize,
    bytes: usize,
    /// What is counted of them in the server's sum.
    counted: usize,
    /// Nothing more is taken; the connection's task writes what is left and closes.
    is_ending: bool,
}

impl Connection {
    /// A connection over this socket. What waits for it is counted in `server_outgoing` too.
    pub fn new(
        number: u64,
        (identity, id, takes_compressed): (Identity, ConnectionId, bool),
        stream: Arc<OwnedWriteHalf>,
        server_outgoing: Arc<OutgoingBytes>,
    ) -> Self {
        Self {
            number,
            id,
            identity,
            takes_compressed,
            durable_told: AtomicU64::new(0),
            committed: AtomicU64::new(0),
            waits_for_durable: AtomicBool::new(false),
            has_subscriptions: AtomicBool::new(false),
            is_confirmed: AtomicBool::new(false),
            held: Mutex::default(),
            stream,
            outgoing: Mutex::default(),
            server_outgoing,
            wake: Notify::new(),
            batches: AtomicUsize::new(0),
            is_welcomed: AtomicBool::new(false),
            is_closing: AtomicBool::new(false),
            was_too_slow: AtomicBool::new(false),
        }
    }

    /// Sends one message. False if the connection is at its end: there is nobody to tell.
    pub fn send(&self, message: Vec<u8>) -> bool {
        self.send_frame(Frame::new(Opcode::Binary, message))
    }

    /// Sends one message that may be large: compressed, if the client takes that. The connection's task does so; what is
    /// sent meanwhile waits behind it.
    pub fn send_large(&self, message: Vec<u8>) -> bool {
        let is_raw = self.takes_compressed && message.len() >= limits::COMPRESSED_BYTES_MIN;
        let mut frame = Frame::new(Opcode::Binary, message);
        frame.is_raw = is_raw;
        self.send_frame(frame)
    }

    /// Says why and closes. Later messages are dropped.
    pub fn goodbye(&self, code: u16, reason: &str) {
        let mut outgoing = self.lock();
        self.end(&mut outgoing, code, reason);
        self.count(&mut outgoing);
        self.wake.notify_one();
    }

    /// Whether the connection is at its end.
    pub fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Acquire)
    }

    /// Whether the client was let go because it reads too slowly.
    pub fn was_too_slow(&self) -> bool {
        self.was_too_slow.load(Ordering::Acquire)
    }

    /// Counts a batch of calls, or a subscription that begins or ends, on its way to the engine or the follower.
    pub fn batch_begins(&self) {
        self.batches.fetch_add(1, Ordering::AcqRel);
    }

    /// The engine or the follower is done with it.
    pub fn batch_ends(&self) {
        if self.batches.fetch_sub(1, Ordering::AcqRel) == limits::BATCHES_PER_CONNECTION_MAX {
            self.wake.notify_one();
        }
    }

    /// Sends the Welcome. Nothing is read from a client before, so that nothing can be answered before.
    pub fn welcome(&self, message: Vec<u8>) {
        self.send(message);
        self.is_welcomed.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    /// Whether the client was welcomed and the engine may be given another batch of its calls.
    pub fn may_call(&self) -> bool {
        self.is_welcomed.load(Ordering::Acquire)
            && self.batches.load(Ordering::Acquire) < limits::BATCHES_PER_CONNECTION_MAX
    }

    /// Sends a frame of any kind.
    pub(crate) fn send_frame(&self, frame: Frame) -> bool {
        let mut outgoing = self.lock();
        if outgoing.is_ending {
            return false;
        }
        let bytes_max = self.server_outgoing.bytes_max();
        // A first frame may be larger, and is not to blame while it is compressed: a reader is slow when it leaves frames lying, not when it asked for much.
        let raw_bytes = outgoing.frames.front().filter(|first| first.is_raw).map_or(0, Frame::len);
        if !outgoing.frames.is_empty() && outgoing.bytes - raw_bytes + frame.len() > bytes_max {
            let reason = format!("this client reads too slowly: more than {bytes_max} bytes wait for it");
            self.was_too_slow.store(true, Ordering::Release);
            self.end(&mut outgoing, goodbye::TOO_SLOW, &reason);
            self.count(&mut outgoing);
            self.wake.notify_one();
            return false;
        }
        let waited = !outgoing.frames.is_empty();
        outgoing.push(frame);
        // If earlier frames wait, the connection's task is already waiting for the socket.
        if !waited && self.write(&mut outgoing).is_err() {
            outgoing.abandon();
            self.is_closing.store(true, Ordering::Release);
        }
        self.count(&mut outgoing);
        if !waited && (!outgoing.frames.is_empty() || outgoing.is_ending) {
            self.wake.notify_one();
        }
        true
    }

    /// Waits until there may be something to do for the connection's task.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Whether frames wait for the socket.
    pub(crate) fn has_waiting(&self) -> bool {
        self.lock().is_writable()
    }

    /// The first message that is to be compressed before it goes out.
    pub(crate) fn raw(&self) -> Option<Bytes> {
        self.lock().frames.iter().find(|frame| frame.is_raw).map(Frame::payload)
    }

    /// That message was compressed, or does not gain by it; it goes out. Not if it was dropped meanwhile.
    pub(crate) fn packed(&self, packed: Option<Vec<u8>>) {
        let mut outgoing = self.lock();
        let outgoing = &mut *outgoing;
        let Some(place) = outgoing.frames.iter().position(|frame| frame.is_raw) else { return };
        if let Some(frame) = outgoing.frames.get_mut(place) {
            outgoing.bytes -= frame.len();
            match packed {
                Some(packed) => *frame = Frame::new(Opcode::Binary, packed),
                None => frame.is_raw = false,
            }
            outgoing.bytes += frame.len();
        }
        // What lies before it is already waiting for the socket.
        if place == 0 && self.write(outgoing).is_err() {
            outgoing.abandon();
            self.is_closing.store(true, Ordering::Release);
        }
        self.count(outgoing);
    }

    /// Nothing is compressed any more.
    pub(crate) fn give_up_compression(&self) {
        self.lock().frames.iter_mut().for_each(|frame| frame.is_raw = false);
    }

    /// Waits until the socket takes bytes again, and writes what waits.
    pub(crate) async fn write_waiting(&self) -> io::Result<()> {
        self.stream.writable().await?;
        let mut outgoing = self.lock();
        let written = self.write(&mut outgoing);
        self.count(&mut outgoing);
        written
    }

    /// Brings the server's sum up to date.
    fn count(&self, outgoing: &mut Outgoing) {
        let waiting = if outgoing.frames.is_empty() { 0 } else { outgoing.bytes };
        let counted = std::mem::replace(&mut outgoing.counted, waiting);
        self.server_outgoing.change(counted, waiting);
    }

    fn end(&self, outgoing: &mut Outgoing, code: u16, reason: &str) {
        if outgoing.is_ending {
            return;
        }
        outgoing.keep_begun();
        let message = ServerMessage::Goodbye { code, message: reason }.encode();
        outgoing.push(Frame::new(Opcode::Binary, message));
        outgoing.push(Frame::close(reason));
        outgoing.is_ending = true;
        self.is_closing.store(true, Ordering::Release);
        if self.write(outgoing).is_err() {
            outgoing.abandon();
        }
    }

    fn write(&self, outgoing: &mut Outgoing) -> io::Result<()> {
        while outgoing.is_writable() {
            let mut slices = [IoSlice::new(&[]); 2 * FRAMES_PER_WRITE];
            let count = outgoing.slices(&mut slices);
            match self.stream.try_write_vectored(slices.get(..count).unwrap_or_default()) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(bytes) => outgoing.advance(bytes),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Outgoing> {
        // A panic while the lock is held leaves whole frames in the queue.
        self.outgoing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let counted = self.lock().counted + self.held().bytes();
        self.server_outgoing.change(counted, 0);
    }
}

impl OutgoingBytes {
    fn change(&self, from: usize, to: usize) {
        if to > from {
            self.0.fetch_add(to - from, Ordering::Relaxed);
        } else if to < from {
            self.0.fetch_sub(from - to, Ordering::Relaxed);
        }
    }

    /// How many bytes may wait for one client now.
    fn bytes_max(&self) -> usize {
        match self.0.load(Ordering::Relaxed) < limits::SERVER_OUTGOING_BYTES_MAX {
            true => limits::OUTGOING_BYTES_MAX,
            false => limits::OUTGOING_BYTES_WHEN_CROWDED_MAX,
        }
    }
}

impl Outgoing {
    fn push(&mut self, frame: Frame) {
        self.bytes += frame.len();
        self.frames.push_back(frame);
    }

    /// Drops all frames but the one that the client has already got a part of.
    fn keep_begun(&mut self) {
        self.frames.truncate(usize::from(self.written > 0));
        self.bytes = self.frames.iter().map(Frame::len).sum::<usize>() - self.written;
    }

    fn is_writable(&self) -> bool {
        self.frames.front().is_some_and(|first| !first.is_raw)
    }

    fn abandon(&mut self) {
        *self = Self { is_ending: true, counted: self.counted, ..Self::default() };
    }

    fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>; 2 * FRAMES_PER_WRITE]) -> usize {
        let mut skip = self.written;
        let mut count = 0;
        let ready = self.frames.iter().take_while(|frame| !frame.is_raw);
        for part in ready.take(FRAMES_PER_WRITE).flat_map(Frame::parts) {
            let rest = part.get(skip..).unwrap_or_default();
            skip = skip.saturating_sub(part.len());
            if let Some(slice) = slices.get_mut(count).filter(|_| !rest.is_empty()) {
                *slice = IoSlice::new(rest);
                count += 1;
            }
        }
        count
    }

    fn advance(&mut self, bytes: usize) {
        self.bytes -= bytes;
        self.written += bytes;
        while let Some(first) = self.frames.front().map(Frame::len).filter(|first| *first <= self.written) {
            self.written -= first;
            self.frames.pop_front();
        }
        if self.frames.is_empty() && self.frames.capacity() > FRAMES_PER_WRITE {
            self.frames = VecDeque::new();
        }
    }
}

#[cfg(test)]
mod tests;
