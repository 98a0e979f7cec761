//! `cargo xtask bench`: measures, and writes target/bench/results.json and a readable table.
//!
//! Each crate that has something to measure has an example called `measure`, which prints lines of the form
//! `figure <name> <value> <unit>`. So do the loads on a whole server. Each runs several times; the median is kept. Nothing else is
//! written: a figure that no program printed is missing from the results and named as missing.

mod figures;

mod programs;

mod calls;
mod players;

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::step;
use figures::{Figure, medians, read_figures};

/// What the results must hold to be complete.
const EXPECTED: [&str; 15] = [
    "reducer_calls_per_s",
    "transfer_calls_per_s",
    "transfer_call_us_p50",
    "wasm_call_ns",
    "wasm_update_row_ns",
    "log_append_mb_per_s",
    "replay_rows_per_s",
    "interest_pair_ns",
    "bytes_per_moved_row",
    "client_apply_ns_per_row",
    "csharp_read_row_ns",
    "csharp_bytes_allocated_per_tick",
    "players_1000_call_to_neighbour_ms_p99",
    "players_1000_server_mb",
    "players_1000_server_cpu",
];

/// Builds and runs every measuring program `runs` times.
pub fn run(runs: usize) -> Result<()> {
    let programs = programs::all()?;
    let mut figures: Vec<Figure> = Vec::new();
    let mut failed = Vec::new();
    for program in &programs {
        println!("\n==> {}", program.name());
        match measure(program, runs) {
            Ok(found) => figures.extend(found),
            Err(error) => failed.push(format!("{}: {error:#}", program.name())),
        }
    }
    write(&figures)?;
    println!("\n{:<34} {:>16} unit", "figure", "value");
    for Figure { name, value, unit, .. } in &figures {
        println!("{name:<34} {value:>16.2} {unit}");
    }
    let measured = |name: &&&str| figures.iter().any(|figure| figure.name == **name);
    let missing: Vec<&str> = EXPECTED.iter().filter(|name| !measured(name)).copied().collect();
    if !missing.is_empty() {
        println!("not measured: {}", missing.join(", "));
    }
    if !failed.is_empty() {
        bail!("{}", failed.join("\n"));
    }
    Ok(())
}

fn measure(program: &programs::Program, runs: usize) -> Result<Vec<Figure>> {
    program.build()?;
    let mut printed = Vec::new();
    for _ in 0..runs.max(1) {
        let output = program.run()?;
        print!("{output}");
        printed.push(read_figures(&output)?);
    }
    Ok(medians(&printed))
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
