//! What a plan says about indexes, references and types.

use ambit_model::{ColumnType, Durability, IndexKind, IndexSchema, OnDelete, ReferenceSchema, TableSchema};

pub(super) fn type_change(old: &ColumnType, new: &ColumnType) -> String {
    match old.to_string() == new.to_string() {
        true => format!("has another {new} now"),
        false => format!("was {old} and is {new} now"),
    }
}

pub(super) fn durability_name(durability: Durability) -> &'static str {
    match durability {
        Durability::Ephemeral => "ephemeral",
        Durability::Checkpointed => "checkpointed",
        Durability::Durable => "durable",
    }
}

fn column_name(table: &TableSchema, column: u16) -> &str {
    table.columns.get(usize::from(column)).map_or("?", |column| &column.name)
}

pub(super) fn column_names(table: &TableSchema, columns: &[u16]) -> String {
    columns.iter().map(|&column| column_name(table, column)).collect::<Vec<_>>().join(", ")
}

pub(super) fn describe_index(index: &IndexSchema, table: &TableSchema) -> String {
    let kind = match index.kind {
        IndexKind::Hash => "hash",
        IndexKind::Ordered => "ordered",
        IndexKind::Spatial { .. } => "spatial",
    };
    let unique = if index.unique { "unique " } else { "" };
    format!("the {unique}{kind} index `{}` ({})", index.name, column_names(table, &index.columns))
}

pub(super) fn describe_reference(reference: &ReferenceSchema, table: &TableSchema) -> String {
    let on_delete = match reference.on_delete {
        OnDelete::Restrict => "restrict",
        OnDelete::Cascade => "cascade",
    };
    let columns = column_names(table, &reference.columns);
    format!("the reference from {columns} to `{}` ({on_delete})", reference.table)
}
