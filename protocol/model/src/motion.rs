//! Quantised columns as whole numbers: what a value becomes, what becomes of it again, and what is expected next.
//!
//! Both sides of a connection compute this from what both know, so everything here is a pure function of its arguments
//! and uses only operations whose results IEEE 754 prescribes. How the numbers travel is `ambit-wire`'s business.

mod quaternion;

use crate::limits;
use crate::quantize::Quantize;
use crate::schema::TableSchema;
use crate::types::ColumnType;

/// A column's value in whole steps; components that the column does not have are 0.
pub type Steps = [i32; 4];

/// The quantised columns of a table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MotionLayout {
    columns: Vec<MotionColumn>,
    mask: u64,
    steps: usize,
}

/// One quantised column.
#[derive(Debug, Clone, PartialEq)]
pub struct MotionColumn {
    /// Its position in the table.
    pub column: usize,
    /// Where its steps begin among those of all quantised columns of a row.
    pub first: usize,
    /// How many steps it has: one for each component.
    pub count: usize,
    offset: usize,
    is_f64: bool,
    step: f64,
    inverse: f64,
    most: i32,
    rule: Rule,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Rule {
    Step,
    /// Steps of a turn, and the first of them.
    Angle {
        turn: i64,
        first: i64,
    },
    Quaternion,
}

/// How a value that was quantised stands to the exact one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fidelity {
    /// It is the same, bit for bit.
    Exact,
    /// It lies within the bounds that docs/formats/wire.md gives.
    Near,
    /// It does not: the value is to be sent as it is.
    Wrong,
}

impl MotionLayout {
    /// The quantised columns that clients may see of a table whose schema is checked.
    pub fn new(table: &TableSchema) -> Self {
        let layout = table.layout();
        let mut motion = Self::default();
        for (column, (place, schema)) in layout.columns().iter().zip(table.columns.iter().enumerate()) {
            // Clients are not told that a private column is quantised, nor of its steps.
            let Some(quantize) = schema.quantize.filter(|_| !schema.private) else { continue };
            let Some((is_f64, count)) = components(&column.ty) else { continue };
            let column = MotionColumn::new(quantize, (place, column.offset), (is_f64, count), motion.steps);
            motion.mask |= 1 << (place & 63);
            motion.steps += count;
            motion.columns.push(column);
        }
        motion
    }

    /// The columns in the order of the table.
    #[inline]
    pub fn columns(&self) -> &[MotionColumn] {
        &self.columns
    }

    /// The columns as a mask of the table's columns.
    #[inline]
    pub fn mask(&self) -> u64 {
        self.mask
    }

    /// Whether no column is quantised.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// How many steps the columns of a row have together.
    #[inline]
    pub fn steps(&self) -> usize {
        self.steps
    }
}

/// Whether the components of a type are `f64`, and how many there are.
#[expect(clippy::wildcard_enum_match_arm, reason = "few types can be quantised")]
fn components(ty: &ColumnType) -> Option<(bool, usize)> {
    match ty {
        ColumnType::F32 => Some((false, 1)),
        ColumnType::F64 => Some((true, 1)),
        ColumnType::Vec2 => Some((false, 2)),
        ColumnType::Vec3 => Some((false, 3)),
        ColumnType::Vec4 | ColumnType::Quat => Some((false, 4)),
        ColumnType::DVec2 => Some((true, 2)),
        ColumnType::DVec3 => Some((true, 3)),
        _ => None,
    }
}

impl MotionColumn {
    fn new(
        quantize: Quantize,
        (column, offset): (usize, usize),
        (is_f64, count): (bool, usize),
        first: usize,
    ) -> Self {
        let (step, rule) = match quantize {
            Quantize::Step { step } => (step, Rule::Step),
            Quantize::Angle { step, turn, from } => {
                let turn_steps = (turn / step).round();
                let step = turn / turn_steps;
                (step, Rule::Angle { turn: turn_steps as i64, first: (from / step).round() as i64 })
            }
            Quantize::Quaternion { step } => (step, Rule::Quaternion),
        };
        let most = if is_f64 { limits::QUANTIZED_F64_MAX } else { limits::QUANTIZED_F32_MAX };
        Self { column, first, count, offset, is_f64, step, inverse: 1.0 / step, most, rule }
    }

