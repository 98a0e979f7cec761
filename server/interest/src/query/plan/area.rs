//! Places: the position of a row, and the circles and boxes that may hold it.

use ambit_model::{ColumnLayout, ColumnType, RowReader};

use super::Number;

/// A position column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Position {
    pub column: u16,
    pub offset: usize,
    pub dimensions: usize,
    /// Whether it is made of `f64`; otherwise of `f32`.
    pub is_double: bool,
}

/// A part of space that does not move. Its border belongs to it; in two dimensions z is 0.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Area {
    Circle { centre: [Number; 3], radius: Number },
    Box { low: [Number; 3], high: [Number; 3] },
}

impl Position {
    #[expect(clippy::wildcard_enum_match_arm, reason = "these four are the position types")]
    pub fn new(column: u16, layout: &ColumnLayout) -> Option<Self> {
        let (dimensions, is_double) = match &layout.ty {
            ColumnType::Vec2 => (2, false),
            ColumnType::Vec3 => (3, false),
            ColumnType::DVec2 => (2, true),
            ColumnType::DVec3 => (3, true),
            _ => return None,
        };
        Some(Self { column, offset: layout.offset, dimensions, is_double })
    }

    /// The row's position; z is 0 in two dimensions.
    #[inline]
    pub fn read(self, row: &[u8]) -> [f64; 3] {
        let reader = RowReader::new(row);
        let part = |index: usize| match self.is_double {
            true => reader.array(self.offset + 8 * index).map_or(f64::NAN, f64::from_le_bytes),
            false => reader
                .array(self.offset + 4 * index)
                .map_or(f64::NAN, |bytes| f64::from(f32::from_le_bytes(bytes))),
        };
        [part(0), part(1), if self.dimensions == 3 { part(2) } else { 0.0 }]
    }
}

impl Area {
    /// Whether a place lies in it; unknown of what is no place.
    #[inline]
    pub fn holds(&self, place: [f64; 3]) -> Option<bool> {
        if place.iter().any(|part| part.is_nan()) {
            return None;
        }
        Some(match self {
            // The rule of the store's spatial indexes, so that they can be asked first.
            Self::Circle { centre, radius } => {
                ambit_store::is_within(place, centre.map(Number::get), radius.get())
            }
            Self::Box { low, high } => place
                .iter()
                .zip(low.iter().zip(high))
                .all(|(part, (low, high))| (low.get()..=high.get()).contains(part)),
        })
    }
}

/// The rule of distance for circles that move: computed in `f64`, the border belongs to the circle. For radii whose squares
/// are ordinary numbers it is that of [`Area`].
#[inline]
pub(crate) fn is_within(position: [f64; 3], centre: [f64; 3], radius: f64) -> bool {
    let [x, y, z] = position;
    let [centre_x, centre_y, centre_z] = centre;
    let (x, y, z) = (x - centre_x, y - centre_y, z - centre_z);
    x * x + y * y + z * z <= radius * radius
}
