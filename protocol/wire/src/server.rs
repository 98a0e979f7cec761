//! What a server says.

use ambit_model::{ConnectionId, Identity, Timestamp};

use crate::envelope::{builder, finish, missing, open, unexpected};
use crate::error::{WireError, at_most, cut};
use crate::inspection::{self, Inspection};
use crate::limits;
use crate::messages_generated::messages_generated as fb;
use crate::step;

/// Why a server says goodbye.
pub mod goodbye {
    /// The server is going down.
    pub const SHUTDOWN: u16 = 1;
    /// The client said what the protocol does not allow.
    pub const PROTOCOL: u16 = 2;
    /// The token is damaged or not this server's.
    pub const TOKEN: u16 = 3;
    /// The client reads too slowly: its outgoing queue is full.
    pub const TOO_SLOW: u16 = 4;
    /// The database does not exist or stopped.
    pub const DATABASE: u16 = 5;
    /// The module was replaced; connect again for the new schema.
    pub const MODULE_REPLACED: u16 = 6;
    /// A named limit was reached.
    pub const LIMIT: u16 = 7;
}

/// A message from a server.
#[derive(Debug, Clone, PartialEq)]
pub enum ServerMessage<'a> {
    /// Answers Hello.
    Welcome {
        /// Who the client is.
        identity: Identity,
        /// This connection.
        connection: ConnectionId,
        /// Shows who the client is at the next connect.
        token: &'a str,
        /// Read it with `ambit_model::Schema::decode`.
        schema: &'a [u8],
        /// The database's last commit offset.
        offset: u64,
    },
    /// Moves the client's cache to a later commit, as a whole.
    Update {
        /// Offsets, time and subscriptions.
        header: UpdateHeader,
        /// Read it with [`crate::TableBlocks`].
        blocks: &'a [u8],
    },
    /// What became of calls.
    Results {
        /// Every commit up to this offset is durable.
        durable_offset: u64,
        /// Read it with [`crate::Results`].
        block: &'a [u8],
    },
    /// A subscription was refused or ended by the server; or only other parameters for it were refused.
    SubscriptionError {
        /// The subscription.
        subscription: u32,
        /// The change that was refused: the subscription goes on as it was. 0 if it does not.
        change: u32,
        /// What is wrong and what to write instead.
        message: &'a str,
    },
    /// Answers Inspect.
    Inspection(Inspection),
    /// There is nothing to inspect.
    InspectionError {
        /// The number that the client asked for.
        subscription: u32,
        /// Why.
        message: &'a str,
    },
    /// Answers Ping.
    Pong {
        /// As in the Ping.
        sent_at: u64,
        /// The server's clock.
        server_time: Timestamp,
    },
    /// More commits are durable; sent when nothing else carries the news.
    Durable {
        /// Every commit up to this offset is durable.
        durable_offset: u64,
    },
    /// The last message before the server closes the connection.
    Goodbye {
        /// One of [`goodbye`].
        code: u16,
        /// For people.
        message: &'a str,
    },
    /// Another message, compressed: only for clients that take it.
    Compressed {
        /// Its bytes, at most [`limits::SERVER_MESSAGE_BYTES_MAX`].
        length: usize,
        /// One zstd frame of them.
        block: &'a [u8],
    },
}

/// What an update says besides its rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UpdateHeader {
    /// The commit that the cache then equals.
    pub offset: u64,
    /// Every commit up to this offset is durable.
    pub durable_offset: u64,
    /// The commit's time.
    pub timestamp: Timestamp,
    /// Subscriptions whose first result is in this update.
    pub applied: Vec<u32>,
    /// Subscriptions that end with this update.
    pub ended: Vec<u32>,
    /// Subscriptions that have other parameters with this update, and the number of the last change of each.
    pub changed: Vec<(u32, u32)>,
    /// Whether the client has caught up with this update: it holds no row from before its connection was lost that its
    /// subscriptions do not show.
    pub resumed: bool,
}

