//! The end of a world: nothing new happens, everything under way arrives, everyone agrees, and a last restart finds all of
//! it.

use super::World;
use crate::checkers::{Checker, Violation, clients, equality, indexes};
use crate::disk::DiskFaults;
use crate::limits::{REST_US_MAX, SETTLE_US};
use crate::queue::Event;

impl World {
    pub(super) fn end(&mut self) -> Result<(), Violation> {
        self.is_ending = true;
        self.network.calm_down();
        for disk in [&self.log_disk, &self.snapshot_disk] {
            disk.set_faults(DiskFaults::default());
        }
        self.rest()?;
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

    /// Nobody writes any more: what delivery options held back is told too, to everybody who is still connected.
    fn rest(&mut self) -> Result<(), Violation> {
        let now = self.queue.now();
        let (soon, late) = (now + SETTLE_US, now + REST_US_MAX);
        while self.queue.now() < soon || (self.queue.now() < late && self.has_more_to_tell()) {
            if !self.step()? {
                return Ok(());
            }
        }
        if self.server.as_ref().is_none_or(|server| server.failure.is_some()) {
            return Ok(());
        }
        for (number, client) in self.clients.iter_mut().enumerate() {
            if let Some(link) = &mut client.link
                && self.network.client_of(link.connection) == Some(number)
            {
                clients::check_at_rest(link, &self.truth.history)?;
            }
        }
        Ok(())
    }

    fn has_more_to_tell(&self) -> bool {
        self.server.as_ref().is_some_and(|server| server.follower.next_flush().is_some())
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
            if link.queries.len() != link.applied().count() || link.calls > 0 || !link.is_following() {
                let text = format!(
                    "{} of {} subscriptions are applied, {} calls have no answer; the client follows: {}",
                    link.applied().count(),
                    link.queries.len(),
                    link.calls,
                    link.is_following()
                );
                return Err(Violation::new(Checker::Client, text));
            }
        }
        Ok(())
    }
}
