//! Monsters: they wander around their home, chase who comes near, and fight back.

use std::f32::consts::PI;

use ambit_module::prelude::*;

use crate::map::{clamp_to_map, random_position};
use crate::player::{Player, PlayerAccess, living, reward, wound};

/// Monsters in a full world.
const MONSTER_COUNT: u32 = 150;

/// Metres that a monster sees.
const SIGHT: f32 = 15.0;

/// Metres from home that a monster strolls.
const STROLL: f32 = 15.0;

/// Metres from home at which a monster gives up.
const LEASH: f32 = 40.0;

/// Metres at which monsters and players can hit each other.
const REACH: f32 = 3.0;

/// Time between two bites.
const BITE_PAUSE: Duration = Duration::from_millis(1_000);

/// Time a dead monster stays away.
const RESPAWN_AFTER: Duration = Duration::from_millis(20_000);

/// What a monster is.
#[derive(Column, Clone, Copy, PartialEq, Debug)]
pub enum MonsterKind {
    Slime,
    Wolf,
    Troll,
}

/// A monster of the world. Its every step would be a line of the log, and nobody minds if it stands elsewhere after a
/// crash: it is as in the last snapshot then, like everything that concerns monsters, so that none is there twice.
#[table(name = monster, public, durability = "checkpointed")]
#[derive(Clone)]
pub struct Monster {
    #[primary_key]
    #[auto_inc]
    pub id: u32,
    pub kind: MonsterKind,
    #[spatial(cell = 40.0)]
    pub position: Vec2,
    /// In radians from east.
    pub facing: f32,
    pub health: u16,
    /// Whom it chases.
    pub target: Option<Identity>,
}

/// What a monster has in mind. Not public: nobody can look into its head.
#[table(name = monster_mind, durability = "checkpointed")]
#[derive(Clone)]
pub struct MonsterMind {
    #[primary_key]
    pub monster: u32,
    pub home: Vec2,
    pub next_bite: Timestamp,
}

/// A dead monster that will come back.
#[table(name = monster_grave, durability = "checkpointed")]
pub struct MonsterGrave {
    #[primary_key]
    pub monster: u32,
    pub kind: MonsterKind,
    #[index(ordered)]
    pub opens: Timestamp,
}

impl MonsterKind {
    fn health(self) -> u16 {
        match self {
            Self::Slime => 20,
            Self::Wolf => 40,
            Self::Troll => 120,
        }
    }

    /// Metres per second.
    fn speed(self) -> f32 {
        match self {
            Self::Slime => 1.5,
            Self::Wolf => 5.0,
            Self::Troll => 2.5,
        }
    }

    fn bite(self) -> u16 {
        match self {
            Self::Slime => 3,
            Self::Wolf => 8,
            Self::Troll => 20,
        }
    }
}

/// Puts every monster into the world.
pub fn spawn_all(ctx: &Context) {
    for number in 0..u64::from(MONSTER_COUNT) {
        spawn(ctx, kind_of(number));
    }
}

/// A third of the monsters are of each kind.
fn kind_of(number: u64) -> MonsterKind {
    [MonsterKind::Slime, MonsterKind::Wolf, MonsterKind::Troll][number as usize % 3]
}

fn spawn(ctx: &Context, kind: MonsterKind) {
    let (position, health) = (random_position(ctx.rng()), kind.health());
    let monster =
        ctx.db.monster().insert(Monster { id: 0, kind, position, facing: 0.0, health, target: None });
    ctx.db.monster_mind().insert(MonsterMind {
        monster: monster.id,
        home: position,
        next_bite: ctx.timestamp,
    });
}

/// Moves every monster. Only those that did something are written, all in one go.
#[reducer(every = "50ms")]
fn move_monsters(ctx: &Context, dt: Duration) {
    let monsters = ctx.db.monster();
    monsters.update_all(monsters.iter().filter_map(|monster| act(ctx, monster, dt.as_secs_f32())));
}

