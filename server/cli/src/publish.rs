//! `ambit publish`.

use std::io::Write;
use std::path::{Path, PathBuf};

use ambit_module_build::{Install, build_module, prepare};
use anyhow::Context;

use crate::arguments::PublishOptions;
use crate::print;
use crate::remote::Remote;

/// Builds the module if its folder is given, and publishes it.
pub fn publish(options: &PublishOptions) -> anyhow::Result<()> {
    ambit_node::check_database_name(&options.name)?;
    let remote = Remote::new(&options.remote)?;
    let file = wasm_file(&options.module)?;
    let wasm = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let token = remote.token(&options.remote)?;
    let path = format!("database/{}/publish", options.name);
    let answer = remote.post(&path, &token, "application/wasm", &wasm)?;
    let verb = if answer["created"].as_bool() == Some(true) { "created" } else { "updated" };
    print(&format!(
        "{verb} database {} ({} bytes of WebAssembly, owner {})",
        options.name,
        wasm.len(),
        answer["owner"].as_str().unwrap_or("unknown")
    ))
}

fn wasm_file(module: &Path) -> anyhow::Result<PathBuf> {
    if !module.is_dir() {
        return Ok(module.to_owned());
    }
    let toolchain = prepare(Install::Nothing, &mut report)?;
    Ok(build_module(module, &toolchain)?)
}

/// Progress goes to standard error: the result alone is output.
fn report(line: &str) {
    // Progress that nobody can read is no reason to stop.
    drop(writeln!(std::io::stderr(), "{line}"));
}
