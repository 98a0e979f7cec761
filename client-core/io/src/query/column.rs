//! Columns, and what can be asked of them.

use std::fmt;
use std::marker::PhantomData;

use ambit_client_core::ParameterValue;
use ambit_model::{ConnectionId, Identity};

use super::condition::{Condition, Piece, Pieces};
use super::value::{Nullable, Position, Queried};

/// A column of type `T` of the table whose rows are `R`. Generated code has them all.
pub struct Column<R, T> {
    table: &'static str,
    pub(super) name: &'static str,
    of: PhantomData<fn() -> (R, T)>,
}

impl<R, T> Column<R, T> {
    /// The column of this name.
    pub const fn new(table: &'static str, name: &'static str) -> Self {
        Self { table, name, of: PhantomData }
    }

    pub(super) fn name(self) -> &'static str {
        self.name
    }

    pub(super) fn table(self) -> &'static str {
        self.table
    }

    pub(super) fn same_as<O>(self, other: Column<O, T>) -> Pieces {
        Pieces::one([self.piece(), Piece::Words(" = "), other.piece()])
    }

    pub(super) fn piece(self) -> Piece {
        Piece::Column { table: self.table, name: self.name }
    }

    fn followed_by(self, words: &'static str) -> Condition<R> {
        Condition::new([self.piece(), Piece::Words(words)])
    }
}

impl<R, T: Queried> Column<R, T> {
    /// `=`
    pub fn equal(self, value: T::Value<'_>) -> Condition<R> {
        self.compare(" = ", value)
    }

    /// `<>`
    pub fn not_equal(self, value: T::Value<'_>) -> Condition<R> {
        self.compare(" <> ", value)
    }

    /// `<`
    pub fn less(self, value: T::Value<'_>) -> Condition<R> {
        self.compare(" < ", value)
    }

    /// `<=`
    pub fn at_most(self, value: T::Value<'_>) -> Condition<R> {
        self.compare(" <= ", value)
    }

    /// `>`
    pub fn greater(self, value: T::Value<'_>) -> Condition<R> {
        self.compare(" > ", value)
    }

    /// `>=`
    pub fn at_least(self, value: T::Value<'_>) -> Condition<R> {
        self.compare(" >= ", value)
    }

    /// `BETWEEN`: both ends belong to it.
    pub fn between(self, low: T::Value<'_>, high: T::Value<'_>) -> Condition<R> {
        let (low, high) = (Piece::Value(T::parameter(low)), Piece::Value(T::parameter(high)));
        Condition::new([self.piece(), Piece::Words(" BETWEEN "), low, Piece::Words(" AND "), high])
    }

    /// `IN`: one of these values, of which there is at least one.
    pub fn is_in<'a>(self, values: impl IntoIterator<Item = T::Value<'a>>) -> Condition<R> {
        let mut pieces = vec![self.piece(), Piece::Words(" IN (")];
        for (place, value) in values.into_iter().enumerate() {
            if place > 0 {
                pieces.push(Piece::Words(", "));
            }
            pieces.push(Piece::Value(T::parameter(value)));
        }
        pieces.push(Piece::Words(")"));
        Condition::new(pieces)
    }

    fn compare(self, operator: &'static str, value: T::Value<'_>) -> Condition<R> {
        Condition::new([self.piece(), Piece::Words(operator), Piece::Value(T::parameter(value))])
    }
}

impl<R, T> Column<R, T>
where
    T: for<'a> Queried<Value<'a> = &'a str>,
{
    /// `LIKE 'beginning%'`
    pub fn starts_with(self, beginning: &str) -> Condition<R> {
        let mut pattern = String::with_capacity(beginning.len() + 1);
        for letter in beginning.chars() {
            if matches!(letter, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(letter);
        }
        pattern.push('%');
        Condition::new([self.piece(), Piece::Words(" LIKE "), Piece::Value(ParameterValue::Text(pattern))])
    }
}

impl<R, T: Nullable> Column<R, T> {
    /// `IS NULL`
    pub fn is_null(self) -> Condition<R> {
        self.followed_by(" IS NULL")
    }

    /// `IS NOT NULL`
    pub fn is_not_null(self) -> Condition<R> {
        self.followed_by(" IS NOT NULL")
    }
}

impl<R, T> Column<R, T>
where
    T: for<'a> Queried<Value<'a> = Identity>,
{
    /// `= :sender`: the client's own.
    pub fn is_sender(self) -> Condition<R> {
        self.followed_by(" = :sender")
    }
}

impl<R, T> Column<R, T>
where
    T: for<'a> Queried<Value<'a> = ConnectionId>,
{
    /// `= :connection`: the client's own.
    pub fn is_connection(self) -> Condition<R> {
        self.followed_by(" = :connection")
    }
}

impl<R, T: Position> Column<R, T> {
    /// Within a circle, or in three dimensions a sphere.
    pub fn near(self, centre: T::Point, radius: f64) -> Condition<R> {
        let (centre, radius) = (Piece::Value(T::point(centre)), Piece::Value(ParameterValue::Float(radius)));
        Condition::new([
            Piece::Words("ST_DWithin("),
            self.piece(),
            Piece::Words(", "),
            centre,
            Piece::Words(", "),
            radius,
            Piece::Words(")"),
        ])
    }

    /// Within a box with these opposite corners.
    pub fn inside(self, corner: T::Point, opposite: T::Point) -> Condition<R> {
        let (corner, opposite) = (T::point(corner), T::point(opposite));
        let make = match corner {
            ParameterValue::Point3(_) => " &&& ST_3DMakeBox(",
            ParameterValue::Point2(_)
            | ParameterValue::Bool(_)
            | ParameterValue::Integer(_)
            | ParameterValue::Float(_)
            | ParameterValue::Text(_)
            | ParameterValue::Bytes(_) => " && ST_MakeBox2D(",
        };
        Condition::new([
            self.piece(),
            Piece::Words(make),
            Piece::Value(corner),
            Piece::Words(", "),
            Piece::Value(opposite),
            Piece::Words(")"),
        ])
    }

    pub(super) fn within<O, Q>(self, centre: Column<O, Q>, radius: f64) -> Pieces {
        Pieces::one([
            Piece::Words("ST_DWithin("),
            self.piece(),
            Piece::Words(", "),
            centre.piece(),
            Piece::Words(", "),
            Piece::Value(ParameterValue::Float(radius)),
            Piece::Words(")"),
        ])
    }
}

impl<R, T> Clone for Column<R, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R, T> Copy for Column<R, T> {}

impl<R, T> fmt::Debug for Column<R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.table, self.name)
    }
}
