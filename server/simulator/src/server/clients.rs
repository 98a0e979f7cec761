//! What the server does for its clients: welcomes, subscriptions, calls, updates.

use ambit_interest::{ClientId, ClientUpdate, Follower, Refusal};
use ambit_model::{Identity, Timestamp};
use ambit_wire::{CallResult, CallStatus, Calls, Claims, ClientMessage, ServerMessage, write_result};

use super::commit::Call;
use super::{Outgoing, Server, connection_id};
use crate::checkers::{Checker, Violation};
use crate::module::schema::REDUCER_ACT;
use crate::truth::Truth;

impl Server {
    /// Takes in a client's message.
    pub(crate) fn receive(
        &mut self,
        connection: u64,
        message: &[u8],
        now: Timestamp,
        truth: &mut Truth,
        out: &mut Outgoing,
    ) -> Result<(), Violation> {
        let wrong = |text: String| Violation::new(Checker::Client, text);
        let message = ClientMessage::decode(message);
        match message.map_err(|error| wrong(format!("a client's message cannot be read: {error}")))? {
            ClientMessage::Hello { token, .. } => {
                let identity: Identity = token.unwrap_or_default().parse().unwrap_or_default();
                self.connections.insert(connection, identity);
                self.follower.connect(ClientId(connection), identity, connection_id(connection));
                let welcome = ServerMessage::Welcome {
                    identity,
                    connection: connection_id(connection),
                    token: token.unwrap_or_default(),
                    schema: &self.follower.schema().encode(),
                    offset: self.follower.offset(),
                };
                out.push((connection, welcome.encode()));
            }
            ClientMessage::Subscribe { subscription, sql, delivery, parameters } => {
                let client = ClientId(connection);
                let begun =
                    self.follower.subscribe_as(client, subscription, (sql, &parameters), &delivery, now);
                let refusal = begun.err().map(|reason| Refusal { subscription, change: 0, reason });
                out.extend(refusal.map(|refusal| (connection, say(&refusal))));
            }
            ClientMessage::ChangeParameters { subscription, change, parameters } => {
                let client = ClientId(connection);
                let changed = self.follower.change_parameters(client, subscription, change, &parameters);
                let refusal = changed.err().map(|reason| Refusal { subscription, change, reason });
                out.extend(refusal.map(|refusal| (connection, say(&refusal))));
            }
            ClientMessage::Resume { key, block } => {
                let claims = Claims::new(block).collect::<Result<Vec<_>, _>>();
                let claims = claims.map_err(|error| wrong(format!("claims cannot be read: {error}")))?;
                self.follower.resume(ClientId(connection), key, claims);
            }
            ClientMessage::ResumeEnd => self.follower.end_resume(ClientId(connection)),
            ClientMessage::Inspect { subscription } => {
                if let Err(reason) = self.follower.inspect(ClientId(connection), subscription) {
                    let message = &reason.to_string();
                    out.push((connection, ServerMessage::InspectionError { subscription, message }.encode()));
                }
            }
            ClientMessage::Unsubscribe { subscription } => {
                self.follower.unsubscribe(ClientId(connection), subscription);
            }
            ClientMessage::Calls { block } => self.calls(connection, block, now, truth, out)?,
            ClientMessage::Ping { sent_at } => {
                out.push((connection, ServerMessage::Pong { sent_at, server_time: now }.encode()));
            }
        }
        Ok(())
    }

    fn calls(
        &mut self,
        connection: u64,
        block: &[u8],
        now: Timestamp,
        truth: &mut Truth,
        out: &mut Outgoing,
    ) -> Result<(), Violation> {
        let caller = self.connections.get(&connection).copied().unwrap_or_default();
        let mut results = Vec::new();
        for call in Calls::new(block) {
            let call = call.map_err(|error| Violation::new(Checker::Client, error.to_string()))?;
            let made = Call {
                caller,
                connection: connection_id(connection),
                reducer: REDUCER_ACT,
                arguments: call.args,
            };
            let committed = self.call(made, now, truth)?;
            let result = match committed {
                Some(offset) => {
                    CallResult { request: call.request, status: CallStatus::Committed, offset, message: "" }
                }
                None => CallResult {
                    request: call.request,
                    status: CallStatus::ReducerError,
                    offset: 0,
                    message: "the reducer says no",
                },
            };
            write_result(&mut results, &result);
        }
        let message = ServerMessage::Results { durable_offset: self.durable_offset, block: &results };
        out.push((connection, message.encode()));
        Ok(())
    }

    /// Sends what is due; when to come again.
    pub(crate) fn flush(&mut self, now: Timestamp, out: &mut Outgoing) -> Option<i64> {
        let (updates, refusals) = self.updates(|follower, sink| follower.flush(now, sink));
        out.extend(updates.into_iter().chain(refusals));
        self.follower.next_flush().map(|at| at.0)
    }

    /// The messages of a flush: updates, then refusals.
    pub(super) fn updates(
        &mut self,
        flush: impl FnOnce(&mut Follower, &mut dyn FnMut(ClientUpdate<'_>)),
    ) -> (Outgoing, Outgoing) {
        let durable_offset = self.durable_offset;
        let (mut updates, mut refusals) = (Vec::new(), Vec::new());
        flush(&mut self.follower, &mut |update: ClientUpdate<'_>| {
            let connection = update.client.0;
            let header = update.header(durable_offset);
            updates.push((connection, ServerMessage::Update { header, blocks: &update.blocks }.encode()));
            let inspections = update.inspections.iter().cloned().map(ServerMessage::Inspection);
            updates.extend(inspections.map(|message| (connection, message.encode())));
            refusals.extend(update.refused.iter().map(|refusal| (connection, say(refusal))));
        });
        (updates, refusals)
    }

    /// The connection is known to be gone.
    pub(crate) fn disconnect(
        &mut self,
        connection: u64,
        now: Timestamp,
        truth: &mut Truth,
    ) -> Result<(), Violation> {
        let Some(identity) = self.connections.remove(&connection) else { return Ok(()) };
        self.follower.disconnect(ClientId(connection));
        self.farewell((identity, connection_id(connection)), now, truth)
    }
}

fn say(Refusal { subscription, change, reason }: &Refusal) -> Vec<u8> {
    let message = &reason.to_string();
    ServerMessage::SubscriptionError { subscription: *subscription, change: *change, message }.encode()
}
