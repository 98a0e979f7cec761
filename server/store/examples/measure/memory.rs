//! How much memory rows and indexes take, counted where it is allocated.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use ambit_model::{ColumnSchema, ColumnType, IndexKind, IndexSchema, Schema};

use crate::world::{schema, store_of};

const ROWS: u64 = 1_000_000;

static ALLOCATED_BYTES: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, and how much it has handed out.
pub struct Counting;

// SAFETY: every call goes to the system's allocator with the arguments that came; counting touches no memory of it.
#[expect(unsafe_code, reason = "an allocator is an unsafe trait")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED_BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        ALLOCATED_BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATED_BYTES.fetch_add(size.wrapping_sub(layout.size()), Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(place, layout, size) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        ALLOCATED_BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(place, layout) }
    }
}

pub fn measure() {
    let plain = bytes_of(&schema(&[]));
    println!("figure store_bytes_per_row_factor {:.3} x", plain as f64 / (64 * ROWS) as f64);
    let index =
        |columns: Vec<u16>, kind, unique| IndexSchema { name: "further".into(), columns, kind, unique };
    let further = [
        ("hash_unique", index(vec![1], IndexKind::Hash, true)),
        ("hash", index(vec![1], IndexKind::Hash, false)),
        ("ordered", index(vec![1], IndexKind::Ordered, false)),
        ("ordered_in_order", index(vec![2, 0], IndexKind::Ordered, false)),
        ("ordered_16_bytes", index(vec![1, 2], IndexKind::Ordered, false)),
        ("spatial", index(vec![1], IndexKind::Spatial { cell: 10.0 }, false)),
    ];
    for (name, index) in further {
        let mut schema = Schema::clone(&schema(std::slice::from_ref(&index)));
        if let IndexKind::Spatial { .. } = index.kind {
            schema.tables[0].columns[1] = ColumnSchema::new("c1", ColumnType::Vec2);
        }
        let bytes = bytes_of(&std::sync::Arc::new(schema)) - plain;
        println!("figure store_index_bytes_per_row_{name} {:.1} B", bytes as f64 / ROWS as f64);
    }
}

/// What a million rows take.
fn bytes_of(schema: &std::sync::Arc<Schema>) -> usize {
    let before = ALLOCATED_BYTES.load(Ordering::Relaxed);
    let store = store_of(schema.clone(), ROWS);
    let bytes = ALLOCATED_BYTES.load(Ordering::Relaxed) - before;
    assert_eq!(store.count(0) as u64, ROWS);
    bytes
}
