//! Joins as players may write them, and their meaning: a row is shown if one row from each other table goes with it.

use ambit_model::Identity;
use proptest::prelude::*;

use crate::shape::Row;
use crate::world::World;

/// The tables that hang on the selected one.
#[derive(Debug, Clone)]
pub struct Join {
    hops: Vec<Hop>,
}

/// A table that hangs on another.
#[derive(Debug, Clone, Copy)]
pub struct Hop {
    table: u16,
    /// Where it hangs: 0 is the selected table, 1 the first of these.
    parent: usize,
    on: On,
    /// A condition on its own rows.
    hp_min: Option<i32>,
}

/// Which columns are equal: of the table that it hangs on, and of its own.
#[derive(Debug, Clone, Copy)]
pub enum On {
    LinkId,
    IdLink,
    LinkLink,
    Owner,
    OwnerAndName,
}

/// A join over the rows of a world.
pub struct Joined<'a> {
    join: &'a Join,
    /// By hop.
    rows: Vec<Vec<Row>>,
}

impl Hop {
    pub const LINK: On = On::LinkId;
    pub const OWNER: On = On::Owner;

    fn sql(&self, own: &str) -> String {
        let parent = name(self.parent);
        match self.on {
            On::LinkId => format!("{parent}.link = {own}.id"),
            On::IdLink => format!("{own}.link = {parent}.id"),
            On::LinkLink => format!("{parent}.link = {own}.link"),
            On::Owner => format!("{parent}.owner = {own}.owner"),
            On::OwnerAndName => format!("{parent}.name = {own}.name AND {own}.owner = {parent}.owner"),
        }
    }

    fn is_on(&self, parent: &Row, own: &Row) -> bool {
        match self.on {
            On::LinkId => parent.link == Some(own.id),
            On::IdLink => own.link == Some(parent.id),
            On::LinkLink => parent.link.is_some() && parent.link == own.link,
            On::Owner => parent.owner == own.owner,
            On::OwnerAndName => parent.owner == own.owner && parent.name == own.name,
        }
    }
}

impl Join {
    /// A chain of tables.
    pub fn new<const COUNT: usize>(tables: [(u16, On); COUNT]) -> Self {
        let hops = tables.into_iter().enumerate();
        Self { hops: hops.map(|(parent, (table, on))| Hop { table, parent, on, hp_min: None }).collect() }
    }

    pub fn tables(&self) -> impl Iterator<Item = u16> {
        self.hops.iter().map(|hop| hop.table)
    }

    fn is_end(&self, place: usize) -> bool {
        self.hops.iter().all(|hop| hop.parent != place + 1)
    }

    /// Appends what it says, the conditions of every other table in ON.
    pub fn print(
        &self,
        table: impl Fn(u16) -> &'static str,
        from: &mut String,
        conditions: &mut Vec<String>,
    ) {
        for (place, hop) in self.hops.iter().enumerate() {
            let own = name(place + 1);
            *from += &format!(" JOIN {} {own} ON {}", table(hop.table), hop.sql(&own));
            let mut own_conditions = Vec::new();
            if let Some(hp) = hop.hp_min {
                own_conditions.push(format!("{own}.hp >= {hp}"));
            }
            if self.is_end(place) {
                own_conditions.push(format!("{own}.owner = :sender"));
            }
            match place % 2 {
                0 => conditions.append(&mut own_conditions),
                _ => own_conditions.iter().for_each(|condition| *from += &format!(" AND {condition}")),
            }
        }
    }

    pub fn on(&self, world: &World, sender: Identity) -> Joined<'_> {
        let rows = self.hops.iter().enumerate().map(|(place, hop)| {
            let rows = world.rows(hop.table).into_iter().map(|(_, row)| row);
            let is_wanted = |row: &Row| {
                hop.hp_min.is_none_or(|hp| row.hp >= hp) && (!self.is_end(place) || row.owner == sender)
            };
            rows.filter(is_wanted).collect()
        });
        Joined { join: self, rows: rows.collect() }
    }
}

impl Joined<'_> {
    /// Whether a row of the selected table is shown.
    pub fn shows(&self, row: &Row) -> bool {
        self.completes(&mut vec![row])
    }

    fn completes<'a>(&'a self, chosen: &mut Vec<&'a Row>) -> bool {
        let Some(hop) = self.join.hops.get(chosen.len() - 1) else { return true };
        self.rows[chosen.len() - 1].iter().any(|row| {
            if !hop.is_on(chosen[hop.parent], row) {
                return false;
            }
            chosen.push(row);
            let is_complete = self.completes(chosen);
            chosen.pop();
            is_complete
        })
    }
}

fn name(place: usize) -> String {
    ["a", "b", "c", "d"][place].to_owned()
}

pub fn join() -> impl Strategy<Value = Join> {
    let on = prop::sample::select(&[On::LinkId, On::IdLink, On::LinkLink, On::Owner, On::OwnerAndName][..]);
    let hp_min = prop::option::weighted(0.3, 0_i32..6);
    let hop = (0_u16..3, any::<prop::sample::Index>(), prop::bool::weighted(0.7), on, hp_min);
    let count = prop_oneof![3 => Just(1_usize), 2 => Just(2), 1 => Just(3)];
    let hops = count.prop_flat_map(move |count| prop::collection::vec(hop.clone(), count));
    hops.prop_map(|hops| {
        let hops = hops.into_iter().enumerate().map(|(place, (table, parent, is_chain, on, hp_min))| {
            let parent = if is_chain { place } else { parent.index(place + 1) };
            Hop { table, parent, on, hp_min }
        });
        Join { hops: hops.collect() }
    })
}
