//! Rows of one table that rows of others decide about, along equal columns.

use super::{Filter, Operand, Scalar};

/// Rows of one table for which there are rows in others, all joined by equal columns. The tables form a tree whose root is
/// the selected one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Join {
    /// The selected table first, each of the others behind the one that it hangs on.
    pub tables: Vec<JoinedTable>,
    /// Of the tables that hang on the selected one those that a rule of it joins, by their positions: without rows in them
    /// a row is hidden from the client.
    pub ruled: Vec<usize>,
}

/// One table of a join.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct JoinedTable {
    pub filter: Filter,
    /// The table that it hangs on, by its position in the join. The selected table hangs on none.
    pub parent: Option<usize>,
    /// Columns of that table and of this one that must be equal.
    pub columns: Vec<(Operand, Operand)>,
}

/// The values of joined columns, none of which is NULL.
pub(crate) type Key = Vec<Scalar>;

impl Join {
    /// The selected table.
    pub fn target(&self) -> u16 {
        self.tables.first().map_or(0, |table| table.filter.table)
    }

    /// The positions of the tables that hang on the one at this position.
    pub fn children(&self, place: usize) -> impl Iterator<Item = usize> {
        let is_child = move |(_, table): &(usize, &JoinedTable)| table.parent == Some(place);
        self.tables.iter().enumerate().filter(is_child).map(|(child, _)| child)
    }

    /// Whether nothing hangs on the table at this position: its rows are few.
    pub fn is_leaf(&self, place: usize) -> bool {
        self.children(place).next().is_none()
    }

    /// The tables that nothing hangs on, with their positions.
    pub fn leaves(&self) -> impl Iterator<Item = (usize, &Filter)> {
        let tables = self.tables.iter().enumerate();
        tables.filter(|(place, _)| self.is_leaf(*place)).map(|(place, table)| (place, &table.filter))
    }

    /// The positions of the tables between the selected one and the leaves.
    pub fn middles(&self) -> impl Iterator<Item = usize> {
        (1..self.tables.len()).filter(|&place| !self.is_leaf(place))
    }

    /// The columns that decide at this position, as a column mask.
    pub fn columns(&self, place: usize) -> u64 {
        let Some(table) = self.tables.get(place) else { return 0 };
        let own = table.columns.iter().map(|(_, own)| own.column);
        let children = self.children(place).filter_map(|child| self.tables.get(child));
        let of_children =
            children.flat_map(|child| child.columns.iter().map(|(of_parent, _)| of_parent.column));
        own.chain(of_children).fold(table.filter.columns(), |mask, column| mask | 1 << column)
    }
}

impl JoinedTable {
    /// What one of its rows is joined by.
    pub fn key(&self, row: &[u8]) -> Option<Key> {
        self.columns.iter().map(|(_, own)| own.scalar(row)).collect()
    }

    /// What a row of the table that it hangs on is joined by.
    pub fn key_of_parent(&self, row: &[u8]) -> Option<Key> {
        self.columns.iter().map(|(of_parent, _)| of_parent.scalar(row)).collect()
    }
}
