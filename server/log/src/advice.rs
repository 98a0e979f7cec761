//! What to tell the operator when the disk refuses something. Each sentence says what to do, and what is safe.

use std::io;

/// What to do about this failure, as the end of a sentence.
pub(crate) fn advice(source: &io::Error) -> &'static str {
    let kind = source.kind();
    if kind == io::ErrorKind::StorageFull || kind == io::ErrorKind::QuotaExceeded {
        return "the disk is full: free some space and restart the database; nothing acknowledged is lost";
    }
    if kind == io::ErrorKind::FileTooLarge {
        return "files of this size are forbidden to the server: raise its limit (ulimit -f) and restart the database; \
                nothing acknowledged is lost";
    }
    if kind == io::ErrorKind::ReadOnlyFilesystem {
        return "the disk is read-only: look for its errors in the system's log, mount it writable and restart the \
                database; nothing acknowledged is lost";
    }
    if kind == io::ErrorKind::PermissionDenied {
        return "let the server's user read and write the folder and restart the database; nothing acknowledged is lost";
    }
    "what is on disk is unknown until it is read again: check the disk and restart the database; nothing acknowledged \
     is lost"
}
