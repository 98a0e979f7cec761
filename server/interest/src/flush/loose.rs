//! Subscriptions with delivery options: circles that rows leave later than they enter, and clients that are not told every
//! change at once.
//!
//! What a client holds is remembered here row by row, together with the epoch of what it was sent. What it lacks follows from
//! the stamps of the table, where its rows are from [`crate::world::spots`]; neither is kept per client. Rows enter and leave
//! at every flush, as the strict result does. Only changes of rows wait: for the interval of their tier, and for the
//! connection's budget.

mod filter;
mod near;

mod judge;
mod send;

mod budget;
mod mixed;

mod inspect;

pub(crate) use budget::Purse;
pub(super) use inspect::{Figures, figures};

use ambit_model::{Slot, Timestamp};
use ambit_wire::{LeaveReason, begin_table, end_table, write_delete};

use super::circle::view as circle_view;
use super::{Scratch, columns, filter as strict_filter};
use crate::client::{Centre, Client, Near, Source, Stage, Subscription};
use crate::cohort::Cohort;
use crate::delivery::Terms;
use crate::grid::{Disc, Found};
use crate::world::World;
use crate::world::near::SpotsId;
use budget::Rivals;
use judge::{Due, Judge};
use send::Copies;

/// What a client holds of a subscription, and on which terms.
pub(crate) struct Loose {
    pub terms: Terms,
    held: Vec<Entry>,
    last: Option<Last>,
}

/// A row that a client holds: 20 bytes.
#[derive(Debug, Clone, Copy)]
struct Entry {
    slot: Slot,
    /// The client has all columns as they were in this epoch, or later.
    whole: u32,
    /// The columns of the tier `tier` as they were in this one.
    part: u32,
    /// When it was sent last, in milliseconds that wrap around.
    sent_at: u32,
    tier: u8,
    /// Where it was at the last flush, if the client sees the table through other subscriptions too: its tier, and how near it
    /// was, from 0 at the border to 255 in the centre.
    tier_now: u8,
    nearness: u8,
}

/// The last flush of a subscription.
#[derive(Debug, Clone, Copy)]
struct Last {
    /// Of the stamps.
    generation: u32,
    epoch: u32,
    /// Where the one circle was, and the grid's generation.
    disc: Option<(Disc, u32)>,
}

/// A circle around a row that it can show itself, and shows by place and joined columns alone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Own {
    pub spots: SpotsId,
    pub observer: Slot,
    pub radius: f64,
}

/// Memory that flushes reuse.
#[derive(Default)]
pub(super) struct LooseScratch {
    now_ms: u32,
    /// Half a period of the cohort: a tier's interval is over at the nearest flush.
    tolerance_ms: u32,
    /// A row that waits longer comes before all others.
    overdue_ms: u32,
    moves: Moves,
    discs: Vec<(Disc, Slot)>,
    found: Found,
    rivals: Rivals,
    /// By table.
    copies: Vec<Copies>,
    mixed: mixed::Mixed,
    /// Whether the client at hand lacks something.
    waits: bool,
}

/// What a flush does to the rows that a client holds.
#[derive(Default)]
struct Moves {
    left: Vec<Left>,
    /// Rows that enter.
    entered: Vec<Slot>,
    /// Rows whose slot was given to another row.
    again: Vec<Slot>,
    due: Vec<Due>,
    /// Positions of held rows that may not stay.
    odd: Vec<u32>,
    /// Rows that enter if they are not held.
    candidates: Vec<Slot>,
}

/// A row that leaves.
#[derive(Debug, Clone, Copy)]
struct Left {
    slot: Slot,
    /// Whether the slot has another row now, or none.
    is_another: bool,
    /// The client has all columns as they were in this epoch, or later.
    whole: u32,
}

impl Left {
    fn new(entry: Entry, is_another: bool) -> Self {
        Self { slot: entry.slot, is_another, whole: entry.whole }
    }
}

