//! Any bytes are a row with exactly that encoding, or a typed error; any packed columns leave a valid row.
#![no_main]

use std::sync::{Arc, LazyLock};

use ambit_model::delta::apply_columns;
use ambit_model::{
    ColumnType as T, EnumType, Field, RowLayout, StructType, Variant, decode_row, encode_row, validate_row,
};
use libfuzzer_sys::fuzz_target;

/// One column of every way to lie in a row: plain, tagged, padded, and every kind of heap block.
static LAYOUT: LazyLock<RowLayout> = LazyLock::new(|| {
    let group = T::Struct(Arc::new(StructType {
        name: "Group".into(),
        fields: fields([T::U8, T::Option(Box::new(T::String)), T::DVec3]),
    }));
    let marker = T::Struct(Arc::new(StructType { name: "Marker".into(), fields: Vec::new() }));
    let variants = [vec![], vec![T::U64, T::String], vec![group.clone()]];
    let variants = (0..).zip(variants).map(|(tag, types): (u8, _)| Variant {
        name: format!("V{tag}"),
        fields: fields(types),
    });
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

fuzz_target!(|input: (u64, &[u8], &[u8])| {
    let (mask, row, packed) = input;
    let Ok(values) = decode_row(&LAYOUT, row) else { return };
    assert_eq!(encode_row(&LAYOUT, &values).as_deref(), Ok(row));
    let mut changed = Vec::new();
    if apply_columns(&LAYOUT, row, mask, packed, &mut changed).is_ok() {
        assert_eq!(validate_row(&LAYOUT, &changed), Ok(()));
    }
});
