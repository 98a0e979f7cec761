//! Segments as files of a directory.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::{Medium, MediumFile};
use crate::limits;

/// A directory on a local disk.
#[derive(Debug, Clone)]
pub struct DirectoryMedium {
    path: PathBuf,
}

impl DirectoryMedium {
    /// Uses the directory, which is created if it is missing.
    pub fn new(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref().to_owned();
        fs::create_dir_all(&path)?;
        // Also of directories that were there: an earlier start may have been killed after it had made them.
        for parent in path.ancestors().skip(1) {
            sync_parent(parent)?;
        }
        Ok(Self { path })
    }
}

/// Makes the names in a directory durable.
fn sync_parent(path: &Path) -> io::Result<()> {
    // The parent of a relative path's first name is the working directory.
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let Err(error) = File::open(path).and_then(|directory| directory.sync_all()) else { return Ok(()) };
    // Nothing of ours was made in a directory far above that this user may only pass through; and some of the system's own
    // file systems have nothing to sync.
    let is_harmless =
        [io::ErrorKind::PermissionDenied, io::ErrorKind::InvalidInput, io::ErrorKind::Unsupported];
    match is_harmless.contains(&error.kind()) {
        true => Ok(()),
        false => Err(error),
    }
}

impl Medium for DirectoryMedium {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            // A name that is not UTF-8 cannot be a segment's.
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.path.join(name))
    }

    fn size(&self, name: &str) -> io::Result<u64> {
        Ok(fs::metadata(self.path.join(name))?.len())
    }

    fn read_at(&self, name: &str, position: u64, bytes: &mut [u8]) -> io::Result<usize> {
        let file = File::open(self.path.join(name))?;
        let mut done = 0;
        while let Some(rest) = bytes.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match file.read_at(rest, position + done as u64) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn create(&self, name: &str, bytes: usize) -> io::Result<Box<dyn MediumFile>> {
        let path = self.path.join(name);
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
        // Written zeros, not a hole: a later sync then has no file metadata to write.
        let zeros = vec![0; bytes.min(limits::ZERO_CHUNK_BYTES)];
        let mut rest = bytes;
        while rest > 0 {
            let chunk = rest.min(zeros.len());
            file.write_all(zeros.get(..chunk).unwrap_or_default())?;
            rest -= chunk;
        }
        file.sync_all()?;
        Ok(Box::new(DirectoryFile { file }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn MediumFile>> {
        let file = OpenOptions::new().write(true).open(self.path.join(name))?;
        Ok(Box::new(DirectoryFile { file }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}

struct DirectoryFile {
    file: File,
}

impl MediumFile for DirectoryFile {
    fn write_at(&mut self, position: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, position)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nested_directory_is_made_and_its_files_are_read_in_pieces() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let path = root.path().join("data/world/log");
        for _ in 0..2 {
            DirectoryMedium::new(&path).expect("the directory is there");
        }
        let medium = DirectoryMedium::new(path).expect("the directory is there");
        let mut file = medium.create("a", 10).expect("a new file");
        file.write_at(8, &[1, 2, 3, 4]).expect("the file grows");
        assert_eq!(medium.size("a").expect("a size"), 12);
        let mut bytes = [9; 6];
        assert_eq!(medium.read_at("a", 7, &mut bytes).expect("bytes"), 5);
        assert_eq!(bytes, [0, 1, 2, 3, 4, 9]);
        assert_eq!(medium.read_at("a", 12, &mut bytes).expect("the end"), 0);
        assert_eq!(medium.size("b").map_err(|error| error.kind()), Err(io::ErrorKind::NotFound));
    }
}
