//! What a client says.

use crate::delivery::{self, Delivery};
use crate::envelope::{Builder, builder, finish, missing, open, unexpected};
use crate::error::{WireError, at_most};
use crate::limits;
use crate::messages_generated::messages_generated as fb;
use crate::parameters::{Parameters, envelope};

/// A message from a client.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientMessage<'a> {
    /// The first message.
    Hello {
        /// [`crate::PROTOCOL_VERSION`].
        protocol: u16,
        /// The token of an earlier Welcome; without it the server makes a new identity.
        token: Option<&'a str>,
        /// Whether the client reads [`crate::ServerMessage::Compressed`].
        takes_compressed: bool,
    },
    /// Begins a subscription.
    Subscribe {
        /// Chosen by the client, not in use.
        subscription: u32,
        /// The query.
        sql: &'a str,
        /// How its rows are delivered.
        delivery: Delivery,
        /// The values of the names in the query.
        parameters: Parameters,
    },
    /// Gives a subscription's query other parameters. It goes on as if it had begun with them; the client is told only what
    /// is different then.
    ChangeParameters {
        /// The subscription.
        subscription: u32,
        /// Chosen by the client, not 0; the server names it when the change has taken effect, or is refused.
        change: u32,
        /// All of them; those before are forgotten.
        parameters: Parameters,
    },
    /// Ends a subscription; rows that no other one holds leave the cache.
    Unsubscribe {
        /// The subscription.
        subscription: u32,
    },
    /// Asks for an [`crate::Inspection`] of a subscription. It comes right behind its next update.
    Inspect {
        /// The subscription.
        subscription: u32,
    },
    /// What the client holds from before its connection was lost, said before its subscriptions. Rows that these show as
    /// they are claimed are not sent again.
    Resume {
        /// Of the digests: chosen by the client, by chance.
        key: [u64; 2],
        /// Read it with [`crate::Claims`].
        block: &'a [u8],
    },
    /// All subscriptions from before have been asked for: rows that none of them shows are to leave.
    ResumeEnd,
    /// Reducer calls.
    Calls {
        /// Read it with [`crate::Calls`].
        block: &'a [u8],
    },
    /// Asks for a Pong.
    Ping {
        /// The client's clock, in its own unit; comes back unchanged.
        sent_at: u64,
    },
}

