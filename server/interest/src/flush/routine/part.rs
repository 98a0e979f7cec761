//! What a flush does for one table of one client whose subscriptions are steady.

use ambit_model::Slot;
use ambit_wire::{begin_table, end_table};

use crate::client::{Centre, Client, Source, Subscription};
use crate::cohort::Cohort;
use crate::filters::FilterId;
use crate::flush::loose::Own;
use crate::flush::{Scratch, begin, circle, end, filter, loose, ranking, union};
use crate::ground::Shape;
use crate::query::plan::Circle;
use crate::rankings::RankingId;
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
    Ranking {
        known_table: u16,
        table: u16,
        ranking: RankingId,
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
    /// All rows together of a join, of the first ones, or that rules show.
    Union {
        known_table: u16,
        table: u16,
        /// The subscription's position in the client's list.
        subscription: usize,
    },
    /// With delivery options.
    Loose {
        known_table: u16,
        table: u16,
        own: Option<Own>,
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
        if subscription.loose.is_some() {
            let own = own(world, cohort, &subscription.source);
            return Self::Loose { known_table, table, own, subscription: position };
        }
        match &subscription.source {
            Source::Filter(filter) => Self::Filter { known_table, table, filter: *filter },
            Source::Ranking(ranking) => Self::Ranking { known_table, table, ranking: *ranking },
            Source::Join { .. } | Source::Top { .. } | Source::Any(_) => {
                Self::Union { known_table, table, subscription: position }
            }
            Source::Near(_) | Source::Held(_) => Self::Other,
            Source::Circle { circle, ground, observers } => {
                let members = cohort.filters.get(*observers).map(|watched| watched.members.as_slice());
                let is_own = is_around_itself(circle) && circle.rule_for.is_none();
                let is_exact = |shape: &Shape| shape.is_exact && shape.shown == columns;
                let is_exact = world.ground(*ground).is_some_and(|ground| is_exact(&ground.shape));
                match members {
                    Some(&[observer]) if is_own && is_exact => {
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
        world: &World,
        cohort: &Cohort,
        client: &mut Option<Client>,
        scratch: &mut Scratch<'_>,
        out: &mut Vec<u8>,
    ) -> bool {
        match *self {
            Self::Filter { known_table, table, filter } => {
                let mark = begin(scratch, (table, known_table), out);
                filter::write(world, cohort, scratch, table, filter, out);
                end(scratch, (table, known_table), mark, out);
                true
            }
            Self::Ranking { known_table, table, ranking: id } => {
                let mark = begin(scratch, (table, known_table), out);
                ranking::write(world, cohort, scratch, table, id, out);
                end(scratch, (table, known_table), mark, out);
                true
            }
            Self::Circle { known_table, table, ground, observer, radius, subscription } => {
                let is_still =
                    scratch.tables.get(usize::from(table)).map(|table| table.period.rows.is_empty());
                if is_still != Some(false) {
                    return true;
                }
                let mark = begin(scratch, (table, known_table), out);
                let reason = |slot: Slot| {
                    let source = client.as_ref().and_then(|client| client.subscriptions.get(subscription));
                    circle::view::reason_of(world, cohort, source, slot)
                };
                let is_done =
                    circle::write_own(world, scratch, (table, ground, observer, radius), reason, out);
                end(scratch, (table, known_table), mark, out);
                is_done
            }
            Self::Union { known_table, table, subscription } => {
                let joined = client.as_ref().and_then(|client| client.subscriptions.get(subscription));
                let joined = joined.map(std::slice::from_ref).unwrap_or_default();
                let mark = begin(scratch, (table, known_table), out);
                union::write(world, cohort, scratch, table, joined, out);
                end(scratch, (table, known_table), mark, out);
                true
            }
            Self::Loose { known_table, table, own, subscription } => {
                let known = client.as_mut().and_then(|client| client.subscriptions.get_mut(subscription));
                if let Some(known) = known {
                    let mark = begin_table(out, known_table);
                    let known = std::slice::from_mut(known);
                    loose::write(world, cohort, scratch, (table, subscription), (known, own), out);
                    end_table(out, mark);
                }
                true
            }
            Self::Other => false,
        }
    }
}

/// A circle with delivery options around a row that it can show itself.
fn own(world: &World, cohort: &Cohort, source: &Source) -> Option<Own> {
    let near = match source {
        Source::Near(near) => near,
        Source::Filter(_)
        | Source::Circle { .. }
        | Source::Join { .. }
        | Source::Ranking(_)
        | Source::Top { .. }
        | Source::Any(_)
        | Source::Held(_) => return None,
    };
    let (circle, observers) = match &near.centre {
        Centre::Moving { circle, observers } => (circle, *observers),
        Centre::Fixed { .. } => return None,
    };
    let is_exact = world.spots(near.spots)?.shape().is_exact;
    let members = cohort.filters.get(observers)?.members.as_slice();
    match *members {
        [observer] if is_exact && is_around_itself(circle) => {
            Some(Own { spots: near.spots, observer, radius: near.radius })
        }
        _ => None,
    }
}

/// Whether a circle lies around rows of the table that it shows, by the same columns.
fn is_around_itself(circle: &Circle) -> bool {
    circle.observer.table == circle.target.table
        && circle.observer_position == circle.target_position
        && circle.joined.iter().all(|(target, observer)| target == observer)
}
