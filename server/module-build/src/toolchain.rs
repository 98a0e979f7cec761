//! What a module is built with, and the search for it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::install::{self, Install};
use crate::process::{StepError, output_of};
use crate::sysroot;

/// The only target of a Rust module.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Where distributions put their rustc.
const DISTRIBUTION_RUSTC: &str = "/usr/bin/rustc";

/// How cargo must be called on this machine to build a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModuleToolchain {
    /// The default rustc has the target's standard library.
    Default,
    /// A distribution's rustc, with a standard library that was built once.
    Sysroot {
        /// The compiler.
        rustc: PathBuf,
        /// The `wasm-ld` of that compiler's LLVM.
        linker: PathBuf,
        /// Folder with `lib/rustlib/wasm32-unknown-unknown/lib`.
        sysroot: PathBuf,
    },
}

/// Why no module can be built here.
#[derive(Debug, thiserror::Error)]
pub enum ToolchainError {
    /// Nothing that can compile to WebAssembly was found, and it could not be installed.
    #[error("no Rust compiler for {TARGET} was found: {missing}")]
    Missing {
        /// What is missing and what to do.
        missing: String,
    },
    /// The standard library was to be built once, and that failed.
    #[error("the standard library for {TARGET} could not be built: {0}")]
    Standard(#[source] StepError),
}

impl ModuleToolchain {
    /// Sets the environment of a cargo command that builds for [`TARGET`].
    pub fn apply(&self, command: &mut Command) {
        for inherited in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"]
        {
            command.env_remove(inherited);
        }
        match self {
            ModuleToolchain::Default => {}
            ModuleToolchain::Sysroot { rustc, linker, sysroot } => {
                let mut flags = std::ffi::OsString::from("--sysroot\u{1f}");
                flags.push(sysroot);
                command.env("RUSTC", rustc);
                command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
                command.env("CARGO_ENCODED_RUSTFLAGS", flags);
            }
        }
    }

    /// One line for people.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            ModuleToolchain::Default => format!("the default rustc has the standard library of {TARGET}"),
            ModuleToolchain::Sysroot { rustc, linker, sysroot } => {
                format!(
                    "{} with {} and the standard library in {}",
                    rustc.display(),
                    linker.display(),
                    sysroot.display()
                )
            }
        }
    }
}

/// What can be used as it is, without installing or building anything.
#[must_use]
pub fn detect() -> Option<ModuleToolchain> {
    if has_standard_library("rustc") {
        return Some(ModuleToolchain::Default);
    }
    let compiler = Distribution::find().ok()?;
    let sysroot = sysroot::existing(&compiler.version)?;
    Some(ModuleToolchain::Sysroot { rustc: compiler.rustc, linker: compiler.linker, sysroot })
}

/// Finds a toolchain, fetching and building what is missing. `report` gets one line per step taken.
/// A second call finds everything in place and does nothing.
///
/// # Errors
/// With the exact packages or commands that are missing when it cannot proceed.
pub fn prepare(install: Install, report: &mut dyn FnMut(&str)) -> Result<ModuleToolchain, ToolchainError> {
    if let Some(found) = detect() {
        return Ok(found);
    }
    if install::add_rustup_target(report) && has_standard_library("rustc") {
        return Ok(ModuleToolchain::Default);
    }
    let mut tried = String::new();
    let compiler = match (Distribution::find(), install) {
        (Ok(compiler), _) => compiler,
        (Err(missing), Install::Nothing) => return Err(ToolchainError::Missing { missing }),
        (Err(_), Install::Packages) => {
            if let Err(error) = install::install_module_packages(report) {
                tried = format!(" (tried: {error})");
            }
            Distribution::find()
                .map_err(|missing| ToolchainError::Missing { missing: format!("{missing}{tried}") })?
        }
    };
    let sysroot =
        sysroot::build(&compiler.rustc, &compiler.version, report).map_err(ToolchainError::Standard)?;
    Ok(ModuleToolchain::Sysroot { rustc: compiler.rustc, linker: compiler.linker, sysroot })
}

/// A distribution's compiler with everything that is needed to build the standard library.
struct Distribution {
    rustc: PathBuf,
    linker: PathBuf,
    version: String,
}

