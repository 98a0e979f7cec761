//! What the database calls: the exports of the module ABI.

#![expect(unsafe_code, reason = "the exports of the module ABI have fixed names and take addresses")]

use std::alloc::{Layout, alloc};
use std::sync::Once;

use ambit_model::RowReader;
use ambit_module_abi::{
    ABI_VERSION, CALL_BAD_ARGUMENTS, CALL_FAILED, CALL_MIGRATION, CALL_OK, CALL_REDUCER, CALL_UNKNOWN,
    CallHeader,
};

use crate::context::Context;
use crate::generated::{MigrationRegistration, ReducerRegistration};
use crate::registry::{Registry, registry};
use crate::{imports, logging};

unsafe extern "C" {
    /// Made by the linker from everything in `.init_array`. Because it is called here, the linker does not
    /// call it at every export.
    fn __wasm_call_ctors();
}

static START: Once = Once::new();

fn started() -> &'static Registry {
    START.call_once(|| {
        // SAFETY: this is the only call, and nothing that it runs needs more than static memory and the heap.
        unsafe { __wasm_call_ctors() };
        logging::install();
    });
    registry()
}

#[unsafe(no_mangle)]
extern "C" fn ambit_abi_version() -> u32 {
    ABI_VERSION
}

#[unsafe(no_mangle)]
extern "C" fn ambit_describe() -> u64 {
    if let Some(problem) = started().problem() {
        imports::abort(&problem);
    }
    let schema = crate::describe();
    if let Err(error) = schema.check() {
        imports::abort(&error.to_string());
    }
    let bytes = schema.encode().leak();
    (bytes.as_ptr() as u64) << 32 | bytes.len() as u64
}

#[unsafe(no_mangle)]
extern "C" fn ambit_alloc(len: u32) -> *mut u8 {
    match Layout::from_size_align((len as usize).max(8), 8) {
        // SAFETY: the size is not zero.
        Ok(layout) => unsafe { alloc(layout) },
        Err(_) => std::ptr::null_mut(),
    }
}

#[unsafe(no_mangle)]
extern "C" fn ambit_call(kind: u32, id: u32, args: *const u8, args_len: usize) -> i32 {
    // SAFETY: the host wrote `args_len` bytes to memory that `ambit_alloc` gave it and that nothing here
    // writes to.
    let bytes = unsafe { std::slice::from_raw_parts(args, args_len) };
    let registry = started();
    let (header, arguments) = match CallHeader::decode(bytes) {
        Ok(parts) => parts,
        Err(error) => {
            fail(&error.to_string());
            return CALL_BAD_ARGUMENTS;
        }
    };
    match kind {
        CALL_REDUCER => registry.reducer(id).map_or(CALL_UNKNOWN, |reducer| run(reducer, &header, arguments)),
        CALL_MIGRATION => {
            registry.migration(id).map_or(CALL_UNKNOWN, |migration| migrate(migration, &header))
        }
        _ => CALL_UNKNOWN,
    }
}

/// Runs a reducer on the bytes that the database gave, and says how it went.
fn run(reducer: &ReducerRegistration, header: &CallHeader, arguments: &[u8]) -> i32 {
    match (reducer.run)(&Context::new(header), RowReader::new(arguments)) {
        Ok(Ok(())) => CALL_OK,
        Ok(Err(text)) => {
            fail(&text);
            CALL_FAILED
        }
        Err(error) => {
            fail(&format!("the arguments of `{}` are damaged: {error}", reducer.name));
            CALL_BAD_ARGUMENTS
        }
    }
}

fn migrate(migration: &MigrationRegistration, header: &CallHeader) -> i32 {
    match (migration.run)(header) {
        Ok(()) => CALL_OK,
        Err(text) => {
            fail(&text);
            CALL_FAILED
        }
    }
}

fn fail(text: &str) {
    imports::fail(logging::shorten(text));
}
