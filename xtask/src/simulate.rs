//! `cargo xtask simulate`: deterministic worlds around the server's real parts (docs/simulator.md).
//!
//! Builds `ambit-simulator` with its own profile, fast and with every assertion, and runs it. `--planted` plants the known
//! bugs one after the other in a copy of the tree and demands that the seed that is written beside each finds it.

mod planted;

use std::process::Command;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use crate::step;

/// The worlds of every test run: the same ones each time, of every kind.
const FIXED_WORLDS: u64 = 3_000;

/// Seconds that a test run spends on worlds: what the fixed ones leave goes to worlds that nobody has seen.
const TEST_SECONDS: u64 = 120;

/// What to simulate.
pub struct Options {
    /// How many worlds.
    pub seeds: u64,
    /// The first one's seed.
    pub first: u64,
    /// One world alone, told step by step.
    pub seed: Option<u64>,
    /// Worlds that nobody has seen, for so many seconds, instead of a number of them.
    pub new_for: Option<u64>,
    /// The kind of world.
    pub scenario: Option<String>,
    /// Check that the planted bugs are found.
    pub planted: bool,
}

/// Runs what is asked for.
pub fn run(options: &Options) -> Result<()> {
    if options.planted {
        return planted::run();
    }
    build()?;
    let mut simulator = simulator();
    match (options.seed, options.new_for) {
        (Some(seed), _) => {
            simulator.args(["--tell", "--seed", &seed.to_string()]);
        }
        (None, Some(seconds)) => {
            let first = new_seed()?;
            println!("the first new seed is {first}");
            let (first, seconds) = (first.to_string(), seconds.to_string());
            simulator.args(["--first", &first, "--seeds", "1000000000", "--seconds", &seconds]);
        }
        (None, None) => {
            let (first, seeds) = (options.first.to_string(), options.seeds.to_string());
            simulator.args(["--first", &first, "--seeds", &seeds]);
        }
    }
    if let Some(scenario) = &options.scenario {
        simulator.args(["--scenario", scenario]);
    }
    step::run(&mut simulator)
}

/// The fixed worlds, then new ones until the time is over.
pub fn test() -> Result<()> {
    build()?;
    let begin = Instant::now();
    let fixed =
        Options { seeds: FIXED_WORLDS, first: 1, seed: None, new_for: None, scenario: None, planted: false };
    run(&fixed)?;
    let left = TEST_SECONDS.saturating_sub(begin.elapsed().as_secs()).max(1);
    run(&Options { new_for: Some(left), ..fixed })
}

fn build() -> Result<()> {
    step::run(step::cargo().args(["build", "--profile", "simulator", "--package", "ambit-simulator"]))
}

fn simulator() -> Command {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| step::root().join("target"), Into::into);
    let mut command = Command::new(target.join("simulator/ambit-simulator"));
    command.current_dir(step::root());
    command
}

/// A seed that no earlier run has had: the clock's.
fn new_seed() -> Result<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?;
    Ok(since.as_secs() * 1_000_000)
}
