//! What a session and an outbox take, hand on and refuse.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/world.rs"]
mod support;

use ambit_client_core::{
    Budget, CallStatus, EventKind, LeaveReason, LookupError, Outbox, ParameterValue, Parameters,
    ProtocolError, SendError, Session, SubscriptionState, World, limits,
};
use ambit_model::{Timestamp, delta, masked_row};
use ambit_wire::limits::SUBSCRIPTIONS_MAX;
use ambit_wire::{
    CallResult, Calls, Circle, ClientMessage, Delivery, DeliveryError, Inspection, ServerMessage,
    UpdateHeader, begin_table, end_table, write_delete, write_delta, write_insert, write_insert_columns,
    write_result,
};
use proptest::collection::vec;
use proptest::prelude::*;
use support::{Server, Step, layouts, row, welcome};

fn connected() -> Session {
    let mut session = Session::new();
    session.receive(&welcome(), 0).unwrap();
    session
}

/// An update with one table block.
fn update(offset: u64, table: u16, write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut blocks = Vec::new();
    let mark = begin_table(&mut blocks, table);
    write(&mut blocks);
    end_table(&mut blocks, mark);
    let header = UpdateHeader { offset, applied: vec![1], ended: vec![2], ..UpdateHeader::default() };
    ServerMessage::Update { header, blocks: &blocks }.encode()
}

#[test]
fn quiet_calls_are_not_in_flight_and_their_failures_are_bounded() {
    let mut outbox = Outbox::new();
    let loud = outbox.call(3, &[]).unwrap();
    let quiet = outbox.call_quietly(3, &[]).unwrap();
    assert_eq!(outbox.in_flight(), 1);
    let message = outbox.transmit().unwrap();
    let ClientMessage::Calls { block } = ClientMessage::decode(&message).unwrap() else { panic!("calls") };
    let calls: Vec<_> =
        Calls::new(block).map(|call| call.map(|call| (call.request, call.is_quiet))).collect();
    assert_eq!(calls, [Ok((loud, false)), Ok((quiet, true))]);

    let mut session = connected();
    let mut block = Vec::new();
    let failed = |request| CallResult { request, status: CallStatus::ReducerError, offset: 0, message: "no" };
    write_result(&mut block, &failed(loud));
    (0..limits::QUIET_FAILURES_MAX + 5).for_each(|_| write_result(&mut block, &failed(quiet)));
    session.receive(&ServerMessage::Results { durable_offset: 0, block: &block }.encode(), 0).unwrap();
    let mut world = World::new();
    world.tick(&mut session, Budget::UNLIMITED);
    assert_eq!((world.results().len(), world.answered()), (limits::QUIET_FAILURES_MAX + 1, 1));
    world.tick(&mut session, Budget::UNLIMITED);
    assert_eq!((world.results().len(), world.answered()), (0, 0));
}

