//! Steps: updates without news of subscriptions, which nearly all are, in a third fewer bytes of envelope.
//!
//! A step's block begins with what an Update's fields say: `varint(offset)`, the durable offset as a signed varint of its
//! difference from it, and the time as a signed varint. What follows are the table blocks.

use ambit_model::{Timestamp, varint};

use crate::envelope::{builder, finish};
use crate::error::WireError;
use crate::messages_generated::messages_generated as fb;
use crate::server::{ServerMessage, UpdateHeader};

/// The only form there is. It gives the table the shape that the message itself has, so that the two share their description.
const FORM: u8 = 1;

/// The bytes of the message up to its table blocks.
pub(crate) fn encode_prefix(header: &UpdateHeader, blocks_bytes: usize) -> Vec<u8> {
    let mut head = Vec::with_capacity(24);
    varint::write(&mut head, header.offset);
    varint::write(&mut head, varint::zigzag(header.durable_offset.wrapping_sub(header.offset) as i64));
    varint::write(&mut head, varint::zigzag(header.timestamp.0));
    let mut out = builder(0);
    // FlatBuffers are built from the end: the vector is the last of the message, and can grow.
    let block = Some(out.create_vector::<u8>(&[]));
    let body = fb::Step::create(&mut out, &fb::StepArgs { form: FORM, block });
    let mut bytes = finish(out, fb::Body::Step, body);
    let length_at = bytes.len().saturating_sub(4);
    if let Some(length) = bytes.get_mut(length_at..) {
        debug_assert_eq!(length, [0; 4], "the empty vector's length ends the message");
        length.copy_from_slice(&((head.len() + blocks_bytes) as u32).to_le_bytes());
    }
    bytes.extend_from_slice(&head);
    bytes
}

/// Reads any bytes.
pub(crate) fn read(body: fb::Step<'_>) -> Result<ServerMessage<'_>, WireError> {
    if body.form() != FORM {
        return Err(WireError::Unknown { what: "form of a step", number: body.form().into() });
    }
    let block = body.block().bytes();
    let mut at = 0;
    let mut number = || {
        let (value, length) = varint::read(block.get(at..)?)?;
        at += length;
        Some(value)
    };
    let numbers = [number(), number(), number()];
    let [Some(offset), Some(behind), Some(time)] = numbers else { return Err(WireError::Varint(at)) };
    let header = UpdateHeader {
        offset,
        durable_offset: offset.wrapping_add(varint::unzigzag(behind) as u64),
        timestamp: Timestamp(varint::unzigzag(time)),
        ..UpdateHeader::default()
    };
    Ok(ServerMessage::Update { header, blocks: block.get(at..).unwrap_or_default() })
}
