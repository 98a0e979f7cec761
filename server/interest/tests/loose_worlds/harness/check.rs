//! What a client holds, compared with what its subscriptions and their terms allow.

use std::collections::{BTreeMap, BTreeSet};

use ambit_model::{Slot, Value, decode_row};

use super::{Client, Harness};
use crate::model::{COLUMNS, Subscription, Unit};

impl Harness {
    pub(super) fn check(&mut self, number: u8) {
        let client = &self.clients[&number];
        let mut expected: BTreeMap<Slot, Vec<&Subscription>> = BTreeMap::new();
        for subscription in client.subscriptions.values() {
            for slot in subscription.held.keys() {
                expected.entry(*slot).or_default().push(subscription);
            }
        }
        let held: Vec<Slot> = client.cache.keys().copied().collect();
        let wanted: Vec<Slot> = expected.keys().copied().collect();
        assert_eq!(held, wanted, "the rows that client {number} holds");
        let mut floors = client.floors.clone();
        for (slot, holders) in &expected {
            let held = &client.cache[slot];
            let private = decode_row(&self.layout, held).unwrap().pop();
            assert_eq!(private, Some(Value::String(String::new())), "what is private is told");
            let unit = self.decode(held);
            self.check_row(client, (*slot, &unit), holders, &mut floors);
        }
        self.clients.get_mut(&number).unwrap().floors = floors;
    }

    fn check_row(
        &self,
        client: &Client,
        (slot, unit): (Slot, &Unit),
        holders: &[&Subscription],
        floors: &mut BTreeMap<(Slot, usize), usize>,
    ) {
        let (generation, current) = &self.rows[&slot];
        let (shown, blank) = (shown(holders), self.decode(&self.layout.blank_row()));
        let are_equal = |left: &Unit, right: &Unit, columns: &BTreeSet<usize>| {
            columns.iter().all(|&column| left.column(column) == right.column(column))
        };
        let hidden = (0..COLUMNS.len()).filter(|column| !shown.contains(column)).collect();
        assert!(are_equal(unit, &blank, &hidden), "columns of {unit:?} that nobody asked for");
        for holder in holders.iter().filter(|holder| holder.is_strict()) {
            assert!(are_equal(unit, current, &holder.shown()), "a strictly held row: {unit:?}, {current:?}");
        }
        let history = &self.histories[&slot];
        let is_own = |(_, known, _): &&(i64, u32, Unit)| known == generation;
        let versions: Vec<(usize, &(i64, u32, Unit))> =
            history.iter().enumerate().filter(|(_, version)| is_own(version)).collect();
        let since = *floors.get(&(slot, usize::MAX)).unwrap_or(&0);
        // One column after the other moves forward.
        for &column in &shown {
            let floor = floors.entry((slot, column)).or_insert(0);
            let found = versions
                .iter()
                .find(|(at, (_, _, known))| *at >= *floor && known.column(column) == unit.column(column));
            let Some((at, _)) = found else {
                panic!(
                    "column {column} of row {slot} goes back, or was never so: {unit:?}, history {versions:?}"
                );
            };
            *floor = *at;
        }
        let has_columns =
            |holder: &&&Subscription| holder.delivery.tiers.iter().any(|tier| !tier.columns.is_empty());
        let mut lists = client.subscriptions.values().map(|known| &known.list);
        let first = lists.next();
        let are_alike = lists.all(|list| Some(list) == first);
        if are_alike
            && !holders.iter().any(|holder| has_columns(&holder))
            && client.changed_at < client.entered[&slot]
        {
            let whole =
                versions.iter().find(|(at, (_, _, known))| *at >= since && are_equal(known, unit, &shown));
            let Some((at, _)) = whole else { panic!("row {slot} was never {unit:?}") };
            floors.insert((slot, usize::MAX), *at);
        }
        self.check_age(client, (slot, unit), holders);
    }

    /// Every column that all tiers tell of was so not too long ago.
    fn check_age(&self, client: &Client, (slot, unit): (Slot, &Unit), holders: &[&Subscription]) {
        let (generation, _) = &self.rows[&slot];
        let history = &self.histories[&slot];
        for column in 0..COLUMNS.len() {
            let tells = |holder: &&&Subscription| {
                holder.columns().contains(&column) && holder.shown().contains(&column)
            };
            let bound = holders.iter().filter(tells);
            let Some(bound) = bound.map(|holder| self.bound_ms(client, holder)).reduce(f64::min) else {
                continue;
            };
            // The latest moment at which the column had this value.
            let mut until = i64::MIN;
            for (at, (_, known, version)) in history.iter().enumerate() {
                if known == generation && version.column(column) == unit.column(column) {
                    until = history.get(at + 1).map_or(self.now.0, |(next, _, _)| *next);
                }
            }
            let age = (self.now.0 - until) as f64 / 1_000.0;
            assert!(age <= bound, "column {column} of row {slot} is {age} ms old, the bound is {bound}");
        }
    }

    /// How old a value may be.
    fn bound_ms(&self, client: &Client, holder: &Subscription) -> f64 {
        let budgets = client.subscriptions.values().map(|known| known.delivery.budget);
        let budget = budgets.filter(|budget| *budget > 0).min();
        let waits = match budget.filter(|_| holder.delivery.budget > 0) {
            None => 0.0,
            // A delta with a new name, place and hp takes less than 80 bytes.
            Some(budget) => 1_000.0 + 8.0 * 80.0 * client.cache.len() as f64 / f64::from(budget) * 1_000.0,
        };
        if holder.is_strict() { 0.0 } else { holder.interval_ms() + waits + 2.0 * self.longest_gap }
    }
}

/// The columns that these show together.
pub(super) fn shown(holders: &[&Subscription]) -> BTreeSet<usize> {
    holders.iter().flat_map(|holder| holder.shown()).collect()
}
