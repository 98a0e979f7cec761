//! What a flush does for each client of a cohort is written down once, side by side, in an order in which neighbours in the
//! world follow each other. A flush visits those clients only whom the changes can concern. Whatever changes a client's
//! subscriptions, or the rows in a circle's centre, makes its routine void: the next flush goes through the client as if
//! nothing were known, and writes it down anew.

mod part;

mod watchers;

use std::borrow::Cow;

use ambit_model::Timestamp;

use super::{Scratch, covered, filter, flush_anew, join, loose, ranking, write_blocks};
use crate::client::{Client, ClientId};
use crate::cohort::Cohort;
use crate::filters::FilterId;
use crate::follower::ClientUpdate;
use crate::ground::SlotSet;
use crate::limits;
use crate::world::World;
use part::{Part, Parts};
use watchers::Watchers;

/// The clients of a cohort, and what a flush does for each.
#[derive(Default)]
pub(crate) struct Routines {
    all: Vec<Routine>,
    /// By a client's position: the place of its routine plus one, or 0.
    places: Vec<u32>,
    /// Clients whose routine is void.
    voids: Vec<usize>,
    watchers: Watchers,
    /// Clients whose joins depend on rows of tables between others, and the columns that decide how many.
    bounded: (SlotSet, Vec<(u16, u64)>),
    /// By a client's position: whether it lacks something that waits for its turn; and how many do.
    waiting: (Vec<bool>, usize),
    /// The routines that a flush is to visit, a bit each.
    chosen: Vec<u64>,
    /// Visits since they were put in order.
    visits: usize,
}

struct Routine {
    /// The client's position.
    client: usize,
    id: ClientId,
    is_valid: bool,
    /// Whether some have delivery options.
    is_loose: bool,
    parts: Parts,
    /// How many entries of the watchers lead to it.
    entries: usize,
}

impl Routines {
    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Takes in the client at this position.
    pub fn join(&mut self, client: usize) {
        if self.places.len() <= client {
            self.places.resize(client + 1, 0);
        }
        // The id is learned with the rest.
        let id = ClientId(0);
        let parts = Parts::Many(Vec::new());
        self.all.push(Routine { client, id, is_valid: false, is_loose: false, parts, entries: 0 });
        if let Some(place) = self.places.get_mut(client) {
            *place = self.all.len() as u32;
        }
        self.voids.push(client);
    }

    pub fn leave(&mut self, client: usize) {
        let Some(place) = self.place(client) else { return };
        let routine = self.all.swap_remove(place);
        self.watchers.forget(routine.entries);
        if !routine.is_valid {
            self.voids.retain(|&other| other != client);
        }
        self.note_place(place);
        if let Some(place) = self.places.get_mut(client) {
            *place = 0;
        }
        self.note_waiting(client, false);
    }

    /// Whether any client lacks something that waits for its turn.
    pub fn has_waiting(&self) -> bool {
        self.waiting.1 > 0
    }

    /// Notes whether a client does.
    pub fn note_waiting(&mut self, client: usize, waits: bool) {
        let (flags, count) = &mut self.waiting;
        if waits && flags.len() <= client {
            flags.resize(client + 1, false);
        }
        if let Some(flag) = flags.get_mut(client) {
            *count = *count + usize::from(waits) - usize::from(*flag);
            *flag = waits;
        }
    }

    /// What is written down of the client does not hold any more.
    pub fn void(&mut self, client: usize) {
        let Some(routine) = self.place(client).and_then(|place| self.all.get_mut(place)) else { return };
        if routine.is_valid {
            routine.is_valid = false;
            self.watchers.forget(std::mem::take(&mut routine.entries));
            self.voids.push(client);
        }
    }

    /// Nor what is written down of those who watch a filter.
    pub fn void_watchers(&mut self, filter: FilterId) {
        let clients: Vec<usize> = self.watchers.of_filter(filter).collect();
        clients.into_iter().for_each(|client| self.void(client));
    }

    /// Nor what is written down of those whose joins may depend on more rows than before: they are to be counted.
    pub fn void_grown(&mut self, scratch: &Scratch) {
        if join::can_have_grown(scratch, &self.bounded.1) {
            let (clients, _) = std::mem::take(&mut self.bounded);
            clients.iter().for_each(|client| self.void(client as usize));
        }
    }

