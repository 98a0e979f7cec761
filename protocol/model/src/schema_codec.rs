//! Schema ↔ FlatBuffers (protocol/model/schema.fbs): what a module describes and a client receives.

use std::sync::Arc;

use flatbuffers::{FlatBufferBuilder, ForwardsUOffset, Vector, WIPOffset};

use crate::limits;
use crate::priority::Priority;
use crate::quantize::Quantize;
use crate::schema::{
    ColumnSchema, Durability, IndexKind, IndexSchema, Lifecycle, MigrationSchema, OnDelete, ReducerSchema,
    ReferenceSchema, Schema, SchemaError, TableSchema,
};
use crate::schema_generated::schema_generated as fb;
use crate::types::{ColumnType, EnumType, Field, StructType, Variant};

/// Why bytes are not a schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaDecodeError {
    /// Not a FlatBuffer of the expected form.
    #[error("the schema's bytes are damaged: {0}")]
    Damaged(String),
    /// Written by another version of Ambit.
    #[error("the schema has version {0}; this build reads version 1")]
    Version(u16),
    /// A number that stands for nothing.
    #[error("the schema has an unknown {what} {number}")]
    Unknown {
        /// What the number should have named.
        what: &'static str,
        /// The number.
        number: u8,
    },
    /// Readable, but not possible.
    #[error(transparent)]
    Refused(#[from] SchemaError),
}

const VERSION: u16 = 1;

type Builder = FlatBufferBuilder<'static>;
type Vectors<'a, T> = Option<Vector<'a, ForwardsUOffset<T>>>;

impl Schema {
    /// The schema's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut builder = FlatBufferBuilder::new();
        let tables: Vec<_> = self.tables.iter().map(|table| write_table(&mut builder, table)).collect();
        let tables = builder.create_vector(&tables);
        let reducers: Vec<_> =
            self.reducers.iter().map(|reducer| write_reducer(&mut builder, reducer)).collect();
        let reducers = builder.create_vector(&reducers);
        let migrations: Vec<_> =
            self.migrations.iter().map(|migration| write_migration(&mut builder, migration)).collect();
        let migrations = builder.create_vector(&migrations);
        let args = fb::SchemaArgs {
            version: VERSION,
            tables: Some(tables),
            reducers: Some(reducers),
            module_version: self.version,
            migrations: Some(migrations),
        };
        let root = fb::Schema::create(&mut builder, &args);
        fb::finish_schema_buffer(&mut builder, root);
        builder.finished_data().to_vec()
    }

    /// The schema from its bytes, checked. Any bytes are safe to give.
    pub fn decode(bytes: &[u8]) -> Result<Self, SchemaDecodeError> {
        let options = flatbuffers::VerifierOptions {
            max_depth: 8 + 4 * limits::TYPE_DEPTH_MAX,
            max_tables: 1 << 20,
            max_apparent_size: limits::SCHEMA_BYTES_MAX,
            ..Default::default()
        };
        if bytes.len() > limits::SCHEMA_BYTES_MAX || !identifier_matches(bytes) {
            return Err(SchemaDecodeError::Damaged("not an Ambit schema".into()));
        }
        let root = fb::root_as_schema_with_opts(&options, bytes)
            .map_err(|error| SchemaDecodeError::Damaged(error.to_string()))?;
        if root.version() != VERSION {
            return Err(SchemaDecodeError::Version(root.version()));
        }
        let schema = Self {
            version: root.module_version(),
            tables: read_all(root.tables(), read_table)?,
            reducers: read_all(root.reducers(), read_reducer)?,
            migrations: read_all(root.migrations(), read_migration)?,
        };
        schema.check()?;
        Ok(schema)
    }
}

fn identifier_matches(bytes: &[u8]) -> bool {
    bytes.get(4..8) == Some(fb::SCHEMA_IDENTIFIER.as_bytes())
}

macro_rules! kinds {
    ($($kind:literal $ty:ident,)*) => {
        fn kind_of(ty: &ColumnType) -> u8 {
            match ty {
                $(ColumnType::$ty => $kind,)*
                ColumnType::Option(_) => OPTION,
                ColumnType::Vec(_) => VEC,
                ColumnType::Enum(_) => ENUM,
                ColumnType::Struct(_) => STRUCT,
            }
        }

        fn simple_type(kind: u8) -> Option<ColumnType> {
            match kind {
                $($kind => Some(ColumnType::$ty),)*
                _ => None,
            }
        }
    };
}

