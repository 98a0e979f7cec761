//! Players: they join, walk, take wounds, die and come back.

use ambit_module::prelude::*;

use crate::map::{clamp_to_map, random_position, zone_of};

/// Health of a player in full strength.
pub const HEALTH_MAX: u16 = 100;

/// The longest step in metres. Clients send about twenty steps a second.
const STEP_MAX: f32 = 5.0;

/// The fastest that anyone goes, in metres a second: more than a client that steps a metre twenty times a second.
const SPEED_MAX: f32 = 25.0;

/// How far a player may go at once, in metres: steps that a slow network held back for two seconds arrive together.
const REACH_MAX: f32 = 2.0 * SPEED_MAX;

/// Letters of a name.
const NAME_LETTERS_MAX: usize = 24;

/// Experience that leads from one level to the next.
const LEVEL_EXPERIENCE: u32 = 100;

/// Someone in the world. Players who left stay, asleep, where they were.
#[table(name = player, public)]
#[derive(Clone)]
pub struct Player {
    /// Who plays. The same after every restart.
    #[primary_key]
    pub identity: Identity,
    /// Shown over the head.
    #[unique]
    pub name: String,
    /// Metres from the south-west corner of the map.
    #[spatial(cell = 40.0)]
    pub position: Vec2,
    /// Where the player looks, in radians from east.
    pub facing: f32,
    /// The part of the map that hears the player.
    pub zone: u16,
    /// 0 is dead.
    pub health: u16,
    /// Grows with experience.
    pub level: u16,
    /// For killed monsters.
    pub experience: u32,
    /// Whether a client is connected.
    pub online: bool,
}

/// How far a player can still go now. It changes with every step and concerns nobody else, so it is not in `player`,
/// which travels to everyone in sight. After a restart everybody is rested: nothing of it is logged or kept.
#[table(name = reach, durability = "ephemeral")]
pub struct Reach {
    #[primary_key]
    pub identity: Identity,
    /// Metres that were left after the last step.
    pub metres: f32,
    /// When that was.
    pub stepped_at: Timestamp,
}

/// A connection. One player may have several, so a player is online while one is left. No connection survives the server,
/// and no row of this table does.
#[table(name = session, durability = "ephemeral")]
pub struct Session {
    #[primary_key]
    pub connection: ConnectionId,
    #[index(hash)]
    pub identity: Identity,
}

#[reducer(client_connected)]
fn client_connected(ctx: &Context) {
    let Some(connection) = ctx.connection else { return };
    ctx.db.session().insert(Session { connection, identity: ctx.sender });
    if ctx.db.player().find(ctx.sender).is_some() {
        ctx.db.player().patch(ctx.sender).online(true).apply();
    }
}

#[reducer(client_disconnected)]
fn client_disconnected(ctx: &Context) {
    let Some(connection) = ctx.connection else { return };
    ctx.db.session().delete(connection);
    let is_last = ctx.db.session().identity().filter(ctx.sender).next().is_none();
    if is_last && ctx.db.player().find(ctx.sender).is_some() {
        ctx.db.player().patch(ctx.sender).online(false).apply();
    }
}

/// Enters the world under a name, or wakes the player who already has this identity.
#[reducer]
fn join(ctx: &Context, name: String) -> Result<(), String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_LETTERS_MAX {
        return Err(format!("a name has 1 to {NAME_LETTERS_MAX} letters"));
    }
    let players = ctx.db.player();
    if players.find(ctx.sender).is_some() {
        players.patch(ctx.sender).online(true).apply();
        return Ok(());
    }
    if players.name().find(name).is_some() {
        return Err(format!("the name \"{name}\" is taken"));
    }
    let position = random_position(ctx.rng());
    players.insert(Player {
        identity: ctx.sender,
        name: name.to_owned(),
        position,
        facing: 0.0,
        zone: zone_of(position),
        health: HEALTH_MAX,
        level: 1,
        experience: 0,
        online: true,
    });
    Ok(())
}

/// Walks one step. The client moves its own player at once; the server only refuses what nobody could walk.
#[reducer]
fn move_to(ctx: &Context, position: Vec2, facing: f32) -> Result<(), String> {
    let player = living(ctx)?;
    if !position.is_finite() || !facing.is_finite() || player.position.distance(position) > STEP_MAX {
        return Err(format!("a step is at most {STEP_MAX} metres"));
    }
    let position = clamp_to_map(position);
    spend_reach(ctx, player.position.distance(position))?;
    let step = ctx.db.player().patch(ctx.sender).position(position).facing(facing);
    // Only columns that are named travel to the other players, so the zone is named when it changes.
    match zone_of(position) {
        zone if zone == player.zone => step.apply(),
        zone => step.zone(zone).apply(),
    }
    Ok(())
}

/// Takes a step's metres from what the caller can go; time gives them back at the speed of the fastest.
fn spend_reach(ctx: &Context, metres: f32) -> Result<(), String> {
    let reaches = ctx.db.reach();
    let reach = reaches.find(ctx.sender);
    let available = reach.as_ref().map_or(REACH_MAX, |reach| {
        let seconds = ctx.timestamp.0.saturating_sub(reach.stepped_at.0).max(0) as f32 / 1e6;
        (reach.metres + SPEED_MAX * seconds).min(REACH_MAX)
    });
    if metres > available {
        return Err(format!("nobody goes faster than {SPEED_MAX} metres a second"));
    }
    let left = available - metres;
    match reach {
        Some(_) => reaches.patch(ctx.sender).metres(left).stepped_at(ctx.timestamp).apply(),
        None => {
            reaches.insert(Reach { identity: ctx.sender, metres: left, stepped_at: ctx.timestamp });
        }
    }
    Ok(())
}

/// Comes back to life somewhere on the map.
#[reducer]
fn respawn(ctx: &Context) -> Result<(), String> {
    if myself(ctx)?.health > 0 {
        return Err("only the dead come back to life".into());
    }
    let position = random_position(ctx.rng());
    let player = ctx.db.player().patch(ctx.sender);
    player.position(position).zone(zone_of(position)).health(HEALTH_MAX).apply();
    Ok(())
}

/// The caller's player.
pub fn myself(ctx: &Context) -> Result<Player, String> {
    ctx.db.player().find(ctx.sender).ok_or_else(|| "join first".to_owned())
}

/// The caller's player, if alive.
pub fn living(ctx: &Context) -> Result<Player, String> {
    let player = myself(ctx)?;
    if player.health == 0 { Err("the dead lie still; respawn first".into()) } else { Ok(player) }
}

/// Takes health from a player.
pub fn wound(ctx: &Context, player: &Player, damage: u16) {
    let health = player.health.saturating_sub(damage);
    ctx.db.player().patch(player.identity).health(health).apply();
    if health == 0 {
        log::info!("{} died", player.name);
    }
}

/// Rewards a player.
pub fn reward(ctx: &Context, player: &Player, experience: u32) {
    let experience = player.experience.saturating_add(experience);
    let level = u16::try_from(1 + experience / LEVEL_EXPERIENCE).unwrap_or(u16::MAX);
    ctx.db.player().patch(player.identity).experience(experience).level(level).apply();
}
