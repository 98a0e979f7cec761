//! What waits to be sent: in order, bounded, calls gathered in as few messages as possible.

mod resume;
mod standing;

use std::collections::{BTreeMap, VecDeque};

use ambit_wire::{Call, Calls, ClientMessage, Delivery, Parameters, limits as wire, write_call};

use crate::error::{SendError, full};
use crate::limits;
pub use resume::Lost;
use standing::{Asked, Standing};

/// The bit that the requests of quiet calls have, so that their failures can be told from other results.
pub(crate) const QUIET_REQUEST: u32 = 1 << 31;

/// Messages to the server. The game's thread fills it, the IO side empties it with [`Outbox::transmit`].
#[derive(Debug, Default)]
pub struct Outbox {
    queue: VecDeque<Outgoing>,
    queued_bytes: usize,
    next_request: u32,
    in_flight: usize,
    next_subscription: u32,
    next_change: u32,
    standing: Standing,
    /// Whether there is no connection until another one stands.
    is_lost: bool,
    messages_sent: u64,
    bytes_sent: u64,
}

#[derive(Debug)]
enum Outgoing {
    Message(Vec<u8>),
    Calls { block: Vec<u8>, count: usize },
}

impl Outbox {
    /// An empty outbox.
    pub fn new() -> Self {
        Self::default()
    }

    /// The first message of a connection.
    pub fn hello(token: Option<&str>) -> Vec<u8> {
        let protocol = ambit_wire::PROTOCOL_VERSION;
        ClientMessage::Hello { protocol, token, takes_compressed: true }.encode()
    }

    /// Asks for a subscription; answers its number. `rate` in updates per second: 0 is the server's default,
    /// infinity is one update per commit.
    pub fn subscribe(&mut self, sql: &str, rate: f32) -> Result<u32, SendError> {
        self.subscribe_with(sql, &Parameters::new(), rate)
    }

    /// As [`Self::subscribe`], of a query that names parameters.
    pub fn subscribe_with(
        &mut self,
        sql: &str,
        parameters: &Parameters,
        rate: f32,
    ) -> Result<u32, SendError> {
        self.subscribe_as(sql, parameters, &Delivery::at_rate(rate))
    }

    /// As [`Self::subscribe_with`], with delivery options.
    pub fn subscribe_as(
        &mut self,
        sql: &str,
        parameters: &Parameters,
        delivery: &Delivery,
    ) -> Result<u32, SendError> {
        if sql.len() > wire::SQL_BYTES_MAX {
            return Err(SendError::TooLarge { bytes: sql.len(), max: wire::SQL_BYTES_MAX });
        }
        delivery.check()?;
        if self.is_lost && self.standing.count() >= limits::SUBSCRIPTIONS_WHILE_LOST_MAX {
            return Err(full("subscriptions", limits::SUBSCRIPTIONS_WHILE_LOST_MAX));
        }
        let subscription = self.next_subscription + 1;
        let asked = Asked {
            sql: sql.into(),
            delivery: delivery.clone(),
            parameters: parameters.clone(),
            changes: BTreeMap::new(),
        };
        let (parameters, delivery) = (parameters.clone(), delivery.clone());
        self.push(ClientMessage::Subscribe { subscription, sql, delivery, parameters }.encode())?;
        self.next_subscription = subscription;
        self.standing.subscriptions.insert(subscription, asked);
        Ok(subscription)
    }

    /// Asks for other parameters of a subscription, in place of all that it has; answers the number of the change.
    pub fn change_parameters(
        &mut self,
        subscription: u32,
        parameters: &Parameters,
    ) -> Result<u32, SendError> {
        let (change, wanted) = (self.next_change + 1, parameters.clone());
        let parameters = parameters.clone();
        self.push(ClientMessage::ChangeParameters { subscription, change, parameters }.encode())?;
        self.next_change = change;
        if let Some(asked) = self.standing.subscriptions.get_mut(&subscription) {
            if self.is_lost {
                // The last one counts for all.
                asked.changes.clear();
            }
            asked.changes.insert(change, wanted);
        }
        Ok(change)
    }

    /// Asks for the end of a subscription.
    pub fn unsubscribe(&mut self, subscription: u32) -> Result<(), SendError> {
        self.push(ClientMessage::Unsubscribe { subscription }.encode())?;
        self.standing.end(subscription);
        Ok(())
    }

    /// Asks what is in force in a subscription.
    pub fn inspect(&mut self, subscription: u32) -> Result<(), SendError> {
        if !(1..=self.next_subscription).contains(&subscription) {
            return Err(SendError::UnknownSubscription(subscription));
        }
        self.push(ClientMessage::Inspect { subscription }.encode())
    }

