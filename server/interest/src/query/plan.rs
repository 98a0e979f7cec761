//! Checked plans and their test against a row.

use ambit_model::{ColumnLayout, ColumnType, RowReader};

/// A checked query.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Plan {
    /// Rows of one table that satisfy conditions of their own.
    Filter(Filter),
    /// Rows within a circle around rows of the caller.
    Circle(Box<Circle>),
}

/// Rows of one table that satisfy all conditions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Filter {
    pub table: u16,
    /// Sorted and without repetition, so that equal filters are equal.
    pub conditions: Vec<Condition>,
}

/// Rows of one table near the rows of another that satisfy conditions: the circle that moves.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Circle {
    /// The rows to see, before distance and joined columns.
    pub target: Filter,
    pub target_position: Position,
    /// The rows in the centre.
    pub observer: Filter,
    pub observer_position: Position,
    pub radius: Number,
    /// Columns of target and observer that must be equal.
    pub joined: Vec<(Operand, Operand)>,
}

/// One condition on a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Condition {
    Compare { operand: Operand, comparison: Comparison, value: Scalar },
    Within { position: Position, centre: [Number; 3], radius: Number },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A column that can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Operand {
    pub column: u16,
    pub offset: usize,
    pub form: Form,
}

/// How a column's bytes are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Form {
    Unsigned(usize),
    Signed(usize),
    Float32,
    Float64,
    /// Ids: so many bytes in place.
    Bytes(usize),
    /// Text and bytes in the heap.
    Heap,
}

/// A value to compare a column with. The variant follows from the column's form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Scalar {
    Unsigned(u128),
    Signed(i128),
    Float(Number),
    Bytes(Vec<u8>),
}

/// A finite float that can be a key: compared by its bits, without a negative zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Number(u64);

/// A position column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Position {
    pub column: u16,
    pub offset: usize,
    pub dimensions: usize,
    /// Whether it is made of `f64`; otherwise of `f32`.
    pub is_double: bool,
}

impl Filter {
    pub fn matches(&self, row: &[u8]) -> bool {
        self.conditions.iter().all(|condition| condition.matches(row))
    }

    /// The columns that decide, as a column mask.
    pub fn columns(&self) -> u64 {
        self.conditions.iter().fold(0, |mask, condition| mask | 1 << condition.column())
    }

    /// Whether the row satisfies everything but distances.
    pub fn matches_apart_from_distance(&self, row: &[u8]) -> bool {
        let is_distance = |condition: &Condition| matches!(condition, Condition::Within { .. });
        self.conditions.iter().all(|condition| is_distance(condition) || condition.matches(row))
    }

    /// The equality conditions.
    pub fn equalities(&self) -> impl Iterator<Item = (Operand, &Scalar)> {
        self.conditions.iter().filter_map(|condition| match condition {
            Condition::Compare { operand, comparison: Comparison::Equal, value } => Some((*operand, value)),
            Condition::Compare { .. } | Condition::Within { .. } => None,
        })
    }
}

impl Condition {
    pub fn matches(&self, row: &[u8]) -> bool {
        match self {
            Self::Compare { operand, comparison, value } => {
                operand.compare(row, value).map_or(*comparison == Comparison::NotEqual, |ordering| {
                    match comparison {
                        Comparison::Equal => ordering.is_eq(),
                        Comparison::NotEqual => ordering.is_ne(),
                        Comparison::Less => ordering.is_lt(),
                        Comparison::LessOrEqual => ordering.is_le(),
                        Comparison::Greater => ordering.is_gt(),
                        Comparison::GreaterOrEqual => ordering.is_ge(),
                    }
                })
            }
            Self::Within { position, centre, radius } => {
                is_within(position.read(row), centre.map(Number::get), radius.get())
            }
        }
    }

    pub fn column(&self) -> u16 {
        match self {
            Self::Compare { operand, .. } => operand.column,
            Self::Within { position, .. } => position.column,
        }
    }
}

impl Operand {
    /// The column as something to compare, if its type allows that.
    pub fn new(column: u16, layout: &ColumnLayout) -> Option<Self> {
        let form = match &layout.ty {
            ColumnType::Bool | ColumnType::U8 => Form::Unsigned(1),
            ColumnType::U16 => Form::Unsigned(2),
            ColumnType::U32 => Form::Unsigned(4),
            ColumnType::U64 | ColumnType::EntityId => Form::Unsigned(8),
            ColumnType::U128 => Form::Unsigned(16),
            ColumnType::I8 => Form::Signed(1),
            ColumnType::I16 => Form::Signed(2),
            ColumnType::I32 => Form::Signed(4),
            ColumnType::I64 | ColumnType::Timestamp | ColumnType::Duration => Form::Signed(8),
            ColumnType::I128 => Form::Signed(16),
            ColumnType::F32 => Form::Float32,
            ColumnType::F64 => Form::Float64,
            ColumnType::Identity => Form::Bytes(32),
            ColumnType::ConnectionId | ColumnType::Uuid => Form::Bytes(16),
            ColumnType::String | ColumnType::Bytes => Form::Heap,
            ColumnType::Enum(enumeration) if !enumeration.has_payload() => Form::Unsigned(1),
            ColumnType::Enum(_)
            | ColumnType::Vec2
            | ColumnType::Vec3
            | ColumnType::Vec4
            | ColumnType::Quat
            | ColumnType::DVec2
            | ColumnType::DVec3
            | ColumnType::IVec2
            | ColumnType::IVec3
            | ColumnType::Option(_)
            | ColumnType::Vec(_)
            | ColumnType::Struct(_) => return None,
        };
        Some(Self { column, offset: layout.offset, form })
    }

