//! One module on one store, without engine or log: calls commit or roll back at once.

use std::path::Path;
use std::sync::OnceLock;

use ambit_model::{
    ConnectionId, Duration, Identity, Lifecycle, RowLayout, Timestamp, Value, decode_row, encode_row,
};
use ambit_module_build::{Install, ModuleToolchain, build_module, prepare};
use ambit_module_host::{CallError, CallHeader, Instance, LogLine, Module, ModuleLimits, Runtime};
use ambit_store::Store;

pub struct World {
    pub instance: Instance,
    pub runtime: Runtime,
    pub now: Timestamp,
    pub sender: Identity,
    pub connection: ConnectionId,
    pub seed: u128,
    /// Of the last call.
    pub logs: Vec<LogLine>,
}

impl World {
    /// Builds a sample module, starts it and runs `init`.
    pub fn start(sample: &str) -> Self {
        let runtime = Runtime::new().expect("WebAssembly runs here");
        let module = Module::compile(&runtime, &build(sample), ModuleLimits::default())
            .expect("the sample is a module");
        let instance =
            Instance::new(&module, Store::new(module.schema().clone())).expect("the sample starts");
        let mut world = Self {
            instance,
            runtime,
            now: Timestamp(1_000_000),
            sender: Identity([1; 32]),
            connection: ConnectionId([1; 16]),
            seed: 7,
            logs: Vec::new(),
        };
        world.run_all(Lifecycle::Init).expect("init succeeds");
        world
    }

    pub fn call(&mut self, reducer: &str, arguments: &[Value]) -> Result<(), CallError> {
        self.run(reducer, arguments, Duration(0))
    }

    /// Runs all reducers of this lifecycle.
    pub fn run_all(&mut self, lifecycle: Lifecycle) -> Result<(), CallError> {
        let schema = self.instance.module().schema().clone();
        let dt = if let Lifecycle::Tick { every_us } = lifecycle { every_us as i64 } else { 0 };
        let mut all = schema.reducers.iter().filter(|reducer| reducer.lifecycle == lifecycle);
        all.try_for_each(|reducer| self.run(&reducer.name, &[], Duration(dt)))
    }

    fn run(&mut self, reducer: &str, arguments: &[Value], dt: Duration) -> Result<(), CallError> {
        let schema = self.instance.module().schema().clone();
        let (id, reducer) = schema.reducer(reducer).expect("the module has the reducer");
        let arguments = encode_row(&reducer.layout(), arguments).expect("the arguments fit");
        let (sender, connection, timestamp) = (self.sender, self.connection, self.now);
        self.seed += 1;
        let header = CallHeader { sender, connection, timestamp, dt, seed: self.seed };
        let result = self.instance.call(&header, id, &arguments);
        self.end(&result);
        result
    }

    fn end(&mut self, result: &Result<(), CallError>) {
        match result {
            Ok(()) => drop(self.instance.store_mut().commit()),
            Err(_) => self.instance.store_mut().rollback(),
        }
        self.logs = self.instance.logs().0.clone();
    }

    /// Runs one of the module's migrations with the database as it was, which comes back.
    pub fn migrate(&mut self, migration: u16, former: Store) -> (Result<(), CallError>, Store) {
        self.seed += 1;
        let header = CallHeader { timestamp: self.now, seed: self.seed, ..CallHeader::default() };
        let (result, former) = self.instance.call_migration(&header, migration, former);
        self.end(&result);
        (result, former)
    }

    /// All rows of a table.
    pub fn rows(&self, table: &str) -> Vec<Vec<Value>> {
        let store = self.instance.store();
        let (id, schema) = store.schema().table(table).expect("the module has the table");
        let layout: RowLayout = schema.layout();
        store.slots(id).map(|(_, row)| decode_row(&layout, row).expect("the store holds rows")).collect()
    }

    pub fn count(&self, table: &str) -> usize {
        let store = self.instance.store();
        store.count(store.schema().table(table).expect("the module has the table").0)
    }

    /// The column's position.
    pub fn column(&self, table: &str, column: &str) -> usize {
        let (_, schema) = self.instance.store().schema().table(table).expect("the module has the table");
        schema.column(column).expect("the table has the column").0.into()
    }

    pub fn log_texts(&self) -> Vec<&str> {
        self.logs.iter().map(|line| line.text.as_str()).collect()
    }
}

fn build(sample: &str) -> Vec<u8> {
    static TOOLCHAIN: OnceLock<ModuleToolchain> = OnceLock::new();
    let toolchain = TOOLCHAIN.get_or_init(|| {
        prepare(Install::Nothing, &mut |step| eprintln!("{step}")).expect("`cargo xtask toolchain` was run")
    });
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(sample);
    let wasm = build_module(&folder, toolchain).expect("the sample compiles");
    std::fs::read(wasm).expect("the build made a file")
}
