//! Builds the client core as a library of one platform, if this machine can. What it would take is said otherwise, and nothing is
//! installed but Rust's own standard libraries.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::step;
use crate::unity::plugins::Plugin;

/// What became of a library.
pub enum Built {
    /// It lies in its place.
    Now,
    /// Why it was not built.
    Not(String),
}

/// What links programs of a platform on this machine.
enum Linker {
    /// The one that Rust takes by itself.
    Own,
    /// A program of this name.
    Program(PathBuf),
}

/// Builds a library into its place.
pub fn build(plugin: &Plugin, into: &Path) -> Result<Built> {
    let mut parts = Vec::new();
    for target in plugin.targets {
        let linker = match linker(target) {
            Ok(linker) => linker,
            Err(why) => return Ok(Built::Not(why)),
        };
        if !has_standard_library(target) {
            return Ok(Built::Not(format!("run `rustup target add {target}`")));
        }
        parts.push(compile(target, &linker, plugin.file)?);
    }
    if let Some(folder) = into.parent() {
        fs::create_dir_all(folder)?;
    }
    match parts.as_slice() {
        [one] => {
            fs::copy(one, into).with_context(|| one.display().to_string())?;
        }
        several => step::run(Command::new("lipo").arg("-create").args(several).arg("-output").arg(into))?,
    }
    Ok(Built::Now)
}

fn compile(target: &str, linker: &Linker, file: &str) -> Result<PathBuf> {
    let mut cargo = step::cargo();
    cargo.args(["build", "--quiet", "--release", "--package", "ambit-c"]);
    // For the machine itself it is what `cargo build --release` makes anyway.
    let is_host = host() == Some(target);
    if !is_host {
        cargo.args(["--target", target]);
    }
    if let Linker::Program(program) = linker {
        let variable = format!("CARGO_TARGET_{}_LINKER", target.to_uppercase().replace('-', "_"));
        cargo.env(variable, program);
    }
    if target.ends_with("-apple-ios") {
        // The library becomes a part of the program there.
        cargo.env("IPHONEOS_DEPLOYMENT_TARGET", "13.0");
    }
    step::run(&mut cargo)?;
    let folder =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| step::root().join("target"), PathBuf::from);
    let folder = if is_host { folder } else { folder.join(target) };
    Ok(folder.join("release").join(file))
}

/// What can link for a target here, or what it would take.
fn linker(target: &str) -> Result<Linker, String> {
    let program = |name: &str, package: &str| {
        if step::exists(name) {
            Ok(Linker::Program(PathBuf::from(name)))
        } else {
            Err(format!("there is no {name}; on Debian: apt-get install {package}"))
        }
    };
    if host() == Some(target) {
        return Ok(Linker::Own);
    }
    if target.contains("-apple-") {
        return if cfg!(target_os = "macos") {
            Ok(Linker::Own)
        } else {
            Err("needs a Mac with Xcode: run `cargo xtask package` there".to_string())
        };
    }
    if target.contains("-android") {
        return android(target);
    }
    match target {
        "x86_64-pc-windows-gnu" if cfg!(windows) => Ok(Linker::Own),
        "x86_64-pc-windows-gnu" => program("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64"),
        "x86_64-unknown-linux-gnu" => program("x86_64-linux-gnu-gcc", "gcc-x86-64-linux-gnu"),
        "aarch64-unknown-linux-gnu" => program("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu"),
        other => Err(format!("nothing is known that links for {other}")),
    }
}

/// The Android NDK's clang, which is named after the processor and the oldest system that it links for.
fn android(target: &str) -> Result<Linker, String> {
    const OLDEST_SYSTEM: &str = "23";
    let Some(ndk) = std::env::var_os("ANDROID_NDK_HOME") else {
        return Err("set ANDROID_NDK_HOME to an Android NDK".to_string());
    };
    let host = if cfg!(target_os = "macos") { "darwin-x86_64" } else { "linux-x86_64" };
    let named = target.replace("armv7-", "armv7a-");
    let clang = Path::new(&ndk).join("toolchains/llvm/prebuilt").join(host).join("bin");
    let clang = clang.join(format!("{named}{OLDEST_SYSTEM}-clang"));
    if clang.is_file() {
        Ok(Linker::Program(clang))
    } else {
        Err(format!("{} is not there", clang.display()))
    }
}

fn host() -> Option<&'static str> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Some("x86_64-unknown-linux-gnu"),
        ("linux", "aarch64") => Some("aarch64-unknown-linux-gnu"),
        _ => None,
    }
}

/// Whether Rust's standard library for a target is there, or rustup can fetch it.
fn has_standard_library(target: &str) -> bool {
    let is_there = || {
        let folder =
            step::output(Command::new("rustc").args(["--print", "target-libdir", "--target", target]));
        folder.is_ok_and(|folder| Path::new(folder.trim()).is_dir())
    };
    is_there() || step::output(Command::new("rustup").args(["target", "add", target])).is_ok() && is_there()
}
