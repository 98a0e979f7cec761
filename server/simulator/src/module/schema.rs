//! Schemas by chance: a few tables that together use every feature of the store.

use ambit_model::{
    ColumnSchema, ColumnType, Durability, Field, IndexKind, IndexSchema, Lifecycle, OnDelete, ReducerSchema,
    ReferenceSchema, Schema, TableSchema,
};

use super::types;
use crate::limits::{COLUMNS_MAX, TABLES_MAX};
use crate::random::Random;

/// The reducer that clients call: its argument seeds a random transaction.
pub(crate) const REDUCER_ACT: u16 = 0;

/// A checked schema.
pub(crate) fn random_schema(random: &mut Random) -> Schema {
    let count = 1 + random.index(TABLES_MAX);
    let mut tables: Vec<TableSchema> = Vec::new();
    for number in 0..count {
        let table = random_table(random, number, &tables);
        tables.push(table);
    }
    let act = ReducerSchema {
        name: "act".into(),
        params: vec![Field { name: "seed".into(), ty: ColumnType::U64 }],
        lifecycle: Lifecycle::Call,
        doc: String::new(),
    };
    let mut reducers = vec![act];
    if random.one_in(2) {
        reducers.push(ReducerSchema {
            name: "left".into(),
            params: Vec::new(),
            lifecycle: Lifecycle::ClientDisconnected,
            doc: String::new(),
        });
    }
    Schema { tables, reducers, ..Schema::default() }
}

/// A table of this number that may name an earlier one.
pub(crate) fn random_table(random: &mut Random, number: usize, earlier: &[TableSchema]) -> TableSchema {
    let durability = match random.below(5) {
        0 => Durability::Ephemeral,
        1 | 2 => Durability::Checkpointed,
        _ => Durability::Durable,
    };
    let mut table = TableSchema {
        name: format!("table_{number}"),
        public: !random.one_in(8),
        durability,
        ..TableSchema::default()
    };
    add_key(random, &mut table);
    for _ in 0..random.index(COLUMNS_MAX) {
        let ty = types::any_type(random);
        add_column(&mut table, ty);
    }
    if random.percent(60) {
        let ty = types::position_type(random);
        let column = add_column(&mut table, ty);
        if random.percent(75) {
            let cell = random.pick(&[2.0, 8.0, 50.0]);
            add_index(&mut table, vec![column], IndexKind::Spatial { cell }, false);
        }
    }
    add_indexes(random, &mut table);
    if random.percent(60) {
        add_reference(random, &mut table, earlier);
    }
    table
}

/// A key of one or two columns; the first may count.
fn add_key(random: &mut Random, table: &mut TableSchema) {
    let counts = random.percent(60);
    let ty = if counts { types::counting_type(random) } else { types::key_type(random) };
    let first = add_column(table, ty);
    if let Some(column) = table.columns.get_mut(usize::from(first)) {
        column.auto_inc = counts;
    }
    let mut columns = vec![first];
    if random.percent(30) {
        let ty = types::key_type(random);
        columns.push(add_column(table, ty));
    }
    let kind = if random.one_in(2) { IndexKind::Hash } else { IndexKind::Ordered };
    if random.percent(90) {
        table.primary = Some(0);
        add_index(table, columns, kind, true);
    }
}

fn add_indexes(random: &mut Random, table: &mut TableSchema) {
    for _ in 0..random.index(4) {
        let columns = u16::try_from(table.columns.len()).unwrap_or(0);
        let mut chosen: Vec<u16> = Vec::new();
        for _ in 0..1 + random.index(2) {
            let column = random.below(columns.into()) as u16;
            if !chosen.contains(&column) {
                chosen.push(column);
            }
        }
        let is_ordered = random.one_in(2);
        let takes = |column: &u16| {
            let column = table.columns.get(usize::from(*column));
            column.is_some_and(
                |column| if is_ordered { is_orderable(&column.ty) } else { is_exact(&column.ty) },
            )
        };
        let is_new = !table.indexes.iter().any(|index| index.columns == chosen);
        if is_new && chosen.iter().all(takes) {
            let kind = if is_ordered { IndexKind::Ordered } else { IndexKind::Hash };
            let is_unique = random.one_in(4);
            add_index(table, chosen, kind, is_unique);
        }
    }
}

