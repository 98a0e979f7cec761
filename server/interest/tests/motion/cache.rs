//! A naive client: a map of rows and their last ways, changed by update blocks exactly as they say.

use std::collections::BTreeMap;

use ambit_model::{MotionLayout, Schema, Slot, delta, validate_row};
use ambit_wire::{BlockKind, MotionSink, Op, RowResiduals, TableBlocks, WireError};

#[derive(Default)]
pub struct Cache {
    pub rows: BTreeMap<(u16, Slot), Vec<u8>>,
    ways: BTreeMap<(u16, Slot), Vec<[i32; 4]>>,
    epochs: BTreeMap<u16, u64>,
}

struct Table<'a> {
    cache: &'a mut Cache,
    table: u16,
    layout: MotionLayout,
    moved: Vec<Slot>,
}

impl Cache {
    pub fn apply(&mut self, schema: &Schema, blocks: &[u8]) {
        for block in TableBlocks::new(blocks) {
            let block = block.unwrap();
            let (table, schema) = (block.table, &schema.tables[usize::from(block.table)]);
            if block.kind == BlockKind::Motion {
                let layout = schema.motion();
                let mut sink = Table { cache: self, table, layout: layout.clone(), moved: Vec::new() };
                block.motion(&layout).read(&mut sink).unwrap();
                continue;
            }
            let layout = schema.layout();
            for op in block.ops(&layout) {
                let op = op.unwrap();
                let key = (table, op.slot());
                let none = || vec![[0; 4]; schema.motion().columns().len()];
                match op {
                    Op::Insert { row, .. } => {
                        validate_row(&layout, row).unwrap();
                        assert_eq!(self.rows.insert(key, row.to_vec()), None, "inserted while it was held");
                        self.ways.insert(key, none());
                    }
                    Op::InsertColumns { mask, packed, .. } => {
                        let mut row = Vec::new();
                        delta::apply_columns(&layout, &layout.blank_row(), mask, packed, &mut row).unwrap();
                        assert_eq!(self.rows.insert(key, row), None, "inserted while it was held");
                        self.ways.insert(key, none());
                    }
                    Op::Delta { mask, packed, .. } => {
                        let old = self.rows.get(&key).expect("a delta of a row that is not held");
                        let mut new = Vec::new();
                        delta::apply_columns(&layout, old, mask, packed, &mut new).unwrap();
                        let ways = self.ways.get_mut(&key).unwrap();
                        for (way, column) in ways.iter_mut().zip(schema.motion().columns()) {
                            if mask >> column.column & 1 == 1 {
                                *way = [0; 4];
                            }
                        }
                        self.rows.insert(key, new);
                    }
                    Op::Delete { .. } => {
                        self.rows.remove(&key).expect("deleted, but it is not held");
                    }
                }
            }
        }
    }
}

impl MotionSink for Table<'_> {
    type Error = WireError;

    fn epoch(&mut self, epoch: u64) {
        if self.cache.epochs.insert(self.table, epoch) != Some(epoch) {
            self.cache.ways.values_mut().for_each(|ways| ways.fill([0; 4]));
        }
    }

    fn way(&mut self, slot: Slot, ways: &[i32]) -> Result<(), WireError> {
        let own = self.cache.ways.get_mut(&(self.table, slot)).expect("a way of a row that is not held");
        for (own, column) in own.iter_mut().zip(self.layout.columns()) {
            own[..column.count].copy_from_slice(&ways[column.first..column.first + column.count]);
        }
        Ok(())
    }

    fn row(
        &mut self,
        slot: Slot,
        columns: u8,
        residuals: &mut RowResiduals<'_, '_>,
    ) -> Result<(), WireError> {
        assert!(!self.moved.contains(&slot), "moved twice");
        self.moved.push(slot);
        let row = self.cache.rows.get_mut(&(self.table, slot)).expect("a move of a row that is not held");
        let ways = self.cache.ways.get_mut(&(self.table, slot)).unwrap();
        for (at, (way, column)) in ways.iter_mut().zip(self.layout.columns()).enumerate() {
            if columns >> at & 1 == 0 {
                *way = [0; 4];
                continue;
            }
            let before = column.quantise(row).expect("a value that has steps");
            let now = residuals.next(column, column.predict(before, *way))?;
            *way = column.way(before, now);
            column.dequantise(now, row);
        }
        Ok(())
    }
}
