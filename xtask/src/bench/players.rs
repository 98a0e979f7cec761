//! Players who walk and see about 50 others each: the server on one processor, all of them on another. A thousand whole clients,
//! then more and more of whom 16 are whole clients and measure, until the server does not keep up.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::demo::{World, build, pinned};
use crate::{samples, step};

const DATABASE: &str = "players";
const PROGRAM: &str = "ambit-bots";
const SECONDS: &str = "15";
const SERVER_PROCESSOR: usize = 0;
const BOTS_PROCESSOR: usize = 1;

/// How many are whole clients when the others only walk.
const LOOKERS: &str = "16";

/// Ever more players.
const CROWDS: [u32; 6] = [2_000, 3_000, 4_000, 5_000, 6_000, 8_000];

/// The server keeps up as long as it takes no longer from a call to a neighbour's cache, in 99 of 100 cases.
const LATE_MS: f64 = 100.0;

/// How often the server's processor time is looked at, and over how many looks its share is taken: 10 of the last 15 seconds.
const SAMPLE_EVERY: Duration = Duration::from_millis(250);
const SAMPLES: usize = 40;

/// Edge of the sample's map in metres, and how many others each is to see.
const MAP_SIDE: f64 = 640.0;
const IN_SIGHT: f64 = 50.0;

/// The bots' own figures that are kept: name there, what it is called here, unit.
const FIGURES: [(&str, &str, &str); 6] = [
    ("latency_ms_p50", "call_to_neighbour_ms_p50", "ms"),
    ("latency_ms_p99", "call_to_neighbour_ms_p99", "ms"),
    ("calls_per_s", "calls_per_s", "calls/s"),
    ("updates_per_s", "updates_per_s", "updates/s"),
    ("bytes_per_s_per_client", "bytes_per_s_per_client", "B/s"),
    ("others_in_sight", "others_in_sight", "players"),
];

/// A round with so many players.
struct Round {
    printed: String,
    latency_ms_p99: f64,
}

/// Builds the programs.
pub fn build() -> Result<()> {
    build::packages(&["ambit-cli", PROGRAM], build::Profile::Release)
}

/// Plays with a thousand clients, then with more and more players; returns the lines of figures.
pub fn run_once() -> Result<String> {
    let mut printed = play(1_000, false)?.printed;
    let mut held = 0;
    for players in CROWDS {
        // A server that does not keep up may let players go: that is an answer, and ends the search.
        let round = match play(players, true) {
            Ok(round) => round,
            Err(error) if held > 0 => {
                printed.push_str(&format!("{players} players: {error:#}\n"));
                break;
            }
            Err(error) => return Err(error),
        };
        printed.push_str(&round.printed);
        if round.latency_ms_p99 > LATE_MS {
            break;
        }
        held = players;
    }
    printed.push_str(&format!("figure players_held {held} players\n"));
    Ok(printed)
}

fn play(players: u32, only_walk: bool) -> Result<Round> {
    let world = World::start_on(SERVER_PROCESSOR, build::Profile::Release)?;
    world.publish(&step::root().join(samples::DEMO_MODULE), DATABASE)?;
    let mut bots = pinned(BOTS_PROCESSOR, &build::program(PROGRAM, build::Profile::Release));
    let sight = (IN_SIGHT * MAP_SIDE * MAP_SIDE / (std::f64::consts::PI * f64::from(players))).sqrt();
    bots.args(["--server", &world.server(), "--database", DATABASE, "--bots", &players.to_string()]);
    bots.args([
        "--seconds",
        SECONDS,
        "--restless",
        "--players-only",
        "--json",
        "--sight",
        &sight.to_string(),
    ]);
    if only_walk {
        bots.args(["--lookers", LOOKERS]);
    }
    let (told, share) = watch(&world, &mut bots)?;
    let told: Value = serde_json::from_str(&told).context("the bots' figures")?;
    let number = |name: &str| told[name].as_f64().with_context(|| format!("the bots do not tell {name}"));
    let (resident_kb, _) = world.server_usage()?;
    let faults = world.stop();
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    let mut printed = format!(
        "figure players_{players}_server_mb {:.1} MB\nfigure players_{players}_server_cpu {:.1} %\n",
        resident_kb as f64 / 1e3,
        share * 100.0
    );
    for (theirs, ours, unit) in FIGURES {
        printed.push_str(&format!("figure players_{players}_{ours} {:.1} {unit}\n", number(theirs)?));
    }
    Ok(Round { printed, latency_ms_p99: number("latency_ms_p99")? })
}

/// What the bots print, and the share of its processor that the server took in their last seconds, when all had joined.
fn watch(world: &World, bots: &mut Command) -> Result<(String, f64)> {
    let mut bots = bots.stdout(Stdio::piped()).spawn().context("the bots")?;
    let mut samples = Vec::new();
    while bots.try_wait()?.is_none() {
        samples.push((Instant::now(), world.server_usage()?.1));
        std::thread::sleep(SAMPLE_EVERY);
    }
    let output = bots.wait_with_output()?;
    if !output.status.success() {
        bail!("the bots ended with {}: {}", output.status, String::from_utf8_lossy(&output.stdout));
    }
    let share = samples.last().zip(samples.len().checked_sub(SAMPLES).and_then(|first| samples.get(first)));
    let (last, first) = share.context("the bots ended too early")?;
    let share = (last.1 - first.1) / (last.0 - first.0).as_secs_f64();
    Ok((String::from_utf8(output.stdout)?, share))
}
