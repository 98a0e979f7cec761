//! What the game has asked for and the server has not refused: so that it can be asked for again on another connection.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ambit_wire::{Delivery, Parameters};

use crate::session::Settled;

/// Subscriptions that are to go on, and calls without an answer.
#[derive(Debug, Default)]
pub(super) struct Standing {
    pub subscriptions: BTreeMap<u32, Asked>,
    /// Subscriptions that the game has ended and the server has not said so.
    pub ending: BTreeSet<u32>,
    /// Calls that were made, but for quiet ones, and of which the server has said nothing.
    pub calls: VecDeque<u32>,
}

/// A subscription as the game asked for it.
#[derive(Debug)]
pub(super) struct Asked {
    pub sql: String,
    pub delivery: Delivery,
    /// Those that are in force.
    pub parameters: Parameters,
    /// Changes of them that the server has not answered, by their numbers.
    pub changes: BTreeMap<u32, Parameters>,
}

impl Standing {
    /// Subscriptions of which the game is still to be told something.
    pub fn count(&self) -> usize {
        self.subscriptions.len() + self.ending.len()
    }

    /// Ends a subscription for the game.
    pub fn end(&mut self, subscription: u32) {
        if self.subscriptions.remove(&subscription).is_some() {
            self.ending.insert(subscription);
        }
    }

    /// Takes in what the server has said.
    pub fn settle(&mut self, settled: &Settled) {
        for request in &settled.answered {
            // Answers come nearly in the order of the calls.
            if let Some(at) = self.calls.iter().position(|call| call == request) {
                self.calls.remove(at);
            }
        }
        for subscription in &settled.over {
            self.subscriptions.remove(subscription);
            self.ending.remove(subscription);
        }
        for (subscription, change) in &settled.changed {
            let Some(asked) = self.subscriptions.get_mut(subscription) else { continue };
            let later = asked.changes.split_off(&(change + 1));
            let done = std::mem::replace(&mut asked.changes, later);
            if let Some((_, parameters)) = done.into_iter().next_back() {
                asked.parameters = parameters;
            }
        }
        for (subscription, change) in &settled.refused {
            if let Some(asked) = self.subscriptions.get_mut(subscription) {
                asked.changes.remove(change);
            }
        }
    }
}
