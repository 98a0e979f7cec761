//! What a query's parameters may be, and what no honest client would send.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use ambit_wire::{
    ClientMessage, Delivery, ParameterError, ParameterValue, Parameters, ServerMessage, WireError, limits,
};

/// The bytes of a change of parameters, with `old` replaced by `new` wherever it stands.
fn forged(parameters: Parameters, old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut bytes = ClientMessage::ChangeParameters { subscription: 1, change: 1, parameters }.encode();
    let places: Vec<usize> =
        (0..=bytes.len() - old.len()).filter(|&at| bytes[at..].starts_with(old)).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + new.len()].copy_from_slice(new);
    }
    bytes
}

fn one(name: &str, value: ParameterValue) -> Parameters {
    let mut parameters = Parameters::new();
    parameters.set(name, value).unwrap();
    parameters
}

fn refusal(bytes: &[u8]) -> WireError {
    ClientMessage::decode(bytes).unwrap_err()
}

#[test]
fn what_a_client_cannot_set_it_cannot_send_either() {
    let number = || ParameterValue::Float(0.12345);
    let (honest, nan) = (0.12345_f64.to_le_bytes(), f64::NAN.to_le_bytes());
    let error = refusal(&forged(one("radius", number()), &honest, &nan));
    assert_eq!(error, WireError::Parameter(ParameterError::NotFinite("radius".into())));
    let error = refusal(&forged(one("radius", number()), b"radius", b"sender"));
    assert_eq!(error, WireError::Parameter(ParameterError::Reserved("sender".into())));
    let error = refusal(&forged(one("radius", number()), b"radius", b"rad\0us"));
    assert!(matches!(error, WireError::Parameter(ParameterError::Name(_))), "{error}");
    let mut two = one("radius", number());
    two.set("centre", ParameterValue::Point2([0.0; 2])).unwrap();
    let error = refusal(&forged(two, b"centre", b"radius"));
    assert_eq!(error, WireError::ParameterTwice("radius".into()));
    let message =
        ClientMessage::ChangeParameters { subscription: 1, change: 0, parameters: Parameters::new() };
    assert!(matches!(refusal(&message.encode()), WireError::Unknown { .. }));
}

#[test]
fn there_is_a_limit_to_names_values_and_their_number() {
    let mut parameters = Parameters::new();
    let long = "x".repeat(limits::PARAMETER_NAME_BYTES_MAX + 1);
    for name in ["", "1a", "a b", "ä", ":a", &long] {
        let refused = parameters.set(name, ParameterValue::Bool(true));
        assert!(matches!(refused, Err(ParameterError::Name(_))), "{name}: {refused:?}");
    }
    let text = "x".repeat(limits::PARAMETER_BYTES_MAX);
    parameters.set("text", ParameterValue::Text(text.clone())).unwrap();
    let refused = parameters.set("more", ParameterValue::Bytes(vec![1]));
    assert_eq!(refused, Err(ParameterError::TooLarge(limits::PARAMETER_BYTES_MAX + 1)));
    for number in 1..limits::PARAMETERS_MAX {
        parameters.set(&format!("p{number}"), ParameterValue::Integer(0)).unwrap();
    }
    assert_eq!(parameters.set("more", ParameterValue::Bool(true)), Err(ParameterError::TooMany));
    parameters.set("text", ParameterValue::Text(text)).unwrap();
    assert_eq!(parameters.len(), limits::PARAMETERS_MAX);
    // As much as is allowed can be sent.
    let message = ClientMessage::ChangeParameters { subscription: 1, change: 1, parameters };
    assert_eq!(ClientMessage::decode(&message.encode()), Ok(message));
}

/// Messages as they were before there were parameters. Old clients and servers still send them.
#[test]
fn messages_without_parameters_are_still_read() {
    const SUBSCRIBE: &str = "10000000414d423108000e000700080008000000000000021000000000000a001000040008000c000a000000\
        01000000080000000000a0411400000053454c454354202a2046524f4d20706c6179657200000000";
    const REFUSED: &str = "10000000414d423108000c000700080008000000000000090c00000008000c00040008000800000002000000\
        040000000d0000006e6f2073756368207461626c65000000";
    const UPDATE: &str = "14000000414d42310000000008000c0007000800080000000000000714000000100018001000000000000400\
        08000c00100000001c0000001000000020000000090000000000000001000000030000000200000001000000\
        0200000000000000";
    let subscribe = unhex(SUBSCRIBE);
    let expected = ClientMessage::Subscribe {
        subscription: 1,
        sql: "SELECT * FROM player",
        delivery: Delivery::at_rate(20.0),
        parameters: Parameters::new(),
    };
    assert_eq!(ClientMessage::decode(&subscribe), Ok(expected));
    let refused = unhex(REFUSED);
    let expected = ServerMessage::SubscriptionError { subscription: 2, change: 0, message: "no such table" };
    assert_eq!(ServerMessage::decode(&refused), Ok(expected));
    let update = unhex(UPDATE);
    let ServerMessage::Update { header, blocks } = ServerMessage::decode(&update).unwrap() else { panic!() };
    assert_eq!((header.offset, header.applied, header.ended), (9, vec![1, 2], vec![3]));
    assert!(header.changed.is_empty() && blocks.is_empty());
}

fn unhex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}
