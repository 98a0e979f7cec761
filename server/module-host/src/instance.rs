//! One running module with its database's store.

use std::sync::Arc;
use std::time::Duration;

use ambit_module_abi::{
    CALL_BAD_ARGUMENTS, CALL_FAILED, CALL_MIGRATION, CALL_OK, CALL_REDUCER, CALL_UNKNOWN, CallHeader, export,
};
use ambit_store::Store;
use wasmtime::{InstancePre, Memory, Trap, TypedFunc};

use crate::error::{CallError, HostTrap};
use crate::host::text::LogLine;
use crate::host::{Former, FormerTables, Host, Tables};
use crate::limits::{self, ModuleLimits};
use crate::module::Module;

/// A module that runs, and the store that its calls read and write.
///
/// The instance lives as long as nothing goes wrong; after a panic, a trap or a deadline a fresh one takes its
/// place, since nobody knows what state the module's memory is in.
pub struct Instance {
    module: Module,
    live: Live,
    is_broken: bool,
}

/// A started WebAssembly instance.
pub(crate) struct Live {
    pub wasm: wasmtime::Store<Host>,
    pub instance: wasmtime::Instance,
    pub memory: Memory,
    alloc: TypedFunc<u32, u32>,
    call: TypedFunc<(u32, u32, u32, u32), i32>,
    /// Address and length of the module's call buffer.
    buffer: (u32, u32),
}

/// What is run, and how far it may go.
struct Call {
    kind: u32,
    id: u16,
    deadline: Duration,
    written_bytes_max: usize,
}

impl Instance {
    /// Starts the module on a store that has the module's tables, by name.
    pub fn new(module: &Module, store: Store) -> Result<Self, CallError> {
        let tables = Tables::new(module.schema(), store.schema()).map_err(CallError::Refused)?;
        let live = Live::of_module(module, store, Arc::new(tables))?;
        Ok(Self { module: module.clone(), live, is_broken: false })
    }

    /// The module.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.live.wasm.data().store
    }

    /// The store, for commit, rollback and recovery.
    pub fn store_mut(&mut self) -> &mut Store {
        &mut self.live.wasm.data_mut().store
    }

    /// Ends the instance and gives the store back.
    pub fn into_store(self) -> Store {
        self.live.wasm.into_data().store
    }

    /// The log lines of the last call, and how many more there were than are kept.
    pub fn logs(&mut self) -> (&mut Vec<LogLine>, u64) {
        let host = self.live.wasm.data_mut();
        (&mut host.text.lines, host.text.lines_dropped)
    }

    /// Runs one reducer. `arguments` is a valid row of its parameters. The caller commits or rolls back.
    pub fn call(&mut self, header: &CallHeader, reducer: u16, arguments: &[u8]) -> Result<(), CallError> {
        let call = Call {
            kind: CALL_REDUCER,
            id: reducer,
            deadline: self.module.shared.limits.deadline,
            written_bytes_max: limits::CALL_WRITE_BYTES_MAX,
        };
        self.run(&call, header, arguments)
    }

    /// Runs one of the module's migrations, by its position in the schema, on the store that is migrated already.
    /// `former` holds the tables as they were; it comes back unchanged. The caller commits, or rolls back and restores.
    ///
    /// # Errors
    /// Besides those of a call: [`CallError::Refused`] if a table that the migration reads is not in `former`, or not as
    /// the migration declares it.
    pub fn call_migration(
        &mut self,
        header: &CallHeader,
        migration: u16,
        former: Store,
    ) -> (Result<(), CallError>, Store) {
        let Some(schema) = self.module.schema().migrations.get(usize::from(migration)) else {
            let text = format!("it has no migration with the number {migration}");
            return (Err(CallError::Refused(text)), former);
        };
        let tables = match FormerTables::find(schema, former.schema()) {
            Ok(tables) => tables,
            Err(problem) => return (Err(CallError::Refused(problem)), former),
        };
        self.live.wasm.data_mut().former = Former { store: former, tables };
        let call = Call {
            kind: CALL_MIGRATION,
            id: migration,
            deadline: self.module.shared.limits.migration_deadline,
            // A migration may write the whole world: the store's limits of a transaction are the only ones.
            written_bytes_max: usize::MAX,
        };
        let result = self.run(&call, header, &[]);
        // A fresh instance in the place of a broken one has taken it over.
        let former = std::mem::take(&mut self.live.wasm.data_mut().former);
        (result, former.store)
    }

    fn run(&mut self, call: &Call, header: &CallHeader, arguments: &[u8]) -> Result<(), CallError> {
        if self.is_broken {
            self.restart()?;
        }
        self.live.wasm.data_mut().begin_call(call.written_bytes_max);
        self.live.wasm.set_epoch_deadline(deadline_ticks(call.deadline));
        let result = self.live.run(call, header, arguments);
        self.live.wasm.data_mut().end_call();
        match result {
            Ok(CALL_OK) => Ok(()),
            Ok(status) => Err(self.live.wasm.data_mut().status_error(status)),
            Err(error) => {
                let limits = &self.module.shared.limits;
                let error = call_error(&error, self.live.wasm.data_mut(), limits, call.deadline);
                self.is_broken = true;
                // If this fails, the next call tries again and tells why it cannot.
                let _ = self.restart();
                Err(error)
            }
        }
    }

    /// Puts a fresh instance in the place of a broken one; the store moves over.
    fn restart(&mut self) -> Result<(), CallError> {
        let mut fresh = Live::of_module(&self.module, Store::default(), Arc::new(Tables::default()))
            .map_err(|error| CallError::Restart(error.to_string()))?;
        fresh.wasm.data_mut().take_over(self.live.wasm.data_mut());
        self.live = fresh;
        self.is_broken = false;
        Ok(())
    }
}

