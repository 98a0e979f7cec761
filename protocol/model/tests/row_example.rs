//! The example of docs/formats/row.md, byte for byte.

use ambit_model::{ColumnType as T, Field, RowLayout, Value, encode_row};

#[test]
fn the_documented_example() {
    let column = |name: &str, ty| Field { name: name.into(), ty };
    let layout = RowLayout::new(&[
        column("id", T::U32),
        column("name", T::String),
        column("alive", T::Bool),
        column("path", T::Vec(Box::new(T::U16))),
    ]);
    let path = Value::Vec(vec![Value::U16(1), Value::U16(2)]);
    let values = [Value::U32(7), Value::String("Ada".into()), Value::Bool(true), path];
    let expected: [&[u8]; 8] = [
        &[7, 0, 0, 0],
        &[24, 0, 0, 0],
        &[3, 0, 0, 0],
        &[1, 0, 0, 0],
        &[28, 0, 0, 0],
        &[2, 0, 0, 0],
        b"Ada\0",
        &[1, 0, 2, 0],
    ];
    assert_eq!(encode_row(&layout, &values).unwrap(), expected.concat());
}
