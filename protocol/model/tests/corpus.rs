//! The corpora of rows and schemas, intact and damaged.

#![expect(clippy::unwrap_used, reason = "a test's helpers are outside test functions")]

#[path = "../../../fuzz/fuzz_targets/any_model.rs"]
mod any_model;
#[path = "../../../fuzz/replay.rs"]
mod replay;

use ambit_model::glam::{DVec3, Vec3};
use ambit_model::{Value as V, encode_row};
use any_model::{LAYOUT, row_input};
use replay::replay;

#[test]
fn rows() {
    let text = |text: &str| V::String(text.into());
    let some = |value| V::Option(Some(Box::new(value)));
    let group = || V::Struct(vec![V::U8(3), some(text("inside")), V::DVec3(DVec3::ONE)]);
    let values = [
        V::Bool(true),
        V::U128(u128::MAX),
        V::Vec3(Vec3::X),
        text("some text"),
        V::Vec(vec![V::Enum(0, vec![]), V::Enum(1, vec![V::U64(7), text("more")])]),
        some(group()),
        V::Vec(vec![V::Vec(vec![V::U16(1), V::U16(2)]), V::Vec(vec![])]),
        V::Enum(2, vec![group()]),
        group(),
        V::Vec(vec![V::Vec(vec![V::Struct(vec![])])]),
        V::Struct(vec![]),
        V::Option(None),
        V::Vec(vec![some(V::Enum(1, vec![])), V::Option(None)]),
        V::Enum(1, vec![]),
    ];
    let row = encode_row(&LAYOUT, &values).unwrap();
    // A patch of the first and the third column.
    let intact = row_input(0b101, &row, &[0; 13]);
    let mut damaged = intact.clone();
    damaged[10] = 2;
    let seeds = [
        ("intact", intact.clone()),
        ("damaged", damaged),
        ("cut", intact[..40].to_vec()),
        ("unknown_columns", row_input(u64::MAX, &row, &[])),
    ];
    replay("row", &seeds, any_model::row);
}

#[test]
fn schemas() {
    let fixture = |name: &str| std::fs::read(format!("tests/fixtures/v1-{name}.schema")).unwrap();
    let seeds = ["intact", "damaged", "quantised"].map(|name| (format!("v1-{name}"), fixture(name)));
    let seeds = seeds.each_ref().map(|(name, bytes)| (name.as_str(), bytes.clone()));
    replay("schema", &seeds, any_model::schema);
}