impl UpdateHeader {
    /// The bytes of the Update message up to its blocks; exactly `blocks_bytes` bytes of blocks are to follow.
    /// So a server can put a message together from shared slices, or write them with one vectored write.
    pub fn encode_prefix(&self, blocks_bytes: usize) -> Vec<u8> {
        if self.applied.is_empty() && self.ended.is_empty() && self.changed.is_empty() && !self.resumed {
            return step::encode_prefix(self, blocks_bytes);
        }
        let mut out = builder(4 * (self.applied.len() + self.ended.len() + 2 * self.changed.len()));
        // FlatBuffers are built from the end: the first vector is the last of the message, and can grow.
        let blocks = Some(out.create_vector::<u8>(&[]));
        let applied = (!self.applied.is_empty()).then(|| out.create_vector(&self.applied));
        let ended = (!self.ended.is_empty()).then(|| out.create_vector(&self.ended));
        let changed: Vec<fb::Change> = self
            .changed
            .iter()
            .map(|&(subscription, change)| fb::Change::new(subscription, change))
            .collect();
        let changed = (!changed.is_empty()).then(|| out.create_vector(&changed));
        let args = fb::UpdateArgs {
            offset: self.offset,
            durable_offset: self.durable_offset,
            timestamp: self.timestamp.0,
            applied,
            ended,
            blocks,
            changed,
            resumed: self.resumed,
        };
        let body = fb::Update::create(&mut out, &args);
        let mut bytes = finish(out, fb::Body::Update, body);
        let length_at = bytes.len().saturating_sub(4);
        if let Some(length) = bytes.get_mut(length_at..) {
            debug_assert_eq!(length, [0; 4], "the empty vector's length ends the message");
            length.copy_from_slice(&(blocks_bytes as u32).to_le_bytes());
        }
        bytes
    }

    /// The Update message whose blocks are these slices one after another: one allocation for the message.
    pub fn encode_with(&self, blocks: &[&[u8]]) -> Vec<u8> {
        let blocks_bytes = blocks.iter().map(|slice| slice.len()).sum();
        let mut bytes = self.encode_prefix(blocks_bytes);
        bytes.reserve_exact(blocks_bytes);
        blocks.iter().for_each(|slice| bytes.extend_from_slice(slice));
        bytes
    }
}

impl<'a> ServerMessage<'a> {
    /// The message's bytes. Texts beyond [`limits::TEXT_BYTES_MAX`] are cut.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Welcome { identity, connection, token, schema, offset } => {
                let mut out = builder(schema.len() + token.len() + 64);
                let args = fb::WelcomeArgs {
                    schema: Some(out.create_vector(schema)),
                    identity: Some(out.create_vector(&identity.0)),
                    connection: Some(out.create_vector(&connection.0)),
                    token: Some(out.create_string(token)),
                    offset: *offset,
                };
                let body = fb::Welcome::create(&mut out, &args);
                finish(out, fb::Body::Welcome, body)
            }
            Self::Update { header, blocks } => header.encode_with(&[blocks]),
            Self::Results { durable_offset, block } => {
                let mut out = builder(block.len());
                let block = Some(out.create_vector(block));
                let args = fb::ResultsArgs { durable_offset: *durable_offset, block };
                let body = fb::Results::create(&mut out, &args);
                finish(out, fb::Body::Results, body)
            }
            Self::SubscriptionError { subscription, change, message } => {
                let mut out = builder(message.len());
                let message = Some(out.create_string(cut(message)));
                let args =
                    fb::SubscriptionErrorArgs { subscription: *subscription, change: *change, message };
                let body = fb::SubscriptionError::create(&mut out, &args);
                finish(out, fb::Body::SubscriptionError, body)
            }
            Self::Inspection(inspection) => inspection::encode(inspection),
            Self::InspectionError { subscription, message } => {
                let mut out = builder(message.len());
                let message = Some(out.create_string(cut(message)));
                let args = fb::InspectionErrorArgs { subscription: *subscription, message };
                let body = fb::InspectionError::create(&mut out, &args);
                finish(out, fb::Body::InspectionError, body)
            }
            Self::Pong { sent_at, server_time } => {
                let mut out = builder(0);
                let args = fb::PongArgs { sent_at: *sent_at, server_time: server_time.0 };
                let body = fb::Pong::create(&mut out, &args);
                finish(out, fb::Body::Pong, body)
            }
            Self::Durable { durable_offset } => {
                let mut out = builder(0);
                let args = fb::DurableArgs { durable_offset: *durable_offset };
                let body = fb::Durable::create(&mut out, &args);
                finish(out, fb::Body::Durable, body)
            }
            Self::Goodbye { code, message } => {
                let mut out = builder(message.len());
                let message = Some(out.create_string(cut(message)));
                let body = fb::Goodbye::create(&mut out, &fb::GoodbyeArgs { code: *code, message });
                finish(out, fb::Body::Goodbye, body)
            }
            Self::Compressed { length, block } => {
                let mut out = builder(block.len());
                let block = Some(out.create_vector(block));
                let body =
                    fb::Compressed::create(&mut out, &fb::CompressedArgs { length: *length as u32, block });
                finish(out, fb::Body::Compressed, body)
            }
        }
    }

    /// The message of any bytes.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, WireError> {
        let message = open(bytes, limits::SERVER_MESSAGE_BYTES_MAX)?;
        match message.body_type() {
            fb::Body::Welcome => welcome(message.body_as_welcome().ok_or_else(missing)?),
            fb::Body::Update => update(message.body_as_update().ok_or_else(missing)?),
            fb::Body::Step => step::read(message.body_as_step().ok_or_else(missing)?),
            fb::Body::Results => {
                let body = message.body_as_results().ok_or_else(missing)?;
                Ok(Self::Results { durable_offset: body.durable_offset(), block: body.block().bytes() })
            }
            fb::Body::SubscriptionError => {
                let body = message.body_as_subscription_error().ok_or_else(missing)?;
                let message = checked_text(body.message())?;
                let (subscription, change) = (body.subscription(), body.change());
                Ok(Self::SubscriptionError { subscription, change, message })
            }
            fb::Body::Inspection => {
                let body = message.body_as_inspection().ok_or_else(missing)?;
                inspection::decode(body).map(Self::Inspection)
            }
            fb::Body::InspectionError => {
                let body = message.body_as_inspection_error().ok_or_else(missing)?;
                let (subscription, message) = (body.subscription(), checked_text(body.message())?);
                Ok(Self::InspectionError { subscription, message })
            }
            fb::Body::Pong => {
                let body = message.body_as_pong().ok_or_else(missing)?;
                Ok(Self::Pong { sent_at: body.sent_at(), server_time: Timestamp(body.server_time()) })
            }
            fb::Body::Durable => {
                let body = message.body_as_durable().ok_or_else(missing)?;
                Ok(Self::Durable { durable_offset: body.durable_offset() })
            }
            fb::Body::Goodbye => {
                let body = message.body_as_goodbye().ok_or_else(missing)?;
                Ok(Self::Goodbye { code: body.code(), message: checked_text(body.message())? })
            }
            fb::Body::Compressed => {
                let body = message.body_as_compressed().ok_or_else(missing)?;
                let length = body.length() as usize;
                at_most("the compressed message", length, limits::SERVER_MESSAGE_BYTES_MAX)?;
                Ok(Self::Compressed { length, block: body.block().bytes() })
            }
            other => Err(unexpected(other)),
        }
    }
}

