//! ambit.h, the C# declarations and the C++ side of the bridge: the bindings' own generators, which compare for
//! themselves.

use anyhow::Result;

use crate::step;

/// The crates with such a generator, the example that it is, and the files that it makes.
pub const GENERATORS: [(&str, &str, &[&str]); 3] = [
    ("ambit-c", "header", &["bindings/c/include/ambit.h"]),
    ("ambit-csharp", "native", &["unity-package/Runtime/Core/Native.g.cs"]),
    ("ambit-cpp", "bridge", &["bindings/cpp/src/bridge.g.h", "bindings/cpp/src/bridge.g.cpp"]),
];

/// Runs them all, or with `check` fails at the first whose files are out of date.
pub fn run(check: bool) -> Result<()> {
    for (package, example, _) in GENERATORS {
        let mut command = step::cargo();
        command.args(["run", "--quiet", "--package", package, "--example", example]);
        if check {
            command.args(["--", "--check"]);
        }
        step::run(&mut command)?;
    }
    Ok(())
}
