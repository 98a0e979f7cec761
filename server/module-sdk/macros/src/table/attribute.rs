//! The attributes of a column.

use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, Ident, LitFloat, LitInt, Meta, Result, Token};

use super::arguments::on_delete;
use super::quantize::QuantizeModel;
use super::{Kind, OnDelete};

/// Edge of a grid cell when the author gives none: a usual radius of interest in metres.
const DEFAULT_CELL: f32 = 32.0;

const COLUMN_ALLOWS: &str = "a column takes `#[primary_key]`, `#[unique]`, `#[auto_inc]`, `#[index(hash)]`, \
     `#[index(ordered)]`, `#[spatial]`, `#[spatial(cell = 32.0)]`, `#[references(table)]`, `#[private]`, \
     `#[default(EXPR)]`, `#[renamed_from(old)]`, `#[priority]` and `#[quantize(step = 0.01)]`";
const REFERENCES_ALLOWS: &str = "a column names a row of another table by its primary key: `#[references(guild)]`, \
     `#[references(guild, on_delete = \"cascade\")]`";

/// What a column's attribute asks for.
pub enum ColumnAttribute {
    PrimaryKey(Kind),
    Unique(Kind),
    AutoInc,
    Private,
    Index(Kind),
    References { table: Ident, on_delete: OnDelete },
    Default(Box<Expr>),
    RenamedFrom(Ident),
    Quantize(QuantizeModel),
    Priority,
}

impl ColumnAttribute {
    /// The attribute, if it is one of ours. With `strict`, unknown ones are refused.
    pub fn read(attribute: &Attribute, strict: bool) -> Result<Option<Self>> {
        const FOREIGN: [&str; 8] =
            ["doc", "allow", "expect", "warn", "deny", "forbid", "deprecated", "rustfmt"];
        let path = attribute.path();
        Ok(Some(match path.get_ident().map(Ident::to_string).as_deref() {
            Some("primary_key") => Self::PrimaryKey(optional_kind(attribute)?),
            Some("unique") => Self::Unique(optional_kind(attribute)?),
            Some("auto_inc") => {
                attribute.meta.require_path_only().map_err(|_| {
                    Error::new(attribute.meta.span(), "`#[auto_inc]` takes nothing in parentheses")
                })?;
                Self::AutoInc
            }
            Some("private") => {
                attribute.meta.require_path_only().map_err(|_| {
                    Error::new(attribute.meta.span(), "`#[private]` takes nothing in parentheses")
                })?;
                Self::Private
            }
            Some("priority") => {
                attribute.meta.require_path_only().map_err(|_| {
                    let text = "`#[priority]` takes nothing in parentheses; the table's is `#[table(priority = 2.0)]`";
                    Error::new(attribute.meta.span(), text)
                })?;
                Self::Priority
            }
            Some("index") => {
                Self::Index(kind(attribute, "an index is `#[index(hash)]` or `#[index(ordered)]`")?)
            }
            Some("spatial") => Self::Index(Kind::Spatial { cell: cell(attribute)? }),
            Some("references") => references(attribute)?,
            Some("default") => Self::Default(Box::new(attribute.parse_args().map_err(|error| {
                let allows = "a default is `#[default(EXPR)]`: what the column holds in rows that are older than itself";
                Error::new(error.span(), allows)
            })?)),
            Some("renamed_from") => Self::RenamedFrom(attribute.parse_args().map_err(|error| {
                Error::new(error.span(), "`#[renamed_from(old)]` takes the name that the column had")
            })?),
            Some("quantize") => Self::Quantize(QuantizeModel::read(attribute)?),
            Some("cfg" | "cfg_attr") => {
                return Err(Error::new_spanned(attribute, "a column is part of every build: no conditions"));
            }
            Some(name) if FOREIGN.contains(&name) => return Ok(None),
            None => return Ok(None),
            Some(name) if strict => {
                return Err(Error::new(path.span(), format!("unknown `#[{name}]`: {COLUMN_ALLOWS}")));
            }
            Some(_) => return Ok(None),
        }))
    }
}

fn references(attribute: &Attribute) -> Result<ColumnAttribute> {
    let read = |input: ParseStream<'_>| {
        let wrong = |error: Error| Error::new(error.span(), REFERENCES_ALLOWS);
        let table: Ident = input.parse().map_err(wrong)?;
        if input.is_empty() {
            return Ok(ColumnAttribute::References { table, on_delete: OnDelete::Restrict });
        }
        input.parse::<Token![,]>().map_err(wrong)?;
        let word: Ident = input.parse().map_err(wrong)?;
        if word != "on_delete" {
            return Err(Error::new(word.span(), REFERENCES_ALLOWS));
        }
        let on_delete = on_delete(input)?;
        if !input.is_empty() {
            return Err(input.error(REFERENCES_ALLOWS));
        }
        Ok(ColumnAttribute::References { table, on_delete })
    };
    match attribute.meta {
        Meta::List(_) => attribute.parse_args_with(read),
        Meta::Path(_) | Meta::NameValue(_) => Err(Error::new(attribute.meta.span(), REFERENCES_ALLOWS)),
    }
}

fn optional_kind(attribute: &Attribute) -> Result<Kind> {
    match attribute.meta {
        Meta::Path(_) => Ok(Kind::Hash),
        Meta::List(_) | Meta::NameValue(_) => kind(
            attribute,
            "the only addition here is `ordered`, for ranges: `#[primary_key(ordered)]`, `#[unique(ordered)]`",
        ),
    }
}

fn kind(attribute: &Attribute, allows: &str) -> Result<Kind> {
    let wrong = |span| Error::new(span, allows);
    let word: Ident = attribute.parse_args().map_err(|_| wrong(attribute.meta.span()))?;
    match word.to_string().as_str() {
        "hash" => Ok(Kind::Hash),
        "ordered" => Ok(Kind::Ordered),
        _ => Err(wrong(word.span())),
    }
}

fn cell(attribute: &Attribute) -> Result<f32> {
    const ALLOWS: &str =
        "a spatial index is `#[spatial]` or `#[spatial(cell = 32.0)]` with the edge of a grid cell";
    match attribute.meta {
        Meta::Path(_) => return Ok(DEFAULT_CELL),
        Meta::List(_) | Meta::NameValue(_) => {}
    }
    let edge = |input: ParseStream<'_>| -> Result<(f32, proc_macro2::Span)> {
        let word: Ident = input.parse()?;
        if word != "cell" {
            return Err(Error::new(word.span(), ALLOWS));
        }
        input.parse::<Token![=]>()?;
        if input.peek(LitInt) {
            let number: LitInt = input.parse()?;
            return Ok((number.base10_parse()?, number.span()));
        }
        let number: LitFloat = input.parse()?;
        Ok((number.base10_parse()?, number.span()))
    };
    let (cell, span) = attribute.parse_args_with(edge).map_err(|error| Error::new(error.span(), ALLOWS))?;
    if !(cell.is_finite() && cell > 0.0) {
        return Err(Error::new(span, "the edge of a grid cell is larger than 0"));
    }
    Ok(cell)
}