    /// How many of the steps travel: of a quaternion the largest component follows from the others.
    #[inline]
    pub fn coded(&self) -> usize {
        match self.rule {
            Rule::Step | Rule::Angle { .. } => self.count,
            Rule::Quaternion => 3,
        }
    }

    /// Bytes of the column in a row.
    pub fn bytes(&self) -> usize {
        self.count * if self.is_f64 { 8 } else { 4 }
    }

    /// Whether the steps name a largest component, which may be another one than expected.
    #[inline]
    pub fn has_face(&self) -> bool {
        self.rule == Rule::Quaternion
    }

    /// The value in steps; none if it has none: it is not a number, or too far from zero.
    #[inline]
    pub fn quantise(&self, row: &[u8]) -> Option<Steps> {
        let mut values = [0.0; 4];
        for (at, value) in values.iter_mut().enumerate().take(self.count) {
            *value = self.value(row, at)?;
        }
        match self.rule {
            Rule::Quaternion => quaternion::quantise(values, self.inverse),
            Rule::Step | Rule::Angle { .. } => {
                let mut steps = [0; 4];
                for (step, value) in steps.iter_mut().zip(values).take(self.count) {
                    *step = whole(value * self.inverse, self.most)?;
                }
                self.is_in_turn(steps).then_some(steps)
            }
        }
    }

    fn is_in_turn(&self, [step, ..]: Steps) -> bool {
        match self.rule {
            Rule::Angle { turn, first } => (first..first + turn).contains(&step.into()),
            Rule::Step | Rule::Quaternion => true,
        }
    }

    /// Puts the value of these steps into a row.
    #[inline]
    pub fn dequantise(&self, steps: Steps, row: &mut [u8]) {
        let values = self.values(steps);
        for (at, value) in values.into_iter().enumerate().take(self.count) {
            self.put(row, at, value);
        }
    }

    fn values(&self, steps: Steps) -> [f64; 4] {
        match self.rule {
            Rule::Step | Rule::Angle { .. } => steps.map(|step| f64::from(step) * self.step),
            Rule::Quaternion => quaternion::values(steps, self.step),
        }
    }

    /// How the value of these steps stands to the exact one. What is not wrong becomes the same steps again.
    pub fn fidelity(&self, row: &[u8], steps: Steps) -> Fidelity {
        let values = self.values(steps);
        let (mut is_exact, mut again) = (true, [0.0; 4]);
        let face = self.has_face().then(|| quaternion::face(steps) & 3);
        for (at, (value, again)) in values.into_iter().zip(&mut again).enumerate().take(self.count) {
            let Some(exact) = self.value(row, at) else { return Fidelity::Wrong };
            let value = if self.is_f64 { value } else { f64::from(value as f32) };
            let share = if face == Some(at as u8) { 1.5 } else { 0.5 };
            let rounding = if self.is_f64 { f64::EPSILON * 4.0 } else { f64::from(f32::EPSILON) };
            let is_near = (value - exact).abs() <= share * self.step + rounding * exact.abs();
            if !is_near {
                return Fidelity::Wrong;
            }
            is_exact &= value.to_bits() == exact.to_bits();
            *again = value;
        }
        let again = match self.rule {
            Rule::Quaternion => quaternion::quantise(again, self.inverse),
            Rule::Step | Rule::Angle { .. } => {
                let mut found = [0; 4];
                let is_whole = found.iter_mut().zip(again).take(self.count).all(|(found, value)| {
                    whole(value * self.inverse, self.most).map(|step| *found = step).is_some()
                });
                is_whole.then_some(found)
            }
        };
        match (again == Some(steps), is_exact) {
            (true, true) => Fidelity::Exact,
            (true, false) => Fidelity::Near,
            (false, _) => Fidelity::Wrong,
        }
    }