// These numbers are part of the format: never reuse one.
kinds! {
    1 Bool, 2 I8, 3 I16, 4 I32, 5 I64, 6 I128, 7 U8, 8 U16, 9 U32, 10 U64, 11 U128, 12 F32, 13 F64,
    20 Vec2, 21 Vec3, 22 Vec4, 23 Quat, 24 DVec2, 25 DVec3, 26 IVec2, 27 IVec3,
    40 Identity, 41 ConnectionId, 42 Uuid, 43 EntityId, 44 Timestamp, 45 Duration,
    60 String, 61 Bytes,
}
const OPTION: u8 = 80;
const VEC: u8 = 81;
const ENUM: u8 = 82;
const STRUCT: u8 = 83;

fn write_type(builder: &mut Builder, ty: &ColumnType) -> WIPOffset<fb::Type<'static>> {
    let mut args = fb::TypeArgs { kind: kind_of(ty), ..Default::default() };
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other types are their kind alone")]
    match ty {
        ColumnType::Option(inner) | ColumnType::Vec(inner) => args.inner = Some(write_type(builder, inner)),
        ColumnType::Struct(structure) => {
            args.name = Some(builder.create_string(&structure.name));
            args.fields = Some(write_fields(builder, &structure.fields));
        }
        ColumnType::Enum(enumeration) => {
            args.name = Some(builder.create_string(&enumeration.name));
            let variants: Vec<_> = enumeration
                .variants
                .iter()
                .map(|variant| {
                    let name = Some(builder.create_string(&variant.name));
                    let fields = Some(write_fields(builder, &variant.fields));
                    fb::Variant::create(builder, &fb::VariantArgs { name, fields })
                })
                .collect();
            args.variants = Some(builder.create_vector(&variants));
        }
        _ => {}
    }
    fb::Type::create(builder, &args)
}

fn write_fields<'a>(
    builder: &mut Builder,
    fields: &[Field],
) -> WIPOffset<Vector<'a, ForwardsUOffset<fb::Field<'static>>>> {
    let fields: Vec<_> = fields
        .iter()
        .map(|field| {
            let name = Some(builder.create_string(&field.name));
            let type_ = Some(write_type(builder, &field.ty));
            fb::Field::create(builder, &fb::FieldArgs { name, type_ })
        })
        .collect();
    builder.create_vector(&fields)
}

fn write_table(builder: &mut Builder, table: &TableSchema) -> WIPOffset<fb::Table<'static>> {
    let columns: Vec<_> = table
        .columns
        .iter()
        .map(|column| {
            let name = Some(builder.create_string(&column.name));
            let type_ = Some(write_type(builder, &column.ty));
            let doc = Some(builder.create_string(&column.doc));
            let default_row = column.default.as_ref().map(|row| builder.create_vector(row));
            let renamed_from = column.renamed_from.as_ref().map(|old| builder.create_string(old));
            let quantize = column.quantize.map(|quantize| write_quantize(builder, quantize));
            let (auto_inc, private) = (column.auto_inc, column.private);
            let args =
                fb::ColumnArgs { name, type_, auto_inc, doc, default_row, renamed_from, quantize, private };
            fb::Column::create(builder, &args)
        })
        .collect();
    let indexes: Vec<_> = table.indexes.iter().map(|index| write_index(builder, index)).collect();
    let references: Vec<_> =
        table.references.iter().map(|reference| write_reference(builder, reference)).collect();
    let visible: Vec<_> = table.visible.iter().map(|rule| builder.create_string(rule)).collect();
    let args = fb::TableArgs {
        name: Some(builder.create_string(&table.name)),
        public: table.public,
        columns: Some(builder.create_vector(&columns)),
        indexes: Some(builder.create_vector(&indexes)),
        primary: table.primary.unwrap_or(u16::MAX),
        doc: Some(builder.create_string(&table.doc)),
        durability: match table.durability {
            Durability::Durable => 0,
            Durability::Checkpointed => 1,
            Durability::Ephemeral => 2,
        },
        references: Some(builder.create_vector(&references)),
        renamed_from: table.renamed_from.as_ref().map(|old| builder.create_string(old)),
        // Left out where there are none, so that such a table has the bytes that it always had.
        visible: (!visible.is_empty()).then(|| builder.create_vector(&visible)),
        priority: table.priority.weight,
        priority_column: table.priority.column.unwrap_or(u16::MAX),
    };
    fb::Table::create(builder, &args)
}

