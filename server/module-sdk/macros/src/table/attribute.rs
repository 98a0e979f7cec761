//! The attributes of a table and its columns.

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Ident, LitFloat, LitInt, Meta, Result, Token, bracketed, parenthesized};

use super::{ColumnModel, IndexModel, Kind};

/// Edge of a grid cell when the author gives none: a usual radius of interest in metres.
const DEFAULT_CELL: f32 = 32.0;

const TABLE_ALLOWS: &str =
    "a table takes `name = player`, `public` and `index(name = zone_name, ordered, columns = [zone, name])`";
const INDEX_ALLOWS: &str = "an index of several columns takes `name = …`, `hash` or `ordered`, `unique`, and `columns = [first, second]`";
const COLUMN_ALLOWS: &str = "a column takes `#[primary_key]`, `#[unique]`, `#[auto_inc]`, `#[index(hash)]`, \
     `#[index(ordered)]`, `#[spatial]` and `#[spatial(cell = 32.0)]`";

/// What stands in `#[table(…)]`.
#[derive(Default)]
pub struct TableArguments {
    pub name: Option<Ident>,
    pub public: bool,
    pub indexes: Vec<IndexArguments>,
}

/// What stands in `index(…)` of a table.
pub struct IndexArguments {
    name: Option<Ident>,
    columns: Vec<Ident>,
    kind: Option<Kind>,
    unique: bool,
    at: Ident,
}

/// What a column's attribute asks for.
pub enum ColumnAttribute {
    PrimaryKey(Kind),
    Unique(Kind),
    AutoInc,
    Index(Kind),
}

impl Parse for TableArguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut arguments = Self::default();
        while !input.is_empty() {
            let word: Ident = input.parse().map_err(|error| Error::new(error.span(), TABLE_ALLOWS))?;
            match word.to_string().as_str() {
                "name" => set_once(&mut arguments.name, named(input, TABLE_ALLOWS)?, &word)?,
                "public" => arguments.public = true,
                "index" => arguments.indexes.push(IndexArguments::read(&word, input)?),
                _ => return Err(Error::new(word.span(), format!("unknown `{word}`: {TABLE_ALLOWS}"))),
            }
            comma(input)?;
        }
        Ok(arguments)
    }
}

impl IndexArguments {
    fn read(word: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let content;
        if !input.peek(syn::token::Paren) {
            return Err(Error::new(word.span(), INDEX_ALLOWS));
        }
        parenthesized!(content in input);
        let mut index = Self { name: None, columns: Vec::new(), kind: None, unique: false, at: word.clone() };
        while !content.is_empty() {
            let word: Ident = content.parse().map_err(|error| Error::new(error.span(), INDEX_ALLOWS))?;
            match word.to_string().as_str() {
                "name" => set_once(&mut index.name, named(&content, INDEX_ALLOWS)?, &word)?,
                "hash" => set_once(&mut index.kind, Kind::Hash, &word)?,
                "ordered" => set_once(&mut index.kind, Kind::Ordered, &word)?,
                "unique" => index.unique = true,
                "columns" => {
                    content.parse::<Token![=]>()?;
                    let list;
                    bracketed!(list in content);
                    let columns: Punctuated<Ident, Token![,]> = Punctuated::parse_terminated(&list)?;
                    index.columns = columns.into_iter().collect();
                }
                _ => return Err(Error::new(word.span(), format!("unknown `{word}`: {INDEX_ALLOWS}"))),
            }
            comma(&content)?;
        }
        Ok(index)
    }

    /// The index with its columns' positions.
    pub fn resolve(self, columns: &[ColumnModel]) -> Result<IndexModel> {
        let Some(kind) = self.kind else {
            return Err(Error::new(self.at.span(), format!("say `hash` or `ordered`: {INDEX_ALLOWS}")));
        };
        if self.columns.is_empty() || self.columns.len() > 4 {
            return Err(Error::new(self.at.span(), format!("an index has 1 to 4 columns: {INDEX_ALLOWS}")));
        }
        let find = |name: &Ident| {
            columns.iter().position(|column| column.name == *name).ok_or_else(|| {
                let known: Vec<String> = columns.iter().map(|column| format!("`{}`", column.name)).collect();
                Error::new(name.span(), format!("no column `{name}`; the table has {}", known.join(", ")))
            })
        };
        let positions = self.columns.iter().map(find).collect::<Result<Vec<_>>>()?;
        for (place, name) in self.columns.iter().enumerate() {
            if self.columns.iter().take(place).any(|earlier| earlier == name) {
                return Err(Error::new(name.span(), format!("the column `{name}` stands here twice")));
            }
        }
        let joined = self.columns.iter().map(Ident::to_string).collect::<Vec<_>>().join("_");
        let name = self.name.unwrap_or_else(|| Ident::new(&joined, self.at.span()));
        Ok(IndexModel { name, columns: positions, kind, unique: self.unique })
    }
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
            Some("index") => {
                Self::Index(kind(attribute, "an index is `#[index(hash)]` or `#[index(ordered)]`")?)
            }
            Some("spatial") => Self::Index(Kind::Spatial { cell: cell(attribute)? }),
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

fn set_once<T>(place: &mut Option<T>, value: T, word: &Ident) -> Result<()> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) if matches!(word.to_string().as_str(), "hash" | "ordered") => {
            Err(Error::new(word.span(), "an index is either `hash` or `ordered`, said once"))
        }
        Some(_) => Err(Error::new(word.span(), format!("`{word}` stands here twice"))),
    }
}

fn named(input: ParseStream<'_>, allows: &str) -> Result<Ident> {
    let wrong = |error: Error| Error::new(error.span(), allows);
    input.parse::<Token![=]>().map_err(wrong)?;
    input.parse::<Ident>().map_err(wrong)
}

fn comma(input: ParseStream<'_>) -> Result<()> {
    if !input.is_empty() {
        input.parse::<Token![,]>()?;
    }
    Ok(())
}
