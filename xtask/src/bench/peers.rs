//! The same scene on the servers that people use otherwise: 300 players walk, each sees the nearest 50, 20 times a second.
//!
//! Each server has one processor, its players the other. Ambit's players see a circle that holds about 50 others; the
//! others look for the nearest in their own code, as their users do. The programs of the others are in xtask/peers.

mod postgres;
mod process;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::demo::{World, build, pinned};
use crate::{samples, step};
use postgres::Postgres;
use process::Process;

const DATABASE: &str = "scene";
const BOTS: &str = "ambit-bots";
const PLAYERS: &str = "300";
/// On the sample's map of 640 metres about 50 of 300 are within so many metres, wherever one stands.
const SIGHT: &str = "155";
const SECONDS: u64 = 10;
const SERVER_PROCESSOR: usize = 0;
const PLAYERS_PROCESSOR: usize = 1;

/// Builds the programs.
pub fn build() -> Result<()> {
    if !step::exists("node") || !step::exists("npm") {
        bail!("the peers need Node.js 20 and npm");
    }
    let folder = folder();
    fs::create_dir_all(&folder)?;
    let source = step::root().join("xtask/peers");
    for entry in fs::read_dir(&source).with_context(|| source.display().to_string())? {
        let path = entry?.path();
        fs::copy(&path, folder.join(path.file_name().unwrap_or_default()))?;
    }
    let install = ["install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--silent"];
    step::run(Command::new("npm").args(install).current_dir(&folder))?;
    build::packages(&["ambit-cli", BOTS], build::Profile::Release)
}

/// Every server once; the figures' lines.
pub fn run_once() -> Result<String> {
    let ambit = ambit()?;
    let mut printed = ambit.print("ambit");
    for (name, scene) in [("colyseus", colyseus as fn() -> Result<Scene>), ("postgres", on_postgres)] {
        let scene = scene().with_context(|| name.to_string())?;
        printed.push_str(&scene.print(name));
        let figure =
            |what: &str, ratio: f64| format!("figure scene_300_{name}_{what}_per_ambit {ratio:.2} x\n");
        printed.push_str(&figure("cpu_per_update", scene.cpu_us_per_update / ambit.cpu_us_per_update));
        printed.push_str(&figure("bytes_per_update", scene.bytes_per_update / ambit.bytes_per_update));
    }
    Ok(printed)
}

/// What playing a scene gives. A server that cannot keep up sends fewer updates, so costs are told for each.
struct Scene {
    /// Microseconds of the server's processor per update of one client.
    cpu_us_per_update: f64,
    bytes_per_update: f64,
    updates_per_s_per_client: f64,
    others_in_sight: f64,
}

impl Scene {
    /// From the server's processor time in seconds and what the players tell.
    fn new(
        cpu: f64,
        seconds: f64,
        bytes_per_s: f64,
        updates_per_s: f64,
        others_in_sight: f64,
    ) -> Result<Self> {
        let players: f64 = PLAYERS.parse()?;
        if updates_per_s <= 0.0 || !(25.0..=100.0).contains(&others_in_sight) {
            bail!("{updates_per_s} updates/s and {others_in_sight} others in sight are not the scene");
        }
        Ok(Self {
            cpu_us_per_update: cpu / seconds / (updates_per_s * players) * 1e6,
            bytes_per_update: bytes_per_s / updates_per_s,
            updates_per_s_per_client: updates_per_s,
            others_in_sight,
        })
    }

    fn print(&self, name: &str) -> String {
        format!(
            "figure scene_300_{name}_cpu_us_per_update {:.2} us\n\
             figure scene_300_{name}_bytes_per_update {:.0} B\n\
             figure scene_300_{name}_updates_per_s_per_client {:.1} 1/s\n\
             figure scene_300_{name}_others_in_sight {:.1} players\n",
            self.cpu_us_per_update,
            self.bytes_per_update,
            self.updates_per_s_per_client,
            self.others_in_sight,
        )
    }
}

fn ambit() -> Result<Scene> {
    let world = World::start_on(SERVER_PROCESSOR, build::Profile::Release)?;
    world.publish(&step::root().join(samples::DEMO_MODULE), DATABASE)?;
    let mut bots = pinned(PLAYERS_PROCESSOR, &build::program(BOTS, build::Profile::Release));
    bots.args(["--server", &world.server(), "--database", DATABASE, "--bots", PLAYERS, "--sight", SIGHT]);
    bots.args(["--seconds", &SECONDS.to_string(), "--restless", "--players-only", "--json"]);
    let (_, before) = world.server_usage()?;
    let started = Instant::now();
    let told: Value = serde_json::from_str(&step::output(&mut bots)?).context("the bots' figures")?;
    let (_, after) = world.server_usage()?;
    let seconds = started.elapsed().as_secs_f64();
    let faults = world.stop();
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    let players: f64 = PLAYERS.parse()?;
    let updates = number(&told, "updates_per_s")? / players;
    let (bytes, others) = (number(&told, "bytes_per_s_per_client")?, number(&told, "others_in_sight")?);
    Scene::new(after - before, seconds, bytes, updates, others)
}

fn colyseus() -> Result<Scene> {
    let server = Process::start_node("colyseus.mjs", |command, port| {
        command.arg(port);
    })?;
    play("colyseus", &server, || Ok(0.0))
}

fn on_postgres() -> Result<Scene> {
    let database = Postgres::start(SERVER_PROCESSOR)?;
    let server = Process::start_node("postgres.mjs", |command, port| {
        command.args([port, &database.connection_string()]);
    })?;
    play("postgres", &server, || database.processor_seconds())
}

/// Lets the players in; `other` is the processor time of what else serves them.
fn play(peer: &str, server: &Process, other: impl Fn() -> Result<f64>) -> Result<Scene> {
    let mut load = pinned(PLAYERS_PROCESSOR, &PathBuf::from("node"));
    load.args(["load.mjs", peer, &server.port().to_string(), &SECONDS.to_string()]).current_dir(folder());
    let before = server.processor_seconds()? + other()?;
    let started = Instant::now();
    let told: Value = serde_json::from_str(&step::output(&mut load)?).context("the players' figures")?;
    let used = server.processor_seconds()? + other()? - before;
    let (bytes, updates) =
        (number(&told, "bytes_per_s_per_client")?, number(&told, "updates_per_s_per_client")?);
    Scene::new(used, started.elapsed().as_secs_f64(), bytes, updates, number(&told, "others_in_sight")?)
}

fn number(told: &Value, name: &str) -> Result<f64> {
    told[name].as_f64().with_context(|| format!("the players do not tell {name}"))
}

/// Where the peers' programs and their packages lie.
fn folder() -> PathBuf {
    step::root().join("target/peers")
}
