//! The end of a world: nothing new happens, everything under way arrives, everyone agrees, and a last restart finds all of
//! it.

use super::World;
use crate::checkers::{Checker, Violation, clients, equality, indexes};
use crate::disk::DiskFaults;
use crate::limits::SETTLE_US;
use crate::queue::Event;

impl World {
    pub(super) fn end(&mut self) -> Result<(), Violation> {
        self.is_ending = true;
        self.network.calm_down();
        for disk in [&self.log_disk, &self.snapshot_disk] {
            disk.set_faults(DiskFaults::default());
        }
        // A log that has failed, or a power failure that is about to come, ends this server; the next one stays.
        self.is_ending = false;
        self.lose_power();
        self.is_ending = true;
        let until = self.queue.now() + SETTLE_US;
        while self.queue.now() < until {
            if !self.step()? {
                return Ok(());
            }
        }
        self.check_agreement()?;
        let Some(server) = self.server.take() else { return Ok(()) };
        server.close(self.timestamp(), &mut self.truth)?;
        let last = self.truth.history.last_offset();
        let counters = self.truth.current.clone();
        self.lose_power();
        self.happen(Event::Restart)?;
        let recovered = self.truth.history.last_offset();
        let Some(server) = self.server.as_ref().filter(|_| recovered == last) else {
            let text = format!("after a stop in order at offset {last} the recovery reached {recovered}");
            return Err(Violation::new(Checker::DurablePrefix, text));
        };
        // Numbers that were set aside and not given are given back by a stop in order.
        equality::check_counters(
            Checker::AutoInc,
            "the store after a stop in order",
            &server.store,
            &counters,
        )
    }

    /// Engine, follower and every client hold the same.
    fn check_agreement(&mut self) -> Result<(), Violation> {
        let Some(server) = &self.server else {
            return Err(Violation::new(Checker::Recovery, "the server did not start on disks that behave"));
        };
        equality::check(
            Checker::Transaction,
            "the engine's store",
            &server.store,
            &self.truth.current,
            |_| true,
        )?;
        equality::check_counters(
            Checker::Transaction,
            "the engine's store",
            &server.store,
            &self.truth.current,
        )?;
        indexes::check(&server.store, &self.truth.current, &mut self.random)?;
        server.check_follower(&self.truth)?;
        if server.follower.offset() != self.truth.history.last_offset() {
            let text = format!(
                "the follower stands at offset {} of {}",
                server.follower.offset(),
                self.truth.history.last_offset()
            );
            return Err(Violation::new(Checker::Follower, text));
        }
        for link in self.clients.iter_mut().filter_map(|client| client.link.as_mut()) {
            clients::check_at_rest(link, &self.truth.history)?;
            if link.queries.len() != link.applied().count() || link.calls > 0 {
                let text = format!(
                    "{} of {} subscriptions are applied, {} calls have no answer",
                    link.applied().count(),
                    link.queries.len(),
                    link.calls
                );
                return Err(Violation::new(Checker::Client, text));
            }
        }
        Ok(())
    }
}
