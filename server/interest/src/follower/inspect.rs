//! Somebody asks what is in force in a subscription. The answer comes with the client's next update.

use super::Follower;
use crate::client::{ClientId, Stage, Subscription};
use crate::query::QueryError;

impl Follower {
    /// Asks for an [`ambit_wire::Inspection`] of a subscription. It comes with the client's next update, which is made for it if
    /// there is nothing else to tell, and is of the same commit: what it counts is what the client holds after that update. However
    /// often it is asked for until then, it is made once. If the subscription ends first, there is none.
    pub fn inspect(&mut self, id: ClientId, subscription: u32) -> Result<(), QueryError> {
        let place = *self.by_id.get(&id).ok_or(QueryError::UnknownClient)?;
        let client = self.clients.get_mut(place).and_then(Option::as_mut).ok_or(QueryError::UnknownClient)?;
        let unknown = QueryError::UnknownSubscription(subscription);
        let is_alive = |known: &&mut Subscription| {
            known.number == subscription && !matches!(known.stage, Stage::Ended | Stage::Refused)
        };
        let Some(known) = client.subscriptions.iter_mut().find(is_alive) else { return Err(unknown) };
        let cohort = client.cohort.and_then(|cohort| self.cohorts.get_mut(cohort));
        let Some(cohort) = cohort else { return Err(unknown) };
        if !std::mem::replace(&mut known.is_inspected, true) {
            cohort.tell_news(place);
        }
        Ok(())
    }
}
