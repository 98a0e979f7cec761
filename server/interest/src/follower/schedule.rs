//! When clients are flushed, and with whom.

use ambit_model::Timestamp;

use super::{ClientUpdate, Follower};
use crate::client::Source;
use crate::cohort::{Cohort, Rate};
use crate::flush;

impl Follower {
    /// When [`Self::flush`] is to be called next, if there is anything to send; a moment in the past means at
    /// once. Commits and subscriptions change the answer.
    pub fn next_flush(&self) -> Option<Timestamp> {
        self.cohorts.iter().filter(|cohort| self.has_work(cohort)).map(Cohort::due).min()
    }

    /// Whether any client wants an update at every flush after a commit.
    pub fn has_immediate_clients(&self) -> bool {
        self.cohorts.iter().any(|cohort| cohort.rate == Rate::Immediate && !cohort.routines.is_empty())
    }

    /// Hands out the updates of all clients that are due.
    pub fn flush(&mut self, now: Timestamp, sink: &mut dyn FnMut(ClientUpdate<'_>)) {
        let is_due = |cohort: &Cohort| cohort.due() <= now && self.has_work(cohort);
        self.flush_those(self.cohorts.iter().map(is_due).collect(), now, sink);
    }

    /// Hands out the updates of all clients, due or not: afterwards each has seen the last commit.
    pub fn flush_all(&mut self, now: Timestamp, sink: &mut dyn FnMut(ClientUpdate<'_>)) {
        self.flush_those(self.cohorts.iter().map(|cohort| self.has_work(cohort)).collect(), now, sink);
    }

    /// Flushes the cohorts whose place is marked, and those that their clients go over to.
    fn flush_those(&mut self, mut due: Vec<bool>, now: Timestamp, sink: &mut dyn FnMut(ClientUpdate<'_>)) {
        let moves = self.plan_moves(&mut due, now);
        for (cohort, _) in self.cohorts.iter_mut().zip(&due).filter(|(_, due)| **due) {
            let commit = (self.offset, self.timestamp);
            let ended =
                flush::flush(&mut self.world, cohort, &mut self.clients, &mut self.scratch, commit, sink);
            cohort.flushed(now);
            self.statistics.subscriptions -= ended;
        }
        for (place, target) in moves {
            self.move_client(place, target);
        }
        self.trim();
    }

    /// Whether a cohort's clients have something to be told.
    pub(super) fn has_work(&self, cohort: &Cohort) -> bool {
        let is_behind = || {
            let ends = self.world.tables.iter().map(|table| table.log.end());
            cohort.cursors.iter().zip(ends).any(|(cursor, end)| *cursor < end)
        };
        !cohort.routines.is_empty() && (cohort.has_news || is_behind())
    }

    /// Puts a client that holds nothing into a cohort.
    pub(super) fn join(&mut self, place: usize, rate: Rate, now: Timestamp) -> usize {
        let target = self.choose_cohort(rate, now);
        let ends = self.world.tables.iter().map(|table| table.log.end());
        if let Some(cohort) = self.cohorts.get_mut(target) {
            if cohort.routines.is_empty() {
                cohort.cursors = ends.collect();
            }
            cohort.routines.join(place);
        }
        if let Some(client) = self.clients.get_mut(place).and_then(Option::as_mut) {
            client.cohort = Some(target);
        }
        target
    }

    /// The cohort of this rate with the fewest clients.
    fn choose_cohort(&mut self, rate: Rate, now: Timestamp) -> usize {
        let of_rate = |cohort: &Cohort| cohort.rate == rate;
        let existing = self.cohorts.iter().filter(|cohort| of_rate(cohort)).count() as u32;
        if existing < rate.phases() {
            self.cohorts.push(Cohort::new(rate, existing, now));
            return self.cohorts.len() - 1;
        }
        let candidates = self.cohorts.iter().enumerate().filter(|(_, cohort)| of_rate(cohort));
        candidates.min_by_key(|(_, cohort)| cohort.routines.len()).map_or(0, |(place, _)| place)
    }

    /// Clients of due cohorts whose rate has changed, and where they go. Both cohorts are flushed, so that the
    /// client has seen exactly what its new cohort has seen.
    fn plan_moves(&mut self, due: &mut Vec<bool>, now: Timestamp) -> Vec<(usize, usize)> {
        let mut moves = Vec::new();
        let with_news = self.cohorts.iter().zip(&*due).filter(|(cohort, due)| **due && cohort.has_news);
        let places: Vec<usize> = with_news.flat_map(|(cohort, _)| cohort.routines.voids()).collect();
        for place in places {
            let Some(client) = self.clients.get(place).and_then(Option::as_ref) else { continue };
            let (Some(rate), Some(current)) = (client.rate(), client.cohort) else { continue };
            if !client.has_news() || self.cohorts.get(current).is_none_or(|known| known.rate == rate) {
                continue;
            }
            let target = self.choose_cohort(rate, now);
            due.resize(self.cohorts.len(), false);
            if let Some(due) = due.get_mut(target) {
                *due = true;
            }
            moves.push((place, target));
        }
        moves
    }

    fn move_client(&mut self, place: usize, target: usize) {
        let Some(client) = self.clients.get_mut(place).and_then(Option::as_mut) else { return };
        let Some(current) = client.cohort else { return };
        let Ok([from, to]) = self.cohorts.get_disjoint_mut([current, target]) else { return };
        from.routines.leave(place);
        if to.routines.is_empty() {
            to.cursors = self.world.tables.iter().map(|table| table.log.end()).collect();
        }
        to.routines.join(place);
        client.cohort = Some(target);
        for subscription in &mut client.subscriptions {
            for part in subscription.source.parts_mut() {
                let (filters, for_circle) = match part {
                    Source::Filter(filter) => (vec![filter], false),
                    Source::Circle { observers, .. } => (vec![observers], true),
                    Source::Join { leaves, .. } => {
                        (leaves.iter_mut().map(|(_, filter)| filter).collect(), true)
                    }
                    Source::Any(_) | Source::Held(_) => (Vec::new(), false),
                };
                for filter in filters {
                    if let Some(watched) = from.filters.get(*filter) {
                        let moved = to.filters.acquire_showing(&watched.filter, watched.shown, for_circle);
                        from.filters.release(*filter, for_circle);
                        *filter = moved;
                    }
                }
            }
        }
    }
}
