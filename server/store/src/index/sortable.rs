//! Columns as bytes or numbers whose plain order is the order of the values.
//!
//! Unsigned numbers: big-endian. Signed: the same with the top bit flipped. Floats: negative ones inverted, -0
//! counts as 0, NaN lies outside the infinities. Texts: zero bytes escaped, then an end mark, so that no text's
//! encoding begins another's.

#![expect(clippy::wildcard_enum_match_arm, reason = "the schema allows orderable types only")]

use ambit_model::{ColumnType, RowLayout, RowReader};

use crate::index::key::array_at;

/// One column of an ordered index.
#[derive(Debug, Clone)]
pub(crate) struct SortablePart {
    /// Where the column lies in a row of the table.
    pub(crate) row_offset: usize,
    /// Where it lies in a key row.
    pub(crate) key_offset: usize,
    size: usize,
    order: Order,
}

#[derive(Debug, Clone, Copy)]
enum Order {
    Unsigned,
    Signed,
    Float,
    /// Bytes in their own order.
    Raw,
    Text,
}

impl SortablePart {
    pub(crate) fn of_columns(layout: &RowLayout, columns: &[u16], key_layout: &RowLayout) -> Vec<Self> {
        let columns = columns.iter().filter_map(|&column| layout.columns().get(usize::from(column)));
        columns
            .zip(key_layout.columns())
            .map(|(row, key)| Self {
                row_offset: row.offset,
                key_offset: key.offset,
                size: row.size,
                order: order_of(&row.ty),
            })
            .collect()
    }

    /// Bits of the encoding; `None` when they vary.
    pub(crate) fn bits(&self) -> Option<u32> {
        match self.order {
            Order::Text => None,
            Order::Unsigned | Order::Signed | Order::Float | Order::Raw => Some(8 * self.size as u32),
        }
    }

    /// The column at `offset` as a number; for parts of at most 16 bytes that are not texts.
    #[inline]
    pub(crate) fn number(&self, row: &[u8], offset: usize) -> u128 {
        let number: u128 = match self.size {
            8 => u64::from_le_bytes(array_at(row, offset)).into(),
            4 => u32::from_le_bytes(array_at(row, offset)).into(),
            1 => array_at::<1>(row, offset)[0].into(),
            2 => u16::from_le_bytes(array_at(row, offset)).into(),
            _ => u128::from_le_bytes(array_at(row, offset)),
        };
        let top = 1_u128 << (8 * self.size as u32 - 1);
        match self.order {
            Order::Signed => number ^ top,
            Order::Float if number == top => top,
            Order::Float if number & top != 0 => !number & (top | (top - 1)),
            Order::Float => number | top,
            Order::Raw => number.swap_bytes() >> (128 - 8 * self.size as u32),
            Order::Unsigned | Order::Text => number,
        }
    }

    /// Appends the column at `offset` as bytes.
    pub(crate) fn encode(&self, row: &[u8], offset: usize, out: &mut Vec<u8>) {
        match self.order {
            Order::Text => encode_text(RowReader::new(row).heap_bytes(offset).unwrap_or_default(), out),
            Order::Raw => out.extend_from_slice(row.get(offset..offset + self.size).unwrap_or_default()),
            Order::Unsigned | Order::Signed | Order::Float => {
                let bytes = self.number(row, offset).to_be_bytes();
                out.extend_from_slice(bytes.get(16 - self.size..).unwrap_or_default());
            }
        }
    }
}

fn order_of(ty: &ColumnType) -> Order {
    match ty {
        ColumnType::String | ColumnType::Bytes => Order::Text,
        ColumnType::Identity | ColumnType::ConnectionId | ColumnType::Uuid => Order::Raw,
        ColumnType::F32 | ColumnType::F64 => Order::Float,
        ColumnType::I8
        | ColumnType::I16
        | ColumnType::I32
        | ColumnType::I64
        | ColumnType::I128
        | ColumnType::Timestamp
        | ColumnType::Duration => Order::Signed,
        _ => Order::Unsigned,
    }
}

fn encode_text(text: &[u8], out: &mut Vec<u8>) {
    for &byte in text {
        out.push(byte);
        if byte == 0 {
            out.push(0xFF);
        }
    }
    out.extend_from_slice(&[0, 0]);
}
