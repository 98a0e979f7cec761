//! What can be fetched: a rustup target, Debian packages.

use std::process::Command;

use crate::process::{StepError, describe, output_of};
use crate::toolchain::{TARGET, distribution_llvm_major};

/// Debian's rustc for the web, with the source of its standard library.
pub(crate) const COMPILER_PACKAGES: [&str; 4] =
    ["rustc-web", "cargo-web", "rust-web-src", "libstd-rust-web-dev"];

/// How far preparing a toolchain may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Install {
    /// Only what needs no rights: a rustup target, building the standard library.
    Nothing,
    /// System packages too, where apt-get may be used.
    Packages,
}

/// Asks rustup for the target. False when there is no rustup or it cannot.
pub(crate) fn add_rustup_target(report: &mut dyn FnMut(&str)) -> bool {
    if output_of(Command::new("rustup").arg("--version")).is_err() {
        return false;
    }
    report(&format!("rustup target add {TARGET}"));
    match output_of(Command::new("rustup").args(["target", "add", TARGET])) {
        Ok(_) => true,
        Err(error) => {
            let reason = error.to_string();
            report(&format!("rustup cannot: {}", reason.lines().next().unwrap_or_default()));
            false
        }
    }
}

/// Installs the compiler, its library source and the linker of its LLVM.
pub(crate) fn install_module_packages(report: &mut dyn FnMut(&str)) -> Result<(), StepError> {
    install_packages(&COMPILER_PACKAGES, report)?;
    // The linker's version can be known only when the compiler is there.
    match distribution_llvm_major() {
        Some(major) => install_packages(&[&format!("lld-{major}")], report),
        None => Ok(()),
    }
}

/// `apt-get install` of those of `packages` that are not installed, as root or with sudo that asks nothing.
///
/// # Errors
/// When there is no apt-get, no right to use it, or it fails; the text names the command to run by hand.
pub fn install_packages(packages: &[&str], report: &mut dyn FnMut(&str)) -> Result<(), StepError> {
    let missing: Vec<&str> = packages.iter().copied().filter(|name| !is_installed(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut update = apt_get();
    update.args(["update", "--quiet"]);
    report(&describe(&update));
    if let Err(error) = output_of(&mut update) {
        // Packages may still be in the lists of an earlier update.
        report(&error.to_string());
    }
    let mut install = apt_get();
    install.args(["install", "--yes", "--quiet", "--no-install-recommends"]).args(missing);
    report(&describe(&install));
    output_of(&mut install).map(|_| ())
}

fn is_installed(package: &str) -> bool {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat", "${db:Status-Status}", package]);
    output_of(&mut query).is_ok_and(|status| status == "installed")
}

fn apt_get() -> Command {
    let is_root = output_of(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let mut command = if is_root {
        Command::new("apt-get")
    } else {
        let mut sudo = Command::new("sudo");
        sudo.args(["--non-interactive", "apt-get"]);
        sudo
    };
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}
