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

#[cfg(test)]
mod tests {
    use ambit_model::{Field, RowLayout, Value, encode_row};

    use super::*;

    fn key(ty: ColumnType, value: Value) -> Vec<u8> {
        let layout = RowLayout::new(&[Field { name: "value".into(), ty }]);
        let row = encode_row(&layout, &[value]).unwrap();
        let mut out = Vec::new();
        append(&layout.columns()[0], &row, 0, &mut out);
        out
    }

    fn check(ty: ColumnType, ascending: Vec<Value>) {
        let keys: Vec<_> = ascending.into_iter().map(|value| key(ty.clone(), value)).collect();
        for pair in keys.windows(2) {
            assert!(pair[0] < pair[1], "{ty}: {:?} is not before {:?}", pair[0], pair[1]);
            assert!(!pair[1].starts_with(&pair[0]), "{ty}: {:?} begins {:?}", pair[0], pair[1]);
        }
    }

    #[test]
    fn keys_compare_as_their_values() {
        let floats = [f64::NEG_INFINITY, -1e9, -1.5, -1e-9, 0.0, 1e-9, 1.0, 2.0, 1e9, f64::INFINITY];
        check(ColumnType::F64, floats.into_iter().map(Value::F64).collect());
        check(ColumnType::F32, floats.into_iter().map(|value| Value::F32(value as f32)).collect());
        let signed = [i64::MIN, -256, -255, -1, 0, 1, 255, 256, i64::MAX];
        check(ColumnType::I64, signed.into_iter().map(Value::I64).collect());
        check(ColumnType::I128, signed.into_iter().map(|value| Value::I128(value.into())).collect());
        let unsigned = [0, 1, 255, 256, u64::MAX];
        check(ColumnType::U64, unsigned.into_iter().map(Value::U64).collect());
        check(ColumnType::Bool, vec![Value::Bool(false), Value::Bool(true)]);
        let texts = ["", "\0", "\0a", "\u{1}", "a", "a\0", "a\0b", "aa", "b", "ä"];
        check(ColumnType::String, texts.into_iter().map(|text| Value::String(text.into())).collect());
        let bytes: [&[u8]; 6] = [&[], &[0], &[0, 0], &[0, 0xff], &[1], &[0xff]];
        check(ColumnType::Bytes, bytes.into_iter().map(|bytes| Value::Bytes(bytes.into())).collect());
        let low_high = [1, 2].map(|last| {
            let mut bytes = [7; 32];
            bytes[31] = last;
            Value::Identity(ambit_model::Identity(bytes))
        });
        check(ColumnType::Identity, low_high.into());
    }
}
