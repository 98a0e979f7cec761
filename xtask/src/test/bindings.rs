//! The tests of the C, C# and C++ layers and of the engine packages: every executable `bindings/<language>/tests/run`, and the
//! Unity package's.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::count::{self, Count};
use crate::{samples, step};

/// The Unity package's tests.
const UNITY: &str = "unity-package/Tests~/run";

/// One language's or one package's tests.
pub struct Suite {
    script: PathBuf,
    /// What is tested, from the repository's root.
    subject: String,
}

/// Those that the repository has, in the order of their names.
pub fn suites() -> Result<Vec<Suite>> {
    let mut suites = Vec::new();
    for folder in fs::read_dir(step::root().join("bindings"))? {
        let folder = folder?.path();
        let script = folder.join("tests/run");
        if script.is_file() {
            suites.push(Suite { script, subject: format!("bindings/{}", samples::name(&folder)) });
        }
    }
    suites.sort_by(|left, right| left.subject.cmp(&right.subject));
    suites.push(Suite { script: step::root().join(UNITY), subject: crate::unity::PACKAGE.to_string() });
    Ok(suites)
}

impl Suite {
    /// What the step is called.
    pub fn name(&self) -> String {
        format!("{}: tests", self.subject)
    }

    /// Runs the script from the repository's root.
    pub fn run(&self) -> Result<Count> {
        count::script(Command::new(&self.script).current_dir(step::root()))
    }
}
