//! `ambit-simulator`: lets many worlds happen, or one again.

#![expect(clippy::print_stdout, reason = "a command-line program's output is its standard output")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use ambit_simulator::{Scenario, Summary, run, run_told};
use clap::Parser;

/// Deterministic worlds around Ambit's store, log, follower and client
#[derive(Parser)]
#[command(name = "ambit-simulator")]
struct Arguments {
    /// How many worlds
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first world's seed; the others follow
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// One world alone
    #[arg(long)]
    seed: Option<u64>,
    /// Tell every step of a world that fails
    #[arg(long)]
    tell: bool,
    /// End after so many seconds, even if worlds are left
    #[arg(long)]
    seconds: Option<u64>,
    /// The kind of world; without it each seed has one of the kinds
    #[arg(long)]
    scenario: Option<String>,
    /// Go on after a failure
    #[arg(long)]
    go_on: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let scenario = match &arguments.scenario {
        None => None,
        Some(name) => match Scenario::named(name) {
            Some(scenario) => Some(scenario),
            None => {
                let names: Vec<&str> = Scenario::ALL.iter().map(|scenario| scenario.name).collect();
                eprintln!("error: there is no scenario `{name}`; there are {}", names.join(", "));
                return ExitCode::FAILURE;
            }
        },
    };
    let (first, count) = match arguments.seed {
        Some(seed) => (seed, 1),
        None => (arguments.first, arguments.seeds),
    };
    play(&arguments, scenario.as_ref(), first, count)
}

#[expect(clippy::disallowed_methods, reason = "how long worlds take is told, and changes none of them")]
fn play(arguments: &Arguments, scenario: Option<&Scenario>, first: u64, count: u64) -> ExitCode {
    let begin = Instant::now();
    let limit = arguments.seconds.map(Duration::from_secs);
    let (mut worlds, mut failures) = (0_u64, 0_u64);
    let mut total = Summary::default();
    for seed in first..first.saturating_add(count) {
        if limit.is_some_and(|limit| begin.elapsed() >= limit) {
            break;
        }
        let scenario = scenario.unwrap_or_else(|| Scenario::of_seed(seed));
        let result = if arguments.tell { run_told(seed, scenario) } else { run(seed, scenario) };
        worlds += 1;
        match result {
            Ok(summary) => total = total.plus(&summary),
            Err(failure) => {
                println!("{failure}");
                failures += 1;
                if !arguments.go_on {
                    break;
                }
            }
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    let Summary {
        steps, commits, recoveries, refusals, snapshots, publications, client_checks, returns, ..
    } = total;
    println!(
        "{steps} events, {commits} commits, {recoveries} recoveries, {refusals} refused starts, {snapshots} snapshots, \
         {publications} publications, {client_checks} client checks, {returns} returns"
    );
    if count == 1 {
        println!("trace {:016x}", total.trace);
    }
    println!("{worlds} worlds in {seconds:.1} s, {:.1} worlds/s, {failures} failed", worlds as f64 / seconds);
    if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
