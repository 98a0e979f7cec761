//! Why a module is refused and why a call failed.

use ambit_model::SchemaDecodeError;

use crate::limits;

/// Why a module cannot be published.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// More bytes than [`limits::MODULE_BYTES_MAX`].
    #[error("the module has {0} bytes; at most {max} are possible", max = limits::MODULE_BYTES_MAX)]
    TooLarge(usize),
    /// The bytes do not begin like WebAssembly.
    #[error("the file is not a WebAssembly module; publish the .wasm file that the build made")]
    NotWasm,
    /// The bytes are not valid WebAssembly, or use what Ambit does not allow.
    #[error("the WebAssembly is not valid here: {0}")]
    Invalid(String),
    /// The module wants a function that Ambit does not have.
    #[error(
        "the module imports `{module}.{name}`, which Ambit does not offer; a module reaches nothing but its database"
    )]
    UnknownImport {
        /// The import's module name.
        module: String,
        /// The import's name.
        name: String,
    },
    /// An import has another type than Ambit's function of that name.
    #[error("an import of the module has the wrong type: {0}")]
    ImportType(String),
    /// The module lacks an export.
    #[error("the module has no export `{name}` of type {expected}; build it with an Ambit module library")]
    MissingExport {
        /// The export's name.
        name: &'static str,
        /// The type that it must have.
        expected: &'static str,
    },
    /// The module was built for another version of the interface.
    #[error("the module was built for version {0} of the module interface; this server runs version {expected}", expected = ambit_module_abi::ABI_VERSION)]
    AbiVersion(u32),
    /// The module failed before it could describe itself.
    #[error("the module could not be started: {0}")]
    Start(CallError),
    /// The description lies outside the module's memory or is impossibly long.
    #[error("the module's description ({length} bytes at address {address}) lies outside its memory")]
    DescriptionOutside {
        /// Where it is said to be.
        address: u32,
        /// How long it is said to be.
        length: u32,
    },
    /// The description is not a schema.
    #[error("the module's description is not a schema: {0}")]
    Schema(#[from] SchemaDecodeError),
}

/// Why a call failed. Its transaction is to be rolled back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The reducer returned an error.
    #[error("{0}")]
    Failed(String),
    /// The module panicked.
    #[error("the module panicked: {0}")]
    Panicked(String),
    /// The module did something that WebAssembly or the interface forbids.
    #[error("the module was stopped: {0}")]
    Trapped(String),
    /// The call took too long.
    #[error("the call took longer than its {deadline_ms} ms and was stopped")]
    Deadline {
        /// The deadline.
        deadline_ms: u64,
    },
    /// The module wanted more memory than it may have.
    #[error("the module wanted {wanted} bytes of memory; it may have {limit}")]
    Memory {
        /// Bytes that it wanted.
        wanted: usize,
        /// Bytes that it may have.
        limit: usize,
    },
    /// The module answered with a status that is none, or says that it cannot do the call.
    #[error("the module refused the call: {0}")]
    Refused(String),
    /// The module could not be started again after an earlier failure.
    #[error("the module could not be started again after a failure: {0}")]
    Restart(String),
}

/// Why a host function ends the call instead of answering.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HostTrap {
    /// A range of guest memory that is not in guest memory.
    #[error("it passed {length} bytes at address {address}, which is outside its memory")]
    OutOfBounds { address: u32, length: u32 },
    /// An import called while the module starts.
    #[error("it used its tables before it was started")]
    NotStarted,
    /// The guest panicked; its text is kept in the host.
    #[error("it panicked")]
    Abort,
    /// The store contradicts itself.
    #[error("the store failed: {0}")]
    Store(String),
}
