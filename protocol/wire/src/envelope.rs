//! The FlatBuffers envelope, verified before it is read.

use flatbuffers::{FlatBufferBuilder, UnionWIPOffset, VerifierOptions, WIPOffset};

use crate::error::{WireError, at_most};
use crate::limits;
use crate::messages_generated::messages_generated as fb;

pub(crate) type Builder = FlatBufferBuilder<'static>;

/// Bytes of an envelope without its texts and blocks: a first allocation that usually suffices.
const ENVELOPE_BYTES: usize = 192;

/// A builder with room for the envelope and `content_bytes`.
pub(crate) fn builder(content_bytes: usize) -> Builder {
    FlatBufferBuilder::with_capacity(ENVELOPE_BYTES + content_bytes)
}

/// Wraps the body; returns the message's bytes.
pub(crate) fn finish<T>(mut builder: Builder, body_type: fb::Body, body: WIPOffset<T>) -> Vec<u8> {
    let body: Option<WIPOffset<UnionWIPOffset>> = Some(body.as_union_value());
    let root = fb::Message::create(&mut builder, &fb::MessageArgs { body_type, body });
    fb::finish_message_buffer(&mut builder, root);
    let (mut bytes, start) = builder.collapse();
    bytes.drain(..start);
    bytes
}

/// Verifies the envelope of at most `max` bytes.
pub(crate) fn open(bytes: &[u8], max: usize) -> Result<fb::Message<'_>, WireError> {
    at_most("the message", bytes.len(), max)?;
    let options = VerifierOptions {
        max_depth: limits::ENVELOPE_DEPTH_MAX,
        max_tables: limits::ENVELOPE_TABLES_MAX,
        max_apparent_size: max.saturating_mul(2),
        ignore_missing_null_terminator: false,
    };
    if bytes.len() < 8 || !fb::message_buffer_has_identifier(bytes) {
        return Err(WireError::Envelope("it does not begin as an Ambit message".into()));
    }
    fb::root_as_message_with_opts(&options, bytes).map_err(|error| WireError::Envelope(error.to_string()))
}

/// The error of a body that the other side says, or that this version does not know.
pub(crate) fn unexpected(body: fb::Body) -> WireError {
    match body.variant_name() {
        Some(name) => WireError::WrongSide(name),
        None => WireError::Unknown { what: "message", number: body.0.into() },
    }
}

/// The error of a body that the verifier let pass but that is missing.
pub(crate) fn missing() -> WireError {
    WireError::Envelope("it has no body".into())
}
