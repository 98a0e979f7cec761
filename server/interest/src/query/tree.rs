//! Conditions → the plan over tables that equal columns join, as a tree that begins at the selected one.

use ambit_model::{IndexKind, IndexSchema};
use sqlparser::ast::{Select, Spanned};
use sqlparser::tokenizer::Span;

use super::comparison;
use super::condition::Parsed;
use super::error::TextError;
use super::join::is_narrow;
use super::plan::{Condition, Filter, Join, JoinedTable, Operand, Plan, canonical};
use super::scope::{ColumnName, Scope, refuse};
use crate::limits;

/// Columns of two tables that must be equal.
struct Equal {
    left: ColumnName,
    right: ColumnName,
    span: Span,
}

/// The conditions of a query, told apart.
struct Parts {
    /// By table.
    conditions: Vec<Vec<Condition>>,
    equal: Vec<Equal>,
}

/// The tables of a join as it grows.
#[derive(Default)]
struct Tree {
    tables: Vec<JoinedTable>,
    /// The same in the scope.
    in_scope: Vec<usize>,
}

pub(super) fn joined_tables(
    scope: &Scope<'_>,
    selected: usize,
    parsed: Vec<Parsed>,
    select: &Select,
) -> Result<Plan, TextError> {
    let mut parts = Parts::new(scope, parsed)?;
    if parts.equal.is_empty() {
        return Err(refuse(
            select.span(),
            "the tables are not joined",
            "add a.column = b.column or ST_DWithin(a.position, b.position, radius) to ON",
        ));
    }
    let mut tree = Tree::default();
    tree.add(scope, &mut parts, selected, None, Vec::new());
    let mut place = 0;
    while let Some(&parent) = tree.in_scope.get(place) {
        for table in 0..scope.tables.len() {
            let between = parts.take_between(&tree, parent, table);
            if let Some(first) = between.first() {
                let columns = joined_columns(scope, &between)?;
                check_index(scope, parent, &columns, first)?;
                tree.add(scope, &mut parts, table, Some(place), columns);
            }
        }
        place += 1;
    }
    if let Some(table) = (0..scope.tables.len()).find(|table| !tree.in_scope.contains(table)) {
        let name = scope.name(table);
        return Err(refuse(
            name.span,
            format!("`{}` is not joined with the table whose rows are selected", name.value),
            "add `=` between one of its columns and one of a table that is",
        ));
    }
    if let Some(rest) = parts.equal.first() {
        return Err(refuse(
            rest.span,
            "these tables are joined by way of others already",
            "join each table with one that is nearer to the selected one",
        ));
    }
    let join = Join { tables: tree.tables, ruled: Vec::new() };
    check_ends(scope, &join, &tree.in_scope)?;
    Ok(Plan::Join(Box::new(join)))
}

impl Parts {
    fn new(scope: &Scope<'_>, parsed: Vec<Parsed>) -> Result<Self, TextError> {
        let mut parts = Self { conditions: Vec::new(), equal: Vec::new() };
        parts.conditions.resize_with(scope.tables.len(), Vec::new);
        let mut rest = parsed;
        while let Some(parsed) = rest.pop() {
            match parsed {
                Parsed::Own { table, condition } => {
                    parts.conditions.get_mut(table).into_iter().for_each(|own| own.push(condition.clone()));
                }
                Parsed::Joined(left, right, span) => parts.equal.push(Equal { left, right, span }),
                Parsed::Near(_, _, _, span) => {
                    return Err(refuse(
                        span,
                        "a circle that moves joins two tables, and here are more",
                        "keep the table with the positions in the centre and the one that is selected",
                    ));
                }
                Parsed::All(inner) => rest.extend(inner),
            }
        }
        Ok(parts)
    }