    /// Nor anything else.
    pub fn forget(&mut self) {
        self.watchers = Watchers::default();
        self.bounded = Default::default();
        self.voids.clear();
        for routine in &mut self.all {
            (routine.is_valid, routine.entries) = (false, 0);
            self.voids.push(routine.client);
        }
    }

    /// Clients whose routine is void.
    pub fn voids(&self) -> impl Iterator<Item = usize> {
        self.voids.iter().copied()
    }

    fn place(&self, client: usize) -> Option<usize> {
        self.places.get(client).and_then(|&place| (place as usize).checked_sub(1))
    }

    /// Notes which client has its routine at this place.
    fn note_place(&mut self, place: usize) {
        let client = self.all.get(place).map(|routine| routine.client);
        if let Some(known) = client.and_then(|client| self.places.get_mut(client)) {
            *known = place as u32 + 1;
        }
    }

    /// Chooses the clients whom the period can concern.
    fn choose(&mut self, scratch: &Scratch) {
        self.chosen.clear();
        self.chosen.resize(self.all.len().div_ceil(u64::BITS as usize), 0);
        let Self { places, chosen, watchers, voids, waiting, .. } = self;
        let mut choose = |client: usize| {
            // Whoever has gone has no place.
            let Some(place) = places.get(client).and_then(|&place| (place as usize).checked_sub(1)) else {
                return;
            };
            if let Some(word) = chosen.get_mut(place / u64::BITS as usize) {
                *word |= 1 << (place % u64::BITS as usize);
            }
        };
        let filters = scratch.touched.iter().flat_map(|&filter| watchers.of_filter(filter));
        let changed = (0..).zip(&scratch.tables).filter(|(_, table)| !table.period.rows.is_empty());
        let tables = changed.flat_map(|(table, _)| watchers.of_table(table));
        let rankings = scratch.ranked.iter().flat_map(|&ranking| watchers.of_ranking(ranking));
        filters.chain(tables).chain(rankings).for_each(&mut choose);
        if waiting.1 > 0 {
            waiting.0.iter().enumerate().filter(|(_, waits)| **waits).for_each(|(client, _)| choose(client));
        }
        voids.drain(..).for_each(choose);
    }

    /// Takes the place of a chosen routine that is not before `from`.
    fn next_chosen(&mut self, from: usize) -> Option<usize> {
        let mut number = from / u64::BITS as usize;
        loop {
            let word = self.chosen.get_mut(number)?;
            if *word != 0 {
                let bit = word.trailing_zeros() as usize;
                *word &= *word - 1;
                return Some(number * u64::BITS as usize + bit);
            }
            number += 1;
        }
    }

    /// Writes down what to do for the client, whose subscriptions are steady.
    fn learn(&mut self, world: &World, cohort: &Cohort, place: usize, client: &Client) {
        let Some(routine) = self.all.get_mut(place) else { return };
        let mut position = 0;
        let (is_loose, is_alone) = (client.is_loose(), client.subscriptions.len() == 1);
        let groups = client.subscriptions.chunk_by(|left, right| left.known_table == right.known_table);
        let mut parts = groups.map(|group| {
            let first = position;
            position += group.len();
            // What is remembered is told once: no part of such a client may find that it cannot be written.
            let cover = match group {
                [_] if is_alone => Some(0),
                _ if is_loose => None,
                _ => covered::position_of_cover(cohort, group),
            };
            match cover.and_then(|place| Some((place, group.get(place)?))) {
                Some((place, cover)) => Part::of(world, cohort, cover, first + place),
                None => Part::Other,
            }
        });
        routine.parts = match (parts.next(), parts.next()) {
            (Some(only), None) => Parts::One(only),
            (first, second) => Parts::Many(first.into_iter().chain(second).chain(parts).collect()),
        };
        routine.id = client.id;
        routine.is_valid = true;
        routine.is_loose = is_loose;
        routine.entries = self.watchers.add(routine.client, &client.subscriptions);
        if join::add_bounded(&client.subscriptions, &mut self.bounded.1) {
            self.bounded.0.insert(routine.client as u32);
        }
        // What many have just begun to watch is soon to be in order.
        self.visits += limits::FLUSHES_PER_ORDER as usize;
    }

