//! Whether a new or changed row names rows that there are, and leaves none in the lurch that name it.

use ambit_model::delta::apply_columns;
use ambit_model::{Slot, validate_row};

use crate::error::{InsertError, UpdateError};
use crate::references::{Incoming, Outgoing, ReferenceViolation};
use crate::store::Store;

impl Store {
    /// [`Store::insert`] for a table whose rows refer to others.
    pub(crate) fn insert_referring(&mut self, table: u16, row: &mut [u8]) -> Result<Slot, InsertError> {
        let found = self.tables.get(usize::from(table)).ok_or(InsertError::UnknownTable(table))?;
        let prepared = found.prepare(row)?;
        let result = self.check_new(table, row).map_err(InsertError::Reference).and_then(|()| {
            self.add(table, |found| {
                found.place(prepared.slot, row);
                Ok(prepared.slot)
            })
        });
        if let (Err(_), Some(found)) = (&result, self.tables.get(usize::from(table))) {
            found.unfill(row, prepared);
        }
        result
    }

    /// [`Store::update`] for a table whose rows refer to others or are referred to.
    pub(crate) fn update_linked(&mut self, table: u16, slot: Slot, row: &[u8]) -> Result<(), UpdateError> {
        self.check_update(table, slot, row).map_err(UpdateError::Reference)?;
        self.change(table, |found| found.update(slot, row))
    }

    /// [`Store::patch`] for such a table, when columns of a reference are among those of the mask.
    pub(crate) fn patch_linked(
        &mut self,
        table: u16,
        slot: Slot,
        mask: u64,
        packed: &[u8],
    ) -> Result<(), UpdateError> {
        let found = self.tables.get(usize::from(table)).ok_or(UpdateError::UnknownTable(table))?;
        let mut row = Vec::new();
        let merged = found
            .row(slot)
            .is_some_and(|old| apply_columns(&found.layout, old, mask, packed, &mut row).is_ok());
        // What cannot be merged is refused by the table, with better words.
        if merged {
            self.check_update(table, slot, &row).map_err(UpdateError::Reference)?;
        }
        self.change(table, |found| found.patch(slot, mask, packed))
    }

    fn check_new(&self, table: u16, row: &[u8]) -> Result<(), Box<ReferenceViolation>> {
        let Some(links) = self.references.links(table) else { return Ok(()) };
        let (mut key, mut own_key) = (Vec::new(), Vec::new());
        for outgoing in &links.outgoing {
            if !outgoing.names(row, &mut key) || self.find_referred(outgoing, &key).is_some() {
                continue;
            }
            // A row may name itself.
            own_key.clear();
            let has_key = links.key.as_ref().is_some_and(|own| own.convert(row, &mut own_key).is_ok());
            if outgoing.parent != table || !has_key || own_key != key {
                return Err(self.missing(table, outgoing, &key));
            }
        }
        Ok(())
    }

    /// Judges a valid row in the place of another; anything else is left to the table.
    fn check_update(&self, table: u16, slot: Slot, row: &[u8]) -> Result<(), Box<ReferenceViolation>> {
        let (Some(links), Some(found)) = (self.references.links(table), self.tables.get(usize::from(table)))
        else {
            return Ok(());
        };
        let Some(old) = found.row(slot).filter(|_| validate_row(&found.layout, row).is_ok()) else {
            return Ok(());
        };
        let (mut old_own, mut own) = (Vec::new(), Vec::new());
        let has_key = links
            .key
            .as_ref()
            .is_some_and(|key| key.convert(old, &mut old_own).is_ok() && key.convert(row, &mut own).is_ok());
        let is_renamed = has_key && old_own != own;
        let (mut key, mut old_key) = (Vec::new(), Vec::new());
        for outgoing in &links.outgoing {
            let is_own = outgoing.parent == table;
            let named = outgoing.names(row, &mut key);
            let is_known = outgoing.names(old, &mut old_key) && old_key == key && !(is_own && is_renamed);
            if !named || is_known || (is_own && key == own) {
                continue;
            }
            // The row's own old key is still in the index, but not for long.
            let referred = self.find_referred(outgoing, &key);
            if referred.is_none() || (is_own && referred == Some(slot)) {
                return Err(self.missing(table, outgoing, &key));
            }
        }
        if is_renamed {
            for incoming in &links.incoming {
                let mut referrers = Vec::new();
                self.find_referrers(incoming, old, &mut referrers);
                referrers.retain(|&referrer| incoming.child != table || referrer != slot);
                if !referrers.is_empty() {
                    return Err(self.named(incoming, &old_own, referrers.len()));
                }
            }
        }
        Ok(())
    }

    fn missing(&self, child: u16, outgoing: &Outgoing, key: &[u8]) -> Box<ReferenceViolation> {
        Box::new(ReferenceViolation::Missing {
            reference: self.dangling(child, outgoing),
            value: outgoing.describe(key),
        })
    }

    /// `rows` rows still name a key.
    pub(super) fn named(&self, incoming: &Incoming, key: &[u8], rows: usize) -> Box<ReferenceViolation> {
        let links = self.references.links(incoming.child);
        let outgoing = links.and_then(|links| links.outgoing.get(incoming.outgoing));
        let (reference, value) = match outgoing {
            Some(outgoing) => (self.dangling(incoming.child, outgoing), outgoing.describe(key)),
            None => Default::default(),
        };
        Box::new(ReferenceViolation::Named { reference, value, rows })
    }
}
