//! Load: connections that each keep a number of calls in flight against the testbed module.
//!
//! Prints lines for people and `figure <name> <value> <unit>` lines for `cargo xtask bench`. What is counted is
//! calls whose result came back *committed*; anything else is a failure of the whole run.

#![expect(clippy::print_stdout, reason = "a command-line program's output is its standard output")]

mod caller;

mod latency;

use std::time::{Duration, Instant};

use ambit_client::{Client, ConnectionState, Options};
use anyhow::{Result, bail};
use clap::{Parser, ValueEnum};

use caller::Caller;
use latency::Latencies;

/// Time in which the system warms up before anything is counted.
const WARM_UP: Duration = Duration::from_secs(1);
/// How long connecting and filling the accounts may take.
const SETUP_WAIT: Duration = Duration::from_secs(60);
/// How long a caller with calls in flight may wait for any result.
const RESULT_WAIT: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Reducer {
    /// Two look-ups and two updates between random accounts
    Transfer,
    /// Nothing
    Empty,
}

#[derive(Parser)]
#[command(about = "Calls a server's reducers as fast as it answers")]
struct Arguments {
    /// The server, as http://host:port
    #[arg(long)]
    server: String,
    /// The database with the testbed module
    #[arg(long)]
    database: String,
    #[arg(long)]
    reducer: Reducer,
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Calls that each connection keeps in flight
    #[arg(long, default_value_t = 40)]
    in_flight: usize,
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    #[arg(long, default_value_t = 100_000)]
    accounts: u64,
    /// Name of the figure for calls per second
    #[arg(long)]
    rate_figure: Option<String>,
    /// Name of the figure for the median latency
    #[arg(long)]
    latency_figure: Option<String>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut callers = connect(&arguments)?;
    if arguments.reducer == Reducer::Transfer
        && let Some(first) = callers.first_mut()
    {
        first.call_once("init_accounts", &arguments.accounts.to_le_bytes(), SETUP_WAIT)?;
    }
    play(&mut callers, WARM_UP)?;
    let started = Instant::now();
    let mut latencies = play(&mut callers, Duration::from_secs(arguments.seconds))?;
    let per_second = latencies.count() as f64 / started.elapsed().as_secs_f64();
    let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|part| latencies.quantile_us(part));
    let offsets = callers.iter().map(Caller::offsets);
    let (committed, durable) = offsets.fold((0, 0), |high, here| (high.0.max(here.0), high.1.max(here.1)));
    println!(
        "{} connections x {} in flight: {per_second:.0} committed calls/s, p50 {p50} us, p99 {p99} us, p99.9 {p999} us; \
         committed to {committed}, durable to {durable}",
        arguments.connections, arguments.in_flight
    );
    if let Some(name) = arguments.rate_figure {
        println!("figure {name} {per_second:.0} calls/s");
    }
    if let Some(name) = arguments.latency_figure {
        println!("figure {name} {p50} us");
    }
    Ok(())
}

fn connect(arguments: &Arguments) -> Result<Vec<Caller>> {
    let options = || Options {
        uri: arguments.server.clone(),
        database: arguments.database.clone(),
        token: None,
        reconnect_for: Some(Duration::ZERO),
    };
    let clients: Vec<Client> = (0..arguments.connections).map(|_| Client::connect(options())).collect();
    let mut callers = Vec::with_capacity(clients.len());
    for (number, mut client) in clients.into_iter().enumerate() {
        let is_ready = client.wait_until(SETUP_WAIT, |client| client.state() != ConnectionState::Connecting);
        if !is_ready || client.state() != ConnectionState::Connected {
            bail!("connection {number} of {}: {:?}", arguments.connections, client.state());
        }
        callers.push(Caller::new(client, arguments, number as u64)?);
    }
    Ok(callers)
}

/// Keeps every caller busy for a while and returns how long the committed calls took.
fn play(callers: &mut [Caller], time: Duration) -> Result<Latencies> {
    let mut latencies = Latencies::default();
    let started = Instant::now();
    while started.elapsed() < time {
        for caller in &mut *callers {
            caller.turn(RESULT_WAIT, &mut latencies)?;
        }
    }
    Ok(latencies)
}
