//! Rules of visibility change with the schema: what they decide about is read again. A client's next update takes it from
//! the rows that it was shown to those that it may see now.

use ambit_model::Slot;

use super::Follower;
use super::subscription::claim_all;
use crate::client::{Source, Stage};
use crate::flush;
use crate::query::plan::Plan;

/// What a subscription that rules decide about showed before the schema changed.
pub(super) struct HeldRows {
    /// The client's position, and the subscription's among its own.
    client: usize,
    subscription: usize,
    slots: Vec<Slot>,
}

impl Follower {
    /// The rows that such subscriptions show. Everybody has been flushed, and nothing is changed by it.
    pub(super) fn ruled_rows(&mut self) -> Vec<HeldRows> {
        let Self { world, clients, cohorts, memory, .. } = self;
        let mut held = Vec::new();
        for (number, cohort) in cohorts.iter_mut().enumerate() {
            let of_cohort =
                clients.iter().enumerate().filter_map(|(place, client)| Some((place, client.as_ref()?)));
            let of_cohort = of_cohort.filter(|(_, client)| client.cohort == Some(number));
            let ruled = of_cohort.flat_map(|(place, client)| {
                let subscriptions = client.subscriptions.iter().enumerate();
                subscriptions.filter(|(_, known)| known.is_ruled).map(move |known| (place, known))
            });
            let ruled: Vec<_> = ruled.collect();
            let sources: Vec<&Source> = ruled.iter().map(|(_, (_, known))| &known.source).collect();
            let slots = flush::shown_now(world, cohort, memory, &sources);
            held.extend(ruled.iter().zip(slots).map(|(&(client, (subscription, _)), slots)| HeldRows {
                client,
                subscription,
                slots,
            }));
        }
        held
    }

    /// From now on these subscriptions hold their rows by themselves: the tables of their rules may be gone.
    pub(super) fn hold(&mut self, rows: Vec<HeldRows>) {
        for HeldRows { client, subscription, slots } in rows {
            let Some(client) = self.clients.get_mut(client).and_then(Option::as_mut) else { continue };
            let Some(cohort) = client.cohort.and_then(|cohort| self.cohorts.get_mut(cohort)) else {
                continue;
            };
            let Some(known) = client.subscriptions.get_mut(subscription) else { continue };
            let source = std::mem::replace(&mut known.source, Source::Held(slots));
            flush::release_source(&mut self.world, cohort, source);
        }
    }

    /// Reads the subscriptions again about which rules decided before the schema changed, or do now.
    pub(super) fn read_ruled_again(&mut self) {
        for place in 0..self.clients.len() {
            let count = self
                .clients
                .get(place)
                .and_then(Option::as_ref)
                .map_or(0, |client| client.subscriptions.len());
            (0..count).for_each(|subscription| self.read_again(place, subscription));
        }
    }

    fn read_again(&mut self, place: usize, subscription: usize) {
        let Some(client) = self.clients.get(place).and_then(Option::as_ref) else { return };
        let Some(known) = client.subscriptions.get(subscription) else { return };
        if !known.is_ruled && !self.are_ruled(&known.queried) {
            return;
        }
        let loose = known.loose.as_deref();
        let check = |asked: &Plan, _| loose.map(|loose| loose.terms.check(asked)).transpose();
        let planned = self.plan(client, known.number, (&known.sql, &known.parameters), check);
        let Some(cohort) = client.cohort.and_then(|cohort| self.cohorts.get_mut(cohort)) else { return };
        let read = planned.and_then(|(planned, terms)| {
            let shown = (planned.columns, terms.is_some());
            let source = claim_all(&mut self.world, cohort, planned.plans, shown)?;
            Ok((source, planned.columns, planned.is_ruled))
        });
        cohort.tell_news(place);
        let client = self.clients.get_mut(place).and_then(Option::as_mut);
        let Some(known) = client.and_then(|client| client.subscriptions.get_mut(subscription)) else {
            return;
        };
        match read {
            Ok((source, columns, is_ruled)) => {
                known.stage = Stage::Changing;
                known.is_outdated = true;
                (known.columns, known.is_ruled) = (columns, is_ruled);
                known.next = Some(Box::new(source));
            }
            Err(refused) => {
                known.stage = Stage::Ended;
                known.refused = Some(refused);
            }
        }
    }
}
