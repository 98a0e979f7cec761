//! Motion blocks at a client: what they do to rows, and what a server may not say.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use ambit_client_core::{Budget, EventKind, ProtocolError, Session, World};
use ambit_model::glam::Vec2;
use ambit_model::{
    ColumnSchema, ColumnType, ConnectionId, Identity, Quantize, Schema, TableSchema, Timestamp, Value,
    encode_row, varint,
};
use ambit_wire::{
    BitWriter, Coding, ServerMessage, UpdateHeader, begin_motion, begin_table, end_table, write_delta,
    write_insert, write_residuals, write_section, write_way,
};

fn schema() -> Schema {
    let position = ColumnSchema {
        quantize: Some(Quantize::Step { step: 0.5 }),
        ..ColumnSchema::new("position", ColumnType::Vec2)
    };
    let name = ColumnSchema::new("name", ColumnType::String);
    let table = |name: &str, columns| TableSchema {
        name: name.into(),
        public: true,
        columns,
        ..TableSchema::default()
    };
    let tables = vec![table("body", vec![position, name.clone()]), table("plain", vec![name])];
    Schema { tables, ..Schema::default() }
}

fn body(x: f32, y: f32) -> Vec<u8> {
    let values = [Value::Vec2(Vec2::new(x, y)), Value::String("it".into())];
    encode_row(&schema().tables[0].layout(), &values).unwrap()
}

fn connected() -> Session {
    let mut session = Session::new();
    let welcome = ServerMessage::Welcome {
        identity: Identity::default(),
        connection: ConnectionId::default(),
        token: "token",
        schema: &schema().encode(),
        offset: 0,
    };
    session.receive(&welcome.encode(), 0).unwrap();
    session
}

fn update(blocks: &[u8]) -> Vec<u8> {
    let header = UpdateHeader { offset: 1, ..UpdateHeader::default() };
    ServerMessage::Update { header, blocks }.encode()
}

fn insert(slot: u32, row: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mark = begin_table(&mut out, 0);
    write_insert(&mut out, slot, row);
    end_table(&mut out, mark);
    out
}

/// The row goes another way than expected, by so many steps.
fn moves(table: u16, epoch: u64, ways: &[(u32, [i32; 2])], rows: &[(u32, [i64; 2])]) -> Vec<u8> {
    let mut out = Vec::new();
    let mark = begin_motion(&mut out, table);
    varint::write(&mut out, epoch);
    varint::write(&mut out, ways.len() as u64);
    let mut before = None;
    for (slot, way) in ways {
        write_way(&mut out, before, *slot, way);
        before = Some(*slot);
    }
    let slots: Vec<u32> = rows.iter().map(|(slot, _)| *slot).collect();
    let codings = [Coding::default(); 2];
    write_section(&mut out, 1, (&codings, false), &slots, |bits: &mut BitWriter<'_>, at| {
        let [x, y] = rows[at].1;
        write_residuals(bits, (&codings, false), (None, [x, y, 0, 0]));
    });
    end_table(&mut out, mark);
    out
}

fn position(world: &World, slot: u32) -> Vec2 {
    let table = world.table_named("body").unwrap();
    let row = table.row(table.local(slot).unwrap()).unwrap();
    let at = |place: usize| f32::from_le_bytes(row[place..place + 4].try_into().unwrap());
    Vec2::new(at(0), at(4))
}

#[test]
fn a_row_goes_on_as_it_did_until_its_exact_values_come() {
    let (mut session, mut world) = (connected(), World::new());
    let mut receive = |blocks: &[u8]| {
        session.receive(&update(blocks), 0).unwrap();
        world.tick(&mut session, Budget::UNLIMITED);
        let updates = world.events().filter(|event| matches!(event.kind, EventKind::Update { .. }));
        (position(&world, 7), updates.count())
    };
    let still = &[(7, [0, 0])];
    assert_eq!(receive(&insert(7, &body(1.1, 2.2))).0, Vec2::new(1.1, 2.2), "exact");
    assert_eq!(receive(&moves(0, 1, &[], &[(7, [3, -1])])), (Vec2::new(2.5, 1.5), 1));
    assert_eq!(receive(&moves(0, 1, &[], still)).0, Vec2::new(4.0, 1.0), "as expected");
    assert_eq!(receive(&moves(0, 1, &[], &[(7, [-3, 1])])).0, Vec2::new(4.0, 1.0), "it stops");
    assert_eq!(receive(&moves(0, 1, &[], &[(7, [2, 0])])).0, Vec2::new(5.0, 1.0));
    assert_eq!(receive(&moves(0, 2, &[], still)).0, Vec2::new(5.0, 1.0), "another epoch: no way");
    assert_eq!(receive(&moves(0, 2, &[], &[(7, [2, 0])])).0, Vec2::new(6.0, 1.0));
    let mut exact = Vec::new();
    let mark = begin_table(&mut exact, 0);
    let packed: Vec<u8> = [6.1_f32, 1.2].iter().flat_map(|value| value.to_le_bytes()).collect();
    write_delta(&mut exact, 7, 1, &packed);
    end_table(&mut exact, mark);
    assert_eq!(receive(&exact).0, Vec2::new(6.1, 1.2), "exact");
    assert_eq!(receive(&moves(0, 2, &[], still)).0, Vec2::new(6.0, 1.0), "and without a way");
}

