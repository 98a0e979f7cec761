//! Literals → values of a column's type.

#![expect(clippy::wildcard_enum_match_arm, reason = "most types are refused alike")]

use ambit_model::{ColumnType, ConnectionId, EnumType, Identity, Uuid};
use sqlparser::ast::{Expr, Spanned};
use sqlparser::tokenizer::Span;

use super::Caller;
use super::error::TextError;
use super::literal::{Literal, literal};
use super::plan::{Number, Scalar};
use super::scope::refuse;

/// The value of a literal for a column of type `ty`.
pub(super) fn scalar(expression: &Expr, ty: &ColumnType, caller: Caller<'_>) -> Result<Scalar, TextError> {
    let span = expression.span();
    match literal(expression, caller)? {
        Literal::Number(text) => number(&text, ty, span),
        Literal::Text(text) => from_text(&text, ty, span),
        Literal::Hex(digits) => hex(&digits, ty, span),
        Literal::Bytes(bytes) => from_bytes(bytes, ty, span),
        Literal::Bool(value) if *ty == ColumnType::Bool => Ok(Scalar::Unsigned(u128::from(value))),
        Literal::Id { bytes, ty: own, .. } if *ty == own => Ok(Scalar::Bytes(bytes)),
        Literal::Id { name, ty: own, .. } => Err(refuse(
            span,
            format!("{name} is of type {own}, the column of type {ty}"),
            format!("compare {name} with a column of type {own}"),
        )),
        Literal::Bool(_) | Literal::Point(_) => Err(mismatch(ty, span)),
    }
}

fn number(text: &str, ty: &ColumnType, span: Span) -> Result<Scalar, TextError> {
    let signed = |min: i128, max: i128| {
        let value: Option<i128> = text.parse().ok();
        value.filter(|value| (min..=max).contains(value)).ok_or_else(|| {
            refuse(
                span,
                format!("{text} is no value of type {ty}"),
                format!("use a whole number from {min} to {max}"),
            )
        })
    };
    let unsigned = |max: i128| signed(0, max).map(|value| Scalar::Unsigned(value.cast_unsigned()));
    match ty {
        ColumnType::U8 => unsigned(u8::MAX.into()),
        ColumnType::U16 => unsigned(u16::MAX.into()),
        ColumnType::U32 => unsigned(u32::MAX.into()),
        ColumnType::U64 | ColumnType::EntityId => unsigned(u64::MAX.into()),
        ColumnType::U128 => {
            let refused = |_| refuse(span, format!("{text} is no value of type u128"), "use a whole number");
            text.parse().map(Scalar::Unsigned).map_err(refused)
        }
        ColumnType::I8 => signed(i8::MIN.into(), i8::MAX.into()).map(Scalar::Signed),
        ColumnType::I16 => signed(i16::MIN.into(), i16::MAX.into()).map(Scalar::Signed),
        ColumnType::I32 => signed(i32::MIN.into(), i32::MAX.into()).map(Scalar::Signed),
        ColumnType::I64 | ColumnType::Timestamp | ColumnType::Duration => {
            signed(i64::MIN.into(), i64::MAX.into()).map(Scalar::Signed)
        }
        ColumnType::I128 => signed(i128::MIN, i128::MAX).map(Scalar::Signed),
        // The literal takes the column's type, so that `speed = 0.1` finds an f32 that was set to 0.1.
        ColumnType::F32 => float(text.parse::<f32>().ok().map(f64::from), text, ty, span),
        ColumnType::F64 => float(text.parse().ok(), text, ty, span),
        _ => Err(mismatch(ty, span)),
    }
}

fn float(value: Option<f64>, text: &str, ty: &ColumnType, span: Span) -> Result<Scalar, TextError> {
    value.filter(|value| value.is_finite()).map(|value| Scalar::Float(Number::new(value))).ok_or_else(|| {
        refuse(span, format!("{text} is no value of type {ty}"), "use a finite number such as 0.5")
    })
}

