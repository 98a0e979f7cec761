//! Builds one module's folder.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::toolchain::{ModuleToolchain, TARGET};

/// Why a module was not built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// There is no Cargo.toml.
    #[error("{0} has no Cargo.toml: give the folder of a module's crate")]
    NoCrate(PathBuf),
    /// Cargo could not be started.
    #[error("cargo could not be started: {0}")]
    Start(#[source] std::io::Error),
    /// The compiler's own words were printed.
    #[error("the module in {0} does not compile; the errors are above")]
    Compile(PathBuf),
    /// Compiled, but nothing in it is a module.
    #[error("{0} built no .wasm: its Cargo.toml needs [lib] crate-type = [\"cdylib\"]")]
    NoModule(PathBuf),
}

/// Compiles the crate in `folder` in release form and returns the path of its `.wasm`. Warnings and errors
/// go to standard error.
///
/// # Errors
/// When there is no crate, it does not compile, or it is not a cdylib.
pub fn build_module(folder: &Path, toolchain: &ModuleToolchain) -> Result<PathBuf, BuildError> {
    if !folder.join("Cargo.toml").is_file() {
        return Err(BuildError::NoCrate(folder.to_path_buf()));
    }
    let output = cargo_command(folder, toolchain)
        .args(["build", "--quiet", "--release", "--target", TARGET])
        .arg("--message-format=json-render-diagnostics")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(BuildError::Start)?;
    if !output.status.success() {
        return Err(BuildError::Compile(folder.to_path_buf()));
    }
    wasm_of(&String::from_utf8_lossy(&output.stdout))
        .ok_or_else(|| BuildError::NoModule(folder.to_path_buf()))
}

/// A cargo command in a module's folder, with the environment that `toolchain` needs.
#[must_use]
pub fn cargo_command(folder: &Path, toolchain: &ModuleToolchain) -> Command {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command.current_dir(folder);
    toolchain.apply(&mut command);
    command
}

/// The last `.wasm` that cargo reports: dependencies come before the crate that needs them.
fn wasm_of(messages: &str) -> Option<PathBuf> {
    let mut found = None;
    for message in messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        if message["reason"] != "compiler-artifact" {
            continue;
        }
        let files = message["filenames"].as_array().into_iter().flatten().filter_map(Value::as_str);
        if let Some(wasm) = files.into_iter().find(|file| file.ends_with(".wasm")) {
            found = Some(PathBuf::from(wasm));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_is_found_among_cargos_messages() {
        let messages = concat!(
            "{\"reason\":\"compiler-artifact\",\"filenames\":[\"/t/libdependency.rlib\"]}\n",
            "not json\n",
            "{\"reason\":\"compiler-artifact\",\"filenames\":[\"/t/game.wasm\"]}\n",
            "{\"reason\":\"build-finished\",\"success\":true}\n"
        );
        assert_eq!(wasm_of(messages), Some(PathBuf::from("/t/game.wasm")));
        assert_eq!(wasm_of("{\"reason\":\"build-finished\",\"success\":true}"), None);
    }

    #[test]
    fn a_folder_without_a_crate_is_named() {
        let error = build_module(Path::new("/nowhere"), &ModuleToolchain::Default).unwrap_err();
        assert_eq!(error.to_string(), "/nowhere has no Cargo.toml: give the folder of a module's crate");
    }
}
