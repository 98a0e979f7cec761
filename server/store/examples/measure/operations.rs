//! Single operations on 64-byte rows with a `u64` key, in tables of 10,000 and of a million rows.

use std::hint::black_box;
use std::time::Instant;

use ambit_store::Store;

use crate::world::{row, schema};

const ROUNDS: usize = 7;
const OPERATIONS: usize = 200_000;
const PER_TRANSACTION: usize = 100;

pub fn measure(count: u64) {
    let mut store = Store::new(schema(&[]));
    let start = Instant::now();
    let (mut last, mut worst_s) = (start, 0_f64);
    for key in 0..count {
        store.insert(0, &mut row(key * 7, 0)).expect("a new key");
        // Indexes grow now and then, and the world waits for it.
        if key % 16 == 0 {
            let now = Instant::now();
            worst_s = worst_s.max((now - last).as_secs_f64());
            last = now;
        }
        if key % 1_000 == 0 {
            black_box(store.commit());
        }
    }
    store.commit();
    let insert_ns = start.elapsed().as_nanos() as f64 / count as f64;
    println!("figure store_insert_{count}_ns {insert_ns:.1} ns");
    println!("figure store_insert_{count}_ms_max {:.2} ms", worst_s * 1e3);
    let keys: Vec<u64> =
        (0..OPERATIONS as u64).map(|step| step.wrapping_mul(2_654_435_761) % count * 7).collect();

    report("find", count, || {
        for key in &keys {
            black_box(store.find(0, 0, &key.to_le_bytes()).expect("a key"));
        }
    });
    report("find_row", count, || {
        for key in &keys {
            let slot = store.find(0, 0, &key.to_le_bytes()).expect("a key").expect("a row");
            black_box(store.row(0, slot));
        }
    });
    let body = {
        let mut written = 0;
        report("find_update", count, || {
            for (step, &key) in keys.iter().enumerate() {
                let slot = store.find(0, 0, &key.to_le_bytes()).expect("a key").expect("a row");
                store.update(0, slot, &row(key, step as u64)).expect("a row");
                if step % PER_TRANSACTION == 0 {
                    written += store.commit().body.len();
                }
            }
            written += store.commit().body.len();
        });
        report("find_patch", count, || {
            for (step, &key) in keys.iter().enumerate() {
                let slot = store.find(0, 0, &key.to_le_bytes()).expect("a key").expect("a row");
                store.patch(0, slot, 2, &(step as u64).to_le_bytes()).expect("a column");
                if step % PER_TRANSACTION == 0 {
                    written += store.commit().body.len();
                }
            }
            written += store.commit().body.len();
        });
        written
    };
    println!("  ({body} bytes of change sets)");
    let mut follower = Store::new(schema(&[]));
    let mut inserts = Store::new(schema(&[]));
    for key in 0..count {
        inserts.insert(0, &mut row(key * 7, 0)).expect("a new key");
        if key % 1_000 == 999 {
            follower.apply(&inserts.commit().body, |_| {}).expect("its own change set");
        }
    }
    let bodies: Vec<_> = keys
        .chunks(PER_TRANSACTION)
        .enumerate()
        .map(|(step, keys)| {
            for key in keys {
                let slot = inserts.find(0, 0, &key.to_le_bytes()).expect("a key").expect("a row");
                inserts.patch(0, slot, 2, &(step as u64 + 1).to_le_bytes()).expect("a column");
            }
            inserts.commit().body
        })
        .collect();
    report("apply", count, || {
        for body in &bodies {
            follower.apply(body, |change| assert_ne!(black_box(change.mask), 0)).expect("its own change set");
        }
    });
}

/// Prints the median nanoseconds per operation of several rounds.
fn report(name: &str, count: u64, mut run: impl FnMut()) {
    let mut figures: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_nanos() as f64 / OPERATIONS as f64
        })
        .collect();
    figures.sort_by(f64::total_cmp);
    println!("figure store_{name}_{count}_ns {:.1} ns", figures[ROUNDS / 2]);
}