    /// Asks for a Pong. `now_us` is the caller's clock; the session computes the round trip from it.
    pub fn ping(&mut self, now_us: u64) -> Result<(), SendError> {
        self.push(ClientMessage::Ping { sent_at: now_us }.encode())
    }

    /// Calls a reducer with a row of its parameters; answers the request's number.
    pub fn call(&mut self, reducer: u16, args: &[u8]) -> Result<u32, SendError> {
        if self.in_flight >= limits::CALLS_IN_FLIGHT_MAX {
            return Err(full("calls", limits::CALLS_IN_FLIGHT_MAX));
        }
        let request = self.push_call(reducer, args, false)?;
        self.in_flight += 1;
        self.standing.calls.push_back(request);
        Ok(request)
    }

    /// Calls a reducer whose result matters only if it fails; answers the request's number. The call is not in flight.
    pub fn call_quietly(&mut self, reducer: u16, args: &[u8]) -> Result<u32, SendError> {
        self.push_call(reducer, args, true)
    }

    fn push_call(&mut self, reducer: u16, args: &[u8], is_quiet: bool) -> Result<u32, SendError> {
        if self.is_lost {
            return Err(SendError::Reconnecting);
        }
        let bytes = Calls::entry_bytes(args.len());
        if bytes > wire::CALL_BLOCK_BYTES_MAX {
            return Err(SendError::TooLarge { bytes: args.len(), max: wire::CALL_BLOCK_BYTES_MAX });
        }
        if self.queued_bytes + bytes > limits::OUTGOING_BYTES_MAX {
            return Err(full("outgoing bytes", limits::OUTGOING_BYTES_MAX));
        }
        self.next_request = self.next_request.wrapping_add(1) & !QUIET_REQUEST;
        let request = if is_quiet { self.next_request | QUIET_REQUEST } else { self.next_request };
        write_call(self.block_for(bytes), &Call { request, reducer, is_quiet, args });
        self.queued_bytes += bytes;
        Ok(request)
    }

    /// Results that the game has been given: their calls are no longer in flight.
    pub fn answered(&mut self, count: usize) {
        self.in_flight = self.in_flight.saturating_sub(count);
    }

    /// The next message to send, if any.
    pub fn transmit(&mut self) -> Option<Vec<u8>> {
        let message = match self.queue.pop_front()? {
            Outgoing::Message(bytes) => {
                self.queued_bytes = self.queued_bytes.saturating_sub(bytes.len());
                bytes
            }
            Outgoing::Calls { block, .. } => {
                self.queued_bytes = self.queued_bytes.saturating_sub(block.len());
                ClientMessage::Calls { block: &block }.encode()
            }
        };
        self.messages_sent += 1;
        self.bytes_sent += message.len() as u64;
        Some(message)
    }

    /// Calls without a result that the game has been given.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Bytes that wait to be sent.
    pub fn queued_bytes(&self) -> usize {
        self.queued_bytes
    }

    /// Messages and bytes handed out for sending so far.
    pub fn sent(&self) -> (u64, u64) {
        (self.messages_sent, self.bytes_sent)
    }

    fn push(&mut self, message: Vec<u8>) -> Result<(), SendError> {
        if self.is_lost {
            // What matters of it stands elsewhere.
            return Ok(());
        }
        if self.queue.len() >= limits::OUTGOING_MESSAGES_MAX {
            return Err(full("outgoing messages", limits::OUTGOING_MESSAGES_MAX));
        }
        if self.queued_bytes + message.len() > limits::OUTGOING_BYTES_MAX {
            return Err(full("outgoing bytes", limits::OUTGOING_BYTES_MAX));
        }
        self.queued_bytes += message.len();
        self.queue.push_back(Outgoing::Message(message));
        Ok(())
    }

    /// The call block at the end of the queue with room for one more call, or a new one.
    fn block_for(&mut self, bytes: usize) -> &mut Vec<u8> {
        let fits = matches!(self.queue.back(), Some(Outgoing::Calls { block, count })
            if block.len() + bytes <= wire::CALL_BLOCK_BYTES_MAX && *count < wire::CALLS_PER_BLOCK_MAX);
        if !fits {
            self.queue.push_back(Outgoing::Calls { block: Vec::new(), count: 0 });
        }
        match self.queue.back_mut() {
            Some(Outgoing::Calls { block, count }) => {
                *count += 1;
                block
            }
            Some(Outgoing::Message(_)) | None => unreachable!("a call block was just found or added"),
        }
    }
}
