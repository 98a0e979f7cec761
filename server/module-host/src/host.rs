//! What a running module can reach: the functions it imports and the state behind them.

mod memory;
mod read;
mod refusal;
mod scan;
mod tables;
pub(crate) mod text;
mod write;

use std::sync::Arc;

use ambit_model::Slot;
use ambit_module_abi::{IMPORT_MODULE, import};
use ambit_store::Store;
use wasmtime::{Caller, Linker, Memory, ResourceLimiter};

use crate::error::HostTrap;
use refusal::{Answer, Refusal};
use scan::Cursors;
pub(crate) use tables::{Former, FormerTables, Tables};
use text::Text;

/// The state behind a module's imports.
pub(crate) struct Host {
    pub store: Store,
    /// While a migration runs, the database as it was.
    pub former: Former,
    pub growth: Growth,
    pub text: Text,
    /// The guest's memory, kept here since looking the export up costs more than most calls. None while the
    /// module starts.
    pub memory: Option<Memory>,
    tables: Arc<Tables>,
    cursors: Cursors,
    /// Bytes written to tables in this call.
    written_bytes: usize,
    /// Bytes that this call may write.
    written_bytes_max: usize,
    /// The slots that were found last, the very last one first.
    recent: [Slot; 2],
    /// Scratch: an index key.
    key: Vec<u8>,
    /// Scratch: slots that an index found.
    slots: Vec<Slot>,
    /// Scratch: rows of a batch that were found, and where the bytes that replace them begin and end.
    found: Vec<(Slot, usize, usize)>,
}

/// Keeps a module's memory within its limits.
pub(crate) struct Growth {
    memory_bytes_max: usize,
    table_elements_max: usize,
    /// The memory size that was refused in this call, if any.
    pub refused: Option<usize>,
}

/// The names of all functions that a module may import.
pub(crate) const IMPORTS: [&str; 14] = [
    import::GET,
    import::INSERT,
    import::UPDATE,
    import::PATCH,
    import::DELETE,
    import::SCAN,
    import::NEAR,
    import::SCAN_NEXT,
    import::SCAN_CLOSE,
    import::COUNT,
    import::LOG,
    import::FAIL,
    import::ERROR_TEXT,
    import::ABORT,
];

impl Host {
    pub fn new(
        store: Store,
        tables: Arc<Tables>,
        memory_bytes_max: usize,
        table_elements_max: usize,
    ) -> Self {
        Self {
            store,
            former: Former::default(),
            growth: Growth { memory_bytes_max, table_elements_max, refused: None },
            text: Text::default(),
            memory: None,
            tables,
            cursors: Cursors::default(),
            written_bytes: 0,
            written_bytes_max: 0,
            recent: [0; 2],
            key: Vec::new(),
            slots: Vec::new(),
            found: Vec::new(),
        }
    }

    pub fn begin_call(&mut self, written_bytes_max: usize) {
        self.text.clear();
        self.growth.refused = None;
        self.written_bytes = 0;
        self.written_bytes_max = written_bytes_max;
    }

    pub fn end_call(&mut self) {
        self.cursors.close_all();
    }

    /// Takes the store and the texts from the host of a broken instance.
    pub fn take_over(&mut self, broken: &mut Self) {
        std::mem::swap(&mut self.store, &mut broken.store);
        std::mem::swap(&mut self.former, &mut broken.former);
        std::mem::swap(&mut self.text, &mut broken.text);
        self.tables = Arc::clone(&broken.tables);
    }
}

/// The slot behind the last one that was found, for a reducer that goes from row to row. For others it would be one more row
/// that is not in the cache.
#[inline]
fn next_hint([last, before]: [Slot; 2]) -> Option<Slot> {
    (before.wrapping_add(1) == last).then_some(last.wrapping_add(1))
}

/// Where a row that is written is likely to be found: a reducer writes what it has just read, or goes from row to row.
#[inline]
fn hints(recent: [Slot; 2]) -> [Slot; 3] {
    let [last, before] = recent;
    [last, before, next_hint(recent).unwrap_or(last)]
}

/// Notes what was found.
#[inline]
fn note_found(recent: &mut [Slot; 2], slot: Slot) {
    let [last, _] = *recent;
    if last != slot {
        *recent = [slot, last];
    }
}

impl ResourceLimiter for Growth {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let is_allowed = desired <= self.memory_bytes_max;
        if !is_allowed {
            self.refused = Some(desired);
        }
        Ok(is_allowed)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= self.table_elements_max)
    }

    fn instances(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        16
    }

    fn memories(&self) -> usize {
        1
    }
}

