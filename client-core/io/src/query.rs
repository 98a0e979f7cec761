//! Typed queries: they print the SQL of docs/guides/queries.md, and their values travel as parameters. What a query may
//! contain is for the server to say.

mod column;
mod condition;
mod delivery;
mod order;
mod value;

use std::fmt;
use std::marker::PhantomData;

use ambit_client_core::{Delivery, ParameterError, Parameters};

pub use column::Column;
pub use condition::Condition;
pub use delivery::AnyColumn;
pub use order::Order;
pub use value::{Nullable, Position, Queried};

use condition::{Piece, Pieces};

/// Rows of one table, `R`, that a client wants to see.
///
/// ```
/// # use ambit_client::{Column, Query};
/// # struct MonsterRow;
/// # struct MonsterColumns;
/// # impl MonsterColumns { const ZONE: Column<MonsterRow, u8> = Column::new("monster", "zone"); }
/// let query = Query::<MonsterRow>::new("monster").filter(MonsterColumns::ZONE.equal(3)).rate(10.0);
/// let (sql, parameters) = query.build()?;
/// assert_eq!(sql, r#"SELECT * FROM "monster" WHERE "zone" = :p1"#);
/// assert_eq!(parameters.len(), 1);
/// # Ok::<(), ambit_client::ParameterError>(())
/// ```
pub struct Query<R> {
    table: &'static str,
    /// Those that are named; all if there are none.
    columns: Vec<&'static str>,
    around: Option<Around>,
    conditions: Vec<Pieces>,
    orders: Vec<Pieces>,
    limit: Option<u32>,
    delivery: Delivery,
    row: PhantomData<fn() -> R>,
}

/// A circle that moves with the rows of another table.
#[derive(Debug, Clone)]
struct Around {
    table: &'static str,
    /// What joins the two positions.
    join: Pieces,
    /// What the rows in the centre are.
    whose: Pieces,
}

/// What the tables of a query with a circle are called in it.
const SHOWN: &str = "a";
const CENTRE: &str = "b";

impl<R> Query<R> {
    /// All rows of a table, at the server's default rate.
    pub fn new(table: &'static str) -> Self {
        Self {
            table,
            columns: Vec::new(),
            around: None,
            conditions: Vec::new(),
            orders: Vec::new(),
            limit: None,
            delivery: Delivery::default(),
            row: PhantomData,
        }
    }

    /// Shows only the columns that are named so, and the primary key. The others are blank in the cache, unless another
    /// subscription shows them.
    #[must_use]
    pub fn showing<T>(mut self, column: Column<R, T>) -> Self {
        self.columns.push(column.name());
        self
    }

    /// Only rows for which this is true as well.
    #[must_use]
    pub fn filter(mut self, condition: Condition<R>) -> Self {
        self.conditions.push(condition.pieces.of(SHOWN));
        self
    }

    /// Only rows within a circle around rows of table `O`, which moves with them: `position` is the column of the rows that
    /// are shown, `centre` that of the rows in the middle, `whose` says which these are. In place of an earlier circle.
    #[must_use]
    pub fn around<O, P: Position, Q: Position>(
        mut self,
        position: Column<R, P>,
        centre: Column<O, Q>,
        radius: f64,
        whose: Condition<O>,
    ) -> Self {
        let join = position.within(centre, radius);
        let (join, whose) = (join.of_both(SHOWN, CENTRE), whose.pieces.of(CENTRE));
        self.around = Some(Around { table: centre.table(), join, whose });
        self
    }

    /// Only rows of which this column is the same as that of the row in the circle's centre. The server refuses that without a
    /// circle.
    #[must_use]
    pub fn joined<O, T>(mut self, own: Column<R, T>, centre: Column<O, T>) -> Self {
        self.conditions.push(own.same_as(centre).of_both(SHOWN, CENTRE));
        self
    }

    /// Which rows come first, of those that an earlier order leaves equal. Goes together with [`Self::limit`].
    #[must_use]
    pub fn order_by(mut self, order: Order<R>) -> Self {
        self.orders.push(order.pieces.of_both(SHOWN, CENTRE));
        self
    }

    /// Only so many of the first rows.
    #[must_use]
    pub fn limit(mut self, rows: u32) -> Self {
        self.limit = Some(rows);
        self
    }

    /// The text, and the values of the names in it. Queries that are built alike have one text, whatever their values are:
    /// so the parameters of one can replace those of the other.
    pub fn build(&self) -> Result<(String, Parameters), ParameterError> {
        let mut text = Text::default();
        let conditions: Vec<&Pieces> = match &self.around {
            None => {
                text.sql = format!("SELECT {} FROM \"{}\"", self.columns(""), self.table);
                self.conditions.iter().collect()
            }
            Some(around) => {
                let (shown, centre) = (self.table, around.table);
                let columns = self.columns(&format!("{SHOWN}."));
                text.sql =
                    format!("SELECT {columns} FROM \"{shown}\" {SHOWN} JOIN \"{centre}\" {CENTRE} ON ");
                text.add(&around.join, true)?;
                std::iter::once(&around.whose).chain(&self.conditions).collect()
            }
        };
        for (place, condition) in conditions.into_iter().enumerate() {
            text.sql.push_str(if place == 0 { " WHERE " } else { " AND " });
            text.add(condition, self.around.is_some())?;
        }
        for (place, order) in self.orders.iter().enumerate() {
            text.sql.push_str(if place == 0 { " ORDER BY " } else { ", " });
            text.add(order, self.around.is_some())?;
        }
        if let Some(rows) = self.limit {
            text.add(&order::limit(rows), false)?;
        }
        Ok((text.sql, text.parameters))
    }

    /// What stands between SELECT and FROM.
    fn columns(&self, table: &str) -> String {
        if self.columns.is_empty() {
            return format!("{table}*");
        }
        let columns = self.columns.iter().map(|column| format!("{table}\"{column}\""));
        columns.collect::<Vec<_>>().join(", ")
    }
}

// Derived, these would ask the same of the row.
impl<R> Clone for Query<R> {
    fn clone(&self) -> Self {
        let Self { table, columns, around, conditions, orders, limit, delivery, row } = self;
        let (table, columns, around) = (*table, columns.clone(), around.clone());
        let (conditions, orders) = (conditions.clone(), orders.clone());
        let (limit, delivery, row) = (*limit, delivery.clone(), *row);
        Self { table, columns, around, conditions, orders, limit, delivery, row }
    }
}

impl<R> fmt::Debug for Query<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Query").field(&self.build()).field(&self.delivery).finish()
    }
}

/// A text that grows, and its parameters.
#[derive(Default)]
struct Text {
    sql: String,
    parameters: Parameters,
}

impl Text {
    /// Appends a condition; with two tables a column says whose it is.
    fn add(&mut self, condition: &Pieces, is_join: bool) -> Result<(), ParameterError> {
        for piece in condition.as_one_of_several() {
            match piece {
                Piece::Words(words) => self.sql.push_str(words),
                Piece::Column { table, name } => {
                    let table = if is_join { format!("{table}.") } else { String::new() };
                    self.sql.push_str(&format!("{table}\"{name}\""));
                }
                Piece::Value(value) => {
                    let name = format!("p{}", self.parameters.len() + 1);
                    self.parameters.set(&name, value)?;
                    self.sql.push_str(&format!(":{name}"));
                }
            }
        }
        Ok(())
    }
}
