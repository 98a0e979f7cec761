//! The receiving half of a connection that is lost, and of the next one: the rows stay, and what is different comes.
//!
//! Until the server says that everything is told, the game keeps the world as it was; then it goes to the new one in one step.

use std::sync::Arc;

use ambit_model::Slot;
use ambit_wire::{ClientMessage, LeaveReason, limits as wire, row_digest, write_claims};

use super::{CallOutcome, Session, SubscriptionState, Welcome};
use crate::error::ProtocolError;
use crate::outbox::Lost;
use crate::replica::Replica;

/// Where a session stands between two connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Passage {
    /// The rows follow the server.
    #[default]
    None,
    /// The connection is lost.
    Lost,
    /// Another one stands, and the server has not told all that is different.
    Resuming,
}

/// What the server has said and the outbox has to know, for the case that the connection is lost.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settled {
    /// Calls.
    pub answered: Vec<u32>,
    /// Subscriptions that have ended, or were refused.
    pub over: Vec<u32>,
    /// Subscriptions, and the last change of their parameters that counts.
    pub changed: Vec<(u32, u32)>,
    /// Subscriptions, and changes that were refused.
    pub refused: Vec<(u32, u32)>,
}

impl Settled {
    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        let Self { answered, over, changed, refused } = self;
        answered.is_empty() && over.is_empty() && changed.is_empty() && refused.is_empty()
    }
}

impl Session {
    /// What [`crate::Outbox::settle`] is to be told since the last time.
    pub fn take_settled(&mut self) -> Settled {
        std::mem::take(&mut self.settled)
    }

    /// The connection is lost; `lost` is what the outbox leaves behind. Only a session that was welcomed can go on.
    pub fn lose(&mut self, lost: Lost) {
        self.passage = Passage::Lost;
        self.goodbye = None;
        self.last_offset = 0;
        self.timing.lose();
        for outcome in lost.outcomes {
            self.fail(outcome);
        }
        self.end(lost.ended);
    }

    /// After the Welcome of another connection: what the client holds, in a message that is to be sent before all others. `key` is
    /// to be drawn by chance. Rows beyond [`wire::CLAIMS_MAX`] are given up, to be sent again.
    pub fn claim(&mut self, key: [u64; 2]) -> Vec<u8> {
        // If this connection is lost too before all is told, the next one goes on from there.
        self.is_between = true;
        let mut block = Vec::new();
        let mut left = wire::CLAIMS_MAX;
        for (table, id) in self.tables.iter_mut().zip(0..) {
            let mut held = table.held();
            for slot in held.split_off(held.len().min(left)) {
                table.give_up(slot);
            }
            left -= held.len();
            table.forget_ways();
            let digest = |slot| table.row(slot).map(|row| (slot, row_digest(key, row)));
            let claims: Vec<_> = held.into_iter().filter_map(digest).collect();
            write_claims(&mut block, id, &claims);
        }
        ClientMessage::Resume { key, block: &block }.encode()
    }

    /// Tells the game that these subscriptions, which it has ended, are over.
    pub fn end(&mut self, subscriptions: Vec<u32>) {
        for subscription in subscriptions {
            // They are fewer than the news that may wait.
            self.news.subscriptions.push((subscription, SubscriptionState::Ended));
            self.news.inspections.forget(subscription);
        }
    }

    /// Whether the game's rows follow the server: not from the loss of a connection on until all that is different was told.
    pub fn is_following(&self) -> bool {
        self.welcome.is_some() && self.passage == Passage::None
    }

    /// Whether the rows are between two states of the world, of which the game is to see neither half.
    pub(crate) fn is_between(&self) -> bool {
        self.is_between
    }

    /// Another connection begins.
    pub(super) fn welcome_back(&mut self, welcome: Welcome) -> Result<(), ProtocolError> {
        if self.passage != Passage::Lost {
            return Err(ProtocolError::SecondWelcome);
        }
        match &mut self.welcome {
            Some(known) if known.schema == welcome.schema => {
                // The game's tables go on to share the schema that they have.
                *known = Welcome { schema: Arc::clone(&known.schema), ..welcome };
            }
            Some(_) | None => return Err(ProtocolError::SchemaChanged),
        }
        self.passage = Passage::Resuming;
        // A server that was restarted counts on from what it found: commits that were not logged give back their numbers.
        (self.news.offset, self.news.durable_offset) = (0, 0);
        Ok(())
    }

    /// All that is different was told.
    pub(super) fn catch_up(&mut self) {
        if self.passage == Passage::Resuming {
            (self.passage, self.is_between) = (Passage::None, false);
            self.news.has_caught_up = true;
        }
    }

    /// A call that will not be answered.
    fn fail(&mut self, outcome: CallOutcome) {
        let (Ok(()) | Err(_)) = self.result(outcome);
    }
}

impl Replica {
    /// Gives up a row that the server may tell again.
    fn give_up(&mut self, slot: Slot) {
        let given_up = self.delete(slot, LeaveReason::Away);
        debug_assert!(given_up.is_ok(), "a held row can be given up");
    }
}
