//! Writes `Native.g.cs` into the Unity package, or with `--check` only tells whether it is up to date.
//! Run from anywhere: `cargo run -p ambit-csharp --example native`.

#![allow(clippy::print_stdout, reason = "a tool that talks to its user")]

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = here.join("../..").join(ambit_csharp::PATH);
    let text = ambit_csharp::declarations(&here.join("../c/src"), &std::env::temp_dir())?;
    if std::fs::read_to_string(&path).unwrap_or_default() == text {
        return Ok(());
    }
    if std::env::args().any(|argument| argument == "--check") {
        return Err(format!("{} is out of date; run this without --check", path.display()).into());
    }
    std::fs::write(&path, text)?;
    println!("wrote {}", path.display());
    Ok(())
}