impl<'a> ClientMessage<'a> {
    /// The message's bytes.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Hello { protocol, token, takes_compressed } => {
                let (protocol, token, takes_compressed) = (*protocol, *token, *takes_compressed);
                let mut out = builder(token.map_or(0, str::len));
                let token = token.map(|token| out.create_string(token));
                let body = fb::Hello::create(&mut out, &fb::HelloArgs { protocol, token, takes_compressed });
                finish(out, fb::Body::Hello, body)
            }
            Self::Subscribe { subscription, sql, delivery, parameters } => {
                let mut out = builder(sql.len());
                let sql = Some(out.create_string(sql));
                let parameters = envelope::write(&mut out, parameters);
                let tiers = delivery::envelope::write(&mut out, &delivery.tiers);
                let Delivery { rate, hysteresis, budget, confirmed, .. } = *delivery;
                let subscription = *subscription;
                let args = fb::SubscribeArgs {
                    subscription,
                    sql,
                    rate,
                    parameters,
                    hysteresis,
                    tiers,
                    budget,
                    confirmed,
                };
                let body = fb::Subscribe::create(&mut out, &args);
                finish(out, fb::Body::Subscribe, body)
            }
            Self::ChangeParameters { subscription, change, parameters } => {
                let mut out: Builder = builder(0);
                let parameters = envelope::write(&mut out, parameters);
                let args =
                    fb::ChangeParametersArgs { subscription: *subscription, change: *change, parameters };
                let body = fb::ChangeParameters::create(&mut out, &args);
                finish(out, fb::Body::ChangeParameters, body)
            }
            Self::Unsubscribe { subscription } => {
                let mut out: Builder = builder(0);
                let args = fb::UnsubscribeArgs { subscription: *subscription };
                let body = fb::Unsubscribe::create(&mut out, &args);
                finish(out, fb::Body::Unsubscribe, body)
            }
            Self::Inspect { subscription } => {
                let mut out: Builder = builder(0);
                let body = fb::Inspect::create(&mut out, &fb::InspectArgs { subscription: *subscription });
                finish(out, fb::Body::Inspect, body)
            }
            Self::Resume { key: [key_low, key_high], block } => {
                let mut out = builder(block.len());
                let block = Some(out.create_vector(block));
                let args = fb::ResumeArgs { key_low: *key_low, key_high: *key_high, block };
                let body = fb::Resume::create(&mut out, &args);
                finish(out, fb::Body::Resume, body)
            }
            Self::ResumeEnd => {
                let mut out: Builder = builder(0);
                let body = fb::ResumeEnd::create(&mut out, &fb::ResumeEndArgs {});
                finish(out, fb::Body::ResumeEnd, body)
            }
            Self::Calls { block } => {
                let mut out = builder(block.len());
                let block = Some(out.create_vector(block));
                let body = fb::Calls::create(&mut out, &fb::CallsArgs { block });
                finish(out, fb::Body::Calls, body)
            }
            Self::Ping { sent_at } => {
                let mut out: Builder = builder(0);
                let body = fb::Ping::create(&mut out, &fb::PingArgs { sent_at: *sent_at });
                finish(out, fb::Body::Ping, body)
            }
        }
    }

    /// The message of any bytes.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, WireError> {
        let message = open(bytes, limits::CLIENT_MESSAGE_BYTES_MAX)?;
        match message.body_type() {
            fb::Body::Hello => {
                let body = message.body_as_hello().ok_or_else(missing)?;
                at_most("the token", body.token().map_or(0, str::len), limits::TOKEN_BYTES_MAX)?;
                let (protocol, takes_compressed) = (body.protocol(), body.takes_compressed());
                Ok(Self::Hello { protocol, token: body.token(), takes_compressed })
            }
            fb::Body::Subscribe => {
                let body = message.body_as_subscribe().ok_or_else(missing)?;
                at_most("the query", body.sql().len(), limits::SQL_BYTES_MAX)?;
                let delivery = Delivery {
                    rate: checked_rate(body.rate())?,
                    hysteresis: body.hysteresis(),
                    tiers: delivery::envelope::read(body.tiers())?,
                    budget: body.budget(),
                    confirmed: body.confirmed(),
                };
                let (subscription, sql) = (body.subscription(), body.sql());
                let parameters = envelope::read(body.parameters())?;
                Ok(Self::Subscribe { subscription, sql, delivery, parameters })
            }
            fb::Body::ChangeParameters => {
                let body = message.body_as_change_parameters().ok_or_else(missing)?;
                let parameters = envelope::read(body.parameters())?;
                let change = body.change();
                if change == 0 {
                    return Err(WireError::Unknown { what: "number of a change", number: 0 });
                }
                Ok(Self::ChangeParameters { subscription: body.subscription(), change, parameters })
            }
            fb::Body::Unsubscribe => {
                let body = message.body_as_unsubscribe().ok_or_else(missing)?;
                Ok(Self::Unsubscribe { subscription: body.subscription() })
            }
            fb::Body::Inspect => {
                let body = message.body_as_inspect().ok_or_else(missing)?;
                Ok(Self::Inspect { subscription: body.subscription() })
            }
            fb::Body::Resume => {
                let body = message.body_as_resume().ok_or_else(missing)?;
                Ok(Self::Resume { key: [body.key_low(), body.key_high()], block: body.block().bytes() })
            }
            fb::Body::ResumeEnd => Ok(Self::ResumeEnd),
            fb::Body::Calls => {
                let block = message.body_as_calls().ok_or_else(missing)?.block().bytes();
                at_most("the call block", block.len(), limits::CALL_BLOCK_BYTES_MAX)?;
                Ok(Self::Calls { block })
            }
            fb::Body::Ping => {
                let body = message.body_as_ping().ok_or_else(missing)?;
                Ok(Self::Ping { sent_at: body.sent_at() })
            }
            other => Err(unexpected(other)),
        }
    }
}

fn checked_rate(rate: f32) -> Result<f32, WireError> {
    if rate == f32::INFINITY || (0.0..=limits::RATE_HZ_MAX).contains(&rate) {
        Ok(rate)
    } else {
        Err(WireError::Rate(rate.to_string()))
    }
}
