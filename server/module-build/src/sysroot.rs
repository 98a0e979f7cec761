//! A standard library for the target, built once from a distribution's own source and kept in the cache.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{StepError, output_of};
use crate::toolchain::TARGET;

/// The sysroot of an earlier [`build`] with the same compiler.
pub(crate) fn existing(version: &str) -> Option<PathBuf> {
    let folder = folder(version);
    contains_std(&libraries(&folder)).then_some(folder)
}

/// Compiles std for the target and keeps its libraries. Another process that does the same at the same
/// time is harmless: the finished folder is moved into place in one step.
pub(crate) fn build(rustc: &Path, version: &str, report: &mut dyn FnMut(&str)) -> Result<PathBuf, StepError> {
    let folder = folder(version);
    let scratch = folder.with_extension(format!("building-{}", std::process::id()));
    report(&format!("building the standard library for {TARGET} once, into {}", folder.display()));
    let built = build_in(&scratch, rustc).and_then(|parts| put_in_place(&parts, &folder));
    let cleaned = fs::remove_dir_all(&scratch);
    built?;
    cleaned.map_err(|source| file_error(&scratch, source))?;
    Ok(folder)
}

/// Where a compiler keeps the source of its standard library, if `rustc-src` is installed beside it.
pub(crate) fn library_source(rustc: &Path) -> Option<PathBuf> {
    let root = output_of(Command::new(rustc).args(["--print", "sysroot"])).ok()?;
    Some(Path::new(root.trim()).join("lib/rustlib/src/rust/library/Cargo.lock"))
}

/// Whether a folder of libraries holds std.
pub(crate) fn contains_std(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libstd-") && name.ends_with(".rlib")
    })
}

/// Moves a finished sysroot to where it is looked for. One that is there already stays: a compiler may be reading it.
fn put_in_place(parts: &Path, folder: &Path) -> Result<(), StepError> {
    let moved = fs::rename(parts, folder);
    if moved.is_ok() || contains_std(&libraries(folder)) {
        return Ok(());
    }
    // A folder without std is what is left of an interrupted removal; if it cannot be removed, the move tells why.
    let _ = fs::remove_dir_all(folder);
    fs::rename(parts, folder).map_err(|source| file_error(folder, source))
}

fn build_in(scratch: &Path, rustc: &Path) -> Result<PathBuf, StepError> {
    let crate_folder = scratch.join("crate");
    write(&crate_folder.join("src/lib.rs"), "")?;
    write(
        &crate_folder.join("Cargo.toml"),
        "[package]\nname = \"sysroot\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[lib]\n\n[workspace]\n\n\
         [profile.release]\nlto = false\npanic = \"abort\"\n",
    )?;
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--quiet", "--release", "--target", TARGET, "-Zbuild-std=std,panic_abort"])
        .arg("--target-dir")
        .arg(scratch.join("target"))
        .current_dir(&crate_folder)
        .env("RUSTC", rustc)
        .env("RUSTC_BOOTSTRAP", "1");
    for inherited in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"] {
        cargo.env_remove(inherited);
    }
    output_of(&mut cargo)?;
    let parts = scratch.join("sysroot");
    let kept = libraries(&parts);
    fs::create_dir_all(&kept).map_err(|source| file_error(&kept, source))?;
    let built = scratch.join("target").join(TARGET).join("release/deps");
    let entries = fs::read_dir(&built).map_err(|source| file_error(&built, source))?;
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name();
        let is_library = path.extension().is_some_and(|extension| extension == "rlib");
        if is_library && !name.to_string_lossy().starts_with("libsysroot-") {
            fs::copy(&path, kept.join(name)).map_err(|source| file_error(&path, source))?;
        }
    }
    Ok(parts)
}

fn folder(version: &str) -> PathBuf {
    cache().join(format!("wasm-sysroot-{version}"))
}

/// The user's cache folder; the working folder's `.ambit-cache` when there is no home.
fn cache() -> PathBuf {
    let named = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    named("XDG_CACHE_HOME")
        .or_else(|| named("HOME").map(|home| home.join(".cache")))
        .or_else(|| named("LOCALAPPDATA"))
        .map_or_else(|| PathBuf::from(".ambit-cache"), |folder| folder.join("ambit"))
}

fn libraries(sysroot: &Path) -> PathBuf {
    sysroot.join("lib/rustlib").join(TARGET).join("lib")
}

fn write(path: &Path, text: &str) -> Result<(), StepError> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|source| file_error(parent, source))?;
    }
    fs::write(path, text).map_err(|source| file_error(path, source))
}

fn file_error(path: &Path, source: std::io::Error) -> StepError {
    StepError::File { path: path.display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sysroot(folder: &Path, library: &str) {
        write(&libraries(folder).join(library), "").expect("a temporary folder can be written");
    }

    #[test]
    fn a_finished_sysroot_is_never_replaced() {
        let root = env::temp_dir().join(format!("ambit-sysroot-test-{}", std::process::id()));
        let (first, second, folder) = (root.join("first"), root.join("second"), root.join("sysroot"));
        sysroot(&first, "libstd-1.rlib");
        sysroot(&second, "libstd-2.rlib");
        // What is there first holds no std, and gives way.
        sysroot(&folder, "leftover");
        put_in_place(&first, &folder).expect("a folder without std is replaced");
        put_in_place(&second, &folder).expect("a finished folder is good enough");
        assert!(libraries(&folder).join("libstd-1.rlib").exists());
        assert!(!libraries(&folder).join("libstd-2.rlib").exists());
        fs::remove_dir_all(&root).expect("the temporary folder can be removed");
    }
}
