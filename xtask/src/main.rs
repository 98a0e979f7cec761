//! Ambit's project commands: `cargo xtask <command>`. Compiled before anything else, so it depends on no
//! other part of Ambit but the one that builds modules.

#![expect(clippy::print_stdout, reason = "a command-line program's output is its standard output")]

mod toolchain;

mod tidy;

mod codegen;

mod test;

mod demo;

mod bench;

mod simulate;

mod samples;

mod unity;

mod package;

mod step;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use demo::build::Profile;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Ambit's project commands")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Detect what the project needs on this machine and install what is missing
    Toolchain,
    /// Run everything that must hold before a change lands
    Test,
    /// Play: a server, the sample world, bots, clients, and a live view in the terminal
    Demo {
        /// End after so many seconds of play with a summary
        #[arg(long)]
        seconds: Option<u64>,
        /// How many bots play
        #[arg(long, default_value_t = 200)]
        bots: u32,
        /// Build faster and play slower
        #[arg(long)]
        debug: bool,
    },
    /// Measure, and write target/bench/results.json
    Bench {
        /// How often each program runs; the median is kept
        #[arg(long, default_value_t = 3)]
        runs: usize,
        /// Only the programs whose names hold this text. The results hold nothing else then.
        #[arg(long, default_value = "")]
        only: String,
    },
    /// Deterministic worlds around store, log, follower and client: crashes, faults, checkers
    Simulate {
        /// How many worlds
        #[arg(long, default_value_t = 1_000)]
        seeds: u64,
        /// The first world's seed; the others follow
        #[arg(long, default_value_t = 1)]
        first: u64,
        /// One world alone, told step by step if it fails
        #[arg(long)]
        seed: Option<u64>,
        /// Worlds that nobody has seen, for so many seconds
        #[arg(long, value_name = "SECONDS")]
        new_for: Option<u64>,
        /// The kind of world; without it each seed has one of the kinds
        #[arg(long)]
        scenario: Option<String>,
        /// Plant the known bugs one after the other and demand that each is found
        #[arg(long)]
        planted: bool,
    },
    /// Check the rules of form
    Tidy,
    /// Write every generated file
    Codegen {
        /// Change nothing; fail when a file is not what its generator makes
        #[arg(long)]
        check: bool,
    },
    /// The Unity package: its .meta files, and compiling it without the engine
    Unity {
        #[command(subcommand)]
        command: unity::UnityCommand,
    },
    /// The Unity package with native libraries, as target/package/*.tgz
    Package {
        /// Only libraries of these folders of Runtime/Plugins are built; those that are there are taken along
        #[arg(long, value_name = "FOLDER")]
        only: Vec<String>,
    },
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Toolchain => toolchain::run(),
        Command::Tidy => tidy::run(),
        Command::Bench { runs, only } => bench::run(runs, &only),
        Command::Test => test::run(),
        Command::Demo { seconds, bots, debug } => {
            let profile = if debug { Profile::Debug } else { Profile::Release };
            demo::run(&demo::Options { seconds, bots, profile })
        }
        Command::Simulate { seeds, first, seed, new_for, scenario, planted } => {
            simulate::run(&simulate::Options { seeds, first, seed, new_for, scenario, planted })
        }
        Command::Codegen { check } => codegen::run(check),
        Command::Unity { command } => unity::run(&command),
        Command::Package { only } => package::run(&only),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
