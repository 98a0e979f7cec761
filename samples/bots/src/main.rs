//! Bots that play the sample MMO like people: they walk to places, look around, turn, and go on.
//!
//! Each bot is a client of its own with its own cache. At the end it says how many calls and updates there were and how long
//! it took from a step's call until it lay in a neighbour's cache.

mod bot;
mod mind;
mod random;
mod report;
mod rows;
mod sight;

use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Parser;

use crate::bot::Bot;
use crate::report::Report;
use crate::sight::Steps;

/// Sends bots into a database that runs the sample MMO.
#[derive(Debug, Clone, Parser)]
#[command(name = "ambit-bots", version)]
struct Options {
    /// The server.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:7800")]
    server: String,
    /// The database.
    #[arg(long, default_value = "mmo")]
    database: String,
    /// How many bots.
    #[arg(long, alias = "bots", default_value_t = 100)]
    count: u32,
    /// How long they play after all have joined. Without it, until the program is ended.
    #[arg(long)]
    seconds: Option<u64>,
    /// They never pause: every bot makes 20 steps a second.
    #[arg(long)]
    restless: bool,
    /// They watch players alone, not monsters.
    #[arg(long)]
    players_only: bool,
    /// How far they see, in metres.
    #[arg(long, default_value_t = 80.0)]
    sight: f32,
    /// Updates per second that they ask for.
    #[arg(long, default_value_t = 20.0)]
    rate: f32,
    /// The result as one line of JSON.
    #[arg(long)]
    json: bool,
}

/// Turns of the loop from one step of a bot to its next: 20 steps a second.
const TURNS_PER_STEP: u32 = 50;

/// Time of one turn. The bots act spread over the turns, as people would.
const TURN: Duration = Duration::from_millis(1);

/// Bots whose eyes are read every turn to measure latency; the others' once per step.
const WATCHERS_MAX: u32 = 16;

/// How long all bots may take to join.
const JOIN_WAIT: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    match play(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            report::complain(&format!("ambit-bots: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Lets the bots play; whether nothing went wrong.
fn play(options: &Options) -> Result<bool> {
    let mut steps = Steps::default();
    let mut bots: Vec<Bot> = (0..options.count).map(|number| Bot::connect(number, options)).collect();
    join(&mut bots, &mut steps)?;
    let begin = Instant::now();
    let mut report = Report::begin(&mut bots);
    let mut turn = 0_u32;
    loop {
        let due = begin + TURN * turn;
        let now = Instant::now();
        if options.seconds.is_some_and(|seconds| begin.elapsed() >= Duration::from_secs(seconds)) {
            break;
        }
        if due > now {
            thread::sleep(due - now);
        } else {
            report.late(now - due);
        }
        run_turn(turn, &mut bots, &mut steps, options, &mut report)?;
        turn = turn.wrapping_add(1);
    }
    report.end(&mut bots, options, begin.elapsed())
}

/// Waits until every bot has its character.
fn join(bots: &mut [Bot], steps: &mut Steps) -> Result<()> {
    let begin = Instant::now();
    loop {
        let mut missing = 0;
        for bot in bots.iter_mut() {
            missing += u32::from(!bot.try_join(steps)?);
        }
        if missing == 0 {
            return Ok(());
        }
        if begin.elapsed() > JOIN_WAIT {
            bail!("{missing} of {} bots could not join within {} s", bots.len(), JOIN_WAIT.as_secs());
        }
        thread::sleep(TURN);
    }
}

/// The bots of this turn step; watchers look.
fn run_turn(
    turn: u32,
    bots: &mut [Bot],
    steps: &mut Steps,
    options: &Options,
    report: &mut Report,
) -> Result<()> {
    let stride = (options.count / WATCHERS_MAX).max(1);
    for (number, bot) in (0_u32..).zip(bots.iter_mut()) {
        let is_watcher = number.is_multiple_of(stride);
        let acts = (turn.wrapping_add(number)).is_multiple_of(TURNS_PER_STEP);
        if is_watcher || acts {
            bot.look(is_watcher, steps, report)?;
        }
        if acts {
            bot.act(options, steps)?;
        }
    }
    Ok(())
}
