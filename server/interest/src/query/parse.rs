//! A query's text → its plan.

use ambit_model::Schema;
use sqlparser::ast::{Query, Statement};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer};

use super::Caller;
use super::condition::{Parsed, Reader};
use super::error::TextError;
use super::from::{plain_select, read_from};
use super::join::{one_table, two_tables};
use super::order::Sorting;
use super::plan::Selection;
use super::projection::read_projection;
use super::scope::refuse;
use super::tree::joined_tables;
use crate::limits;

/// The checked plan of a query, and the columns that it shows.
pub(crate) fn parse(schema: &Schema, caller: Caller<'_>, sql: &str) -> Result<Selection, TextError> {
    parse_as(schema, caller, sql, false)
}

/// The same for a text of the module's author, who may name private tables and columns.
pub(super) fn parse_trusted(schema: &Schema, caller: Caller<'_>, sql: &str) -> Result<Selection, TextError> {
    parse_as(schema, caller, sql, true)
}

fn parse_as(
    schema: &Schema,
    caller: Caller<'_>,
    sql: &str,
    is_trusted: bool,
) -> Result<Selection, TextError> {
    let mut query = parse_text(sql)?;
    let sorting = Sorting::take(&mut query)?;
    let select = &plain_select(&mut query)?;
    let (scope, ons) = read_from(schema, select, is_trusted)?;
    let (selected, columns) = read_projection(&scope, select)?;
    let mut conditions = Vec::new();
    let mut reader = Reader::new(&scope, caller);
    for expression in ons.into_iter().chain(&select.selection) {
        reader.read(expression, &mut conditions)?;
    }
    let plan = match scope.tables.len() {
        1 => one_table(&scope, conditions)?,
        2 if conditions.iter().any(|parsed| matches!(parsed, Parsed::Near(..))) => {
            two_tables(&scope, selected, conditions, select)?
        }
        _ => joined_tables(&scope, selected, conditions, select)?,
    };
    let plan = match sorting {
        Some(sorting) if is_trusted => return Err(sorting.refused_in_rule()),
        Some(sorting) => sorting.plan(&scope, selected, caller, plan)?,
        None => plan,
    };
    Ok(Selection { plan, columns })
}

pub(super) fn parse_text(sql: &str) -> Result<Query, TextError> {
    if sql.len() > limits::SQL_BYTES_MAX {
        return Err(refuse(
            Span::empty(),
            format!("the query has {} bytes", sql.len()),
            format!("use at most {}", limits::SQL_BYTES_MAX),
        ));
    }
    let dialect = PostgreSqlDialect {};
    let tokens = Tokenizer::new(&dialect, sql).tokenize_with_location();
    let tokens = tokens.map_err(|error| syntax(&error.into()))?;
    let is_said = |token: &&TokenWithSpan| !matches!(token.token, Token::Whitespace(_));
    let count = tokens.iter().filter(is_said).count();
    if count > limits::SQL_TOKENS_MAX {
        let remedy = format!("use at most {}", limits::SQL_TOKENS_MAX);
        return Err(refuse(Span::empty(), format!("the query has {count} words and signs"), remedy));
    }
    let statements = Parser::new(&dialect)
        .with_recursion_limit(limits::SQL_DEPTH_MAX)
        .with_tokens_with_locations(tokens)
        .parse_statements()
        .map_err(|error| syntax(&error))?;
    let only_select = || refuse(Span::empty(), "this is not one SELECT", "write SELECT * FROM table WHERE …");
    match <[Statement; 1]>::try_from(statements) {
        Ok([Statement::Query(query)]) => Ok(*query),
        _ => Err(only_select()),
    }
}

/// The parser tells the place as text: `… at Line: 1, Column: 8`.
fn syntax(error: &ParserError) -> TextError {
    let text = match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text.as_str(),
        ParserError::RecursionLimitExceeded => {
            let remedy = "write it with fewer parentheses";
            return refuse(Span::empty(), "the query nests too deep", remedy);
        }
    };
    let (problem, place) = text.rsplit_once(" at Line: ").unwrap_or((text, ""));
    let mut numbers = place.split(", Column: ").map(|number| number.trim().parse().unwrap_or(1));
    let (line, column) = (numbers.next().unwrap_or(1), numbers.next().unwrap_or(1));
    let at = Location { line, column };
    refuse(Span::new(at, at), problem, "write SELECT * FROM table WHERE column = value AND …")
}
