//! Quantised columns: values become whole steps and come back within their bounds, and what is decoded from any numbers is a
//! value or nothing.

use ambit_model::{ColumnSchema, ColumnType, Fidelity, MotionLayout, Quantize, Steps, TableSchema};
use proptest::prelude::*;

fn layout(ty: ColumnType, quantize: Quantize) -> MotionLayout {
    let column = ColumnSchema { quantize: Some(quantize), ..ColumnSchema::new("value", ty) };
    TableSchema { columns: vec![column], ..TableSchema::default() }.motion()
}

fn floats(values: &[f32]) -> Vec<u8> {
    let mut row: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    row.resize(row.len().next_multiple_of(8), 0);
    row
}

fn doubles(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn unit(mut values: [f32; 4]) -> Option<[f32; 4]> {
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    values.iter_mut().for_each(|value| *value /= length);
    (length > 0.1).then_some(values)
}

/// What is not wrong comes back as the same steps.
fn check_steps(layout: &MotionLayout, row: &[u8]) -> Option<(Steps, Fidelity)> {
    let [column] = layout.columns() else { panic!("one column") };
    let steps = column.quantise(row)?;
    let fidelity = column.fidelity(row, steps);
    let mut again = row.to_vec();
    column.dequantise(steps, &mut again);
    if fidelity != Fidelity::Wrong {
        assert_eq!(column.quantise(&again), Some(steps), "the same steps again");
        assert_eq!(fidelity == Fidelity::Exact, again == row, "exact is the same bytes");
    }
    Some((steps, fidelity))
}

#[test]
fn what_has_no_steps_has_none() {
    let step = layout(ColumnType::Vec2, Quantize::Step { step: 0.01 });
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 30_000.0, -1e30] {
        assert_eq!(check_steps(&step, &floats(&[1.0, value])), None, "{value}");
    }
    let angle = layout(ColumnType::F32, Quantize::radians(0.001));
    for value in [f32::NAN, 3.2, -3.2, 1e9] {
        assert_eq!(check_steps(&angle, &floats(&[value])), None, "{value}");
    }
    let quaternion = layout(ColumnType::Quat, Quantize::quaternion(10));
    for value in [[f32::NAN, 0.0, 0.0, 1.0], [2.0, 0.0, 0.0, 0.0], [f32::MAX; 4]] {
        assert_eq!(check_steps(&quaternion, &floats(&value)), None, "{value:?}");
    }
}

#[test]
fn quaternions_that_are_no_unit_are_wrong() {
    let quaternion = layout(ColumnType::Quat, Quantize::quaternion(10));
    for value in [[0.0; 4], [0.5, 0.0, 0.0, 0.5], [0.0, 0.0, 0.0, 0.9], [0.3, -0.3, 0.3, 1.0]] {
        assert_eq!(
            check_steps(&quaternion, &floats(&value)).map(|(_, fidelity)| fidelity),
            Some(Fidelity::Wrong)
        );
    }
    let (_, one) = check_steps(&quaternion, &floats(&[0.0, 0.0, 0.0, 1.0])).unwrap();
    assert_eq!(one, Fidelity::Exact);
}

#[test]
fn angles_take_the_shorter_way() {
    let angle = layout(ColumnType::F32, Quantize::Angle { step: 1.0, turn: 360.0, from: 0.0 });
    let [column] = angle.columns() else { panic!("one column") };
    assert_eq!(column.way([350, 0, 0, 0], [10, 0, 0, 0]), [20, 0, 0, 0]);
    assert_eq!(column.way([10, 0, 0, 0], [350, 0, 0, 0]), [-20, 0, 0, 0]);
    assert_eq!(column.predict([350, 0, 0, 0], [20, 0, 0, 0]), [10, 0, 0, 0]);
    assert_eq!(column.residuals([350, 0, 0, 0], [11, 0, 0, 0]), (None, [21, 0, 0, 0]));
    assert_eq!(column.resolve([350, 0, 0, 0], None, [21, 0, 0, 0]), Some([11, 0, 0, 0]));
}

/// A rotation that goes on as it did is expected to a step.
#[test]
fn a_steady_rotation_is_expected() {
    let layout = layout(ColumnType::Quat, Quantize::Quaternion { step: 0.0001 });
    let [column] = layout.columns() else { panic!("one column") };
    let at = |turns: f32| {
        let angle = 0.2 * turns;
        floats(&[0.6 * angle.sin(), 0.0, 0.8 * angle.sin(), angle.cos()])
    };
    for start in 0..40 {
        let [first, second, third] =
            [0, 1, 2].map(|step| column.quantise(&at((start + step) as f32)).expect("a unit quaternion"));
        let expected = column.predict(second, column.way(first, second));
        let worst = expected.into_iter().zip(third).map(|(expected, real)| (expected - real).abs()).max();
        assert!(worst.unwrap() <= 4, "{expected:?} {third:?}");
    }
}

