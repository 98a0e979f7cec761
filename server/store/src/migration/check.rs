//! Why a migration is not possible, in words and numbers: rows in each other's way, rows that name others in vain.

use std::collections::BTreeMap;

use ambit_model::delta::copy_columns;
use ambit_model::{IndexSchema, Slot, TableSchema};

use crate::describe::{describe_columns, describe_key};
use crate::limits::MIGRATE_GROUPS_TOLD_MAX;
use crate::migration::ColumnSource;
use crate::migration::build::{Misfit, RowMaker, fill};
use crate::migration::convert::Problem;
use crate::migration::error::{DanglingReferences, Duplicates, Group, MigrateError, ValueError};
use crate::references::{Outgoing, ReferenceName};
use crate::slots::SlotSet;
use crate::store::Store;
use crate::table::Table;

/// The error for a row that could not be taken over.
pub(super) fn explain(
    schema: &TableSchema,
    old: &Table,
    maker: &RowMaker,
    (old_schema, sources): (&TableSchema, &[ColumnSource]),
    row: &[u8],
    misfit: Misfit,
) -> MigrateError {
    let (column, problem) = match misfit {
        Misfit::Value { column, problem } => {
            let new = schema.columns.get(usize::from(column));
            let ty = new.map_or_else(String::new, |column| column.ty.to_string());
            let problem = match problem {
                Problem::Inexact => format!("no {ty} has this value exactly"),
                Problem::TooLarge => "its row would be larger than a row can be".to_owned(),
                Problem::Absent | Problem::Damaged => "it cannot be read".to_owned(),
            };
            (column, problem)
        }
        Misfit::Position { index } => {
            let columns = schema.indexes.get(usize::from(index)).map(|index| &index.columns);
            let column = columns.and_then(|columns| columns.first()).copied().unwrap_or_default();
            (column, "a position in a spatial index must be finite".to_owned())
        }
        Misfit::Duplicate { index } => return duplicates(schema, old, maker, (old_schema, sources), index),
    };
    let value = match sources.get(usize::from(column)) {
        Some(ColumnSource::Column(from)) => {
            let layout = old_schema.layout();
            describe_columns(&layout, row, &[*from], &layout.of_columns(&[*from]))
        }
        Some(ColumnSource::Default(row)) => describe_key(&schema.layout().of_columns(&[column]), row),
        None => String::new(),
    };
    MigrateError::Value(Box::new(ValueError {
        table: schema.name.clone(),
        column: schema.columns.get(usize::from(column)).map_or("?", |column| &column.name).to_owned(),
        value,
        problem,
    }))
}

/// All groups of rows that share a key of an index that is to be unique.
fn duplicates(
    schema: &TableSchema,
    old: &Table,
    maker: &RowMaker,
    origin: (&TableSchema, &[ColumnSource]),
    index: u16,
) -> MigrateError {
    // The same rows under an index that lets them be together.
    let mut shared = schema.clone();
    let kept = schema.indexes.get(usize::from(index));
    shared.indexes = kept.map(|index| IndexSchema { unique: false, ..index.clone() }).into_iter().collect();
    shared.primary = None;
    let mut table = Table::new(0, &shared, 0);
    if let Err((row, misfit)) = fill(&mut table, maker, old) {
        // A row further on that cannot be converted at all. The index is not unique, so this ends here.
        return explain(&shared, old, maker, origin, row, misfit);
    }
    let mut groups = table.groups(0);
    groups.retain(|group| group.1 > 1);
    let group_count = groups.len();
    let row_count = groups.iter().map(|group| group.1).sum();
    let told = tell(groups, |first| table.describe_index_key(0, first));
    MigrateError::Duplicates(Box::new(Duplicates {
        table: schema.name.clone(),
        index: kept.map_or("?", |index| &index.name).to_owned(),
        columns: table.index_columns(0),
        groups: told,
        group_count,
        row_count,
    }))
}

/// Whether all rows of a table name rows that there are.
pub(super) fn check_reference(store: &Store, child: u16, outgoing: &Outgoing) -> Result<(), MigrateError> {
    let mut missing = BTreeMap::<Vec<u8>, usize>::new();
    let mut key = Vec::new();
    for (_, row) in store.slots(child) {
        if outgoing.names(row, &mut key) && store.find_referred(outgoing, &key).is_none() {
            *missing.entry(key.clone()).or_default() += 1;
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let group_count = missing.len();
    let row_count = missing.values().sum();
    let groups = tell(missing.into_iter().collect(), |key| outgoing.describe(&key));
    let ReferenceName { table, columns, target } = store.dangling(child, outgoing);
    Err(MigrateError::Dangling(Box::new(DanglingReferences {
        table,
        columns,
        target,
        groups,
        group_count,
        row_count,
    })))
}

/// The largest groups, in words.
fn tell<T>(mut groups: Vec<(T, usize)>, describe: impl Fn(T) -> String) -> Vec<Group> {
    // Stable: equal groups stay in the order of their first rows or keys.
    groups.sort_by_key(|group| std::cmp::Reverse(group.1));
    groups.truncate(MIGRATE_GROUPS_TOLD_MAX);
    groups.into_iter().map(|(what, count)| Group { value: describe(what), count }).collect()
}

impl Table {
    /// The rows by their key in an index: the first slot of each group, and how many they are.
    fn groups(&self, index: u16) -> Vec<(Slot, usize)> {
        let Some(index) = self.indexes.get(usize::from(index)) else { return Vec::new() };
        let mut seen = SlotSet::default();
        let (mut groups, mut same, mut key) = (Vec::new(), Vec::new(), Vec::new());
        for (slot, row) in self.slots() {
            if seen.contains(slot) {
                continue;
            }
            same.clear();
            key.clear();
            let copied = copy_columns(&self.layout, row, &index.columns, index.key_layout(), &mut key);
            debug_assert_eq!(copied, Ok(()), "a row in the table is not valid");
            index.find_all(&self.layout, self.rows(), &key, &mut same);
            for &other in &same {
                seen.insert(other);
            }
            groups.push((slot, same.len()));
        }
        groups
    }

    fn describe_index_key(&self, index: u16, slot: Slot) -> String {
        let row = self.row(slot).unwrap_or_default();
        let index = self.indexes.get(usize::from(index));
        index.map_or_else(String::new, |index| {
            describe_columns(&self.layout, row, &index.columns, index.key_layout())
        })
    }

    fn index_columns(&self, index: u16) -> String {
        let columns = self.indexes.get(usize::from(index)).map(|index| index.columns.as_slice());
        self.column_list(columns.unwrap_or_default())
    }
}
