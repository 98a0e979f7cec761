//! The rules that say which rows of a table clients may see (`TableSchema::visible`), read as queries of the table's rows. Their author
//! is the module's: they may name what clients may not.

use std::fmt;

use ambit_model::{Schema, TableSchema};

use super::Caller;
use super::error::TextError;
use super::parse::parse_trusted;
use super::plan::{Circle, Condition, Join, Plan, canonical};

/// One of the ways in which a client may see rows of a table. It sees those that one of them shows.
#[derive(Debug, Clone)]
pub(crate) enum Grant {
    /// Rows that satisfy all these conditions, each in its one form.
    Rows(Vec<Condition>),
    /// Rows that hang together with rows of other tables.
    Join(Box<Join>),
    /// Rows within a circle that moves.
    Circle(Box<Circle>),
}

/// A rule that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError {
    /// The table's name.
    pub table: String,
    /// Which of its rules, from 1.
    pub rule: usize,
    /// What is wrong; lines and characters are those of the rule.
    pub error: TextError,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, rule, error } = self;
        write!(f, "table `{table}`, rule {rule} of visibility, {error}")
    }
}

impl std::error::Error for RuleError {}

/// Refuses a schema with a rule that cannot be read, whoever the client is.
pub fn check_rules(schema: &Schema) -> Result<(), RuleError> {
    let parameters = ambit_wire::Parameters::new();
    let (identity, connection) = Default::default();
    let caller = Caller { identity, connection, parameters: &parameters };
    schema.tables.iter().try_for_each(|table| plans(schema, caller, table).map(drop))
}

/// How this client may see rows of a table; `None` if it may see all.
pub(super) fn grants(
    schema: &Schema,
    caller: Caller<'_>,
    table: &TableSchema,
) -> Result<Option<Vec<Grant>>, RuleError> {
    if table.visible.is_empty() {
        return Ok(None);
    }
    let mut grants = Vec::new();
    let mut plain = Vec::new();
    for plan in plans(schema, caller, table)? {
        match plan {
            Plan::Filter(filter) => plain.push(Condition::All(filter.conditions)),
            Plan::Circle(circle) => grants.push(Grant::Circle(circle)),
            Plan::Join(join) => grants.push(Grant::Join(join)),
            // No rule is read as one.
            Plan::Top(_) => {}
        }
    }
    if !plain.is_empty() {
        grants.insert(0, Grant::Rows(canonical(vec![Condition::Any(plain)])));
    }
    Ok(Some(grants))
}

/// The rules of a table as queries.
pub(crate) fn plans(
    schema: &Schema,
    caller: Caller<'_>,
    table: &TableSchema,
) -> Result<Vec<Plan>, RuleError> {
    // A rule knows the client, and nothing that the client says.
    let parameters = ambit_wire::Parameters::new();
    let caller = Caller { parameters: &parameters, ..caller };
    let rules = (1..).zip(&table.visible);
    let plans = rules.map(|(rule, text)| {
        plan(schema, caller, &table.name, text).map_err(|error| RuleError {
            table: table.name.clone(),
            rule,
            error,
        })
    });
    plans.collect()
}

fn plan(schema: &Schema, caller: Caller<'_>, table: &str, rule: &str) -> Result<Plan, TextError> {
    let first: String = rule.trim_start().chars().take_while(|letter| letter.is_alphanumeric()).collect();
    let is_join = ["JOIN", "INNER"].iter().any(|word| first.eq_ignore_ascii_case(word));
    let before = format!("SELECT \"{table}\".* FROM \"{table}\" {}", if is_join { "" } else { "WHERE " });
    let parsed = parse_trusted(schema, caller, &format!("{before}{rule}"));
    parsed.map(|selection| selection.plan).map_err(|error| {
        let shift = if error.line == 1 { before.chars().count() as u64 } else { 0 };
        TextError { column: error.column.saturating_sub(shift).max(1), ..error }
    })
}
