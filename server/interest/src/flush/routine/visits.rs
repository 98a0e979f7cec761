//! The visits of a flush, on one thread or on several. A visit reads the world, the cohort and what happened, changes its thread's
//! memory and the client at hand, and nothing else.

use super::{Routine, Routines};
use crate::client::{Client, Source};
use crate::cohort::Cohort;
use crate::flush::{Memory, Occasion, Sink, anew as at_first, inspect};
use crate::follower::ClientUpdate;
use crate::limits;
use crate::threads::{Threads, share};
use crate::world::World;

/// A steady client that is to be visited.
struct Visit<'a> {
    routine: &'a Routine,
    client: &'a mut Option<Client>,
    /// Afterwards: whether it lacks something.
    waits: bool,
}

/// A client that is to be gone through as if nothing were known of it.
struct Newcomer {
    /// The place of its routine, and its position.
    place: usize,
    position: usize,
    client: Client,
    blocks: Vec<u8>,
    /// Sources to be released.
    freed: Vec<Source>,
    waits: bool,
}

/// Tells the chosen clients whose routines are valid.
pub(super) fn steady(
    world: &World,
    cohort: &Cohort,
    (routines, clients): (&mut Routines, &mut [Option<Client>]),
    memory: &Memory,
    occasion: Occasion,
    sink: &mut Sink<'_>,
) {
    if let Sink::OnThreads(threads, sink) = *sink
        && routines.chosen.steady.len() >= threads.clients_min()
        && threads.count().get() > 1
    {
        return steady_on(threads, (world, cohort), (routines, clients), memory, occasion, sink);
    }
    let Routines { all, chosen, waiting, .. } = routines;
    memory.with_scratch(0, occasion, |scratch| {
        for routine in chosen.steady.iter().filter_map(|&place| all.get(place)) {
            let Some(client) = clients.get_mut(routine.client) else { continue };
            let shared = routine.run(world, cohort, client, scratch);
            let blocks = shared.unwrap_or(scratch.blocks);
            if !blocks.is_empty() {
                sink.tell(routine.update(occasion.commit, blocks));
            }
            if routine.is_loose {
                waiting.note(routine.client, scratch.loose.waits());
            }
        }
    });
}

