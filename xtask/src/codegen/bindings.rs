//! ambit.h and the C# declarations: the C ABI's own generator, which compares for itself.

use anyhow::Result;

use crate::step;

/// The crate with the C ABI, and its example that writes what is derived from it.
const GENERATOR: [&str; 4] = ["--package", "ambit-c", "--example", "header"];

/// Writes both files, or with `check` fails when one is out of date.
pub fn run(check: bool) -> Result<()> {
    let mut command = step::cargo();
    command.args(["run", "--quiet"]).args(GENERATOR);
    if check {
        command.args(["--", "--check"]);
    }
    step::run(&mut command)
}
