//! `ambit_client_*`: subscriptions and the parameters of their queries.

#![expect(unsafe_code, reason = "C passes pointers")]

use ambit_client::{Parameters, PlainValue, SubscriptionState};

use crate::status::{AmbitStatus, Failure, bytes, guard, lend, list, put, room, text};
use crate::types::{AmbitClient, AmbitParameter, AmbitSubscriptionState, AmbitText};

/// Begins a subscription; its rows come all at once with a later tick. `rate` in updates per second: 0 is the
/// server's default, infinity one update per commit. Possible before the client is connected.
///
/// # Safety
/// `client` is alive and used by this thread alone; `sql` is a text; `out` points to a uint32_t.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_client_subscribe(
    client: *mut AmbitClient,
    sql: AmbitText,
    rate: f32,
    out: *mut u32,
) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        room(out, "out")?;
        let subscription = lend(client)?.client.subscribe(text(sql)?, rate)?;
        put(out, subscription)
    })
}

/// As ambit_client_subscribe, of a query that names parameters: `:name` in its text takes the value of that name.
///
/// # Safety
/// `client` is alive and used by this thread alone; `sql` is a text; `parameters` points to `count` of them, NULL is
/// allowed when there are none; `out` points to a uint32_t.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_client_subscribe_with(
    client: *mut AmbitClient,
    sql: AmbitText,
    parameters: *const AmbitParameter,
    count: usize,
    rate: f32,
    out: *mut u32,
) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        room(out, "out")?;
        let parameters = values(parameters, count)?;
        let subscription = lend(client)?.client.subscribe_with(text(sql)?, &parameters, rate)?;
        put(out, subscription)
    })
}

/// Gives a subscription's query other parameters in place of all that it had, and the number of the change. With a
/// later tick the rows that are in one of both answers only come or leave, all at once. ambit_client_change tells when.
///
/// # Safety
/// `client` is alive and used by this thread alone; `parameters` points to `count` of them, NULL is allowed when there
/// are none; `out` points to a uint32_t.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_client_change_parameters(
    client: *mut AmbitClient,
    subscription: u32,
    parameters: *const AmbitParameter,
    count: usize,
    out: *mut u32,
) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        room(out, "out")?;
        let parameters = values(parameters, count)?;
        let change = lend(client)?.client.change_parameters(subscription, &parameters)?;
        put(out, change)
    })
}

/// Ends a subscription; rows that no other one holds leave with a later tick.
///
/// # Safety
/// `client` is alive and used by this thread alone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_client_unsubscribe(
    client: *mut AmbitClient,
    subscription: u32,
) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe { Ok(lend(client)?.client.unsubscribe(subscription)?) })
}

/// How a subscription stands as of the last tick, and the server's message if it failed. The message is valid
/// until the next call that returns a text of this client.
///
/// # Safety
/// `client` is alive and used by this thread alone; `out` and `out_message` point to their types.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_client_subscription(
    client: *mut AmbitClient,
    subscription: u32,
    out: *mut AmbitSubscriptionState,
    out_message: *mut AmbitText,
) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let client = lend(client)?;
        room(out, "out")?;
        let (state, message) = told(client.client.subscription(subscription));
        client.text = message;
        put(out_message, AmbitText::new(&client.text))?;
        put(out, state)
    })
}

/// How a change of a subscription's parameters stands as of the last tick, and the server's message if it refused it:
/// applied if it or a later one counts; if the subscription is over, as that stands. The message is valid until the
/// next call that returns a text of this client.
///
/// # Safety
/// `client` is alive and used by this thread alone; `out` and `out_message` point to their types.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_client_change(
    client: *mut AmbitClient,
    subscription: u32,
    change: u32,
    out: *mut AmbitSubscriptionState,
    out_message: *mut AmbitText,
) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let client = lend(client)?;
        room(out, "out")?;
        let (state, message) = told(client.client.change(subscription, change));
        client.text = message;
        put(out_message, AmbitText::new(&client.text))?;
        put(out, state)
    })
}

fn told(state: Option<&SubscriptionState>) -> (AmbitSubscriptionState, String) {
    match state {
        None => (AmbitSubscriptionState::Pending, String::new()),
        Some(SubscriptionState::Applied) => (AmbitSubscriptionState::Applied, String::new()),
        Some(SubscriptionState::Ended) => (AmbitSubscriptionState::Ended, String::new()),
        Some(SubscriptionState::Failed(message)) => (AmbitSubscriptionState::Failed, message.clone()),
    }
}

/// The caller's parameters.
///
/// # Safety
/// `parameters` is NULL or points to `count` of them, whose texts and bytes are as described.
unsafe fn values(parameters: *const AmbitParameter, count: usize) -> Result<Parameters, Failure> {
    let mut values = Parameters::new();
    // SAFETY: the caller's promise is this function's own.
    for parameter in unsafe { list(parameters, count) }? {
        // SAFETY: as above.
        let (name, bytes) =
            unsafe { (text(parameter.name)?, bytes(parameter.bytes.bytes, parameter.bytes.length)?) };
        let AmbitParameter { kind, low, high, x, y, z, .. } = *parameter;
        let value = PlainValue { kind, low, high, numbers: [x, y, z], bytes };
        values.set(name, value.try_into()?).map_err(Failure::bad)?;
    }
    Ok(values)
}