impl Distribution {
    /// The compiler, or a sentence about what is missing.
    fn find() -> Result<Distribution, String> {
        let rustc = PathBuf::from(DISTRIBUTION_RUSTC);
        let about = output_of(Command::new(&rustc).arg("-vV")).map_err(|_| {
            format!(
                "run `rustup target add {TARGET}`, or on Debian `apt-get install {}` and the lld-N of that \
                 rustc's LLVM",
                install::COMPILER_PACKAGES.join(" ")
            )
        })?;
        let version = version(&about).ok_or("rustc -vV names no release")?;
        let major = llvm_major(&about).ok_or("rustc -vV names no LLVM version")?;
        let source = sysroot::library_source(&rustc);
        if !source.as_deref().is_some_and(Path::exists) {
            return Err(format!(
                "{DISTRIBUTION_RUSTC} has no library source; on Debian: apt-get install rust-web-src"
            ));
        }
        let linker = linker(major).ok_or_else(|| {
            format!("{DISTRIBUTION_RUSTC} uses LLVM {major} and there is no wasm-ld-{major}; on Debian: apt-get install lld-{major}")
        })?;
        Ok(Distribution { rustc, linker, version })
    }
}

/// LLVM's major version of the distribution's rustc, if there is one.
pub(crate) fn distribution_llvm_major() -> Option<u32> {
    llvm_major(&output_of(Command::new(DISTRIBUTION_RUSTC).arg("-vV")).ok()?)
}

fn has_standard_library(rustc: &str) -> bool {
    let mut command = Command::new(rustc);
    command.args(["--print", "target-libdir", "--target", TARGET]);
    let Ok(folder) = output_of(&mut command) else { return false };
    sysroot::contains_std(Path::new(folder.trim()))
}

/// A wasm linker that understands the bitcode of LLVM `major`: an older one refuses newer bitcode.
fn linker(major: u32) -> Option<PathBuf> {
    let exact = PathBuf::from(format!("wasm-ld-{major}"));
    if output_of(Command::new(&exact).arg("--version")).is_ok() {
        return Some(exact);
    }
    let about = output_of(Command::new("wasm-ld").arg("--version")).ok()?;
    let found = about.split_whitespace().find_map(|word| word.split('.').next()?.parse::<u32>().ok())?;
    (found >= major).then(|| PathBuf::from("wasm-ld"))
}

fn field(about: &str, name: &str) -> Option<String> {
    about.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_string()))
}

/// The release and, where rustc names it, the commit: two builds of one release do not understand each other's
/// libraries.
fn version(about: &str) -> Option<String> {
    let release = field(about, "release:")?;
    match field(about, "commit-hash:").filter(|hash| hash != "unknown") {
        Some(hash) => Some(format!("{release}-{}", hash.get(..12).unwrap_or(&hash))),
        None => Some(release),
    }
}

fn llvm_major(about: &str) -> Option<u32> {
    field(about, "LLVM version:")?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABOUT: &str = "rustc 1.96.0\nbinary: rustc\nrelease: 1.96.0\nLLVM version: 22.1.8\n";

    #[test]
    fn the_version_of_rustc_and_llvm_are_read_from_its_own_words() {
        assert_eq!(field(ABOUT, "release:").as_deref(), Some("1.96.0"));
        assert_eq!(llvm_major(ABOUT), Some(22));
        assert_eq!(version(ABOUT).as_deref(), Some("1.96.0"));
        let with_commit = format!("{ABOUT}commit-hash: 59807616e1fa2540724bfbac14d7976d7e4a3860\n");
        assert_eq!(version(&with_commit).as_deref(), Some("1.96.0-59807616e1fa"));
        assert_eq!(version(&format!("{ABOUT}commit-hash: unknown\n")).as_deref(), Some("1.96.0"));
        assert_eq!(llvm_major("rustc 1.96.0"), None);
    }

    #[test]
    fn a_sysroot_sets_compiler_linker_and_flags() {
        let toolchain = ModuleToolchain::Sysroot {
            rustc: "/usr/bin/rustc".into(),
            linker: "wasm-ld-22".into(),
            sysroot: "/cache/with space".into(),
        };
        let mut command = Command::new("cargo");
        toolchain.apply(&mut command);
        let set: Vec<_> = command.get_envs().filter_map(|(name, value)| Some((name, value?))).collect();
        assert!(set.contains(&("RUSTC".as_ref(), "/usr/bin/rustc".as_ref())));
        assert!(
            set.contains(&("CARGO_ENCODED_RUSTFLAGS".as_ref(), "--sysroot\u{1f}/cache/with space".as_ref()))
        );
        assert!(
            set.contains(&("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER".as_ref(), "wasm-ld-22".as_ref()))
        );
    }
}