/// A reference to an earlier table, or to the table itself.
fn add_reference(random: &mut Random, table: &mut TableSchema, earlier: &[TableSchema]) {
    let place = random.index(earlier.len() + 1);
    let target = earlier.get(place).unwrap_or(table).clone();
    let Some(key) = target.primary_index() else { return };
    let is_optional = random.one_in(2) || target.name == table.name;
    let types: Vec<ColumnType> = key
        .columns
        .iter()
        .filter_map(|&column| target.columns.get(usize::from(column)))
        .map(|column| match is_optional {
            true => ColumnType::Option(Box::new(column.ty.clone())),
            false => column.ty.clone(),
        })
        .collect();
    let columns: Vec<u16> = types.into_iter().map(|ty| add_column(table, ty)).collect();
    add_index(table, columns.clone(), IndexKind::Hash, false);
    let on_delete = if random.one_in(2) { OnDelete::Cascade } else { OnDelete::Restrict };
    table.durability = table.durability.min(target.durability);
    table.references.push(ReferenceSchema { columns, table: target.name, on_delete });
}

fn add_column(table: &mut TableSchema, ty: ColumnType) -> u16 {
    let number = table.columns.len();
    table.columns.push(ColumnSchema::new(format!("column_{number}"), ty));
    u16::try_from(number).unwrap_or(u16::MAX)
}

fn add_index(table: &mut TableSchema, columns: Vec<u16>, kind: IndexKind, unique: bool) {
    let name = format!("index_{}", table.indexes.len());
    table.indexes.push(IndexSchema { name, columns, kind, unique });
}

/// Whether an ordered index takes the type.
#[expect(clippy::wildcard_enum_match_arm, reason = "the types of the module that have an order")]
pub(crate) fn is_orderable(ty: &ColumnType) -> bool {
    match ty {
        ColumnType::Enum(enumeration) => !enumeration.has_payload(),
        ColumnType::Option(_)
        | ColumnType::Vec(_)
        | ColumnType::Struct(_)
        | ColumnType::Vec2
        | ColumnType::Vec3
        | ColumnType::DVec2
        | ColumnType::DVec3
        | ColumnType::IVec3
        | ColumnType::Quat => false,
        _ => true,
    }
}

/// Whether equal values have equal bytes, which floats do not promise.
#[expect(clippy::wildcard_enum_match_arm, reason = "the types of the module that hold floats are few")]
fn is_exact(ty: &ColumnType) -> bool {
    match ty {
        ColumnType::F32
        | ColumnType::F64
        | ColumnType::Vec2
        | ColumnType::Vec3
        | ColumnType::DVec2
        | ColumnType::DVec3
        | ColumnType::Quat
        | ColumnType::Struct(_) => false,
        ColumnType::Enum(enumeration) => !enumeration.has_payload(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_are_possible_and_use_every_feature() {
        let mut random = Random::new(1);
        let schemas: Vec<Schema> = (0..300).map(|_| random_schema(&mut random)).collect();
        for schema in &schemas {
            assert_eq!(schema.check(), Ok(()));
        }
        let tables = || schemas.iter().flat_map(|schema| &schema.tables);
        for durability in [Durability::Ephemeral, Durability::Checkpointed, Durability::Durable] {
            assert!(tables().any(|table| table.durability == durability));
        }
        let references = || tables().flat_map(|table| &table.references);
        assert!(references().any(|reference| reference.on_delete == OnDelete::Cascade));
        assert!(references().any(|reference| reference.on_delete == OnDelete::Restrict));
        assert!(references().any(|reference| reference.columns.len() > 1), "composite keys are named");
        assert!(tables().any(|table| table.references.iter().any(|reference| reference.table == table.name)));
        assert!(tables().flat_map(|table| &table.columns).any(|column| column.auto_inc));
        assert!(tables().any(|table| table.layout().is_fixed()));
        assert!(tables().any(|table| !table.layout().is_fixed()));
        for kind in ["Hash", "Ordered", "Spatial"] {
            assert!(
                tables()
                    .flat_map(|table| &table.indexes)
                    .any(|index| format!("{:?}", index.kind).starts_with(kind))
            );
        }
    }
}
