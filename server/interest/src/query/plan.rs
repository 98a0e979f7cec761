//! Checked plans: what a query selects, as conditions that a row's bytes are tested against. They leave out how a result is
//! kept up to date.

mod condition;

mod area;
mod operand;
mod scalar;

mod canonical;
mod facts;

mod join;

mod order;

pub(crate) use area::{Area, Position, is_within};
pub(crate) use canonical::canonical;
pub(crate) use condition::{Comparison, Condition};
pub(crate) use facts::{Edge, Equal, Facts, Selectivity, Span, parts};
pub(crate) use join::{Join, JoinedTable, Key};
pub(crate) use operand::{Form, Operand};
pub(crate) use order::{By, Order, OrderKey, square_of_distance};
pub(crate) use scalar::{Number, Scalar};

/// A checked query, with what it shows of its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Selection {
    pub plan: Plan,
    /// The columns of the selected table that are shown, as a mask. If those are all that clients may see, it is
    /// [`ambit_model::TableSchema::visible_columns`].
    pub columns: u64,
}

/// The rows of a checked query.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Plan {
    /// Rows of one table that satisfy conditions of their own.
    Filter(Filter),
    /// Rows within a circle around rows of the caller.
    Circle(Box<Circle>),
    /// Rows that hang together with rows of other tables.
    Join(Box<Join>),
    /// The first rows of another plan.
    Top(Box<Top>),
}

/// The rows of a plan that come first in an order, up to so many.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Top {
    /// A plan of any other kind.
    pub of: Plan,
    pub order: Order,
    pub limit: usize,
}

/// Rows of one table that satisfy all conditions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Filter {
    pub table: u16,
    /// In the form of [`canonical`], so that equal filters are equal.
    pub conditions: Vec<Condition>,
    /// Those of the conditions that the table's rules make, if the table's rows are selected: a row that does not satisfy
    /// them is hidden from the client.
    pub permission: Vec<Condition>,
}

/// Rows of one table near the rows of another that satisfy conditions: the circle that moves.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Circle {
    /// The rows to see, before distance and joined columns.
    pub target: Filter,
    pub target_position: Position,
    /// The rows in the centre.
    pub observer: Filter,
    pub observer_position: Position,
    pub radius: Number,
    /// Columns of target and observer that must be equal. None of them can be NULL.
    pub joined: Vec<(Operand, Operand)>,
    /// If the circle is a rule of the target: what the client asks for within it.
    pub rule_for: Option<Vec<Condition>>,
}

impl Filter {
    /// Rows that satisfy conditions in their one form.
    pub fn new(table: u16, conditions: Vec<Condition>) -> Self {
        Self { table, conditions, permission: Vec::new() }
    }

    pub fn matches(&self, row: &[u8]) -> bool {
        self.conditions.iter().all(|condition| condition.holds(row))
    }

    /// Whether the table's rules show the row to the client, as far as they are conditions on the row.
    pub fn permits(&self, row: &[u8]) -> bool {
        self.permission.iter().all(|condition| condition.holds(row))
    }

    /// The columns that decide, as a column mask.
    pub fn columns(&self) -> u64 {
        self.conditions.iter().fold(0, |mask, condition| mask | condition.columns())
    }

    /// Whether the row would be in the result if it were at the right place: every circle and box counts as satisfied, and
    /// every NOT of one. A row that leaves a result because it moved satisfies this, and so does one that is
    /// somewhere else anyway.
    pub fn matches_apart_from_distance(&self, row: &[u8]) -> bool {
        self.conditions.iter().all(|condition| condition.holds_at_some_place(row))
    }

    /// The columns that must have one value, with that value.
    pub fn equalities(&self) -> impl Iterator<Item = (Operand, &Scalar)> {
        self.conditions.iter().filter_map(Condition::equality)
    }
}

impl Circle {
    /// Whether the joined columns of the two rows are equal.
    pub fn joins(&self, target: &[u8], observer: &[u8]) -> bool {
        self.joined.iter().all(|(of_target, own)| of_target.bytes(target) == own.bytes(observer))
    }
}