fn write_quantize(builder: &mut Builder, quantize: Quantize) -> WIPOffset<fb::Quantize<'static>> {
    let args = match quantize {
        Quantize::Step { step } => fb::QuantizeArgs { kind: 1, step, ..Default::default() },
        Quantize::Angle { step, turn, from } => fb::QuantizeArgs { kind: 2, step, turn, least: from },
        Quantize::Quaternion { step } => fb::QuantizeArgs { kind: 3, step, ..Default::default() },
    };
    fb::Quantize::create(builder, &args)
}

fn write_reference(builder: &mut Builder, reference: &ReferenceSchema) -> WIPOffset<fb::Reference<'static>> {
    let columns = Some(builder.create_vector(&reference.columns));
    let table = Some(builder.create_string(&reference.table));
    let on_delete = match reference.on_delete {
        OnDelete::Restrict => 0,
        OnDelete::Cascade => 1,
    };
    fb::Reference::create(builder, &fb::ReferenceArgs { columns, table, on_delete })
}

fn write_migration(builder: &mut Builder, migration: &MigrationSchema) -> WIPOffset<fb::Migration<'static>> {
    let reads: Vec<_> = migration.reads.iter().map(|table| write_table(builder, table)).collect();
    let reads = Some(builder.create_vector(&reads));
    let name = Some(builder.create_string(&migration.name));
    fb::Migration::create(builder, &fb::MigrationArgs { name, from_version: migration.from, reads })
}

fn write_index(builder: &mut Builder, index: &IndexSchema) -> WIPOffset<fb::Index<'static>> {
    let (kind, cell) = match index.kind {
        IndexKind::Hash => (0, 0.0),
        IndexKind::Ordered => (1, 0.0),
        IndexKind::Spatial { cell } => (2, cell),
    };
    let name = Some(builder.create_string(&index.name));
    let columns = Some(builder.create_vector(&index.columns));
    fb::Index::create(builder, &fb::IndexArgs { name, columns, kind, cell, unique: index.unique })
}

fn write_reducer(builder: &mut Builder, reducer: &ReducerSchema) -> WIPOffset<fb::Reducer<'static>> {
    let (lifecycle, every_us) = match reducer.lifecycle {
        Lifecycle::Call => (0, 0),
        Lifecycle::Init => (1, 0),
        Lifecycle::ClientConnected => (2, 0),
        Lifecycle::ClientDisconnected => (3, 0),
        Lifecycle::Tick { every_us } => (4, every_us),
    };
    let name = Some(builder.create_string(&reducer.name));
    let params = Some(write_fields(builder, &reducer.params));
    let doc = Some(builder.create_string(&reducer.doc));
    fb::Reducer::create(builder, &fb::ReducerArgs { name, params, lifecycle, every_us, doc })
}

fn read_all<'a, T: flatbuffers::Follow<'a, Inner = T> + 'a, R>(
    vector: Vectors<'a, T>,
    read: impl Fn(T) -> Result<R, SchemaDecodeError>,
) -> Result<Vec<R>, SchemaDecodeError> {
    vector.into_iter().flatten().map(read).collect()
}

fn read_type(ty: fb::Type<'_>) -> Result<ColumnType, SchemaDecodeError> {
    let missing = |what: &str| SchemaDecodeError::Damaged(format!("a type lacks its {what}"));
    let inner = || ty.inner().ok_or_else(|| missing("inner type")).and_then(read_type).map(Box::new);
    let name = || ty.name().ok_or_else(|| missing("name")).map(str::to_owned);
    Ok(match ty.kind() {
        OPTION => ColumnType::Option(inner()?),
        VEC => ColumnType::Vec(inner()?),
        STRUCT => ColumnType::Struct(Arc::new(StructType {
            name: name()?,
            fields: read_all(ty.fields(), read_field)?,
        })),
        ENUM => ColumnType::Enum(Arc::new(EnumType {
            name: name()?,
            variants: read_all(ty.variants(), |variant: fb::Variant<'_>| {
                let fields = read_all(variant.fields(), read_field)?;
                Ok(Variant { name: variant.name().into(), fields })
            })?,
        })),
        kind => simple_type(kind).ok_or(SchemaDecodeError::Unknown { what: "column type", number: kind })?,
    })
}