impl Loose {
    pub fn new(terms: Terms) -> Self {
        Self { terms, held: Vec::new(), last: None }
    }
}

impl LooseScratch {
    /// Begins the flush of a cohort.
    pub fn begin(&mut self, now: Timestamp, tolerance_ms: u32) {
        self.now_ms = now.0.div_euclid(1_000).rem_euclid(1 << 32) as u32;
        self.tolerance_ms = tolerance_ms;
    }

    /// Whether the client that was written last lacks something.
    pub fn waits(&self) -> bool {
        self.waits
    }
}

/// Begins the update of a client that may have such subscriptions.
pub(super) fn begin_client(scratch: &mut Scratch<'_>, client: &mut Client) {
    let LooseScratch { now_ms, overdue_ms, rivals, waits, .. } = &mut scratch.loose;
    *waits = false;
    rivals.clear();
    *overdue_ms = client.purse.begin(&client.subscriptions, *now_ms);
}

/// Appends the operations on the table that these subscriptions, some of them loose, show; `first` is the position of the first
/// one in the client's list.
pub(super) fn write(
    world: &World,
    cohort: &Cohort,
    scratch: &mut Scratch<'_>,
    (table, first): (u16, usize),
    (group, own): (&mut [Subscription], Option<Own>),
    out: &mut Vec<u8>,
) {
    match group {
        [only] => write_alone(world, cohort, scratch, (table, first), (only, own), out),
        _ => mixed::write(world, cohort, scratch, (table, first), group, out),
    }
}

/// After all tables of a client: appends the changes of rows that the budget has room for.
pub(super) fn finish_client(
    world: &World,
    scratch: &mut Scratch<'_>,
    client: &mut Client,
    out: &mut Vec<u8>,
) {
    budget::spend(world, scratch, client, out);
}

fn write_alone(
    world: &World,
    cohort: &Cohort,
    scratch: &mut Scratch<'_>,
    (table, position): (u16, usize),
    (subscription, own): (&mut Subscription, Option<Own>),
    out: &mut Vec<u8>,
) {
    let mut moves = std::mem::take(&mut scratch.loose.moves);
    moves.clear();
    evaluate(world, cohort, scratch, table, (subscription, own), false, &mut moves);
    for &Left { slot, is_another, .. } in &moves.left {
        let reason = match is_another {
            true => LeaveReason::Deleted,
            false => leave_reason(world, cohort, subscription, slot),
        };
        write_delete(out, slot, reason);
    }
    if let Some(loose) = &mut subscription.loose {
        let LooseScratch { rivals, copies, now_ms, overdue_ms, waits, .. } = &mut scratch.loose;
        if loose.terms.budget > 0 {
            let weigh = |slot| world.weight(table, slot);
            rivals.add(position, (&loose.held, &moves.due), (*now_ms, *overdue_ms), weigh);
        } else {
            let shown = subscription.columns;
            let mut sender = send::Sender::new(world, copies, (table, shown), *now_ms);
            for due in &moves.due {
                if let (Some(sender), Some(entry)) = (&mut sender, loose.held.get_mut(due.entry as usize)) {
                    *waits |= sender.send(&loose.terms, entry, due.tier, out);
                }
            }
        }
    }
    for &slot in &moves.entered {
        columns::insert(world, (table, slot), subscription.columns, out);
    }
    scratch.loose.moves = moves;
}

