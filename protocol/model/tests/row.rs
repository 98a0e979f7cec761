//! Properties of the row layout: round trips, one encoding per value, any bytes in → Ok or a typed error.

#![expect(clippy::unwrap_used, reason = "a test's strategies are outside test functions")]

use std::sync::Arc;

use ambit_model::delta::{apply_columns, changed_columns, copy_columns, pack_columns, packed_length};
use ambit_model::glam::{DVec2, DVec3, IVec2, IVec3, Quat, Vec2, Vec3, Vec4};
use ambit_model::{
    ColumnType, ConnectionId, Duration, EntityId, EnumType, Field, Identity, RowLayout, StructType,
    Timestamp, Uuid, Value, Variant, decode_row, encode_row, validate_row,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn scalar_type() -> impl Strategy<Value = ColumnType> {
    use ColumnType as T;
    prop::sample::select(vec![
        T::Bool,
        T::I8,
        T::I16,
        T::I32,
        T::I64,
        T::I128,
        T::U8,
        T::U16,
        T::U32,
        T::U64,
        T::U128,
        T::F32,
        T::F64,
        T::Vec2,
        T::Vec3,
        T::Vec4,
        T::Quat,
        T::DVec2,
        T::DVec3,
        T::IVec2,
        T::IVec3,
        T::Identity,
        T::ConnectionId,
        T::Uuid,
        T::EntityId,
        T::Timestamp,
        T::Duration,
        T::String,
        T::Bytes,
    ])
}

fn fields(types: Vec<ColumnType>) -> Vec<Field> {
    types.into_iter().enumerate().map(|(index, ty)| Field { name: format!("f{index}"), ty }).collect()
}

fn column_type() -> impl Strategy<Value = ColumnType> {
    scalar_type().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|ty| ColumnType::Option(Box::new(ty))),
            inner.clone().prop_map(|ty| ColumnType::Vec(Box::new(ty))),
            vec(inner.clone(), 0..4).prop_map(|types| {
                ColumnType::Struct(Arc::new(StructType { name: "Group".into(), fields: fields(types) }))
            }),
            vec(vec(inner, 0..3), 1..4).prop_map(|variants| {
                let variants = variants
                    .into_iter()
                    .enumerate()
                    .map(|(tag, types)| Variant { name: format!("V{tag}"), fields: fields(types) })
                    .collect();
                ColumnType::Enum(Arc::new(EnumType { name: "Choice".into(), variants }))
            }),
        ]
    })
}

/// Floats are whole numbers here: NaN differs from itself, and bits are checked by the byte comparisons.
fn float() -> impl Strategy<Value = f32> {
    any::<i16>().prop_map(f32::from)
}

fn double() -> impl Strategy<Value = f64> {
    any::<i32>().prop_map(f64::from)
}

fn value(ty: &ColumnType) -> BoxedStrategy<Value> {
    use ColumnType as T;
    match ty {
        T::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        T::I8 => any::<i8>().prop_map(Value::I8).boxed(),
        T::I16 => any::<i16>().prop_map(Value::I16).boxed(),
        T::I32 => any::<i32>().prop_map(Value::I32).boxed(),
        T::I64 => any::<i64>().prop_map(Value::I64).boxed(),
        T::I128 => any::<i128>().prop_map(Value::I128).boxed(),
        T::U8 => any::<u8>().prop_map(Value::U8).boxed(),
        T::U16 => any::<u16>().prop_map(Value::U16).boxed(),
        T::U32 => any::<u32>().prop_map(Value::U32).boxed(),
        T::U64 => any::<u64>().prop_map(Value::U64).boxed(),
        T::U128 => any::<u128>().prop_map(Value::U128).boxed(),
        T::F32 => float().prop_map(Value::F32).boxed(),
        T::F64 => double().prop_map(Value::F64).boxed(),
        T::Vec2 => [float(), float()].prop_map(|v| Value::Vec2(Vec2::from_array(v))).boxed(),
        T::Vec3 => [float(), float(), float()].prop_map(|v| Value::Vec3(Vec3::from_array(v))).boxed(),
        T::Vec4 => {
            [float(), float(), float(), float()].prop_map(|v| Value::Vec4(Vec4::from_array(v))).boxed()
        }
        T::Quat => {
            [float(), float(), float(), float()].prop_map(|v| Value::Quat(Quat::from_array(v))).boxed()
        }
        T::DVec2 => [double(), double()].prop_map(|v| Value::DVec2(DVec2::from_array(v))).boxed(),
        T::DVec3 => [double(), double(), double()].prop_map(|v| Value::DVec3(DVec3::from_array(v))).boxed(),
        T::IVec2 => any::<[i32; 2]>().prop_map(|v| Value::IVec2(IVec2::from_array(v))).boxed(),
        T::IVec3 => any::<[i32; 3]>().prop_map(|v| Value::IVec3(IVec3::from_array(v))).boxed(),
        T::Identity => any::<[u8; 32]>().prop_map(|v| Value::Identity(Identity(v))).boxed(),
        T::ConnectionId => any::<[u8; 16]>().prop_map(|v| Value::ConnectionId(ConnectionId(v))).boxed(),
        T::Uuid => any::<[u8; 16]>().prop_map(|v| Value::Uuid(Uuid(v))).boxed(),
        T::EntityId => any::<u64>().prop_map(|v| Value::EntityId(EntityId(v))).boxed(),
        T::Timestamp => any::<i64>().prop_map(|v| Value::Timestamp(Timestamp(v))).boxed(),
        T::Duration => any::<i64>().prop_map(|v| Value::Duration(Duration(v))).boxed(),
        T::String => "\\PC{0,12}".prop_map(Value::String).boxed(),
        T::Bytes => vec(any::<u8>(), 0..12).prop_map(Value::Bytes).boxed(),
        T::Option(inner) => prop::option::of(value(inner).prop_map(Box::new)).prop_map(Value::Option).boxed(),
        T::Vec(inner) => vec(value(inner), 0..4).prop_map(Value::Vec).boxed(),
        T::Struct(structure) => values(&structure.fields).prop_map(Value::Struct).boxed(),
        T::Enum(enumeration) => {
            let variants = enumeration.variants.clone();
            (0..variants.len())
                .prop_flat_map(move |tag| {
                    let fields = values(&variants[tag].fields);
                    fields.prop_map(move |values| Value::Enum(u8::try_from(tag).unwrap(), values))
                })
                .boxed()
        }
    }
}

