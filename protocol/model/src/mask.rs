//! Rows of which only some columns are known. All others hold their *blank* value: the one whose bytes are zero. An
//! optional column is then absent, a text or list empty, an enum its first variant.

use crate::column::RowWriter;
use crate::decode::DecodeError;
use crate::delta::{apply_columns, pack_columns};
use crate::layout::RowLayout;
use crate::types::{ColumnType, Field, place_fields};

impl RowLayout {
    /// All columns, as a mask.
    pub fn all_columns(&self) -> u64 {
        // A schema has no table with more columns than bits (limits::COLUMNS_MAX).
        let count = self.columns().len().min(64) as u32;
        1_u64.checked_shl(count).unwrap_or(0).wrapping_sub(1)
    }

    /// The row whose columns are all blank.
    pub fn blank_row(&self) -> Vec<u8> {
        let mut row = Vec::with_capacity(self.fixed_bytes());
        let mut writer = RowWriter::new(&mut row, self.fixed_bytes());
        for column in self.columns() {
            write_blank(&column.ty, &mut writer, column.offset);
        }
        row
    }
}

/// A valid row with the columns of `mask` as they are and all others blank. Fails if that is no row: it can be longer
/// than rows are allowed to be.
pub fn masked_row(layout: &RowLayout, row: &[u8], mask: u64) -> Result<Vec<u8>, DecodeError> {
    let mask = mask & layout.all_columns();
    let mut packed = Vec::new();
    pack_columns(layout, row, mask, &mut packed)?;
    let mut out = Vec::with_capacity(row.len());
    apply_columns(layout, &layout.blank_row(), mask, &packed, &mut out)?;
    Ok(out)
}

/// The fixed part is zero already. Only an enum with payload is not zero when it is blank: it lies in the heap.
#[expect(clippy::wildcard_enum_match_arm, reason = "the blank value of all other types is zero")]
fn write_blank(ty: &ColumnType, writer: &mut RowWriter<'_>, at: usize) {
    match ty {
        ColumnType::Enum(enumeration) if enumeration.has_payload() => {
            let Some(first) = enumeration.variants.first() else { return };
            let (size, align) = first.block();
            let block = writer.block(at, size, align);
            write_blank_fields(&first.fields, writer, block, 1);
        }
        ColumnType::Struct(structure) if !ty.is_fixed() => {
            write_blank_fields(&structure.fields, writer, at, 0);
        }
        _ => {}
    }
}

fn write_blank_fields(fields: &[Field], writer: &mut RowWriter<'_>, base: usize, first_offset: usize) {
    place_fields(fields, first_offset, |offset, field| write_blank(&field.ty, writer, base + offset));
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::types::{EnumType, StructType, Variant};
    use crate::{ColumnType, Field, RowLayout, Value, decode_row, encode_row, masked_row, validate_row};

    fn field(name: &str, ty: ColumnType) -> Field {
        Field { name: name.into(), ty }
    }

    /// An enum whose first variant has a payload with a text in it, within a struct.
    fn layout() -> RowLayout {
        let number = field("number", ColumnType::U64);
        let text = field("text", ColumnType::String);
        let variants = vec![
            Variant { name: "Full".into(), fields: vec![number, text.clone()] },
            Variant { name: "Empty".into(), fields: Vec::new() },
        ];
        let choice = ColumnType::Enum(Arc::new(EnumType { name: "Choice".into(), variants }));
        let fields = vec![text, field("choice", choice)];
        let pair = ColumnType::Struct(Arc::new(StructType { name: "Pair".into(), fields }));
        RowLayout::new(&[
            field("id", ColumnType::U32),
            field("pair", pair),
            field("list", ColumnType::Vec(Box::new(ColumnType::U16))),
            field("maybe", ColumnType::Option(Box::new(ColumnType::String))),
            field("flag", ColumnType::Bool),
        ])
    }

    fn text(text: &str) -> Value {
        Value::String(text.into())
    }

    fn values() -> Vec<Value> {
        vec![
            Value::U32(7),
            Value::Struct(vec![text("abc"), Value::Enum(1, Vec::new())]),
            Value::Vec(vec![Value::U16(1), Value::U16(2)]),
            Value::Option(Some(Box::new(text("x")))),
            Value::Bool(true),
        ]
    }

    fn blank() -> Vec<Value> {
        let choice = Value::Enum(0, vec![Value::U64(0), text("")]);
        vec![
            Value::U32(0),
            Value::Struct(vec![text(""), choice]),
            Value::Vec(Vec::new()),
            Value::Option(None),
            Value::Bool(false),
        ]
    }

    #[test]
    fn a_blank_row_is_a_row() {
        let layout = layout();
        let row = layout.blank_row();
        validate_row(&layout, &row).expect("a row");
        assert_eq!(decode_row(&layout, &row).expect("a row"), blank());
        assert_eq!(encode_row(&layout, &blank()).expect("encodes"), row);
    }

    #[test]
    fn a_masked_row_has_the_columns_of_the_mask_and_nothing_else() {
        let layout = layout();
        let row = encode_row(&layout, &values()).expect("encodes");
        for mask in 0..=layout.all_columns() {
            let masked = masked_row(&layout, &row, mask).expect("a row");
            let found = decode_row(&layout, &masked).expect("a row");
            let columns = values().into_iter().zip(blank()).enumerate();
            let expected: Vec<Value> = columns
                .map(|(place, (own, blank))| if mask >> place & 1 == 1 { own } else { blank })
                .collect();
            assert_eq!(found, expected, "mask {mask:b}");
        }
        assert_eq!(masked_row(&layout, &row, u64::MAX).expect("a row"), row);
    }

    #[test]
    fn all_columns_of_the_widest_table_are_a_mask() {
        let of = |count: usize| {
            RowLayout::new(&(0..count).map(|_| field("x", ColumnType::U8)).collect::<Vec<_>>()).all_columns()
        };
        assert_eq!((of(0), of(1), of(63), of(64)), (0, 1, u64::MAX >> 1, u64::MAX));
    }
}
