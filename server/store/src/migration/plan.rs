//! The comparison of two schemas. It sees no rows.

use ambit_model::{ColumnSchema, ColumnType, Durability, IndexSchema, ReferenceSchema, Schema, TableSchema};

use crate::migration::convert::{Conversion, is_same_shape};
use crate::migration::words::{
    column_names, describe_index, describe_reference, durability_name, type_change,
};
use crate::migration::{Change, ChangeWhat, ColumnSource, Effect, Plan, TablePlan};

/// How a database of one schema becomes one of another. Both have passed [`Schema::check`]. Old names (`renamed_from`)
/// count where the new schema has them, the old schema knows them, and does not know the new ones.
pub fn plan(old: &Schema, new: &Schema) -> Plan {
    let mut plan = Plan::default();
    let mut continued = vec![false; old.tables.len()];
    for table in &new.tables {
        let Some((from, former)) = former_table(old, table) else {
            let text = "is new".to_owned();
            plan.changes.push(Change {
                table: table.name.clone(),
                from: None,
                what: ChangeWhat::TableCreated,
                effect: Effect::Nothing,
                text,
            });
            plan.tables.push(TablePlan::Created);
            continue;
        };
        if let Some(place) = continued.get_mut(usize::from(from)) {
            *place = true;
        }
        let mut comparison = Comparison {
            old_schema: old,
            schema: new,
            from,
            old: former,
            new: table,
            changes: &mut plan.changes,
            rebuild: false,
        };
        plan.tables.push(comparison.compare());
    }
    for ((id, table), _) in (0..).zip(&old.tables).zip(&continued).filter(|(_, continued)| !**continued) {
        plan.dropped.push(id);
        plan.changes.push(Change {
            table: table.name.clone(),
            from: Some(id),
            what: ChangeWhat::TableDropped,
            effect: Effect::Destructive,
            text: "is gone with all its rows".to_owned(),
        });
    }
    plan
}

/// The table of the old schema that a table continues.
fn former_table<'a>(old: &'a Schema, table: &TableSchema) -> Option<(u16, &'a TableSchema)> {
    old.table(&table.name).or_else(|| old.table(table.renamed_from.as_ref()?))
}

/// The column of the old table that a column continues.
fn former_column<'a>(old: &'a TableSchema, column: &ColumnSchema) -> Option<(u16, &'a ColumnSchema)> {
    old.column(&column.name).or_else(|| old.column(column.renamed_from.as_ref()?))
}

/// One table under both schemas.
struct Comparison<'a> {
    old_schema: &'a Schema,
    schema: &'a Schema,
    from: u16,
    old: &'a TableSchema,
    new: &'a TableSchema,
    changes: &'a mut Vec<Change>,
    /// Whether rows or indexes differ, so that the table has to be built anew.
    rebuild: bool,
}

