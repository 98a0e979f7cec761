//! What subscriptions take and refuse, with the place in the text and the remedy; and that no text does harm.

mod guide;
mod hostile;
mod parameters;
mod possible;
mod refused;

use std::sync::Arc;

use ambit_interest::{ClientId, Follower, Parameters, QueryError};
use ambit_model::{
    ColumnSchema, ColumnType, ConnectionId, EnumType, Identity, IndexKind, IndexSchema, Schema, TableSchema,
    Timestamp, Variant,
};

fn follower() -> Follower {
    let column = |name: &str, ty| ColumnSchema::new(name, ty);
    let variant = |name: &str| Variant { name: name.into(), fields: Vec::new() };
    let kind = EnumType { name: "Kind".into(), variants: vec![variant("Orc"), variant("Elf")] };
    let table = |name: &str, public, position: ColumnType| TableSchema {
        name: name.into(),
        public,
        columns: vec![
            column("id", ColumnType::U32),
            column("identity", ColumnType::Identity),
            column("connection", ColumnType::ConnectionId),
            column("position", position),
            column("zone", ColumnType::U8),
            column("hp", ColumnType::I16),
            column("speed", ColumnType::F32),
            column("alive", ColumnType::Bool),
            column("name", ColumnType::String),
            column("kind", ColumnType::Enum(Arc::new(kind.clone()))),
            column("weapon", ColumnType::Option(Box::new(ColumnType::U8))),
            column("uuid", ColumnType::Uuid),
            column("big", ColumnType::U128),
            column("blob", ColumnType::Bytes),
            column("born", ColumnType::Timestamp),
            column("nick", ColumnType::Option(Box::new(ColumnType::String))),
            column("blessed", ColumnType::Option(Box::new(ColumnType::Bool))),
            column("anchor", ColumnType::Option(Box::new(ColumnType::Vec3))),
            column("path", ColumnType::Vec(Box::new(ColumnType::U8))),
        ],
        indexes: vec![IndexSchema {
            name: "id".into(),
            columns: vec![0],
            kind: IndexKind::Hash,
            unique: true,
        }],
        primary: Some(0),
        doc: String::new(),
        ..TableSchema::default()
    };
    let tables = vec![
        table("player", true, ColumnType::Vec3),
        table("monster", true, ColumnType::DVec3),
        table("flat", true, ColumnType::Vec2),
        table("secret", false, ColumnType::Vec3),
    ];
    let mut follower = Follower::new(Arc::new(Schema { tables, reducers: Vec::new(), ..Schema::default() }));
    follower.connect(ClientId(1), Identity([1; 32]), ConnectionId([2; 16]));
    follower
}

fn subscribe(sql: &str) -> Result<(), QueryError> {
    follower().subscribe(ClientId(1), 1, sql, 0.0, Timestamp(0))
}

fn subscribe_with(sql: &str, parameters: &Parameters) -> Result<(), QueryError> {
    follower().subscribe_with(ClientId(1), 1, sql, parameters, 0.0, Timestamp(0))
}
