//! The programs that measure: every example called `measure` in the workspace, every executable
//! `bindings/<language>/tests/measure`, and the loads on a whole server.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use serde_json::Value;

use super::{calls, peers, players};
use crate::{samples, step};

/// The name of such an example.
const NAME: &str = "measure";

/// Something that prints figures.
pub enum Program {
    /// A crate's example.
    Example { package: String },
    /// A script of one language's bindings.
    Script { path: PathBuf, language: String },
    /// Server and calling clients, end to end.
    Calls,
    /// Server and players who see each other, end to end.
    Players,
    /// One scene on Ambit and on what people use otherwise.
    Peers,
}

/// Every measuring program of the repository.
pub fn all() -> Result<Vec<Program>> {
    let metadata = step::output(step::cargo().args(["metadata", "--format-version=1", "--no-deps"]))?;
    let mut programs = measuring(&serde_json::from_str(&metadata)?);
    for folder in fs::read_dir(step::root().join("bindings"))? {
        let folder = folder?.path();
        let path = folder.join("tests").join(NAME);
        if path.is_file() {
            programs.push(Program::Script { path, language: samples::name(&folder) });
        }
    }
    programs.extend([Program::Calls, Program::Players, Program::Peers]);
    programs.sort_by_key(Program::name);
    Ok(programs)
}

fn measuring(metadata: &Value) -> Vec<Program> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let measures = packages.filter(|package| {
        let mut targets = package["targets"].as_array().into_iter().flatten();
        targets.any(|target| target["name"] == NAME && target["kind"][0] == "example")
    });
    let name = |package: &Value| package["name"].as_str().map(str::to_string);
    measures.filter_map(name).map(|package| Program::Example { package }).collect()
}

impl Program {
    /// For people.
    pub fn name(&self) -> String {
        match self {
            Program::Example { package } => format!("{package} {NAME}"),
            Program::Script { language, .. } => format!("bindings/{language} {NAME}"),
            Program::Calls => "whole server: calls".to_string(),
            Program::Players => "whole server: players".to_string(),
            Program::Peers => "whole server: one scene and its peers".to_string(),
        }
    }

    /// Compiles it in release form.
    pub fn build(&self) -> Result<()> {
        match self {
            Program::Example { package } => {
                let options = ["build", "--quiet", "--release", "--package", package, "--example", NAME];
                step::run(step::cargo().args(options))
            }
            // A script builds what it needs.
            Program::Script { .. } => Ok(()),
            Program::Calls => calls::build(),
            Program::Players => players::build(),
            Program::Peers => peers::build(),
        }
    }

    /// Runs it once and returns what it printed.
    pub fn run(&self) -> Result<String> {
        match self {
            Program::Example { package } => {
                let options = ["run", "--quiet", "--release", "--package", package, "--example", NAME];
                step::output(step::cargo().args(options))
            }
            Program::Script { path, .. } => step::output(Command::new(path).current_dir(step::root())),
            Program::Calls => calls::run_once(),
            Program::Players => players::run_once(),
            Program::Peers => peers::run_once(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_examples_called_measure_count() {
        let metadata = serde_json::json!({"packages": [
            {"name": "a", "targets": [{"name": "a", "kind": ["lib"]}, {"name": "measure", "kind": ["example"]}]},
            {"name": "b", "targets": [{"name": "measure", "kind": ["bin"]}]},
        ]});
        let names: Vec<String> = measuring(&metadata).iter().map(Program::name).collect();
        assert_eq!(names, ["a measure"]);
    }
}
