//! The table that is measured: 64-byte rows of eight numbers, a hash index on the first.

use std::sync::Arc;

use ambit_model::{ColumnSchema, ColumnType, IndexKind, IndexSchema, Schema, TableSchema};
use ambit_store::Store;

/// The table, with further indexes.
pub fn schema(further: &[IndexSchema]) -> Arc<Schema> {
    let columns = (0..8).map(|column| ColumnSchema::new(format!("c{column}"), ColumnType::U64)).collect();
    let id = IndexSchema { name: "id".into(), columns: vec![0], kind: IndexKind::Hash, unique: true };
    let mut indexes = vec![id];
    indexes.extend_from_slice(further);
    let table = TableSchema {
        name: "accounts".into(),
        public: true,
        columns,
        indexes,
        primary: Some(0),
        ..TableSchema::default()
    };
    Arc::new(Schema { tables: vec![table], ..Schema::default() })
}

pub fn row(key: u64, value: u64) -> [u8; 64] {
    let mut row = [0; 64];
    row[..8].copy_from_slice(&key.to_le_bytes());
    row[8..16].copy_from_slice(&value.to_le_bytes());
    row
}

/// A store of the table with the keys from 0 to `count`, inserted in an order without order.
pub fn store_of(schema: Arc<Schema>, count: u64) -> Store {
    let mut store = Store::new(schema);
    for step in 0..count {
        let key = scattered(step, count);
        store.insert(0, &mut row(key, spread(key))).expect("a new key");
        if step % 1_000 == 999 {
            store.commit();
        }
    }
    store.commit();
    store
}

/// A number of its own for every key, which is also a position: two whole floats.
fn spread(key: u64) -> u64 {
    let part = |number: u64| u64::from((number as f32).to_bits());
    part(key % 1_000) | part(key / 1_000) << 32
}

/// What this thread has spent on a processor. On a machine that does other things too it says more than the clock.
pub fn thread_seconds() -> f64 {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = statistics.split(' ').next().and_then(|number| number.parse::<f64>().ok());
    nanoseconds.unwrap_or(f64::NAN) / 1e9
}

/// Every number below `count` once.
pub fn scattered(step: u64, count: u64) -> u64 {
    step.wrapping_mul(2_654_435_761) % count
}
