//! Where segments and snapshots live. Small enough to be a real directory, memory, or a simulated disk with faults.

pub mod directory;
pub mod memory;

use std::io;

/// A flat set of named files.
pub trait Medium: Send + Sync {
    /// The names of all files, in any order.
    fn list(&self) -> io::Result<Vec<String>>;
    /// All bytes of a file.
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;
    /// Bytes of a file.
    fn size(&self, name: &str) -> io::Result<u64>;
    /// Reads from a position; returns how many bytes there were, fewer than asked for only if the file ends.
    fn read_at(&self, name: &str, position: u64, bytes: &mut [u8]) -> io::Result<usize>;
    /// A new file of `bytes` zeros, synced; replaces one of the same name. Its name is on disk only after
    /// [`Medium::sync`].
    fn create(&self, name: &str, bytes: usize) -> io::Result<Box<dyn MediumFile>>;
    /// An existing file, to write to.
    fn open(&self, name: &str) -> io::Result<Box<dyn MediumFile>>;
    /// Gives a file another name, at once or not at all, and replaces one that has it; on disk only after
    /// [`Medium::sync`].
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file; on disk only after [`Medium::sync`].
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes the names durable.
    fn sync(&self) -> io::Result<()>;
}

/// One open file.
pub trait MediumFile: Send {
    /// Writes all bytes at a position; the file grows when needed.
    fn write_at(&mut self, position: u64, bytes: &[u8]) -> io::Result<()>;
    /// Makes everything written durable.
    fn sync(&mut self) -> io::Result<()>;
}
