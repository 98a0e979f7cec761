//! The first rows of a filter in an order: by an ordered index that begins so, by a spatial one for what is nearest, otherwise
//! out of all rows of the filter.

use std::collections::BinaryHeap;

use ambit_model::{IndexKind, IndexSchema, Slot};
use ambit_store::Bounds;

use super::World;
use super::select::path::{LookUp, Path};
use super::select::{bound, conditions_of};
use crate::limits;
use crate::query::plan::{
    Area, By, Comparison, Condition, Facts, Filter, Number, Operand, Order, OrderKey, Scalar,
};

/// A row's place in an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// As [`Order::rank`] gives it.
    pub rank: Box<[u8]>,
    pub slot: Slot,
}

/// The first rows.
pub(crate) struct Best {
    /// In order.
    pub places: Vec<Place>,
    /// Whether there are no others.
    pub is_all: bool,
}

/// Keeps the first of the rows that it is offered.
struct Collector<'a> {
    order: &'a Order,
    count: usize,
    /// The last one on top.
    places: BinaryHeap<Place>,
    is_all: bool,
    rank: Vec<u8>,
}

impl World {
    /// The first `count` rows that satisfy the filter, `count` above 0.
    pub fn best(&self, filter: &Filter, order: &Order, count: usize) -> Best {
        let mut collector = Collector::new(order, count);
        if self.nearest(filter, &mut collector).or_else(|| self.walk(filter, &mut collector)).is_none() {
            collector.clear();
            let mut slots = Vec::new();
            self.select(filter, &mut slots);
            self.offer(filter.table, &slots, &mut collector);
        }
        collector.finish()
    }

    fn offer(&self, table: u16, slots: &[Slot], collector: &mut Collector<'_>) {
        for &slot in slots {
            if let Some(row) = self.row(table, slot) {
                collector.offer(slot, row, 0);
            }
        }
    }

    /// What is nearest to a point, by circles that grow until they hold enough; `None` if there is no index, or rows are
    /// farther than most that it holds.
    fn nearest(&self, filter: &Filter, collector: &mut Collector<'_>) -> Option<()> {
        let first = collector.order.keys.first()?;
        let By::Distance(position, centre) = first.by else { return None };
        if first.is_descending || first.is_null_first {
            return None;
        }
        let indexes = &self.schema.tables.get(usize::from(filter.table))?.indexes;
        let mut cells = indexes.iter().filter_map(|index| match index.kind {
            IndexKind::Spatial { cell } if index.columns == [position.column] => Some(f64::from(cell)),
            IndexKind::Spatial { .. } | IndexKind::Hash | IndexKind::Ordered => None,
        });
        let mut radius = cells.next()?;
        let mut slots = Vec::new();
        for _ in 0..limits::NEAREST_CIRCLES_MAX {
            let area = Area::Circle { centre, radius: Number::new(radius) };
            let circle = Condition::Within { position, area, negated: false };
            let near = Filter { conditions: conditions_of(filter, [circle]), ..filter.clone() };
            slots.clear();
            self.select(&near, &mut slots);
            if slots.len() >= collector.count {
                self.offer(filter.table, &slots, collector);
                // What lies farther was not looked at.
                collector.is_all = false;
                return Some(());
            }
            radius *= 2.0;
        }
        None
    }

    /// By an ordered index that gives the rows in the order of the first key; `None` if there is none, or it would give many
    /// rows that are not wanted.
    fn walk(&self, filter: &Filter, collector: &mut Collector<'_>) -> Option<()> {
        let first = collector.order.keys.first()?.clone();
        let By::Column(operand) = first.by else { return None };
        let (index, aligned) = self.index_in_order(filter, operand, collector.order)?;
        let mut visits_left = limits::WALK_ROWS_MAX + limits::WALK_ROWS_PER_WANTED_MAX * collector.count;
        if !operand.form.is_float() {
            return self.walk_range(
                filter,
                index,
                &[],
                (aligned, first.is_descending),
                &mut visits_left,
                collector,
            );
        }
        // What is not a number lies at both ends of the index, and is NULL.
        let infinite = |sign: f64| Scalar::Float(Number::new(sign * f64::INFINITY));
        let compare = |comparison, sign| Condition::Compare { operand, comparison, value: infinite(sign) };
        let numbers = [compare(Comparison::GreaterOrEqual, -1.0), compare(Comparison::LessOrEqual, 1.0)];
        let beyond = [compare(Comparison::Greater, 1.0), compare(Comparison::Less, -1.0)];
        let direction = (aligned, first.is_descending);
        self.walk_range(filter, index, &numbers, direction, &mut visits_left, collector)?;
        if !first.is_null_first && collector.is_full() {
            // NULL comes last, and there are enough others.
            collector.is_all = false;
            return Some(());
        }
        // Among them is no order, and all are looked at.
        for range in beyond {
            self.walk_range(filter, index, &[range], (0, false), &mut visits_left, collector)?;
        }
        Some(())
    }

