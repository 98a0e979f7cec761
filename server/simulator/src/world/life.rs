//! Starts and ends of the server: crashes of every kind, recovery, and what must hold after it.

use std::sync::Arc;

use ambit_log::LogOptions;

use super::{ANY_START, World};
use crate::checkers::{Checker, Violation, equality, indexes};
use crate::disk::{Disk, DiskFaults};
use crate::limits::{START_FAILURES_MAX, TICK_US};
use crate::model::Database;
use crate::queue::Event;
use crate::scenario::delay;
use crate::server::Server;
use crate::server::recovery::{RecoverFailure, Recovered, recover};
use crate::server::threads::FlushThreads;
use crate::truth::Found;

impl World {
    /// The server ends: in order, by a signal, or because the power fails, now or in the middle of what the disks do next.
    pub(super) fn crash(&mut self) -> Result<(), Violation> {
        if self.is_ending {
            return Ok(());
        }
        let Some(server) = self.server.take() else { return Ok(()) };
        match self.random.below(100) {
            draw if draw < 10 => {
                self.trace.tell(|| "a stop in order".into());
                server.close(self.timestamp(), &mut self.truth)?;
                self.stop();
            }
            draw if draw < 10 + self.scenario.kill_percent => {
                self.trace.tell(|| "the program is killed".into());
                self.halt();
                drop(server);
                self.stop();
            }
            draw if draw % 2 == 0 => {
                self.server = Some(server);
                self.lose_power();
            }
            _ => {
                let operations = self.random.below(12);
                self.trace.tell(|| format!("the power fails {operations} disk operations from now"));
                let is_log = self.random.percent(70);
                if is_log { &self.log_disk } else { &self.snapshot_disk }.cut_power_after(operations);
                self.server = Some(server);
                // If the disks have little to do, it fails all the same.
                self.queue.after(100_000, self.start, Event::Crash);
            }
        }
        Ok(())
    }

    /// The machine is without power for a moment.
    pub(super) fn lose_power(&mut self) {
        self.halt();
        self.server = None;
        for disk in [&self.log_disk, &self.snapshot_disk] {
            if let Some(flip) = disk.lose_power() {
                self.trace.tell(|| format!("a bit of {} has flipped at byte {}", flip.name, flip.position));
            }
        }
        self.trace.tell(|| "the power has failed".into());
        self.stop();
    }

    /// What has ended writes nothing more, not even to clean up.
    fn halt(&self) {
        self.log_disk.halt();
        self.snapshot_disk.halt();
    }

    /// The server is gone; it begins again some time later.
    fn stop(&mut self) {
        self.server = None;
        self.log_disk.resume();
        self.snapshot_disk.resume();
        self.network.cut_all();
        self.start += 1;
        self.queue.after(self.random.between(0, 30_000), self.start, Event::Restart);
    }

    /// The server begins. Answers false when the database refuses to, rightly.
    pub(super) fn restart(&mut self) -> Result<bool, Violation> {
        if self.server.is_some() {
            return Ok(true);
        }
        let is_first = self.start == ANY_START;
        self.decay.log.extend(self.log_disk.decayed());
        self.decay.snapshots.extend(self.snapshot_disk.decayed());
        let decay = self.decay.clone();
        let rehearsed = self.rehearse(&decay)?;
        let is_patient = self.start_failures >= START_FAILURES_MAX || self.is_ending;
        let faults = if is_patient { DiskFaults::default() } else { self.scenario.disk };
        self.log_disk.set_faults(faults);
        self.snapshot_disk.set_faults(faults);
        if !is_patient && !is_first && self.random.one_in(4) {
            self.log_disk.cut_power_after(self.random.below(16));
        }
        let result = recover(&self.log_disk, &self.snapshot_disk, self.log_options());
        let recovered = match result {
            Ok(recovered) => recovered,
            Err(RecoverFailure::Disk(problem)) => {
                self.trace.tell(|| format!("the start fails: {problem}"));
                self.start_failures += 1;
                if !self.log_disk.is_off() && !self.snapshot_disk.is_off() {
                    self.stop();
                }
                return Ok(true);
            }
            Err(RecoverFailure::Damage(problem)) => {
                self.trace.tell(|| format!("the database refuses to start: {problem}"));
                if decay.is_none() {
                    return Err(Violation::new(
                        Checker::Recovery,
                        format!("calls a sound log damaged: {problem}"),
                    ));
                }
                self.summary.refusals += 1;
                return Ok(false);
            }
        };
        if self.log_disk.is_off() || self.snapshot_disk.is_off() {
            return Ok(true);
        }
        let found = decay.found(&recovered);
        self.trace.tell(|| format!("recovered: {found:?}, damaged snapshots: {:?}", recovered.damaged));
        let name = |offset: u64| format!("{offset:020}.snapshot");
        if recovered.damaged.iter().any(|(offset, _)| !decay.snapshots.contains(&name(*offset))) {
            let text = format!("calls sound snapshots damaged: {:?}", recovered.damaged);
            return Err(Violation::new(Checker::Recovery, text));
        }
        let state = self.truth.check_recovered(&recovered.store, &found)?;
        self.truth.check_told(&recovered)?;
        self.check_rehearsal(rehearsed, &found, &state)?;
        self.begin(recovered, &found, state)?;
        Ok(true)
    }

