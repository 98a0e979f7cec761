//! `cargo xtask codegen`: writes every committed file that a generator makes; `--check` only compares.
//!
//! Generators run here and never from a build.rs into the source tree. A new FlatBuffers schema is found by itself; a
//! new sample client or binding has a line in `clients` or `bindings`. A generated file without a generator is refused.

mod flatbuffers;

mod bindings;

mod clients;

mod owners;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::step;

/// A file as a generator makes it.
pub struct Generated {
    /// From the repository's root.
    pub path: PathBuf,
    pub text: String,
}

/// Runs every generator.
fn generate() -> Result<Vec<Generated>> {
    let mut generated = flatbuffers::generate().context("FlatBuffers")?;
    generated.extend(clients::generate().context("the samples' clients")?);
    Ok(generated)
}

/// Writes what differs, or with `check` fails when something does.
pub fn run(check: bool) -> Result<()> {
    bindings::run(check)?;
    let generated = generate()?;
    let mut stale = Vec::new();
    for Generated { path, text } in &generated {
        let file = step::root().join(path);
        // A file that cannot be read differs from what it should be.
        if fs::read_to_string(&file).is_ok_and(|present| present == *text) {
            continue;
        }
        stale.push(path.display().to_string());
        if !check {
            fs::write(&file, text).with_context(|| path.display().to_string())?;
            println!("wrote {}", path.display());
        }
    }
    if check && !stale.is_empty() {
        bail!(
            "run `cargo xtask codegen`; these files are not what their generators make: {}",
            stale.join(", ")
        );
    }
    let faults = owners::faults(&generated)?;
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    println!("codegen: {} files are what their generators make", generated.len());
    Ok(())
}
