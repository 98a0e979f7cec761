//! When clients are flushed, and with whom.

use ambit_model::Timestamp;

use super::{ClientUpdate, Follower};
use crate::client::{Centre, Source};
use crate::cohort::{Cohort, Rate};
use crate::motion::Precision;
use crate::{flush, limits};

impl Follower {
    /// When [`Self::flush`] is to be called next, if there is anything to send; a moment in the past means at
    /// once. Commits and subscriptions change the answer.
    pub fn next_flush(&self) -> Option<Timestamp> {
        let caught_up = self.has_caught_up().then_some(Timestamp(i64::MIN));
        self.cohorts.iter().filter_map(|cohort| self.due(cohort)).chain(caught_up).min()
    }

    /// Whether any client wants an update at every flush after a commit.
    pub fn has_immediate_clients(&self) -> bool {
        self.cohorts.iter().any(|cohort| cohort.rate == Rate::Immediate && !cohort.routines.is_empty())
    }

    /// Hands out the updates of all clients that are due.
    pub fn flush(&mut self, now: Timestamp, sink: &mut dyn FnMut(ClientUpdate<'_>)) {
        let is_due = |cohort: &Cohort| self.due(cohort).is_some_and(|due| due <= now);
        let precision = Precision::Quantised(Timestamp(now.0.saturating_sub(limits::REST_US)));
        self.flush_those(self.cohorts.iter().map(is_due).collect(), (now, precision), sink);
    }

    /// Hands out the updates of all clients, due or not: afterwards each has seen the last commit, and holds its exact
    /// values, but for changes of rows that wait for their turn.
    pub fn flush_all(&mut self, now: Timestamp, sink: &mut dyn FnMut(ClientUpdate<'_>)) {
        let due = self.cohorts.iter().map(|cohort| self.due(cohort).is_some()).collect();
        self.flush_those(due, (now, Precision::Exact), sink);
    }

    /// Flushes the cohorts whose place is marked, and those that their clients go over to.
    fn flush_those(
        &mut self,
        mut due: Vec<bool>,
        moment: (Timestamp, Precision),
        sink: &mut dyn FnMut(ClientUpdate<'_>),
    ) {
        let (now, _) = moment;
        let moves = self.plan_moves(&mut due, now);
        let resumes = &mut self.resumes;
        let mut pass = |update: ClientUpdate<'_>| resumes.pass(update, sink);
        for (cohort, _) in self.cohorts.iter_mut().zip(&due).filter(|(_, due)| **due) {
            let commit = (self.offset, self.timestamp);
            let (world, scratch) = (&mut self.world, &mut self.scratch);
            if std::mem::take(&mut cohort.has_stray_ways) {
                self.last_epoch += 1;
                cohort.motion.reset(self.last_epoch);
            }
            scratch.begin(now, cohort);
            let ended = flush::flush(world, cohort, &mut self.clients, scratch, commit, moment, &mut pass);
            cohort.flushed(now);
            self.statistics.subscriptions -= ended;
        }
        self.finish_resumes(&due, sink);
        for (place, target) in moves {
            self.move_client(place, target);
        }
        self.trim();
    }

    /// When a cohort's clients are to be told something, if there is anything: of commits, of rows that have come to rest, or of
    /// those that wait for their turn.
    fn due(&self, cohort: &Cohort) -> Option<Timestamp> {
        if self.has_work(cohort) {
            return Some(cohort.due());
        }
        let rest = cohort.motion.due().filter(|_| !cohort.routines.is_empty());
        let rest = rest.map(|due| due.max(cohort.due()));
        let turn = cohort.routines.has_waiting().then(|| cohort.resumes());
        rest.into_iter().chain(turn).min()
    }

    /// Whether a cohort's clients hold values that are not exact.
    pub(super) fn is_near(&self, cohort: &Cohort) -> bool {
        !cohort.routines.is_empty() && cohort.motion.due().is_some()
    }

    /// An epoch that no cohort has had.
    pub(super) fn next_epoch(&mut self) -> u64 {
        self.last_epoch += 1;
        self.last_epoch
    }

    /// Whether a cohort's clients have something to be told of commits.
    pub(super) fn has_work(&self, cohort: &Cohort) -> bool {
        let is_behind = || {
            let ends = self.world.tables.iter().map(|table| table.log.end());
            cohort.cursors.iter().zip(ends).any(|(cursor, end)| *cursor < end)
        };
        !cohort.routines.is_empty() && (cohort.has_news || is_behind())
    }

    /// Puts a client that holds nothing into a cohort.
    pub(super) fn join(&mut self, place: usize, rate: Rate, now: Timestamp) -> usize {
        let (target, epoch) = (self.choose_cohort(rate, now), self.next_epoch());
        let ends = self.world.tables.iter().map(|table| table.log.end());
        if let Some(cohort) = self.cohorts.get_mut(target) {
            if cohort.routines.is_empty() {
                cohort.cursors = ends.collect();
                cohort.motion.forget(self.world.tables.len(), epoch);
            }
            cohort.routines.join(place);
        }
        if let Some(client) = self.clients.get_mut(place).and_then(Option::as_mut) {
            client.cohort = Some(target);
        }
        target
    }

    /// The cohort of this rate with the fewest clients, or another one if all have many.
    fn choose_cohort(&mut self, rate: Rate, now: Timestamp) -> usize {
        let of_rate = self.cohorts.iter().enumerate().filter(|(_, cohort)| cohort.rate == rate);
        let existing = of_rate.clone().count() as u32;
        let smallest = of_rate.min_by_key(|(_, cohort)| cohort.routines.len());
        match smallest.map(|(place, cohort)| (place, cohort.routines.len())) {
            Some((place, clients)) if existing >= rate.phases() || clients < limits::CLIENTS_PER_PHASE => {
                place
            }
            Some(_) | None => {
                self.cohorts.push(Cohort::new(rate, existing, now));
                self.cohorts.len() - 1
            }
        }
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
        let epoch = self.next_epoch();
        let Some(client) = self.clients.get_mut(place).and_then(Option::as_mut) else { return };
        let Some(current) = client.cohort else { return };
        let Ok([from, to]) = self.cohorts.get_disjoint_mut([current, target]) else { return };
        from.routines.leave(place);
        if to.routines.is_empty() {
            to.cursors = self.world.tables.iter().map(|table| table.log.end()).collect();
            to.motion.forget(self.world.tables.len(), epoch);
        }
        to.motion.take_in(&from.motion, epoch);
        to.routines.join(place);
        // What waits for its turn goes on to wait.
        to.routines.note_waiting(place, client.is_loose());
        client.cohort = Some(target);
        for subscription in &mut client.subscriptions {
            move_source(&mut subscription.source, from, to);
        }
        flush::ranking::fill_fresh(&self.world, to);
    }
}

/// Lets a source be watched by another cohort. Both have seen the same.
fn move_source(source: &mut Source, from: &mut Cohort, to: &mut Cohort) {
    let (filters, for_circle) = match source {
        Source::Filter(filter) => (vec![filter], false),
        Source::Circle { observers, .. } => (vec![observers], true),
        Source::Near(near) => match &mut near.centre {
            Centre::Fixed { .. } => return,
            Centre::Moving { observers, .. } => (vec![observers], true),
        },
        Source::Join { leaves, .. } => (leaves.iter_mut().map(|(_, filter)| filter).collect(), true),
        Source::Top { of, .. } => return move_source(of, from, to),
        Source::Any(parts) => return parts.iter_mut().for_each(|part| move_source(part, from, to)),
        Source::Held(_) => return,
        Source::Ranking(id) => {
            let Some(ranking) = from.rankings.get(*id) else { return };
            let moved = to.rankings.acquire(ranking.ranked.clone());
            let found_by = from.rankings.release(*id).and_then(|ranking| ranking.reach);
            found_by.into_iter().for_each(|filter| from.filters.release(filter, false));
            *id = moved;
            return;
        }
    };
    for filter in filters {
        if let Some(watched) = from.filters.get(*filter) {
            let moved = to.filters.acquire_showing(&watched.filter, watched.shown, for_circle);
            from.filters.release(*filter, for_circle);
            *filter = moved;
        }
    }
}
