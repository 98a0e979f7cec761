//! What is in force in subscriptions, as the server told it last. It leaves out asking for it.

use std::collections::BTreeMap;

use ambit_wire::Inspection;
use ambit_wire::limits::SUBSCRIPTIONS_MAX;

use crate::error::ProtocolError;

/// The last answer by subscription, for as long as that is alive.
#[derive(Debug, Default)]
pub(crate) struct Inspections(BTreeMap<u32, Inspection>);

impl Inspections {
    /// The server told what is in force. It tells so of living subscriptions only, and those are not many.
    pub(crate) fn told(&mut self, inspection: Inspection) -> Result<(), ProtocolError> {
        self.0.insert(inspection.subscription, inspection);
        match self.0.len() > SUBSCRIPTIONS_MAX {
            true => Err(ProtocolError::TooMany { what: "inspections", max: SUBSCRIPTIONS_MAX }),
            false => Ok(()),
        }
    }

    /// The subscription is over.
    pub(crate) fn forget(&mut self, subscription: u32) {
        self.0.remove(&subscription);
    }

    /// Adds what was told since. Of more than can be alive the oldest are forgotten: whoever tells of those does not tell of
    /// their ends.
    pub(crate) fn take(&mut self, news: &mut Self) {
        self.0.append(&mut news.0);
        while self.0.len() > SUBSCRIPTIONS_MAX {
            self.0.pop_first();
        }
    }

    /// What is in force in a subscription; `None` if nothing was told of it.
    pub(crate) fn get(&self, subscription: u32) -> Option<&Inspection> {
        self.0.get(&subscription)
    }
}