#[test]
fn what_the_protocol_does_not_allow_ends_the_session() {
    let unit = row(0, 1, 5);
    let insert = |slot| update(1, 0, |out| write_insert(out, slot, &unit));
    let refused = |messages: &[Vec<u8>]| {
        let mut session = connected();
        let (last, before) = messages.split_last().unwrap();
        before.iter().for_each(|message| session.receive(message, 0).unwrap());
        let error = session.receive(last, 0).unwrap_err();
        assert!(session.has_failed());
        assert!(session.receive(&insert(9), 0).is_err());
        // What came before the error in the same tick is not given either: it may be half an update.
        let mut world = World::new();
        world.tick(&mut session, Budget::UNLIMITED);
        assert_eq!(world.events().count(), 0);
        error
    };
    assert!(matches!(refused(&[welcome()]), ProtocolError::SecondWelcome));
    assert!(matches!(refused(&[vec![1, 2, 3]]), ProtocolError::Wire(_)));
    assert!(matches!(refused(&[ClientMessage::Ping { sent_at: 0 }.encode()]), ProtocolError::Wire(_)));
    let unknown_table = update(1, 3, |out| write_insert(out, 1, &unit));
    assert!(matches!(refused(&[unknown_table]), ProtocolError::UnknownTable(3)));
    assert!(matches!(refused(&[insert(1), insert(1)]), ProtocolError::DuplicateSlot { slot: 1, .. }));
    let delete = update(1, 0, |out| write_delete(out, 7, LeaveReason::Deleted));
    assert!(matches!(refused(&[insert(1), delete]), ProtocolError::UnknownSlot { slot: 7, .. }));
    let change = update(1, 0, |out| write_delta(out, 7, 2, &[0; 4]));
    assert!(matches!(refused(&[insert(1), change]), ProtocolError::UnknownSlot { slot: 7, .. }));
    let short = update(1, 0, |out| write_insert(out, 1, &unit[8..]));
    assert!(matches!(refused(&[short]), ProtocolError::Row { slot: 1, .. }));
    let flag = update(1, 2, |out| write_insert(out, 1, &row(2, 1, 1)));
    let no_bool = update(2, 2, |out| write_delta(out, 1, 2, &[7]));
    assert!(matches!(refused(&[flag, no_bool]), ProtocolError::Row { slot: 1, .. }));
    let letter = update(1, 1, |out| write_insert(out, 1, &row(1, 1, 3)));
    let no_text = update(2, 1, |out| write_delta(out, 1, 2, &[4, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]));
    assert!(matches!(refused(&[letter, no_text]), ProtocolError::Row { slot: 1, .. }));
    let columns = |slot, mask, packed: &'static [u8]| {
        update(1, 2, move |out| write_insert_columns(out, slot, mask, packed))
    };
    assert!(matches!(refused(&[columns(1, 2, &[7])]), ProtocolError::Row { slot: 1, .. }), "no bool");
    assert!(matches!(refused(&[columns(1, 4, &[])]), ProtocolError::Wire(_)), "no such column");
    assert!(matches!(refused(&[columns(1, 1, &[1, 0])]), ProtocolError::Wire(_)), "a column is cut off");
    let twice = refused(&[columns(1, 1, &[9; 4]), columns(1, 1, &[9; 4])]);
    assert!(matches!(twice, ProtocolError::DuplicateSlot { slot: 1, .. }));
    let later = update(5, 0, |out| write_insert(out, 2, &unit));
    assert!(matches!(refused(&[later, insert(1)]), ProtocolError::OffsetBackwards { last: 5, offset: 1 }));
    let early = Session::new().receive(&insert(1), 0);
    assert!(matches!(early, Err(ProtocolError::NotWelcome)));
}

#[test]
fn columns_that_do_not_come_are_blank_until_they_do() {
    let (mut session, mut world) = (connected(), World::new());
    let layout = &layouts()[1];
    let letter = row(1, 7, 9);
    let mut packed = Vec::new();
    delta::pack_columns(layout, &letter, 0b101, &mut packed).unwrap();
    session.receive(&update(1, 1, |out| write_insert_columns(out, 4, 0b101, &packed)), 0).unwrap();
    world.tick(&mut session, Budget::UNLIMITED);
    let first = masked_row(layout, &letter, 0b101).unwrap();
    assert_ne!(first, letter);
    let events: Vec<_> = world.events().map(|event| (event.slot, event.kind)).collect();
    assert_eq!(events, [(4, EventKind::Insert { row: &first })]);

    packed.clear();
    delta::pack_columns(layout, &letter, 0b010, &mut packed).unwrap();
    session.receive(&update(2, 1, |out| write_delta(out, 4, 0b010, &packed)), 0).unwrap();
    world.tick(&mut session, Budget::UNLIMITED);
    let events: Vec<_> = world.events().map(|event| (event.slot, event.kind)).collect();
    assert_eq!(events, [(4, EventKind::Update { old: &first, row: &letter })]);
}

#[test]
fn a_reused_slot_is_a_delete_and_an_insert_and_a_short_life_is_nothing() {
    let mut server = Server::default();
    let (mut session, mut world) = (connected(), World::new());
    let put = |slot, number| Step::Put { table: 0, slot, number };
    let delete = |slot, reason| Step::Delete { table: 0, slot, reason };
    session.receive(&server.update(&[put(1, 10), put(2, 20)]), 0).unwrap();
    world.tick(&mut session, Budget::UNLIMITED);
    let first = server.rows[&(0, 1)].clone();

    let steps = [put(1, 11), delete(1, 1), put(1, 12), put(3, 30), delete(3, 0), put(2, 21), put(2, 22)];
    for step in steps {
        session.receive(&server.update(&[step]), 0).unwrap();
    }
    assert_eq!(session.statistics().rows_pending, 2);
    world.tick(&mut session, Budget::UNLIMITED);
    let events: Vec<_> = world.events().collect();
    let [gone, again, changed] = events[..] else { panic!("{events:?}") };
    assert_eq!(
        (gone.slot, gone.kind),
        (1, EventKind::Delete { old: &first, reason: LeaveReason::OutOfRange })
    );
    assert_eq!((again.slot, again.kind), (1, EventKind::Insert { row: &server.rows[&(0, 1)] }));
    let (old, new) = (row(0, 2, 20), row(0, 2, 22));
    assert_eq!((changed.slot, changed.kind), (2, EventKind::Update { old: &old, row: &new }));
    let figures = session.statistics().tables[0];
    assert_eq!((figures.inserts, figures.updates, figures.deletes), (4, 3, 2));
}