fn welcome(body: fb::Welcome<'_>) -> Result<ServerMessage<'_>, WireError> {
    at_most("the token", body.token().len(), limits::TOKEN_BYTES_MAX)?;
    at_most("the schema", body.schema().len(), ambit_model::limits::SCHEMA_BYTES_MAX)?;
    Ok(ServerMessage::Welcome {
        identity: Identity(exact("the identity", body.identity().bytes())?),
        connection: ConnectionId(exact("the connection id", body.connection().bytes())?),
        token: body.token(),
        schema: body.schema().bytes(),
        offset: body.offset(),
    })
}

fn update(body: fb::Update<'_>) -> Result<ServerMessage<'_>, WireError> {
    let list = |what, list: Option<flatbuffers::Vector<'_, u32>>| -> Result<Vec<u32>, WireError> {
        let count = list.as_ref().map_or(0, |list| list.len());
        at_most(what, 4 * count, 4 * limits::SUBSCRIPTIONS_MAX)?;
        Ok(list.map_or_else(Vec::new, |list| list.iter().collect()))
    };
    let changed = body.changed();
    let changed_count = changed.as_ref().map_or(0, |list| list.len());
    at_most("the list of changed subscriptions", 8 * changed_count, 8 * limits::SUBSCRIPTIONS_MAX)?;
    let header = UpdateHeader {
        offset: body.offset(),
        durable_offset: body.durable_offset(),
        timestamp: Timestamp(body.timestamp()),
        applied: list("the list of applied subscriptions", body.applied())?,
        ended: list("the list of ended subscriptions", body.ended())?,
        changed: changed.map_or_else(Vec::new, |list| {
            list.iter().map(|change| (change.subscription(), change.change())).collect()
        }),
        resumed: body.resumed(),
    };
    Ok(ServerMessage::Update { header, blocks: body.blocks().bytes() })
}

fn checked_text(text: &str) -> Result<&str, WireError> {
    at_most("the text", text.len(), limits::TEXT_BYTES_MAX).map(|()| text)
}

fn exact<const N: usize>(what: &'static str, bytes: &[u8]) -> Result<[u8; N], WireError> {
    <[u8; N]>::try_from(bytes).map_err(|_| WireError::Length { what, bytes: bytes.len(), expected: N })
}
