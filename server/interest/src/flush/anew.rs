//! A client whose subscriptions begin, end or change, or of whom nothing is written down: it is gone through as if nothing were
//! known. What it is told is put together like everybody's; what it has claimed is then settled, one client after the other.

use std::borrow::Cow;

use super::{Occasion, Scratch, join, loose, release, release_source, write_blocks};
use crate::client::{Centre, Client, Source, Stage, Subscription};
use crate::cohort::Cohort;
use crate::filters::FilterId;
use crate::follower::{Applied, ClientUpdate, Refusal};
use crate::limits;
use crate::query::QueryError;
use crate::world::World;

/// Puts a client's blocks together. Sources that its subscriptions do not go over to are left to be released.
pub(super) fn write(
    world: &World,
    cohort: &Cohort,
    client: &mut Client,
    scratch: &mut Scratch<'_>,
    (blocks, freed): (&mut Vec<u8>, &mut Vec<Source>),
) {
    blocks.clear();
    for subscription in &mut client.subscriptions {
        freed.extend(bound(world, cohort, scratch, subscription));
    }
    loose::begin_client(scratch, client);
    write_blocks(world, cohort, client, scratch, blocks);
    loose::finish_client(world, scratch, client, blocks);
}

/// After [`write`]: settles what the client's subscriptions are from now on. Returns its update with these blocks, and how many
/// subscriptions have ended.
pub(super) fn settle<'a>(
    world: &mut World,
    cohort: &mut Cohort,
    client: &mut Client,
    (blocks, freed): (&'a [u8], Vec<Source>),
    occasion: Occasion,
) -> (ClientUpdate<'a>, u64) {
    freed.into_iter().for_each(|source| release_source(world, cohort, source));
    let (offset, timestamp) = occasion.commit;
    let mut update = ClientUpdate {
        client: client.id,
        offset,
        timestamp,
        applied: Vec::new(),
        ended: std::mem::take(&mut client.ended),
        refused: Vec::new(),
        inspections: Vec::new(),
        resumed: false,
        blocks: Cow::Borrowed(blocks),
    };
    let is_settled = |known: &Subscription| known.stage == Stage::Steady && known.refused.is_none();
    let ended_count = match client.subscriptions.iter().all(is_settled) {
        true => 0,
        false => settle_all(world, cohort, client, &mut update),
    };
    (update, ended_count)
}

/// Ends a moving circle with too many centres, or a join that depends on too many rows: each costs a search in every flush,
/// and who adds the rows is not always who subscribes. Other parameters that lead to one are not taken.
///
/// Answers the source that it does not go over to.
fn bound(
    world: &World,
    cohort: &Cohort,
    scratch: &mut Scratch<'_>,
    subscription: &mut Subscription,
) -> Option<Source> {
    let mut freed = None;
    if subscription.stage == Stage::Changing
        && let Some(refused) = too_many(world, cohort, scratch, subscription.latest())
    {
        // What other rules have shown is not shown any more.
        subscription.stage = if subscription.is_outdated { Stage::Ended } else { Stage::Steady };
        subscription.refused = Some(refused);
        subscription.next_parameters = None;
        freed = subscription.next.take().map(|next| *next);
    }
    let stage = match subscription.stage {
        Stage::Added => Stage::Refused,
        Stage::Steady if are_joins_still(cohort, scratch, &subscription.source) => return freed,
        Stage::Steady => Stage::Ended,
        Stage::Changing | Stage::Ended | Stage::Refused => return freed,
    };
    if let Some(refused) = too_many(world, cohort, scratch, &subscription.source) {
        subscription.stage = stage;
        subscription.refused = Some(refused);
    }
    freed
}

/// Whether a source consists of joins that depend on as many rows as before.
fn are_joins_still(cohort: &Cohort, scratch: &Scratch<'_>, source: &Source) -> bool {
    source.parts().iter().all(|part| match part {
        Source::Join { join, leaves } => join::is_still(cohort, scratch, (join, leaves)),
        Source::Filter(_)
        | Source::Circle { .. }
        | Source::Ranking(_)
        | Source::Top { .. }
        | Source::Near(_)
        | Source::Any(_)
        | Source::Held(_) => false,
    })
}

/// Why rows of this source depend on too many others, if they do.
fn too_many(
    world: &World,
    cohort: &Cohort,
    scratch: &mut Scratch<'_>,
    source: &Source,
) -> Option<QueryError> {
    match source {
        Source::Filter(_) | Source::Ranking(_) | Source::Held(_) => None,
        Source::Any(parts) => parts.iter().find_map(|part| too_many(world, cohort, scratch, part)),
        Source::Top { of, .. } => too_many(world, cohort, scratch, of),
        Source::Circle { observers, .. } => too_many_observers(cohort, *observers),
        Source::Near(near) => match near.centre {
            Centre::Fixed { .. } => None,
            Centre::Moving { observers, .. } => too_many_observers(cohort, observers),
        },
        Source::Join { join, leaves } => join::too_many_rows(world, cohort, scratch, (join, leaves)),
    }
}

fn too_many_observers(cohort: &Cohort, observers: FilterId) -> Option<QueryError> {
    let count = cohort.filters.get(observers).map_or(0, |watched| watched.members.len());
    (count > limits::OBSERVERS_PER_CIRCLE_MAX).then_some(QueryError::TooManyObservers(count))
}

/// Subscriptions that were added or changed are now steady, those that ended are gone; returns how many ended.
fn settle_all(
    world: &mut World,
    cohort: &mut Cohort,
    client: &mut Client,
    update: &mut ClientUpdate<'_>,
) -> u64 {
    let (mut place, mut ended_count) = (0, 0);
    while let Some(known) = client.subscriptions.get_mut(place) {
        let (subscription, change) = (known.number, std::mem::take(&mut known.change));
        let stage = std::mem::replace(&mut known.stage, Stage::Steady);
        match (stage, known.refused.take()) {
            (Stage::Ended | Stage::Refused, refused) => {
                match refused {
                    Some(reason) => update.refused.push(Refusal { subscription, change: 0, reason }),
                    None => update.ended.push(subscription),
                }
                release(world, cohort, client.subscriptions.remove(place));
                ended_count += 1;
                continue;
            }
            (Stage::Added, _) => update.applied.push(Applied { subscription, change: 0 }),
            (Stage::Changing, _) => {
                if let Some(next) = known.next.take() {
                    release_source(world, cohort, std::mem::replace(&mut known.source, *next));
                }
                known.is_outdated = false;
                if let Some(parameters) = known.next_parameters.take() {
                    known.parameters = parameters;
                }
            }
            (Stage::Steady, Some(reason)) => update.refused.push(Refusal { subscription, change, reason }),
            (Stage::Steady, None) => {}
        }
        if change != 0 && stage != Stage::Steady {
            update.applied.push(Applied { subscription, change });
        }
        place += 1;
    }
    ended_count
}
