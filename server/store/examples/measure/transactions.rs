//! Whole transactions, change sets included: two look-ups and two updates, and a million updates at once.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Instant;

use rustc_hash::FxBuildHasher;

use crate::world::{row, scattered, schema, store_of, thread_seconds};

const ACCOUNTS: u64 = 100_000;
const TRANSFERS: u64 = 1_000;
const ROUNDS: usize = 2_001;

pub fn measure() {
    transfers();
    million();
}

/// Beside the store, round by round, what the same takes at the least: a hash map, a list of rows, a copy of the old row and a
/// line of log. The two share whatever the machine is like; their ratio says more than either.
fn transfers() {
    let mut store = store_of(schema(&[]), ACCOUNTS);
    let mut least = Least::new();
    let (mut figures, mut limits) = (Vec::new(), Vec::new());
    let mut bytes = 0;
    for round in 0..ROUNDS as u64 {
        let start = Instant::now();
        for step in 0..TRANSFERS {
            let place = step + round * TRANSFERS;
            for key in [any_account(place), any_account(place ^ 0x5555)] {
                let slot = store.find(0, 0, &key.to_le_bytes()).expect("a key").expect("a row");
                store.update(0, slot, &row(key, step + round)).expect("a row");
            }
            bytes += black_box(store.commit()).body.len();
        }
        figures.push(start.elapsed().as_nanos() as f64 / TRANSFERS as f64);
        let start = Instant::now();
        for step in 0..TRANSFERS {
            let place = step + round * TRANSFERS;
            least.transfer([any_account(place), any_account(place ^ 0x5555)], step + round);
        }
        limits.push(start.elapsed().as_nanos() as f64 / TRANSFERS as f64);
    }
    figures.sort_by(f64::total_cmp);
    limits.sort_by(f64::total_cmp);
    // The fastest round: whatever else the machine does only ever adds.
    println!("figure store_transfer_ns {:.1} ns", figures[0]);
    println!("figure store_transfer_limit_ns {:.1} ns", limits[0]);
    println!(
        "  ({:.1} and {:.1} ns in the middle of {ROUNDS} rounds)",
        figures[ROUNDS / 2],
        limits[ROUNDS / 2]
    );
    println!("figure store_transfer_body_bytes {:.1} B", bytes as f64 / (ROUNDS as u64 * TRANSFERS) as f64);
}

/// A store that can do nothing else.
struct Least {
    slots: HashMap<u64, u32, FxBuildHasher>,
    rows: Vec<[u8; 64]>,
    undo: Vec<[u8; 64]>,
    log: Vec<u8>,
}

impl Least {
    fn new() -> Self {
        let keys = (0..ACCOUNTS).map(|step| scattered(step, ACCOUNTS));
        let slots = keys.clone().zip(0..).collect();
        Self { slots, rows: keys.map(|key| row(key, 0)).collect(), undo: Vec::new(), log: Vec::new() }
    }

    fn transfer(&mut self, accounts: [u64; 2], value: u64) {
        for key in accounts {
            let slot = self.slots[&key];
            let place = &mut self.rows[slot as usize];
            self.undo.push(std::mem::replace(place, row(key, value)));
            self.log.extend_from_slice(&slot.to_le_bytes());
            self.log.extend_from_slice(&value.to_le_bytes());
        }
        black_box((&self.undo, &self.log));
        self.undo.clear();
        self.log.clear();
    }
}

/// An account by chance, without a division: that would take longer than a look-up.
fn any_account(step: u64) -> u64 {
    ((step.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) * ACCOUNTS) >> 32
}

fn million() {
    const ROWS: u64 = 1_000_000;
    let mut store = store_of(schema(&[]), ROWS);
    let mut figures = Vec::new();
    for round in 0..5 {
        let (start, thread) = (Instant::now(), thread_seconds());
        for slot in 0..ROWS {
            let key = scattered(slot, ROWS);
            store.update(0, slot as u32, &row(key, round)).expect("a row");
        }
        black_box(store.commit());
        figures.push(start.elapsed().as_secs_f64());
        println!("  ({:.3} s on the processor)", thread_seconds() - thread);
    }
    figures.sort_by(f64::total_cmp);
    println!("figure store_update_1m_rows_s {:.3} s", figures[2]);
}