impl Comparison<'_> {
    fn compare(&mut self) -> TablePlan {
        if self.old.name != self.new.name {
            self.note(ChangeWhat::TableRenamed, Effect::Nothing, format!("was `{}`", self.old.name));
        }
        let columns = self.compare_columns();
        self.compare_indexes();
        self.compare_references();
        self.compare_promises();
        let from = self.from;
        match columns {
            Err(why) => TablePlan::Replaced { from, why },
            Ok(columns) if self.rebuild => TablePlan::Converted { from, columns },
            Ok(_) => TablePlan::Kept { from },
        }
    }

    fn note(&mut self, what: ChangeWhat, effect: Effect, text: String) {
        self.rebuild |= effect != Effect::Nothing;
        let table = self.new.name.clone();
        self.changes.push(Change { table, from: Some(self.from), what, effect, text });
    }

    /// Where each column comes from, or why the rows cannot be converted.
    fn compare_columns(&mut self) -> Result<Vec<ColumnSource>, String> {
        let (old, new) = (self.old, self.new);
        let mut sources = Vec::with_capacity(new.columns.len());
        let mut refused = Vec::new();
        for (position, column) in (0..).zip(&new.columns) {
            let source = match former_column(old, column) {
                Some((from, former)) => {
                    self.compare_column(position, column, from, former).map(|()| ColumnSource::Column(from))
                }
                None => self.added_column(column).map(ColumnSource::Default),
            };
            match source {
                Ok(source) => sources.push(source),
                Err(why) => refused.push(why),
            }
        }
        let is_gone = |id: u16| {
            new.columns.iter().all(|column| former_column(old, column).is_none_or(|(from, _)| from != id))
        };
        let gone = (0..).zip(&old.columns).filter(|(id, _)| is_gone(*id));
        let gone: Vec<_> = gone.map(|(_, column)| column.name.clone()).collect();
        for name in gone {
            self.note(
                ChangeWhat::ColumnRemoved,
                Effect::Destructive,
                format!("column `{name}` is gone with all its values"),
            );
        }
        match refused.is_empty() {
            true => Ok(sources),
            false => Err(refused.join("; ")),
        }
    }

    fn compare_column(
        &mut self,
        position: u16,
        column: &ColumnSchema,
        from: u16,
        former: &ColumnSchema,
    ) -> Result<(), String> {
        let name = &column.name;
        if former.name != *name {
            let text = format!("column `{name}` was `{}`", former.name);
            self.note(ChangeWhat::ColumnRenamed, Effect::Nothing, text);
        }
        if position != from {
            let text = format!("column `{name}` was column {from} and is column {position}");
            self.note(ChangeWhat::ColumnMoved, Effect::Rebuild, text);
        }
        if former.auto_inc != column.auto_inc {
            let text = match column.auto_inc {
                true => format!("column `{name}` counts up (auto_inc) from its highest number on"),
                false => format!("column `{name}` counts up (auto_inc) no more"),
            };
            self.note(ChangeWhat::AutoInc, Effect::Rebuild, text);
        }
        if former.quantize != column.quantize {
            // Rows are exact whatever travels to clients.
            let text = match column.quantize {
                Some(_) => format!("column `{name}` is quantised otherwise on its way to clients"),
                None => format!("column `{name}` is no more quantised on its way to clients"),
            };
            self.note(ChangeWhat::Quantize, Effect::Nothing, text);
        }
        if former.private != column.private {
            let text = match column.private {
                true => format!("column `{name}` is private now: clients see it no longer"),
                false => format!("column `{name}` is private no longer: clients see it"),
            };
            self.note(ChangeWhat::Visibility, Effect::Nothing, text);
        }
        if is_same_shape(&former.ty, &column.ty) {
            return Ok(());
        }
        let mut lost = Vec::new();
        let was = type_change(&former.ty, &column.ty);
        match Conversion::new(&former.ty, &column.ty, &mut lost) {
            Ok(_) if lost.is_empty() => {
                self.note(ChangeWhat::ColumnType, Effect::Rebuild, format!("column `{name}` {was}"));
                Ok(())
            }
            Ok(_) => {
                let text = format!("column `{name}` {was}, without {}", lost.join(", "));
                self.note(ChangeWhat::ColumnType, Effect::Destructive, text);
                Ok(())
            }
            Err(why) => {
                let why = format!("column `{name}` {was}: {why}");
                self.note(ChangeWhat::ColumnType, Effect::Refused, why.clone());
                Err(why)
            }
        }
    }

    /// What a new column holds in the rows that there are: a row of this one column.
    fn added_column(&mut self, column: &ColumnSchema) -> Result<Vec<u8>, String> {
        let name = &column.name;
        if let Some(default) = &column.default {
            let text = format!("column `{name}` is new, with its default");
            self.note(ChangeWhat::ColumnAdded, Effect::Rebuild, text);
            return Ok(default.clone());
        }
        if matches!(column.ty, ColumnType::Option(_)) {
            self.note(ChangeWhat::ColumnAdded, Effect::Rebuild, format!("column `{name}` is new and absent"));
            return Ok(vec![0; column.ty.size().next_multiple_of(8)]);
        }
        let why = format!("column `{name}` is new, without a default and not an option");
        self.note(ChangeWhat::ColumnAdded, Effect::Refused, why.clone());
        Err(why)
    }

    /// The old columns that columns of the new table were; `None` when one of them is new.
    fn came_from(&self, columns: &[u16]) -> Option<Vec<u16>> {
        let former = |&column: &u16| {
            let column = self.new.columns.get(usize::from(column))?;
            former_column(self.old, column).map(|(from, _)| from)
        };
        columns.iter().map(former).collect()
    }

    fn compare_indexes(&mut self) {
        let (old, new) = (self.old, self.new);
        let same = |one: &IndexSchema, other: &IndexSchema| {
            self.came_from(&other.columns).as_ref() == Some(&one.columns)
                && one.kind == other.kind
                && one.unique == other.unique
        };
        let added = new.indexes.iter().filter(|index| !old.indexes.iter().any(|other| same(other, index)));
        let added: Vec<_> = added.map(|index| format!("{} is new", describe_index(index, new))).collect();
        let gone = old.indexes.iter().filter(|index| !new.indexes.iter().any(|other| same(index, other)));
        let gone: Vec<_> = gone.map(|index| format!("{} is gone", describe_index(index, old))).collect();
        // Equal indexes at other places need no sentence, but the table keeps its indexes in order.
        let in_place = old.indexes.len() == new.indexes.len()
            && old.indexes.iter().zip(&new.indexes).all(|(one, other)| same(one, other));
        for text in added.into_iter().chain(gone) {
            self.note(ChangeWhat::Index, Effect::Rebuild, text);
        }
        self.rebuild |= !in_place;
        self.compare_keys();
    }

    fn compare_keys(&mut self) {
        let (old, new) = (self.old, self.new);
        let old_key = old.primary_index().map(|index| index.columns.clone());
        let new_key = new.primary_index().map(|index| &index.columns);
        let is_same = match new_key {
            Some(columns) => self.came_from(columns) == old_key && old_key.is_some(),
            None => old_key.is_none(),
        };
        if !is_same {
            let text = match new_key {
                Some(columns) => format!("its primary key is {} now", column_names(new, columns)),
                None => "it has no primary key any more".to_owned(),
            };
            self.note(ChangeWhat::PrimaryKey, Effect::Nothing, text);
        }
    }

    fn compare_references(&mut self) {
        let (old, new) = (self.old, self.new);
        let former_name = |name: &String| {
            let table = self.schema.table(name).and_then(|(_, table)| former_table(self.old_schema, table));
            table.map(|(_, table)| &table.name)
        };
        let same = |one: &ReferenceSchema, other: &ReferenceSchema| {
            self.came_from(&other.columns).as_ref() == Some(&one.columns)
                && former_name(&other.table) == Some(&one.table)
                && one.on_delete == other.on_delete
        };
        let describe = |reference: &ReferenceSchema, table: &TableSchema, what: &str| {
            format!("{} {what}", describe_reference(reference, table))
        };
        let added = new.references.iter().filter(|it| !old.references.iter().any(|other| same(other, it)));
        let added: Vec<_> = added.map(|it| describe(it, new, "is new: every row is checked")).collect();
        let gone = old.references.iter().filter(|it| !new.references.iter().any(|other| same(it, other)));
        let gone: Vec<_> = gone.map(|it| describe(it, old, "is gone")).collect();
        for text in added.into_iter().chain(gone) {
            self.note(ChangeWhat::Reference, Effect::Nothing, text);
        }
    }

    fn compare_promises(&mut self) {
        let (old, new) = (self.old, self.new);
        if old.durability != new.durability {
            let effect = match new.durability {
                Durability::Ephemeral => Effect::Destructive,
                Durability::Checkpointed | Durability::Durable => Effect::Nothing,
            };
            let text = format!(
                "was {} and is {} now",
                durability_name(old.durability),
                durability_name(new.durability)
            );
            // Its rows are lost by the next restart, not by this change, so nothing has to be built.
            let rebuild = self.rebuild;
            self.note(ChangeWhat::Durability, effect, text);
            self.rebuild = rebuild;
        }
        if old.public != new.public {
            let text = match new.public {
                true => "clients may subscribe to it now",
                false => "clients may no longer subscribe to it",
            };
            self.note(ChangeWhat::Visibility, Effect::Nothing, text.to_owned());
        }
        if old.priority != new.priority {
            let of_column = new.priority.column.and_then(|column| new.columns.get(usize::from(column)));
            let text = match of_column {
                Some(column) => {
                    format!("has priority {} times its column `{}` now", new.priority.weight, column.name)
                }
                None => format!("has priority {} now", new.priority.weight),
            };
            self.note(ChangeWhat::Priority, Effect::Nothing, text);
        }
        if old.visible != new.visible {
            let text = match new.visible.as_slice() {
                [] => "clients may see all its rows now".to_owned(),
                rules => format!("clients may see only its rows where `{}`", rules.join("` or `")),
            };
            self.note(ChangeWhat::Visibility, Effect::Nothing, text);
        }
    }
}
