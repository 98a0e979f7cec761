//! Databases from backups.

use std::io::{self, Read};

use ambit_model::Identity;
use bytes::Bytes;
use tokio::sync::mpsc;

use super::{Node, Place};
use crate::backup::{BackupSummary, restore_backup};
use crate::data_dir::{DatabaseNameError, check_database_name};
use crate::database::Until;
use crate::limits;

/// Why a backup did not become a database.
#[derive(Debug, thiserror::Error)]
pub enum RestoreFailure {
    /// The name.
    #[error(transparent)]
    Name(#[from] DatabaseNameError),
    /// There is one already.
    #[error("there is a database {0} already; restore under another name")]
    Exists(String),
    /// Too many databases.
    #[error("this server has {max} databases, its limit", max = limits::DATABASES_MAX)]
    TooMany,
    /// The backup.
    #[error("{0}")]
    Refused(String),
    /// The server cannot do it.
    #[error("the server could not restore: {0}")]
    Server(String),
}

/// A body that arrives in pieces, to be read where waiting is allowed.
struct Arriving {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    piece: Bytes,
}

impl Read for Arriving {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.piece = piece?,
                None => return Ok(0),
            }
        }
        let count = self.piece.len().min(buffer.len());
        let taken = self.piece.split_to(count);
        if let Some(place) = buffer.get_mut(..count) {
            place.copy_from_slice(&taken);
        }
        Ok(count)
    }
}

impl Node {
    /// Makes a database of a backup that arrives in pieces, and opens it.
    pub async fn restore(
        &self,
        name: &str,
        owner: Identity,
        until: Until,
        pieces: mpsc::Receiver<io::Result<Bytes>>,
    ) -> Result<BackupSummary, RestoreFailure> {
        check_database_name(name)?;
        self.reserve(name).await?;
        // A backup may take hours to arrive: nobody but the next restorer waits for it.
        let restored = self.restore_files(name, owner, until, pieces).await;
        match restored {
            Ok(summary) => match self.reopen(name).await {
                Ok(()) => Ok(summary),
                Err(problem) => {
                    self.remove(name);
                    Err(RestoreFailure::Refused(format!(
                        "the restored database could not be opened: {problem}"
                    )))
                }
            },
            Err(failure) => {
                self.remove(name);
                Err(failure)
            }
        }
    }

    /// Takes a free name, so that nobody else makes a database of it.
    async fn reserve(&self, name: &str) -> Result<(), RestoreFailure> {
        let _one_at_a_time = self.publishing.lock().await;
        if self.place(name).is_some() {
            return Err(RestoreFailure::Exists(name.to_owned()));
        }
        if self.database_count() >= limits::DATABASES_MAX {
            return Err(RestoreFailure::TooMany);
        }
        self.set(name, Place::Restoring);
        Ok(())
    }

    async fn restore_files(
        &self,
        name: &str,
        owner: Identity,
        until: Until,
        pieces: mpsc::Receiver<io::Result<Bytes>>,
    ) -> Result<BackupSummary, RestoreFailure> {
        let server = |error: &dyn std::fmt::Display| RestoreFailure::Server(error.to_string());
        let (dir, scratch) = (self.data.database(name), self.data.scratch(name));
        let scratch = scratch.map_err(|error| server(&error))?;
        let folder = scratch.clone();
        let restored = tokio::task::spawn_blocking(move || {
            restore_backup(Arriving { pieces, piece: Bytes::new() }, &folder, &dir, owner, until)
        });
        let restored = restored.await.map_err(|error| server(&error));
        if let Err(error) = std::fs::remove_dir_all(&scratch) {
            tracing::warn!("the files of a backup stay in {}: {error}", scratch.display());
        }
        restored?.map_err(|error| RestoreFailure::Refused(error.to_string()))
    }

    fn remove(&self, name: &str) {
        self.forget(name);
        if let Err(error) = self.data.database(name).remove() {
            tracing::warn!(database = name, "what a failed restore has left stays: {error}");
        }
    }
}