    /// Where a value is expected that was here and came such a way in the last step of time.
    #[inline]
    pub fn predict(&self, steps: Steps, way: Steps) -> Steps {
        match self.rule {
            Rule::Quaternion => quaternion::predict(steps, way),
            Rule::Step => self.add(steps, way.map(i64::from)).unwrap_or(steps),
            Rule::Angle { .. } => self.add(steps, way.map(i64::from)).unwrap_or(steps),
        }
    }

    /// The way from one value to another; that of an angle is the shorter one.
    #[inline]
    pub fn way(&self, from: Steps, to: Steps) -> Steps {
        let mut way = [0; 4];
        for (way, (from, to)) in way.iter_mut().zip(from.into_iter().zip(to)) {
            *way = self.shorter(i64::from(to) - i64::from(from)) as i32;
        }
        way
    }

    /// What takes the expected value to the real one, component by component, and the real one's largest component if it is
    /// not the expected one's.
    #[inline]
    pub fn residuals(&self, expected: Steps, real: Steps) -> (Option<u8>, [i64; 4]) {
        let mut residuals = [0; 4];
        if !self.has_face() {
            for (residual, (from, to)) in residuals.iter_mut().zip(expected.into_iter().zip(real)) {
                *residual = self.shorter(i64::from(to) - i64::from(from));
            }
            return (None, residuals);
        }
        let (face, expected_face) = (quaternion::face(real), quaternion::face(expected));
        ((face != expected_face).then_some(face), quaternion::residuals(face, expected, real))
    }

    /// The real value; none if there is no such value. Any numbers can be given.
    #[inline]
    pub fn resolve(&self, expected: Steps, face: Option<u8>, residuals: [i64; 4]) -> Option<Steps> {
        if self.has_face() {
            let face = face.unwrap_or_else(|| quaternion::face(expected));
            return quaternion::resolve(expected, face, residuals, self.inverse);
        }
        self.add(expected, residuals)
    }

    fn add(&self, steps: Steps, ways: [i64; 4]) -> Option<Steps> {
        let mut sum = [0; 4];
        for (sum, (step, way)) in sum.iter_mut().zip(steps.into_iter().zip(ways)).take(self.count) {
            let there = i64::from(step).checked_add(way)?;
            let there = match self.rule {
                Rule::Angle { turn, first } => (there.checked_sub(first)?).rem_euclid(turn) + first,
                Rule::Step | Rule::Quaternion => there,
            };
            *sum = i32::try_from(there).ok().filter(|there| there.unsigned_abs() <= self.most as u32)?;
        }
        Some(sum)
    }

    fn shorter(&self, way: i64) -> i64 {
        match self.rule {
            Rule::Angle { turn, .. } => (way + turn / 2).rem_euclid(turn) - turn / 2,
            Rule::Step | Rule::Quaternion => way,
        }
    }

    #[inline]
    fn value(&self, row: &[u8], at: usize) -> Option<f64> {
        if self.is_f64 {
            row.get(self.offset + 8 * at..)?.first_chunk().map(|bytes| f64::from_le_bytes(*bytes))
        } else {
            row.get(self.offset + 4 * at..)?.first_chunk().map(|bytes| f32::from_le_bytes(*bytes).into())
        }
    }

    #[inline]
    fn put(&self, row: &mut [u8], at: usize, value: f64) {
        if self.is_f64 {
            if let Some(place) = row.get_mut(self.offset + 8 * at..).and_then(<[u8]>::first_chunk_mut) {
                *place = value.to_le_bytes();
            }
        } else if let Some(place) = row.get_mut(self.offset + 4 * at..).and_then(<[u8]>::first_chunk_mut) {
            *place = (value as f32).to_le_bytes();
        }
    }
}

/// The nearest whole number, the even one of two; none if the value is farther from zero than `most` or not a number.
#[inline]
fn whole(value: f64, most: i32) -> Option<i32> {
    // Adding a number whose last place is 1 rounds as IEEE 754 says; a call of `round` takes longer than all of the rest.
    const ROUNDS: f64 = 6_755_399_441_055_744.0;
    let is_possible = value.abs() <= f64::from(most);
    is_possible.then_some(((value + ROUNDS) - ROUNDS) as i32)
}