    /// Takes what joins a table of the tree with one that is not in it; its columns first.
    fn take_between(&mut self, tree: &Tree, parent: usize, table: usize) -> Vec<Equal> {
        if tree.in_scope.contains(&table) {
            return Vec::new();
        }
        let mut between = Vec::new();
        for Equal { left, right, span } in std::mem::take(&mut self.equal) {
            match (left.table, right.table) {
                (first, second) if (first, second) == (parent, table) => {
                    between.push(Equal { left, right, span });
                }
                (first, second) if (first, second) == (table, parent) => {
                    between.push(Equal { left: right, right: left, span });
                }
                _ => self.equal.push(Equal { left, right, span }),
            }
        }
        between
    }
}

impl Tree {
    fn add(
        &mut self,
        scope: &Scope<'_>,
        parts: &mut Parts,
        table: usize,
        parent: Option<usize>,
        columns: Vec<(Operand, Operand)>,
    ) {
        let conditions = parts.conditions.get_mut(table).map(std::mem::take).unwrap_or_default();
        let id = scope.tables.get(table).map_or(0, |scoped| scoped.id);
        let filter = Filter::new(id, canonical(conditions));
        self.tables.push(JoinedTable { filter, parent, columns });
        self.in_scope.push(table);
    }
}

/// The pairs of columns as operands, in one order and each once.
fn joined_columns(scope: &Scope<'_>, between: &[Equal]) -> Result<Vec<(Operand, Operand)>, TextError> {
    let mut columns = Vec::with_capacity(between.len());
    for Equal { left, right, span } in between {
        let (of_parent, parent_type) = comparison::operand(scope, *left, *span)?;
        let (own, own_type) = comparison::operand(scope, *right, *span)?;
        if parent_type != own_type || own.form.is_float() {
            return Err(refuse(
                *span,
                format!("columns of type {parent_type} and {own_type} cannot be joined"),
                "join columns of one type that is not a float",
            ));
        }
        columns.push((of_parent, own));
    }
    columns.sort_unstable();
    columns.dedup();
    match between.first() {
        Some(first) if columns.len() > limits::JOIN_COLUMNS_MAX => Err(refuse(
            first.span,
            "too many columns are joined",
            format!("join at most {} pairs of columns", limits::JOIN_COLUMNS_MAX),
        )),
        Some(_) | None => Ok(columns),
    }
}

/// The rows nearer to the selected table are looked up for each change further away, so an index must find them.
fn check_index(
    scope: &Scope<'_>,
    parent: usize,
    columns: &[(Operand, Operand)],
    first: &Equal,
) -> Result<(), TextError> {
    let Some(scoped) = scope.tables.get(parent) else { return Ok(()) };
    let is_known = |column: &u16| columns.iter().any(|(of_parent, _)| of_parent.column == *column);
    let finds = |index: &IndexSchema| match index.kind {
        IndexKind::Hash => index.columns.iter().all(is_known),
        IndexKind::Ordered => index.columns.first().is_some_and(is_known),
        IndexKind::Spatial { .. } => false,
    };
    if scoped.schema.indexes.iter().any(finds) {
        return Ok(());
    }
    let column = scoped.schema.columns.get(usize::from(first.left.column));
    let (table, column) = (&scoped.schema.name, column.map_or("", |column| column.name.as_str()));
    Err(refuse(
        first.span,
        format!("no index finds the rows of `{table}` by `{column}`"),
        format!("add #[index(hash)] to the column `{column}` of `{table}` in the module"),
    ))
}

/// The rows at the ends are kept for each subscription, so they must be few.
fn check_ends(scope: &Scope<'_>, join: &Join, in_scope: &[usize]) -> Result<(), TextError> {
    for (place, filter) in join.leaves() {
        let table = in_scope.get(place).copied().unwrap_or_default();
        let is_few = scope.tables.get(table).is_some_and(|scoped| is_narrow(scoped.schema, filter));
        if !is_few {
            let name = scope.name(table);
            return Err(refuse(
                name.span,
                format!("`{}`, the end of a join, is not narrowed to a few rows", name.value),
                format!(
                    "add a condition such as {}.identity = :sender, or = on all columns of a unique index",
                    name.value
                ),
            ));
        }
    }
    Ok(())
}
