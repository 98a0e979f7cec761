//! Which files of the package ship: the committed list, and what git has or would add.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use super::PACKAGE;
use crate::step;

/// The committed list, from the repository's root.
pub const LIST: &str = "xtask/src/unity/shipped.txt";

/// The package's files that git has or would add, from the package's folder, sorted.
pub fn present() -> Result<BTreeSet<String>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", PACKAGE]);
    let listed = step::output(git.current_dir(step::root()))?;
    let files = listed.split('\0').filter_map(|path| path.strip_prefix(PACKAGE)?.strip_prefix('/'));
    // A file that git lists may have been deleted since.
    Ok(files.filter(|path| super::package().join(path).is_file()).map(str::to_string).collect())
}

/// Those of them that ship: all but the engine stand-ins and what belongs to them.
pub fn shipped(present: &BTreeSet<String>) -> Vec<String> {
    present.iter().filter(|path| !path.starts_with("Tests~/")).cloned().collect()
}

/// The committed list.
pub fn committed() -> Result<Vec<String>> {
    let text = fs::read_to_string(step::root().join(LIST)).context(LIST)?;
    Ok(text.lines().map(str::to_string).collect())
}

/// Writes the list.
pub fn write() -> Result<()> {
    let text = shipped(&present()?).join("\n") + "\n";
    let path = step::root().join(LIST);
    if fs::read_to_string(&path).is_ok_and(|committed| committed == text) {
        return Ok(());
    }
    fs::write(&path, text).context(LIST)?;
    println!("wrote {LIST}");
    Ok(())
}
