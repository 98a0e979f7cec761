//! What became of changes of parameters. It leaves out what the subscriptions themselves have come to.

use std::collections::{BTreeMap, HashMap};

use crate::error::{ProtocolError, too_many_notices};
use crate::limits;
use crate::session::SubscriptionState;

/// What the server told of changes.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// By subscription: its last change that has taken effect.
    applied: HashMap<u32, u32>,
    /// By the change's number.
    refused: BTreeMap<u32, SubscriptionState>,
}

impl Changes {
    /// The subscription has the parameters of this change.
    pub(crate) fn applied(&mut self, subscription: u32, change: u32) -> Result<(), ProtocolError> {
        if self.applied.len() >= limits::NOTICES_MAX && !self.applied.contains_key(&subscription) {
            return Err(too_many_notices());
        }
        self.applied.insert(subscription, change);
        Ok(())
    }

    /// The server does not take this change. Of many refusals the last ones are remembered.
    pub(crate) fn refused(&mut self, change: u32, message: &str) {
        self.refused.insert(change, SubscriptionState::Failed(message.into()));
        self.forget_old_refusals();
    }

    /// Adds what was told since.
    pub(crate) fn take(&mut self, news: &mut Self) {
        self.applied.extend(news.applied.drain());
        self.refused.append(&mut news.refused);
        self.forget_old_refusals();
    }

    /// Forgets subscriptions that are over.
    pub(crate) fn retain(&mut self, is_alive: impl Fn(u32) -> bool) {
        self.applied.retain(|&subscription, _| is_alive(subscription));
    }

    /// How a change stands; `None` if nothing was told of it.
    pub(crate) fn state(&self, subscription: u32, change: u32) -> Option<&SubscriptionState> {
        let is_applied = self.applied.get(&subscription).is_some_and(|&last| last >= change);
        self.refused.get(&change).or(is_applied.then_some(&SubscriptionState::Applied))
    }

    fn forget_old_refusals(&mut self) {
        while self.refused.len() > limits::CHANGE_REFUSALS_MAX {
            self.refused.pop_first();
        }
    }
}