fn values(fields: &[Field]) -> BoxedStrategy<Vec<Value>> {
    fields.iter().map(|field| value(&field.ty)).collect::<Vec<_>>().boxed()
}

/// A layout and two rows' values.
fn two_rows() -> impl Strategy<Value = (RowLayout, Vec<Value>, Vec<Value>)> {
    vec(column_type(), 0..6).prop_flat_map(|types| {
        let fields = fields(types);
        (Just(RowLayout::new(&fields)), values(&fields), values(&fields))
    })
}

/// A row of 1 MiB can name 10^11 elements without bytes. A schema refuses such lists; a walk over a row does not
/// count on that.
#[test]
fn elements_without_bytes_cost_nothing() {
    let marker = ColumnType::Struct(Arc::new(StructType { name: "Marker".into(), fields: Vec::new() }));
    let lists = ColumnType::Vec(Box::new(ColumnType::Vec(Box::new(marker))));
    let layout = RowLayout::new(&fields(vec![lists]));
    let (count, elements) = (100_000_u32, 1_u32 << 20);
    let mut row = [8, count].map(u32::to_le_bytes).concat();
    let list = [8 + 8 * count, elements].map(u32::to_le_bytes).concat();
    row.extend(list.iter().cycle().take(8 * count as usize));
    assert_eq!(validate_row(&layout, &row), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_row_comes_back_as_it_was((layout, row, _) in two_rows()) {
        let bytes = encode_row(&layout, &row).unwrap();
        prop_assert_eq!(validate_row(&layout, &bytes), Ok(()));
        prop_assert_eq!(decode_row(&layout, &bytes).unwrap(), row);
        prop_assert!(!layout.is_fixed() || bytes.len() == layout.fixed_bytes());
    }

    #[test]
    fn any_bytes_are_a_row_or_a_typed_error(
        (layout, row, _) in two_rows(),
        noise in vec(any::<u8>(), 0..200),
        flips in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut damaged = encode_row(&layout, &row).unwrap();
        for (index, byte) in flips.iter().filter(|_| !row.is_empty()) {
            if !damaged.is_empty() {
                let index = index.index(damaged.len());
                damaged[index] = *byte;
            }
        }
        for bytes in [damaged, noise] {
            // What is accepted has exactly one encoding: itself. (Floats may be NaN, so compare bytes.)
            if let Ok(values) = decode_row(&layout, &bytes) {
                prop_assert_eq!(encode_row(&layout, &values).unwrap(), bytes);
            }
        }
    }

    #[test]
    fn packed_columns_turn_the_old_row_into_the_new((layout, old, new) in two_rows()) {
        let (old, new) = (encode_row(&layout, &old).unwrap(), encode_row(&layout, &new).unwrap());
        let mask = changed_columns(&layout, &old, &new);
        for column in 0..layout.columns().len() {
            let single = |row: &[u8]| {
                let mut copy = Vec::new();
                let column = [column as u16];
                copy_columns(&layout, row, &column, &layout.of_columns(&column), &mut copy).map(|()| copy)
            };
            prop_assert_eq!(mask >> column & 1 == 0, single(&old) == single(&new), "column {}", column);
        }
        prop_assert_eq!(mask.checked_shr(layout.columns().len() as u32).unwrap_or(0), 0);
        let mut packed = Vec::new();
        pack_columns(&layout, &new, mask, &mut packed).unwrap();
        prop_assert_eq!(packed_length(&layout, mask, &packed), Ok(packed.len()));
        packed.extend_from_slice(b"what follows");
        let mut result = Vec::new();
        let taken = apply_columns(&layout, &old, mask, &packed, &mut result).unwrap();
        prop_assert_eq!(taken + 12, packed.len());
        prop_assert_eq!(result, new);
    }

    #[test]
    fn any_packed_columns_give_a_valid_row_or_a_typed_error(
        (layout, old, _) in two_rows(),
        mask in any::<u64>(),
        packed in vec(any::<u8>(), 0..200),
    ) {
        let old = encode_row(&layout, &old).unwrap();
        let columns = layout.columns().len();
        for mask in [mask, mask & ((1 << columns) - 1)] {
            let mut result = Vec::new();
            if apply_columns(&layout, &old, mask, &packed, &mut result).is_ok() {
                prop_assert_eq!(validate_row(&layout, &result), Ok(()));
            }
        }
    }

    #[test]
    fn copied_columns_are_a_row_of_their_own((layout, row, _) in two_rows()) {
        let bytes = encode_row(&layout, &row).unwrap();
        let columns: Vec<u16> = (0..u16::try_from(row.len()).unwrap()).rev().collect();
        let key = layout.of_columns(&columns);
        let mut copied = Vec::new();
        copy_columns(&layout, &bytes, &columns, &key, &mut copied).unwrap();
        let reversed: Vec<_> = row.into_iter().rev().collect();
        prop_assert_eq!(decode_row(&key, &copied).unwrap(), reversed);
    }
}
