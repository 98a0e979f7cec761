//! The sample modules of the repository.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::step;

/// The folder of the module that the demo plays.
pub const DEMO_MODULE: &str = "samples/mmo-module";

/// Every module crate under samples/, in the order of their names.
pub fn modules() -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in fs::read_dir(step::root().join("samples"))? {
        let folder = folder?.path();
        if name(&folder).ends_with("-module") && folder.join("Cargo.toml").is_file() {
            found.push(folder);
        }
    }
    found.sort();
    Ok(found)
}

/// A folder's own name.
pub fn name(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
