//! Writes a backup of a running database.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{FORMAT, FileEntry, MANIFEST, Manifest, hexadecimal};
use crate::clock;
use crate::data_dir::DatabaseDir;

/// Why a backup is not made.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file of the database cannot be read.
    #[error("the backup cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Whoever wants the backup has gone, or cannot take more.
    #[error("the backup cannot be written: {0}")]
    Write(io::Error),
}

/// Appends a tar archive of a database's folder. A snapshot of offset `offset` was just taken, and the log holds at least
/// as much.
pub fn write_backup(name: &str, dir: &DatabaseDir, offset: u64, out: impl Write) -> Result<(), BackupError> {
    // Opened before anything is copied: what is removed meanwhile can still be read.
    let mut files = Vec::new();
    for (folder, path) in [("snapshots", dir.snapshots()), ("log", dir.log()), ("modules", dir.modules())] {
        files.extend(open_files(folder, &path)?);
    }
    let identity = dir.own_identity().map_err(|error| BackupError::Write(io::Error::other(error)))?;
    let mut archive = Archive { tar: tar::Builder::new(out), files: Vec::new() };
    archive.add("identity", identity.to_string().as_bytes())?;
    for (path, mut file, from) in files {
        match path.starts_with("log/") {
            // A segment is full of zeros where nothing was written yet.
            true => archive.add(&path, &without_zeros(&mut file, &from)?)?,
            false => archive.add_file(&path, &mut file, &from)?,
        }
    }
    let manifest = Manifest {
        format: FORMAT,
        database: name.to_owned(),
        created_at: clock::text(clock::now()),
        offset,
        files: std::mem::take(&mut archive.files),
    };
    let manifest =
        serde_json::to_vec_pretty(&manifest).map_err(|error| BackupError::Write(io::Error::other(error)))?;
    archive.add(MANIFEST, &manifest)?;
    archive.tar.into_inner().and_then(|mut out| out.flush()).map_err(BackupError::Write)
}

struct Archive<W: Write> {
    tar: tar::Builder<W>,
    files: Vec<FileEntry>,
}

impl<W: Write> Archive<W> {
    fn add(&mut self, path: &str, bytes: &[u8]) -> Result<(), BackupError> {
        let mut header = header(bytes.len() as u64);
        self.tar.append_data(&mut header, path, bytes).map_err(BackupError::Write)?;
        self.note(path, bytes.len() as u64, &Sha256::digest(bytes));
        Ok(())
    }

    fn add_file(&mut self, path: &str, file: &mut File, from: &Path) -> Result<(), BackupError> {
        let read = |source| BackupError::Read { path: from.to_owned(), source };
        let bytes = file.metadata().map_err(read)?.len();
        let mut header = header(bytes);
        let mut hashed = Hashed { inner: file.take(bytes), hash: Sha256::new() };
        self.tar.append_data(&mut header, path, &mut hashed).map_err(BackupError::Write)?;
        let hash = hashed.hash.finalize();
        self.note(path, bytes, &hash);
        Ok(())
    }

    fn note(&mut self, path: &str, bytes: u64, hash: &[u8]) {
        self.files.push(FileEntry { path: path.to_owned(), bytes, sha256: hexadecimal(hash) });
    }
}

/// Hashes what is read through it.
struct Hashed<R> {
    inner: R,
    hash: Sha256,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.inner.read(buffer)?;
        self.hash.update(buffer.get(..bytes).unwrap_or_default());
        Ok(bytes)
    }
}

fn header(bytes: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes);
    header.set_mode(0o644);
    header.set_mtime(u64::try_from(clock::now().0 / 1_000_000).unwrap_or_default());
    header
}

/// The finished files of a folder, opened, in the order of their names.
fn open_files(folder: &str, path: &Path) -> Result<Vec<(String, File, PathBuf)>, BackupError> {
    let read = |source| BackupError::Read { path: path.to_owned(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(read)? {
        let name = entry.map_err(read)?.file_name().to_string_lossy().into_owned();
        if [".log", ".snapshot", ".wasm"].iter().any(|ending| name.ends_with(ending)) {
            names.push(name);
        }
    }
    names.sort();
    let mut files = Vec::new();
    for name in names {
        let from = path.join(&name);
        match File::open(&from) {
            Ok(file) => files.push((format!("{folder}/{name}"), file, from)),
            // A newer snapshot has just made it needless.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(BackupError::Read { path: from, source }),
        }
    }
    Ok(files)
}

fn without_zeros(file: &mut File, from: &Path) -> Result<Vec<u8>, BackupError> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(|source| BackupError::Read { path: from.to_owned(), source })?;
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    bytes.truncate(end);
    Ok(bytes)
}
