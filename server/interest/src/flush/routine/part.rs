//! What a flush does for one table of one client whose subscriptions are steady.

use ambit_model::Slot;
use ambit_wire::{begin_table, end_table};

use crate::client::{Client, Source, Subscription};
use crate::cohort::Cohort;
use crate::filters::FilterId;
use crate::flush::{Scratch, circle, filter, union};
use crate::ground::Shape;
use crate::world::{GroundId, World};

/// What it does for all tables of one client. Most clients watch one: theirs is found without another look into memory.
pub(super) enum Parts {
    One(Part),
    Many(Vec<Part>),
}

/// What it does for one table of one client.
pub(super) enum Part {
    Filter {
        known_table: u16,
        table: u16,
        filter: FilterId,
    },
    /// A circle around a row that it can show itself.
    Circle {
        known_table: u16,
        table: u16,
        ground: GroundId,
        observer: Slot,
        radius: f64,
        /// The subscription's position in the client's list.
        subscription: usize,
    },
    /// All rows together that a subscription's joins and rules show.
    Union {
        known_table: u16,
        table: u16,
        /// The subscription's position in the client's list.
        subscription: usize,
    },
    /// The client is to be gone through as if nothing were known.
    Other,
}

impl Parts {
    pub fn all(&self) -> &[Part] {
        match self {
            Self::One(part) => std::slice::from_ref(part),
            Self::Many(parts) => parts,
        }
    }
}

impl Part {
    pub fn of(world: &World, cohort: &Cohort, subscription: &Subscription, position: usize) -> Self {
        let Subscription { known_table, table, columns, .. } = *subscription;
        match &subscription.source {
            Source::Filter(filter) => Self::Filter { known_table, table, filter: *filter },
            Source::Join { .. } | Source::Any(_) => {
                Self::Union { known_table, table, subscription: position }
            }
            Source::Held(_) => Self::Other,
            Source::Circle { circle, ground, observers } => {
                let members = cohort.filters.get(*observers).map(|watched| watched.members.as_slice());
                let is_own = circle.observer.table == circle.target.table
                    && circle.observer_position == circle.target_position
                    && circle.joined.iter().all(|(target, observer)| target == observer);
                let is_exact = |shape: &Shape| shape.is_exact && shape.shown == columns;
                let is_exact = world.ground(*ground).is_some_and(|ground| is_exact(&ground.shape));
                match members {
                    Some(&[observer]) if is_own && is_exact && circle.rule_for.is_none() => {
                        let (ground, radius) = (*ground, circle.radius.get());
                        Self::Circle { known_table, table, ground, observer, radius, subscription: position }
                    }
                    Some(_) | None => Self::Other,
                }
            }
        }
    }

    /// Appends the table's block; answers whether that was possible.
    pub fn write(
        &self,
        world: &mut World,
        cohort: &mut Cohort,
        client: Option<&Client>,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> bool {
        match *self {
            Self::Filter { known_table, table, filter } => {
                let mark = begin_table(out, known_table);
                filter::write(world, cohort, scratch, table, filter, out);
                end_table(out, mark);
                true
            }
            Self::Circle { known_table, table, ground, observer, radius, subscription } => {
                let is_still =
                    scratch.tables.get(usize::from(table)).map(|table| table.period.rows.is_empty());
                if is_still != Some(false) {
                    return true;
                }
                circle::prepare(world, scratch, ground);
                let mark = begin_table(out, known_table);
                let reason = |slot: Slot| {
                    let source = client.and_then(|client| client.subscriptions.get(subscription));
                    circle::view::reason_of(world, cohort, source, slot)
                };
                let is_done =
                    circle::write_own(world, scratch, (table, ground, observer, radius), reason, out);
                end_table(out, mark);
                is_done
            }
            Self::Union { known_table, table, subscription } => {
                let joined = client.and_then(|client| client.subscriptions.get(subscription));
                let joined = joined.map(std::slice::from_ref).unwrap_or_default();
                let mark = begin_table(out, known_table);
                union::write(world, cohort, scratch, table, joined, out);
                end_table(out, mark);
                true
            }
            Self::Other => false,
        }
    }
}
