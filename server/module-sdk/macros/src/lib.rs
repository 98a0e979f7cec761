//! The macros of ambit-module: `#[table]`, `#[reducer]` and `#[derive(Column)]`.
//!
//! Each macro has a file that reads what the author wrote and refuses what is wrong, at the place where it is
//! wrong; the `…/code.rs` beside it writes the code. What the code needs lies in `ambit_module::generated`.

mod table;

mod reducer;

mod column;

mod doc;
mod registration;

use proc_macro::TokenStream;

/// Makes a struct the row of a table.
///
/// On the struct: `#[table(name = player, public, index(name = zone_name, ordered, columns = [zone, name]))]`.
/// `name` is by default the struct's name in snake_case. Clients may subscribe to a `public` table only.
///
/// On a column:
/// - `#[primary_key]` or `#[primary_key(ordered)]`: names the row.
/// - `#[unique]` or `#[unique(ordered)]`: no two rows share it.
/// - `#[auto_inc]`: the database fills in the next number when the column is 0.
/// - `#[index(hash)]`: finds rows by equality. `#[index(ordered)]`: also by range.
/// - `#[spatial]` or `#[spatial(cell = 32.0)]` on a Vec2, Vec3, DVec2 or DVec3: finds rows near a point. The cell
///   is best near the usual radius.
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

/// Makes a struct or an enum a column type. Its fields are column types themselves.
#[proc_macro_derive(Column)]
pub fn column(item: TokenStream) -> TokenStream {
    column::expand(item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}
