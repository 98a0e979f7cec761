//! Bugs planted by hand: each patch of `server/simulator/planted` is applied to a copy of the tree, and the seed that its
//! first line names must fail there. So the list in docs/simulator.md stays true.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::step;

/// Where the copy of the tree lies, below the target folder, which git ignores.
const COPY: &str = "target/planted";

/// A bug, and the world that finds it.
struct Planted {
    patch: PathBuf,
    seed: u64,
    scenario: String,
}

/// Plants every bug, one at a time, and fails if one of them is not found.
pub fn run() -> Result<()> {
    let bugs = bugs()?;
    if bugs.is_empty() {
        bail!("no bugs are planted: server/simulator/planted has no patches");
    }
    let copy = copy()?;
    let mut missed = Vec::new();
    for bug in &bugs {
        let name = bug.patch.file_name().unwrap_or_default().to_string_lossy().into_owned();
        println!("\n==> {name}");
        git(&copy, &["checkout", "--quiet", "--", "."])?;
        git(&copy, &["apply", &bug.patch.to_string_lossy()])?;
        if is_found(&copy, bug)? {
            println!("found: {name}");
        } else {
            missed.push(name);
        }
    }
    git(&copy, &["checkout", "--quiet", "--", "."])?;
    println!("\n{} of {} planted bugs were found", bugs.len() - missed.len(), bugs.len());
    match missed.is_empty() {
        true => Ok(()),
        false => bail!("not found: {}", missed.join(", ")),
    }
}

/// The patches in the order of their names. The first line of each is `seed N scenario NAME: the bug`.
fn bugs() -> Result<Vec<Planted>> {
    let folder = step::root().join("server/simulator/planted");
    let mut bugs = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let patch = entry?.path();
        if patch.extension().is_none_or(|extension| extension != "patch") {
            continue;
        }
        let text = fs::read_to_string(&patch)?;
        let first = text.lines().next().unwrap_or_default();
        let mut words = first.split([' ', ':']);
        let (Some("seed"), Some(seed), Some("scenario"), Some(scenario)) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            bail!("{}: the first line is to be `seed N scenario NAME: the bug`", patch.display());
        };
        let seed = seed.parse().with_context(|| patch.display().to_string())?;
        bugs.push(Planted { seed, scenario: scenario.to_string(), patch });
    }
    bugs.sort_by(|left, right| left.patch.cmp(&right.patch));
    Ok(bugs)
}

/// A copy of the tree as it was committed last.
fn copy() -> Result<PathBuf> {
    let copy = step::root().join(COPY);
    if copy.join(".git").exists() {
        git(&copy, &["checkout", "--quiet", "--force", "--detach", &head()?])?;
    } else {
        git(&step::root(), &["worktree", "prune"])?;
        git(&step::root(), &["worktree", "add", "--force", "--detach", COPY, "HEAD"])?;
    }
    Ok(copy)
}

fn head() -> Result<String> {
    let head = step::output(Command::new("git").args(["rev-parse", "HEAD"]).current_dir(step::root()))?;
    Ok(head.trim().to_string())
}

/// Whether the bug's world fails: by a checker, or because an assertion of the code itself does.
fn is_found(copy: &Path, bug: &Planted) -> Result<bool> {
    let target = copy.join("target");
    let build = ["build", "--quiet", "--profile", "simulator", "--package", "ambit-simulator"];
    step::run(step::cargo().args(build).current_dir(copy).env("CARGO_TARGET_DIR", &target))?;
    let mut simulator = Command::new(target.join("simulator/ambit-simulator"));
    simulator.args(["--seed", &bug.seed.to_string(), "--scenario", &bug.scenario]);
    let output = simulator.output().context("the simulator could not be started")?;
    print!("{}", String::from_utf8_lossy(&output.stdout));
    Ok(!output.status.success())
}

fn git(folder: &Path, arguments: &[&str]) -> Result<()> {
    step::run(Command::new("git").args(arguments).current_dir(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Finding them again takes long and is not part of the tests; that they still fit the code is.
    #[test]
    fn every_planted_bug_fits_the_code() {
        for bug in bugs().expect("the patches can be read") {
            let patch = bug.patch.to_string_lossy().into_owned();
            git(&step::root(), &["apply", "--check", &patch]).expect("the patch fits");
        }
    }
}
