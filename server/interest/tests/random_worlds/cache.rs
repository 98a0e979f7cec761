//! A naive client: a map of rows, changed by update blocks exactly as they say.

use std::collections::BTreeMap;

use ambit_model::{RowLayout, Slot, delta, validate_row};
use ambit_wire::{LeaveReason, Op, TableBlocks};

#[derive(Default)]
pub struct Cache {
    pub rows: BTreeMap<(u16, Slot), Vec<u8>>,
}

/// What an update did besides changing rows.
#[derive(Default)]
pub struct Effects {
    pub entered: Vec<(u16, Slot)>,
    pub left: Vec<(u16, Slot, LeaveReason)>,
    pub changed: Vec<(u16, Slot, u64)>,
}

impl Cache {
    /// `layout` gives the layout of a table by the id that the client knows it by.
    pub fn apply(&mut self, layout: impl Fn(u16) -> RowLayout, blocks: &[u8]) -> Effects {
        let mut effects = Effects::default();
        let mut last_table = None;
        for block in TableBlocks::new(blocks) {
            let block = block.unwrap();
            assert!(last_table < Some(block.table), "tables come once and in order");
            last_table = Some(block.table);
            let layout = &layout(block.table);
            for op in block.ops(layout) {
                let op = op.unwrap();
                let key = (block.table, op.slot());
                match op {
                    Op::Insert { slot, row } => {
                        validate_row(layout, row).unwrap();
                        assert_eq!(self.rows.insert(key, row.to_vec()), None, "inserted while it was held");
                        effects.entered.push((block.table, slot));
                    }
                    Op::InsertColumns { slot, mask, packed } => {
                        assert_ne!(mask, layout.all_columns(), "a whole row came column by column");
                        let mut row = Vec::new();
                        delta::apply_columns(layout, &layout.blank_row(), mask, packed, &mut row).unwrap();
                        assert_eq!(self.rows.insert(key, row), None, "inserted while it was held");
                        effects.entered.push((block.table, slot));
                    }
                    Op::Delta { slot, mask, packed } => {
                        let old = self.rows.get(&key).expect("a delta of a row that is not held");
                        let mut new = Vec::new();
                        delta::apply_columns(layout, old, mask, packed, &mut new).unwrap();
                        self.rows.insert(key, new);
                        assert!(
                            !effects.changed.iter().any(|(table, other, _)| (*table, *other) == key),
                            "changed twice"
                        );
                        effects.changed.push((block.table, slot, mask));
                    }
                    Op::Delete { slot, reason } => {
                        self.rows.remove(&key).expect("deleted, but it is not held");
                        assert!(!effects.entered.contains(&key), "rows leave before others enter");
                        effects.left.push((block.table, slot, reason));
                    }
                }
            }
        }
        effects
    }
}
