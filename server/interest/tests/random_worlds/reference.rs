//! The meaning of subscriptions, said as plainly as possible: every query is computed from scratch, row by row.

use std::collections::BTreeSet;

use ambit_interest::ParameterValue::{self, Float, Integer, Point2, Point3, Text};
use ambit_interest::Parameters;
use ambit_model::{Identity, Slot};
use ambit_wire::LeaveReason;

use crate::condition::{Condition, Printer};
use crate::join::Join;
use crate::shape::{Row, Shape};
use crate::top::Top;
use crate::world::{World, name};

/// A query of the kinds that subscriptions take.
#[derive(Debug, Clone)]
pub struct Query {
    pub table: u16,
    /// The columns that it names, by their places in a row without a column in front; all if there are none.
    pub columns: u16,
    pub zone: Option<u8>,
    /// From (inclusive) and to (exclusive).
    pub hp: Option<(i32, i32)>,
    pub name: Option<u8>,
    pub own: bool,
    pub near: Option<(Centre, f64)>,
    pub condition: Option<Condition>,
    /// Not together with a centre of the caller's own.
    pub join: Option<Join>,
    /// Only the first rows in an order.
    pub top: Option<Top>,
    /// Whether the values above are parameters, so that they can be changed.
    pub by_parameter: bool,
}

/// Other values in place of those that a query has.
#[derive(Debug, Clone)]
pub struct Values {
    pub zone: u8,
    pub hp: (i32, i32),
    pub name: u8,
    pub centre: (f64, f64),
    pub radius: f64,
    pub limit: u8,
}

#[derive(Debug, Clone)]
pub enum Centre {
    Point(f64, f64),
    /// Around every row of a table that the caller owns.
    Own {
        table: u16,
        same_zone: bool,
        same_name: bool,
    },
}

impl Query {
    /// The tables that the result depends on.
    pub fn tables(&self) -> impl Iterator<Item = u16> {
        let own = match self.near {
            Some((Centre::Own { table, .. }, _)) => Some(table),
            Some((Centre::Point(..), _)) | None => None,
        };
        let joined = self.join.iter().flat_map(Join::tables);
        std::iter::once(self.table).chain(own).chain(joined)
    }

    /// The same query with other values.
    pub fn with(&self, values: &Values) -> Self {
        let near = self.near.clone().map(|(centre, _)| match centre {
            Centre::Point(..) => (Centre::Point(values.centre.0, values.centre.1), values.radius),
            Centre::Own { .. } => (centre, values.radius),
        });
        Self {
            zone: self.zone.map(|_| values.zone),
            hp: self.hp.map(|_| values.hp),
            name: self.name.map(|_| values.name),
            near,
            top: self.top.clone().map(|top| match top.by_parameter {
                true => Top { limit: values.limit, ..top },
                false => top,
            }),
            ..self.clone()
        }
    }

