//! What a row is worth where rows compete for a budget.

use ambit_model::{ColumnType, Priority, TableSchema};

/// Reads it off a row.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weigher {
    weight: f32,
    /// Where the factor lies in a row.
    factor: Option<(usize, Factor)>,
}

#[derive(Debug, Clone, Copy)]
enum Factor {
    F32,
    U8,
    U16,
}

impl Weigher {
    pub fn of(table: &TableSchema) -> Self {
        let Priority { weight, column } = table.priority;
        let factor = column.and_then(|column| {
            #[expect(clippy::wildcard_enum_match_arm, reason = "a checked schema has no other")]
            let factor = match table.columns.get(usize::from(column))?.ty {
                ColumnType::F32 => Factor::F32,
                ColumnType::U8 => Factor::U8,
                ColumnType::U16 => Factor::U16,
                _ => return None,
            };
            Some((table.layout().columns().get(usize::from(column))?.offset, factor))
        });
        Self { weight, factor }
    }

    /// The weight of a row, which is only fetched if its own column decides.
    #[inline]
    pub fn weigh<'a>(&self, row: impl FnOnce() -> Option<&'a [u8]>) -> f32 {
        let Some((offset, factor)) = self.factor else { return self.weight };
        let bytes = row().and_then(|row| row.get(offset..)).unwrap_or_default();
        let value = match factor {
            Factor::F32 => bytes.first_chunk().map(|bytes| f32::from_le_bytes(*bytes)),
            Factor::U8 => bytes.first().map(|byte| f32::from(*byte)),
            Factor::U16 => bytes.first_chunk().map(|bytes| f32::from(u16::from_le_bytes(*bytes))),
        };
        self.weight * Priority::factor(value.unwrap_or_default())
    }
}
