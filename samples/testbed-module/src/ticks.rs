//! What the server calls by itself.

use ambit_module::prelude::*;

/// One row: what happened so far.
#[table(name = clock, public)]
pub struct Clock {
    #[primary_key]
    pub id: u8,
    pub ticks: u64,
    pub elapsed: Duration,
}

/// Who is connected, and who was.
#[table(name = visitor, public)]
pub struct Visitor {
    #[primary_key]
    pub identity: Identity,
    pub connections: u32,
    pub last_seen: Timestamp,
}

#[reducer(init)]
fn make_clock(ctx: &Context) {
    ctx.db.clock().insert(Clock { id: 0, ticks: 0, elapsed: Duration(0) });
}

#[reducer(every = "100ms")]
fn advance_clock(ctx: &Context, dt: Duration) {
    let Some(clock) = ctx.db.clock().find(0) else { return };
    let elapsed = Duration(clock.elapsed.0 + dt.0);
    ctx.db.clock().update(Clock { ticks: clock.ticks + 1, elapsed, ..clock });
}

#[reducer(client_connected)]
fn greet(ctx: &Context) {
    let visitors = ctx.db.visitor();
    match visitors.find(ctx.sender) {
        Some(visitor) => {
            let connections = visitor.connections + 1;
            visitors.update(Visitor { connections, last_seen: ctx.timestamp, ..visitor });
        }
        None => {
            let (identity, last_seen) = (ctx.sender, ctx.timestamp);
            visitors.insert(Visitor { identity, connections: 1, last_seen });
        }
    }
}

#[reducer(client_disconnected)]
fn part(ctx: &Context) {
    let visitors = ctx.db.visitor();
    if let Some(visitor) = visitors.find(ctx.sender) {
        let connections = visitor.connections.saturating_sub(1);
        visitors.update(Visitor { connections, last_seen: ctx.timestamp, ..visitor });
    }
}
