//! What to generate, before any language: named types children first, layouts, unique names.

#![expect(clippy::wildcard_enum_match_arm, reason = "most types are neither named nor composed")]

use std::collections::HashMap;
use std::sync::Arc;

use ambit_model::{
    ColumnSchema, ColumnType, Durability, EnumType, Field, IndexSchema, Lifecycle, ReducerSchema, RowLayout,
    Schema, StructType, TableSchema,
};

use crate::naming::upper_camel;

/// Why no code can be generated from a schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    /// Two things of the schema would have one name in generated code.
    #[error("{first} and {second} would both be called `{name}` in generated code; rename one of them")]
    SameName {
        /// What has the name already.
        first: String,
        /// What would get it too.
        second: String,
        /// The name.
        name: String,
    },
    /// The schema itself is impossible.
    #[error("the schema cannot be used: {0}")]
    Schema(#[from] ambit_model::SchemaError),
}

/// Everything the languages need.
pub(crate) struct Plan<'a> {
    /// Each after the types it is made of.
    pub(crate) types: Vec<NamedType>,
    /// Public tables, in schema order.
    pub(crate) tables: Vec<TablePlan<'a>>,
    /// Reducers that clients call, in schema order.
    pub(crate) reducers: Vec<ReducerPlan<'a>>,
}

/// Names of types that a language's generator makes by itself, beside those of the schema.
pub(crate) struct OwnNames {
    /// Once per database.
    pub(crate) types: &'static [&'static str],
    /// Once per table, after the table's name.
    pub(crate) of_tables: &'static [&'static str],
}

pub(crate) enum NamedType {
    Struct(Arc<StructType>),
    Enum(Arc<EnumType>),
}

pub(crate) struct TablePlan<'a> {
    pub(crate) table: &'a TableSchema,
    pub(crate) layout: RowLayout,
    /// Whether a row is one struct of C# and C++, read in place.
    pub(crate) in_place: bool,
}

pub(crate) struct ReducerPlan<'a> {
    pub(crate) reducer: &'a ReducerSchema,
    pub(crate) layout: RowLayout,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(schema: &'a Schema, own: &OwnNames) -> Result<Self, GenerateError> {
        schema.check()?;
        let tables: Vec<TablePlan<'_>> =
            schema.tables.iter().filter(|table| table.public).map(TablePlan::new).collect();
        let reducers: Vec<ReducerPlan<'_>> = schema
            .reducers
            .iter()
            .filter(|reducer| reducer.lifecycle == Lifecycle::Call)
            .map(|reducer| ReducerPlan { reducer, layout: reducer.layout() })
            .collect();
        let mut names = Names::default();
        let mut types = Vec::new();
        for name in own.types {
            names.claim((*name).into(), "a type that all generated code has".into())?;
        }
        for TablePlan { table, .. } in &tables {
            for of_table in own.of_tables {
                let owner = format!("the {} of table `{}`", of_table.to_lowercase(), table.name);
                names.claim(upper_camel(&table.name) + of_table, owner)?;
            }
            check_members(&format!("table `{}`", table.name), visible(table).map(|column| &column.name))?;
            for column in visible(table) {
                collect(&column.ty, &mut types, &mut names)?;
            }
        }
        let mut reducer_names = Names::default();
        for ReducerPlan { reducer, .. } in &reducers {
            reducer_names.claim(upper_camel(&reducer.name), format!("reducer `{}`", reducer.name))?;
            check_members(&format!("reducer `{}`", reducer.name), reducer.params.iter().map(|p| &p.name))?;
            for param in &reducer.params {
                collect(&param.ty, &mut types, &mut names)?;
            }
        }
        Ok(Self { types, tables, reducers })
    }
}

impl<'a> TablePlan<'a> {
    fn new(table: &'a TableSchema) -> Self {
        let in_place =
            visible(table).next().is_some() && visible(table).all(|column| is_in_place(&column.ty));
        Self { table, layout: table.layout(), in_place }
    }

    /// The author's comment, and what a client's author should know besides: rows that vanish with a restart.
    pub(crate) fn doc(&self) -> String {
        let note = match self.table.durability {
            Durability::Ephemeral => "Its rows are gone after a restart of the server.",
            // Who plays on sees no difference between these.
            Durability::Checkpointed | Durability::Durable => "",
        };
        format!("{}\n{note}", self.table.doc).trim().to_owned()
    }

