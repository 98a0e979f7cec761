//! What the fuzz targets of rows and schemas do with bytes, and `protocol/model/tests/corpus.rs` with each file of their
//! corpora.

use std::sync::{Arc, LazyLock};

use ambit_model::delta::apply_columns;
use ambit_model::{
    ColumnType as T, EnumType, Field, RowLayout, Schema, StructType, Variant, decode_row, encode_row,
    validate_row,
};

/// One column of every way to lie in a row: plain, tagged, padded, and every kind of heap block.
pub static LAYOUT: LazyLock<RowLayout> = LazyLock::new(|| {
    let group = T::Struct(Arc::new(StructType {
        name: "Group".into(),
        fields: fields([T::U8, T::Option(Box::new(T::String)), T::DVec3]),
    }));
    let marker = T::Struct(Arc::new(StructType { name: "Marker".into(), fields: Vec::new() }));
    let variants = [vec![], vec![T::U64, T::String], vec![group.clone()]];
    let variants = (0..)
        .zip(variants)
        .map(|(tag, types): (u8, _)| Variant { name: format!("V{tag}"), fields: fields(types) });
    let plain = ["North", "South"].map(|name| Variant { name: name.into(), fields: Vec::new() });
    let direction = T::Enum(Arc::new(EnumType { name: "Direction".into(), variants: plain.into() }));
    let choice = T::Enum(Arc::new(EnumType { name: "Choice".into(), variants: variants.collect() }));
    RowLayout::new(&fields([
        T::Bool,
        T::U128,
        T::Vec3,
        T::String,
        T::Vec(Box::new(choice.clone())),
        T::Option(Box::new(group.clone())),
        T::Vec(Box::new(T::Vec(Box::new(T::U16)))),
        choice,
        group,
        T::Vec(Box::new(T::Vec(Box::new(marker.clone())))),
        marker,
        T::Option(Box::new(T::U64)),
        T::Vec(Box::new(T::Option(Box::new(direction.clone())))),
        direction,
    ]))
});

fn fields(types: impl IntoIterator<Item = T>) -> Vec<Field> {
    (0..).zip(types).map(|(index, ty): (u8, _)| Field { name: format!("f{index}"), ty }).collect()
}

/// Bytes of the input before the row: the mask of a patch, then the row's length.
const HEAD_BYTES: usize = 10;

/// An input of [`row`].
#[allow(dead_code)]
pub fn row_input(mask: u64, row: &[u8], packed: &[u8]) -> Vec<u8> {
    [&mask.to_le_bytes()[..], &u16::try_from(row.len()).unwrap().to_le_bytes(), row, packed].concat()
}

/// Any bytes are a row with exactly that encoding, or a typed error; any packed columns leave a valid row.
pub fn row(input: &[u8]) {
    let Some((head, rest)) = input.split_first_chunk::<HEAD_BYTES>() else { return };
    let mask = u64::from_le_bytes(*head.first_chunk().unwrap());
    let length = usize::from(u16::from_le_bytes(*head.last_chunk().unwrap()));
    let (row, packed) = rest.split_at(length.min(rest.len()));
    let Ok(values) = decode_row(&LAYOUT, row) else { return };
    assert_eq!(encode_row(&LAYOUT, &values).as_deref(), Ok(row));
    let mut changed = Vec::new();
    if apply_columns(&LAYOUT, row, mask, packed, &mut changed).is_ok() {
        assert_eq!(validate_row(&LAYOUT, &changed), Ok(()));
    }
}

/// Any bytes are a schema that passes its own check, or a typed error.
pub fn schema(bytes: &[u8]) {
    if let Ok(schema) = Schema::decode(bytes) {
        schema.check().expect("a decoded schema is a possible one");
        assert_eq!(Schema::decode(&schema.encode()).as_ref(), Ok(&schema));
    }
}
