//! The macros of ambit-module: `#[table]`, `#[reducer]`, `#[old_table]`, `#[migration]` and `#[derive(Column)]`.
//!
//! Each macro has a file that reads what the author wrote and refuses what is wrong, at the place where it is
//! wrong; the `…/code.rs` beside it writes the code. What the code needs lies in `ambit_module::generated`.

mod table;

mod reducer;

mod migration;

mod column;

mod doc;
mod registration;

use proc_macro::TokenStream;

/// Makes a struct the row of a table.
///
/// On the struct: `#[table(name = player, public, index(name = zone_name, ordered, columns = [zone, name]))]`.
/// `name` is by default the struct's name in snake_case. Clients may subscribe to a `public` table only. Further:
/// - `durability = "durable"` (the default: every change is logged), `"checkpointed"` (after a restart as in the last
///   snapshot) or `"ephemeral"` (empty after a restart).
/// - `primary_key = [guild, player]` or `primary_key(columns = [guild, player], ordered)`: a key of several columns.
/// - `references(columns = [guild, player], table = member, on_delete = "cascade")`: like `#[references]` of a column,
///   for a key of several.
/// - `renamed_from = hero`: the name that the table had; its rows stay.
/// - `priority = 2.0`: what its rows are worth, from 0.01 to 100, where a client's subscriptions name a budget: they are told twice as
///   often as others that are as near.
///
/// Below it, on a public table: `#[visible("owner = :sender")]`, which rows a client may see: a condition as after WHERE, or
/// `JOIN … ON … WHERE …`, in the language of docs/guides/queries.md. It may name private columns and tables. Of several
/// rules one must show the row. What a rule says is checked when the module is published.
///
/// On a column:
/// - `#[primary_key]` or `#[primary_key(ordered)]`: names the row.
/// - `#[unique]` or `#[unique(ordered)]`: no two rows share it.
/// - `#[auto_inc]`: the database fills in the next number when the column is 0.
/// - `#[index(hash)]`: finds rows by equality. `#[index(ordered)]`: also by range.
/// - `#[spatial]` or `#[spatial(cell = 32.0)]` on a Vec2, Vec3, DVec2 or DVec3: finds rows near a point. The cell
///   is best near the usual radius.
/// - `#[references(guild)]`: holds the primary key of a row of the table `guild`, or nothing if it is an `Option`. A row
///   that is named cannot be deleted; with `#[references(guild, on_delete = "cascade")]` those that name it go with it.
///   A hash index named after the column is added if it has no index of its own.
/// - `#[private]`: only the module sees its values; clients are told neither of them nor of the column's name. Not for a
///   column of the primary key, by which clients know the row.
/// - `#[priority]` on an f32, u8 or u16: what each row is worth, as a factor from 0.01 to 100 to the table's priority. It may be
///   private.
/// - `#[default(EXPR)]`: what the column holds in rows that are older than the column.
/// - `#[renamed_from(old)]`: the name that the column had; its values stay.
/// - `#[quantize(step = 0.01)]` on a float, a Vec2, Vec3, Vec4, DVec2 or DVec3: while the column changes, clients are told of it
///   in whole steps, in a few bits. What they hold is then at most half a step from the value that was committed, and exactly
///   that value once the row has not changed for 0.1 s. Reducers, queries, the log and snapshots know exact values only.
///   `#[quantize(angle, step = 0.01)]` or `#[quantize(angle, bits = 12)]` for an angle that goes round, in radians from -π or
///   with `turn = 360` and `from = 0`; `#[quantize(quaternion)]` for a unit Quat, with 10 bits for each of three components,
///   or `bits = 12`, or `step = 0.001`. Values that cannot be told so (not a number, too large, outside of the turn, no unit
///   quaternion) are sent exactly.
///
/// The table appears as a method of `ctx.db`, by a trait named after the struct: `PlayerAccess` for `Player`.
#[proc_macro_attribute]
pub fn table(arguments: TokenStream, item: TokenStream) -> TokenStream {
    table::expand(arguments.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes a function a reducer: `fn name(ctx: &Context, …)`, returning nothing or `Result<(), E>`.
///
/// - `#[reducer]`: clients call it with arguments of any column types.
/// - `#[reducer(init)]`: runs once, when the database is new.
/// - `#[reducer(client_connected)]`, `#[reducer(client_disconnected)]`: runs for each connection.
/// - `#[reducer(every = "50ms")]`: runs at a fixed rate; may take `dt: Duration`, which is exactly the interval.
#[proc_macro_attribute]
pub fn reducer(arguments: TokenStream, item: TokenStream) -> TokenStream {
    reducer::expand(arguments.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Declares a table as it was in databases of version `from`, for the migration that starts there to read:
/// `#[old_table(from = 1, name = player)] struct PlayerV1 { … }`.
///
/// It takes what `#[table]` took then. The columns are all that the table had; of the indexes those that the migration
/// asks are enough. The table appears as a method of `ctx.old` that is named after the struct.
#[proc_macro_attribute]
pub fn old_table(arguments: TokenStream, item: TokenStream) -> TokenStream {
    table::expand_old(arguments.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes a function a migration: `#[migration(from = 1)] fn from_1(ctx: &Migration)`, returning nothing or
/// `Result<(), E>`. It brings databases of version 1 to the module's own version, in one transaction.
///
/// `Migration` stands for `Migration<1>` here: functions that it calls write it out.
#[proc_macro_attribute]
pub fn migration(arguments: TokenStream, item: TokenStream) -> TokenStream {
    migration::expand(arguments.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes a struct or an enum a column type. Its fields are column types themselves.
#[proc_macro_derive(Column)]
pub fn column(item: TokenStream) -> TokenStream {
    column::expand(item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}
