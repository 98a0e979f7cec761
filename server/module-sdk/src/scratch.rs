//! Buffers that outlive a call, so that a reducer's hot path allocates nothing.
//!
//! Nothing here is shared between modules or threads: a module's instance has one thread.

use std::cell::{Cell, RefCell};

/// Buffers kept for later. More are given back to the allocator; nested loops go a few deep.
const POOLED_BUFFERS_MAX: usize = 8;

thread_local! {
    static KEY: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    static UPPER_KEY: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    static ROW: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    static POOL: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Runs `then` with a key's bytes.
#[inline]
pub(crate) fn with_key<R>(write: impl FnOnce(&mut Vec<u8>), then: impl FnOnce(&[u8]) -> R) -> R {
    let mut key = KEY.take();
    key.clear();
    write(&mut key);
    let result = then(&key);
    KEY.set(key);
    result
}

/// Runs `then` with two keys' bytes.
pub(crate) fn with_keys<R>(
    write_lower: impl FnOnce(&mut Vec<u8>),
    write_upper: impl FnOnce(&mut Vec<u8>),
    then: impl FnOnce(&[u8], &[u8]) -> R,
) -> R {
    with_key(write_lower, |lower| {
        let mut upper = UPPER_KEY.take();
        upper.clear();
        write_upper(&mut upper);
        let result = then(lower, &upper);
        UPPER_KEY.set(upper);
        result
    })
}

/// Runs `then` with the buffer that single rows are read into and written from. Its contents are arbitrary.
#[inline]
pub(crate) fn with_row<R>(then: impl FnOnce(&mut Vec<u8>) -> R) -> R {
    let mut row = ROW.take();
    let result = then(&mut row);
    ROW.set(row);
    result
}

/// A buffer to keep for a while; empty buffers are made only while the pool is empty. Its contents are arbitrary.
pub(crate) fn take() -> Vec<u8> {
    POOL.with_borrow_mut(Vec::pop).unwrap_or_default()
}

/// Gives a buffer back.
pub(crate) fn give_back(buffer: Vec<u8>) {
    POOL.with_borrow_mut(|pool| {
        if pool.len() < POOLED_BUFFERS_MAX {
            pool.push(buffer);
        }
    });
}
