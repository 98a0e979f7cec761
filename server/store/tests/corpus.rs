//! The corpora of change sets and chunks, intact and damaged.

#![expect(clippy::unwrap_used, reason = "a test's helpers are outside test functions")]

#[path = "../../../fuzz/fuzz_targets/store_world.rs"]
mod store_world;

#[path = "../../../fuzz/replay.rs"]
mod replay;

use ambit_model::{Value, encode_row};
use replay::replay;

#[test]
fn change_sets() {
    let layout = store_world::SCHEMA.tables[0].layout();
    let place = |x| Value::Vec2(ambit_model::glam::Vec2::new(x, 5.0));
    let row =
        |id, name: &str, x| encode_row(&layout, &[Value::U16(id), Value::String(name.into()), place(x)]);
    let mut store = store_world::store();
    store.insert(0, &mut row(0, "new", 7.0).unwrap()).unwrap();
    store.update(0, 2, &row(3, "changed", 8.0).unwrap()).unwrap();
    store.delete(0, 0).unwrap();
    store.patch(1, 2, 2, &77_i32.to_le_bytes()).unwrap();
    let never = store.insert(2, &mut [0; 16]).unwrap();
    store.delete(2, never).unwrap();
    let changes = store.commit();
    let mut damaged = changes.body.to_vec();
    damaged.swap(3, 9);
    let seeds = [
        ("all_tables", changes.body.to_vec()),
        ("logged", changes.logged().to_vec()),
        ("damaged", damaged),
        ("cut", changes.body[..changes.body.len() - 1].to_vec()),
    ];
    store_world::store().apply(&changes.body, |_| {}).unwrap();
    replay("change_set", &seeds, store_world::apply);
}

#[test]
fn chunks() {
    let mut bytes = Vec::new();
    let write = &mut |chunk: &[u8]| {
        bytes.extend_from_slice(&(chunk.len() as u32).to_le_bytes());
        bytes.extend_from_slice(chunk);
        Ok::<(), ()>(())
    };
    store_world::store().freeze().unwrap().write(write).unwrap();
    let mut damaged = bytes.clone();
    damaged[7] += 1;
    let cut = bytes[..bytes.len() - 3].to_vec();
    let seeds = [("intact", bytes), ("damaged", damaged), ("cut", cut)];
    replay("chunks", &seeds, store_world::load);
}
