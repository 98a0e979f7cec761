//! The Unity package: `.meta` files, the list of files that ship, and references between its assets.

use anyhow::Result;

use super::Finding;
use crate::unity::{PACKAGE, files, metas};

/// Checks the package as it lies there.
pub fn check() -> Result<Vec<Finding>> {
    let named = |(path, text): (String, String)| {
        let path = if path == files::LIST { path } else { format!("{PACKAGE}/{path}") };
        Finding::new(&path, 0, text)
    };
    Ok(metas::faults()?.into_iter().map(named).collect())
}
