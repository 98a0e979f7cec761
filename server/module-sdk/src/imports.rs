//! The database's functions, made safe: every pointer that crosses comes from a live slice.
//!
//! On targets other than wasm32 there is no database; each function says so and ends the program.

use ambit_module_abi::limits::TEXT_BYTES_MAX;

#[cfg(target_arch = "wasm32")]
pub(crate) use database::*;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use no_database::*;

/// The database's explanation of the last negative result.
#[cold]
pub(crate) fn last_error_text() -> String {
    let mut text = vec![0; TEXT_BYTES_MAX];
    let length = usize::try_from(error_text(&mut text)).unwrap_or(0);
    text.truncate(length);
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "the imports of the module ABI take addresses")]
mod database {
    mod raw {
        #[link(wasm_import_module = "ambit")]
        unsafe extern "C" {
            pub fn get(
                table: u32,
                index: u32,
                key: *const u8,
                key_len: usize,
                out: *mut u8,
                out_cap: usize,
            ) -> i64;
            pub fn insert(table: u32, rows: *mut u8, rows_len: usize) -> i64;
            pub fn update(table: u32, index: u32, rows: *const u8, rows_len: usize) -> i64;
            pub fn patch(
                table: u32,
                index: u32,
                key: *const u8,
                key_len: usize,
                mask: u64,
                packed: *const u8,
                packed_len: usize,
            ) -> i64;
            pub fn delete(table: u32, index: u32, key: *const u8, key_len: usize) -> i64;
            pub fn scan(
                table: u32,
                index: u32,
                bounds: *const u8,
                bounds_len: usize,
                out: *mut u8,
                out_cap: usize,
            ) -> i64;
            pub fn near(
                table: u32,
                index: u32,
                x: f64,
                y: f64,
                z: f64,
                radius: f64,
                out: *mut u8,
                out_cap: usize,
            ) -> i64;
            pub fn scan_next(cursor: u32, out: *mut u8, out_cap: usize) -> i64;
            pub safe fn scan_close(cursor: u32) -> i64;
            pub safe fn count(table: u32) -> i64;
            pub fn log(level: u32, text: *const u8, text_len: usize);
            pub fn fail(text: *const u8, text_len: usize);
            pub fn error_text(out: *mut u8, out_cap: usize) -> i64;
            pub fn abort(text: *const u8, text_len: usize) -> !;
        }
    }

    pub(crate) use raw::{count, scan_close};

    #[inline]
    pub(crate) fn get(table: u32, index: u32, key: &[u8], out: &mut [u8]) -> i64 {
        // SAFETY: the host reads `key` and writes within `out`; both slices live across the call.
        unsafe { raw::get(table, index, key.as_ptr(), key.len(), out.as_mut_ptr(), out.len()) }
    }

    #[inline]
    pub(crate) fn insert(table: u32, rows: &mut [u8]) -> i64 {
        // SAFETY: the host reads and fills in numbers within `rows`, which lives across the call.
        unsafe { raw::insert(table, rows.as_mut_ptr(), rows.len()) }
    }

    #[inline]
    pub(crate) fn update(table: u32, index: u32, rows: &[u8]) -> i64 {
        // SAFETY: the host reads `rows`, which lives across the call.
        unsafe { raw::update(table, index, rows.as_ptr(), rows.len()) }
    }

    #[inline]
    pub(crate) fn patch(table: u32, index: u32, key: &[u8], mask: u64, packed: &[u8]) -> i64 {
        // SAFETY: the host reads `key` and `packed`, which live across the call.
        unsafe { raw::patch(table, index, key.as_ptr(), key.len(), mask, packed.as_ptr(), packed.len()) }
    }

    #[inline]
    pub(crate) fn delete(table: u32, index: u32, key: &[u8]) -> i64 {
        // SAFETY: the host reads `key`, which lives across the call.
        unsafe { raw::delete(table, index, key.as_ptr(), key.len()) }
    }

    pub(crate) fn scan(table: u32, index: u32, bounds: &[u8], out: &mut [u8]) -> i64 {
        // SAFETY: the host reads `bounds` and writes within `out`; both slices live across the call.
        unsafe { raw::scan(table, index, bounds.as_ptr(), bounds.len(), out.as_mut_ptr(), out.len()) }
    }

    pub(crate) fn near(table: u32, index: u32, centre: [f64; 3], radius: f64, out: &mut [u8]) -> i64 {
        let [x, y, z] = centre;
        // SAFETY: the host writes within `out`, which lives across the call.
        unsafe { raw::near(table, index, x, y, z, radius, out.as_mut_ptr(), out.len()) }
    }

    pub(crate) fn scan_next(cursor: u32, out: &mut [u8]) -> i64 {
        // SAFETY: the host writes within `out`, which lives across the call.
        unsafe { raw::scan_next(cursor, out.as_mut_ptr(), out.len()) }
    }

    pub(crate) fn log(level: u32, text: &str) {
        // SAFETY: the host reads `text`, which lives across the call.
        unsafe { raw::log(level, text.as_ptr(), text.len()) }
    }

    pub(crate) fn fail(text: &str) {
        // SAFETY: the host reads `text`, which lives across the call.
        unsafe { raw::fail(text.as_ptr(), text.len()) }
    }

    pub(crate) fn error_text(out: &mut [u8]) -> i64 {
        // SAFETY: the host writes within `out`, which lives across the call.
        unsafe { raw::error_text(out.as_mut_ptr(), out.len()) }
    }

    pub(crate) fn abort(text: &str) -> ! {
        // SAFETY: the host reads `text` and ends the call.
        unsafe { raw::abort(text.as_ptr(), text.len()) }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod no_database {
    macro_rules! only_in_a_module {
        ($($name:ident($($argument:ty),*);)*) => {$(
            pub(crate) fn $name($(_: $argument),*) -> i64 {
                panic!("`{}` needs a database: build the module for wasm32-unknown-unknown and publish it", stringify!($name))
            }
        )*};
    }

    only_in_a_module! {
        get(u32, u32, &[u8], &mut [u8]);
        insert(u32, &mut [u8]);
        update(u32, u32, &[u8]);
        patch(u32, u32, &[u8], u64, &[u8]);
        delete(u32, u32, &[u8]);
        scan(u32, u32, &[u8], &mut [u8]);
        near(u32, u32, [f64; 3], f64, &mut [u8]);
        scan_next(u32, &mut [u8]);
        scan_close(u32);
        count(u32);
        error_text(&mut [u8]);
    }
}
