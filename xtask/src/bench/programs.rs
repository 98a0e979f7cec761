//! The programs that measure: every example called `measure` in the workspace.

use std::process::Command;

use anyhow::Result;
use serde_json::Value;

use crate::step;

/// The name of such an example.
const NAME: &str = "measure";

/// One crate's measuring program.
pub struct Program {
    package: String,
}

/// Every measuring program of the workspace, in the order of the crates' names.
pub fn all() -> Result<Vec<Program>> {
    let metadata = step::output(step::cargo().args(["metadata", "--format-version=1", "--no-deps"]))?;
    let mut programs = measuring(&serde_json::from_str(&metadata)?);
    programs.sort_by(|left, right| left.package.cmp(&right.package));
    Ok(programs)
}

fn measuring(metadata: &Value) -> Vec<Program> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let measures = packages.filter(|package| {
        let mut targets = package["targets"].as_array().into_iter().flatten();
        targets.any(|target| target["name"] == NAME && target["kind"][0] == "example")
    });
    let name = |package: &Value| package["name"].as_str().map(str::to_string);
    measures.filter_map(name).map(|package| Program { package }).collect()
}

impl Program {
    /// For people.
    pub fn name(&self) -> String {
        format!("{} {NAME}", self.package)
    }

    /// Compiles it in release form.
    pub fn build(&self) -> Result<()> {
        let options = ["build", "--quiet", "--release", "--package", &self.package, "--example", NAME];
        step::run(step::cargo().args(options))
    }

    /// Runs it from the repository's root.
    pub fn command(&self) -> Command {
        let mut command = step::cargo();
        command.args(["run", "--quiet", "--release", "--package", &self.package, "--example", NAME]);
        command
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
