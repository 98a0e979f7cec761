//! End to end: a server process, the testbed module and a process of clients, on the same machine.

use anyhow::Result;

use crate::demo::{World, build};
use crate::step;

/// The module that the load calls.
const MODULE: &str = "samples/testbed-module";
const DATABASE: &str = "load";
const PROGRAM: &str = "ambit-load";

/// One way of calling: the reducer, how many connections, how many calls each keeps in flight, and the figures'
/// names.
const SCENARIOS: [&[&str]; 3] = [
    &[
        "--reducer",
        "transfer",
        "--connections",
        "64",
        "--in-flight",
        "40",
        "--rate-figure",
        "transfer_calls_per_s",
    ],
    &[
        "--reducer",
        "transfer",
        "--connections",
        "1",
        "--in-flight",
        "1",
        "--rate-figure",
        "transfer_one_by_one_calls_per_s",
        "--latency-figure",
        "transfer_call_us_p50",
    ],
    &[
        "--reducer",
        "empty",
        "--connections",
        "16",
        "--in-flight",
        "128",
        "--rate-figure",
        "reducer_calls_per_s",
    ],
];

/// Builds the programs.
pub fn build() -> Result<()> {
    build::packages(&["ambit-cli", PROGRAM], build::Profile::Release)
}

/// Every scenario once, each against a server of its own; what the load printed.
pub fn run_once() -> Result<String> {
    let mut printed = String::new();
    for scenario in SCENARIOS {
        let world = World::start(build::Profile::Release)?;
        world.publish(&step::root().join(MODULE), DATABASE)?;
        let mut load = std::process::Command::new(build::program(PROGRAM, build::Profile::Release));
        load.args(["--server", &world.server(), "--database", DATABASE]).args(scenario);
        printed.push_str(&step::output(&mut load)?);
        let faults = world.stop();
        if !faults.is_empty() {
            anyhow::bail!("{}", faults.join("\n"));
        }
    }
    Ok(printed)
}