    /// How the row's column compares to `value`; `None` if it is not a number.
    fn compare(self, row: &[u8], value: &Scalar) -> Option<std::cmp::Ordering> {
        match (self.form, value) {
            (Form::Unsigned(size), Scalar::Unsigned(value)) => Some(self.unsigned(row, size).cmp(value)),
            (Form::Signed(size), Scalar::Signed(value)) => Some(self.signed(row, size).cmp(value)),
            (Form::Float32 | Form::Float64, Scalar::Float(value)) => {
                self.float(row).partial_cmp(&value.get())
            }
            (Form::Bytes(_) | Form::Heap, Scalar::Bytes(value)) => {
                Some(self.bytes(row).cmp(value.as_slice()))
            }
            _ => None,
        }
    }

    /// The row's value as bytes that are equal exactly when the values are; a float is not taken.
    pub fn bytes(self, row: &[u8]) -> &[u8] {
        match self.form {
            Form::Heap => RowReader::new(row).heap_bytes(self.offset).unwrap_or_default(),
            Form::Unsigned(size) | Form::Signed(size) | Form::Bytes(size) => {
                row.get(self.offset..self.offset + size).unwrap_or_default()
            }
            Form::Float32 => row.get(self.offset..self.offset + 4).unwrap_or_default(),
            Form::Float64 => row.get(self.offset..self.offset + 8).unwrap_or_default(),
        }
    }

    fn unsigned(self, row: &[u8], size: usize) -> u128 {
        let mut bytes = [0; 16];
        let value = row.get(self.offset..self.offset + size).unwrap_or_default();
        if let Some(place) = bytes.get_mut(..value.len()) {
            place.copy_from_slice(value);
        }
        u128::from_le_bytes(bytes)
    }

    fn signed(self, row: &[u8], size: usize) -> i128 {
        let unused_bits = 128 - 8 * size;
        (self.unsigned(row, size) << unused_bits).cast_signed() >> unused_bits
    }

    fn float(self, row: &[u8]) -> f64 {
        let reader = RowReader::new(row);
        match self.form {
            Form::Float32 => {
                reader.array(self.offset).map_or(f64::NAN, |bytes| f64::from(f32::from_le_bytes(bytes)))
            }
            Form::Float64 => reader.array(self.offset).map_or(f64::NAN, f64::from_le_bytes),
            Form::Unsigned(_) | Form::Signed(_) | Form::Bytes(_) | Form::Heap => f64::NAN,
        }
    }
}

impl Scalar {
    /// The value's bytes as they lie in a column of that form.
    pub fn column_bytes(&self, form: Form) -> Vec<u8> {
        let cut = |bytes: [u8; 16], size: usize| bytes.get(..size).unwrap_or(&bytes).to_vec();
        match (self, form) {
            (Self::Unsigned(value), Form::Unsigned(size)) => cut(value.to_le_bytes(), size),
            (Self::Signed(value), Form::Signed(size)) => cut(value.to_le_bytes(), size),
            (Self::Float(value), Form::Float32) => (value.get() as f32).to_le_bytes().to_vec(),
            (Self::Float(value), _) => value.get().to_le_bytes().to_vec(),
            (Self::Bytes(bytes), _) => bytes.clone(),
            (Self::Unsigned(_) | Self::Signed(_), _) => Vec::new(),
        }
    }
}

impl Number {
    pub fn new(value: f64) -> Self {
        // Adding 0 turns a negative zero into a positive one.
        Self((value + 0.0).to_bits())
    }

    pub fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
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

impl Circle {
    /// Whether the joined columns of the two rows are equal.
    pub fn joins(&self, target: &[u8], observer: &[u8]) -> bool {
        self.joined.iter().all(|(of_target, own)| of_target.bytes(target) == own.bytes(observer))
    }
}

/// The one rule of distance: computed in `f64`, the border belongs to the circle.
#[inline]
pub(crate) fn is_within(position: [f64; 3], centre: [f64; 3], radius: f64) -> bool {
    let [x, y, z] = position;
    let [centre_x, centre_y, centre_z] = centre;
    let (x, y, z) = (x - centre_x, y - centre_y, z - centre_z);
    x * x + y * y + z * z <= radius * radius
}
