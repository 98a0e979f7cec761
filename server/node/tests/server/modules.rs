//! Modules written by hand, for what the testbed does not do: other tables and reducers, a failing init, no ticks.

use std::fmt::Write;

use ambit_model::{
    ColumnSchema, ColumnType, IndexKind, IndexSchema, Lifecycle, ReducerSchema, Schema, TableSchema,
};

/// A module whose tables are `{ id u64 }` and whose reducers insert a row of their own number into the first table, but for
/// those that fail.
pub struct HandModule {
    pub tables: Vec<&'static str>,
    /// In the order of their ids.
    pub reducers: Vec<(&'static str, Lifecycle)>,
    /// Reducers that return an error.
    pub failing: Vec<&'static str>,
}

impl HandModule {
    /// One table `note` and reducers that clients call.
    pub fn with_reducers(names: &[&'static str]) -> Self {
        let reducers = names.iter().map(|name| (*name, Lifecycle::Call)).collect();
        Self { tables: vec!["note"], reducers, failing: Vec::new() }
    }

    /// The number that a reducer writes down: the same in every module.
    pub fn number(name: &str) -> u64 {
        name.bytes().fold(0, |number, byte| number * 31 % 0xff_ffff + u64::from(byte))
    }

    fn schema(&self) -> Schema {
        let id = ColumnSchema::new("id", ColumnType::U64);
        let index = IndexSchema { name: "id".into(), columns: vec![0], kind: IndexKind::Hash, unique: true };
        let table = |name: &&str| TableSchema {
            name: (*name).into(),
            public: true,
            columns: vec![id.clone()],
            indexes: vec![index.clone()],
            primary: Some(0),
            doc: String::new(),
            ..TableSchema::default()
        };
        let reducer = |(name, lifecycle): &(&str, Lifecycle)| ReducerSchema {
            name: (*name).into(),
            params: Vec::new(),
            lifecycle: *lifecycle,
            doc: String::new(),
        };
        Schema {
            tables: self.tables.iter().map(table).collect(),
            reducers: self.reducers.iter().map(reducer).collect(),
            ..Schema::default()
        }
    }

    /// The module's bytes. A reducer that finds its row already there succeeds and changes nothing.
    pub fn wasm(&self) -> Vec<u8> {
        let action = |(name, _): &(&str, Lifecycle)| match self.failing.contains(name) {
            true => "(call $fail (i32.const 256) (i32.const 14)) (return (i32.const 1))".to_owned(),
            false => insertion(0, &Self::number(name).to_le_bytes()),
        };
        assemble(&self.schema(), &self.reducers.iter().map(action).collect::<Vec<_>>())
    }
}

/// Inserts a row.
pub fn insertion(table: u16, row: &[u8]) -> String {
    // One batch entry: slot, length, the row and what fills its last word.
    let mut text = format!(
        "(i32.store (i32.const 64) (i32.const 0)) (i32.store (i32.const 68) (i32.const {}))",
        row.len()
    );
    let mut entry_bytes = 8;
    for word in row.chunks(8) {
        let mut bytes = [0; 8];
        bytes[..word.len()].copy_from_slice(word);
        let (at, word) = (64 + entry_bytes, i64::from_le_bytes(bytes));
        write!(text, "(i64.store (i32.const {at}) (i64.const {word}))").unwrap();
        entry_bytes += 8;
    }
    format!(
        "{text} (drop (call $insert (i32.const {table}) (i32.const 64) (i32.const {entry_bytes})))
         (return (i32.const 0))"
    )
}

/// The module's bytes: what each reducer does, in the order of their ids.
pub fn assemble(schema: &Schema, actions: &[String]) -> Vec<u8> {
    const DESCRIPTION_AT: usize = 0x1_0000;
    const BUFFER_AT: usize = 0x2_0000;
    let description = schema.encode();
    let place = (DESCRIPTION_AT << 32) | description.len();
    let mut escaped = String::new();
    description.iter().for_each(|byte| write!(escaped, "\\{byte:02x}").unwrap());
    let mut body = String::new();
    for (id, action) in actions.iter().enumerate() {
        write!(body, "(if (i32.eq (local.get $id) (i32.const {id})) (then {action}))").unwrap();
    }
    let text = format!(
        r#"(module
        (import "ambit" "insert" (func $insert (param i32 i32 i32) (result i64)))
        (import "ambit" "fail" (func $fail (param i32 i32)))
        (memory (export "memory") 4)
        (data (i32.const 256) "of my own will")
        (data (i32.const {DESCRIPTION_AT}) "{escaped}")
        (func (export "ambit_abi_version") (result i32) (i32.const 1))
        (func (export "ambit_describe") (result i64) (i64.const {place}))
        (func (export "ambit_alloc") (param i32) (result i32) (i32.const {BUFFER_AT}))
        (func (export "ambit_call") (param $kind i32) (param $id i32) (param $at i32) (param $len i32)
            (result i32) {body} (i32.const 2)))"#
    );
    wat::parse_str(text).unwrap()
}