    /// One range of an index: the rows that also satisfy `more`. Ends where no better row can come, if it gives them in the
    /// order of the first `aligned` keys.
    fn walk_range(
        &self,
        filter: &Filter,
        index: u16,
        more: &[Condition],
        (aligned, is_backward): (usize, bool),
        visits_left: &mut usize,
        collector: &mut Collector<'_>,
    ) -> Option<()> {
        let known = self.schema.tables.get(usize::from(filter.table))?.indexes.get(usize::from(index))?;
        let conditions: Vec<&Condition> = filter.conditions.iter().chain(more).collect();
        let facts = Facts::of(&conditions);
        let layout = &self.table(filter.table)?.layout;
        let look_ups = match Path::new(index, known, &facts) {
            Some(path) => path.look_ups(layout, &known.columns)?,
            None => vec![LookUp::Range(None, None)],
        };
        let [LookUp::Range(lower, upper)] = look_ups.as_slice() else { return None };
        let bounds = Bounds { lower: bound(lower.as_ref()), upper: bound(upper.as_ref()) };
        let mut is_cut = false;
        let walked = self.store.walk(filter.table, index, &bounds, is_backward, |slot| {
            let Some(left) = visits_left.checked_sub(1) else {
                is_cut = true;
                return false;
            };
            *visits_left = left;
            match self.row(filter.table, slot).filter(|row| filter.matches(row)) {
                Some(row) => collector.offer(slot, row, aligned),
                None => true,
            }
        });
        walked.ok().filter(|()| !is_cut)
    }

    /// An ordered index whose columns before this one have one value each in the filter, and how many keys of the order it
    /// gives rows in.
    fn index_in_order(&self, filter: &Filter, operand: Operand, order: &Order) -> Option<(u16, usize)> {
        let conditions: Vec<&Condition> = filter.conditions.iter().collect();
        let facts = Facts::of(&conditions);
        let is_pinned = |column: &u16| {
            facts.equal.iter().any(|equal| {
                equal.operand.column == *column
                    && !equal.operand.form.is_float()
                    && matches!(equal.values.as_slice(), [Some(_)])
            })
        };
        let indexes = &self.schema.tables.get(usize::from(filter.table))?.indexes;
        let fits = |(id, index): (u16, &IndexSchema)| {
            if index.kind != IndexKind::Ordered {
                return None;
            }
            let pinned = index.columns.iter().take_while(|column| is_pinned(column)).count();
            let rest = index.columns.get(pinned..)?;
            (rest.first() == Some(&operand.column)).then(|| (id, aligned(rest, &order.keys)))
        };
        (0..).zip(indexes).filter_map(fits).max_by_key(|(_, aligned)| *aligned)
    }
}

/// How many of the keys are these columns, one after the other and in one direction.
fn aligned(columns: &[u16], keys: &[OrderKey]) -> usize {
    let is_descending = keys.first().is_some_and(|key| key.is_descending);
    let is_same = |(place, (column, key)): &(usize, (&u16, &OrderKey))| match key.by {
        By::Column(operand) => {
            operand.column == **column
                && key.is_descending == is_descending
                && (*place == 0 || !operand.form.is_float())
        }
        By::Distance(..) | By::DistanceFromCentre(_) => false,
    };
    columns.iter().zip(keys).enumerate().take_while(is_same).count()
}

impl<'a> Collector<'a> {
    fn new(order: &'a Order, count: usize) -> Self {
        Self { order, count, places: BinaryHeap::new(), is_all: true, rank: Vec::new() }
    }

    fn clear(&mut self) {
        self.places.clear();
        self.is_all = true;
    }

    fn is_full(&self) -> bool {
        self.places.len() >= self.count
    }

    /// Takes a row in if it is among the first. Answers whether better ones can come, if rows come in the order of the first
    /// `aligned` keys; with 0 of them they always can.
    fn offer(&mut self, slot: Slot, row: &[u8], aligned: usize) -> bool {
        self.rank.clear();
        let length = self.order.rank((slot, row), aligned, |_| f64::NAN, &mut self.rank);
        if self.places.len() < self.count {
            self.places.push(Place { rank: self.rank.as_slice().into(), slot });
            return true;
        }
        self.is_all = false;
        let Some(mut last) = self.places.peek_mut() else { return false };
        if self.rank.as_slice() < &*last.rank {
            *last = Place { rank: self.rank.as_slice().into(), slot };
            return true;
        }
        self.rank.get(..length) <= last.rank.get(..length)
    }

    fn finish(self) -> Best {
        Best { places: self.places.into_sorted_vec(), is_all: self.is_all }
    }
}
