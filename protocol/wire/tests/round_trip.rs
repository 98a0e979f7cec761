//! Whatever is written is read back the same, and any bytes are answered with a value or an error.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use ambit_model::{ColumnType, ConnectionId, Field, Identity, RowLayout, Timestamp, delta};
use ambit_wire::{
    Call, CallResult, CallStatus, Calls, Circle, ClientMessage, Delivery, Inspection, LeaveReason, Op,
    ParameterValue, Parameters, Results, ServerMessage, TableBlocks, TierInForce, UpdateHeader, WireError,
    begin_table, end_table, limits, write_call, write_delete, write_delta, write_insert,
    write_insert_columns, write_result,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn layout() -> RowLayout {
    let field = |name: &str, ty| Field { name: name.into(), ty };
    RowLayout::new(&[field("id", ColumnType::U64), field("name", ColumnType::String)])
}

/// What a test writes into a table block.
#[derive(Debug, Clone)]
enum Written {
    Insert(u32, Vec<u8>),
    InsertColumns(u32, Option<u64>, Option<Vec<u8>>),
    Delta(u32, Option<u64>, Option<Vec<u8>>),
    Delete(u32, u8),
}

fn slot() -> impl Strategy<Value = u32> {
    prop_oneof![0..64_u32, 0..(1_u32 << 31)]
}

fn operation() -> impl Strategy<Value = Written> {
    prop_oneof![
        (slot(), vec(any::<u8>(), 0..300)).prop_map(|(slot, row)| Written::Insert(slot, row)),
        (slot(), any::<Option<u64>>(), proptest::option::of(vec(any::<u8>(), 0..40)))
            .prop_map(|(slot, id, name)| Written::Delta(slot, id, name)),
        (slot(), any::<Option<u64>>(), proptest::option::of(vec(any::<u8>(), 0..40)))
            .prop_map(|(slot, id, name)| Written::InsertColumns(slot, id, name)),
        (slot(), 0..6_u8).prop_map(|(slot, reason)| Written::Delete(slot, reason)),
    ]
}

/// The mask and packed columns of a delta on [`layout`].
fn packed(id: Option<u64>, name: Option<&Vec<u8>>) -> (u64, Vec<u8>) {
    let mut bytes = Vec::new();
    if let Some(id) = id {
        bytes.extend_from_slice(&id.to_le_bytes());
    }
    if let Some(name) = name {
        bytes.extend_from_slice(&(name.len() as u32).to_le_bytes());
        bytes.extend_from_slice(name);
    }
    (u64::from(id.is_some()) | u64::from(name.is_some()) << 1, bytes)
}

/// The slices of an operation, copied out.
fn copied(op: Op<'_>) -> (u32, u8, u64, Vec<u8>) {
    match op {
        Op::Insert { slot, row } => (slot, 0, 0, row.to_vec()),
        Op::Delta { slot, mask, packed } => (slot, 1, mask, packed.to_vec()),
        Op::Delete { slot, reason } => (slot, 2, 0, vec![reason as u8]),
        Op::InsertColumns { slot, mask, packed } => (slot, 3, mask, packed.to_vec()),
    }
}

/// Reads everything that a receiver would read, to find out that nothing panics.
fn read_all(bytes: &[u8]) {
    let layout = layout();
    match ClientMessage::decode(bytes) {
        Ok(ClientMessage::Calls { block }) => assert!(Calls::new(block).count() <= block.len()),
        Ok(message) => {
            assert_eq!(ClientMessage::decode(&message.encode()).unwrap().encode(), message.encode())
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    match ServerMessage::decode(bytes) {
        Ok(ServerMessage::Update { blocks, .. }) => {
            for block in TableBlocks::new(blocks).flatten() {
                assert!(block.ops(&layout).count() <= block.bytes.len());
            }
        }
        Ok(ServerMessage::Results { block, .. }) => assert!(Results::new(block).count() <= block.len()),
        Ok(message) => assert_eq!(ServerMessage::decode(&message.encode()).unwrap(), message),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    assert!(Calls::new(bytes).count() <= bytes.len());
    assert!(Results::new(bytes).count() <= bytes.len());
    for block in TableBlocks::new(bytes).flatten() {
        assert!(block.ops(&layout).count() <= block.bytes.len());
    }
}

fn subscribe(sql: &str, rate: f32, parameters: Parameters) -> ClientMessage<'_> {
    ClientMessage::Subscribe { subscription: 1, sql, delivery: Delivery::at_rate(rate), parameters }
}

/// One parameter of every kind.
fn every_parameter() -> Parameters {
    let mut parameters = Parameters::new();
    let values = [
        ("alive", ParameterValue::Bool(true)),
        ("id", ParameterValue::Integer(-(1 << 90) - 5)),
        ("radius", ParameterValue::Float(0.5)),
        ("name", ParameterValue::Text("Ädä".into())),
        ("key", ParameterValue::Bytes(vec![0, 255])),
        ("corner", ParameterValue::Point2([1.0, -2.0])),
        ("centre", ParameterValue::Point3([1.0, -2.0, 1e300])),
    ];
    for (name, value) in values {
        parameters.set(name, value).unwrap();
    }
    parameters
}

/// One message of every kind.
fn step() -> UpdateHeader {
    let timestamp = Timestamp(1_764_000_000_000_000);
    UpdateHeader { offset: 9_000, durable_offset: 8_990, timestamp, ..UpdateHeader::default() }
}

fn inspection() -> Inspection {
    Inspection {
        subscription: 2,
        offset: 9,
        rows: 12,
        waiting: 3,
        rate: 20.0,
        hysteresis: 5.0,
        budget: 60_000,
        circles: vec![
            Circle { centre: [1.0, -2.0, 1e300], radius: 80.0 },
            Circle { centre: [0.5, 0.0, 0.0], radius: 0.0 },
        ],
        tiers: vec![
            TierInForce { distance: 30.0, interval_ms: 0, rows: 4 },
            TierInForce { distance: 80.0, interval_ms: 200, rows: 8 },
        ],
    }
}

fn every_message() -> Vec<Vec<u8>> {
    let mut calls = Vec::new();
    write_call(&mut calls, &Call { request: 7, reducer: 3, is_quiet: true, args: &[1, 2, 3] });
    let mut results = Vec::new();
    let result = CallResult { request: 7, status: CallStatus::ReducerError, offset: 0, message: "too poor" };
    write_result(&mut results, &result);
    let mut blocks = Vec::new();
    let mark = begin_table(&mut blocks, 5);
    write_insert(&mut blocks, 1, &[0; 16]);
    write_delete(&mut blocks, 900, LeaveReason::OutOfRange);
    write_insert_columns(&mut blocks, 2, 1, &[7; 8]);
    end_table(&mut blocks, mark);
    let (applied, ended, changed) = (vec![1, 2], vec![3], vec![(4, 7)]);
    let header = UpdateHeader { offset: 9, applied, ended, changed, ..UpdateHeader::default() };
    vec![
        ClientMessage::Hello { protocol: 1, token: Some("secret"), takes_compressed: true }.encode(),
        ClientMessage::Hello { protocol: 1, token: None, takes_compressed: false }.encode(),
        subscribe("SELECT * FROM player", 20.0, Parameters::new()).encode(),
        subscribe("SELECT * FROM player WHERE id = :id", 0.0, every_parameter()).encode(),
        ClientMessage::ChangeParameters { subscription: 1, change: 4, parameters: every_parameter() }
            .encode(),
        ClientMessage::Unsubscribe { subscription: 1 }.encode(),
        ClientMessage::Calls { block: &calls }.encode(),
        ClientMessage::Ping { sent_at: 77 }.encode(),
        ClientMessage::Inspect { subscription: 1 }.encode(),
        ServerMessage::Welcome {
            identity: Identity([7; 32]),
            connection: ConnectionId([9; 16]),
            token: "secret",
            schema: &[1, 2, 3],
            offset: 4,
        }
        .encode(),
        ServerMessage::Update { header, blocks: &blocks }.encode(),
        // Without news of subscriptions.
        ServerMessage::Update { header: step(), blocks: &blocks }.encode(),
        ServerMessage::Results { durable_offset: 3, block: &results }.encode(),
        ServerMessage::SubscriptionError { subscription: 2, change: 3, message: "no such table" }.encode(),
        ServerMessage::Pong { sent_at: 77, server_time: Timestamp(-5) }.encode(),
        ServerMessage::Durable { durable_offset: 11 }.encode(),
        ServerMessage::Goodbye { code: 4, message: "too slow" }.encode(),
        ServerMessage::Compressed { length: 70_000, block: &[1, 2, 3] }.encode(),
        ServerMessage::Inspection(inspection()).encode(),
        ServerMessage::InspectionError { subscription: 2, message: "there is none" }.encode(),
    ]
}

#[test]
fn every_message_is_read_back_the_same_by_one_side_only() {
    for (index, bytes) in every_message().iter().enumerate() {
        let (client, server) = (ClientMessage::decode(bytes), ServerMessage::decode(bytes));
        if index < 9 {
            assert_eq!(&client.unwrap().encode(), bytes);
            assert!(matches!(server, Err(WireError::WrongSide(_))), "{server:?}");
        } else {
            assert_eq!(&server.unwrap().encode(), bytes);
            assert!(matches!(client, Err(WireError::WrongSide(_))), "{client:?}");
        }
    }
}

#[test]
fn limits_are_refused_and_texts_are_cut() {
    let long = "ä".repeat(limits::TEXT_BYTES_MAX);
    let bytes = ServerMessage::Goodbye { code: 1, message: &long }.encode();
    let ServerMessage::Goodbye { message, .. } = ServerMessage::decode(&bytes).unwrap() else { panic!() };
    assert_eq!(message, "ä".repeat(limits::TEXT_BYTES_MAX / 2));

    let length = limits::SERVER_MESSAGE_BYTES_MAX + 1;
    let bytes = ServerMessage::Compressed { length, block: &[] }.encode();
    assert!(matches!(ServerMessage::decode(&bytes), Err(WireError::TooLarge { .. })));

    let token = "x".repeat(limits::TOKEN_BYTES_MAX + 1);
    let bytes = ClientMessage::Hello { protocol: 1, token: Some(&token), takes_compressed: false }.encode();
    assert!(matches!(ClientMessage::decode(&bytes), Err(WireError::TooLarge { .. })));
    let sql = "x".repeat(limits::SQL_BYTES_MAX + 1);
    let bytes = subscribe(&sql, 0.0, Parameters::new()).encode();
    assert!(matches!(ClientMessage::decode(&bytes), Err(WireError::TooLarge { .. })));
    for rate in [-1.0, f32::NAN, f32::NEG_INFINITY, limits::RATE_HZ_MAX * 2.0] {
        let bytes = subscribe("", rate, Parameters::new()).encode();
        assert!(matches!(ClientMessage::decode(&bytes), Err(WireError::Rate(_))), "{rate}");
    }
    let block = vec![0; limits::CALL_BLOCK_BYTES_MAX];
    assert!(ClientMessage::decode(&ClientMessage::Calls { block: &block }.encode()).is_ok());
    let many = [0; 12].repeat(limits::CALLS_PER_BLOCK_MAX + 1);
    assert_eq!(Calls::new(&many).filter(Result::is_ok).count(), limits::CALLS_PER_BLOCK_MAX);
    assert!(matches!(Calls::new(&many).last(), Some(Err(WireError::TooMany { .. }))));
    let vast = vec![0; limits::CLIENT_MESSAGE_BYTES_MAX + 1];
    assert!(matches!(ClientMessage::decode(&vast), Err(WireError::TooLarge { .. })));
}

#[test]
fn an_update_without_news_has_a_small_envelope() {
    let bytes = ServerMessage::Update { header: step(), blocks: &[7, 8] }.encode();
    assert_eq!(bytes.len(), 57);
    let end = bytes.len() - 2;
    for header in [
        UpdateHeader { offset: u64::MAX, durable_offset: 0, timestamp: Timestamp(i64::MIN), ..step() },
        UpdateHeader { offset: 0, durable_offset: u64::MAX, timestamp: Timestamp(i64::MAX), ..step() },
    ] {
        let message = ServerMessage::Update { header, blocks: &[7, 8] };
        assert_eq!(ServerMessage::decode(&message.encode()).unwrap(), message);
    }
    // The head's numbers are cut off or not the shortest, or the form is one to come.
    let head = bytes.len() - 2 - 11;
    for (at, byte) in [(head, 0x80), (head + 1, 0), (end - 1, 0xff)] {
        let mut damaged = bytes.clone();
        damaged[at] = byte;
        let decoded = ServerMessage::decode(&damaged);
        assert!(matches!(decoded, Err(WireError::Varint(_))) || decoded.is_ok(), "{decoded:?}");
        assert_ne!(decoded, ServerMessage::decode(&bytes));
    }
    let form = bytes.iter().position(|byte| *byte == 1).unwrap();
    let mut damaged = bytes;
    damaged[form] = 2;
    assert!(ServerMessage::decode(&damaged).is_err());
}

#[test]
fn numbers_that_name_nothing_and_long_forms_are_refused() {
    let layout = layout();
    let first = |bytes: &[u8]| {
        let mut blocks = Vec::new();
        let mark = begin_table(&mut blocks, 0);
        blocks.extend_from_slice(bytes);
        end_table(&mut blocks, mark);
        let block = TableBlocks::new(&blocks).next().unwrap().unwrap();
        block.ops(&layout).next().unwrap().map(copied)
    };
    assert!(matches!(first(&[3]), Err(WireError::Varint(1))));
    assert!(matches!(first(&[3, 4]), Err(WireError::Delta { .. })), "there is no third column");
    assert!(matches!(first(&[3, 1, 0]), Err(WireError::Delta { .. })), "a column is cut off");
    assert!(matches!(first(&[3, 2, 255, 255, 255, 255]), Err(WireError::Delta { .. })));
    assert_eq!(first(&[7, 0]).unwrap(), (1, 3, 0, Vec::new()));
    assert!(matches!(first(&[2, 9]), Err(WireError::Unknown { what: "leave reason", .. })));
    assert!(matches!(first(&[2]), Err(WireError::Truncated { .. })));
    assert!(matches!(first(&[0x82, 0x00, 0]), Err(WireError::Varint(0))));
    assert!(matches!(first(&[0xff; 12]), Err(WireError::Varint(0))));
    assert!(matches!(
        first(&[0x82, 0x80, 0x80, 0x80, 0x20, 0]),
        Err(WireError::Unknown { what: "slot", .. })
    ));
    assert!(matches!(first(&[1, 4]), Err(WireError::Delta { .. })));
    assert!(matches!(first(&[1, 1, 0]), Err(WireError::Delta { .. })));
    assert!(matches!(first(&[0, 5, 1, 2]), Err(WireError::Truncated { .. })));
    assert_eq!(first(&[0, 2, 1, 2]).unwrap(), (0, 0, 0, vec![1, 2]));
}

fn value() -> impl Strategy<Value = ParameterValue> {
    let number = || -1e300..1e300;
    prop_oneof![
        any::<bool>().prop_map(ParameterValue::Bool),
        any::<i128>().prop_map(ParameterValue::Integer),
        number().prop_map(ParameterValue::Float),
        ".{0,20}".prop_map(ParameterValue::Text),
        vec(any::<u8>(), 0..50).prop_map(ParameterValue::Bytes),
        [number(), number()].prop_map(ParameterValue::Point2),
        [number(), number(), number()].prop_map(ParameterValue::Point3),
    ]
}

proptest! {
    #[test]
    fn updates_round_trip(
        tables in vec((any::<u16>(), vec(operation(), 0..20)), 0..5),
        offsets in any::<(u64, u64, i64)>(),
        applied in vec(any::<u32>(), 0..5),
        ended in vec(any::<u32>(), 0..5),
        changed in vec(any::<(u32, u32)>(), 0..5),
        resumed in any::<bool>(),
    ) {
        let layout = layout();
        let mut slices = Vec::new();
        let mut expected = Vec::new();
        for (table, operations) in &tables {
            let mut block = Vec::new();
            let mark = begin_table(&mut block, *table);
            for operation in operations {
                expected.push(match operation {
                    Written::Insert(slot, row) => {
                        write_insert(&mut block, *slot, row);
                        (*table, (*slot, 0, 0, row.clone()))
                    }
                    Written::Delta(slot, id, name) => {
                        let (mask, bytes) = packed(*id, name.as_ref());
                        prop_assert_eq!(delta::packed_length(&layout, mask, &bytes), Ok(bytes.len()));
                        write_delta(&mut block, *slot, mask, &bytes);
                        (*table, (*slot, 1, mask, bytes))
                    }
                    Written::InsertColumns(slot, id, name) => {
                        let (mask, bytes) = packed(*id, name.as_ref());
                        write_insert_columns(&mut block, *slot, mask, &bytes);
                        (*table, (*slot, 3, mask, bytes))
                    }
                    Written::Delete(slot, reason) => {
                        write_delete(&mut block, *slot, LeaveReason::from_byte(*reason).unwrap());
                        (*table, (*slot, 2, 0, vec![*reason]))
                    }
                });
            }
            end_table(&mut block, mark);
            slices.push(block);
        }
        let (offset, durable_offset, timestamp) = offsets;
        let header =
            UpdateHeader { offset, durable_offset, timestamp: Timestamp(timestamp), applied, ended, changed, resumed };
        let slices: Vec<&[u8]> = slices.iter().map(Vec::as_slice).collect();
        let bytes = header.encode_with(&slices);
        let ServerMessage::Update { header: read, blocks } = ServerMessage::decode(&bytes).unwrap() else {
            return Err(TestCaseError::fail("another message"));
        };
        prop_assert_eq!(read, header);
        let mut actual = Vec::new();
        for block in TableBlocks::new(blocks) {
            let block = block.unwrap();
            for op in block.ops(&layout) {
                actual.push((block.table, copied(op.unwrap())));
            }
        }
        prop_assert_eq!(actual, expected);
    }

    #[test]
    fn inspections_round_trip(
        rows in any::<[u16; 3]>(),
        rate in prop_oneof![Just(f32::INFINITY), 0.0..1e9_f32],
        distances in any::<(u16, u32, u64)>(),
        circles in vec((any::<[i32; 3]>(), any::<u16>()), 0..=limits::CIRCLES_MAX),
        tiers in vec(any::<(u16, u32)>(), 0..=limits::TIERS_MAX),
    ) {
        let [waiting, more, per_tier] = rows.map(u32::from);
        let circle = |(centre, radius): ([i32; 3], u16)| {
            Circle { centre: centre.map(f64::from), radius: f64::from(radius) }
        };
        let tier = |(distance, interval_ms): (u16, u32)| {
            TierInForce { distance: f64::from(distance), interval_ms, rows: per_tier }
        };
        let inspection = Inspection {
            subscription: distances.1,
            offset: distances.2,
            rows: waiting + more + per_tier * limits::TIERS_MAX as u32,
            waiting,
            rate,
            hysteresis: f64::from(distances.0),
            budget: distances.1,
            circles: circles.into_iter().map(circle).collect(),
            tiers: tiers.into_iter().map(tier).collect(),
        };
        let message = ServerMessage::Inspection(inspection);
        let bytes = message.encode();
        prop_assert_eq!(ServerMessage::decode(&bytes), Ok(message));
    }

    #[test]
    fn parameters_round_trip(
        values in vec(("[a-z]{1,3}", value()), 0..limits::PARAMETERS_MAX),
        numbers in any::<(u32, u32)>(),
    ) {
        let mut parameters = Parameters::new();
        for (name, value) in values {
            parameters.set(&name, value).unwrap();
        }
        let (subscription, change) = (numbers.0, numbers.1.max(1));
        let message = ClientMessage::ChangeParameters { subscription, change, parameters: parameters.clone() };
        let bytes = message.encode();
        prop_assert_eq!(ClientMessage::decode(&bytes), Ok(message));
        let message = subscribe("SELECT", 1.0, parameters);
        let bytes = message.encode();
        prop_assert_eq!(ClientMessage::decode(&bytes), Ok(message));
    }

    #[test]
    fn calls_and_results_round_trip(
        entries in vec((any::<u32>(), any::<u16>(), vec(any::<u8>(), 0..50), ".{0,20}", any::<u64>()), 0..20)
    ) {
        let (mut calls, mut results) = (Vec::new(), Vec::new());
        for (request, reducer, args, message, offset) in &entries {
            write_call(&mut calls, &Call { request: *request, reducer: *reducer, is_quiet: request % 2 == 1, args });
            let status = [CallStatus::Committed, CallStatus::ReducerError, CallStatus::Rejected]
                [*reducer as usize % 3];
            write_result(&mut results, &CallResult { request: *request, status, offset: *offset, message });
        }
        let read: Vec<_> = Calls::new(&calls).map(Result::unwrap).collect();
        prop_assert_eq!(read.len(), entries.len());
        for (call, (request, reducer, args, _, _)) in read.iter().zip(&entries) {
            prop_assert_eq!(call, &Call { request: *request, reducer: *reducer, is_quiet: request % 2 == 1, args });
        }
        let read: Vec<_> = Results::new(&results).map(Result::unwrap).collect();
        prop_assert_eq!(read.len(), entries.len());
        for (result, (request, reducer, _, message, offset)) in read.iter().zip(&entries) {
            prop_assert_eq!(result.request, *request);
            prop_assert_eq!(result.status as u16, reducer % 3);
            prop_assert_eq!(result.message, message);
            prop_assert_eq!(result.offset, *offset);
        }
    }

    #[test]
    fn any_bytes_are_answered(bytes in vec(any::<u8>(), 0..400)) {
        read_all(&bytes);
    }

    #[test]
    fn damaged_messages_are_answered(
        which in 0..18_usize,
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
        cuts in any::<bool>(),
    ) {
        let mut bytes = every_message().swap_remove(which);
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if cuts {
            bytes.truncate(cut.index(bytes.len()));
        }
        read_all(&bytes);
    }
}

#[test]
fn a_call_with_unknown_flags_is_refused() {
    let call = Call { request: 7, reducer: 3, is_quiet: true, args: &[1, 2] };
    let mut block = Vec::new();
    write_call(&mut block, &call);
    assert_eq!(Calls::new(&block).collect::<Vec<_>>(), [Ok(call)]);
    for (byte, bit) in (6..8).flat_map(|byte| (0..8).map(move |bit| (byte, bit))).skip(1) {
        let mut lying = block.clone();
        lying[byte] |= 1 << bit;
        let read: Vec<_> = Calls::new(&lying).collect();
        assert!(matches!(read[..], [Err(WireError::Reserved { block: "call", at: 0 })]), "{read:?}");
    }
}
