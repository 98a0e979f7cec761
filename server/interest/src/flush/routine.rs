//! Clients whose subscriptions stay as they are: what a flush does for each is written down once, side by side, in an order
//! in which neighbours in the world follow each other. Whatever changes a subscription or the rows in a circle's centre
//! makes it void; the next flush goes through all clients and writes it down anew.

use std::borrow::Cow;
use std::ops::Range;

use ambit_model::{Slot, Timestamp};
use ambit_wire::{begin_table, end_table};

use super::{Scratch, circle, filter, join, union, write_blocks};
use crate::client::{Client, ClientId, Source, Subscription};
use crate::cohort::Cohort;
use crate::filters::FilterId;
use crate::follower::ClientUpdate;
use crate::limits;
use crate::world::{GroundId, World};

/// What a flush does for the clients of a cohort.
#[derive(Default)]
pub(crate) struct Routines {
    pub is_valid: bool,
    /// Tables, and columns of them, that decide how many rows joins depend on.
    pub bounded: Vec<(u16, u64)>,
    clients: Vec<Routine>,
    parts: Vec<Part>,
    flushes: u32,
}

struct Routine {
    place: usize,
    id: ClientId,
    parts: Range<usize>,
}

/// What it does for one table of one client.
enum Part {
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
    Join {
        known_table: u16,
        table: u16,
        /// The subscription's position in the client's list.
        subscription: usize,
    },
    /// The client is to be gone through as if nothing were known.
    Other,
}

impl Routines {
    /// Writes down what to do; every subscription is steady.
    pub fn learn(&mut self, world: &World, cohort: &Cohort, clients: &[Option<Client>]) {
        self.clients.clear();
        self.parts.clear();
        self.bounded.clear();
        for &place in &cohort.clients {
            let Some(client) = clients.get(place).and_then(Option::as_ref) else { continue };
            let first = self.parts.len();
            let mut position = 0;
            join::add_bounded(&client.subscriptions, &mut self.bounded);
            for group in client.subscriptions.chunk_by(|left, right| left.known_table == right.known_table) {
                self.parts.push(match group {
                    [only] => Part::of(world, cohort, only, position),
                    _ => Part::Other,
                });
                position += group.len();
            }
            self.clients.push(Routine { place, id: client.id, parts: first..self.parts.len() });
        }
        self.is_valid = true;
        self.flushes = limits::FLUSHES_PER_ORDER;
    }

    /// From time to time puts clients next to each other whose circles are.
    fn order(&mut self, scratch: &Scratch) {
        self.flushes += 1;
        if self.flushes < limits::FLUSHES_PER_ORDER {
            return;
        }
        self.flushes = 0;
        let Self { clients, parts, .. } = self;
        clients.sort_by_cached_key(|routine| {
            let parts = parts.get(routine.parts.clone()).unwrap_or_default();
            let place = parts.iter().find_map(|part| match part {
                Part::Circle { ground, observer, .. } => scratch.sweeps.get(*ground)?.place_of(*observer),
                Part::Filter { .. } | Part::Join { .. } | Part::Other => None,
            });
            (place, routine.place)
        });
    }
}

impl Part {
    fn of(world: &World, cohort: &Cohort, subscription: &Subscription, position: usize) -> Self {
        let Subscription { known_table, table, .. } = *subscription;
        match &subscription.source {
            Source::Filter(filter) => Self::Filter { known_table, table, filter: *filter },
            Source::Join { .. } => Self::Join { known_table, table, subscription: position },
            Source::Circle { circle, ground, observers } => {
                let members = cohort.filters.get(*observers).map(|watched| watched.members.as_slice());
                let is_own = circle.observer.table == circle.target.table
                    && circle.observer_position == circle.target_position
                    && circle.joined.iter().all(|(target, observer)| target == observer);
                let is_exact = world.ground(*ground).is_some_and(|ground| ground.shape.is_exact);
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
    fn write(
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
            Self::Join { known_table, table, subscription } => {
                let joined = client.and_then(|client| client.subscriptions.get(subscription));
                let mark = begin_table(out, known_table);
                union::write(
                    world,
                    cohort,
                    scratch,
                    table,
                    joined.map(std::slice::from_ref).unwrap_or_default(),
                    out,
                );
                end_table(out, mark);
                true
            }
            Self::Other => false,
        }
    }
}

/// Flushes a cohort whose routines are valid.
pub(super) fn run(
    world: &mut World,
    cohort: &mut Cohort,
    clients: &[Option<Client>],
    scratch: &mut Scratch,
    (offset, timestamp): (u64, Timestamp),
    sink: &mut dyn FnMut(ClientUpdate<'_>),
) {
    let mut routines = std::mem::take(&mut cohort.routines);
    let mut blocks = std::mem::take(&mut scratch.blocks);
    for routine in &routines.clients {
        blocks.clear();
        let client = || clients.get(routine.place).and_then(Option::as_ref);
        let parts = routines.parts.get(routine.parts.clone()).unwrap_or_default();
        if !parts.iter().all(|part| part.write(world, cohort, client(), scratch, &mut blocks)) {
            blocks.clear();
            if let Some(client) = client() {
                write_blocks(world, cohort, client, scratch, &mut blocks);
            }
        }
        if !blocks.is_empty() {
            sink(ClientUpdate {
                client: routine.id,
                offset,
                timestamp,
                applied: Vec::new(),
                ended: Vec::new(),
                refused: Vec::new(),
                blocks: Cow::Borrowed(&blocks),
            });
        }
    }
    routines.order(scratch);
    scratch.blocks = blocks;
    cohort.routines = routines;
}
