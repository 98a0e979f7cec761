//! Why a migration is refused.

/// Why a store was not brought under another schema. It is as before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MigrateError {
    /// The store has uncommitted changes.
    #[error("the store has an open transaction")]
    OpenTransaction,
    /// The plan was made for other schemas.
    #[error("table `{table}`: the plan was made for other tables than those of the store and of the schema")]
    Plan {
        /// Name of the new table.
        table: String,
    },
    /// Rows share a key that only one row may have.
    #[error(transparent)]
    Duplicates(Box<Duplicates>),
    /// Rows name rows that are not there.
    #[error(transparent)]
    Dangling(Box<DanglingReferences>),
    /// A value has no counterpart.
    #[error(transparent)]
    Value(Box<ValueError>),
}

/// Some of the rows that stand in a migration's way, and how many they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What they share, as text.
    pub value: String,
    /// How many they are.
    pub count: usize,
}

/// Rows share keys of an index that is to be unique.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "table `{table}`: the index `{index}` cannot be unique: {row_count} rows share {group_count} values of `{columns}`: {}",
    list(groups, *group_count)
)]
pub struct Duplicates {
    /// Name of the table.
    pub table: String,
    /// Name of the index.
    pub index: String,
    /// Names of its columns, joined by commas.
    pub columns: String,
    /// The largest groups, at most [`crate::limits::MIGRATE_GROUPS_TOLD_MAX`].
    pub groups: Vec<Group>,
    /// How many groups there are in all.
    pub group_count: usize,
    /// How many rows are in them.
    pub row_count: usize,
}

/// Rows name rows that are not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "table `{table}`, column `{columns}`: {row_count} rows name {group_count} keys that no row of table `{target}` has: {}",
    list(groups, *group_count)
)]
pub struct DanglingReferences {
    /// Name of the table whose rows refer.
    pub table: String,
    /// Names of the referring columns, joined by commas.
    pub columns: String,
    /// Name of the table that is referred to.
    pub target: String,
    /// The keys that most rows name, at most [`crate::limits::MIGRATE_GROUPS_TOLD_MAX`].
    pub groups: Vec<Group>,
    /// How many keys there are in all.
    pub group_count: usize,
    /// How many rows name them.
    pub row_count: usize,
}

/// A value that its column's new type does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("table `{table}`, column `{column}`: {value} cannot be converted: {problem}")]
pub struct ValueError {
    /// Name of the table.
    pub table: String,
    /// Name of the column.
    pub column: String,
    /// The old value as text.
    pub value: String,
    /// What is wrong with it.
    pub problem: String,
}

fn list(groups: &[Group], group_count: usize) -> String {
    let mut text: Vec<_> =
        groups.iter().map(|group| format!("{} ({} times)", group.value, group.count)).collect();
    if group_count > groups.len() {
        text.push(format!("and {} more", group_count - groups.len()));
    }
    text.join(", ")
}
