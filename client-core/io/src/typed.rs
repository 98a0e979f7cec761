//! What generated Rust code stands on: tables and reducers that were looked up by name in the connected schema and
//! compared with what the code was made from.

use std::marker::PhantomData;

use ambit_client_core::{Event, EventKind, SendError, Table};
use ambit_model::Row;
use ambit_wire::LeaveReason;

use crate::client::Client;

/// Why generated code does not fit the connected database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BindError {
    /// The schema comes with the connection.
    #[error("the tables and reducers of the database are known once the client is connected")]
    NotConnected,
    /// The database has no such thing.
    #[error("the connected database has no {what} `{name}`; run `ambit generate` again")]
    Missing {
        /// `table` or `reducer`.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// It has other columns, indexes or parameters.
    #[error(
        "{what} `{name}` of the connected database differs from the one this code was generated from; run \
         `ambit generate` again"
    )]
    Differs {
        /// `table` or `reducer`.
        what: &'static str,
        /// Its name.
        name: String,
    },
}

/// A table of the connected database whose rows are `R`. Rows are decoded from the cache as of the last tick.
#[derive(Debug)]
pub struct TypedTable<R> {
    id: u16,
    rows: PhantomData<fn() -> R>,
}

/// One change of a row of a [`TypedTable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowChange<R> {
    /// It entered the cache.
    Insert {
        /// The row.
        row: R,
    },
    /// It changed.
    Update {
        /// What it was.
        old: R,
        /// What it is.
        row: R,
    },
    /// It left the cache.
    Delete {
        /// What it was.
        old: R,
        /// Why.
        reason: LeaveReason,
    },
}

impl<R: Row> TypedTable<R> {
    /// The table of this name, if it is the one whose fingerprint the code carries.
    pub fn bind(client: &mut Client, name: &str, fingerprint: u64) -> Result<Self, BindError> {
        let schema = client.schema().ok_or(BindError::NotConnected)?;
        let found = schema.table(name).map(|(id, table)| (id, table.fingerprint()));
        let id = same("table", name, found, fingerprint)?;
        Ok(Self { id, rows: PhantomData })
    }

    /// Its id, as events carry it.
    pub fn id(&self) -> u16 {
        self.id
    }

    /// Rows in the cache.
    pub fn count(&self, client: &Client) -> usize {
        client.table_by_id(self.id).map_or(0, Table::len)
    }

    /// All rows in the cache.
    pub fn rows<'a>(&self, client: &'a Client) -> impl Iterator<Item = R> + use<'a, R> {
        client.table_by_id(self.id).into_iter().flat_map(Table::iter).filter_map(|(_, bytes)| decode(bytes))
    }

    /// The row with a key of a unique index.
    pub fn found_by(&self, client: &Client, index: u16, key: &[u8]) -> Option<R> {
        let table = client.table_by_id(self.id)?;
        // The fingerprint covers the indexes, so generated code asks only what there is.
        let local = table.find(index, key).ok()??;
        decode(table.row(local)?)
    }

    /// All rows with a key of an index.
    pub fn rows_where(&self, client: &Client, index: u16, key: &[u8]) -> Vec<R> {
        self.answer(client, |table, locals| table.find_all(index, key, locals).is_ok())
    }

    /// All rows within `radius` of a point, by a spatial index.
    pub fn rows_near(&self, client: &Client, index: u16, centre: [f64; 3], radius: f64) -> Vec<R> {
        self.answer(client, |table, locals| table.near(index, centre, radius, locals).is_ok())
    }

    /// The event of this table as rows; `None` for an event of another table.
    pub fn change(&self, event: &Event<'_>) -> Option<RowChange<R>> {
        if event.table != self.id {
            return None;
        }
        Some(match event.kind {
            EventKind::Insert { row } => RowChange::Insert { row: decode(row)? },
            EventKind::Update { old, row } => RowChange::Update { old: decode(old)?, row: decode(row)? },
            EventKind::Delete { old, reason } => RowChange::Delete { old: decode(old)?, reason },
        })
    }

    fn answer(&self, client: &Client, ask: impl FnOnce(&Table, &mut Vec<u32>) -> bool) -> Vec<R> {
        let Some(table) = client.table_by_id(self.id) else { return Vec::new() };
        let mut locals = Vec::new();
        let asked = ask(table, &mut locals);
        debug_assert!(asked, "the fingerprint covers the indexes");
        locals.into_iter().filter_map(|local| decode(table.row(local)?)).collect()
    }
}

/// A reducer of the connected database whose parameters are `A`.
#[derive(Debug)]
pub struct TypedReducer<A> {
    id: u16,
    arguments: PhantomData<fn(A)>,
}

impl<A: Row> TypedReducer<A> {
    /// The reducer of this name, if it is the one whose fingerprint the code carries.
    pub fn bind(client: &mut Client, name: &str, fingerprint: u64) -> Result<Self, BindError> {
        let schema = client.schema().ok_or(BindError::NotConnected)?;
        let found = schema.reducer(name).map(|(id, reducer)| (id, reducer.fingerprint()));
        let id = same("reducer", name, found, fingerprint)?;
        Ok(Self { id, arguments: PhantomData })
    }

    /// Calls it; answers the request's number, which the result will carry.
    pub fn call(&self, client: &mut Client, arguments: &A) -> Result<u32, SendError> {
        client.call(self.id, &arguments.encode())
    }
}

fn same(what: &'static str, name: &str, found: Option<(u16, u64)>, generated: u64) -> Result<u16, BindError> {
    match found {
        None => Err(BindError::Missing { what, name: name.into() }),
        Some((_, connected)) if connected != generated => Err(BindError::Differs { what, name: name.into() }),
        Some((id, _)) => Ok(id),
    }
}

/// A row of the cache, whose bytes were checked against the layout that the fingerprint covers.
fn decode<R: Row>(bytes: &[u8]) -> Option<R> {
    let row = R::decode(bytes);
    debug_assert!(row.is_ok(), "the fingerprint covers the layout");
    row.ok()
}
