//! Modules written by hand that do what no module library would: every one ends in a typed error or an error
//! code, the store stays intact, and the next call works.

#![expect(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test fails by panicking")]

#[path = "hostile/calls.rs"]
mod calls;
#[path = "hostile/migrations.rs"]
mod migrations;
#[path = "hostile/publish.rs"]
mod publish;
#[path = "hostile/tables.rs"]
mod tables;

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use ambit_model::{
    ColumnSchema, ColumnType, IndexKind, IndexSchema, Lifecycle, ReducerSchema, Schema, TableSchema,
};
use ambit_module_host::{CallError, CallHeader, CompileError, Instance, Module, ModuleLimits, Runtime};
use ambit_store::Store;

/// All imports, with the names that the bodies of the tests use.
const IMPORTS: &str = r#"
    (import "ambit" "get" (func $get (param i32 i32 i32 i32 i32 i32) (result i64)))
    (import "ambit" "insert" (func $insert (param i32 i32 i32) (result i64)))
    (import "ambit" "update" (func $update (param i32 i32 i32 i32) (result i64)))
    (import "ambit" "patch" (func $patch (param i32 i32 i32 i32 i64 i32 i32) (result i64)))
    (import "ambit" "delete" (func $delete (param i32 i32 i32 i32) (result i64)))
    (import "ambit" "scan" (func $scan (param i32 i32 i32 i32 i32 i32) (result i64)))
    (import "ambit" "near" (func $near (param i32 i32 f64 f64 f64 f64 i32 i32) (result i64)))
    (import "ambit" "scan_next" (func $scan_next (param i32 i32 i32) (result i64)))
    (import "ambit" "scan_close" (func $scan_close (param i32) (result i64)))
    (import "ambit" "count" (func $count (param i32) (result i64)))
    (import "ambit" "log" (func $log (param i32 i32 i32)))
    (import "ambit" "fail" (func $fail (param i32 i32)))
    (import "ambit" "error_text" (func $error_text (param i32 i32) (result i64)))
    (import "ambit" "abort" (func $abort (param i32 i32)))
"#;

/// Where the module's description lies; below it is room for the tests.
const DESCRIPTION_AT: usize = 0x1_0000;
/// Where the call buffer lies.
const BUFFER_AT: usize = 0x2_0000;
/// Bytes of the module's memory at the start.
const MEMORY_BYTES: usize = 0x4_0000;

/// A table `item { id u64 (primary, auto_inc), weight u32, place DVec2 (spatial) }`, 32 bytes a row, a table
/// `note { words Vec<String> (unique) }`, and one reducer.
fn schema() -> Schema {
    let column = |name: &str, ty, auto_inc| ColumnSchema { auto_inc, ..ColumnSchema::new(name, ty) };
    let index = |name: &str, column, kind, unique| IndexSchema {
        name: name.into(),
        columns: vec![column],
        kind,
        unique,
    };
    let table = TableSchema {
        name: "item".into(),
        public: true,
        columns: vec![
            column("id", ColumnType::U64, true),
            column("weight", ColumnType::U32, false),
            column("place", ColumnType::DVec2, false),
        ],
        indexes: vec![
            index("id", 0, IndexKind::Hash, true),
            index("weight", 1, IndexKind::Ordered, false),
            index("place", 2, IndexKind::Spatial { cell: 10.0 }, false),
        ],
        primary: Some(0),
        doc: String::new(),
        ..TableSchema::default()
    };
    let words = ColumnType::Vec(Box::new(ColumnType::String));
    let note = TableSchema {
        name: "note".into(),
        public: true,
        columns: vec![column("words", words, false)],
        indexes: vec![index("words", 0, IndexKind::Hash, true)],
        primary: None,
        doc: String::new(),
        ..TableSchema::default()
    };
    let reducer = ReducerSchema {
        name: "run".into(),
        params: Vec::new(),
        lifecycle: Lifecycle::Call,
        doc: String::new(),
    };
    Schema { tables: vec![table, note], reducers: vec![reducer], ..Schema::default() }
}

fn escape(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "\\{byte:02x}").unwrap();
        text
    })
}

/// A module with this body of `ambit_call`. `more` holds further definitions.
fn wat(body: &str, more: &str) -> String {
    wat_of(&schema(), body, more)
}

/// Like [`wat`], with another description.
fn wat_of(schema: &Schema, body: &str, more: &str) -> String {
    let description = schema.encode();
    let place = (DESCRIPTION_AT << 32) | description.len();
    let description = escape(&description);
    let pages = MEMORY_BYTES / 0x1_0000;
    format!(
        r#"(module {IMPORTS}
            (memory (export "memory") {pages})
            (global $calls (mut i32) (i32.const 0))
            (data (i32.const {DESCRIPTION_AT}) "{description}")
            (func (export "ambit_abi_version") (result i32) (i32.const 1))
            (func (export "ambit_describe") (result i64) (i64.const {place}))
            (func (export "ambit_alloc") (param i32) (result i32) (i32.const {BUFFER_AT}))
            (func (export "ambit_call") (param $kind i32) (param $id i32) (param $at i32) (param $len i32)
                (result i32) {body})
            {more})"#
    )
}

fn limits() -> ModuleLimits {
    ModuleLimits {
        deadline: Duration::from_millis(50),
        migration_deadline: Duration::from_millis(100),
        memory_bytes: 1 << 20,
        table_elements: 100,
    }
}

fn compile(wat: &str) -> Result<Module, CompileError> {
    Module::compile(&Runtime::new().unwrap(), &wat::parse_str(wat).unwrap(), limits())
}

fn start(body: &str, more: &str) -> Instance {
    let module = compile(&wat(body, more)).unwrap();
    assert_eq!(**module.schema(), schema());
    Instance::new(&module, Store::new(Arc::new(schema()))).unwrap()
}

fn call(instance: &mut Instance) -> Result<(), CallError> {
    let result = instance.call(&CallHeader::default(), 0, &[]);
    match &result {
        Ok(()) => drop(instance.store_mut().commit()),
        Err(_) => instance.store_mut().rollback(),
    }
    result
}

/// Runs a body that leaves an import's `i64` result as the call's status.
fn status(body: &str) -> i64 {
    let mut instance = start(&format!("(i32.wrap_i64 {body})"), "");
    match call(&mut instance) {
        Ok(()) => 0,
        Err(CallError::Failed(_)) => 1,
        Err(CallError::Refused(text)) => match text.rsplit(' ').next().unwrap().parse() {
            Ok(status) => status,
            Err(_) if text.contains("no such reducer") => 2,
            Err(_) => 3,
        },
        Err(other) => panic!("{body}: {other}"),
    }
}

/// Runs a body that must end in a trap and gives its text. The module must still work afterwards.
fn trap(body: &str) -> String {
    let mut instance = start(body, "");
    let error = call(&mut instance).unwrap_err();
    assert_eq!(call(&mut instance).unwrap_err(), error, "a fresh instance fails the same way");
    match error {
        CallError::Trapped(text) => text,
        other => panic!("{body}: {other}"),
    }
}
