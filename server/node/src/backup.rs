//! Backups: a database as one file, and a database from such a file.
//!
//! A backup is a tar archive of what a database's folder holds: snapshots, log, modules, and a manifest with the SHA-256 of
//! every file as the last entry (docs/formats/backup.md). It is made while the database runs. A database that is restored
//! begins with one snapshot of the wanted moment and an empty log.

mod archive;
mod restore;

pub use archive::write_backup;
pub use restore::{BackupSummary, restore_backup, verify_backup};

use serde::{Deserialize, Serialize};

/// The manifest's name, and its format's version.
const MANIFEST: &str = "manifest.json";
const FORMAT: u32 = 1;

/// What an archive holds, written last.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    format: u32,
    /// The database's name.
    database: String,
    /// When the backup was made, in RFC 3339.
    created_at: String,
    /// The commit up to which it certainly reaches.
    offset: u64,
    files: Vec<FileEntry>,
}

/// One file of an archive.
#[derive(Debug, Serialize, Deserialize)]
struct FileEntry {
    path: String,
    bytes: u64,
    sha256: String,
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