#[test]
fn results_subscriptions_and_clocks_reach_the_game() {
    let (mut session, mut world) = (connected(), World::new());
    session.receive(&update(4, 0, |_| {}), 0).unwrap();
    let refused = ServerMessage::SubscriptionError { subscription: 3, change: 0, message: "no such table" };
    session.receive(&refused.encode(), 0).unwrap();
    let mut block = Vec::new();
    let result = CallResult { request: 8, status: CallStatus::ReducerError, offset: 0, message: "too poor" };
    write_result(&mut block, &result);
    write_result(
        &mut block,
        &CallResult { request: 9, status: CallStatus::Committed, offset: 4, message: "" },
    );
    session.receive(&ServerMessage::Results { durable_offset: 3, block: &block }.encode(), 0).unwrap();
    session.receive(&ServerMessage::Durable { durable_offset: 2 }.encode(), 0).unwrap();
    let pong = ServerMessage::Pong { sent_at: 1_000, server_time: Timestamp(5_200) };
    session.receive(&pong.encode(), 1_400).unwrap();
    world.tick(&mut session, Budget::UNLIMITED);
    assert_eq!((world.offset(), world.durable_offset()), (4, 3));
    assert_eq!(world.subscription(1), Some(&SubscriptionState::Applied));
    assert_eq!(world.subscription(2), Some(&SubscriptionState::Ended));
    assert_eq!(world.subscription(3), Some(&SubscriptionState::Failed("no such table".into())));
    assert_eq!(world.subscription(4), None);
    let results: Vec<_> =
        world.results().iter().map(|result| (result.request, result.status, &*result.message)).collect();
    assert_eq!(results, [(8, CallStatus::ReducerError, "too poor"), (9, CallStatus::Committed, "")]);
    let statistics = session.statistics();
    assert_eq!((statistics.round_trip_us, statistics.clock_offset_us), (400, 4_000));
    world.tick(&mut session, Budget::UNLIMITED);
    assert!(world.results().is_empty());
}

#[test]
fn changes_of_parameters_are_numbered_and_answered() {
    let mut outbox = Outbox::new();
    let mut parameters = Parameters::new();
    parameters.set("zone", ParameterValue::Integer(3)).unwrap();
    let sql = "SELECT * FROM unit WHERE zone = :zone";
    assert_eq!(outbox.subscribe_with(sql, &parameters, 5.0), Ok(1));
    assert_eq!(outbox.change_parameters(1, &parameters), Ok(1));
    assert_eq!(outbox.change_parameters(1, &parameters), Ok(2));
    let subscribe = outbox.transmit().unwrap();
    let expected = ClientMessage::Subscribe {
        subscription: 1,
        sql,
        delivery: Delivery::at_rate(5.0),
        parameters: parameters.clone(),
    };
    assert_eq!(ClientMessage::decode(&subscribe), Ok(expected));
    for change in [1, 2] {
        let message = outbox.transmit().unwrap();
        let parameters = parameters.clone();
        let expected = ClientMessage::ChangeParameters { subscription: 1, change, parameters };
        assert_eq!(ClientMessage::decode(&message), Ok(expected));
    }

    let (mut session, mut world) = (connected(), World::new());
    let refused = |change| {
        ServerMessage::SubscriptionError { subscription: 1, change, message: "no such zone" }.encode()
    };
    let changed = |changed: Vec<(u32, u32)>| {
        let header = UpdateHeader { applied: vec![1], changed, ..UpdateHeader::default() };
        ServerMessage::Update { header, blocks: &[] }.encode()
    };
    // The fourth is refused before the third takes effect.
    session.receive(&changed(vec![(1, 2)]), 0).unwrap();
    session.receive(&refused(4), 0).unwrap();
    world.tick(&mut session, Budget::UNLIMITED);
    assert_eq!(world.change(1, 1), Some(&SubscriptionState::Applied));
    assert_eq!(world.change(1, 2), Some(&SubscriptionState::Applied));
    assert_eq!(world.change(1, 3), None);
    assert_eq!(world.change(1, 4), Some(&SubscriptionState::Failed("no such zone".into())));
    assert_eq!(world.change(2, 1), None);
    assert_eq!(world.subscription(1), Some(&SubscriptionState::Applied));
    session.receive(&changed(vec![(1, 3)]), 0).unwrap();
    world.tick(&mut session, Budget::UNLIMITED);
    assert_eq!(world.change(1, 3), Some(&SubscriptionState::Applied));
    // What became of a change when the subscription is over.
    let failed = ServerMessage::SubscriptionError { subscription: 1, change: 0, message: "over" };
    session.receive(&failed.encode(), 0).unwrap();
    world.tick(&mut session, Budget::UNLIMITED);
    assert_eq!(world.change(1, 5), Some(&SubscriptionState::Failed("over".into())));

    // Whatever a server says, little of it is kept.
    (0..5_000).for_each(|change| session.receive(&refused(change + 10), 0).unwrap());
    world.tick(&mut session, Budget::UNLIMITED);
    let kept = (0..5_000)
        .filter(|change| matches!(world.change(1, change + 10), Some(SubscriptionState::Failed(text)) if text == "no such zone"))
        .count();
    assert_eq!(kept, limits::CHANGE_REFUSALS_MAX);
    let mut told =
        (0..).map(|first| session.receive(&changed((0..200).map(|n| (200 * first + n, 1)).collect()), 0));
    assert!(matches!(told.find_map(Result::err), Some(ProtocolError::TooMany { .. })));
}