/// Runs one import: gives it the guest's memory and the host, and turns its refusal into a result or a trap.
#[inline]
fn serve(
    mut caller: Caller<'_, Host>,
    import: impl FnOnce(&mut [u8], &mut Host) -> Answer,
) -> wasmtime::Result<i64> {
    let memory = caller.data().memory.ok_or(HostTrap::NotStarted)?;
    let (memory, host) = memory.data_and_store_mut(&mut caller);
    match import(memory, host) {
        Ok(result) => Ok(result),
        Err(Refusal::Trap(trap)) => Err(trap.into()),
        Err(Refusal::Code(code, problem)) => {
            host.text.problem = problem;
            Ok(code.code())
        }
    }
}

/// Defines all imports.
#[rustfmt::skip]
pub(crate) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    type Guest<'a> = Caller<'a, Host>;
    let module = IMPORT_MODULE;
    linker.func_wrap(module, import::GET, |guest: Guest<'_>, table: u32, index: u32, key: u32, key_len: u32, out: u32, out_cap: u32| {
        serve(guest, |memory, host| host.get(memory, table, index, (key, key_len), (out, out_cap)))
    })?;
    linker.func_wrap(module, import::INSERT, |guest: Guest<'_>, table: u32, rows: u32, rows_len: u32| {
        serve(guest, |memory, host| host.insert(memory, table, (rows, rows_len)))
    })?;
    linker.func_wrap(module, import::UPDATE, |guest: Guest<'_>, table: u32, index: u32, rows: u32, rows_len: u32| {
        serve(guest, |memory, host| host.update(memory, table, index, (rows, rows_len)))
    })?;
    linker.func_wrap(module, import::PATCH, |guest: Guest<'_>, table: u32, index: u32, key: u32, key_len: u32, mask: u64, packed: u32, packed_len: u32| {
        serve(guest, |memory, host| host.patch(memory, table, index, (key, key_len), mask, (packed, packed_len)))
    })?;
    linker.func_wrap(module, import::DELETE, |guest: Guest<'_>, table: u32, index: u32, key: u32, key_len: u32| {
        serve(guest, |memory, host| host.delete(memory, table, index, (key, key_len)))
    })?;
    linker.func_wrap(module, import::SCAN, |guest: Guest<'_>, table: u32, index: u32, bounds: u32, bounds_len: u32, out: u32, out_cap: u32| {
        serve(guest, |memory, host| host.scan(memory, table, index, (bounds, bounds_len), (out, out_cap)))
    })?;
    linker.func_wrap(module, import::NEAR, |guest: Guest<'_>, table: u32, index: u32, x: f64, y: f64, z: f64, radius: f64, out: u32, out_cap: u32| {
        serve(guest, |memory, host| host.near(memory, table, index, [x, y, z], radius, (out, out_cap)))
    })?;
    linker.func_wrap(module, import::SCAN_NEXT, |guest: Guest<'_>, cursor: u32, out: u32, out_cap: u32| {
        serve(guest, |memory, host| host.scan_next(memory, cursor, (out, out_cap)))
    })?;
    linker.func_wrap(module, import::SCAN_CLOSE, |guest: Guest<'_>, cursor: u32| {
        serve(guest, |_, host| host.scan_close(cursor))
    })?;
    linker.func_wrap(module, import::COUNT, |guest: Guest<'_>, table: u32| {
        serve(guest, |_, host| host.count(table))
    })?;
    linker.func_wrap(module, import::LOG, |guest: Guest<'_>, level: u32, text: u32, text_len: u32| {
        serve(guest, |memory, host| host.log(memory, level, (text, text_len))).map(drop)
    })?;
    linker.func_wrap(module, import::FAIL, |guest: Guest<'_>, text: u32, text_len: u32| {
        serve(guest, |memory, host| host.fail(memory, (text, text_len))).map(drop)
    })?;
    linker.func_wrap(module, import::ERROR_TEXT, |guest: Guest<'_>, out: u32, out_cap: u32| {
        serve(guest, |memory, host| host.error_text(memory, (out, out_cap)))
    })?;
    linker.func_wrap(module, import::ABORT, |guest: Guest<'_>, text: u32, text_len: u32| {
        serve(guest, |memory, host| host.abort(memory, (text, text_len))).map(drop)
    })?;
    Ok(())
}
