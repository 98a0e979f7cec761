//! Players: calls, subscriptions, durability, coming back as the same player.

use ambit_client::{
    CallOutcome, CallStatus, Client, Delivery, EventKind, LeaveReason, ParameterValue, Parameters,
    SubscriptionState,
};
use ambit_model::{Value, decode_row, encode_row};
use serde_json::json;

use crate::world::{PATIENCE, World};

fn arguments(client: &mut Client, reducer: &str, values: &[Value]) -> Vec<u8> {
    let schema = client.schema().unwrap();
    encode_row(&schema.reducer(reducer).unwrap().1.layout(), values).unwrap()
}

/// Calls and waits for the result.
fn call(client: &mut Client, reducer: &str, values: &[Value]) -> CallOutcome {
    let row = arguments(client, reducer, values);
    let request = client.call_named(reducer, &row).unwrap();
    let mut outcome = None;
    assert!(client.wait_until(PATIENCE, |client| {
        outcome = client.results().iter().find(|result| result.request == request).cloned();
        outcome.is_some()
    }));
    outcome.unwrap()
}

fn balances(client: &Client) -> Vec<(u64, i64)> {
    let table = client.table("account").unwrap();
    let mut balances: Vec<(u64, i64)> = table
        .iter()
        .map(|(_, row)| match decode_row(table.layout(), row).unwrap()[..] {
            [Value::U64(id), Value::I64(balance)] => (id, balance),
            _ => panic!("not an account"),
        })
        .collect();
    balances.sort_unstable();
    balances
}

fn transfer(from: u64, to: u64, amount: i64) -> [Value; 3] {
    [Value::U64(from), Value::U64(to), Value::I64(amount)]
}

#[test]
fn a_call_reaches_those_who_watch_and_becomes_durable() {
    let world = World::with_bank();
    let mut watcher = world.client(None);
    watcher.subscribe("SELECT * FROM account WHERE id < 3", f32::INFINITY).unwrap();
    let all = |client: &mut Client| client.table("account").is_some_and(|table| table.len() == 3);
    assert!(watcher.wait_until(PATIENCE, all));
    assert_eq!(balances(&watcher), [(0, 1_000), (1, 1_000), (2, 1_000)]);

    let mut caller = world.client(None);
    let outcome = call(&mut caller, "transfer", &transfer(1, 2, 250));
    assert_eq!(outcome.status, CallStatus::Committed);
    assert!(caller.wait_until(PATIENCE, |client| client.durable_offset() >= outcome.offset));
    assert!(watcher.wait_until(PATIENCE, |client| balances(client)[2].1 != 1_000));
    assert_eq!(balances(&watcher), [(0, 1_000), (1, 750), (2, 1_250)]);

    let refused = call(&mut caller, "transfer", &transfer(1, 2, 751));
    assert_eq!((refused.status, refused.offset), (CallStatus::ReducerError, 0));
    assert_eq!(refused.message, "account 1 has 750, not 751");
}

#[test]
fn a_quiet_call_is_answered_only_when_it_fails() {
    let world = World::with_bank();
    let mut client = world.client(None);
    client.subscribe("SELECT * FROM account WHERE id = 2", f32::INFINITY).unwrap();
    let quietly = |client: &mut Client, amount: i64| {
        let row = arguments(client, "transfer", &transfer(1, 2, amount));
        let schema = client.schema().unwrap();
        let (reducer, _) = schema.reducer("transfer").unwrap();
        client.call_quietly(reducer, &row).unwrap()
    };
    quietly(&mut client, 250);
    let refused = quietly(&mut client, 751);
    let mut results = Vec::new();
    assert!(client.wait_until(PATIENCE, |client| {
        results.extend(client.results().iter().map(|result| (result.request, result.message.clone())));
        !results.is_empty() && client.table("account").is_some_and(|table| table.len() == 1)
    }));
    // Answers come in the order of the calls: the first one has none.
    assert_eq!(results, [(refused, "account 1 has 750, not 751".to_owned())]);
    assert_eq!(client.statistics().calls_in_flight, 0);
}