fn steady_on(
    threads: &dyn Threads,
    (world, cohort): (&World, &Cohort),
    (routines, clients): (&mut Routines, &mut [Option<Client>]),
    memory: &Memory,
    occasion: Occasion,
    sink: &(dyn Fn(ClientUpdate<'_>) + Sync),
) {
    let Routines { all, places, chosen, waiting, .. } = routines;
    // Each client by the place of its routine, so that every visit has its own and neighbours follow each other.
    let mut by_place: Vec<Option<&mut Option<Client>>> = Vec::new();
    by_place.resize_with(all.len(), || None);
    for (client, place) in clients.iter_mut().zip(&*places) {
        if let Some(known) = (*place as usize).checked_sub(1).and_then(|place| by_place.get_mut(place)) {
            *known = Some(client);
        }
    }
    let visit = |place: &usize| {
        let (routine, client) = (all.get(*place)?, by_place.get_mut(*place)?.take()?);
        Some(Visit { routine, client, waits: false })
    };
    let mut visits: Vec<Visit<'_>> = chosen.steady.iter().filter_map(visit).collect();
    let per_share = per_share(visits.len(), threads);
    share(threads, (&mut visits, per_share), |thread, shares| {
        memory.with_scratch(thread, occasion, |scratch| {
            while let Some(visits) = shares.next() {
                for Visit { routine, client, waits } in visits {
                    let shared = routine.run(world, cohort, client, scratch);
                    let blocks = shared.unwrap_or(scratch.blocks);
                    if !blocks.is_empty() {
                        sink(routine.update(occasion.commit, blocks));
                    }
                    *waits = routine.is_loose && scratch.loose.waits();
                }
            }
        });
    });
    for visit in visits.iter().filter(|visit| visit.routine.is_loose) {
        waiting.note(visit.routine.client, visit.waits);
    }
}

/// Few enough that every thread gets several shares.
fn per_share(items: usize, threads: &dyn Threads) -> usize {
    items.div_ceil(8 * threads.count().get()).clamp(1, limits::CLIENTS_PER_SHARE_MAX)
}

/// Tells the other chosen clients, and writes down what to do for them from now on; returns how many subscriptions have ended.
pub(super) fn anew(
    world: &mut World,
    cohort: &mut Cohort,
    (routines, clients): (&mut Routines, &mut [Option<Client>]),
    memory: &Memory,
    occasion: Occasion,
    sink: &mut Sink<'_>,
) -> u64 {
    let chosen = std::mem::take(&mut routines.chosen.anew);
    let at_once = if sink.threads().count().get() == 1 { 1 } else { limits::CLIENTS_ANEW_MAX };
    let (mut ended_count, mut blocks) = (0, Vec::new());
    for places in chosen.chunks(at_once) {
        let mut newcomers = Vec::with_capacity(places.len());
        for &place in places {
            let Some(position) = routines.all.get(place).map(|routine| routine.client) else { continue };
            let Some(client) = clients.get_mut(position).and_then(Option::take) else { continue };
            let blocks = std::mem::take(&mut blocks);
            newcomers.push(Newcomer { place, position, client, blocks, freed: Vec::new(), waits: false });
        }
        go_through(world, cohort, &mut newcomers, memory, occasion, sink.threads());
        ended_count += settle(world, cohort, &mut newcomers, memory, occasion, sink);
        for newcomer in newcomers {
            let Newcomer { place, position, client, waits, .. } = newcomer;
            routines.learn(world, cohort, place, &client);
            routines.note_waiting(position, waits);
            if let Some(free) = clients.get_mut(position) {
                *free = Some(client);
            }
            blocks = newcomer.blocks;
        }
    }
    routines.chosen.anew = chosen;
    ended_count
}

/// Puts the blocks of these clients together.
fn go_through(
    world: &World,
    cohort: &Cohort,
    newcomers: &mut [Newcomer],
    memory: &Memory,
    occasion: Occasion,
    threads: &dyn Threads,
) {
    share(threads, (newcomers, 1), |thread, shares| {
        memory.with_scratch(thread, occasion, |scratch| {
            while let Some(newcomers) = shares.next() {
                for Newcomer { client, blocks, freed, waits, .. } in newcomers {
                    at_first::write(world, cohort, client, scratch, (blocks, freed));
                    *waits = scratch.loose.waits();
                }
            }
        });
    });
}

/// Settles what their subscriptions are from now on, one after the other, and tells them; returns how many have ended.
fn settle(
    world: &mut World,
    cohort: &mut Cohort,
    newcomers: &mut [Newcomer],
    memory: &Memory,
    occasion: Occasion,
    sink: &mut Sink<'_>,
) -> u64 {
    let (mut ended_count, mut updates) = (0, Vec::with_capacity(newcomers.len()));
    for Newcomer { client, blocks, freed, .. } in newcomers {
        let settled = at_first::settle(world, cohort, client, (blocks, std::mem::take(freed)), occasion);
        let (mut update, ended) = settled;
        ended_count += ended;
        if client.subscriptions.iter().any(|known| known.is_inspected) {
            let answers = memory.with_scratch(0, occasion, |scratch| {
                inspect::answer(world, cohort, client, scratch, occasion.commit.0)
            });
            update.inspections = answers.unwrap_or_default();
        }
        if update.has_news() {
            updates.push(Some(update));
        }
    }
    match sink {
        &mut Sink::OnThreads(threads, sink) if updates.len() > 1 => {
            share(threads, (&mut updates, 1), |_, shares| {
                while let Some(updates) = shares.next() {
                    updates.iter_mut().filter_map(Option::take).for_each(sink);
                }
            });
        }
        Sink::OnThreads(..) | Sink::InOrder(_) => {
            updates.into_iter().flatten().for_each(|update| sink.tell(update));
        }
    }
    ended_count
}
