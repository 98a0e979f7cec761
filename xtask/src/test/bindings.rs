//! The tests of the C, C# and C++ layers, every executable `bindings/<language>/tests/run`, and those of the engines' packages over them.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::count::{self, Count};
use crate::{samples, step};

/// The tests of the engines' packages, with their names.
const PACKAGES: [(&str, &str); 2] =
    [(crate::unity::PACKAGE, "unity-package/Tests~/run"), ("unreal-plugin", "unreal-plugin/Tests/run")];

/// One language's or one package's tests.
pub struct Suite {
    script: PathBuf,
    name: String,
}

/// Those that the repository has, in the order of their names.
pub fn suites() -> Result<Vec<Suite>> {
    let mut suites = Vec::new();
    for folder in fs::read_dir(step::root().join("bindings"))? {
        let folder = folder?.path();
        let script = folder.join("tests/run");
        if script.is_file() {
            suites.push(Suite { script, name: format!("bindings/{}", samples::name(&folder)) });
        }
    }
    suites.sort_by(|left, right| left.name.cmp(&right.name));
    for (name, script) in PACKAGES {
        suites.push(Suite { script: step::root().join(script), name: name.to_string() });
    }
    Ok(suites)
}

impl Suite {
    /// What the step is called.
    pub fn name(&self) -> String {
        format!("{}: tests", self.name)
    }

    /// Runs the script from the repository's root.
    pub fn run(&self) -> Result<Count> {
        count::script(Command::new(&self.script).current_dir(step::root()))
    }
}