fn read_field(field: fb::Field<'_>) -> Result<Field, SchemaDecodeError> {
    Ok(Field { name: field.name().into(), ty: read_type(field.type_())? })
}

fn read_table(table: fb::Table<'_>) -> Result<TableSchema, SchemaDecodeError> {
    Ok(TableSchema {
        name: table.name().into(),
        public: table.public(),
        visible: table.visible().into_iter().flatten().map(str::to_owned).collect(),
        priority: Priority {
            weight: table.priority(),
            column: Some(table.priority_column()).filter(|&column| column != u16::MAX),
        },
        columns: read_all(table.columns(), |column: fb::Column<'_>| {
            Ok(ColumnSchema {
                name: column.name().into(),
                ty: read_type(column.type_())?,
                auto_inc: column.auto_inc(),
                private: column.private(),
                default: column.default_row().map(|row| row.bytes().to_vec()),
                renamed_from: column.renamed_from().map(str::to_owned),
                quantize: column.quantize().map(read_quantize).transpose()?,
                doc: column.doc().unwrap_or_default().into(),
            })
        })?,
        indexes: read_all(table.indexes(), read_index)?,
        primary: Some(table.primary()).filter(|&index| index != u16::MAX),
        durability: match table.durability() {
            0 => Durability::Durable,
            1 => Durability::Checkpointed,
            2 => Durability::Ephemeral,
            number => return Err(SchemaDecodeError::Unknown { what: "durability", number }),
        },
        references: read_all(table.references(), read_reference)?,
        renamed_from: table.renamed_from().map(str::to_owned),
        doc: table.doc().unwrap_or_default().into(),
    })
}

fn read_quantize(quantize: fb::Quantize<'_>) -> Result<Quantize, SchemaDecodeError> {
    let step = quantize.step();
    match quantize.kind() {
        1 => Ok(Quantize::Step { step }),
        2 => Ok(Quantize::Angle { step, turn: quantize.turn(), from: quantize.least() }),
        3 => Ok(Quantize::Quaternion { step }),
        number => Err(SchemaDecodeError::Unknown { what: "kind of quantize", number }),
    }
}

fn read_reference(reference: fb::Reference<'_>) -> Result<ReferenceSchema, SchemaDecodeError> {
    Ok(ReferenceSchema {
        columns: reference.columns().into_iter().flatten().collect(),
        table: reference.table().into(),
        on_delete: match reference.on_delete() {
            0 => OnDelete::Restrict,
            1 => OnDelete::Cascade,
            number => return Err(SchemaDecodeError::Unknown { what: "rule for deletes", number }),
        },
    })
}

fn read_migration(migration: fb::Migration<'_>) -> Result<MigrationSchema, SchemaDecodeError> {
    Ok(MigrationSchema {
        name: migration.name().into(),
        from: migration.from_version(),
        reads: read_all(migration.reads(), read_table)?,
    })
}

fn read_index(index: fb::Index<'_>) -> Result<IndexSchema, SchemaDecodeError> {
    Ok(IndexSchema {
        name: index.name().into(),
        columns: index.columns().into_iter().flatten().collect(),
        kind: match index.kind() {
            0 => IndexKind::Hash,
            1 => IndexKind::Ordered,
            2 => IndexKind::Spatial { cell: index.cell() },
            number => return Err(SchemaDecodeError::Unknown { what: "index kind", number }),
        },
        unique: index.unique(),
    })
}

fn read_reducer(reducer: fb::Reducer<'_>) -> Result<ReducerSchema, SchemaDecodeError> {
    Ok(ReducerSchema {
        name: reducer.name().into(),
        params: read_all(reducer.params(), read_field)?,
        lifecycle: match reducer.lifecycle() {
            0 => Lifecycle::Call,
            1 => Lifecycle::Init,
            2 => Lifecycle::ClientConnected,
            3 => Lifecycle::ClientDisconnected,
            4 => Lifecycle::Tick { every_us: reducer.every_us() },
            number => return Err(SchemaDecodeError::Unknown { what: "lifecycle", number }),
        },
        doc: reducer.doc().unwrap_or_default().into(),
    })
}
