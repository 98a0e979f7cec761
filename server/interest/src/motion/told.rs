//! What one client is told: which of the rows that moved it holds, and the rows that it comes to hold.

use ambit_model::Slot;
use ambit_wire::{begin_motion, end_table, write_section, write_way};

use super::Motion;

/// What one client is told of motion, collected while its operations are put together.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// A bit for each place among the rows that moved.
    words: Vec<u64>,
    is_any: bool,
    /// Rows that it comes to hold and that moved lately.
    pub(super) entered: Vec<Slot>,
    places: Vec<u32>,
    slots: Vec<Slot>,
}

impl Told {
    /// Begins a period in which so many rows are told in few bits.
    pub fn set_len(&mut self, rows: usize) {
        self.words.clear();
        self.words.resize(rows.div_ceil(u64::BITS as usize), 0);
        self.is_any = false;
    }

    /// Begins to collect for a client.
    pub fn clear(&mut self) {
        if self.is_any {
            self.words.fill(0);
            self.is_any = false;
        }
        self.entered.clear();
    }

    /// The client is told of the row at this place among those that are told in few bits.
    #[inline]
    pub fn add(&mut self, place: u32) {
        if let Some(word) = self.words.get_mut((place / u64::BITS) as usize) {
            *word |= 1 << (place % u64::BITS);
            self.is_any = true;
        }
    }

    /// Takes the places, in order.
    fn take_places(&mut self) {
        self.places.clear();
        if !std::mem::take(&mut self.is_any) {
            return;
        }
        for (first, word) in (0..).step_by(u64::BITS as usize).zip(&mut self.words) {
            let mut rest = std::mem::take(word);
            while rest != 0 {
                self.places.push(first + rest.trailing_zeros());
                rest &= rest - 1;
            }
        }
    }
}

impl Motion {
    /// Appends the motion block of what was collected, if it is anything, for a client that knows the table by this id.
    pub fn write_told(&self, told: &mut Told, known_table: u16, out: &mut Vec<u8>) {
        if !self.is_active() {
            return;
        }
        told.take_places();
        if !told.places.is_empty() || !told.entered.is_empty() {
            self.write(told, known_table, out);
        }
        told.entered.clear();
    }

    fn write(&self, told: &mut Told, known_table: u16, out: &mut Vec<u8>) {
        use ambit_model::varint;
        let mark = begin_motion(out, known_table);
        varint::write(out, self.epoch());
        told.entered.sort_unstable();
        varint::write(out, told.entered.len() as u64);
        let mut before = None;
        for &slot in &told.entered {
            write_way(out, before, slot, self.way(slot));
            before = Some(slot);
        }
        let mut rest = told.places.as_slice();
        for section in &self.sections {
            let (places, others) =
                rest.split_at(rest.partition_point(|place| (*place as usize) < section.end));
            rest = others;
            let row = |place: &u32| self.rows.get(*place as usize);
            told.slots.clear();
            told.slots.extend(places.iter().filter_map(row).map(|row| row.slot));
            let coding = (section.coding.codings.as_slice(), section.coding.has_calm);
            write_section(out, section.columns, coding, &told.slots, |bits, at| {
                if let Some(row) = places.get(at).and_then(row) {
                    let (start, count) = row.bits;
                    bits.append(self.bits.get(start as usize..).unwrap_or_default(), count);
                }
            });
        }
        end_table(out, mark);
    }
}
