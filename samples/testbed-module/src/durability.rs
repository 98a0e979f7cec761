//! Tables of each durability, and the small update whose way through the log is measured.

use ambit_module::prelude::*;

/// Four numbers under a key: a row of fixed size of which two columns change.
#[table(name = quad, public)]
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Quad {
    #[primary_key]
    pub id: u64,
    pub a: u64,
    pub b: u64,
    pub c: u64,
    pub d: u64,
}

/// Where something stands: as in the last snapshot after a restart.
#[table(name = place, public, durability = "checkpointed")]
#[derive(Clone, PartialEq, Debug)]
pub struct Place {
    #[primary_key]
    #[auto_inc]
    pub id: u64,
    #[spatial(cell = 10.0)]
    pub position: Vec2,
    /// Whose place it is. A guild that is gone after a restart takes its places along.
    #[references(guild, on_delete = "cascade")]
    pub guild: Option<u32>,
}

/// Who looks at a place now: gone after a restart.
#[table(name = onlooker, public, durability = "ephemeral")]
#[derive(Clone, PartialEq, Debug)]
pub struct Onlooker {
    #[primary_key]
    #[auto_inc]
    pub id: u64,
    #[references(place, on_delete = "cascade")]
    pub place: u64,
}

/// Makes the quads 0 to `count`; existing ones stay.
#[reducer]
fn add_quads(ctx: &Context, count: u64) {
    let first = ctx.db.quad().count();
    ctx.db.quad().insert_all((first..count).map(|id| Quad { id, a: 0, b: 0, c: 0, d: 0 }));
}

/// Changes two columns of a quad.
#[reducer]
fn set_two(ctx: &Context, id: u64, a: u64, b: u64) -> Result<(), PatchError> {
    ctx.db.quad().patch(id).a(a).b(b).try_apply()
}

#[reducer]
fn add_place(ctx: &Context, position: Vec2, guild: Option<u32>) -> Result<(), InsertError> {
    ctx.db.place().try_insert(Place { id: 0, position, guild }).map(drop)
}

/// Changes nothing that is logged.
#[reducer]
fn move_place(ctx: &Context, id: u64, position: Vec2) -> Result<(), PatchError> {
    ctx.db.place().patch(id).position(position).try_apply()
}

#[reducer]
fn remove_place(ctx: &Context, id: u64) {
    ctx.db.place().delete(id);
}

#[reducer]
fn look_at(ctx: &Context, place: u64) -> Result<(), InsertError> {
    ctx.db.onlooker().try_insert(Onlooker { id: 0, place }).map(drop)
}

/// One transaction over tables of all three durabilities.
#[reducer]
fn touch_all(ctx: &Context, quad: u64, position: Vec2) {
    let place = ctx.db.place().insert(Place { id: 0, position, guild: None });
    ctx.db.onlooker().insert(Onlooker { id: 0, place: place.id });
    ctx.db.quad().patch(quad).c(place.id).apply();
}
