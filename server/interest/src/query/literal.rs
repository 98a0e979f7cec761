//! Literals and parameters → what they say, before it is known what they are compared with.

use ambit_model::ColumnType;
use ambit_wire::{ParameterValue, Parameters};
use sqlparser::ast::{Expr, Spanned, UnaryOperator, Value};
use sqlparser::tokenizer::Span;

use super::Caller;
use super::error::TextError;
use super::scope::refuse;

/// What stands in the text, or what the parameter that stands there holds.
pub(super) enum Literal {
    /// With its sign.
    Number(String),
    Text(String),
    /// Hexadecimal digits.
    Hex(String),
    Bytes(Vec<u8>),
    Bool(bool),
    Point(Vec<f64>),
    /// `:sender` or `:connection`.
    Id {
        name: &'static str,
        bytes: Vec<u8>,
        ty: ColumnType,
    },
}

#[expect(clippy::wildcard_enum_match_arm, reason = "most expressions are refused alike")]
pub(super) fn literal(expression: &Expr, caller: Caller<'_>) -> Result<Literal, TextError> {
    let refused = || {
        Err(refuse(
            expression.span(),
            format!("`{expression}` is not a value"),
            "write a number, a 'text', TRUE, FALSE, :sender, :connection or a :parameter",
        ))
    };
    match expression {
        Expr::Nested(inner) => literal(inner, caller),
        Expr::UnaryOp { op, expr } => match (op, literal(expr, caller)?) {
            (UnaryOperator::Plus, Literal::Number(text)) => Ok(Literal::Number(text)),
            (UnaryOperator::Minus, Literal::Number(text)) => {
                Ok(Literal::Number(match text.strip_prefix('-') {
                    Some(positive) => positive.to_owned(),
                    None => format!("-{text}"),
                }))
            }
            _ => refused(),
        },
        Expr::Value(value) => match &value.value {
            Value::Number(text, _) => Ok(Literal::Number(text.clone())),
            Value::SingleQuotedString(text) => Ok(Literal::Text(text.clone())),
            Value::HexStringLiteral(digits) => Ok(Literal::Hex(digits.clone())),
            Value::Boolean(value) => Ok(Literal::Bool(*value)),
            Value::Placeholder(name) => parameter(name, caller, expression.span()),
            Value::Null => Err(refuse(
                expression.span(),
                "nothing is equal to NULL, nor different from it",
                "write `column IS NULL` or `column IS NOT NULL`",
            )),
            _ => refused(),
        },
        _ => refused(),
    }
}

/// A finite number: a coordinate or a radius.
pub(super) fn coordinate(expression: &Expr, caller: Caller<'_>) -> Result<f64, TextError> {
    let refused = || {
        refuse(
            expression.span(),
            format!("`{expression}` is not a plain number"),
            "write a number such as 12.5, or a :parameter that holds one",
        )
    };
    match literal(expression, caller)? {
        Literal::Number(text) => {
            text.parse().ok().filter(|value: &f64| value.is_finite()).ok_or_else(refused)
        }
        Literal::Text(_)
        | Literal::Hex(_)
        | Literal::Bytes(_)
        | Literal::Bool(_)
        | Literal::Point(_)
        | Literal::Id { .. } => Err(refused()),
    }
}

fn parameter(name: &str, caller: Caller<'_>, span: Span) -> Result<Literal, TextError> {
    let Some(name) = name.strip_prefix(':') else {
        let remedy = "write a colon and a name, such as :radius";
        return Err(refuse(span, format!("`{name}` is no parameter"), remedy));
    };
    match name {
        "sender" => {
            let (bytes, ty) = (caller.identity.0.to_vec(), ColumnType::Identity);
            return Ok(Literal::Id { name: ":sender", bytes, ty });
        }
        "connection" => {
            let (bytes, ty) = (caller.connection.0.to_vec(), ColumnType::ConnectionId);
            return Ok(Literal::Id { name: ":connection", bytes, ty });
        }
        _ => {}
    }
    let value = caller.parameters.get(name).ok_or_else(|| missing(name, caller.parameters, span))?;
    Ok(match value {
        ParameterValue::Bool(value) => Literal::Bool(*value),
        ParameterValue::Integer(value) => Literal::Number(value.to_string()),
        // With a point or an exponent, so that it is none of an integer column.
        ParameterValue::Float(value) => Literal::Number(format!("{value:?}")),
        ParameterValue::Text(text) => Literal::Text(text.clone()),
        ParameterValue::Bytes(bytes) => Literal::Bytes(bytes.clone()),
        ParameterValue::Point2(point) => Literal::Point(point.to_vec()),
        ParameterValue::Point3(point) => Literal::Point(point.to_vec()),
    })
}

fn missing(name: &str, parameters: &Parameters, span: Span) -> TextError {
    let known: String = parameters.iter().map(|(known, _)| format!(", :{known}")).collect();
    refuse(
        span,
        format!("the parameter `:{name}` has no value"),
        format!("give it one with the subscription, or use one of: :sender, :connection{known}"),
    )
}
