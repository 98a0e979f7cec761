//! Measures how long a world of 1 GB takes from its snapshot's file to a database that is ready for its module.

#![expect(clippy::disallowed_methods, reason = "what measures reads the clock")]
#![expect(clippy::print_stdout, reason = "a program whose result is what it prints")]

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use ambit_journal::{Recovery, State};
use ambit_log::{DirectoryMedium, Medium, SnapshotReader, SnapshotWriter};
use ambit_model::{ColumnSchema, ColumnType, IndexKind, IndexSchema, Schema, TableSchema};
use ambit_store::Store;

/// Each has 64 bytes.
const ROWS: u64 = (1 << 30) / 64;

fn main() -> Result<(), Box<dyn Error>> {
    // The system's temporary folder, or the one that is given.
    let parent = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, Into::into);
    let directory = parent.join(format!("ambit-journal-measure-{}", std::process::id()));
    let medium: Arc<dyn Medium> = Arc::new(DirectoryMedium::new(directory.clone())?);
    write(Arc::clone(&medium))?;
    let begin = Instant::now();
    let mut reader = SnapshotReader::open(medium, 1)?;
    let mut recovery = Recovery::from_snapshot(7);
    let mut chunk = Vec::new();
    while reader.next_chunk(&mut chunk)? {
        recovery.chunk(&chunk)?;
    }
    let mut recovery = recovery.finish()?;
    recovery.finish();
    let follower = recovery.fork_store()?;
    let seconds = begin.elapsed().as_secs_f64();
    println!("figure world_1gb_start_s {seconds:.2} s");
    println!("figure world_1gb_start_mb_per_s {:.0} MB/s", (ROWS * 64) as f64 / 1e6 / seconds);
    assert_eq!(follower.count(0) as u64, ROWS);
    std::fs::remove_dir_all(directory)?;
    Ok(())
}

/// The snapshot of a table of eight numbers, the first of which is its key, inserted in an order without order.
fn write(medium: Arc<dyn Medium>) -> Result<(), Box<dyn Error>> {
    let columns = (0..8).map(|column| ColumnSchema::new(format!("c{column}"), ColumnType::U64)).collect();
    let id = IndexSchema { name: "id".into(), columns: vec![0], kind: IndexKind::Hash, unique: true };
    let name = "thing".into();
    let table = TableSchema { name, columns, indexes: vec![id], primary: Some(0), ..TableSchema::default() };
    let schema = Schema { tables: vec![table], ..Schema::default() };
    let head = State { last_offset: 1, ..State::default() }.encode_head(&schema);
    let mut store = Store::new(Arc::new(schema));
    for step in 0..ROWS {
        let mut row = [0; 64];
        let key = step.wrapping_mul(2_654_435_761) % ROWS;
        row[..16].copy_from_slice(bytes_of(key, step).as_slice());
        store.insert(0, &mut row)?;
        if step % 1_000 == 999 {
            store.commit();
        }
    }
    store.commit();
    let mut writer = SnapshotWriter::create(medium, 1)?;
    writer.chunk(&head)?;
    store.freeze()?.write(&mut |chunk| writer.chunk(chunk))?;
    writer.finish()?.publish()?;
    Ok(())
}

fn bytes_of(key: u64, value: u64) -> [u8; 16] {
    (u128::from(value) << 64 | u128::from(key)).to_le_bytes()
}
