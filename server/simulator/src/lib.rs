//! A deterministic world around Ambit's real parts: simulated clock, disks, network and clients; real store, journal, log,
//! follower and client core; and checkers that compare them with a naive model (docs/simulator.md).
//!
//! Everything comes from one seed, on one thread, so a failure replays exactly. It leaves out what has no state to lose:
//! the node's threads and sockets, and WebAssembly.

#![warn(clippy::indexing_slicing)]

mod limits;

mod scenario;
mod world;

mod server;

mod client;
mod network;

mod disk;

mod checkers;
mod truth;

mod model;
mod module;
mod query;

mod queue;
mod random;
mod trace;

pub use checkers::Checker;
pub use disk::DiskFaults;
pub use scenario::Scenario;

/// What a world was like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Events that happened.
    pub steps: u64,
    /// Transactions that were committed.
    pub commits: u64,
    /// Recoveries, the first start not counted.
    pub recoveries: u64,
    /// Recoveries that damage has prevented, rightly.
    pub refusals: u64,
    /// Snapshots that counted.
    pub snapshots: u64,
    /// Schemas that were published after the first.
    pub publications: u64,
    /// Times that a client's cache was compared.
    pub client_checks: u64,
    /// Times that a client came back with the rows that it had.
    pub returns: u64,
    /// A hash of everything that happened: the same for the same seed.
    pub trace: u64,
}

impl Summary {
    /// Both together.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            steps: self.steps + other.steps,
            commits: self.commits + other.commits,
            recoveries: self.recoveries + other.recoveries,
            refusals: self.refusals + other.refusals,
            snapshots: self.snapshots + other.snapshots,
            publications: self.publications + other.publications,
            client_checks: self.client_checks + other.client_checks,
            returns: self.returns + other.returns,
            trace: self.trace ^ other.trace,
        }
    }
}

/// Something that must hold did not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The world's seed.
    pub seed: u64,
    /// The world's scenario.
    pub scenario: &'static str,
    /// The event at which it showed.
    pub step: u64,
    /// Simulated microseconds since the world began.
    pub now_us: i64,
    /// What kind of promise was broken.
    pub checker: Checker,
    /// How.
    pub message: String,
    /// What happened before, if it was asked for.
    pub trace: Vec<String>,
}

/// Lets a world happen. The same seed and scenario give the same world.
pub fn run(seed: u64, scenario: &Scenario) -> Result<Summary, Failure> {
    world::World::new(seed, scenario, false).run()
}

/// As [`run`], and a failure tells every step that led to it.
pub fn run_told(seed: u64, scenario: &Scenario) -> Result<Summary, Failure> {
    world::World::new(seed, scenario, true).run()
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for line in &self.trace {
            writeln!(f, "{line}")?;
        }
        writeln!(
            f,
            "seed {} ({}): step {}, {} µs: {}: {}",
            self.seed, self.scenario, self.step, self.now_us, self.checker, self.message
        )?;
        write!(f, "replay with: cargo xtask simulate --seed {} --scenario {}", self.seed, self.scenario)
    }
}

impl std::error::Error for Failure {}
