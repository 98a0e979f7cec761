//! What stands between SELECT and FROM: the table whose rows are selected, and which of their columns.

use sqlparser::ast::{
    Expr, Select, SelectItem, SelectItemQualifiedWildcardKind, Spanned, WildcardAdditionalOptions,
};

use super::error::TextError;
use super::scope::{Scope, refuse, single_ident};

const POSSIBLE: &str = "write SELECT *, SELECT name.*, or columns of one table: SELECT id, name";

/// The table whose rows are selected, and the columns that are shown of them, as a mask: the primary key always is.
pub(super) fn read_projection(scope: &Scope<'_>, select: &Select) -> Result<(usize, u64), TextError> {
    let plain = |options: &WildcardAdditionalOptions| *options == WildcardAdditionalOptions::default();
    let all = |table| (table, scope.visible_columns(table));
    match select.projection.as_slice() {
        [SelectItem::Wildcard(options)] if plain(options) && scope.tables.len() == 1 => Ok(all(0)),
        [SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options)]
            if plain(options) =>
        {
            scope.table(single_ident(name)?).map(all)
        }
        [SelectItem::Wildcard(_)] => Err(refuse(
            select.span(),
            "`*` would mix the rows of several tables",
            "select the rows of one table: SELECT m.* FROM monster m JOIN player p …",
        )),
        [] => Err(refuse(select.span(), "nothing is selected", POSSIBLE)),
        items => read_columns(scope, items),
    }
}

/// Columns of one table by their names.
fn read_columns(scope: &Scope<'_>, items: &[SelectItem]) -> Result<(usize, u64), TextError> {
    let mut selected: Option<(usize, u64)> = None;
    for item in items {
        let expression = match item {
            SelectItem::UnnamedExpr(expression) => expression,
            SelectItem::ExprWithAlias { alias, .. } => {
                return Err(refuse(alias.span, "columns cannot be renamed", "leave AS out"));
            }
            SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..) => {
                return Err(refuse(item.span(), "`*` stands for all columns already", POSSIBLE));
            }
            SelectItem::ExprWithAliases { .. } => {
                return Err(refuse(item.span(), format!("`{item}` is not possible here"), POSSIBLE));
            }
        };
        let is_name = matches!(expression, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
        let Some(name) = scope.column(expression)?.filter(|_| is_name) else {
            let problem = format!("`{expression}` is not a column");
            return Err(refuse(
                expression.span(),
                problem,
                "select columns; count and compute in the client",
            ));
        };
        match &mut selected {
            Some((table, _)) if *table != name.table => {
                return Err(refuse(
                    expression.span(),
                    "columns of two tables are selected",
                    "select columns of one table; subscribe to the other by itself",
                ));
            }
            Some((_, columns)) => *columns |= 1 << name.column,
            None => selected = Some((name.table, 1 << name.column)),
        }
    }
    // The caller has found at least one item.
    let (table, columns) = selected.unwrap_or_default();
    Ok((table, scope.with_key(table, columns)))
}
