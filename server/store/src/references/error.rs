//! Which reference would be broken.

/// A reference by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReferenceName {
    /// Name of the table whose rows refer.
    pub table: String,
    /// Names of the referring columns, joined by commas.
    pub columns: String,
    /// Name of the table that is referred to.
    pub target: String,
}

/// A row would name a row that is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceViolation {
    /// The row to be written names a key that no row has.
    #[error("table `{}`, column `{}`: table `{}` has no row with the key {value}", reference.table, reference.columns, reference.target)]
    Missing {
        /// Who refers to whom.
        reference: ReferenceName,
        /// The key as text.
        value: String,
    },
    /// The key to be taken away is one that other rows name.
    #[error(
        "table `{}`: {rows} rows of table `{}` name the row with the key {value} in column `{}`; change or delete them first",
        reference.target, reference.table, reference.columns
    )]
    Named {
        /// Who refers to whom.
        reference: ReferenceName,
        /// The key as text.
        value: String,
        /// How many rows name it.
        rows: usize,
    },
}