    /// From time to time puts clients next to each other whose circles are.
    fn order(&mut self, world: &World, scratch: &Scratch) {
        if self.visits < limits::FLUSHES_PER_ORDER as usize * self.all.len() {
            return;
        }
        self.visits = 0;
        self.all.sort_by_cached_key(|routine| {
            let place = routine.parts.all().iter().find_map(|part| match part {
                Part::Circle { ground, observer, .. } => scratch.sweeps.get(*ground)?.place_of(*observer),
                Part::Loose { own, .. } => own.and_then(|own| world.spots(own.spots)?.order_of(own.observer)),
                Part::Filter { .. } | Part::Ranking { .. } | Part::Union { .. } | Part::Other => None,
            });
            (place, routine.client)
        });
        (0..self.all.len()).for_each(|place| self.note_place(place));
    }

    /// Forgets who has watched something before, when those are many.
    fn renew_watchers(&mut self, clients: &[Option<Client>]) {
        if !self.watchers.are_mostly_forgotten() {
            return;
        }
        self.watchers.clear();
        for routine in &mut self.all {
            if let Some(client) = clients.get(routine.client).and_then(Option::as_ref) {
                routine.entries = self.watchers.add(routine.client, &client.subscriptions);
            }
        }
    }
}

/// Tells the clients of a cohort whom the period concerns; returns how many subscriptions have ended.
pub(super) fn run(
    world: &mut World,
    cohort: &mut Cohort,
    clients: &mut [Option<Client>],
    scratch: &mut Scratch,
    commit: (u64, Timestamp),
    sink: &mut dyn FnMut(ClientUpdate<'_>),
) -> u64 {
    let mut routines = std::mem::take(&mut cohort.routines);
    let (mut ended_count, mut from, mut visits) = (0, 0, 0);
    routines.choose(scratch);
    while let Some(place) = routines.next_chosen(from) {
        from = place;
        let Some(routine) = routines.all.get(place) else { break };
        if routine.is_valid {
            visits += 1;
            let (client, is_loose) = (routine.client, routine.is_loose);
            routine.run(world, cohort, clients, scratch, commit, sink);
            if is_loose {
                routines.note_waiting(client, scratch.loose.waits());
            }
        } else if let Some(client) = clients.get_mut(routine.client).and_then(Option::as_mut) {
            ended_count += flush_anew(world, cohort, client, scratch, commit, sink);
            routines.learn(world, cohort, place, client);
            let position = routines.all.get(place).map_or(0, |routine| routine.client);
            routines.note_waiting(position, scratch.loose.waits());
        }
    }
    if visits > 0 {
        // Where circles are is known when some were visited.
        routines.visits += visits;
        routines.order(world, scratch);
    }
    routines.renew_watchers(clients);
    cohort.routines = routines;
    ended_count
}

impl Routine {
    fn run(
        &self,
        world: &mut World,
        cohort: &mut Cohort,
        clients: &mut [Option<Client>],
        scratch: &mut Scratch,
        commit: (u64, Timestamp),
        sink: &mut dyn FnMut(ClientUpdate<'_>),
    ) {
        let Some(client) = clients.get_mut(self.client) else { return };
        if let [Part::Filter { known_table, table, filter }] = *self.parts.all()
            && let Some(block) = filter::block(world, cohort, scratch, (table, known_table), filter)
        {
            return sink(self.update(commit, block));
        }
        if let [Part::Ranking { known_table, table, ranking }] = *self.parts.all()
            && let Some(block) = ranking::block(world, cohort, scratch, (table, known_table), ranking)
        {
            return sink(self.update(commit, block));
        }
        let mut blocks = std::mem::take(&mut scratch.blocks);
        blocks.clear();
        if self.is_loose
            && let Some(client) = client
        {
            loose::begin_client(scratch, client);
        }
        if !self.parts.all().iter().all(|part| part.write(world, cohort, client, scratch, &mut blocks)) {
            blocks.clear();
            if let Some(client) = client {
                write_blocks(world, cohort, client, scratch, &mut blocks);
            }
        }
        if self.is_loose
            && let Some(client) = client
        {
            loose::finish_client(world, scratch, client, &mut blocks);
        }
        if !blocks.is_empty() {
            sink(self.update(commit, &blocks));
        }
        scratch.blocks = blocks;
    }

    fn update<'a>(&self, (offset, timestamp): (u64, Timestamp), blocks: &'a [u8]) -> ClientUpdate<'a> {
        ClientUpdate {
            client: self.id,
            offset,
            timestamp,
            applied: Vec::new(),
            ended: Vec::new(),
            refused: Vec::new(),
            inspections: Vec::new(),
            resumed: false,
            blocks: Cow::Borrowed(blocks),
        }
    }
}
