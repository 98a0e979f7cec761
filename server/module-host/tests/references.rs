//! References as a module meets them: an error code for a row that names nobody, and a delete that takes with it rows
//! which the same call was about to delete.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;
use std::sync::Arc;

use ambit_model::{
    ColumnSchema, ColumnType, IndexKind, IndexSchema, Lifecycle, OnDelete, ReducerSchema, ReferenceSchema,
    Schema, TableSchema,
};
use ambit_module_host::{CallHeader, Instance, Module, ModuleLimits, Runtime};
use ambit_store::Store;

/// A table `node { id u32 (primary), parent u32 (a node) }`, 8 bytes a row.
fn schema(on_delete: OnDelete) -> Schema {
    let index = |name: &str, column, unique| IndexSchema {
        name: name.into(),
        columns: vec![column],
        kind: IndexKind::Hash,
        unique,
    };
    let node = TableSchema {
        name: "node".into(),
        columns: vec![ColumnSchema::new("id", ColumnType::U32), ColumnSchema::new("parent", ColumnType::U32)],
        indexes: vec![index("id", 0, true), index("parent", 1, false)],
        primary: Some(0),
        references: vec![ReferenceSchema { columns: vec![1], table: "node".into(), on_delete }],
        ..TableSchema::default()
    };
    let run = ReducerSchema {
        name: "run".into(),
        params: Vec::new(),
        lifecycle: Lifecycle::Call,
        doc: String::new(),
    };
    Schema { tables: vec![node], reducers: vec![run], ..Schema::default() }
}

/// Runs a call whose result is that of `body`, an import's, less `expected`, on nodes 1 to 4 of which the first is
/// everybody's parent. Returns the parents of those that are left.
fn run(on_delete: OnDelete, body: &str, expected: i64) -> Vec<u8> {
    let schema = schema(on_delete);
    let description = schema.encode();
    let place = (0x1_0000 << 32) | description.len();
    let description = description.iter().fold(String::new(), |mut text, byte| {
        write!(text, "\\{byte:02x}").unwrap();
        text
    });
    let wat = format!(
        r#"(module
            (import "ambit" "insert" (func $insert (param i32 i32 i32) (result i64)))
            (import "ambit" "update" (func $update (param i32 i32 i32 i32) (result i64)))
            (import "ambit" "delete" (func $delete (param i32 i32 i32 i32) (result i64)))
            (memory (export "memory") 4)
            (data (i32.const 1024) "\00\00\00\00\08\00\00\00" "\02\00\00\00\09\00\00\00" "\01\00\00\00\00\00\00\00")
            (data (i32.const 2048) "\00\00\00\00\08\00\00\00" "\09\00\00\00\08\00\00\00")
            (data (i32.const 3072) "\00\00\00\00\08\00\00\00" "\02\00\00\00\03\00\00\00"
                                   "\00\00\00\00\08\00\00\00" "\03\00\00\00\04\00\00\00"
                                   "\00\00\00\00\08\00\00\00" "\07\00\00\00\01\00\00\00"
                                   "\00\00\00\00\08\00\00\00" "\04\00\00\00\02\00\00\00")
            (data (i32.const 0x10000) "{description}")
            (func (export "ambit_abi_version") (result i32) (i32.const 1))
            (func (export "ambit_describe") (result i64) (i64.const {place}))
            (func (export "ambit_alloc") (param i32) (result i32) (i32.const 0x20000))
            (func (export "ambit_call") (param i32 i32 i32 i32) (result i32)
                (i32.wrap_i64 (i64.sub {body} (i64.const {expected})))))"#
    );
    let limits = ModuleLimits {
        deadline: std::time::Duration::from_secs(10),
        memory_bytes: 1 << 20,
        table_elements: 100,
        ..ModuleLimits::default()
    };
    let module = Module::compile(&Runtime::new().unwrap(), &wat::parse_str(wat).unwrap(), limits).unwrap();
    let mut store = Store::new(Arc::new(schema));
    for id in 1..=4_u8 {
        store.insert(0, &mut [id, 0, 0, 0, 1, 0, 0, 0]).unwrap();
    }
    store.commit();
    let mut instance = Instance::new(&module, store).unwrap();
    instance.call(&CallHeader::default(), 0, &[]).unwrap();
    instance.store().slots(0).map(|(_, row)| row[4]).collect()
}

const ALL_CHILDREN: &str = "(call $delete (i32.const 0) (i32.const 1) (i32.const 1040) (i32.const 8))";

#[test]
fn a_row_that_names_nobody_is_a_code() {
    let insert = "(call $insert (i32.const 0) (i32.const 2048) (i32.const 16))";
    let update = "(call $update (i32.const 0) (i32.const 0) (i32.const 1024) (i32.const 16))";
    assert_eq!(run(OnDelete::Cascade, insert, -12), [1; 4]);
    assert_eq!(run(OnDelete::Cascade, update, -12), [1; 4]);
}

#[test]
fn a_delete_meets_rows_that_it_has_taken_already() {
    assert_eq!(run(OnDelete::Cascade, ALL_CHILDREN, 4), []);
}

#[test]
fn a_row_that_others_hold_on_to_is_a_code() {
    assert_eq!(run(OnDelete::Restrict, ALL_CHILDREN, -12), [1; 4]);
}

#[test]
fn rows_of_a_batch_before_a_refused_one_are_written() {
    let of_bytes =
        |bytes| format!("(call $update (i32.const 0) (i32.const 0) (i32.const 3072) (i32.const {bytes}))");
    assert_eq!(run(OnDelete::Restrict, &of_bytes(32), 2), [1, 3, 4, 1]);
    assert_eq!(run(OnDelete::Restrict, &of_bytes(64), -1), [1, 3, 4, 1]);
}
