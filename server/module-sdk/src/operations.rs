//! Rows to bytes, one crossing into the database, bytes to rows.

use std::borrow::Borrow;
use std::fmt;

use ambit_model::{Row, RowReader};
use ambit_module_abi::{ErrorCode, unpack};

use crate::error::{DeleteError, InsertError, UpdateError};
use crate::imports;
use crate::scratch;
use crate::table::{Stored, Table};

/// Bytes of a batch entry before its row.
pub(crate) const ENTRY_HEADER_BYTES: usize = 8;

/// Bytes after which a batch of writes is handed over: far below the ABI's limit, and larger batches save nothing.
const BATCH_BYTES: usize = 256 * 1024;

#[inline]
pub(crate) fn find<T: Stored>(index: u32, write_key: impl FnOnce(&mut Vec<u8>)) -> Option<T> {
    scratch::with_key(write_key, |key| scratch::with_row(|out| find_into(index, key, out)))
}

#[inline]
fn find_into<T: Stored>(index: u32, key: &[u8], out: &mut Vec<u8>) -> Option<T> {
    if out.len() < T::FIXED_BYTES {
        out.resize(T::FIXED_BYTES, 0);
    }
    loop {
        let result = imports::get(T::registration().id(), index, key, out);
        if result < 0 {
            return match ErrorCode::from_code(result) {
                Some(ErrorCode::NotFound) => None,
                _ => refused(),
            };
        }
        let row_bytes = unpack(result).1 as usize;
        match out.get(..row_bytes) {
            Some(row) => return Some(decode(row)),
            None => out.resize(row_bytes, 0),
        }
    }
}

#[inline]
pub(crate) fn insert<T: Table>(mut row: T) -> Result<T, InsertError> {
    scratch::with_row(|out| {
        out.clear();
        push(&row, out);
        let result = imports::insert(T::registration().id(), out);
        if result < 0 {
            return Err(InsertError::last(result));
        }
        let bytes = out.get(ENTRY_HEADER_BYTES..).unwrap_or_default();
        if row.read_auto_inc(RowReader::new(bytes)).is_err() {
            mismatch::<T>();
        }
        Ok(row)
    })
}

pub(crate) fn insert_all<T: Table>(rows: impl IntoIterator<Item = T>) -> Result<u64, InsertError> {
    in_batches(rows.into_iter(), |batch| {
        let result = imports::insert(T::registration().id(), batch);
        if result < 0 { Err(InsertError::last(result)) } else { Ok(result as u64) }
    })
}

#[inline]
pub(crate) fn update<T: Table>(index: u32, row: &T) -> Result<(), UpdateError> {
    scratch::with_row(|out| {
        out.clear();
        push(row, out);
        let result = imports::update(T::registration().id(), index, out);
        if result < 0 { Err(UpdateError::last(result)) } else { Ok(()) }
    })
}

pub(crate) fn update_all<T: Table, R: Borrow<T>>(
    index: u32,
    rows: impl IntoIterator<Item = R>,
) -> Result<u64, UpdateError> {
    in_batches::<T, R, _>(rows.into_iter(), |batch| {
        let result = imports::update(T::registration().id(), index, batch);
        if result < 0 { Err(UpdateError::last(result)) } else { Ok(result as u64) }
    })
}

#[inline]
pub(crate) fn delete<T: Table>(index: u32, write_key: impl FnOnce(&mut Vec<u8>)) -> Result<u64, DeleteError> {
    let result = scratch::with_key(write_key, |key| imports::delete(T::registration().id(), index, key));
    u64::try_from(result).map_err(|_| DeleteError::last(result))
}

pub(crate) fn count<T: Stored>() -> u64 {
    u64::try_from(imports::count(T::registration().id())).unwrap_or_else(|_| refused())
}

/// The row from bytes that the database gave.
#[inline]
pub(crate) fn decode<T: Stored>(row: &[u8]) -> T {
    match T::decode(row) {
        Ok(row) => row,
        Err(_) => mismatch::<T>(),
    }
}

/// The result of an operation that is to succeed or end the call.
#[inline]
#[track_caller]
pub(crate) fn must<R, E: fmt::Display>(result: Result<R, E>) -> R {
    match result {
        Ok(result) => result,
        Err(error) => fail(&error),
    }
}

/// Ends the call with the database's own explanation: the module and the database disagree about the schema, or
/// a limit is exceeded.
#[cold]
#[track_caller]
pub(crate) fn refused() -> ! {
    fail(&imports::last_error_text())
}

#[cold]
#[track_caller]
fn fail(error: &dyn fmt::Display) -> ! {
    panic!("{error}")
}

#[cold]
fn mismatch<T: Stored>() -> ! {
    panic!("the database gave bytes that are not a row of table `{}`", T::NAME)
}

/// Appends a batch entry.
#[inline]
fn push<T: Row>(row: &T, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; ENTRY_HEADER_BYTES]);
    row.encode_into(out);
    let length = u32::try_from(out.len() - start - ENTRY_HEADER_BYTES).unwrap_or(u32::MAX);
    if let Some(place) = out.get_mut(start + 4..start + ENTRY_HEADER_BYTES) {
        place.copy_from_slice(&length.to_le_bytes());
    }
    if !out.len().is_multiple_of(8) {
        out.resize(out.len().next_multiple_of(8), 0);
    }
}

fn in_batches<T: Row, R: Borrow<T>, E>(
    rows: impl Iterator<Item = R>,
    mut hand_over: impl FnMut(&mut [u8]) -> Result<u64, E>,
) -> Result<u64, E> {
    // The iterator may itself use the database, so the buffer is one of its own.
    let mut batch = scratch::take();
    batch.clear();
    let mut count = 0;
    for row in rows {
        push(row.borrow(), &mut batch);
        if batch.len() >= BATCH_BYTES {
            count += hand_over(&mut batch)?;
            batch.clear();
        }
    }
    if !batch.is_empty() {
        count += hand_over(&mut batch)?;
    }
    scratch::give_back(batch);
    Ok(count)
}
