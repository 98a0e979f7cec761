//! The bytes of docs/formats/store-chunk.md, written out and as fixtures; worlds of many pages; and what a loader refuses.

#![expect(clippy::unwrap_used, reason = "a test's helpers are outside test functions")]

use std::path::PathBuf;
use std::sync::Arc;

use ambit_model::{
    ColumnSchema, ColumnType, Durability, IndexKind, IndexSchema, Schema, Slot, TableSchema, Value,
    encode_row, varint,
};
use ambit_store::limits::{CHUNK_BYTES, CHUNK_BYTES_MAX};
use ambit_store::{LoadError, Store, StoreLoader};
use expect_test::{Expect, expect};

/// An auto_inc id and a value, with a unique index each.
fn table(name: &str, ty: ColumnType, durability: Durability) -> TableSchema {
    let index = |column: u16, name: &str, kind| IndexSchema {
        name: name.into(),
        columns: vec![column],
        kind,
        unique: true,
    };
    TableSchema {
        name: name.into(),
        durability,
        columns: vec![
            ColumnSchema { auto_inc: true, ..ColumnSchema::new("id", ColumnType::U64) },
            ColumnSchema::new("value", ty),
        ],
        indexes: vec![index(0, "id", IndexKind::Hash), index(1, "value", IndexKind::Ordered)],
        primary: Some(0),
        ..TableSchema::default()
    }
}

const NUMBERS: u16 = 0;
const NAMES: u16 = 1;
const PRESENCE: u16 = 2;
const PLACES: u16 = 3;

fn schema() -> Arc<Schema> {
    let numbers = table("numbers", ColumnType::U64, Durability::Durable);
    let names = table("names", ColumnType::String, Durability::Checkpointed);
    let presence = table("presence", ColumnType::Bool, Durability::Ephemeral);
    let mut places = table("places", ColumnType::Vec2, Durability::Durable);
    places.indexes[1].kind = IndexKind::Spatial { cell: 1.0 };
    places.indexes[1].unique = false;
    Arc::new(Schema { tables: vec![numbers, names, presence, places], ..Schema::default() })
}

fn number(id: u64, value: u64) -> Vec<u8> {
    bytemuck::cast::<_, [u8; 16]>([id, value]).to_vec()
}

fn name(id: u64, text: &str) -> Vec<u8> {
    let layout = schema().tables[usize::from(NAMES)].layout();
    encode_row(&layout, &[Value::U64(id), Value::String(text.into())]).unwrap()
}

fn chunks_of(store: &mut Store) -> Vec<Vec<u8>> {
    let mut chunks = Vec::new();
    let write = &mut |chunk: &[u8]| {
        chunks.push(chunk.to_vec());
        Ok::<(), ()>(())
    };
    store.freeze().unwrap().write(write).unwrap();
    chunks
}

fn load(chunks: &[Vec<u8>]) -> Result<Store, LoadError> {
    let mut loader = StoreLoader::new(schema(), 5);
    chunks.iter().try_for_each(|chunk| loader.chunk(chunk))?;
    loader.finish()
}

/// Rows in neighbouring slots as a chunk has them.
fn rows(table: u16, gap: u64, count: u64, rows: &[u8]) -> Vec<u8> {
    let mut chunk = vec![0];
    for number in [table.into(), gap, count] {
        varint::write(&mut chunk, number);
    }
    [&chunk, rows].concat()
}

fn end(table: u16, numbers: &[u64]) -> Vec<u8> {
    let mut chunk = vec![1, table as u8];
    numbers.iter().for_each(|&number| varint::write(&mut chunk, number));
    chunk
}

/// The example of the format's page, and some rows of the other tables.
fn small_store() -> Store {
    let mut store = Store::new(schema());
    store.insert(NAMES, &mut name(1, "a")).unwrap();
    store.insert(NAMES, &mut name(2, "gone")).unwrap();
    store.insert(NAMES, &mut name(5, "")).unwrap();
    store.delete(NAMES, 1).unwrap();
    store.insert(PRESENCE, &mut [0; 16]).unwrap();
    for value in 0..300 {
        store.insert(NUMBERS, &mut number(0, 1_000 - value)).unwrap();
    }
    store.commit();
    store
}

