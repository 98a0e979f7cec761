//! A world of 1 GB: how long it stands still to be frozen, how a writer fares while the frozen world is written out, and
//! how fast it is loaded.

use std::hint::black_box;
use std::time::Instant;

use ambit_store::{Store, StoreLoader};

use crate::world::{row, scattered, schema, store_of, thread_seconds};

const ROWS: u64 = (1 << 30) / 64;
const ROWS_PER_TRANSACTION: u64 = 100;

pub fn measure() {
    let mut store = store_of(schema(&[]), ROWS);
    for round in 0..3 {
        let (start, thread) = (Instant::now(), thread_seconds());
        let frozen = store.freeze().expect("no open transaction");
        println!("figure store_freeze_1gb_ms {:.2} ms", start.elapsed().as_secs_f64() * 1e3);
        println!("  ({:.2} ms on the processor)", (thread_seconds() - thread) * 1e3);
        let (mut worst_us, mut transactions) = (0_f64, 0_u64);
        let (mut worst_thread_us, mut sum_thread_us) = (0_f64, 0.0);
        let writer = std::thread::spawn(move || {
            let start = Instant::now();
            let mut bytes = 0;
            let result = frozen.write::<()>(&mut |chunk| {
                bytes += black_box(chunk).len();
                Ok(())
            });
            result.map(|()| (bytes, start.elapsed().as_secs_f64()))
        });
        while !writer.is_finished() {
            let (start, thread) = (Instant::now(), thread_seconds());
            for step in 0..ROWS_PER_TRANSACTION {
                let slot = scattered(transactions * ROWS_PER_TRANSACTION + step, ROWS);
                let key =
                    u64::from_le_bytes(store.row(0, slot as u32).expect("a row")[..8].try_into().expect("8"));
                store.update(0, slot as u32, &row(key, round + step)).expect("a row");
            }
            store.commit();
            let us = start.elapsed().as_secs_f64() * 1e6;
            worst_us = worst_us.max(us);
            let thread_us = (thread_seconds() - thread) * 1e6;
            worst_thread_us = worst_thread_us.max(thread_us);
            sum_thread_us += thread_us;
            transactions += 1;
        }
        let (bytes, seconds) = writer.join().expect("no panic").expect("no error");
        println!("figure store_write_while_frozen_us_max {worst_us:.0} us");
        println!(
            "  (on the processor {worst_thread_us:.0} us at most, {:.0} us on average; {transactions} transactions)",
            sum_thread_us / transactions as f64
        );
        println!("figure store_snapshot_write_mb_per_s {:.0} MB/s", bytes as f64 / seconds / 1e6);
    }
    load(store);
}

fn load(mut store: Store) {
    let mut chunks = Vec::new();
    let frozen = store.freeze().expect("no open transaction");
    drop(store);
    frozen
        .write::<()>(&mut |chunk| {
            chunks.push(chunk.to_vec());
            Ok(())
        })
        .expect("no error");
    let bytes: usize = chunks.iter().map(Vec::len).sum();
    for _ in 0..2 {
        let (start, thread) = (Instant::now(), thread_seconds());
        let mut loader = StoreLoader::new(schema(&[]), 7);
        for chunk in &chunks {
            loader.chunk(chunk).expect("its own chunk");
        }
        let rows_s = thread_seconds() - thread;
        let store = loader.finish().expect("its own chunks");
        let seconds = start.elapsed().as_secs_f64();
        assert_eq!(store.count(0) as u64, ROWS);
        println!("figure store_load_mb_per_s {:.0} MB/s", bytes as f64 / seconds / 1e6);
        let index_s = thread_seconds() - thread - rows_s;
        println!("  (on the processor {rows_s:.2} s for the rows, {index_s:.2} s for the index)");
    }
}
