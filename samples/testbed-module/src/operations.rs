//! Every operation on a table with every kind of index. Each reducer fails if a result is not as expected.

use ambit_module::prelude::*;

/// A thing in the world.
#[table(
    name = thing,
    public,
    index(name = zone_name, ordered, columns = [zone, name]),
    index(name = kind_zone, hash, columns = [kind, zone])
)]
#[derive(Clone, PartialEq, Debug)]
pub struct Thing {
    /// Filled in by the database.
    #[primary_key]
    #[auto_inc]
    pub id: u32,
    #[unique]
    pub name: String,
    pub zone: u16,
    #[index(hash)]
    pub kind: u8,
    #[index(ordered)]
    pub level: i32,
    #[spatial(cell = 10.0)]
    pub position: Vec2,
    pub note: Option<String>,
}

/// Inserts `count` things in a line along x, one unit apart, ten to a zone.
#[reducer]
fn add_things(ctx: &Context, count: u32) {
    let first = ctx.db.thing().count() as u32;
    ctx.db.thing().insert_all((first..first + count).map(thing_number));
}

fn thing_number(number: u32) -> Thing {
    Thing {
        id: 0,
        name: format!("thing {number:06}"),
        zone: (number / 10) as u16,
        kind: (number % 3) as u8,
        level: number as i32 - 50,
        position: Vec2::new(number as f32, 0.0),
        note: number.is_multiple_of(2).then(|| "even".repeat(number as usize % 7)),
    }
}

/// After `add_things(100)` in an empty table: asks every index, changes and deletes rows.
#[reducer]
fn check_operations(ctx: &Context) -> Result<(), String> {
    let things = ctx.db.thing();
    expect("count", things.count(), 100)?;
    expect("iter", things.iter().count(), 100)?;
    let named = things.name().find("thing 000042").ok_or("thing 42 is missing")?;
    expect("find by unique", named.level, -8)?;
    expect("find by primary key", things.find(named.id), Some(named.clone()))?;
    expect("filter by hash", things.kind().filter(1).count(), 33)?;
    expect("filter by two columns", things.kind_zone().filter((1, 4)).count(), 4)?;
    let levels: Vec<i32> = things.level().range(-3..=2).map(|thing| thing.level).collect();
    expect("range in order", levels, vec![-3, -2, -1, 0, 1, 2])?;
    expect("open range", things.level().range(40..).count(), 10)?;
    expect("prefix", things.zone_name().prefix(7).count(), 10)?;
    let some = things.zone_name().range((7, "thing 000075")..(8, "thing 000082"));
    expect("range of two columns", some.count(), 7)?;
    expect("near", things.position().near(Vec2::new(50.0, 1.0), 5.0f32).count(), 9)?;
    check_writes(ctx, named)
}

fn check_writes(ctx: &Context, named: Thing) -> Result<(), String> {
    let things = ctx.db.thing();
    things.update(Thing { level: 1_000, ..named.clone() });
    expect("index after update", things.level().filter(1_000).count(), 1)?;
    things.name().patch(&named.name).position(Vec2::new(-500.0, 0.0)).note(Some("moved".into())).apply();
    let moved = things.position().near(Vec2::new(-500.0, 0.0), 1.0).next().ok_or("nothing near")?;
    expect("patch", (moved.id, moved.level, moved.note.as_deref()), (named.id, 1_000, Some("moved")))?;
    let twin = things.try_insert(Thing { id: 0, ..named.clone() });
    expect("twin is refused", matches!(twin, Err(InsertError::UniqueViolation(_))), true)?;
    let nobody = things.patch(4_000_000u32).level(1).try_apply();
    expect("patch of nobody", matches!(nobody, Err(PatchError::NotFound(_))), true)?;
    let nobody = things.try_update(Thing { id: 4_000_000, ..named.clone() });
    expect("update of nobody", matches!(nobody, Err(UpdateError::NotFound(_))), true)?;
    expect("delete", (things.delete(named.id), things.delete(named.id)), (true, false))?;
    expect("delete by hash", things.kind().delete(2), 33)?;
    expect("rows left", things.count(), 66)?;
    let mut removed = 0;
    for thing in things.iter() {
        removed += u32::from(things.delete(thing.id));
    }
    expect("deleted while iterating", (removed, things.count()), (66, 0))
}

/// Logs the ids of the things within `radius` of `centre`.
#[reducer]
fn log_near(ctx: &Context, centre: Vec2, radius: f32) {
    let mut names: Vec<String> =
        ctx.db.thing().position().near(centre, radius).map(|thing| thing.name).collect();
    names.sort();
    log::info!("near: {}", names.join(", "));
}

/// Stores a text of `bytes` bytes as a thing's name, and finds it again.
#[reducer]
fn add_large(ctx: &Context, bytes: u32) -> Result<(), String> {
    let name = "x".repeat(bytes as usize);
    let thing = ctx.db.thing().try_insert(Thing { name, ..thing_number(0) })?;
    expect("found by id", ctx.db.thing().find(thing.id).is_some_and(|found| found == thing), true)?;
    expect("found by scan", ctx.db.thing().iter().any(|found| found == thing), true)
}

/// Draws random numbers; the same seed logs the same.
#[reducer]
fn log_random(ctx: &Context) {
    let rng = ctx.rng();
    log::info!("random: {} {} {}", rng.next_u64(), rng.range(0..100), rng.range(-1.0f32..1.0));
}

pub fn expect<T: PartialEq + std::fmt::Debug>(what: &str, actual: T, expected: T) -> Result<(), String> {
    if actual == expected {
        return Ok(());
    }
    Err(format!("{what}: expected {expected:?}, got {actual:?}"))
}
