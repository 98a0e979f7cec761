//! Builds the demo's programs with a progress bar.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::step;

/// The packages with the programs that the demo runs.
const PACKAGES: [&str; 3] = ["ambit-cli", "ambit-bots", "ambit-viewer"];

/// Builds them.
pub fn programs(profile: Profile) -> Result<()> {
    packages(&PACKAGES, profile)
}

/// Builds packages.
pub fn packages(names: &[&str], profile: Profile) -> Result<()> {
    let bar = ProgressBar::new(crate_count(names)? as u64);
    let style = ProgressStyle::with_template("building [{bar:40}] {pos}/{len} {wide_msg}")?;
    bar.set_style(style.progress_chars("=> "));
    let mut command = step::cargo();
    command.args(["build", "--quiet", "--message-format=json-render-diagnostics"]);
    if profile == Profile::Release {
        command.arg("--release");
    }
    for name in names {
        command.args(["--package", name]);
    }
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let output = child.stdout.take().context("cargo's output is piped")?;
    let mut built = BTreeSet::new();
    for line in BufReader::new(output).lines() {
        let Ok(message) = serde_json::from_str::<Value>(&line?) else { continue };
        let Some(package) = message["package_id"].as_str() else { continue };
        if message["reason"] == "compiler-artifact" && built.insert(package.to_string()) {
            bar.set_position(built.len() as u64);
            bar.set_message(message["target"]["name"].as_str().unwrap_or_default().to_string());
        }
    }
    bar.finish_and_clear();
    if !child.wait()?.success() {
        bail!("{} did not compile; the errors are above", names.join(", "));
    }
    println!("built {}", names.join(", "));
    Ok(())
}

/// How the programs are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// As the tests build them.
    Debug,
    /// As they are used.
    Release,
}

/// Where a program of the workspace lies after a build.
pub fn program(name: &str, profile: Profile) -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| step::root().join("target"), PathBuf::from);
    let folder = match profile {
        Profile::Debug => "debug",
        Profile::Release => "release",
    };
    target.join(folder).join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// How many crates the packages need, themselves included.
fn crate_count(names: &[&str]) -> Result<usize> {
    let mut tree = step::cargo();
    tree.args(["tree", "--prefix", "none", "--edges", "normal,build", "--format", "{p}"]);
    for name in names {
        tree.args(["--package", name]);
    }
    let listed = step::output(&mut tree)?;
    let crates: BTreeSet<&str> =
        listed.lines().map(|line| line.trim_end_matches(" (*)")).filter(|line| !line.is_empty()).collect();
    Ok(crates.len())
}