#[test]
fn an_unsubscribed_row_leaves_and_a_bad_query_is_explained() {
    let world = World::with_bank();
    let mut client = world.client(None);
    let good = client.subscribe("SELECT * FROM account WHERE id = 7", f32::INFINITY).unwrap();
    let bad = client.subscribe("SELECT * FROM nowhere", 0.0).unwrap();
    assert!(client.wait_until(PATIENCE, |client| {
        client.table("account").is_some_and(|table| table.len() == 1) && client.subscription(bad).is_some()
    }));
    let explained = format!("{:?}", client.subscription(bad));
    assert!(explained.contains("nowhere"), "{explained}");
    client.unsubscribe(good).unwrap();
    let mut reason = None;
    assert!(client.wait_until(PATIENCE, |client| {
        reason = client.events().find_map(|event| match event.kind {
            ambit_client::EventKind::Delete { reason, .. } => Some(reason),
            ambit_client::EventKind::Insert { .. } | ambit_client::EventKind::Update { .. } => None,
        });
        reason.is_some()
    }));
    assert_eq!(reason, Some(LeaveReason::Unsubscribed));
}

#[test]
fn parameters_change_and_only_the_difference_comes() {
    let world = World::with_bank();
    let mut client = world.client(None);
    let between = |low: i128, high: i128| {
        let mut parameters = Parameters::new();
        parameters.set("low", ParameterValue::Integer(low)).unwrap();
        parameters.set("high", ParameterValue::Integer(high)).unwrap();
        parameters
    };
    let sql = "SELECT * FROM account WHERE id BETWEEN :low AND :high";
    let accounts = client.subscribe_with(sql, &between(3, 6), f32::INFINITY).unwrap();
    let is_applied = |client: &mut Client| client.subscription(accounts) == Some(&SubscriptionState::Applied);
    assert!(client.wait_until(PATIENCE, is_applied));
    assert_eq!(client.table("account").unwrap().len(), 4);

    let change = client.change_parameters(accounts, &between(5, 7)).unwrap();
    let (mut entered, mut left) = (0, Vec::new());
    let is_changed = |client: &mut Client| {
        for event in client.events() {
            match event.kind {
                EventKind::Insert { .. } => entered += 1,
                EventKind::Delete { reason, .. } => left.push(reason),
                EventKind::Update { .. } => panic!("nobody has paid"),
            }
        }
        client.change(accounts, change).is_some()
    };
    assert!(client.wait_until(PATIENCE, is_changed));
    assert_eq!(client.change(accounts, change), Some(&SubscriptionState::Applied));
    assert_eq!(balances(&client), [(5, 1_000), (6, 1_000), (7, 1_000)]);
    assert_eq!((entered, left), (1, vec![LeaveReason::NoLongerMatching; 2]));

    let refused = client.change_parameters(accounts, &Parameters::new()).unwrap();
    assert!(client.wait_until(PATIENCE, |client| client.change(accounts, refused).is_some()));
    let Some(SubscriptionState::Failed(why)) = client.change(accounts, refused) else { panic!("refused") };
    assert!(why.contains("the parameter `:low` has no value"), "{why}");
    // It goes on as it was.
    assert_eq!(call(&mut client, "transfer", &transfer(5, 1, 250)).status, CallStatus::Committed);
    assert!(client.wait_until(PATIENCE, |client| balances(client)[0] == (5, 750)));
    let unknown = client.change_parameters(accounts + 1, &between(0, 1)).unwrap();
    assert!(client.wait_until(PATIENCE, |client| client.change(accounts + 1, unknown).is_some()));
}

#[test]
fn the_same_player_after_a_restart() {
    let mut world = World::with_bank();
    let mut client = world.client(None);
    let (identity, token) = (client.identity(), client.token().unwrap().to_owned());
    assert_eq!(call(&mut client, "transfer", &transfer(5, 6, 100)).status, CallStatus::Committed);
    drop(client);
    world.stop();
    world.start();
    let mut client = world.client(Some(token));
    assert_eq!(client.identity(), identity);
    client.subscribe("SELECT * FROM account WHERE id = 5", 0.0).unwrap();
    client.subscribe("SELECT * FROM visitor WHERE identity = :sender", 0.0).unwrap();
    assert!(client.wait_until(PATIENCE, |client| {
        let has = |table| client.table(table).is_some_and(|table| table.len() == 1);
        has("account") && has("visitor")
    }));
    assert_eq!(balances(&client), [(5, 900)]);
    // The stop has let the module know that the player had gone: one connection now, not two.
    let visitor = client.table("visitor").unwrap();
    let (_, row) = visitor.iter().next().unwrap();
    assert_eq!(decode_row(visitor.layout(), row).unwrap()[1], Value::U32(1));
}

