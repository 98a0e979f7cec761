//! The sending side of a connection that is lost, and of the next one.

use std::collections::HashSet;
use std::mem;

use ambit_wire::{Calls, ClientMessage};

use super::{Outbox, Outgoing};
use crate::CallStatus;
use crate::session::{CallOutcome, Settled};

/// What a lost connection leaves behind.
#[derive(Debug, Default)]
pub struct Lost {
    /// Calls that will not be answered.
    pub outcomes: Vec<CallOutcome>,
    /// Subscriptions that the game has ended: the server will not say so.
    pub ended: Vec<u32>,
}

impl Outbox {
    /// Takes in what the server has said of calls and subscriptions, as [`crate::Session::take_settled`] gives it.
    pub fn settle(&mut self, settled: &Settled) {
        self.standing.settle(settled);
    }

    /// The connection is lost: nothing that waits goes out any more, and calls are refused. Subscriptions stay, and can be begun,
    /// changed and ended, to be asked for by [`Self::resume`].
    pub fn lose(&mut self) -> Lost {
        self.is_lost = true;
        let mut outcomes = Vec::new();
        let unsent = self.drop_queue(&mut outcomes);
        let calls = mem::take(&mut self.standing.calls);
        let lost = calls.into_iter().filter(|request| !unsent.contains(request));
        outcomes.extend(lost.map(|request| {
            CallOutcome {
                request,
                status: CallStatus::Lost,
                offset: 0,
                message:
                    "the connection was lost before the answer; whether the call was committed is not known"
                        .into(),
            }
        }));
        Lost { outcomes, ended: mem::take(&mut self.standing.ending).into_iter().collect() }
    }

    /// Another connection stands: what the client claims to hold goes out, and then everything that it wants to be told of. Answers
    /// the subscriptions that were ended meanwhile.
    pub fn resume(&mut self, claims: Vec<u8>) -> Vec<u32> {
        self.is_lost = false;
        self.push_unbounded(claims);
        let mut messages = Vec::new();
        for (&subscription, asked) in &self.standing.subscriptions {
            let (sql, delivery, parameters) = (&*asked.sql, asked.delivery.clone(), asked.parameters.clone());
            messages.push(ClientMessage::Subscribe { subscription, sql, delivery, parameters }.encode());
            for (&change, parameters) in &asked.changes {
                let parameters = parameters.clone();
                messages.push(ClientMessage::ChangeParameters { subscription, change, parameters }.encode());
            }
        }
        messages.into_iter().for_each(|message| self.push_unbounded(message));
        self.push_unbounded(ClientMessage::ResumeEnd.encode());
        mem::take(&mut self.standing.ending).into_iter().collect()
    }

    /// Forgets what waits; tells what becomes of the calls among it, and answers which those are.
    fn drop_queue(&mut self, outcomes: &mut Vec<CallOutcome>) -> HashSet<u32> {
        let mut unsent = HashSet::new();
        self.queued_bytes = 0;
        for waiting in mem::take(&mut self.queue) {
            let Outgoing::Calls { block, .. } = waiting else { continue };
            // The outbox wrote the block itself.
            for call in Calls::new(&block).filter_map(Result::ok) {
                unsent.insert(call.request);
                outcomes.push(CallOutcome {
                    request: call.request,
                    status: CallStatus::Rejected,
                    offset: 0,
                    message: "the connection was lost before the call was sent".into(),
                });
            }
        }
        unsent
    }

    /// What belongs to a new connection's beginning is bounded by what the game has asked for.
    fn push_unbounded(&mut self, message: Vec<u8>) {
        self.queued_bytes += message.len();
        self.queue.push_back(Outgoing::Message(message));
    }
}
