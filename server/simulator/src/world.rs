//! One world: everything that happens, in the order of simulated time.

mod finale;
mod life;
mod traffic;

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use ambit_model::{Schema, Timestamp};

use crate::checkers::Violation;
use crate::client::Client;
use crate::disk::{Disk, DiskFaults};
use crate::limits::{SEGMENT_BYTES, STEPS_MAX};
use crate::module::schema::random_schema;
use crate::network::Network;
use crate::queue::{Event, Queue};
use crate::random::Random;
use crate::scenario::Scenario;
use crate::server::Server;
use crate::trace::Trace;
use crate::truth::Truth;
use crate::{Failure, Summary};
use life::Decay;

/// The start of the server that events without one belong to.
const ANY_START: u64 = 0;

/// When worlds begin: some day in 2023.
const BEGIN: i64 = 1_700_000_000_000_000;

pub(crate) struct World {
    seed: u64,
    scenario: Scenario,
    random: Random,
    trace: Trace,
    queue: Queue,
    network: Network,
    clients: Vec<Client>,
    log_disk: Disk,
    snapshot_disk: Disk,
    segment_bytes: usize,
    schema: Arc<Schema>,
    server: Option<Server>,
    /// Counts the starts of the server.
    start: u64,
    /// Starts that have failed since the last good one.
    start_failures: u32,
    truth: Truth,
    /// Where bits were wrong at a start since the last good one. A start that failed may have written over them.
    decay: Decay,
    /// Nobody does anything new any more.
    is_ending: bool,
    summary: Summary,
}

impl World {
    pub(crate) fn new(seed: u64, scenario: &Scenario, is_told: bool) -> Self {
        let mut random = Random::new(seed);
        let schema = random_schema(&mut random);
        let network = Network::new(random.fork(), scenario.stall_connection, scenario.cut_connection);
        let clients = 0..random.below(scenario.clients_max + 1) as usize;
        let returns = scenario.do_clients_return;
        let clients: Vec<Client> =
            clients.map(|number| Client::new(number, random.fork(), returns)).collect();
        Self {
            seed,
            scenario: scenario.clone(),
            trace: Trace::new(is_told),
            queue: Queue::default(),
            network,
            clients,
            log_disk: Disk::new(random.fork(), DiskFaults::default()),
            snapshot_disk: Disk::new(random.fork(), DiskFaults::default()),
            segment_bytes: random.pick(&SEGMENT_BYTES),
            truth: Truth::new(),
            decay: Decay::default(),
            schema: Arc::new(schema),
            server: None,
            start: ANY_START,
            start_failures: 0,
            is_ending: false,
            summary: Summary::default(),
            random,
        }
    }

    /// Lets everything happen until the world has its commits.
    pub(crate) fn run(mut self) -> Result<Summary, Failure> {
        // What the real code must never do, it does not do unseen. The world is not used afterwards, only told.
        let lived = panic::catch_unwind(AssertUnwindSafe(|| self.live()));
        match lived.unwrap_or_else(|reason| Err(Violation::of_panic(&*reason))) {
            Ok(()) => {
                let (steps, commits, trace) = (self.trace.steps(), self.truth.commits, self.trace.hash());
                Ok(Summary { steps, commits, trace, ..self.summary })
            }
            Err(violation) => Err(Failure {
                seed: self.seed,
                scenario: self.scenario.name,
                step: self.trace.steps(),
                now_us: self.queue.now(),
                checker: violation.checker,
                message: violation.message,
                trace: self.trace.lines().to_vec(),
            }),
        }
    }

    fn live(&mut self) -> Result<(), Violation> {
        for number in 0..self.clients.len() {
            self.queue.after(self.random.between(0, 20_000), ANY_START, Event::Client(number));
        }
        self.queue.after(0, ANY_START, Event::Restart);
        while self.truth.commits < self.scenario.commits && self.trace.steps() < STEPS_MAX {
            if !self.step()? {
                return Ok(());
            }
        }
        self.end()
    }

    /// The next event. Answers false when the world cannot go on.
    fn step(&mut self) -> Result<bool, Violation> {
        let Some((event, start)) = self.queue.next() else { return Ok(false) };
        if start != ANY_START && start != self.start {
            return Ok(true);
        }
        self.trace.step(self.queue.now(), || format!("{event:?}"));
        let goes_on = self.happen(event)?;
        if self.log_disk.is_off() || self.snapshot_disk.is_off() {
            self.lose_power();
        }
        Ok(goes_on)
    }

    fn happen(&mut self, event: Event) -> Result<bool, Violation> {
        match event {
            Event::Client(number) => self.client_acts(number)?,
            Event::ToServer(connection) => self.arrive_at_server(connection)?,
            Event::ToClient(connection) => self.arrive_at_client(connection)?,
            Event::Sync => self.sync()?,
            Event::Follow => self.follow()?,
            Event::Flush => self.flush()?,
            Event::Tick => self.tick()?,
            Event::Snapshot => self.begin_snapshot()?,
            Event::SnapshotStep => self.step_snapshot()?,
            Event::Publish => self.publish()?,
            Event::Crash => self.crash()?,
            Event::Restart => return self.restart(),
        }
        Ok(true)
    }

    /// The server's clock.
    fn timestamp(&self) -> Timestamp {
        Timestamp(BEGIN + self.queue.now())
    }
}
