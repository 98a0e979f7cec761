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
        let parents = parents_of_new_names(&path);
        fs::create_dir_all(&path)?;
        for parent in parents {
            File::open(parent)?.sync_all()?;
        }
        Ok(Self { path })
    }
}

/// The directories that are to be synced so that `path`, not yet created, stays: that of its own name, and of each
/// of its ancestors that is missing too.
fn parents_of_new_names(path: &Path) -> Vec<PathBuf> {
    let mut parents = Vec::new();
    for parent in path.ancestors().skip(1) {
        // The parent of a relative path's first name is the working directory.
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        parents.push(parent.to_owned());
        if parent.exists() {
            break;
        }
    }
    parents
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
    fn every_directory_with_a_new_name_is_synced() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let path = root.path().join("data/world/log");
        let expected = ["data/world", "data", ""].map(|name| root.path().join(name));
        assert_eq!(parents_of_new_names(&path), expected);
        DirectoryMedium::new(&path).expect("the directory is created");
        assert_eq!(parents_of_new_names(&path), expected[..1]);
        assert_eq!(parents_of_new_names(Path::new("log")), [Path::new(".")]);
    }
}
