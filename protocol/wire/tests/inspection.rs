//! Inspections that say what cannot be.

use ambit_wire::{Circle, ClientMessage, Inspection, ServerMessage, TierInForce, WireError, limits};

fn refusal(inspection: Inspection) -> WireError {
    match ServerMessage::decode(&ServerMessage::Inspection(inspection).encode()) {
        Ok(message) => panic!("{message:?} was taken"),
        Err(error) => error,
    }
}

#[test]
fn impossible_numbers_are_named() {
    let circle = |x, radius| Inspection {
        circles: vec![Circle::default(), Circle { centre: [0.0, x, 0.0], radius }],
        ..Inspection::default()
    };
    let tier = |distance, rows| Inspection {
        rows: 5,
        tiers: vec![TierInForce { distance, interval_ms: 0, rows }; 2],
        ..Inspection::default()
    };
    let none = Inspection::default;
    let cases = [
        (Inspection { rows: 1, waiting: 2, ..none() }, "more rows wait than there are"),
        (tier(1.0, 3), "more rows lie in tiers than there are"),
        (tier(1.0, u32::MAX), "more rows lie in tiers than there are"),
        (tier(f64::NAN, 1), "a tier ends at no distance"),
        (tier(f64::INFINITY, 1), "a tier ends at no distance"),
        (tier(-1.0, 1), "a tier ends at no distance"),
        (Inspection { rate: f32::NAN, ..none() }, "the rate is no rate"),
        (Inspection { rate: -1.0, ..none() }, "the rate is no rate"),
        (Inspection { hysteresis: f64::NAN, ..none() }, "the hysteresis is no distance"),
        (Inspection { hysteresis: -0.5, ..none() }, "the hysteresis is no distance"),
        (circle(f64::NAN, 1.0), "a circle is none"),
        (circle(f64::NEG_INFINITY, 1.0), "a circle is none"),
        (circle(0.0, f64::INFINITY), "a circle is none"),
        (circle(0.0, -1.0), "a circle is none"),
    ];
    for (inspection, problem) in cases {
        assert_eq!(refusal(inspection), WireError::Inspection(problem));
    }
}

#[test]
fn lists_that_are_too_long_are_refused() {
    let circles = vec![Circle::default(); limits::CIRCLES_MAX + 1];
    let error = refusal(Inspection { circles, ..Inspection::default() });
    assert!(matches!(error, WireError::TooLarge { what: "the list of circles", .. }), "{error}");
    let tiers = vec![TierInForce::default(); limits::TIERS_MAX + 1];
    let error = refusal(Inspection { tiers, ..Inspection::default() });
    assert!(matches!(error, WireError::TooLarge { what: "the list of tiers", .. }), "{error}");
}

#[test]
fn a_text_that_is_too_long_is_cut() {
    let message = &"x".repeat(limits::TEXT_BYTES_MAX + 1);
    let bytes = ServerMessage::InspectionError { subscription: 3, message }.encode();
    let message = message.get(1..).unwrap_or_default();
    let cut = ServerMessage::InspectionError { subscription: 3, message };
    assert_eq!(ServerMessage::decode(&bytes), Ok(cut));
}

/// Every byte of a question, changed in every way.
#[test]
fn a_damaged_question_is_answered() {
    let bytes = ClientMessage::Inspect { subscription: 77 }.encode();
    for at in 0..bytes.len() {
        for value in 0..=u8::MAX {
            let mut damaged = bytes.clone();
            if let Some(byte) = damaged.get_mut(at) {
                *byte = value;
            }
            if let Ok(message) = ClientMessage::decode(&damaged) {
                assert_eq!(ClientMessage::decode(&message.encode()), Ok(message));
            }
        }
    }
}
