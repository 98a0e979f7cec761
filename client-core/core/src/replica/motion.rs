//! Quantised columns: where each row is expected next, and motion blocks.
//!
//! The steps that a row has follow from the row itself. All that is remembered besides is the way it went last.

use std::sync::Arc;

use ambit_model::{MotionLayout, Slot, Steps};
use ambit_wire::{MotionBlock, MotionSink, RowResiduals};

use super::Replica;
use crate::error::ProtocolError;

/// The last ways of a table's rows.
#[derive(Debug, Default)]
pub(super) struct Ways {
    layout: Arc<MotionLayout>,
    epoch: u64,
    /// By local number and step.
    ways: Vec<i32>,
    /// Rows that motion blocks have changed.
    changed_count: u64,
}

impl Ways {
    pub fn new(layout: MotionLayout) -> Self {
        Self { layout: Arc::new(layout), epoch: 0, ways: Vec::new(), changed_count: 0 }
    }

    pub fn layout(&self) -> Arc<MotionLayout> {
        Arc::clone(&self.layout)
    }

    /// The row has got exact values in the columns of this mask: it has no way there any more.
    #[inline]
    pub fn stop(&mut self, local: u32, mask: u64) {
        if mask & self.layout.mask() == 0 {
            return;
        }
        for column in self.layout.columns().iter().filter(|column| mask >> column.column & 1 == 1) {
            let first = local as usize * self.layout.steps() + column.first;
            if let Some(ways) = self.ways.get_mut(first..first + column.count) {
                ways.fill(0);
            }
        }
    }

    /// No row has a way any more.
    pub fn forget(&mut self) {
        self.ways.fill(0);
    }

    /// The ways of a row, which are 0 at first.
    fn of(&mut self, local: u32) -> &mut [i32] {
        let steps = self.layout.steps();
        let first = local as usize * steps;
        if self.ways.len() < first + steps {
            self.ways.resize(first + steps, 0);
        }
        self.ways.get_mut(first..first + steps).unwrap_or_default()
    }
}

impl Replica {
    /// Applies a motion block after checking it; returns how many rows it changed. After an error the table is not to be used
    /// any more.
    pub(crate) fn move_rows(&mut self, block: MotionBlock<'_>) -> Result<u64, ProtocolError> {
        let before = self.ways.changed_count;
        block.read(self)?;
        Ok(self.ways.changed_count - before)
    }
}

impl MotionSink for Replica {
    type Error = ProtocolError;

    fn epoch(&mut self, epoch: u64) {
        if self.ways.epoch != epoch {
            self.ways.epoch = epoch;
            self.ways.ways.fill(0);
        }
    }

    fn way(&mut self, slot: Slot, ways: &[i32]) -> Result<(), ProtocolError> {
        let local = self.rows.local(slot).ok_or_else(|| self.unknown(slot))?;
        self.ways.of(local).copy_from_slice(ways);
        Ok(())
    }

    fn row(
        &mut self,
        slot: Slot,
        columns: u8,
        residuals: &mut RowResiduals<'_, '_>,
    ) -> Result<(), ProtocolError> {
        let local = self.rows.local(slot).ok_or_else(|| self.unknown(slot))?;
        let layout = self.ways.layout();
        let ways = self.ways.of(local);
        let mut mask = 0;
        for (at, column) in layout.columns().iter().enumerate() {
            let Some(ways) = ways.get_mut(column.first..column.first + column.count) else { continue };
            if columns >> at & 1 == 0 {
                ways.fill(0);
                continue;
            }
            let row = self.rows.row_mut(local).unwrap_or_default();
            let Some(before) = column.quantise(row) else {
                return Err(ProtocolError::NoSteps { table: self.name.clone(), slot });
            };
            let mut way: Steps = [0; 4];
            way.iter_mut().zip(&*ways).for_each(|(way, known)| *way = *known);
            let now = residuals.next(column, column.predict(before, way))?;
            let way = column.way(before, now);
            ways.iter_mut().zip(way).for_each(|(known, way)| *known = way);
            column.dequantise(now, row);
            mask |= 1 << column.column;
        }
        self.ways.changed_count += 1;
        self.note_change(slot, local, mask);
        Ok(())
    }
}
