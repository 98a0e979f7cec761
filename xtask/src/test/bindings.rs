//! The tests of the C, C# and C++ layers: every executable `bindings/<language>/tests/run`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::count::{self, Count};
use crate::{samples, step};

/// One language's tests.
pub struct Suite {
    script: PathBuf,
    language: String,
}

/// Those that the repository has, in the order of their names.
pub fn suites() -> Result<Vec<Suite>> {
    let mut suites = Vec::new();
    for folder in fs::read_dir(step::root().join("bindings"))? {
        let folder = folder?.path();
        let script = folder.join("tests/run");
        if script.is_file() {
            suites.push(Suite { script, language: samples::name(&folder) });
        }
    }
    suites.sort_by(|left, right| left.language.cmp(&right.language));
    Ok(suites)
}

impl Suite {
    /// What the step is called.
    pub fn name(&self) -> String {
        format!("bindings/{}: tests", self.language)
    }

    /// Runs the script from the repository's root.
    pub fn run(&self) -> Result<Count> {
        count::script(Command::new(&self.script).current_dir(step::root()))
    }
}