fn from_text(text: &str, ty: &ColumnType, span: Span) -> Result<Scalar, TextError> {
    match ty {
        ColumnType::String => Ok(Scalar::Bytes(text.as_bytes().to_vec())),
        ColumnType::Identity | ColumnType::ConnectionId | ColumnType::Uuid => {
            let digits: String = match ty {
                ColumnType::Uuid => text.chars().filter(|letter| *letter != '-').collect(),
                _ => text.strip_prefix("0x").unwrap_or(text).to_owned(),
            };
            hex(&digits, ty, span)
        }
        ColumnType::Enum(enumeration) if !enumeration.has_payload() => variant(text, enumeration, span),
        _ => Err(mismatch(ty, span)),
    }
}

fn variant(text: &str, enumeration: &EnumType, span: Span) -> Result<Scalar, TextError> {
    let tag = (0_u128..).zip(&enumeration.variants).find(|(_, variant)| variant.name == text);
    tag.map(|(tag, _)| Scalar::Unsigned(tag)).ok_or_else(|| {
        let names: Vec<&str> = enumeration.variants.iter().map(|variant| variant.name.as_str()).collect();
        refuse(
            span,
            format!("enum `{}` has no variant '{text}'", enumeration.name),
            format!("its variants are: '{}'", names.join("', '")),
        )
    })
}

fn hex(digits: &str, ty: &ColumnType, span: Span) -> Result<Scalar, TextError> {
    let bytes = match ty {
        ColumnType::Identity => {
            digits.parse::<Identity>().map(|id| id.0.to_vec()).map_err(|error| error.to_string())
        }
        ColumnType::ConnectionId => {
            digits.parse::<ConnectionId>().map(|id| id.0.to_vec()).map_err(|error| error.to_string())
        }
        ColumnType::Uuid => digits.parse::<Uuid>().map(|id| id.0.to_vec()).map_err(|error| error.to_string()),
        ColumnType::Bytes => {
            hex_bytes(digits).ok_or_else(|| "expected pairs of hexadecimal digits".to_owned())
        }
        _ => return Err(mismatch(ty, span)),
    };
    bytes.map(Scalar::Bytes).map_err(|problem| {
        refuse(
            span,
            format!("this is no value of type {ty}: {problem}"),
            "write all digits, such as X'00ff…'",
        )
    })
}

fn hex_bytes(digits: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = digits.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    });
    pairs.collect()
}

fn from_bytes(bytes: Vec<u8>, ty: &ColumnType, span: Span) -> Result<Scalar, TextError> {
    let wanted = match ty {
        ColumnType::Bytes => bytes.len(),
        ColumnType::Identity | ColumnType::ConnectionId | ColumnType::Uuid => ty.size(),
        _ => return Err(mismatch(ty, span)),
    };
    if bytes.len() == wanted {
        return Ok(Scalar::Bytes(bytes));
    }
    let problem = format!("the parameter has {} bytes, a value of type {ty} has {wanted}", bytes.len());
    Err(refuse(span, problem, format!("give it {wanted} bytes")))
}

fn mismatch(ty: &ColumnType, span: Span) -> TextError {
    let (problem, remedy) = match ty {
        ColumnType::Bool => ("a truth value", "write TRUE or FALSE"),
        ColumnType::String => ("a text", "write it in single quotes: 'text'"),
        ColumnType::Bytes => ("bytes", "write X'00ff'"),
        ColumnType::Identity => {
            ("an identity", "write :sender or its 64 hexadecimal digits in single quotes")
        }
        ColumnType::ConnectionId => {
            ("a connection", "write :connection or its 32 hexadecimal digits in single quotes")
        }
        ColumnType::Uuid => ("a UUID", "write its 32 hexadecimal digits in single quotes"),
        ColumnType::Enum(_) => ("an enum", "write the variant's name in single quotes"),
        _ => ("a number", "write a number"),
    };
    refuse(span, format!("the column is {problem} (type {ty}), the value is not"), remedy)
}
