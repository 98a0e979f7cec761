//! Tables get other ids when the schema changes. Everything that a group of connections watches is kept; only the ids in
//! it are exchanged.

use crate::client::{Centre, Client, Source};
use crate::query::plan::{Circle, Filter, Join, Plan};

/// Old table id → the new id of the table that holds the same rows; none if no table does.
pub(crate) struct Renumbering(pub Vec<Option<u16>>);

impl Renumbering {
    pub fn id(&self, table: u16) -> Option<u16> {
        self.0.get(usize::from(table)).copied().flatten()
    }

    /// Whoever watched a table that holds no longer the same rows is gone: what is left has a new id.
    pub fn replace(&self, table: &mut u16) {
        debug_assert!(self.id(*table).is_some(), "a table is watched that has no successor");
        if let Some(id) = self.id(*table) {
            *table = id;
        }
    }

    pub fn filter(&self, filter: &mut Filter) {
        self.replace(&mut filter.table);
    }

    /// What a client is told a table is called never changes.
    pub fn client(&self, client: &mut Client) {
        for subscription in &mut client.subscriptions {
            self.replace(&mut subscription.table);
            subscription.queried.iter_mut().for_each(|id| self.replace(id));
            self.source(&mut subscription.source);
        }
    }

    fn source(&self, source: &mut Source) {
        match source {
            Source::Filter(_) | Source::Ranking(_) | Source::Held(_) => {}
            Source::Circle { circle, .. } => {
                circle.tables_mut().into_iter().for_each(|id| self.replace(id));
            }
            Source::Near(near) => match &mut near.centre {
                Centre::Fixed { filter, target, .. } => {
                    self.filter(filter);
                    self.filter(target);
                }
                Centre::Moving { circle, .. } => {
                    circle.tables_mut().into_iter().for_each(|id| self.replace(id));
                }
            },
            Source::Join { join, .. } => join.tables_mut().for_each(|id| self.replace(id)),
            Source::Top { of, .. } => self.source(of),
            Source::Any(parts) => parts.iter_mut().for_each(|part| self.source(part)),
        }
    }
}

impl Plan {
    /// The table whose rows are selected.
    pub fn table(&self) -> u16 {
        match self {
            Self::Filter(filter) => filter.table,
            Self::Circle(circle) => circle.target.table,
            Self::Join(join) => join.target(),
            Self::Top(top) => top.of.table(),
        }
    }

    /// All tables that the result depends on, the selected one first.
    pub fn tables(&self) -> impl Iterator<Item = u16> {
        let tables: Vec<u16> = match self {
            Self::Filter(filter) => vec![filter.table],
            Self::Circle(circle) => vec![circle.target.table, circle.observer.table],
            Self::Join(join) => join.tables.iter().map(|joined| joined.filter.table).collect(),
            Self::Top(top) => top.of.tables().collect(),
        };
        tables.into_iter()
    }

    /// The same, to be exchanged.
    pub fn tables_mut(&mut self) -> impl Iterator<Item = &mut u16> {
        self.all_tables_mut().into_iter()
    }

    fn all_tables_mut(&mut self) -> Vec<&mut u16> {
        match self {
            Self::Filter(filter) => vec![&mut filter.table],
            Self::Circle(circle) => circle.tables_mut().into_iter().collect(),
            Self::Join(join) => join.tables_mut().collect(),
            Self::Top(top) => top.of.all_tables_mut(),
        }
    }
}

impl Plan {
    /// The rows that count of the table at this position, as [`Self::tables`] numbers them.
    pub fn filter_mut(&mut self, place: usize) -> Option<&mut Filter> {
        match self {
            Self::Filter(filter) => Some(filter).filter(|_| place == 0),
            Self::Circle(circle) => match place {
                0 => Some(&mut circle.target),
                1 => Some(&mut circle.observer),
                _ => None,
            },
            Self::Join(join) => join.tables.get_mut(place).map(|joined| &mut joined.filter),
            Self::Top(top) => top.of.filter_mut(place),
        }
    }
}

impl Circle {
    fn tables_mut(&mut self) -> [&mut u16; 2] {
        [&mut self.target.table, &mut self.observer.table]
    }
}

impl Join {
    fn tables_mut(&mut self) -> impl Iterator<Item = &mut u16> {
        self.tables.iter_mut().map(|joined| &mut joined.filter.table)
    }
}
