//! The rows of the sample's tables and reducers, as far as bots use them. A game would use generated code.

use ambit_model::glam::Vec2;
use ambit_model::{Column, Identity, RowReader, RowWriter, Schema};
use anyhow::{Context, Result};

/// Where the columns of a player's row lie.
#[derive(Debug, Clone, Copy)]
pub struct PlayerColumns {
    /// The table's id.
    pub table: u16,
    identity: usize,
    position: usize,
    health: usize,
}

/// What a bot knows of a player.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Player {
    /// Who it is.
    pub identity: Identity,
    /// Where it is.
    pub position: Vec2,
    /// 0 is dead.
    pub health: u16,
}

impl PlayerColumns {
    /// From the database's schema.
    pub fn of(schema: &Schema) -> Result<Self> {
        let (table, player) =
            schema.table("player").context("the database has no table `player`: is it the sample MMO?")?;
        let layout = player.layout();
        let offset = |name: &str| {
            let column = player.column(name).and_then(|(index, _)| layout.columns().get(usize::from(index)));
            column
                .map(|column| column.offset)
                .with_context(|| format!("table `player` has no column `{name}`"))
        };
        Ok(Self {
            table,
            identity: offset("identity")?,
            position: offset("position")?,
            health: offset("health")?,
        })
    }

    /// Reads a row of the cache.
    pub fn read(&self, row: &[u8]) -> Result<Player> {
        let reader = RowReader::new(row);
        Ok(Player {
            identity: Identity::read(reader, self.identity)?,
            position: Vec2::read(reader, self.position)?,
            health: u16::read(reader, self.health)?,
        })
    }
}

/// The arguments of `move_to`.
pub fn move_to(position: Vec2, facing: f32) -> Vec<u8> {
    let mut row = Vec::with_capacity(16);
    let mut writer = RowWriter::new(&mut row, 16);
    position.write(&mut writer, 0);
    facing.write(&mut writer, 8);
    row
}

/// The arguments of `join`.
pub fn join(name: &str) -> Vec<u8> {
    let mut row = Vec::with_capacity(8 + name.len());
    RowWriter::new(&mut row, 8).bytes(0, name.as_bytes());
    row
}
