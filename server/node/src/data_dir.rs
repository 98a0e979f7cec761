//! The folder of a server: its key, and per database the owner, the module and the log.
//!
//! ```text
//! DIR/server.key                      32 random bytes, readable by the server's user alone
//! DIR/databases/<name>/owner          the owner's identity in hexadecimal
//! DIR/databases/<name>/identity       the database's own identity: the caller of its init and ticks
//! DIR/databases/<name>/module.wasm    the published module
//! DIR/databases/<name>/confirmed      the hash of the module of which the owner agreed that it loses rows or columns
//! DIR/databases/<name>/modules/       it and those before it, by hash, as far as the log still needs them
//! DIR/databases/<name>/log/           the commit log
//! DIR/databases/<name>/snapshots/     the last two snapshots
//! DIR/lock                            held while a server runs
//! ```

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use ambit_engine::ModuleHash;
use ambit_model::Identity;

use crate::limits;

/// The folder of a server, locked for this process.
#[derive(Debug)]
pub struct DataDir {
    root: PathBuf,
    /// Locked from [`DataDir::open`] to [`DataDir::unlock`].
    lock: File,
}

/// The folder of one database.
#[derive(Debug, Clone)]
pub struct DatabaseDir {
    path: PathBuf,
}

/// Why the data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Another server uses it.
    #[error("a server uses {0}; stop it first, or name another folder with --data")]
    Locked(PathBuf),
    /// A file cannot be read or written.
    #[error("cannot {action} {path}: {source}")]
    File {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A file holds something else than it should.
    #[error("{path} is damaged: {problem}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
}

/// Why a text cannot name a database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" cannot name a database: use 1 to {max} lower-case letters, digits, - and _, beginning with a letter",
    max = limits::DATABASE_NAME_BYTES_MAX
)]
pub struct DatabaseNameError(String);

/// Refuses names that are no plain folder name on every system.
pub fn check_database_name(name: &str) -> Result<(), DatabaseNameError> {
    let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    let is_name = name.len() <= limits::DATABASE_NAME_BYTES_MAX
        && name.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
        && name.bytes().all(is_plain);
    if is_name { Ok(()) } else { Err(DatabaseNameError(name.chars().take(80).collect())) }
}

impl DataDir {
    /// Opens or makes the folder and locks it.
    pub fn open(root: &Path) -> Result<Self, DataDirError> {
        let databases = root.join("databases");
        fs::create_dir_all(&databases).map_err(|source| file_error("create", &databases, source))?;
        sync_folder(root)?;
        let path = root.join("lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let lock = lock.map_err(|source| file_error("open", &path, source))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { root: root.to_owned(), lock }),
            Err(fs::TryLockError::WouldBlock) => Err(DataDirError::Locked(root.to_owned())),
            Err(fs::TryLockError::Error(source)) => Err(file_error("lock", &path, source)),
        }
    }

    /// Lets another server have the folder, when nothing is written to it any more.
    pub fn unlock(&self) -> Result<(), DataDirError> {
        self.lock.unlock().map_err(|source| file_error("unlock", &self.root.join("lock"), source))
    }