    /// The text for a client that knows the tables in this shape, and the parameters that it names.
    pub fn sql(&self, shape: &Shape) -> (String, Parameters) {
        let mut printer = Printer::default();
        let shape_of = |table: u16| &shape.tables[usize::from(table)];
        let (is_flat, own_zone) = (shape_of(self.table).is_flat(), shape_of(self.table).zone);
        let mut conditions = Vec::new();
        if let Some(zone) = self.zone {
            let zone = self.value(&mut printer, "zone", zone.to_string(), Integer(zone.into()));
            conditions.push(format!("a.{own_zone} = {zone}"));
        }
        if let Some((from, to)) = self.hp {
            let from = self.value(&mut printer, "from", from.to_string(), Integer(from.into()));
            let to = self.value(&mut printer, "to", to.to_string(), Integer(to.into()));
            conditions.push(format!("a.hp >= {from} AND {to} > a.hp"));
        }
        if let Some(number) = self.name {
            let text = format!("'{}'", name(number).replace('\'', "''"));
            let name = self.value(&mut printer, "name", text, Text(name(number).to_string()));
            conditions.push(format!("a.name = {name}"));
        }
        if self.own {
            conditions.push("a.owner = :sender".to_owned());
        }
        if let Some(condition) = &self.condition {
            conditions.push(condition.sql(own_zone, is_flat, &mut printer));
        }
        let table = shape_of(self.table).name;
        let mut from = format!("{table} a");
        match &self.near {
            None => {}
            Some((Centre::Point(x, y), radius)) => {
                let (point, value) = if is_flat {
                    (format!("ST_Point({x}, {y})"), Point2([*x, *y]))
                } else {
                    (format!("ST_MakePoint({x}, {y}, 0)"), Point3([*x, *y, 0.0]))
                };
                let point = self.value(&mut printer, "point", point, value);
                let radius = self.value(&mut printer, "radius", radius.to_string(), Float(*radius));
                conditions.push(format!("ST_DWithin(a.position, {point}, {radius})"));
            }
            Some((Centre::Own { table, same_zone, same_name }, radius)) => {
                let (table, zone) = (shape_of(*table).name, shape_of(*table).zone);
                let radius = self.value(&mut printer, "radius", radius.to_string(), Float(*radius));
                from += &format!(" JOIN {table} p ON ST_DWithin(a.position, p.position, {radius})");
                conditions.push("p.owner = :sender".to_owned());
                if *same_zone {
                    conditions.push(format!("a.{own_zone} = p.{zone}"));
                }
                if *same_name {
                    conditions.push("p.name = a.name".to_owned());
                }
            }
        }
        if let Some(join) = &self.join {
            join.print(|table| shape_of(table).name, &mut from, &mut conditions);
        }
        let filter = if conditions.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", conditions.join(" AND "))
        };
        let top = self.top.as_ref().map(|top| top.sql(own_zone, is_flat, self.has_centre(), &mut printer));
        let top = top.unwrap_or_default();
        let columns = shape_of(self.table).columns(self.columns);
        let columns: Vec<String> = columns.iter().map(|column| format!("a.{column}")).collect();
        let columns = if columns.is_empty() { "a.*".to_owned() } else { columns.join(", ") };
        (format!("SELECT {columns} FROM {from}{filter}{top}"), printer.parameters)
    }

    /// A value as it stands in the text.
    fn value(&self, printer: &mut Printer, name: &str, text: String, value: ParameterValue) -> String {
        match self.by_parameter && printer.parameters.set(name, value).is_ok() {
            true => format!(":{name}"),
            false => text,
        }
    }

    /// The slots of the result.
    pub fn result(&self, world: &World, sender: Identity) -> BTreeSet<Slot> {
        let own = self.own_rows(world, sender);
        let joined = self.join.as_ref().map(|join| join.on(world, sender));
        let rows = world.rows(self.table).into_iter();
        let is_joined = |row: &Row| joined.as_ref().is_none_or(|joined| joined.shows(row));
        let shown = rows.filter(|(_, row)| self.shows(&own, sender, row, true) && is_joined(row));
        let mut shown: Vec<(Slot, Row)> = shown.collect();
        if let Some(top) = &self.top {
            let centres = |row: &Row| {
                let joined = own.iter().filter(|own| self.is_joined(own, row));
                joined.map(|own| own.position).collect()
            };
            top.cut(&mut shown, centres);
        }
        shown.into_iter().map(|(slot, _)| slot).collect()
    }

    fn has_centre(&self) -> bool {
        matches!(self.near, Some((Centre::Own { .. }, _)))
    }

    /// Whether a row in the centre of its circle goes with a row, wherever they are.
    fn is_joined(&self, own: &Row, row: &Row) -> bool {
        match self.near {
            Some((Centre::Own { same_zone, same_name, .. }, _)) => {
                (!same_zone || own.zone == row.zone) && (!same_name || own.name == row.name)
            }
            Some((Centre::Point(..), _)) | None => false,
        }
    }

    /// The rows around which the circles lie, if they move.
    fn own_rows(&self, world: &World, sender: Identity) -> Vec<Row> {
        let Some((Centre::Own { table, .. }, _)) = self.near else { return Vec::new() };
        world.rows(table).into_iter().map(|(_, row)| row).filter(|row| row.owner == sender).collect()
    }

    /// Why a row of the table, which still exists, is not in the result although it was.
    pub fn leave_reason(&self, world: &World, sender: Identity, row: &Row) -> LeaveReason {
        match self.join.is_none()
            && self.top.is_none()
            && self.shows(&self.own_rows(world, sender), sender, row, false)
        {
            true => LeaveReason::OutOfRange,
            false => LeaveReason::NoLongerMatching,
        }
    }

    fn shows(&self, own_rows: &[Row], sender: Identity, row: &Row, with_distance: bool) -> bool {
        let matches = self.zone.is_none_or(|zone| row.zone == zone)
            && self.hp.is_none_or(|(from, to)| from <= row.hp && row.hp < to)
            && self.name.is_none_or(|number| row.name == name(number))
            && (!self.own || row.owner == sender)
            && self.condition.as_ref().is_none_or(|condition| match with_distance {
                true => condition.truth(row) == Some(true),
                false => condition.can_be(true, row),
            });
        let is_near = |centre: [f64; 3], radius: f64| {
            let squares = row.position.iter().zip(centre).map(|(place, centre)| (place - centre).powi(2));
            !with_distance || squares.sum::<f64>() <= radius.powi(2)
        };
        matches
            && match &self.near {
                None => true,
                Some((Centre::Point(x, y), radius)) => is_near([*x, *y, 0.0], *radius),
                Some((Centre::Own { .. }, radius)) => {
                    own_rows.iter().any(|own| self.is_joined(own, row) && is_near(own.position, *radius))
                }
            }
    }
}
