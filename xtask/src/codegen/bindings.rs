//! ambit.h, the C# declarations and the C++ side of the bridge: the bindings' own generators, which compare for
//! themselves.

use anyhow::Result;

use crate::step;

/// The crates with such a generator, and the example that it is.
const GENERATORS: [(&str, &str); 3] =
    [("ambit-c", "header"), ("ambit-csharp", "native"), ("ambit-cpp", "bridge")];

/// Runs them all, or with `check` fails at the first whose files are out of date.
pub fn run(check: bool) -> Result<()> {
    for (package, example) in GENERATORS {
        let mut command = step::cargo();
        command.args(["run", "--quiet", "--package", package, "--example", example]);
        if check {
            command.args(["--", "--check"]);
        }
        step::run(&mut command)?;
    }
    Ok(())
}
