//! Which rows come first.

use std::fmt;
use std::marker::PhantomData;

use ambit_client_core::ParameterValue;

use super::column::Column;
use super::condition::{Piece, Pieces};
use super::value::{Position, Queried};

/// An order of the rows of `R`, for [`Query::order_by`](super::Query::order_by).
pub struct Order<R> {
    pub(super) pieces: Pieces,
    row: PhantomData<fn() -> R>,
}

impl<R> Order<R> {
    fn new(pieces: Pieces) -> Self {
        Self { pieces, row: PhantomData }
    }

    /// `NULLS FIRST`: rows without a value come before all others.
    #[must_use]
    pub fn nulls_first(self) -> Self {
        Self::new(self.pieces.followed_by(" NULLS FIRST"))
    }

    /// `NULLS LAST`: rows without a value come behind all others.
    #[must_use]
    pub fn nulls_last(self) -> Self {
        Self::new(self.pieces.followed_by(" NULLS LAST"))
    }
}

impl<R, T: Queried> Column<R, T> {
    /// The lowest value first; NULL comes last.
    pub fn ascending(self) -> Order<R> {
        Order::new(Pieces::one([self.piece()]))
    }

    /// `DESC`: the highest value first, after NULL unless [`Order::nulls_last`] is said.
    pub fn descending(self) -> Order<R> {
        Order::new(Pieces::one([self.piece(), Piece::Words(" DESC")]))
    }
}

impl<R, T: Position> Column<R, T> {
    /// What is nearest to a point first.
    pub fn nearest_to(self, point: T::Point) -> Order<R> {
        self.distance(Piece::Value(T::point(point)))
    }

    /// What is nearest to the rows in the centre of the query's circle first; both are the columns of
    /// [`Query::around`](super::Query::around).
    pub fn nearest_to_centre<O, Q: Position>(self, centre: Column<O, Q>) -> Order<R> {
        self.distance(centre.piece())
    }

    fn distance(self, to: Piece) -> Order<R> {
        let (open, comma, close) = (Piece::Words("ST_Distance("), Piece::Words(", "), Piece::Words(")"));
        Order::new(Pieces::one([open, self.piece(), comma, to, close]))
    }
}

/// The value of LIMIT.
pub(super) fn limit(rows: u32) -> Pieces {
    Pieces::one([Piece::Words(" LIMIT "), Piece::Value(ParameterValue::Integer(rows.into()))])
}

// Derived, these would ask the same of the row.
impl<R> Clone for Order<R> {
    fn clone(&self) -> Self {
        Self::new(self.pieces.clone())
    }
}

impl<R> fmt::Debug for Order<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces.fmt(f)
    }
}
