//! How much rows are worth to clients with a budget.

use crate::limits::{PRIORITY_MAX, PRIORITY_MIN};
use crate::schema::TableSchema;
use crate::types::ColumnType;

/// How much a table's rows are worth, where those of all tables compete for what a connection may be sent. A row is told in
/// proportion to it: twice the priority, half the time between two changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Priority {
    /// What each row is worth; 1 without a word.
    pub weight: f32,
    /// A column that says it of a row, as a factor.
    pub column: Option<u16>,
}

impl Eq for Priority {}

impl Default for Priority {
    fn default() -> Self {
        Self { weight: 1.0, column: None }
    }
}

impl Priority {
    /// The factor that a column's value stands for: at least [`PRIORITY_MIN`], at most [`PRIORITY_MAX`]. What is no number is the least.
    #[must_use]
    pub fn factor(value: f32) -> f32 {
        if value > PRIORITY_MIN { value.min(PRIORITY_MAX) } else { PRIORITY_MIN }
    }

    /// What is wrong with it, if anything is.
    pub(crate) fn check(&self, table: &TableSchema) -> Result<(), String> {
        let Self { weight, column } = *self;
        if !(PRIORITY_MIN..=PRIORITY_MAX).contains(&weight) {
            return Err(format!(
                "a priority is a number from {PRIORITY_MIN} to {PRIORITY_MAX}, not {weight}"
            ));
        }
        let Some(column) = column else { return Ok(()) };
        let Some(column) = table.columns.get(usize::from(column)) else {
            return Err(format!("its priority is column {column}, which it does not have"));
        };
        if matches!(column.ty, ColumnType::F32 | ColumnType::U8 | ColumnType::U16) {
            return Ok(());
        }
        Err(format!(
            "column `{}` holds a priority: it is an f32, a u8 or a u16, not {}",
            column.name, column.ty
        ))
    }
}
