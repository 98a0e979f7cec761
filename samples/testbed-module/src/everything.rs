//! One column, one argument of every type.

use ambit_module::prelude::*;

/// A plain enum: one byte.
#[derive(Column, Clone, Copy, PartialEq, Debug)]
pub enum Element {
    Fire,
    Water,
    Earth,
}

/// An enum with payloads: a block in the heap.
#[derive(Column, Clone, PartialEq, Debug)]
pub enum Effect {
    None,
    Damage { amount: u32, element: Element },
    Named(String),
    Path(Vec<Vec3>),
}

/// A nested struct of fixed size.
#[derive(Column, Clone, Copy, PartialEq, Debug)]
pub struct Stats {
    pub strength: u8,
    pub wisdom: u64,
    pub element: Element,
}

/// A nested struct with a heap.
#[derive(Column, Clone, PartialEq, Debug)]
pub struct Item {
    pub name: String,
    pub stats: Stats,
    pub effects: Vec<Effect>,
}

/// A row with a column of every type.
#[table(name = everything, public)]
#[derive(Clone, PartialEq, Debug)]
pub struct Everything {
    #[primary_key]
    #[auto_inc]
    pub id: u64,
    pub flag: bool,
    pub tiny: i8,
    pub short: i16,
    pub int: i32,
    pub long: i64,
    pub huge: i128,
    pub byte: u8,
    pub word: u16,
    pub count: u32,
    pub big: u64,
    pub vast: u128,
    pub single: f32,
    pub double: f64,
    pub flat: Vec2,
    pub position: Vec3,
    pub colour: Vec4,
    pub rotation: Quat,
    pub wide_flat: DVec2,
    pub wide_position: DVec3,
    pub cell: IVec2,
    pub block: IVec3,
    pub owner: Identity,
    pub connection: ConnectionId,
    pub uuid: Uuid,
    pub entity: EntityId,
    pub moment: Timestamp,
    pub span: Duration,
    pub text: String,
    pub bytes: Vec<u8>,
    pub maybe: Option<u32>,
    pub maybe_text: Option<String>,
    pub numbers: Vec<u64>,
    pub texts: Vec<String>,
    pub element: Element,
    pub effect: Effect,
    pub stats: Stats,
    pub item: Item,
}

/// Stores a value of every type, read from the arguments, and checks that it comes back equal.
#[reducer]
#[allow(clippy::too_many_arguments)]
fn echo_everything(
    ctx: &Context,
    flag: bool,
    tiny: i8,
    short: i16,
    int: i32,
    long: i64,
    huge: i128,
    byte: u8,
    word: u16,
    count: u32,
    big: u64,
    vast: u128,
    single: f32,
    double: f64,
    flat: Vec2,
    position: Vec3,
    colour: Vec4,
    rotation: Quat,
    wide_flat: DVec2,
    wide_position: DVec3,
    cell: IVec2,
    block: IVec3,
    owner: Identity,
    connection: ConnectionId,
    uuid: Uuid,
    entity: EntityId,
    moment: Timestamp,
    span: Duration,
    text: String,
    bytes: Vec<u8>,
    maybe: Option<u32>,
    maybe_text: Option<String>,
    numbers: Vec<u64>,
    texts: Vec<String>,
    element: Element,
    effect: Effect,
    stats: Stats,
    item: Item,
) -> Result<(), String> {
    let row = ctx.db.everything().insert(Everything {
        id: 0,
        flag,
        tiny,
        short,
        int,
        long,
        huge,
        byte,
        word,
        count,
        big,
        vast,
        single,
        double,
        flat,
        position,
        colour,
        rotation,
        wide_flat,
        wide_position,
        cell,
        block,
        owner,
        connection,
        uuid,
        entity,
        moment,
        span,
        text,
        bytes,
        maybe,
        maybe_text,
        numbers,
        texts,
        element,
        effect,
        stats,
        item,
    });
    expect_equal(ctx, &row)?;
    // Once more through a patch of columns with and without a heap.
    let text = format!("{}!", row.text);
    let patched = Everything { text: text.clone(), flag: !row.flag, effect: Effect::None, ..row };
    ctx.db.everything().patch(patched.id).effect(Effect::None).flag(patched.flag).text(text).apply();
    expect_equal(ctx, &patched)
}

fn expect_equal(ctx: &Context, row: &Everything) -> Result<(), String> {
    match ctx.db.everything().find(row.id) {
        Some(stored) if stored == *row => Ok(()),
        Some(stored) => Err(format!("stored {row:?} but found {stored:?}")),
        None => Err(format!("row {} is gone", row.id)),
    }
}
