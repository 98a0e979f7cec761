//! Reads backups: checks them, and makes databases of them. A backup comes from anywhere, so nothing in it is believed
//! before it was checked.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ambit_engine::ModuleHash;
use ambit_log::{DirectoryMedium, Medium, SnapshotWriteError, SnapshotWriter};
use ambit_model::Identity;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{FORMAT, MANIFEST, Manifest, hexadecimal};
use crate::clock;
use crate::data_dir::{DataDirError, DatabaseDir, module_file};
use crate::database::{Loaded, OpenError, Until, load};
use crate::limits;

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackupSummary {
    /// The database that it was made of.
    pub database: String,
    /// When, in RFC 3339.
    pub created_at: String,
    /// The last commit of what was loaded.
    pub offset: u64,
    /// When it was made, in RFC 3339.
    pub last_commit_at: String,
    /// The earliest commit that `--until` can go back to.
    pub earliest_offset: u64,
    /// Tables and their rows.
    pub tables: Vec<(String, u64)>,
}

/// Why a backup is of no use.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// It cannot be read.
    #[error("the backup cannot be read, or is not whole: {0}")]
    Read(io::Error),
    /// It is not one, or not whole.
    #[error("the backup is damaged: {0}")]
    Damaged(String),
    /// A file cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its snapshots and log do not make a database.
    #[error("the backup's database cannot be loaded: {0}")]
    Load(#[from] OpenError),
    /// It does not reach back so far.
    #[error(
        "the backup holds nothing of that moment: it goes back to offset {earliest}; name a later moment or offset, or take an older backup"
    )]
    TooEarly {
        /// The earliest offset.
        earliest: u64,
    },
    /// The module of that time is not in it.
    #[error("the backup does not hold the module {0} that ran at that time")]
    NoModule(String),
    /// The restored database's snapshot.
    #[error("the restored database cannot be written: {0}")]
    Snapshot(#[from] SnapshotWriteError),
    /// The restored database's folder.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
}

/// An archive, unpacked and checked.
struct Unpacked {
    folder: PathBuf,
    manifest: Manifest,
}

/// Checks a backup: every file against the manifest, then that a database can be loaded from it. `folder` is an empty
/// folder for its files.
pub fn verify_backup(archive: impl Read, folder: &Path) -> Result<BackupSummary, RestoreError> {
    let unpacked = unpack(archive, folder)?;
    let loaded = unpacked.load(Until::End)?;
    if loaded.recovery.last_offset() < unpacked.manifest.offset {
        let reached = loaded.recovery.last_offset();
        let text = format!("it reaches offset {reached} and should reach {}", unpacked.manifest.offset);
        return Err(RestoreError::Damaged(text));
    }
    unpacked.summary(&loaded)
}

/// Makes a database of a backup in `dir`, as it was at `until`. The module's file is written last: with it the database
/// exists. `folder` is an empty folder for the backup's files. Without an `owner` it belongs to nobody yet.
pub fn restore_backup(
    archive: impl Read,
    folder: &Path,
    dir: &DatabaseDir,
    owner: Identity,
    until: Until,
) -> Result<BackupSummary, RestoreError> {
    let unpacked = unpack(archive, folder)?;
    let mut loaded = unpacked.load(until)?;
    let summary = unpacked.summary(&loaded)?;
    let Some(publication) = loaded.recovery.publications().last().copied() else {
        return Err(RestoreError::TooEarly { earliest: summary.earliest_offset });
    };
    let module = unpacked.module(&publication.module)?;
    let own = unpacked.identity()?;
    dir.prepare(owner, own)?;
    let medium: Arc<dyn Medium> = Arc::new(
        DirectoryMedium::new(dir.snapshots())
            .map_err(|source| RestoreError::Write { path: dir.snapshots(), source })?,
    );
    let (head, rows) = loaded.recovery.freeze().map_err(OpenError::Fork)?;
    let mut writer = SnapshotWriter::create(medium, summary.offset)?;
    writer.chunk(&head)?;
    rows.write(&mut |chunk| writer.chunk(chunk))?;
    writer.finish()?.publish()?;
    dir.write_module(&module, &publication.module)?;
    Ok(summary)
}

impl Unpacked {
    fn load(&self, until: Until) -> Result<Loaded, RestoreError> {
        let open = |name: &str| {
            let path = self.folder.join(name);
            DirectoryMedium::new(&path).map_err(|source| RestoreError::Write { path, source })
        };
        let log: Arc<dyn Medium> = Arc::new(open("log")?);
        let snapshots: Arc<dyn Medium> = Arc::new(open("snapshots")?);
        let seed = getrandom::u64().map_err(OpenError::Random)?;
        Ok(load(log, &snapshots, seed, until)?)
    }

    fn summary(&self, loaded: &Loaded) -> Result<BackupSummary, RestoreError> {
        let recovery = &loaded.recovery;
        let tables = (0..).zip(&recovery.schema().tables);
        let snapshot_offsets = self.names("snapshots")?.into_iter().filter_map(|name| offset_of(&name));
        let first_segment = self.names("log")?.into_iter().filter_map(|name| offset_of(&name)).min();
        let from_start = first_segment.filter(|first| *first == 1);
        let earliest = from_start.into_iter().chain(snapshot_offsets).min().unwrap_or_default();
        Ok(BackupSummary {
            database: self.manifest.database.clone(),
            created_at: self.manifest.created_at.clone(),
            offset: recovery.last_offset(),
            last_commit_at: clock::text(recovery.last_timestamp()),
            earliest_offset: earliest,
            tables: tables
                .map(|(id, table)| (table.name.clone(), recovery.store().count(id) as u64))
                .collect(),
        })
    }