proptest! {
    #[test]
    fn numbers_are_within_half_a_step(values in any::<[f32; 3]>(), scale in 0..30_i32, step in 0.001..10.0_f64) {
        let layout = layout(ColumnType::Vec3, Quantize::Step { step });
        let values = values.map(|value| value % 2_f32.powi(scale - 10));
        if let Some((steps, fidelity)) = check_steps(&layout, &floats(&values)) {
            prop_assert_ne!(fidelity, Fidelity::Wrong);
            for (step_count, value) in steps.into_iter().zip(values) {
                let error = (f64::from((f64::from(step_count) * step) as f32) - f64::from(value)).abs();
                prop_assert!(error <= step / 2.0 + f64::from(value.abs()) * 1.2e-7, "{error}");
            }
        }
    }

    #[test]
    fn doubles_are_within_half_a_step(values in [-1e7..1e7_f64, -1e7..1e7, -1e7..1e7]) {
        let layout = layout(ColumnType::DVec3, Quantize::Step { step: 0.01 });
        let (_, fidelity) = check_steps(&layout, &doubles(&values)).unwrap();
        prop_assert_ne!(fidelity, Fidelity::Wrong);
    }

    #[test]
    fn quaternions_are_seldom_wrong(values in any::<[i16; 4]>(), bits in 8..16_u32) {
        let layout = layout(ColumnType::Quat, Quantize::quaternion(bits));
        let Some(values) = unit(values.map(f32::from)) else { return Ok(()) };
        let mut sorted = values.map(f32::abs);
        sorted.sort_by(f32::total_cmp);
        let found = check_steps(&layout, &floats(&values));
        // Only where two components are the largest is there doubt which of them counts.
        if sorted[3] - sorted[2] > 0.04 {
            prop_assert_ne!(found.unwrap().1, Fidelity::Wrong);
        }
    }

    #[test]
    fn residuals_lead_from_what_is_expected_to_what_is(
        values in any::<[[i16; 4]; 3]>(), kind in 0..3_usize
    ) {
        let (ty, quantize) = [
            (ColumnType::Vec4, Quantize::Step { step: 1e-4 }),
            (ColumnType::F64, Quantize::Angle { step: 1e-3, turn: 2.0, from: -1.0 }),
            (ColumnType::Quat, Quantize::quaternion(12)),
        ][kind].clone();
        let layout = layout(ty, quantize);
        let [column] = layout.columns() else { panic!("one column") };
        let mut rows = values.map(|values| values.map(|value| f32::from(value) / 32_768.0)).map(|values| {
            let values = if kind == 2 { unit(values).unwrap_or([0.0, 0.0, 0.0, 1.0]) } else { values };
            if kind == 1 { doubles(&[values[0].into()]) } else { floats(&values) }
        }).into_iter().map(|row| column.quantise(&row));
        let (Some(Some(first)), Some(Some(second)), Some(Some(third))) = (rows.next(), rows.next(), rows.next())
        else { return Ok(()) };
        let way = column.way(first, second);
        let expected = column.predict(second, way);
        let (face, residuals) = column.residuals(expected, third);
        prop_assert_eq!(column.resolve(expected, face, residuals), Some(third));
    }

    /// Whatever is received, what comes of it is a value that has these steps, or nothing.
    #[test]
    fn any_residuals_give_a_value_or_nothing(
        steps in any::<[i32; 4]>(), way in any::<[i32; 4]>(), face in proptest::option::of(0..8_u8),
        residuals in prop_oneof![any::<[i64; 4]>(), [-9..9_i64, -9..9, -9..9, -9..9]], kind in 0..3_usize
    ) {
        let (ty, quantize) = [
            (ColumnType::Vec4, Quantize::Step { step: 0.01 }),
            (ColumnType::F32, Quantize::radians(0.01)),
            (ColumnType::Quat, Quantize::quaternion(10)),
        ][kind].clone();
        let layout = layout(ty, quantize);
        let [column] = layout.columns() else { panic!("one column") };
        let expected = column.predict(steps, way);
        if let Some(real) = column.resolve(expected, face, residuals) {
            let mut row = vec![0; 16];
            column.dequantise(real, &mut row);
            prop_assert!(column.quantise(&row).is_some_and(|again| kind == 2 || again == real));
        }
    }
}
