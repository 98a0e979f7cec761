//! One form for all ways to write the same tree: flat, sorted, without repetition, and with values of one column together.
//! It leaves out what takes thought, such as ranges that lie in each other.

use super::{Comparison, Condition, Operand, Scalar};

/// Conditions that all must hold, in their one form.
pub(crate) fn canonical(conditions: Vec<Condition>) -> Vec<Condition> {
    join(conditions, true)
}

/// The children of an AND (`are_all`) or an OR.
fn join(conditions: Vec<Condition>, are_all: bool) -> Vec<Condition> {
    let mut flat = Vec::with_capacity(conditions.len());
    for condition in conditions {
        match simplify(condition) {
            Condition::All(inner) if are_all => flat.extend(inner),
            Condition::Any(inner) if !are_all => flat.extend(inner),
            other @ (Condition::Compare { .. }
            | Condition::OneOf { .. }
            | Condition::Begins { .. }
            | Condition::Null { .. }
            | Condition::Within { .. }
            | Condition::All(_)
            | Condition::Any(_)) => flat.push(other),
        }
    }
    let mut joined = gather_values(flat, are_all);
    joined.sort_unstable();
    joined.dedup();
    joined
}

fn simplify(condition: Condition) -> Condition {
    match condition {
        Condition::All(inner) => single_or(join(inner, true), Condition::All),
        Condition::Any(inner) => single_or(join(inner, false), Condition::Any),
        Condition::OneOf { operand, values, negated } => one_of(operand, values, negated),
        leaf @ (Condition::Compare { .. }
        | Condition::Begins { .. }
        | Condition::Null { .. }
        | Condition::Within { .. }) => leaf.without_unequal_truth(),
    }
}

fn single_or(mut conditions: Vec<Condition>, all: impl Fn(Vec<Condition>) -> Condition) -> Condition {
    match conditions.pop() {
        Some(only) if conditions.is_empty() => only,
        last => {
            conditions.extend(last);
            all(conditions)
        }
    }
}

fn one_of(operand: Operand, mut values: Vec<Scalar>, negated: bool) -> Condition {
    values.sort_unstable();
    values.dedup();
    match values.pop() {
        Some(value) if values.is_empty() => {
            let comparison = if negated { Comparison::NotEqual } else { Comparison::Equal };
            Condition::Compare { operand, comparison, value }.without_unequal_truth()
        }
        last => {
            values.extend(last);
            Condition::OneOf { operand, values, negated }
        }
    }
}

/// `x = 1 OR x = 2` is `x IN (1, 2)`, and `x <> 1 AND x <> 2` is `x NOT IN (1, 2)`.
fn gather_values(conditions: Vec<Condition>, are_all: bool) -> Vec<Condition> {
    let wanted = if are_all { Comparison::NotEqual } else { Comparison::Equal };
    let mut gathered: Vec<(Operand, Vec<Scalar>)> = Vec::new();
    let mut others = Vec::with_capacity(conditions.len());
    for condition in conditions {
        let (operand, values) = match condition {
            Condition::Compare { operand, comparison, value } if comparison == wanted => {
                (operand, vec![value])
            }
            Condition::OneOf { operand, values, negated } if negated == are_all => (operand, values),
            other @ (Condition::Compare { .. }
            | Condition::OneOf { .. }
            | Condition::Begins { .. }
            | Condition::Null { .. }
            | Condition::Within { .. }
            | Condition::All(_)
            | Condition::Any(_)) => {
                others.push(other);
                continue;
            }
        };
        match gathered.iter_mut().find(|(known, _)| *known == operand) {
            Some((_, known)) => known.extend(values),
            None => gathered.push((operand, values)),
        }
    }
    others.extend(gathered.into_iter().map(|(operand, values)| one_of(operand, values, are_all)));
    others
}
