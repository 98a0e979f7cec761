//! The order that ORDER BY gives to rows: as bytes, so that the row with the lower bytes comes first.
//!
//! Each key is a byte that says whether there is a value, if there may be none, and then the value. Every part ends where its
//! type says, or with a mark, so that the bytes of one part never decide together with those of the next. The columns of the
//! primary key follow, then the slot: no two rows are in the same place.

use ambit_model::Slot;

use super::{Area, Condition, Form, Number, Operand, Position};
use crate::query::plan::Comparison;

/// What rows are ordered by, the most important first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Order {
    /// At least one, and then the columns of the primary key.
    pub keys: Vec<OrderKey>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct OrderKey {
    pub by: By,
    pub is_descending: bool,
    /// Whether rows without a value come before all others.
    pub is_null_first: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum By {
    Column(Operand),
    /// The distance from a point that does not move.
    Distance(Position, [Number; 3]),
    /// The distance from the rows in the centre of a moving circle: from the nearest one.
    DistanceFromCentre(Position),
}

impl Order {
    /// Appends the place of a row. `from_centre` gives the square of its distance from the centre of a moving circle.
    /// Answers how many bytes the first `count` keys take.
    pub fn rank(
        &self,
        (slot, row): (Slot, &[u8]),
        count: usize,
        from_centre: impl Fn(Position) -> f64,
        out: &mut Vec<u8>,
    ) -> usize {
        let start = out.len();
        let mut length = 0;
        for (number, key) in self.keys.iter().enumerate() {
            if number == count {
                length = out.len() - start;
            }
            key.encode(row, &from_centre, out);
        }
        if count >= self.keys.len() {
            length = out.len() - start;
        }
        out.extend_from_slice(&slot.to_be_bytes());
        length
    }

    /// The columns that decide, as a column mask. The primary key's are among them, which never change in a row.
    pub fn columns(&self) -> u64 {
        self.keys.iter().fold(0, |mask, key| mask | 1 << key.column())
    }

    /// A condition that every row satisfies which does not come after this one, if the first key gives one.
    pub fn up_to(&self, row: &[u8]) -> Option<Condition> {
        let first = self.keys.first()?;
        match &first.by {
            By::Column(operand) => first.up_to_value(*operand, row),
            By::Distance(position, centre) if !first.is_descending && !first.is_null_first => {
                let square = square_of_distance(position.read(row), centre.map(Number::get));
                // A little wider, so that rounding loses no row, and never 0: the square of a tiny distance is.
                let radius = square.sqrt() * (1.0 + 1e-9) + 1e-100;
                radius.is_finite().then(|| Condition::Within {
                    position: *position,
                    area: Area::Circle { centre: *centre, radius: Number::new(radius) },
                    negated: false,
                })
            }
            By::Distance(..) | By::DistanceFromCentre(_) => None,
        }
    }

    /// The columns that [`Self::up_to`] may name, as a column mask.
    pub fn columns_of_first(&self) -> u64 {
        self.keys.first().map_or(0, |key| 1 << key.column())
    }
}

impl OrderKey {
    /// A column in its own order, as the primary key's are compared.
    pub fn ascending(operand: Operand) -> Self {
        Self { by: By::Column(operand), is_descending: false, is_null_first: false }
    }

    fn column(&self) -> u16 {
        match &self.by {
            By::Column(operand) => operand.column,
            By::Distance(position, _) | By::DistanceFromCentre(position) => position.column,
        }
    }

    fn up_to_value(&self, operand: Operand, row: &[u8]) -> Option<Condition> {
        let null = Condition::Null { operand, negated: false };
        let Some(value) = operand.scalar(row) else { return self.is_null_first.then_some(null) };
        let comparison =
            if self.is_descending { Comparison::GreaterOrEqual } else { Comparison::LessOrEqual };
        let compare = Condition::Compare { operand, comparison, value };
        Some(match self.is_null_first && operand.can_be_null() {
            true => Condition::Any(vec![compare, null]),
            false => compare,
        })
    }

    fn encode(&self, row: &[u8], from_centre: &impl Fn(Position) -> f64, out: &mut Vec<u8>) {
        let square = match &self.by {
            By::Column(operand) => {
                let is_null = operand.is_null(row);
                if operand.can_be_null() {
                    self.encode_null(is_null, out);
                }
                if !is_null {
                    let start = out.len();
                    encode_value(*operand, row, out);
                    self.turn(start, out);
                }
                return;
            }
            By::Distance(position, centre) => square_of_distance(position.read(row), centre.map(Number::get)),
            By::DistanceFromCentre(position) => from_centre(*position),
        };
        self.encode_null(square.is_nan(), out);
        if !square.is_nan() {
            let start = out.len();
            encode_float(square, out);
            self.turn(start, out);
        }
    }

    fn encode_null(&self, is_null: bool, out: &mut Vec<u8>) {
        out.push(u8::from(is_null != self.is_null_first));
    }

    /// Turns the order of the last bytes round, if the greatest value comes first.
    fn turn(&self, start: usize, out: &mut [u8]) {
        if self.is_descending {
            out.iter_mut().skip(start).for_each(|byte| *byte = !*byte);
        }
    }
}

/// The square of the distance of two places; not a number if one of them is no place.
#[inline]
pub(crate) fn square_of_distance(place: [f64; 3], other: [f64; 3]) -> f64 {
    let [x, y, z] = place;
    let [other_x, other_y, other_z] = other;
    let (x, y, z) = (x - other_x, y - other_y, z - other_z);
    x * x + y * y + z * z
}

fn encode_value(operand: Operand, row: &[u8], out: &mut Vec<u8>) {
    let rank = || operand.rank(row).unwrap_or_default();
    match operand.form {
        Form::Bool => encode_number(rank(), 1, out),
        Form::Unsigned(size) => encode_number(rank(), size, out),
        // The top bit of 128 is turned there, and belongs to the top of these bytes.
        Form::Signed(size) => encode_number((rank() ^ 1 << 127) ^ 1 << (8 * size - 1), size, out),
        Form::Float32 | Form::Float64 => encode_number(rank(), 8, out),
        Form::Bytes(_) => out.extend_from_slice(operand.bytes(row)),
        Form::Heap => {
            for &byte in operand.bytes(row) {
                out.push(byte);
                if byte == 0 {
                    out.push(u8::MAX);
                }
            }
            out.extend_from_slice(&[0, 0]);
        }
        Form::Opaque => {}
    }
}

fn encode_float(value: f64, out: &mut Vec<u8>) {
    encode_number(Number::new(value).rank(), 8, out);
}

/// The last `size` bytes of a number, most important first.
fn encode_number(value: u128, size: usize, out: &mut Vec<u8>) {
    let bytes = value.to_be_bytes();
    out.extend_from_slice(bytes.get(bytes.len() - size.min(bytes.len())..).unwrap_or_default());
}

#[cfg(test)]
mod tests;