    fn names(&self, folder: &str) -> Result<Vec<String>, RestoreError> {
        let names = fs::read_dir(self.folder.join(folder)).map_err(RestoreError::Read)?;
        names
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<io::Result<_>>()
            .map_err(RestoreError::Read)
    }

    fn module(&self, hash: &ModuleHash) -> Result<Vec<u8>, RestoreError> {
        let name = module_file(hash);
        let path = self.folder.join("modules").join(&name);
        let module = match fs::read(&path) {
            Ok(module) => module,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(RestoreError::NoModule(name));
            }
            Err(error) => return Err(RestoreError::Read(error)),
        };
        match Sha256::digest(&module)[..] == hash[..] {
            true => Ok(module),
            false => {
                Err(RestoreError::Damaged(format!("modules/{name} is another module than its name says")))
            }
        }
    }

    fn identity(&self) -> Result<Identity, RestoreError> {
        let text = fs::read_to_string(self.folder.join("identity")).map_err(RestoreError::Read)?;
        text.trim().parse().map_err(|_| RestoreError::Damaged("its identity is none".into()))
    }
}

fn offset_of(name: &str) -> Option<u64> {
    name.split('.').next()?.parse().ok()
}

/// Writes the archive's files to a folder and checks them against the manifest.
fn unpack(archive: impl Read, folder: &Path) -> Result<Unpacked, RestoreError> {
    for name in ["snapshots", "log", "modules"] {
        let path = folder.join(name);
        fs::create_dir_all(&path).map_err(|source| RestoreError::Write { path, source })?;
    }
    let mut found: BTreeMap<String, (u64, String)> = BTreeMap::new();
    let mut manifest = None;
    let mut archive = tar::Archive::new(archive);
    // Raw: the names of a backup are short, and a long one from elsewhere would be read into memory whatever its length.
    for entry in archive.entries().map_err(RestoreError::Read)?.raw(true) {
        let mut entry = entry.map_err(RestoreError::Read)?;
        if !entry.header().entry_type().is_file() {
            return Err(RestoreError::Damaged("it has entries that are no files".into()));
        }
        let path = entry.path().map_err(RestoreError::Read)?.to_string_lossy().into_owned();
        if found.len() >= limits::BACKUP_FILES_MAX {
            return Err(RestoreError::Damaged(format!(
                "it has more than {} files",
                limits::BACKUP_FILES_MAX
            )));
        }
        if path == MANIFEST {
            let mut bytes = Vec::new();
            let read = entry.take(limits::BACKUP_MANIFEST_BYTES_MAX).read_to_end(&mut bytes);
            read.map_err(RestoreError::Read)?;
            let read = serde_json::from_slice(&bytes);
            manifest =
                Some(read.map_err(|error| {
                    RestoreError::Damaged(format!("its manifest cannot be read: {error}"))
                })?);
        } else {
            check_path(&path)?;
            let to = folder.join(&path);
            let written = copy_hashed(&mut entry, &to);
            found.insert(path, written.map_err(|source| RestoreError::Write { path: to, source })?);
        }
    }
    let manifest: Manifest =
        manifest.ok_or_else(|| RestoreError::Damaged("it has no manifest: it is not whole".into()))?;
    if manifest.format != FORMAT {
        let text = format!("it has format {}; this program reads {FORMAT}", manifest.format);
        return Err(RestoreError::Damaged(text));
    }
    for file in &manifest.files {
        match found.remove(&file.path) {
            Some((bytes, sha256)) if bytes == file.bytes && sha256 == file.sha256 => {}
            Some(_) => {
                let text = format!("{} is not what the manifest says", file.path);
                return Err(RestoreError::Damaged(text));
            }
            None => return Err(RestoreError::Damaged(format!("{} is missing", file.path))),
        }
    }
    if let Some(path) = found.keys().next() {
        return Err(RestoreError::Damaged(format!("{path} is not in the manifest")));
    }
    Ok(Unpacked { folder: folder.to_owned(), manifest })
}

/// Takes the paths that a backup has, and no way out of the folder.
fn check_path(path: &str) -> Result<(), RestoreError> {
    let is_plain = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
            && !name.starts_with('.')
    };
    let is_known = match path.split_once('/') {
        Some(("snapshots" | "log" | "modules", name)) => is_plain(name),
        Some(_) => false,
        None => path == "identity",
    };
    match is_known {
        true => Ok(()),
        false => Err(RestoreError::Damaged(format!("\"{}\" is no file of a backup", path.escape_debug()))),
    }
}

/// Copies to a new file; its bytes and its SHA-256.
fn copy_hashed(from: &mut impl Read, to: &Path) -> io::Result<(u64, String)> {
    let mut file = File::create_new(to)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    let mut bytes = 0;
    loop {
        let count = from.read(&mut buffer)?;
        let piece = buffer.get(..count).unwrap_or_default();
        if piece.is_empty() {
            return Ok((bytes, hexadecimal(&hash.finalize())));
        }
        hash.update(piece);
        io::Write::write_all(&mut file, piece)?;
        bytes += count as u64;
    }
}