impl Live {
    fn of_module(module: &Module, store: Store, tables: Arc<Tables>) -> Result<Self, CallError> {
        let shared = &module.shared;
        let host = Host::new(store, tables, shared.limits.memory_bytes, shared.limits.table_elements);
        Self::start(&shared.pre, host, &shared.limits)
    }

    pub(crate) fn start(
        pre: &InstancePre<Host>,
        host: Host,
        limits: &ModuleLimits,
    ) -> Result<Self, CallError> {
        let mut wasm = wasmtime::Store::new(pre.module().engine(), host);
        wasm.limiter(|host| &mut host.growth);
        wasm.set_epoch_deadline(deadline_ticks(limits.deadline));
        wasm.epoch_deadline_trap();
        let started = pre.instantiate(&mut wasm).and_then(|instance| {
            let alloc = instance.get_typed_func(&mut wasm, export::ALLOC)?;
            let call = instance.get_typed_func(&mut wasm, export::CALL)?;
            Ok((instance, alloc, call))
        });
        let (instance, alloc, call) = match started {
            Ok(started) => started,
            Err(error) => return Err(call_error(&error, wasm.data_mut(), limits, limits.deadline)),
        };
        let Some(memory) = instance.get_memory(&mut wasm, export::MEMORY) else {
            return Err(CallError::Refused("it has no memory".into()));
        };
        wasm.data_mut().memory = Some(memory);
        Ok(Self { wasm, instance, memory, alloc, call, buffer: (0, 0) })
    }

    fn run(&mut self, call: &Call, header: &CallHeader, arguments: &[u8]) -> wasmtime::Result<i32> {
        let length = CallHeader::BYTES + arguments.len();
        if length > self.buffer.1 as usize {
            let wanted = u32::try_from(length.max(limits::CALL_BUFFER_BYTES_MIN).next_power_of_two())?;
            self.buffer = (self.alloc.call(&mut self.wasm, wanted)?, wanted);
        }
        let (address, _) = self.buffer;
        let memory = self.memory.data_mut(&mut self.wasm);
        let place = (address as usize)
            .checked_add(length)
            .filter(|_| address != 0)
            .and_then(|end| memory.get_mut(address as usize..end))
            .and_then(|place| place.split_at_mut_checked(CallHeader::BYTES));
        let Some((header_place, arguments_place)) = place else {
            self.buffer = (0, 0);
            return Err(HostTrap::OutOfBounds { address, length: length as u32 }.into());
        };
        header_place.copy_from_slice(&header.encode());
        arguments_place.copy_from_slice(arguments);
        self.call.call(&mut self.wasm, (call.kind, u32::from(call.id), address, length as u32))
    }
}

impl Host {
    /// What a status other than OK says.
    fn status_error(&mut self, status: i32) -> CallError {
        match status {
            CALL_FAILED => CallError::Failed(self.text.take_failure()),
            CALL_UNKNOWN => CallError::Refused("it has no such reducer or migration".into()),
            CALL_BAD_ARGUMENTS => {
                let text = self.text.failure.take();
                CallError::Refused(
                    text.unwrap_or_else(|| "the arguments are not what its schema says".into()),
                )
            }
            other => CallError::Refused(format!("it answered with the unknown status {other}")),
        }
    }
}

/// Ticks after which the deadline has passed in any case; the first one may come at once.
fn deadline_ticks(deadline: Duration) -> u64 {
    let ticks = deadline.as_micros().div_ceil(limits::EPOCH_TICK.as_micros());
    u64::try_from(ticks).unwrap_or(u64::MAX / 2) + 1
}

/// What went wrong in the module, in the words of the guest where it has any.
pub(crate) fn call_error(
    error: &wasmtime::Error,
    host: &mut Host,
    limits: &ModuleLimits,
    deadline: Duration,
) -> CallError {
    let host_trap = error.downcast_ref::<HostTrap>();
    let trap = error.downcast_ref::<Trap>();
    // These have a cause of their own; a module may have coped with memory that it was refused earlier.
    if let Some(HostTrap::Abort) = host_trap {
        return CallError::Panicked(host.text.take_failure());
    }
    if let Some(Trap::Interrupt) = trap {
        let deadline_ms = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
        return CallError::Deadline { deadline_ms };
    }
    if let Some(wanted) = host.growth.refused.take() {
        return CallError::Memory { wanted, limit: limits.memory_bytes };
    }
    match (host_trap, trap) {
        (Some(trap), _) => CallError::Trapped(trap.to_string()),
        (None, Some(trap)) => CallError::Trapped(trap.to_string()),
        (None, None) => CallError::Trapped(format!("{error:#}")),
    }
}
