//! Delivery options: what a message keeps of them, and what is refused.

use ambit_wire::{ClientMessage, Delivery, DeliveryError, Parameters, Tier, WireError, limits};

fn tier(distance: f64, rate: f32, columns: &[&str]) -> Tier {
    Tier { distance, rate, columns: columns.iter().map(|name| (*name).to_owned()).collect() }
}

fn message(delivery: Delivery) -> ClientMessage<'static> {
    let (sql, parameters) = ("SELECT * FROM unit", Parameters::new());
    ClientMessage::Subscribe { subscription: 1, sql, delivery, parameters }
}

#[test]
fn options_come_as_they_were_sent() {
    let columns = vec!["x".repeat(limits::PARAMETER_NAME_BYTES_MAX); limits::TIER_COLUMNS_MAX];
    let most = (1..=limits::TIERS_MAX).map(|number| Tier {
        distance: number as f64,
        rate: f32::INFINITY,
        columns: columns.clone(),
    });
    let all = [
        Delivery::default(),
        Delivery { budget: u32::MAX, confirmed: true, ..Delivery::at_rate(f32::INFINITY) },
        Delivery {
            hysteresis: 2.5,
            tiers: vec![tier(30.0, 20.0, &[]), tier(80.0, 5.0, &["position", "zone"])],
            ..Delivery::at_rate(20.0)
        },
        Delivery { tiers: most.collect(), ..Delivery::default() },
    ];
    for delivery in all {
        assert_eq!(delivery.check(), Ok(()));
        let message = message(delivery);
        assert_eq!(ClientMessage::decode(&message.encode()), Ok(message));
    }
}

#[test]
fn impossible_options_are_named() {
    let of = |tiers: Vec<Tier>| Delivery { tiers, ..Delivery::default() };
    let near = tier(5.0, 0.0, &[]);
    let long = "x".repeat(limits::PARAMETER_NAME_BYTES_MAX + 1);
    let cases = [
        (Delivery::at_rate(f32::NAN), "a rate of NaN is not possible"),
        (Delivery::at_rate(-1.0), "a rate of -1 is not possible"),
        (Delivery { hysteresis: f64::NAN, ..Delivery::default() }, "the hysteresis NaN"),
        (Delivery { hysteresis: -0.5, ..Delivery::default() }, "the hysteresis -0.5"),
        (Delivery { hysteresis: f64::INFINITY, ..Delivery::default() }, "the hysteresis inf"),
        (of(vec![near.clone(); 9]), "9 tiers are too many"),
        (of(vec![tier(f64::NAN, 1.0, &[])]), "tier 1 ends at the distance NaN"),
        (of(vec![tier(0.0, 1.0, &[])]), "tier 1 ends at the distance 0"),
        (of(vec![near.clone(), tier(f64::INFINITY, 1.0, &[])]), "tier 2 ends at the distance inf"),
        (of(vec![near.clone(), near.clone()]), "tier 2 ends at the distance 5, which is not farther"),
        (of(vec![near.clone(), tier(3.0, 1.0, &[])]), "tier 2 ends at the distance 3, which is not farther"),
        (of(vec![tier(5.0, f32::NAN, &[])]), "tier 1 has the rate NaN"),
        (of(vec![tier(5.0, -2.0, &[])]), "tier 1 has the rate -2"),
        (of(vec![tier(5.0, 1e-9, &[])]), "tier 1 has the rate 0.000000001"),
        (of(vec![tier(5.0, 1.0, &[""])]), "tier 1 names a column with 0 bytes"),
        (of(vec![tier(5.0, 1.0, &[&long])]), "tier 1 names a column with 65 bytes"),
        (of(vec![tier(5.0, 1.0, &["x"; 65])]), "tier 1 names 65 columns"),
        (Delivery { budget: 1, ..Delivery::default() }, "a budget of 1 bytes per second is too small"),
    ];
    for (delivery, expected) in cases {
        let error: DeliveryError = delivery.check().unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error} does not begin with {expected}");
    }
}

/// Numbers are the server's business where the subscription begins; lists that are too long are not even read.
#[test]
fn a_message_with_lists_that_are_too_long_is_refused() {
    let of = |tiers: Vec<Tier>| message(Delivery { tiers, ..Delivery::default() }).encode();
    let refused = |bytes: Vec<u8>| match ClientMessage::decode(&bytes) {
        Err(WireError::Delivery(error)) => error.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(of(vec![tier(1.0, 1.0, &[]); 9])), "9 tiers are too many; at most 8 are possible");
    assert_eq!(
        refused(of(vec![tier(1.0, 1.0, &["x"; 65])])),
        "tier 1 names 65 columns; a table has at most 64"
    );
    assert_eq!(
        refused(of(vec![tier(1.0, 1.0, &[&"x".repeat(65)])])),
        "tier 1 names a column with 65 bytes; names have 1 to 64"
    );
    let odd = message(Delivery {
        tiers: vec![tier(f64::NAN, -1.0, &[""])],
        hysteresis: -1.0,
        ..Delivery::default()
    });
    assert!(ClientMessage::decode(&odd.encode()).is_ok());
}
