//! Keys of several columns, references that forbid and references that follow, and defaults.

use ambit_module::prelude::*;

use crate::operations::expect;

/// A guild.
#[table(name = guild, public)]
#[derive(Clone, PartialEq, Debug)]
pub struct Guild {
    #[primary_key]
    #[auto_inc]
    pub id: u32,
    #[unique]
    pub name: String,
    /// How many may join.
    #[default(MEMBERS_MAX)]
    pub members_max: u16,
    #[default("Together!".into())]
    pub motto: String,
    #[default(None)]
    pub hall: Option<Vec2>,
}

/// Members of a guild that says nothing about it.
const MEMBERS_MAX: u16 = 20;

/// A player's place in a guild. While there is one, the guild stays.
#[table(name = member, public, primary_key = [guild, player])]
#[derive(Clone, PartialEq, Debug)]
pub struct Member {
    #[references(guild)]
    pub guild: u32,
    #[index(ordered)]
    pub player: u64,
    pub rank: u8,
}

/// What a member was given. It goes with the membership.
#[table(name = badge, references(columns = [guild, player], table = member, on_delete = "cascade"))]
#[derive(Clone, PartialEq, Debug)]
pub struct Badge {
    #[primary_key]
    #[auto_inc]
    pub id: u64,
    pub guild: u32,
    pub player: u64,
    pub name: String,
}

/// A letter, perhaps to a guild; it is burnt with it.
#[table(name = letter)]
#[derive(Clone, PartialEq, Debug)]
pub struct Letter {
    #[primary_key]
    #[auto_inc]
    pub id: u64,
    #[references(guild, on_delete = "cascade")]
    pub guild: Option<u32>,
    pub text: String,
}

/// Someone who works for someone, who may work for someone. Who goes takes everyone below along.
#[table(name = employee)]
#[derive(Clone, PartialEq, Debug)]
pub struct Employee {
    #[primary_key]
    pub id: u32,
    #[references(employee, on_delete = "cascade")]
    pub superior: Option<u32>,
}

#[reducer]
fn found_guild(ctx: &Context, name: String) -> Result<(), String> {
    let (members_max, motto) = (MEMBERS_MAX, "Together!".into());
    ctx.db.guild().try_insert(Guild { id: 0, name, members_max, motto, hall: None })?;
    Ok(())
}

#[reducer]
fn disband_guild(ctx: &Context, guild: u32) {
    ctx.db.guild().delete(guild);
}

#[reducer]
fn join_guild(ctx: &Context, guild: u32, player: u64) -> Result<(), String> {
    ctx.db.member().try_insert(Member { guild, player, rank: 0 })?;
    Ok(())
}

/// Moves a member, rank and all, to another guild.
#[reducer]
fn change_guild(ctx: &Context, guild: u32, player: u64, to: u32) -> Result<(), String> {
    let members = ctx.db.member();
    members.patch((guild, player)).guild(to).try_apply()?;
    Ok(())
}

#[reducer]
fn leave_guild(ctx: &Context, guild: u32, player: u64) {
    ctx.db.member().delete((guild, player));
}

#[reducer]
fn award_badge(ctx: &Context, guild: u32, player: u64, name: String) -> Result<(), String> {
    ctx.db.badge().try_insert(Badge { id: 0, guild, player, name })?;
    Ok(())
}

#[reducer]
fn write_letter(ctx: &Context, guild: Option<u32>, text: String) -> Result<(), String> {
    ctx.db.letter().try_insert(Letter { id: 0, guild, text })?;
    Ok(())
}

#[reducer]
fn hire(ctx: &Context, id: u32, superior: Option<u32>) -> Result<(), String> {
    ctx.db.employee().try_insert(Employee { id, superior })?;
    Ok(())
}

/// Puts an employee under another one, or under nobody.
#[reducer]
fn move_employee(ctx: &Context, id: u32, superior: Option<u32>) -> Result<(), String> {
    ctx.db.employee().patch(id).superior(superior).try_apply()?;
    Ok(())
}

#[reducer]
fn dismiss(ctx: &Context, id: u32) {
    ctx.db.employee().delete(id);
}

/// Finds, changes and deletes members by their key of two columns. Fails if a result is not as expected.
#[reducer]
fn check_members(ctx: &Context) -> Result<(), String> {
    let (members, guilds) = (ctx.db.member(), ctx.db.guild());
    let member = |guild: u32, player: u64| Member { guild, player, rank: 0 };
    let guild = |name: &str| {
        let (name, motto) = (name.to_owned(), String::new());
        guilds.insert(Guild { id: 0, name, members_max: 1, motto, hall: None }).id
    };
    let (first, second) = (guild("first"), guild("second"));
    members.insert_all([member(first, 1), member(first, 2), member(second, 1)]);
    expect("find", members.find((first, 2)), Some(member(first, 2)))?;
    expect("find nobody", members.find((second, 2)), None)?;
    expect("twin", members.try_insert(member(first, 1)).is_err(), true)?;
    members.update(Member { rank: 3, ..member(first, 2) });
    members.patch((second, 1)).rank(4).apply();
    let ranks = (members.find((first, 2)).map(|m| m.rank), members.find((&second, &1)).map(|m| m.rank));
    expect("update and patch", ranks, (Some(3), Some(4)))?;
    expect("by the index of a reference", members.guild().filter(first).count(), 2)?;
    expect("by an index of its own", members.player().filter(1).count(), 2)?;
    expect("by the name of the key", members.guild_player().find((first, 1)), Some(member(first, 1)))?;
    expect("delete", (members.delete((first, 1)), members.delete((first, 1))), (true, false))?;
    expect("left", (members.count(), members.iter().count()), (2, 2))
}
