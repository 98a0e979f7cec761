//! Items: they lie about, are picked up, and are used.

use ambit_module::prelude::*;

use crate::map::random_position;
use crate::player::{HEALTH_MAX, PlayerAccess, living};

/// Items in a new world.
const ITEM_COUNT: u32 = 200;

/// Items that lie about at most; more are not dropped.
const ITEM_COUNT_MAX: u64 = 1_000;

/// Metres from which a player can pick something up.
const REACH: f32 = 3.0;

/// Health that a potion gives back.
const POTION_HEALTH: u16 = 40;

/// What an item is.
#[derive(Column, Clone, Copy, PartialEq, Debug)]
pub enum ItemKind {
    Coin,
    Potion,
    Sword,
}

/// An item on the ground. It is as durable as what players carry: else a crash could put back what someone has picked up.
#[table(name = item, public)]
pub struct Item {
    #[primary_key]
    #[auto_inc]
    pub id: u32,
    pub kind: ItemKind,
    #[spatial(cell = 40.0)]
    pub position: Vec2,
}

/// What a player carries: one row for each kind.
#[table(name = inventory, public, index(name = owner_kind, ordered, unique, columns = [owner, kind]))]
#[visible("owner = :sender")]
pub struct Inventory {
    #[primary_key]
    #[auto_inc]
    pub id: u32,
    #[references(player)]
    pub owner: Identity,
    pub kind: ItemKind,
    pub count: u32,
}

/// Fills the new world.
pub fn scatter(ctx: &Context) {
    let kinds = [ItemKind::Coin, ItemKind::Potion, ItemKind::Sword];
    ctx.db.item().insert_all((0..ITEM_COUNT).map(|number| {
        let position = random_position(ctx.rng());
        Item { id: 0, kind: kinds[number as usize % kinds.len()], position }
    }));
}

/// Leaves a random item.
pub fn drop_at(ctx: &Context, position: Vec2) {
    if ctx.db.item().count() >= ITEM_COUNT_MAX {
        return;
    }
    let kind = if ctx.rng().chance(0.7) { ItemKind::Coin } else { ItemKind::Potion };
    ctx.db.item().insert(Item { id: 0, kind, position });
}

/// Takes an item from the ground.
#[reducer]
fn pick_up(ctx: &Context, item: u32) -> Result<(), String> {
    let player = living(ctx)?;
    let item = ctx.db.item().find(item).ok_or("someone else was faster")?;
    if player.position.distance(item.position) > REACH {
        return Err("the item is out of reach".into());
    }
    ctx.db.item().delete(item.id);
    let inventory = ctx.db.inventory();
    match inventory.owner_kind().find((ctx.sender, item.kind)) {
        Some(entry) => inventory.patch(entry.id).count(entry.count.saturating_add(1)).apply(),
        None => {
            inventory.insert(Inventory { id: 0, owner: ctx.sender, kind: item.kind, count: 1 });
        }
    }
    Ok(())
}

/// Drinks a potion.
#[reducer]
fn drink_potion(ctx: &Context) -> Result<(), String> {
    let player = living(ctx)?;
    let inventory = ctx.db.inventory();
    let potions = inventory.owner_kind().find((ctx.sender, ItemKind::Potion)).ok_or("no potion is left")?;
    match potions.count - 1 {
        0 => drop(inventory.delete(potions.id)),
        left => inventory.patch(potions.id).count(left).apply(),
    }
    let health = (player.health + POTION_HEALTH).min(HEALTH_MAX);
    ctx.db.player().patch(ctx.sender).health(health).apply();
    Ok(())
}
