//! A store holds exactly the model's rows, in the same slots, with the same counters.

use ambit_model::{Slot, decode_row};
use ambit_store::Store;

use super::{Checker, Violation};
use crate::model::Database;

/// Compares all tables for which `counts` says so. `whose` names the store in a violation.
pub(crate) fn check(
    checker: Checker,
    whose: &str,
    store: &Store,
    expected: &Database,
    counts: impl Fn(u16) -> bool,
) -> Result<(), Violation> {
    if store.schema().tables.len() != expected.tables.len() {
        let text =
            format!("{whose} has {} tables, not {}", store.schema().tables.len(), expected.tables.len());
        return Err(Violation::new(checker, text));
    }
    for (id, shape) in (0..).zip(&expected.shape.tables).filter(|(id, _)| counts(*id)) {
        let Some(table) = expected.table(id) else { continue };
        let describe = |slot: Slot, bytes: &[u8]| match decode_row(&shape.layout, bytes) {
            Ok(values) => format!("slot {slot}: {values:?}"),
            Err(error) => format!("slot {slot}: no row, {error}"),
        };
        let mut actual = store.slots(id);
        let mut rows = table.rows.iter();
        loop {
            let problem = match (actual.next(), rows.next()) {
                (None, None) => break,
                (Some((slot, bytes)), Some((wanted, row))) if slot == *wanted && bytes == row.bytes => {
                    continue;
                }
                (Some((slot, bytes)), Some((wanted, row))) => {
                    format!(
                        "holds {} where it should hold slot {wanted}: {:?}",
                        describe(slot, bytes),
                        row.values
                    )
                }
                (Some((slot, bytes)), None) => {
                    format!("holds {} although that should not be", describe(slot, bytes))
                }
                (None, Some((wanted, row))) => format!("lacks slot {wanted}: {:?}", row.values),
            };
            return Err(Violation::new(checker, format!("{whose}, {}: {problem}", shape.name)));
        }
        if store.count(id) != table.rows.len() {
            let text =
                format!("{whose}, {}: counts {} rows, not {}", shape.name, store.count(id), table.rows.len());
            return Err(Violation::new(checker, text));
        }
    }
    Ok(())
}

/// Compares all counters.
pub(crate) fn check_counters(
    checker: Checker,
    whose: &str,
    store: &Store,
    expected: &Database,
) -> Result<(), Violation> {
    for (id, shape) in (0..).zip(&expected.shape.tables) {
        for counter in &shape.counters {
            let wanted = expected.counter(id, counter.column);
            let actual = store.auto_inc_counter(id, counter.column);
            if actual != Some(wanted) {
                let text = format!("{whose}, {}: a counter stands at {actual:?}, not {wanted}", shape.name);
                return Err(Violation::new(checker, text));
            }
        }
    }
    Ok(())
}
