//! `ambit_client_*`: subscriptions and the parameters of their queries.

#![expect(unsafe_code, reason = "C passes pointers")]

use ambit_client::{Delivery, DeliveryError, Parameters, PlainValue, SubscriptionState, Tier, limits};

use crate::status::{AmbitStatus, Failure, bytes, guard, lend, list, put, room, text};
use crate::types::{
    AmbitClient, AmbitDelivery, AmbitInspection, AmbitParameter, AmbitSubscriptionState, AmbitText, AmbitTier,
};

/// Begins a subscription; its rows come all at once with a later tick. `:name` in the query's text takes the value of
/// the parameter of that name. Possible before the client is connected.
///
/// # Safety
/// `client` is alive and used by this thread alone; `sql` is a text; `parameters` points to `count` of them, NULL is
/// allowed when there are none; `delivery` points to AmbitDelivery with lists as described, NULL is allowed and means
/// all zeros; `out` points to a uint32_t.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_client_subscribe(
    client: *mut AmbitClient,
    sql: AmbitText,
    parameters: *const AmbitParameter,
    count: usize,
    delivery: *const AmbitDelivery,
    out: *mut u32,
) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        room(out, "out")?;
        let (parameters, delivery) = (values(parameters, count)?, options(delivery)?);
        let subscription = lend(client)?.client.subscribe_as(text(sql)?, &parameters, &delivery)?;
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

/// Asks the server what is in force in a subscription: how many rows it holds, how many of them wait, its circles and
/// tiers. For editors and debuggers; nothing is sent when nobody asks. ambit_client_inspection has the answer with a
/// later tick. AMBIT_STATUS_NOT_FOUND if there never was such a subscription.
///
/// # Safety
/// `client` is alive and used by this thread alone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_client_inspect(client: *mut AmbitClient, subscription: u32) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe { Ok(lend(client)?.client.inspect(subscription)?) })
}

/// The last answer to ambit_client_inspect as of the last tick. AMBIT_STATUS_NOT_FOUND before it, and once the
/// subscription is over.
///
/// # Safety
/// `client` is alive and used by this thread alone; `out` points to an AmbitInspection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_client_inspection(
    client: *mut AmbitClient,
    subscription: u32,
    out: *mut AmbitInspection,
) -> AmbitStatus {
    // SAFETY: the caller's promise.
    guard(|| unsafe {
        let client = lend(client)?;
        room(out, "out")?;
        let told = client.client.inspection(subscription).ok_or_else(|| untold(subscription))?;
        put(out, AmbitInspection::new(told, &mut client.circles, &mut client.tiers))
    })
}

fn untold(subscription: u32) -> Failure {
    let text =
        format!("the server has not told what is in force in subscription {subscription}, or it is over");
    Failure::new(AmbitStatus::NotFound, text)
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

/// The caller's delivery options; what numbers are possible, the client says.
///
/// # Safety
/// `delivery` is NULL or points to options whose lists are as described.
unsafe fn options(delivery: *const AmbitDelivery) -> Result<Delivery, Failure> {
    // SAFETY: the caller's promise is this function's own.
    let Some(&delivery) = (unsafe { delivery.as_ref() }) else { return Ok(Delivery::default()) };
    let AmbitDelivery { rate, hysteresis, tiers, tier_count, budget, confirmed } = delivery;
    // A count that is not possible is more likely wrong than the list that long.
    if tier_count > limits::TIERS_MAX {
        return Err(Failure::bad(DeliveryError::TooManyTiers(tier_count)));
    }
    // SAFETY: as above.
    let tiers = unsafe { list(tiers, tier_count) }?.iter().zip(1..);
    // SAFETY: as above.
    let tiers = tiers.map(|(of, number)| unsafe { tier(of, number) }).collect::<Result<_, _>>()?;
    Ok(Delivery { rate, hysteresis, tiers, budget, confirmed: confirmed != 0 })
}

/// One tier of them, counted from 1.
///
/// # Safety
/// The columns are as described.
unsafe fn tier(of: &AmbitTier, tier: usize) -> Result<Tier, Failure> {
    let AmbitTier { distance, rate, columns, column_count: count } = *of;
    if count > limits::TIER_COLUMNS_MAX {
        return Err(Failure::bad(DeliveryError::TooManyColumns { tier, count }));
    }
    // SAFETY: the caller's promise is this function's own.
    let columns = unsafe { list(columns, count) }?.iter();
    // SAFETY: as above.
    let columns = columns.map(|&name| unsafe { text(name) }.map(str::to_owned)).collect::<Result<_, _>>()?;
    Ok(Tier { distance, rate, columns })
}