/// What a server says of a subscription that nobody has.
fn inspection(subscription: u32, rows: u32) -> Vec<u8> {
    let circles = vec![Circle { centre: [1.0, 2.0, 0.0], radius: 80.0 }];
    ServerMessage::Inspection(Inspection { subscription, rows, circles, ..Inspection::default() }).encode()
}

#[test]
fn the_last_inspection_is_kept_until_its_subscription_ends() {
    let mut outbox = Outbox::new();
    assert_eq!(outbox.inspect(0), Err(SendError::UnknownSubscription(0)));
    assert_eq!(outbox.inspect(1), Err(SendError::UnknownSubscription(1)));
    assert_eq!(outbox.subscribe("SELECT * FROM unit", 5.0), Ok(1));
    assert_eq!(outbox.inspect(1), Ok(()));
    outbox.transmit().unwrap();
    let message = outbox.transmit().unwrap();
    assert_eq!(ClientMessage::decode(&message), Ok(ClientMessage::Inspect { subscription: 1 }));

    let (mut session, mut world) = (connected(), World::new());
    let rows = |world: &World, number| world.inspection(number).map(|told| told.rows);
    for message in [inspection(2, 7), inspection(3, 8), inspection(3, 9)] {
        session.receive(&message, 0).unwrap();
    }
    assert_eq!(rows(&world, 3), None, "a tick brings it");
    world.tick(&mut session, Budget::UNLIMITED);
    assert_eq!((rows(&world, 1), rows(&world, 2), rows(&world, 3)), (None, Some(7), Some(9)));
    assert_eq!(world.inspection(3).unwrap().circles[0].radius, 80.0);
    let gone = ServerMessage::InspectionError { subscription: 3, message: "there is no subscription 3" };
    session.receive(&gone.encode(), 0).unwrap();
    world.tick(&mut session, Budget::UNLIMITED);
    assert_eq!((rows(&world, 2), rows(&world, 3)), (Some(7), Some(9)), "its end is told otherwise");
    // The second one ends, and a fourth does so in the same tick that brings its inspection.
    session.receive(&inspection(4, 1), 0).unwrap();
    let failed = ServerMessage::SubscriptionError { subscription: 4, change: 0, message: "over" };
    session.receive(&failed.encode(), 0).unwrap();
    session.receive(&update(1, 0, |_| {}), 0).unwrap();
    world.tick(&mut session, Budget::UNLIMITED);
    assert_eq!((rows(&world, 2), rows(&world, 3), rows(&world, 4)), (None, Some(9), None));

    // Whatever a server says, little of it is kept.
    for tick in 0..5 {
        for number in 0..SUBSCRIPTIONS_MAX as u32 {
            session.receive(&inspection(1_000 * (tick + 1) + number, 1), 0).unwrap();
        }
        world.tick(&mut session, Budget::UNLIMITED);
    }
    let kept = (0..10_000).filter(|&number| world.inspection(number).is_some()).count();
    assert_eq!(kept, SUBSCRIPTIONS_MAX);
    let told = (0..).map(|number| session.receive(&inspection(number, 1), 0));
    let error = told.take(SUBSCRIPTIONS_MAX + 1).find_map(Result::err);
    assert!(matches!(error, Some(ProtocolError::TooMany { what: "inspections", .. })));
}