    /// A recovery that is not the real one, twice, on copies of the disks: the second finds what the first has left.
    fn rehearse(&mut self, decay: &Decay) -> Result<Option<(Found, Database)>, Violation> {
        if !self.random.one_in(2) || self.start == ANY_START {
            return Ok(None);
        }
        let (log, snapshots) = (self.log_disk.fork(), self.snapshot_disk.fork());
        let mut first: Option<(Found, Database, Contents)> = None;
        for _ in 0..2 {
            let recovered = match recover(&log, &snapshots, self.log_options()) {
                Ok(recovered) => recovered,
                Err(RecoverFailure::Damage(_)) if !decay.is_none() => return Ok(None),
                Err(RecoverFailure::Damage(problem) | RecoverFailure::Disk(problem)) => {
                    let text = format!("a recovery without faults of the disks fails: {problem}");
                    return Err(Violation::new(Checker::Recovery, text));
                }
            };
            let found = decay.found(&recovered);
            let state = self.truth.check_recovered(&recovered.store, &found)?;
            let contents = contents(&log, &snapshots);
            match &first {
                None => first = Some((found, state, contents)),
                Some((first_found, first_state, first_contents)) => {
                    let is_same_state = first_state.tables == state.tables && *first_found == found;
                    if !is_same_state || *first_contents != contents {
                        let text = format!(
                            "a second recovery found {found:?} where the first found {first_found:?}; same state: {is_same_state}, same files: {}",
                            *first_contents == contents
                        );
                        return Err(Violation::new(Checker::Idempotence, text));
                    }
                }
            }
        }
        Ok(first.map(|(found, state, _)| (found, state)))
    }

    fn check_rehearsal(
        &self,
        rehearsed: Option<(Found, Database)>,
        found: &Found,
        state: &Database,
    ) -> Result<(), Violation> {
        match rehearsed {
            Some((rehearsed, before)) if rehearsed != *found || before.tables != state.tables => {
                let text = format!("recovered {found:?}, a copy of the same disks {rehearsed:?}");
                Err(Violation::new(Checker::Idempotence, text))
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, recovered: Recovered, found: &Found, state: Database) -> Result<(), Violation> {
        let follower = recovered.follower.store();
        equality::check(Checker::Follower, "the follower that begins", follower, &state, |_| true)?;
        equality::check_counters(Checker::Follower, "the follower that begins", follower, &state)?;
        indexes::check(&recovered.store, &state, &mut self.random)?;
        if self.start > ANY_START {
            self.summary.recoveries += 1;
        }
        self.truth.recover(found, state);
        self.trace.note(&found.last_offset.to_le_bytes());
        self.start_failures = 0;
        self.decay = Decay::default();
        self.start += 1;
        let disks = (self.log_disk.clone(), self.snapshot_disk.clone());
        let left_connected = recovered.left_connected.clone();
        let mut server = Server::new(recovered, disks, self.random.fork(), FlushThreads::of_seed(self.seed));
        if server.store.schema().tables.is_empty() {
            let schema = Arc::clone(&self.schema);
            server.publish(&schema, self.timestamp(), &mut self.truth)?;
        }
        server.bury(&left_connected, self.timestamp(), &mut self.truth)?;
        self.server = Some(server);
        self.after_work();
        if self.scenario.snapshot_every_us > 0 {
            self.queue.after(
                delay(&mut self.random, self.scenario.snapshot_every_us),
                self.start,
                Event::Snapshot,
            );
        }
        self.queue.after(delay(&mut self.random, TICK_US), self.start, Event::Tick);
        if self.scenario.publish_every_us > 0 {
            self.queue.after(
                delay(&mut self.random, self.scenario.publish_every_us),
                self.start,
                Event::Publish,
            );
        }
        if self.scenario.crash_every_us > 0 {
            self.queue.after(delay(&mut self.random, self.scenario.crash_every_us), self.start, Event::Crash);
        }
        Ok(())
    }

    /// The salt is the same for a recovery and its rehearsal, and differs from start to start.
    fn log_options(&self) -> LogOptions {
        LogOptions {
            segment_bytes: self.segment_bytes,
            prepare_ahead: false,
            next_after: 0,
            salt: (self.seed as u32).wrapping_mul(31).wrapping_add(self.start as u32),
        }
    }
}

/// The files in which stored bits were not what was written when a recovery began.
#[derive(Debug, Clone, Default)]
pub(super) struct Decay {
    log: Vec<String>,
    snapshots: Vec<String>,
}

impl Decay {
    fn is_none(&self) -> bool {
        self.log.is_empty() && self.snapshots.is_empty()
    }

    fn found(&self, recovered: &Recovered) -> Found {
        Found {
            snapshot: recovered.snapshot,
            last_record: recovered.last_record,
            last_offset: recovered.state.last_offset,
            is_log_decayed: !self.log.is_empty(),
            is_snapshot_decayed: !self.snapshots.is_empty(),
        }
    }
}

type Contents = Vec<(String, Vec<u8>)>;

fn contents(log: &Disk, snapshots: &Disk) -> Contents {
    log.contents().into_iter().chain(snapshots.contents()).collect()
}
