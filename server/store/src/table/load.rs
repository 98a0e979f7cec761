//! Rows of a snapshot, put into an empty table in their old slots. Indexes are built when all rows are there.

use ambit_model::{Slot, limits, validate_row};

use crate::auto_inc::AutoInc;
use crate::error::UniqueViolation;
use crate::limits::RUN_ROWS_MAX;
use crate::loader::LoadErrorKind;
use crate::reader::ByteReader;
use crate::rows::Rows;
use crate::table::Table;

impl Table {
    /// Takes rows side by side from the reader. On an error the table holds some of them, and is of no use.
    pub(crate) fn load_run(
        &mut self,
        first: Slot,
        count: u64,
        reader: &mut ByteReader<'_>,
    ) -> Result<(), LoadErrorKind> {
        let table = || self.name.clone();
        if count == 0 || count > RUN_ROWS_MAX as u64 {
            return Err(LoadErrorKind::RunLength { table: table(), count });
        }
        let end = u64::from(first) + count;
        if end > limits::ROWS_PER_TABLE_MAX as u64 {
            return Err(LoadErrorKind::SlotTooFar { table: table(), slot: first });
        }
        let slots = first..end as Slot;
        if let Some(slot) = slots.clone().find(|&slot| self.live.contains(slot)) {
            return Err(LoadErrorKind::SlotTwice { table: table(), slot });
        }
        match self.rows {
            Rows::Fixed(_) => self.load_fixed(first, count as usize, reader)?,
            Rows::Heap(_) => {
                for slot in slots.clone() {
                    let length = reader.small()?;
                    let row = reader.take(length)?;
                    self.check_loaded(slot, row)?;
                    self.rows.set(slot, row);
                }
            }
        }
        slots.for_each(|slot| self.live.insert(slot));
        self.row_count += count as usize;
        Ok(())
    }

    fn load_fixed(
        &mut self,
        first: Slot,
        count: usize,
        reader: &mut ByteReader<'_>,
    ) -> Result<(), LoadErrorKind> {
        let row_bytes = self.layout.fixed_bytes();
        let mut rest = reader.take(count * row_bytes)?;
        let is_judged = !self.layout.is_plain() || !self.counters.is_empty() || self.has_positions();
        if is_judged && row_bytes > 0 {
            for (slot, row) in (first..).zip(rest.chunks_exact(row_bytes)) {
                self.check_loaded(slot, row)?;
            }
        }
        let (mut slot, end) = (first, first + count as Slot);
        while slot < end {
            let page_end = self.rows.page_end(slot).min(end);
            let (rows, after) = rest.split_at((page_end - slot) as usize * row_bytes);
            if let Rows::Fixed(pages) = &mut self.rows {
                pages.set_run(slot, rows);
            }
            (slot, rest) = (page_end, after);
        }
        Ok(())
    }

    fn has_positions(&self) -> bool {
        self.indexes.iter().any(crate::index::Index::is_spatial)
    }

    fn check_loaded(&mut self, slot: Slot, row: &[u8]) -> Result<(), LoadErrorKind> {
        validate_row(&self.layout, row).map_err(|error| LoadErrorKind::Row {
            table: self.name.clone(),
            slot,
            error,
        })?;
        for index in &self.indexes {
            if !index.accepts(row) {
                return Err(LoadErrorKind::Position(self.position_error(index, row)));
            }
        }
        self.counters.iter_mut().for_each(|counter| counter.note(row));
        Ok(())
    }

    /// Sets a counter to what it stood at. The rows may have taken it further.
    pub(crate) fn load_counter(&mut self, column: u16, number: u64, ahead: u64) -> Result<(), LoadErrorKind> {
        let counter = self.counters.iter_mut().find(|counter| counter.column == column);
        let reservation = number.saturating_add(ahead);
        match counter.filter(|counter| reservation <= counter.max) {
            Some(counter) => {
                counter.counter = counter.counter.max(number);
                counter.reservation = reservation;
                Ok(())
            }
            None => Err(LoadErrorKind::Counter { table: self.name.clone(), column, counter: number }),
        }
    }

    /// Builds what follows from rows and counters: indexes, free slots.
    pub(crate) fn finish_loading(&mut self) -> Result<(), Box<UniqueViolation>> {
        let Self { layout, indexes, rows, live, row_count, .. } = &mut *self;
        let mut built = indexes.iter_mut().enumerate();
        let duplicate = built.find_map(|(position, index)| {
            index.build(layout, rows, &mut live.iter(), *row_count).map(|slot| (position, slot))
        });
        if let Some((position, slot)) = duplicate
            && let Some(index) = self.indexes.get(position)
        {
            return Err(self.unique_violation(index, self.rows.get(slot)));
        }
        for slot in self.live.iter() {
            self.allocator.reserve(slot);
        }
        self.counters.iter_mut().for_each(AutoInc::accept);
        Ok(())
    }
}
