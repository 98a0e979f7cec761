//! What a client holds of a subscription with delivery options, counted. It leaves out the subscription's circles.

use ambit_model::Slot;
use ambit_wire::TierInForce;
use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;

use super::{Entry, Loose, near, send};
use crate::client::{Source, Subscription};
use crate::cohort::Cohort;
use crate::delivery::Terms;
use crate::world::World;
use crate::world::stamps::Stamps;

/// What is held, after a flush.
#[derive(Default)]
pub(in crate::flush) struct Figures {
    pub rows: usize,
    /// Rows of which the client lacks something.
    pub waiting: usize,
    /// None if the subscription names none.
    pub tiers: Vec<TierInForce>,
}

/// Counts the rows of a steady subscription, one of a client's; none if it has no delivery options.
pub(in crate::flush) fn figures(
    world: &World,
    cohort: &Cohort,
    (subscription, all): (&Subscription, &[Subscription]),
) -> Option<Figures> {
    let Loose { terms, held, .. } = subscription.loose.as_deref()?;
    let stamps = &world.table(subscription.table)?.stamps;
    let (rows, mut waiting) = (held.len(), lacking(stamps, subscription));
    // Of several subscriptions that hold a row the one that sends it notes so.
    for other in all.iter().filter(|other| is_beside(other, subscription)) {
        if waiting.is_empty() {
            break;
        }
        let lacks_too = lacking(stamps, other);
        let Some(Loose { held, .. }) = other.loose.as_deref() else { continue };
        let known = held.iter().map(|entry| entry.slot).filter(|slot| !lacks_too.contains(slot));
        known.for_each(|slot| _ = waiting.remove(&slot));
    }
    let waiting = waiting.len();
    let mut tiers = named(terms);
    if let Source::Near(near) = &subscription.source
        && let Some(last) = tiers.len().checked_sub(1)
    {
        let (slots, leave) = (held.iter().map(|entry| entry.slot), near.radius + terms.hysteresis);
        near::distances(cohort, (world, near), slots, leave, |square| {
            let ends = terms.tiers().iter().take(last);
            let tier = ends.filter(|tier| square > tier.square).count();
            tiers.get_mut(tier).into_iter().for_each(|tier| tier.rows += 1);
        });
    }
    Some(Figures { rows, waiting, tiers })
}

/// Whether a client sees the same columns of the same table through both subscriptions: only then one tells for the other.
fn is_beside(other: &Subscription, subscription: &Subscription) -> bool {
    let of = |known: &Subscription| (known.known_table, known.columns);
    of(other) == of(subscription) && other.number != subscription.number
}

/// The rows of which, going by what this subscription sent, the client lacks something.
fn lacking(stamps: &Stamps, subscription: &Subscription) -> HashSet<Slot, FxBuildHasher> {
    let Some(Loose { terms, held, .. }) = subscription.loose.as_deref() else { return HashSet::default() };
    let lacks = |entry: &&Entry| send::pending((stamps, subscription.columns), terms, entry) != 0;
    held.iter().filter(lacks).map(|entry| entry.slot).collect()
}

/// The tiers that a subscription names, all of them empty.
fn named(terms: &Terms) -> Vec<TierInForce> {
    let named = terms.tiers().iter().filter(|tier| tier.square.is_finite());
    named
        .map(|tier| TierInForce { distance: tier.square.sqrt(), interval_ms: tier.interval_ms, rows: 0 })
        .collect()
}
