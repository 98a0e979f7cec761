//! Conditions as pieces of text, with their values beside it.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{BitAnd, BitOr, Not};

use ambit_client_core::ParameterValue;

/// What must be true of a row of `R`. `&`, `|` and `!` join conditions.
pub struct Condition<R> {
    pub(super) pieces: Pieces,
    row: PhantomData<fn() -> R>,
}

/// A part of a query's text.
#[derive(Debug, Clone)]
pub(super) enum Piece {
    Words(&'static str),
    Column { table: &'static str, name: &'static str },
    Value(ParameterValue),
}

/// The pieces of a condition, and what joins them at the top.
#[derive(Debug, Clone)]
pub(super) struct Pieces {
    list: Vec<Piece>,
    shape: Shape,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    One,
    All,
    Any,
}

impl Pieces {
    pub fn one(list: impl IntoIterator<Item = Piece>) -> Self {
        Self { list: list.into_iter().collect(), shape: Shape::One }
    }

    /// The columns are those of the table that is called so.
    pub fn of(mut self, called: &'static str) -> Self {
        for piece in &mut self.list {
            if let Piece::Column { table, .. } = piece {
                *table = called;
            }
        }
        self
    }

    /// The same and these words.
    pub fn followed_by(mut self, words: &'static str) -> Self {
        self.list.push(Piece::Words(words));
        self
    }

    /// The first column is of one table, the second of the other.
    pub fn of_both(mut self, first: &'static str, second: &'static str) -> Self {
        let columns = self.list.iter_mut().filter_map(|piece| match piece {
            Piece::Column { table, .. } => Some(table),
            Piece::Words(_) | Piece::Value(_) => None,
        });
        columns.zip([first, second]).for_each(|(table, called)| *table = called);
        self
    }

    /// As it stands between two ANDs.
    pub fn as_one_of_several(&self) -> impl Iterator<Item = Piece> {
        self.clone().within(Shape::All).into_iter()
    }

    /// Lists of one shape need no parentheses, however long they are: a query may not nest deep.
    fn within(self, shape: Shape) -> Vec<Piece> {
        if self.shape == Shape::One || self.shape == shape {
            return self.list;
        }
        let (open, close) = ([Piece::Words("(")], [Piece::Words(")")]);
        open.into_iter().chain(self.list).chain(close).collect()
    }

    fn join(self, words: &'static str, shape: Shape, other: Self) -> Self {
        let mut list = self.within(shape);
        list.push(Piece::Words(words));
        list.extend(other.within(shape));
        Self { list, shape }
    }
}

impl<R> Condition<R> {
    pub(super) fn new(list: impl IntoIterator<Item = Piece>) -> Self {
        Self { pieces: Pieces::one(list), row: PhantomData }
    }
}

// Derived, these would ask the same of the row.
impl<R> Clone for Condition<R> {
    fn clone(&self) -> Self {
        Self { pieces: self.pieces.clone(), row: PhantomData }
    }
}

impl<R> fmt::Debug for Condition<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces.fmt(f)
    }
}

impl<R> BitAnd for Condition<R> {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self { pieces: self.pieces.join(" AND ", Shape::All, other.pieces), row: PhantomData }
    }
}

impl<R> BitOr for Condition<R> {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self { pieces: self.pieces.join(" OR ", Shape::Any, other.pieces), row: PhantomData }
    }
}

impl<R> Not for Condition<R> {
    type Output = Self;

    fn not(self) -> Self {
        let (open, close) = ([Piece::Words("NOT (")], [Piece::Words(")")]);
        Self::new(open.into_iter().chain(self.pieces.list).chain(close))
    }
}
