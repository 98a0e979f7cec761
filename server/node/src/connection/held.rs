//! Updates that a client is sent only once they are durable.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};

use ambit_wire::{UpdateHeader, goodbye};

use super::Connection;

/// What waits, by rising offsets.
#[derive(Default)]
pub struct Held {
    updates: VecDeque<HeldUpdate>,
    bytes: usize,
}

/// An update, and what else the client is told then.
pub struct HeldUpdate {
    pub header: UpdateHeader,
    pub blocks: Vec<u8>,
    /// Messages that come after it: a subscription must not fail before an update that says it has begun.
    pub after: Vec<Vec<u8>>,
}

impl Held {
    /// Bytes of the updates' blocks, and of what follows them.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl HeldUpdate {
    fn byte_count(&self) -> usize {
        self.blocks.len() + self.after.iter().map(Vec::len).sum::<usize>()
    }
}

impl Connection {
    /// From now on the client is only told what is durable.
    pub fn confirm(&self) {
        self.is_confirmed.store(true, Ordering::Release);
    }

    /// Whether updates are held back until they are durable.
    pub fn is_confirmed(&self) -> bool {
        self.is_confirmed.load(Ordering::Acquire)
    }

    /// Sends an update.
    pub fn send_update(&self, header: &UpdateHeader, blocks: &[u8]) {
        let message = header.encode_with(&[blocks]);
        match header.applied.is_empty() && header.changed.is_empty() {
            true => self.send(message),
            false => self.send_large(message),
        };
    }

    /// Keeps an update for [`Self::release`]. Whether it is the first that is kept. If too much waits, the client is let go.
    pub(crate) fn hold(&self, update: HeldUpdate) -> bool {
        let mut held = self.held();
        if self.is_closing() {
            return false;
        }
        let (bytes, bytes_max) = (update.byte_count(), self.server_outgoing.bytes_max());
        if !held.updates.is_empty() && held.bytes + bytes > bytes_max {
            let reason = format!(
                "the log is behind: more than {bytes_max} bytes wait to be durable before this client may be told"
            );
            self.goodbye(goodbye::LIMIT, &reason);
            return false;
        }
        self.server_outgoing.change(0, bytes);
        held.bytes += bytes;
        held.updates.push_back(update);
        held.updates.len() == 1
    }

    /// Sends the updates up to this offset. Whether others are left.
    pub(crate) fn release(&self, durable_offset: u64) -> bool {
        let mut held = self.held();
        while let Some(mut update) =
            held.updates.pop_front_if(|update| update.header.offset <= durable_offset)
        {
            held.bytes -= update.byte_count();
            self.server_outgoing.change(update.byte_count(), 0);
            update.header.durable_offset = durable_offset;
            self.durable_told.fetch_max(durable_offset, Ordering::AcqRel);
            self.send_update(&update.header, &update.blocks);
            update.after.into_iter().for_each(|message| _ = self.send(message));
        }
        !held.updates.is_empty() && !self.is_closing()
    }

    pub(super) fn held(&self) -> MutexGuard<'_, Held> {
        // Nothing that could panic happens between two states that fit together.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