    /// The columns that clients see, in declared order.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &'a ColumnSchema> {
        visible(self.table)
    }

    /// The same as fields, each with its offset in the row.
    pub(crate) fn placed(&self) -> Vec<(usize, Field)> {
        let columns = self.table.columns.iter().zip(self.layout.columns());
        let columns = columns.filter(|(column, _)| !column.private);
        columns
            .map(|(column, place)| (place.offset, Field { name: column.name.clone(), ty: column.ty.clone() }))
            .collect()
    }

    /// `UpperCamelCase` name of the table.
    pub(crate) fn name(&self) -> String {
        upper_camel(&self.table.name)
    }

    /// The columns of an index with their names, and the layout of its key rows.
    pub(crate) fn key(&self, index: &IndexSchema) -> (Vec<Field>, RowLayout) {
        let fields: Vec<Field> = index
            .columns
            .iter()
            .filter_map(|&column| self.table.columns.get(usize::from(column)))
            .map(|column| Field { name: column.name.clone(), ty: column.ty.clone() })
            .collect();
        (fields, self.layout.of_columns(&index.columns))
    }

    /// Names of what an index answers: `Find`, `FindByName`, `WhereZone`, `Near`.
    pub(crate) fn index_method(&self, id: u16, index: &IndexSchema) -> (Lookup, String) {
        use ambit_model::IndexKind;
        let suffix = upper_camel(&index.name);
        let spatial = |index: &&IndexSchema| matches!(index.kind, IndexKind::Spatial { .. });
        match index.kind {
            IndexKind::Spatial { .. } if self.table.indexes.iter().filter(spatial).count() == 1 => {
                (Lookup::Near, "Near".into())
            }
            IndexKind::Spatial { .. } => (Lookup::Near, format!("Near{suffix}")),
            _ if self.table.primary == Some(id) => (Lookup::Find, "Find".into()),
            _ if index.unique => (Lookup::Find, format!("FindBy{suffix}")),
            _ => (Lookup::Where, format!("Where{suffix}")),
        }
    }
}

fn visible(table: &TableSchema) -> impl Iterator<Item = &ColumnSchema> {
    table.columns.iter().filter(|column| !column.private)
}

/// What an index can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lookup {
    Find,
    Where,
    Near,
}

/// Whether C# and C++ can have the type as a field at its place: no heap, and no struct without fields, whose
/// zero bytes neither language knows.
pub(crate) fn is_in_place(ty: &ColumnType) -> bool {
    match ty {
        ColumnType::Option(inner) => is_in_place(inner),
        ColumnType::Struct(structure) => {
            !structure.fields.is_empty() && structure.fields.iter().all(|field| is_in_place(&field.ty))
        }
        other => other.is_fixed(),
    }
}

/// Each field with its offset in a `#[repr(C)]` struct whose first `first` bytes are taken.
pub(crate) fn placed(fields: &[Field], first: usize) -> Vec<(usize, Field)> {
    let mut end = first;
    let mut out = Vec::with_capacity(fields.len());
    for field in fields {
        let offset = end.next_multiple_of(field.ty.align());
        out.push((offset, field.clone()));
        end = offset + field.ty.size();
    }
    out
}

#[derive(Default)]
struct Names {
    owners: HashMap<String, String>,
}

impl Names {
    fn claim(&mut self, name: String, owner: String) -> Result<(), GenerateError> {
        match self.owners.insert(name.clone(), owner.clone()) {
            Some(first) => Err(GenerateError::SameName { first, second: owner, name }),
            None => Ok(()),
        }
    }
}

fn check_members<'n>(subject: &str, members: impl Iterator<Item = &'n String>) -> Result<(), GenerateError> {
    let mut names = Names::default();
    for member in members {
        names.claim(upper_camel(member), format!("`{member}` of {subject}"))?;
    }
    Ok(())
}

fn collect(ty: &ColumnType, types: &mut Vec<NamedType>, names: &mut Names) -> Result<(), GenerateError> {
    match ty {
        ColumnType::Option(inner) | ColumnType::Vec(inner) => collect(inner, types, names),
        ColumnType::Struct(structure) => {
            let seen = types.iter().any(|known| matches!(known, NamedType::Struct(s) if s == structure));
            if seen {
                return Ok(());
            }
            for field in &structure.fields {
                collect(&field.ty, types, names)?;
            }
            let subject = format!("struct `{}`", structure.name);
            check_members(&subject, structure.fields.iter().map(|field| &field.name))?;
            names.claim(upper_camel(&structure.name), subject)?;
            types.push(NamedType::Struct(Arc::clone(structure)));
            Ok(())
        }
        ColumnType::Enum(enumeration) => {
            let seen = types.iter().any(|known| matches!(known, NamedType::Enum(e) if e == enumeration));
            if seen {
                return Ok(());
            }
            for variant in &enumeration.variants {
                for field in &variant.fields {
                    collect(&field.ty, types, names)?;
                }
            }
            let subject = format!("enum `{}`", enumeration.name);
            check_members(&subject, enumeration.variants.iter().map(|variant| &variant.name))?;
            names.claim(upper_camel(&enumeration.name), subject)?;
            types.push(NamedType::Enum(Arc::clone(enumeration)));
            Ok(())
        }
        _ => Ok(()),
    }
}