/// Brings what the client holds of a subscription to what it is to hold. `is_beside` says that the client sees the table
/// through other subscriptions too: then nothing is due yet, and each row's tier is noted.
fn evaluate(
    world: &World,
    cohort: &Cohort,
    scratch: &mut Scratch<'_>,
    table: u16,
    (subscription, own): (&mut Subscription, Option<Own>),
    is_beside: bool,
    moves: &mut Moves,
) {
    let stage = subscription.stage;
    let Subscription { source, next, loose, columns: shown, .. } = subscription;
    let Some(Loose { terms, held, last }) = loose.as_deref_mut() else { return };
    let Some(stamps) = world.table(table).map(|table| &table.stamps) else { return };
    let (generation, epoch) = (stamps.generation(), stamps.epoch());
    match stage {
        Stage::Refused => return,
        Stage::Ended => {
            moves.left.extend(held.drain(..).map(|entry| Left::new(entry, false)));
            return;
        }
        Stage::Added | Stage::Steady | Stage::Changing => {}
    }
    if last.is_some_and(|last| last.generation != generation) {
        // Epochs mean something else now.
        moves.left.extend(held.drain(..).map(|entry| Left::new(entry, true)));
    }
    *last = last.filter(|last| last.generation == generation && stage == Stage::Steady);
    let judge = Judge::new(world, scratch.loose, (table, terms, *shown), is_beside);
    let disc = match next.as_deref().unwrap_or(source) {
        Source::Filter(id) => {
            filter::hold(cohort, scratch, (world, *id), (held, last.is_some()), &judge, moves);
            None
        }
        Source::Near(near) => near::hold(cohort, scratch, (world, near, own), (held, *last), &judge, moves),
        // No subscription of these has terms.
        Source::Circle { .. }
        | Source::Join { .. }
        | Source::Ranking(_)
        | Source::Top { .. }
        | Source::Any(_)
        | Source::Held(_) => None,
    };
    *last = Some(Last { generation, epoch, disc });
    if world.table(table).is_some_and(|table| table.is_ruled) {
        // The grid finds rows in an order in which hidden ones count. From here on that would decide which rows a budget
        // takes first, of those that are worth the same.
        moves.entered.sort_unstable();
    }
    let entries = moves.entered.iter().map(|&slot| Entry::new(slot, epoch, scratch.loose.now_ms, terms));
    held.extend(entries);
}

/// Why a row that exists has left the result.
fn leave_reason(world: &World, cohort: &Cohort, subscription: &Subscription, slot: Slot) -> LeaveReason {
    if subscription.stage == Stage::Ended {
        return LeaveReason::Unsubscribed;
    }
    match subscription.latest() {
        Source::Near(near) => near_reason(world, cohort, near, slot),
        Source::Filter(id) => match cohort.filters.get(*id) {
            Some(watched) => strict_filter::leave_reason(world, &watched.filter, slot),
            None => LeaveReason::Deleted,
        },
        Source::Circle { .. }
        | Source::Join { .. }
        | Source::Ranking(_)
        | Source::Top { .. }
        | Source::Any(_)
        | Source::Held(_) => LeaveReason::Deleted,
    }
}

/// The same of a circle with delivery options.
pub(super) fn near_reason(world: &World, cohort: &Cohort, near: &Near, slot: Slot) -> LeaveReason {
    match &near.centre {
        Centre::Fixed { filter, .. } => strict_filter::leave_reason(world, filter, slot),
        Centre::Moving { circle, observers } => {
            circle_view::reason_around(world, cohort, (circle, *observers), slot)
        }
    }
}

impl Entry {
    fn new(slot: Slot, epoch: u32, now_ms: u32, terms: &Terms) -> Self {
        // Rows that enter together are not sent together from then on.
        let interval_ms = terms.tiers().last().map_or(0, |tier| tier.interval_ms);
        let spread = slot.wrapping_mul(0x9e37_79b9) >> 8;
        let sent_at = now_ms.wrapping_sub(spread % interval_ms.max(1));
        Self { slot, whole: epoch, part: epoch, sent_at, tier: 0, tier_now: 0, nearness: 0 }
    }
}

impl Moves {
    fn clear(&mut self) {
        self.left.clear();
        self.entered.clear();
        self.again.clear();
        self.due.clear();
        self.odd.clear();
    }
}

/// Appends one more block of a client's update.
fn in_block(out: &mut Vec<u8>, known_table: u16, write: impl FnOnce(&mut Vec<u8>)) {
    let mark = begin_table(out, known_table);
    write(out);
    end_table(out, mark);
}