#[test]
fn a_row_that_comes_goes_on_as_for_everybody() {
    let (mut session, mut world) = (connected(), World::new());
    let mut blocks = insert(7, &body(1.0, 2.0));
    blocks.extend(moves(0, 5, &[(7, [2, -4])], &[]));
    session.receive(&update(&blocks), 0).unwrap();
    session.receive(&update(&moves(0, 5, &[], &[(7, [0, 0])])), 0).unwrap();
    world.tick(&mut session, Budget::UNLIMITED);
    assert_eq!(position(&world, 7), Vec2::new(2.0, 0.0));
    assert_eq!(session.statistics().tables[0].updates, 1);
}

#[test]
fn what_the_protocol_does_not_allow_ends_the_session() {
    let refused = |row: &[u8], blocks: &[u8]| {
        let mut session = connected();
        session.receive(&update(&insert(7, row)), 0).unwrap();
        let error = session.receive(&update(blocks), 0).unwrap_err();
        assert!(session.has_failed());
        // Half an update is not given to the game.
        let mut world = World::new();
        world.tick(&mut session, Budget::UNLIMITED);
        assert_eq!(world.events().count(), 0);
        error
    };
    let here = body(1.0, 2.0);
    let unknown = |error| matches!(error, ProtocolError::UnknownSlot { slot: 8, .. });
    assert!(unknown(refused(&here, &moves(0, 1, &[], &[(8, [0, 0])]))));
    assert!(unknown(refused(&here, &moves(0, 1, &[(8, [0, 0])], &[]))));
    assert!(unknown(refused(&here, &moves(0, 1, &[], &[(7, [0, 0]), (8, [0, 0])]))));
    for row in [body(f32::NAN, 0.0), body(0.0, 2e6), body(f32::NEG_INFINITY, 0.0)] {
        let error = refused(&row, &moves(0, 1, &[], &[(7, [0, 0])]));
        assert!(matches!(error, ProtocolError::NoSteps { slot: 7, .. }), "{error}");
    }
    for blocks in [
        // A table without quantised columns, too large a residual, and no block at all.
        moves(1, 1, &[], &[(7, [0, 0])]),
        moves(0, 1, &[], &[(7, [1 << 22, 0])]),
        moves(0, 1, &[], &[(7, [0, 0])])[..13].to_vec(),
    ] {
        assert!(matches!(refused(&here, &blocks), ProtocolError::Wire(_)));
    }
    let unknown_table = moves(2, 1, &[], &[(7, [0, 0])]);
    assert!(matches!(refused(&here, &unknown_table), ProtocolError::UnknownTable(2)));
}

/// Ways that no server has seen lead to values or to an error.
#[test]
fn any_ways_lead_somewhere() {
    for way in [i32::MAX, i32::MIN, 1 << 21, -(1 << 21)] {
        let mut session = connected();
        let mut blocks = insert(7, &body(1.0, 2.0));
        blocks.extend(moves(0, 5, &[(7, [way, way])], &[]));
        session.receive(&update(&blocks), 0).unwrap();
        for _ in 0..3 {
            if session.receive(&update(&moves(0, 5, &[], &[(7, [1, 1])])), 0).is_err() {
                break;
            }
        }
    }
}

#[test]
fn values_that_came_in_few_bits_are_remembered() {
    let (mut session, mut world) = (connected(), World::new());
    let mut receive = |world: &mut World, blocks: &[u8], ms: i64| {
        let timestamp = Timestamp(ms * 1_000);
        let header = UpdateHeader { offset: 1, timestamp, ..UpdateHeader::default() };
        session.receive(&ServerMessage::Update { header, blocks }.encode(), 0).unwrap();
        world.tick(&mut session, Budget::UNLIMITED);
    };
    receive(&mut world, &insert(7, &body(1.0, 2.0)), 1_000);
    world.interpolate(0, 0).unwrap();
    receive(&mut world, &[], 1_010);
    receive(&mut world, &moves(0, 1, &[], &[(7, [2, 0])]), 1_050);
    receive(&mut world, &moves(0, 1, &[], &[(7, [0, -2])]), 1_100);
    let local = world.table(0).unwrap().local(7).unwrap();
    let sampled = |ms: i64| world.sample(0, local, 0, ms * 1_000).unwrap();
    assert_eq!(sampled(1_050), [2.0, 2.0, 0.0, 0.0]);
    assert_eq!(sampled(1_075), [2.5, 1.5, 0.0, 0.0]);
    assert_eq!(sampled(1_100), [3.0, 1.0, 0.0, 0.0]);
}
