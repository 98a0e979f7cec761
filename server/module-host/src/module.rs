//! A compiled module that has been checked: imports, exports, version, schema.

use std::sync::Arc;

use ambit_model::Schema;
use ambit_module_abi::{ABI_VERSION, IMPORT_MODULE, export};
use ambit_store::Store;
use wasmtime::{ExternType, InstancePre, Linker, ValType};

use crate::error::{CallError, CompileError};
use crate::host::{self, Host, Tables};
use crate::instance::{Live, call_error};
use crate::limits::{self, ModuleLimits};
use crate::runtime::Runtime;

/// A module ready to run. Clones share the compiled code.
#[derive(Clone)]
pub struct Module {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub schema: Arc<Schema>,
    pub pre: InstancePre<Host>,
    pub limits: ModuleLimits,
}

impl Module {
    /// Compiles and checks a module and asks it for its schema.
    pub fn compile(runtime: &Runtime, wasm: &[u8], limits: ModuleLimits) -> Result<Self, CompileError> {
        if wasm.len() > limits::MODULE_BYTES_MAX {
            return Err(CompileError::TooLarge(wasm.len()));
        }
        if !wasm.starts_with(b"\0asm") {
            return Err(CompileError::NotWasm);
        }
        let compiled = wasmtime::Module::from_binary(runtime.engine(), wasm)
            .map_err(|error| CompileError::Invalid(format!("{error:#}")))?;
        check_imports(&compiled)?;
        check_exports(&compiled)?;
        let mut linker = Linker::new(runtime.engine());
        host::link(&mut linker).map_err(|error| CompileError::Invalid(format!("{error:#}")))?;
        let pre = linker
            .instantiate_pre(&compiled)
            .map_err(|error| CompileError::ImportType(format!("{error:#}")))?;
        let schema = describe(&pre, &limits)?;
        Ok(Self { shared: Arc::new(Shared { schema: Arc::new(schema), pre, limits }) })
    }

    /// The module's tables and reducers.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.shared.schema
    }

    /// The limits of its calls.
    pub fn limits(&self) -> &ModuleLimits {
        &self.shared.limits
    }
}

fn check_imports(module: &wasmtime::Module) -> Result<(), CompileError> {
    for import in module.imports() {
        if import.module() != IMPORT_MODULE || !host::IMPORTS.contains(&import.name()) {
            let (module, name) = (import.module().into(), import.name().into());
            return Err(CompileError::UnknownImport { module, name });
        }
    }
    Ok(())
}

fn check_exports(module: &wasmtime::Module) -> Result<(), CompileError> {
    let is_memory =
        |ty: ExternType| matches!(ty, ExternType::Memory(memory) if !memory.is_64() && !memory.is_shared());
    if !module.get_export(export::MEMORY).is_some_and(is_memory) {
        return Err(CompileError::MissingExport { name: export::MEMORY, expected: "memory (32-bit)" });
    }
    let functions: [(&str, &[ValType], ValType, &str); 4] = [
        (export::ABI_VERSION, &[], ValType::I32, "() -> i32"),
        (export::DESCRIBE, &[], ValType::I64, "() -> i64"),
        (export::ALLOC, &[ValType::I32], ValType::I32, "(i32) -> i32"),
        (
            export::CALL,
            &[ValType::I32, ValType::I32, ValType::I32, ValType::I32],
            ValType::I32,
            "(i32, i32, i32, i32) -> i32",
        ),
    ];
    for (name, parameters, result, expected) in functions {
        let is_function = |ty: ExternType| match ty {
            ExternType::Func(function) => {
                same_types(function.params(), parameters) && same_types(function.results(), &[result])
            }
            ExternType::Global(_) | ExternType::Table(_) | ExternType::Memory(_) | ExternType::Tag(_) => {
                false
            }
        };
        if !module.get_export(name).is_some_and(is_function) {
            return Err(CompileError::MissingExport { name, expected });
        }
    }
    Ok(())
}

fn same_types(found: impl ExactSizeIterator<Item = ValType>, expected: &[ValType]) -> bool {
    found.len() == expected.len()
        && found.zip(expected).all(|(found, expected)| ValType::eq(&found, expected))
}

/// Starts the module without a database and asks for its version and schema.
fn describe(pre: &InstancePre<Host>, limits: &ModuleLimits) -> Result<Schema, CompileError> {
    let host =
        Host::new(Store::default(), Arc::new(Tables::default()), limits.memory_bytes, limits.table_elements);
    let mut live = Live::start(pre, host, limits).map_err(CompileError::Start)?;
    let failed = |live: &mut Live, error: &wasmtime::Error| -> CallError {
        call_error(error, live.wasm.data_mut(), limits, limits.deadline)
    };
    let version = live.instance.get_typed_func::<(), u32>(&mut live.wasm, export::ABI_VERSION);
    let version = match version.and_then(|version| version.call(&mut live.wasm, ())) {
        Ok(version) => version,
        Err(error) => return Err(CompileError::Start(failed(&mut live, &error))),
    };
    if version != ABI_VERSION {
        return Err(CompileError::AbiVersion(version));
    }
    let described = live.instance.get_typed_func::<(), u64>(&mut live.wasm, export::DESCRIBE);
    let place = match described.and_then(|describe| describe.call(&mut live.wasm, ())) {
        Ok(place) => place,
        Err(error) => return Err(CompileError::Start(failed(&mut live, &error))),
    };
    let (address, length) = ((place >> 32) as u32, place as u32);
    let memory = live.memory.data(&live.wasm);
    let bytes = (address as usize)
        .checked_add(length as usize)
        .and_then(|end| memory.get(address as usize..end))
        .filter(|bytes| bytes.len() <= ambit_model::limits::SCHEMA_BYTES_MAX)
        .ok_or(CompileError::DescriptionOutside { address, length })?;
    Ok(Schema::decode(bytes)?)
}