#[test]
fn calls_travel_together_and_in_order_and_the_outbox_is_bounded() {
    let mut outbox = Outbox::new();
    assert_eq!(outbox.call(1, &[1; 8]), Ok(1));
    assert_eq!(outbox.call(2, &[]), Ok(2));
    assert_eq!(outbox.subscribe("SELECT * FROM unit", 5.0), Ok(1));
    assert_eq!(outbox.call(1, &[2; 8]), Ok(3));
    let requests = |message: Option<Vec<u8>>| -> Vec<u32> {
        let message = message.unwrap();
        let ClientMessage::Calls { block } = ClientMessage::decode(&message).unwrap() else { panic!() };
        Calls::new(block).map(|call| call.unwrap().request).collect()
    };
    assert_eq!(requests(outbox.transmit()), [1, 2]);
    let subscribe = outbox.transmit().unwrap();
    let (sql, parameters) = ("SELECT * FROM unit", Parameters::new());
    let expected =
        ClientMessage::Subscribe { subscription: 1, sql, delivery: Delivery::at_rate(5.0), parameters };
    assert_eq!(ClientMessage::decode(&subscribe), Ok(expected));
    assert_eq!(requests(outbox.transmit()), [3]);
    assert_eq!((outbox.transmit(), outbox.queued_bytes(), outbox.in_flight()), (None, 0, 3));

    assert!(matches!(outbox.subscribe("", f32::NAN), Err(SendError::Delivery(DeliveryError::Rate(_)))));
    let odd = Delivery { hysteresis: -1.0, ..Delivery::default() };
    let refused = outbox.subscribe_as("SELECT * FROM unit", &Parameters::new(), &odd);
    assert!(matches!(refused, Err(SendError::Delivery(DeliveryError::Hysteresis(_)))));
    assert_eq!((outbox.transmit(), outbox.queued_bytes()), (None, 0), "nothing is sent of what is refused");
    assert!(matches!(outbox.call(1, &vec![0; 2 << 20]), Err(SendError::TooLarge { .. })));
    let large = vec![0; 1 << 20];
    let taken = (0..).take_while(|_| outbox.call(1, &large).is_ok()).count();
    assert_eq!(taken, limits::OUTGOING_BYTES_MAX / large.len() - 1);
    while outbox.transmit().is_some() {}
    let taken = (0..)
        .take_while(|_| {
            outbox.transmit();
            outbox.call(1, &[]).is_ok()
        })
        .count();
    assert_eq!(taken + 3 + 3, limits::CALLS_IN_FLIGHT_MAX);
    assert!(matches!(outbox.call(1, &[]), Err(SendError::Full { .. })));
    outbox.answered(1);
    assert!(outbox.call(1, &[]).is_ok());
}

#[test]
fn look_ups_that_cannot_be_answered_say_why() {
    let (mut session, mut world) = (connected(), World::new());
    world.tick(&mut session, Budget::UNLIMITED);
    let table = world.table_named("unit").unwrap();
    let mut out = Vec::new();
    assert!(matches!(table.find(9, &[]), Err(LookupError::UnknownIndex { index: 9, .. })));
    assert!(matches!(table.find(0, &[1, 2]), Err(LookupError::Key { .. })));
    assert!(matches!(table.near(0, [0.0; 3], 1.0, &mut out), Err(LookupError::WrongKind { .. })));
    assert!(matches!(table.find(3, &[0; 8]), Err(LookupError::WrongKind { .. })));
    assert!(table.near(3, [0.0; 3], f64::NAN, &mut out).is_ok());
    assert!(out.is_empty());
}

proptest! {
    #[test]
    fn damaged_updates_are_answered(
        steps in vec((0..3_u16, 0..6_u32, any::<u8>()), 1..20),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 0..5),
    ) {
        let (mut session, mut world, mut server) = (connected(), World::new(), Server::default());
        let put = |(table, slot, number)| Step::Put { table, slot, number };
        let steps: Vec<_> = steps.into_iter().map(put).collect();
        session.receive(&server.update(&steps), 0).unwrap();
        world.tick(&mut session, Budget::UNLIMITED);
        let rows = |world: &World| -> Vec<Vec<u8>> {
            world.tables().iter().flat_map(|table| table.iter().map(|(_, row)| row.to_vec())).collect()
        };
        let (offset, before) = (world.offset(), rows(&world));
        let mut message = server.update(&steps);
        for (at, byte) in damage {
            let at = at.index(message.len());
            message[at] = byte;
        }
        // A damaged message may still be a right one with other contents; what is refused leaves no trace.
        let accepted = session.receive(&message, 0).is_ok();
        world.tick(&mut session, Budget::UNLIMITED);
        if !accepted {
            prop_assert_eq!(world.events().count(), 0);
            prop_assert_eq!((world.offset(), rows(&world)), (offset, before));
        }
    }
}
