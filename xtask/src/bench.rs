//! `cargo xtask bench`: measures, and writes target/bench/results.json and a readable table.
//!
//! Each crate that has something to measure has an example called `measure`, which prints lines of the form
//! `figure <name> <value> <unit>`. So do the loads on a whole server. Each runs several times; the median is kept. Nothing else is
//! written: a figure that no program printed is missing from the results and named as missing.

mod figures;
mod goals;

mod programs;

mod calls;
mod peers;
mod players;

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::step;
use figures::{Figure, medians, read_figures};

/// Builds and runs every measuring program whose name holds `only`, `runs` times.
pub fn run(runs: usize, only: &str) -> Result<()> {
    let mut programs = programs::all()?;
    programs.retain(|program| program.name().contains(only));
    let mut figures: Vec<Figure> = Vec::new();
    let mut failed = Vec::new();
    for program in &programs {
        println!("\n==> {}", program.name());
        let (found, errors) = measure(program, runs);
        figures.extend(found);
        failed.extend(errors.into_iter().map(|error| format!("{}: {error:#}", program.name())));
    }
    write(&figures)?;
    println!("\n{:<44} {:>16} {:<10} goal", "figure", "value", "unit");
    for Figure { name, value, unit, .. } in &figures {
        let goal = goals::of(name).map(|goal| goal.judge(*value)).unwrap_or_default();
        println!("{name:<44} {value:>16.2} {unit:<10} {goal}");
    }
    let missing = goals::missing(&figures);
    if !missing.is_empty() {
        println!("not measured: {}", missing.join(", "));
    }
    if !failed.is_empty() {
        bail!("{}", failed.join("\n"));
    }
    Ok(())
}

/// The medians of the runs that succeeded, and why others did not.
fn measure(program: &programs::Program, runs: usize) -> (Vec<Figure>, Vec<anyhow::Error>) {
    if let Err(error) = program.build() {
        return (Vec::new(), vec![error]);
    }
    let (mut printed, mut failed) = (Vec::new(), Vec::new());
    for _ in 0..runs.max(1) {
        let figures = program.run().and_then(|output| {
            print!("{output}");
            read_figures(&output)
        });
        match figures {
            Ok(figures) => printed.push(figures),
            Err(error) => failed.push(error),
        }
    }
    (medians(&printed), failed)
}

fn write(figures: &[Figure]) -> Result<()> {
    let folder = step::root().join("target/bench");
    fs::create_dir_all(&folder)?;
    let commit = step::output(Command::new("git").args(["rev-parse", "HEAD"]).current_dir(step::root()))?;
    let results = json!({ "machine": machine(), "commit": commit.trim(), "figures": figures });
    let path = folder.join("results.json");
    fs::write(&path, serde_json::to_string_pretty(&results)? + "\n")
        .with_context(|| path.display().to_string())
}

/// Processor, count of processors and system, in words.
fn machine() -> String {
    let about = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        about.lines().find_map(|line| Some(line.strip_prefix("model name")?.split_once(':')?.1.trim()));
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let system = std::env::consts::OS;
    format!("{}, {count} processors, {system}", model.unwrap_or(std::env::consts::ARCH))
}
