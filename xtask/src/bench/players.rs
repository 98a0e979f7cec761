//! A thousand players: the server on one processor, the bots on another, everyone walks and sees about 50 others.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::demo::{World, build, pinned};
use crate::{samples, step};

const DATABASE: &str = "players";
const PROGRAM: &str = "ambit-bots";
/// On the sample's map of 640 metres this many see about 50 others within 80 metres.
const PLAYERS: &str = "1000";
const SECONDS: &str = "15";
const SERVER_PROCESSOR: usize = 0;
const BOTS_PROCESSOR: usize = 1;

/// The bots' own figures that are kept: name there, name here, unit.
const FIGURES: [(&str, &str, &str); 6] = [
    ("latency_ms_p50", "players_1000_call_to_neighbour_ms_p50", "ms"),
    ("latency_ms_p99", "players_1000_call_to_neighbour_ms_p99", "ms"),
    ("calls_per_s", "players_1000_calls_per_s", "calls/s"),
    ("updates_per_s", "players_1000_updates_per_s", "updates/s"),
    ("bytes_per_s_per_client", "players_1000_bytes_per_s_per_client", "B/s"),
    ("others_in_sight", "players_1000_others_in_sight", "players"),
];

/// Builds the programs.
pub fn build() -> Result<()> {
    build::packages(&["ambit-cli", PROGRAM], build::Profile::Release)
}

/// Plays once and returns the lines of figures.
pub fn run_once() -> Result<String> {
    let world = World::start_on(SERVER_PROCESSOR, build::Profile::Release)?;
    world.publish(&step::root().join(samples::DEMO_MODULE), DATABASE)?;
    let mut bots = pinned(BOTS_PROCESSOR, &build::program(PROGRAM, build::Profile::Release));
    bots.args(["--server", &world.server(), "--database", DATABASE, "--bots", PLAYERS]);
    bots.args(["--seconds", SECONDS, "--restless", "--players-only", "--json"]);
    let (_, before) = world.server_usage()?;
    let started = std::time::Instant::now();
    let told: Value = serde_json::from_str(&step::output(&mut bots)?).context("the bots' figures")?;
    let (resident_kb, after) = world.server_usage()?;
    let share = (after - before) / started.elapsed().as_secs_f64();
    let faults = world.stop();
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    let mut printed = format!(
        "figure players_1000_server_mb {:.1} MB\nfigure players_1000_server_cpu {:.1} %\n",
        resident_kb as f64 / 1e3,
        share * 100.0
    );
    for (theirs, ours, unit) in FIGURES {
        let value = told[theirs].as_f64().with_context(|| format!("the bots do not tell {theirs}"))?;
        printed.push_str(&format!("figure {ours} {value:.1} {unit}\n"));
    }
    Ok(printed)
}
