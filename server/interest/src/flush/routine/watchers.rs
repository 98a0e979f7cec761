//! Whom a change can concern: by filter the clients who watch its result, or a circle around it, and by table those
//! who watch it, or the rows in their centre, through a circle that moves.
//!
//! Lists only grow; who is told of a change that does not concern it finds nothing to do. When most entries are of
//! clients who have gone or watch something else, the lists are made anew.

use crate::client::{Centre, Source, Subscription};
use crate::filters::FilterId;
use crate::limits;
use crate::rankings::RankingId;

#[derive(Default)]
pub(super) struct Watchers {
    by_filter: Vec<List>,
    by_table: Vec<List>,
    by_ranking: Vec<List>,
    entries: usize,
    /// Entries that hold no longer.
    forgotten: usize,
}

/// Positions of clients. Most filters have one, which is found without another look into memory.
#[derive(Default)]
struct List {
    first: Option<u32>,
    others: Vec<u32>,
}

impl Watchers {
    /// Enters the client at this position; returns how many entries it has.
    pub fn add(&mut self, client: usize, subscriptions: &[Subscription]) -> usize {
        let before = self.entries;
        let client = client as u32;
        subscriptions.iter().for_each(|subscription| self.add_source(client, &subscription.source));
        self.entries - before
    }

    fn add_source(&mut self, client: u32, source: &Source) {
        match source {
            Source::Filter(filter) => add(&mut self.by_filter, *filter, client, &mut self.entries),
            Source::Ranking(ranking) => add(&mut self.by_ranking, *ranking, client, &mut self.entries),
            Source::Top { of, .. } => self.add_source(client, of),
            Source::Any(parts) => parts.iter().for_each(|part| self.add_source(client, part)),
            Source::Held(_) => {}
            Source::Join { join, leaves } => {
                for (_, filter) in leaves {
                    add(&mut self.by_filter, *filter, client, &mut self.entries);
                }
                for joined in &join.tables {
                    let table = usize::from(joined.filter.table);
                    add(&mut self.by_table, table, client, &mut self.entries);
                }
            }
            Source::Near(near) => {
                let table = near.table();
                add(&mut self.by_table, usize::from(table), client, &mut self.entries);
                if let Centre::Moving { circle, observers } = &near.centre {
                    add(&mut self.by_filter, *observers, client, &mut self.entries);
                    let observer = circle.observer.table;
                    if observer != table {
                        add(&mut self.by_table, usize::from(observer), client, &mut self.entries);
                    }
                }
            }
            Source::Circle { circle, observers, .. } => {
                let (target, observer) = (circle.target.table, circle.observer.table);
                add(&mut self.by_filter, *observers, client, &mut self.entries);
                add(&mut self.by_table, usize::from(target), client, &mut self.entries);
                if observer != target {
                    add(&mut self.by_table, usize::from(observer), client, &mut self.entries);
                }
            }
        }
    }

    /// So many entries hold no longer.
    pub fn forget(&mut self, entries: usize) {
        self.forgotten += entries;
    }

    /// Whether it is time to make the lists anew.
    pub fn are_mostly_forgotten(&self) -> bool {
        self.forgotten > limits::WATCHERS_FORGOTTEN_MIN && 2 * self.forgotten > self.entries
    }

    pub fn clear(&mut self) {
        let lists = [&mut self.by_filter, &mut self.by_table, &mut self.by_ranking];
        for list in lists.into_iter().flatten() {
            list.first = None;
            list.others.clear();
        }
        (self.entries, self.forgotten) = (0, 0);
    }

    /// Positions of clients who may watch the filter's result, or a circle around it.
    pub fn of_filter(&self, filter: FilterId) -> impl Iterator<Item = usize> {
        clients(self.by_filter.get(filter))
    }

    /// Positions of clients who may watch the ranking.
    pub fn of_ranking(&self, ranking: RankingId) -> impl Iterator<Item = usize> {
        clients(self.by_ranking.get(ranking))
    }

    /// Positions of clients who may watch a circle that moves, on the table or around its rows, or a join with it.
    pub fn of_table(&self, table: usize) -> impl Iterator<Item = usize> {
        clients(self.by_table.get(table))
    }
}

fn clients(list: Option<&List>) -> impl Iterator<Item = usize> {
    let clients = list.into_iter().flat_map(|list| list.first.iter().chain(&list.others));
    clients.map(|&client| client as usize)
}

fn add(lists: &mut Vec<List>, place: usize, client: u32, entries: &mut usize) {
    if lists.len() <= place {
        lists.resize_with(place + 1, List::default);
    }
    let Some(list) = lists.get_mut(place) else { return };
    match list.first {
        None => list.first = Some(client),
        Some(_) => list.others.push(client),
    }
    *entries += 1;
}
