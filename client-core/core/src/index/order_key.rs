//! Key columns → bytes that compare as the values do.

#![expect(clippy::wildcard_enum_match_arm, reason = "few types are signed, and few are ordered at all")]

use ambit_model::{ColumnLayout, ColumnType, RowReader};

/// Appends a column of a valid row. The bytes of no value are a prefix of another value's.
pub(crate) fn append(column: &ColumnLayout, row: &[u8], at: usize, out: &mut Vec<u8>) {
    let reader = RowReader::new(row);
    match &column.ty {
        ColumnType::String | ColumnType::Bytes => {
            for &byte in reader.heap_bytes(at).unwrap_or_default() {
                out.push(byte);
                if byte == 0 {
                    out.push(0xff);
                }
            }
            out.extend_from_slice(&[0, 0]);
        }
        ty => {
            let bytes = reader.slice(at, column.size).unwrap_or_default();
            append_fixed(ty, bytes, out);
        }
    }
}

fn append_fixed(ty: &ColumnType, bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    match ty {
        ColumnType::Identity | ColumnType::ConnectionId | ColumnType::Uuid => out.extend_from_slice(bytes),
        _ => out.extend(bytes.iter().rev()),
    }
    let Some(key) = out.get_mut(start..) else { return };
    let negative = key.first().is_some_and(|first| first & 0x80 != 0);
    match ty {
        ColumnType::I8
        | ColumnType::I16
        | ColumnType::I32
        | ColumnType::I64
        | ColumnType::I128
        | ColumnType::Timestamp
        | ColumnType::Duration => flip_sign(key),
        ColumnType::F32 | ColumnType::F64 if negative => key.iter_mut().for_each(|byte| *byte = !*byte),
        ColumnType::F32 | ColumnType::F64 => flip_sign(key),
        _ => {}
    }
}

fn flip_sign(key: &mut [u8]) {
    if let Some(first) = key.first_mut() {
        *first ^= 0x80;
    }
}