/// What the monster is after `seconds`; none if it rests.
fn act(ctx: &Context, mut monster: Monster, seconds: f32) -> Option<Monster> {
    if let Some(identity) = monster.target {
        let prey = ctx.db.player().find(identity).filter(|player| player.online && player.health > 0);
        let mind = ctx.db.monster_mind().find(monster.id)?;
        match prey {
            Some(player) if mind.home.distance(monster.position) < LEASH => {
                chase(ctx, &mut monster, &mind, &player, seconds);
            }
            _ => {
                // Home again: it forgets the prey and turns around.
                let homewards = mind.home - monster.position;
                (monster.target, monster.facing) = (None, homewards.to_angle());
            }
        }
        return Some(monster);
    }
    // Looking around costs a query, so a monster does so about twice a second, not at every tick.
    if ctx.rng().chance(2.0 * seconds) {
        monster.target = nearest_player(ctx, monster.position).map(|player| player.identity);
        return monster.target.is_some().then_some(monster);
    }
    wander(ctx, monster, seconds)
}

fn chase(ctx: &Context, monster: &mut Monster, mind: &MonsterMind, prey: &Player, seconds: f32) {
    let way = prey.position - monster.position;
    monster.facing = way.to_angle();
    if way.length() > REACH * 0.5 {
        let step = way.clamp_length_max(monster.kind.speed() * seconds);
        monster.position = clamp_to_map(monster.position + step);
    } else if ctx.timestamp >= mind.next_bite {
        wound(ctx, prey, monster.kind.bite());
        ctx.db.monster_mind().patch(monster.id).next_bite(ctx.timestamp.plus(BITE_PAUSE)).apply();
    }
}

/// Now and then the monster turns, homewards if it strayed; half of the directions mean standing still.
fn wander(ctx: &Context, mut monster: Monster, seconds: f32) -> Option<Monster> {
    let rng = ctx.rng();
    if rng.chance(0.5 * seconds) {
        let homewards = ctx.db.monster_mind().find(monster.id)?.home - monster.position;
        let has_strayed = homewards.length() > STROLL;
        monster.facing = if has_strayed { homewards.to_angle() } else { rng.range(-PI..PI) };
        return Some(monster);
    }
    let is_standing = (monster.facing * 1_000.0) as i32 % 2 == 0;
    if is_standing {
        return None;
    }
    let step = Vec2::from_angle(monster.facing) * monster.kind.speed() * 0.5 * seconds;
    monster.position = clamp_to_map(monster.position + step);
    Some(monster)
}

fn nearest_player(ctx: &Context, position: Vec2) -> Option<Player> {
    let near = ctx.db.player().position().near(position, SIGHT);
    near.filter(|player| player.online && player.health > 0)
        .min_by(|a, b| a.position.distance(position).total_cmp(&b.position.distance(position)))
}

/// Hits a monster within reach. The dead drop something and come back later.
#[reducer]
fn attack(ctx: &Context, monster: u32) -> Result<(), String> {
    let player = living(ctx)?;
    let monsters = ctx.db.monster();
    let monster = monsters.find(monster).ok_or("the monster is gone")?;
    if player.position.distance(monster.position) > REACH {
        return Err("the monster is out of reach".into());
    }
    let damage = ctx.rng().range(5..15) + player.level.min(50);
    let health = monster.health.saturating_sub(damage);
    if health > 0 {
        monsters.patch(monster.id).health(health).target(Some(player.identity)).apply();
        return Ok(());
    }
    monsters.delete(monster.id);
    ctx.db.monster_mind().delete(monster.id);
    let opens = ctx.timestamp.plus(RESPAWN_AFTER);
    ctx.db.monster_grave().insert(MonsterGrave { monster: monster.id, kind: monster.kind, opens });
    crate::item::drop_at(ctx, monster.position);
    reward(ctx, &player, monster.kind.health().into());
    Ok(())
}

/// Brings back the monsters whose time has come: the ordered index gives exactly those. A world that was restarted before
/// its first snapshot has lost its monsters and gets new ones.
#[reducer(every = "1s")]
fn open_graves(ctx: &Context) {
    let known = ctx.db.monster().count() + ctx.db.monster_grave().count();
    for number in known..u64::from(MONSTER_COUNT) {
        spawn(ctx, kind_of(number));
    }
    for grave in ctx.db.monster_grave().opens().range(..=ctx.timestamp) {
        ctx.db.monster_grave().delete(grave.monster);
        spawn(ctx, grave.kind);
    }
}