#[test]
fn pipelined_calls_of_many_clients_keep_the_sum() {
    const CALLS: u64 = 200;
    let world = World::with_bank();
    let mut clients: Vec<Client> = (0..8).map(|_| world.client(None)).collect();
    for (number, client) in (0_u64..).zip(clients.iter_mut()) {
        for call in 0..CALLS {
            let values = transfer((number * 7 + call) % 100, (number * 13 + call * 3 + 1) % 100, 1);
            let row = arguments(client, "transfer", &values);
            client.call_named("transfer", &row).unwrap();
        }
    }
    for client in &mut clients {
        let mut results = 0;
        assert!(client.wait_until(PATIENCE, |client| {
            results += client.results().len() as u64;
            assert!(client.results().iter().all(|result| result.status != CallStatus::Rejected));
            results == CALLS
        }));
    }
    let mut watcher = world.client(None);
    watcher.subscribe("SELECT * FROM account", 0.0).unwrap();
    assert!(
        watcher.wait_until(PATIENCE, |client| {
            client.table("account").is_some_and(|table| table.len() == 100)
        })
    );
    assert_eq!(balances(&watcher).iter().map(|(_, balance)| balance).sum::<i64>(), 100_000);
}

#[test]
fn a_reducer_that_panics_or_never_ends_hurts_nobody() {
    let world = World::with_bank();
    let mut client = world.client(None);
    let panicked = call(&mut client, "panic_after_write", &[Value::String("ouch".into())]);
    assert_eq!(panicked.status, CallStatus::ReducerError);
    assert!(panicked.message.contains("ouch"), "{}", panicked.message);
    let endless = call(&mut client, "loop_forever", &[]);
    assert!(endless.message.contains("1000 ms"), "{}", endless.message);
    assert_eq!(call(&mut client, "transfer", &transfer(1, 2, 1)).status, CallStatus::Committed);
    let logs = world.logs();
    assert!(logs.contains("panic_after_write") && logs.contains("ouch"), "{logs}");
    assert!(logs.contains("loop_forever"), "{logs}");
}

#[test]
fn lifecycle_reducers_are_not_for_clients() {
    let world = World::with_bank();
    let mut client = world.client(None);
    assert!(client.call_named("greet", &[]).is_err(), "the client does not even ask");
    let (status, text) = world.call("greet", json!([]));
    assert_eq!((status, text.contains("greet")), (400, true));
}

#[test]
fn arguments_of_other_types_are_refused_with_their_reason() {
    let world = World::with_bank();
    let mut client = world.client(None);
    assert!(client.call_named("transfer", &[]).is_err(), "the client checks first");
    for (arguments, expected) in [
        (json!([1, 2]), "takes 3 arguments (from: u64, to: u64, amount: i64); 2 given"),
        (json!([1, 2, "many"]), "argument `amount`: expected i64"),
        (json!([1, -2, 3]), "argument `to`: expected u64"),
    ] {
        let (status, text) = world.call("transfer", arguments);
        assert_eq!(status, 400);
        assert!(text.contains(expected), "{text}");
    }
    let (status, text) = world.call("no_such", json!([]));
    assert_eq!(status, 404);
    assert!(text.contains("there is no reducer \\\"no_such\\\"") && text.contains("transfer"), "{text}");
}

/// An update's offset was beyond the durable one in most messages of the same calls without the option.
#[test]
fn who_wants_only_what_is_durable_is_told_nothing_else() {
    let world = World::with_bank();
    let mut watcher = world.client(None);
    let delivery = Delivery { rate: f32::INFINITY, confirmed: true, ..Delivery::default() };
    watcher.subscribe_as("SELECT * FROM account", &Parameters::new(), &delivery).unwrap();
    let all = |client: &mut Client| client.table("account").is_some_and(|table| table.len() == 100);
    assert!(watcher.wait_until(PATIENCE, all));

    let mut caller = world.client(None);
    for round in 1..=50 {
        let outcome = call(&mut caller, "transfer", &transfer(1, 2, 1));
        assert_eq!(outcome.status, CallStatus::Committed);
        // Each of them alone, so that the moment between a commit and its sync shows.
        assert!(watcher.wait_until(PATIENCE, |client| {
            assert!(client.world().offset() <= client.durable_offset());
            balances(client)[2].1 == 1_000 + round
        }));
    }
}