    /// The key that signs tokens; made at the first start.
    pub fn server_key(&self) -> Result<[u8; 32], DataDirError> {
        let path = self.root.join("server.key");
        match fs::read(&path) {
            Ok(bytes) => bytes.try_into().map_err(|bytes: Vec<u8>| DataDirError::Damaged {
                path,
                problem: format!("it has {} bytes instead of 32", bytes.len()),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut key = [0; 32];
                getrandom::fill(&mut key)
                    .map_err(|source| file_error("make a key for", &path, source.into()))?;
                write_whole(&path, &key, 0o600)?;
                Ok(key)
            }
            Err(source) => Err(file_error("read", &path, source)),
        }
    }

    /// The names of the databases that were published, in order.
    pub fn database_names(&self) -> Result<Vec<String>, DataDirError> {
        let path = self.root.join("databases");
        let read = |source| file_error("read", &path, source);
        let mut names = Vec::new();
        for entry in fs::read_dir(&path).map_err(read)? {
            let entry = entry.map_err(read)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // A folder without a module is what a crash left of a publish that nobody was told had succeeded.
            if check_database_name(&name).is_ok() && entry.path().join("module.wasm").is_file() {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// An empty folder for the files of a backup. Whatever a crash has left in it is removed.
    pub fn scratch(&self, name: &str) -> Result<PathBuf, DataDirError> {
        let path = self.root.join("restoring").join(name);
        removed(&path, fs::remove_dir_all(&path))?;
        fs::create_dir_all(&path).map_err(|source| file_error("create", &path, source))?;
        Ok(path)
    }

    /// The folder of the database of this (checked) name.
    pub fn database(&self, name: &str) -> DatabaseDir {
        DatabaseDir { path: self.root.join("databases").join(name) }
    }
}

impl DatabaseDir {
    /// Makes the folder of a new database. The module is written last: with it the database exists.
    pub fn create(
        &self,
        owner: Identity,
        own: Identity,
        module: &[u8],
        hash: &ModuleHash,
    ) -> Result<(), DataDirError> {
        self.prepare(owner, own)?;
        self.write_module(module, hash)
    }

    /// Makes the folder of a database that does not exist before its module is written.
    pub fn prepare(&self, owner: Identity, own: Identity) -> Result<(), DataDirError> {
        let log = self.log();
        fs::create_dir_all(&log).map_err(|source| file_error("create", &log, source))?;
        sync_folder(self.path.parent().unwrap_or(&self.path))?;
        write_whole(&self.path.join("owner"), owner.to_string().as_bytes(), 0o644)?;
        write_whole(&self.path.join("identity"), own.to_string().as_bytes(), 0o644)
    }

    /// Removes a database that was never used. Without its module it does not exist, whatever else stays.
    pub fn remove(&self) -> Result<(), DataDirError> {
        let module = self.path.join("module.wasm");
        removed(&module, fs::remove_file(&module))?;
        removed(&self.path, fs::remove_dir_all(&self.path))
    }

    /// Replaces the module, whole or not at all. Those before it stay beside it.
    pub fn write_module(&self, module: &[u8], hash: &ModuleHash) -> Result<(), DataDirError> {
        let modules = self.modules();
        fs::create_dir_all(&modules).map_err(|source| file_error("create", &modules, source))?;
        sync_folder(&self.path)?;
        write_whole(&modules.join(module_file(hash)), module, 0o644)?;
        write_whole(&self.path.join("module.wasm"), module, 0o644)
    }

    /// Notes that the owner agreed to what this module loses, should the server die before the log knows.
    pub fn confirm(&self, hash: &ModuleHash) -> Result<(), DataDirError> {
        write_whole(&self.path.join("confirmed"), module_file(hash).as_bytes(), 0o644)
    }

    /// Whether the owner agreed to what this module loses.
    pub fn is_confirmed(&self, hash: &ModuleHash) -> bool {
        fs::read(self.path.join("confirmed")).is_ok_and(|text| text == module_file(hash).as_bytes())
    }

    /// Removes the modules that are not among these.
    pub fn keep_modules(&self, needed: &[ModuleHash]) -> Result<(), DataDirError> {
        let modules = self.modules();
        let names: Vec<String> = needed.iter().map(module_file).collect();
        let read = |source| file_error("read", &modules, source);
        for entry in fs::read_dir(&modules).map_err(read)? {
            let path = entry.map_err(read)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.ends_with(".wasm") && !names.iter().any(|needed| *needed == name) {
                fs::remove_file(&path).map_err(|source| file_error("remove", &path, source))?;
            }
        }
        Ok(())
    }

    /// The published module.
    pub fn module(&self) -> Result<Vec<u8>, DataDirError> {
        let path = self.path.join("module.wasm");
        fs::read(&path).map_err(|source| file_error("read", &path, source))
    }

    /// Who published the database first.
    pub fn owner(&self) -> Result<Identity, DataDirError> {
        self.read_identity("owner")
    }

    /// The database's own identity.
    pub fn own_identity(&self) -> Result<Identity, DataDirError> {
        self.read_identity("identity")
    }

    /// The folder of the snapshots.
    pub fn snapshots(&self) -> PathBuf {
        self.path.join("snapshots")
    }

    /// The folder of the modules.
    pub fn modules(&self) -> PathBuf {
        self.path.join("modules")
    }

    /// The folder of the commit log.
    pub fn log(&self) -> PathBuf {
        self.path.join("log")
    }

    fn read_identity(&self, name: &str) -> Result<Identity, DataDirError> {
        let path = self.path.join(name);
        let mut text = String::new();
        let read = File::open(&path).and_then(|file| file.take(1_024).read_to_string(&mut text));
        read.map_err(|source| file_error("read", &path, source))?;
        text.trim().parse().map_err(|error: ambit_model::ParseIdError| DataDirError::Damaged {
            path,
            problem: error.to_string(),
        })
    }
}

/// The name of a module's file.
pub fn module_file(hash: &ModuleHash) -> String {
    let mut name = String::with_capacity(2 * hash.len() + 5);
    for byte in hash {
        let _infallible = write!(name, "{byte:02x}");
    }
    name + ".wasm"
}

/// Writes a file under another name, syncs it and moves it into place.
fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> Result<(), DataDirError> {
    let temporary = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(mode);
    }
    #[cfg(not(unix))]
    let _ = mode;
    let written = options.open(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|source| file_error("write", &temporary, source))?;
    fs::rename(&temporary, path).map_err(|source| file_error("replace", path, source))?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}

/// A name is durable once its folder is synced.
fn sync_folder(folder: &Path) -> Result<(), DataDirError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|source| file_error("sync", folder, source))
}

/// What is not there is removed.
fn removed(path: &Path, result: io::Result<()>) -> Result<(), DataDirError> {
    match result {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(file_error("remove", path, source)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn file_error(action: &'static str, path: &Path, source: io::Error) -> DataDirError {
    DataDirError::File { action, path: path.to_owned(), source }
}
