//! A client's query and the rules of all its tables: what it may see of what it asks for.
//!
//! Each table of a query counts only with the rows that the client may see, the selected one and those that are joined: so
//! nothing tells by its presence that a hidden row exists. Tables that a rule itself joins are the module's business.

use ambit_model::Schema;

use super::error::QueryError;
use super::plan::{Circle, Filter, Join, Plan, canonical};
use super::rules::{Grant, grants};
use super::{Caller, Condition};
use crate::limits;

/// The plans that together show what the client may see of a plan's rows. The plan's tables are those of the schema.
pub(crate) fn permit(schema: &Schema, caller: Caller<'_>, plan: Plan) -> Result<Vec<Plan>, QueryError> {
    let tables: Vec<u16> = plan.tables().collect();
    let mut plans = vec![plan];
    for (place, table) in tables.into_iter().enumerate() {
        let Some(table) = schema.tables.get(usize::from(table)) else { continue };
        let unreadable = |_| QueryError::UnreadableRule(table.name.clone());
        let Some(grants) = grants(schema, caller, table).map_err(unreadable)? else { continue };
        if plans.len() * grants.len() > limits::ALTERNATIVES_MAX {
            return Err(QueryError::TooManyAlternatives);
        }
        let mut permitted = Vec::with_capacity(plans.len() * grants.len());
        for plan in &plans {
            for grant in &grants {
                permitted.push(narrow(plan.clone(), place, grant, &table.name)?);
            }
        }
        plans = permitted;
    }
    Ok(plans)
}

/// The plan with only those rows of the table at this position that the grant shows.
fn narrow(plan: Plan, place: usize, grant: &Grant, table: &str) -> Result<Plan, QueryError> {
    let is_selected = place == 0;
    match (plan, grant) {
        (mut plan, Grant::Rows(conditions)) => {
            if let Some(filter) = plan.filter_mut(place) {
                add(filter, conditions, is_selected);
            }
            Ok(plan)
        }
        (Plan::Filter(own), Grant::Join(join)) => {
            let mut join = join.clone();
            join.ruled = join.children(0).collect();
            if let Some(root) = join.tables.first_mut() {
                root.filter.permission = root.filter.conditions.clone();
                add(&mut root.filter, &own.conditions, false);
            }
            Ok(Plan::Join(join))
        }
        (Plan::Filter(own), Grant::Circle(circle)) => {
            let mut circle: Circle = (**circle).clone();
            circle.target.permission = circle.target.conditions.clone();
            add(&mut circle.target, &own.conditions, false);
            circle.rule_for = Some(own.conditions);
            Ok(Plan::Circle(Box::new(circle)))
        }
        (Plan::Join(mut own), Grant::Join(join)) => {
            attach(&mut own, place, join);
            match own.tables.len() <= limits::RULED_TABLES_MAX {
                true => Ok(Plan::Join(own)),
                false => Err(QueryError::TooManyRuledTables),
            }
        }
        // Only rows that a client may see are ranked.
        (Plan::Top(mut top), Grant::Join(_) | Grant::Circle(_)) => {
            top.of = narrow(top.of, place, grant, table)?;
            Ok(Plan::Top(top))
        }
        (Plan::Circle(_), Grant::Join(_) | Grant::Circle(_)) | (Plan::Join(_), Grant::Circle(_)) => {
            Err(QueryError::RuledOut(table.to_owned()))
        }
    }
}

/// Adds conditions that must hold too; those of a rule for the selected table are what a client is permitted by.
fn add(filter: &mut Filter, conditions: &[Condition], is_permission: bool) {
    let all = filter.conditions.iter().chain(conditions).cloned().collect();
    filter.conditions = canonical(all);
    if is_permission {
        filter.permission = conditions.to_vec();
    }
}

/// Hangs the tables of a rule on the table at this position. There must be rows in them besides those that the query wants:
/// branches of a tree do not mix.
fn attach(own: &mut Join, place: usize, rule: &Join) {
    let first = own.tables.len();
    let moved = |position: usize| if position == 0 { place } else { first + position - 1 };
    let Some((root, others)) = rule.tables.split_first() else { return };
    if let Some(joined) = own.tables.get_mut(place) {
        add(&mut joined.filter, &root.filter.conditions, place == 0);
    }
    for (position, joined) in others.iter().enumerate() {
        let mut joined = joined.clone();
        if place == 0 && joined.parent == Some(0) {
            own.ruled.push(first + position);
        }
        joined.parent = joined.parent.map(moved);
        own.tables.push(joined);
    }
}
