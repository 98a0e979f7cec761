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
mod walker;

use std::ops::Range;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Parser;

use crate::bot::Bot;
use crate::report::Report;
use crate::sight::Steps;
use crate::walker::{Joining, Walker};

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
    /// Only so many are clients that take in what they see, and measure; the others walk without looking, so that a processor
    /// can walk thousands.
    #[arg(long, value_name = "COUNT")]
    lookers: Option<u32>,
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

/// Turns between two looks of a walker at its socket. What comes meanwhile lies in the system's buffers.
const TURNS_PER_DISCARD: u32 = 5 * TURNS_PER_STEP;

/// Walkers that join at the same time.
const JOINING_MAX: usize = 64;

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
    let lookers = options.lookers.unwrap_or(options.count).min(options.count);
    let mut bots: Vec<Bot> = (0..lookers).map(|number| Bot::connect(number, options)).collect();
    let mut walkers = walk_in(lookers..options.count, options, &mut steps)?;
    join(&mut bots, &mut steps)?;
    let begin = Instant::now();
    let mut report = Report::begin(&bots, &walkers);
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
        walk(turn, &mut walkers, &mut steps, options)?;
        turn = turn.wrapping_add(1);
    }
    report.end(&bots, &walkers, options, begin.elapsed())
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

/// What a bot watches: itself, and what is near it.
fn queries(options: &Options) -> Vec<String> {
    let near = |table: &str| {
        format!(
            "SELECT o.* FROM {table} o JOIN player me ON ST_DWithin(o.position, me.position, {}) WHERE me.identity = :sender",
            options.sight
        )
    };
    let mut queries = vec!["SELECT * FROM player WHERE identity = :sender".to_owned(), near("player")];
    if !options.players_only {
        queries.push(near("monster"));
    }
    queries
}

/// Lets walkers join, some at a time: while they do, all that is sent is taken in.
fn walk_in(numbers: Range<u32>, options: &Options, steps: &mut Steps) -> Result<Vec<Walker>> {
    let mut walkers = Vec::with_capacity(numbers.len());
    let begin = Instant::now();
    let mut joining = Vec::new();
    let mut numbers = numbers.into_iter().peekable();
    while numbers.peek().is_some() || !joining.is_empty() {
        while joining.len() < JOINING_MAX
            && let Some(number) = numbers.next()
        {
            joining.push(Joining::connect(number, options)?);
        }
        let mut failure = None;
        joining.retain_mut(|one: &mut Joining| match one.poll(steps) {
            Ok(walker) => {
                let is_left = walker.is_none();
                walkers.extend(walker);
                is_left
            }
            Err(error) => {
                failure = Some(error);
                false
            }
        });
        if let Some(error) = failure {
            return Err(error);
        }
        walkers.iter_mut().try_for_each(Walker::discard)?;
        if begin.elapsed() > JOIN_WAIT {
            bail!("{} walkers could not join within {} s", joining.len(), JOIN_WAIT.as_secs());
        }
        thread::sleep(TURN);
    }
    Ok(walkers)
}

/// The walkers of this turn step; now and then they throw away what has come.
fn walk(turn: u32, walkers: &mut [Walker], steps: &mut Steps, options: &Options) -> Result<()> {
    for (number, walker) in (0_u32..).zip(walkers) {
        let moment = turn.wrapping_add(number);
        if moment.is_multiple_of(TURNS_PER_STEP) {
            walker.act(options.restless, steps)?;
        }
        if moment.is_multiple_of(TURNS_PER_DISCARD) {
            walker.discard()?;
        }
    }
    Ok(())
}

/// The bots of this turn step; watchers look.
fn run_turn(
    turn: u32,
    bots: &mut [Bot],
    steps: &mut Steps,
    options: &Options,
    report: &mut Report,
) -> Result<()> {
    let stride = (bots.len() as u32 / WATCHERS_MAX).max(1);
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