#[test]
fn the_example_byte_for_byte() {
    let mut store = small_store();
    store.delete(NUMBERS, 0).unwrap();
    (2..300).for_each(|slot| assert_eq!(store.delete(NUMBERS, slot), Ok(1)));
    store.commit();
    let expected: [&[&[u8]]; 5] = [
        &[&[0, 0, 1, 1], &[2, 0, 0, 0, 0, 0, 0, 0], &[0xe7, 3, 0, 0, 0, 0, 0, 0]],
        &[&[1, 0, 1, 0, 0xac, 2, 0xb0, 9]],
        &[
            &[0, 1, 0, 1, 17, 1, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, b'a'],
            &[1, 1, 16, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ],
        &[&[1, 1, 2, 0, 5, 0x80, 8]],
        &[&[1, 2, 0, 0, 1, 0x80, 8]],
    ];
    let chunks = chunks_of(&mut store);
    assert_eq!(chunks.len(), 6);
    for (chunk, expected) in chunks.iter().zip(expected) {
        assert_eq!(*chunk, expected.concat());
    }
    assert_eq!(chunks[5], [1, 3, 0, 0, 0, 0]);
}

/// Chunks as the fixtures hold them: each behind its length.
fn framed(chunks: &[Vec<u8>]) -> Vec<u8> {
    chunks.iter().flat_map(|chunk| [&(chunk.len() as u32).to_le_bytes(), chunk.as_slice()].concat()).collect()
}

fn unframed(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut chunks = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk() {
        let (chunk, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
        chunks.push(chunk.to_vec());
        bytes = rest;
    }
    chunks
}

/// A fixture of version 1. `AMBIT_BLESS=1` writes it anew.
fn fixture(name: &str, expected: &[u8]) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    if std::env::var_os("AMBIT_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, expected).unwrap();
    }
    std::fs::read(&path).unwrap()
}

#[test]
fn fixtures_of_version_1() {
    let mut store = small_store();
    let intact = framed(&chunks_of(&mut store));
    let bytes = fixture("chunks-v1-intact.bin", &intact);
    assert_eq!(bytes, intact, "this build writes other bytes");
    let loaded = load(&unframed(&bytes)).unwrap();
    for table in [NUMBERS, NAMES] {
        assert!(loaded.slots(table).eq(store.slots(table)));
    }
    assert_eq!(loaded.auto_inc_counter(PRESENCE, 0), Some(1));

    let mut damaged = intact;
    // The id 2 of the second row becomes another 1, which only its index notices.
    damaged[25] ^= 3;
    let bytes = fixture("chunks-v1-damaged.bin", &damaged);
    check(
        &unframed(&bytes),
        expect![
            "the snapshot is damaged: table `numbers`, column `id`: another row already has 1 in the unique index `id`"
        ],
    );
}

#[test]
fn worlds_of_many_pages_and_chunks() {
    let mut store = Store::new(schema());
    for value in 0..70_000 {
        store.insert(NUMBERS, &mut number(0, value)).unwrap();
    }
    let long = |slot: u64| "x".repeat((slot % 97 * 61) as usize) + &slot.to_string();
    for slot in 0..3_000_u64 {
        store.insert(NAMES, &mut name(0, &long(slot))).unwrap();
    }
    store.insert(NAMES, &mut name(0, &"y".repeat((1 << 20) - 16))).unwrap();
    store.commit();
    // Whole pages without rows, single gaps, and a page's edges.
    let is_gone =
        |slot: Slot| (10_000..40_000).contains(&slot) || slot.is_multiple_of(7) || slot % 2_048 == 2_047;
    (0..70_000).filter(|&slot| is_gone(slot)).for_each(|slot| assert_eq!(store.delete(NUMBERS, slot), Ok(1)));
    (0..3_000)
        .filter(|&slot| is_gone(slot * 7 + 1))
        .for_each(|slot| assert_eq!(store.delete(NAMES, slot), Ok(1)));
    store.commit();
    let frozen_rows: Vec<(Slot, Vec<u8>)> =
        store.slots(NAMES).map(|(slot, row)| (slot, row.to_vec())).collect();
    let chunks = chunks_of(&mut store);
    assert!(chunks.len() > 6, "more chunks than tables");
    for chunk in &chunks {
        assert!(chunk.len() <= CHUNK_BYTES_MAX);
        assert!(chunk[0] == 1 || chunk.len() >= CHUNK_BYTES || chunk.len() > 64);
    }
    let mut loaded = load(&chunks).unwrap();
    assert!(loaded.slots(NUMBERS).eq(store.slots(NUMBERS)));
    assert!(loaded.slots(NAMES).eq(frozen_rows.iter().map(|(slot, row)| (*slot, row.as_slice()))));
    for (slot, row) in store.slots(NUMBERS) {
        assert_eq!(loaded.find(NUMBERS, 0, &row[..8]), Ok(Some(slot)));
        assert_eq!(loaded.find(NUMBERS, 1, &row[8..]), Ok(Some(slot)));
    }
    // The next slots are those of the original.
    for value in 0..50_000 {
        let slot = store.insert(NUMBERS, &mut number(0, 1 << 40 | value)).unwrap();
        assert_eq!(loaded.insert(NUMBERS, &mut number(0, 1 << 40 | value)), Ok(slot));
    }
}

#[test]
fn a_sink_that_fails_ends_the_writing() {
    let mut calls = 0;
    let result = small_store().freeze().unwrap().write(&mut |_| {
        calls += 1;
        if calls == 3 { Err("the disk is full") } else { Ok(()) }
    });
    assert_eq!((result, calls), (Err("the disk is full"), 3));
}

#[track_caller]
fn check(chunks: &[Vec<u8>], expected: Expect) {
    let refusal = load(chunks).err().map(|error| error.to_string());
    expected.assert_eq(&refusal.unwrap_or_default());
}

#[test]
fn refusals() {
    let two = [number(1, 10), number(2, 20)].concat();
    check(&[vec![]], expect!["the snapshot is damaged in chunk 0 at byte 0: the bytes end too early"]);
    check(
        &[vec![2, 0]],
        expect!["the snapshot is damaged in chunk 0 at byte 2: there is no chunk of kind 2"],
    );
    check(
        &[vec![0, 9]],
        expect!["the snapshot is damaged in chunk 0 at byte 2: there is no table with id 9"],
    );
    check(
        &[vec![0, 0x80, 0]],
        expect![
            "the snapshot is damaged in chunk 0 at byte 1: a number is too large for its place or not in its shortest form"
        ],
    );
    check(
        &[vec![0, 0x80, 0x80, 4]],
        expect![
            "the snapshot is damaged in chunk 0 at byte 1: a number is too large for its place or not in its shortest form"
        ],
    );
    check(
        &[rows(NUMBERS, 0, 0, &[])],
        expect!["the snapshot is damaged in chunk 0 at byte 4: table `numbers`: 0 rows lie side by side"],
    );
    check(
        &[rows(NUMBERS, 0, 4_097, &two)],
        expect!["the snapshot is damaged in chunk 0 at byte 5: table `numbers`: 4097 rows lie side by side"],
    );
    check(
        &[rows(NUMBERS, 0, 3, &two)],
        expect!["the snapshot is damaged in chunk 0 at byte 4: the bytes end too early"],
    );
    check(
        &[rows(NUMBERS, 7, 2, &two), rows(NUMBERS, 8, 1, &two)],
        expect![
            "the snapshot is damaged in chunk 1 at byte 4: table `numbers`: there are two rows for slot 8"
        ],
    );
    check(
        &[rows(NUMBERS, (1 << 31) - 1, 2, &two)],
        expect![
            "the snapshot is damaged in chunk 0 at byte 8: table `numbers`: slot 2147483647 lies too far ahead"
        ],
    );
    check(
        &[rows(NUMBERS, 1 << 32, 2, &two)],
        expect![
            "the snapshot is damaged in chunk 0 at byte 2: a number is too large for its place or not in its shortest form"
        ],
    );
    check(
        &[rows(PRESENCE, 0, 1, &[0; 16])],
        expect![
            "the snapshot is damaged in chunk 0 at byte 2: table `presence` is ephemeral, but there are rows of it"
        ],
    );
    check(
        &[rows(NAMES, 0, 1, &[17])],
        expect!["the snapshot is damaged in chunk 0 at byte 5: the bytes end too early"],
    );
    check(
        &[rows(NAMES, 3, 1, &[&[17], &name(1, "\n")[..16], &[0xff]].concat())],
        expect![
            "the snapshot is damaged in chunk 0 at byte 22: table `names`: the bytes for slot 3 are not a row: a string is not UTF-8 at byte 8 of the row"
        ],
    );
    check(
        &[rows(PLACES, 3, 1, &number(1, u64::from(f32::NAN.to_bits())))],
        expect![
            "the snapshot is damaged in chunk 0 at byte 20: table `places`, column `value`: a position must be finite, got [NaN, 0]"
        ],
    );
    check(
        &[end(NUMBERS, &[1])],
        expect!["the snapshot is damaged in chunk 0 at byte 3: table `numbers` should have 1 rows and has 0"],
    );
    check(
        &[end(NUMBERS, &[0, 0])],
        expect!["the snapshot is damaged in chunk 0 at byte 4: the bytes end too early"],
    );
    check(
        &[end(NUMBERS, &[0, 1, 7, 0])],
        expect![
            "the snapshot is damaged in chunk 0 at byte 6: table `numbers`: column 1 has no auto_inc counter that could stand at 7"
        ],
    );
    check(
        &[end(NUMBERS, &[0]), rows(NUMBERS, 0, 2, &two)],
        expect!["the snapshot is damaged in chunk 1 at byte 2: table `numbers` goes on behind its end"],
    );
    check(
        &[end(NUMBERS, &[0]), end(NUMBERS, &[0])],
        expect!["the snapshot is damaged in chunk 1 at byte 2: table `numbers` goes on behind its end"],
    );
    check(
        &[rows(NUMBERS, 0, 2, &two), end(NUMBERS, &[2])],
        expect!["the snapshot is not complete: table `names` has no end"],
    );
    let ends = |count: u64| [end(0, &[count]), end(1, &[0]), end(2, &[0]), end(3, &[0])];
    let same_id = [number(2, 10), number(2, 20)].concat();
    let same_value = [number(1, 20), number(2, 20)].concat();
    check(
        &[&[rows(NUMBERS, 0, 2, &same_id)], &ends(2)[..]].concat(),
        expect![
            "the snapshot is damaged: table `numbers`, column `id`: another row already has 2 in the unique index `id`"
        ],
    );
    check(
        &[&[rows(NUMBERS, 0, 2, &same_value)], &ends(2)[..]].concat(),
        expect![
            "the snapshot is damaged: table `numbers`, column `value`: another row already has 20 in the unique index `value`"
        ],
    );
    assert!(load(&[&[rows(NUMBERS, 0, 2, &two)], &ends(2)[..]].concat()).is_ok());
}

#[test]
fn slots_may_lie_far_apart_but_not_as_far_as_no_memory_reaches() {
    let far = ambit_model::limits::ROWS_PER_TABLE_MAX as u64 - 1;
    let chunks =
        [rows(NUMBERS, far, 1, &number(1, 10)), end(0, &[1]), end(1, &[0]), end(2, &[0]), end(3, &[0])];
    let mut loaded = load(&chunks).unwrap();
    assert_eq!(loaded.find(NUMBERS, 0, &1_u64.to_le_bytes()), Ok(Some(far as Slot)));
    assert_eq!(loaded.insert(NUMBERS, &mut number(0, 11)), Ok(0));
    let place = [&[17], &name(1, "\n")[..]].concat();
    check(
        &[rows(NUMBERS, far, 1, &number(1, 10)), rows(NAMES, far, 1, &place), rows(PLACES, far, 1, &[0; 16])],
        expect![
            "the snapshot is damaged in chunk 2 at byte 8: table `places`: slot 2147483647 lies too far ahead"
        ],
    );
}

#[test]
fn a_loader_that_has_met_an_error_makes_no_store() {
    let mut loader = StoreLoader::new(schema(), 0);
    let first = loader.chunk(&[7, 0]).unwrap_err();
    assert_eq!(loader.chunk(&end(NUMBERS, &[0])), Err(first.clone()));
    assert_eq!(loader.finish().err(), Some(first));
}
