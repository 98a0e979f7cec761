//! What can be done to a database while no server runs: look at its log and cut it. And checking backups, which needs no
//! server.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use ambit_log::{DirectoryMedium, Medium, Repaired, Verification};

use crate::backup::{BackupSummary, verify_backup};
use crate::data_dir::{DataDir, DatabaseDir, check_database_name};

/// Why nothing was done: a sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct OfflineError(String);

fn offline(error: impl std::fmt::Display) -> OfflineError {
    OfflineError(error.to_string())
}

/// A server's folder without the server: locked while it lives.
pub struct Offline {
    data: DataDir,
}

impl Offline {
    /// Locks the folder; fails while a server uses it.
    pub fn open(data: &Path) -> Result<Self, OfflineError> {
        if !data.join("databases").is_dir() {
            return Err(OfflineError(format!("{} is not the data folder of a server", data.display())));
        }
        Ok(Self { data: DataDir::open(data).map_err(offline)? })
    }

    /// Reads a database's whole log. Nothing changes.
    pub fn verify_log(&self, name: &str) -> Result<Verification, OfflineError> {
        ambit_log::verify(self.log(name)?).map_err(offline)
    }

    /// Cuts everything after a commit off a database's log, and sets later snapshots aside. What is cut stays beside it in
    /// files `*.cut`.
    pub fn repair_log(&self, name: &str, to: u64) -> Result<Repaired, OfflineError> {
        let mut repaired = ambit_log::repair(self.log(name)?, to).map_err(offline)?;
        let snapshots = DirectoryMedium::new(self.dir(name)?.snapshots()).map_err(offline)?;
        let cut = ambit_log::set_aside_snapshots(&snapshots, repaired.last_offset).map_err(offline)?;
        repaired.set_aside.extend(cut);
        Ok(repaired)
    }

    fn log(&self, name: &str) -> Result<Arc<dyn Medium>, OfflineError> {
        Ok(Arc::new(DirectoryMedium::new(self.dir(name)?.log()).map_err(offline)?))
    }

    fn dir(&self, name: &str) -> Result<DatabaseDir, OfflineError> {
        check_database_name(name).map_err(offline)?;
        let dir = self.data.database(name);
        match dir.log().is_dir() {
            true => Ok(dir),
            false => Err(OfflineError(format!("there is no database {name} in this folder"))),
        }
    }
}

/// Checks a backup's file. `folder` takes its files for the time being.
pub fn verify_backup_file(archive: &Path, folder: &Path) -> Result<BackupSummary, OfflineError> {
    let file = File::open(archive)
        .map_err(|error| OfflineError(format!("cannot read {}: {error}", archive.display())))?;
    verify_backup(file, folder).map_err(offline)
}
