//! What stands in the parentheses of `#[table(…)]` and `#[old_table(…)]`.

use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Error, Ident, LitFloat, LitInt, LitStr, Result, Token, bracketed, parenthesized};

use super::{ColumnModel, Durability, IndexModel, Kind, OnDelete, ReferenceModel};

const TABLE_ALLOWS: &str = "a table takes `name = player`, `public`, `durability = \"checkpointed\"`, \
     `primary_key = [guild, player]`, `index(name = zone_name, ordered, columns = [zone, name])`, \
     `references(columns = [guild, player], table = member)`, `priority = 2.0` and `renamed_from = hero`";
const OLD_TABLE_ALLOWS: &str = "an old table takes `from = 1` (the version that a migration starts from) and what \
     `#[table(…)]` took then";
const DURABILITY_ALLOWS: &str = "a table is `durability = \"durable\"` (every change is logged), \"checkpointed\" (as \
     in the last snapshot) or \"ephemeral\" (empty after a restart)";
const PRIMARY_KEY_ALLOWS: &str = "a key of several columns is `primary_key = [guild, player]` or \
     `primary_key(columns = [guild, player], ordered)`";
const INDEX_ALLOWS: &str = "an index of several columns takes `name = …`, `hash` or `ordered`, `unique`, and `columns = [first, second]`";
const REFERENCES_ALLOWS: &str = "references of several columns are `references(columns = [guild, player], table = member)`, with \
     `on_delete = \"cascade\"` if rows go with the row that they name";

/// What a table is declared with.
#[derive(Default)]
pub struct TableArguments {
    pub name: Option<Ident>,
    pub public: bool,
    pub durability: Option<Durability>,
    pub primary_key: Option<IndexArguments>,
    pub indexes: Vec<IndexArguments>,
    pub references: Vec<ReferenceArguments>,
    pub renamed_from: Option<Ident>,
    /// What its rows are worth.
    pub priority: Option<f32>,
    /// The version of an old table.
    pub from: Option<u32>,
}

/// What stands in `index(…)` and `primary_key(…)` of a table.
pub struct IndexArguments {
    name: Option<Ident>,
    columns: Vec<Ident>,
    kind: Option<Kind>,
    unique: bool,
    pub at: Ident,
    /// What is possible, for errors.
    allows: &'static str,
}

/// What stands in `references(…)` of a table.
pub struct ReferenceArguments {
    columns: Vec<Ident>,
    table: Option<Ident>,
    on_delete: Option<OnDelete>,
    at: Ident,
}

impl TableArguments {
    /// Those of `#[table(…)]`.
    pub fn of_table(input: ParseStream<'_>) -> Result<Self> {
        Self::read(input, false)
    }

    /// Those of `#[old_table(…)]`.
    pub fn of_old_table(input: ParseStream<'_>) -> Result<Self> {
        let span = input.span();
        let arguments = Self::read(input, true)?;
        match arguments.from {
            Some(_) => Ok(arguments),
            None => Err(Error::new(span, format!("say `from`: {OLD_TABLE_ALLOWS}"))),
        }
    }

    fn read(input: ParseStream<'_>, is_old: bool) -> Result<Self> {
        let allows = if is_old { OLD_TABLE_ALLOWS } else { TABLE_ALLOWS };
        let mut arguments = Self::default();
        while !input.is_empty() {
            let word: Ident = input.parse().map_err(|error| Error::new(error.span(), allows))?;
            match word.to_string().as_str() {
                "name" => set_once(&mut arguments.name, named(input, allows)?, &word)?,
                "public" => arguments.public = true,
                "durability" => set_once(&mut arguments.durability, durability(input)?, &word)?,
                "primary_key" => {
                    set_once(&mut arguments.primary_key, IndexArguments::primary_key(&word, input)?, &word)?;
                }
                "index" => arguments.indexes.push(IndexArguments::read(&word, input, INDEX_ALLOWS)?),
                "references" => arguments.references.push(ReferenceArguments::read(&word, input)?),
                "renamed_from" => set_once(&mut arguments.renamed_from, named(input, allows)?, &word)?,
                "priority" if !is_old => set_once(&mut arguments.priority, priority(input)?, &word)?,
                "from" if is_old => set_once(&mut arguments.from, version(input, allows)?, &word)?,
                _ => return Err(Error::new(word.span(), format!("unknown `{word}`: {allows}"))),
            }
            comma(input)?;
        }
        Ok(arguments)
    }
}

impl IndexArguments {
    fn new(word: &Ident, columns: Vec<Ident>, allows: &'static str) -> Self {
        Self { name: None, columns, kind: None, unique: false, at: word.clone(), allows }
    }

    fn read(word: &Ident, input: ParseStream<'_>, allows: &'static str) -> Result<Self> {
        let content;
        if !input.peek(syn::token::Paren) {
            return Err(Error::new(word.span(), allows));
        }
        parenthesized!(content in input);
        let mut index = Self::new(word, Vec::new(), allows);
        while !content.is_empty() {
            let word: Ident = content.parse().map_err(|error| Error::new(error.span(), allows))?;
            match word.to_string().as_str() {
                "name" => set_once(&mut index.name, named(&content, allows)?, &word)?,
                "hash" => set_once(&mut index.kind, Kind::Hash, &word)?,
                "ordered" => set_once(&mut index.kind, Kind::Ordered, &word)?,
                "unique" => index.unique = true,
                "columns" => index.columns = list(&content, allows)?,
                _ => return Err(Error::new(word.span(), format!("unknown `{word}`: {allows}"))),
            }
            comma(&content)?;
        }
        Ok(index)
    }

    fn primary_key(word: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let mut key = match input.peek(Token![=]) {
            true => {
                let columns = list(input, PRIMARY_KEY_ALLOWS)?;
                Self::new(word, columns, PRIMARY_KEY_ALLOWS)
            }
            false => Self::read(word, input, PRIMARY_KEY_ALLOWS)?,
        };
        (key.kind, key.unique) = (key.kind.or(Some(Kind::Hash)), true);
        Ok(key)
    }

    /// The index with its columns' positions.
    pub fn resolve(self, columns: &[ColumnModel]) -> Result<IndexModel> {
        let Some(kind) = self.kind else {
            return Err(Error::new(self.at.span(), format!("say `hash` or `ordered`: {}", self.allows)));
        };
        if self.columns.is_empty() || self.columns.len() > 4 {
            return Err(Error::new(self.at.span(), format!("an index has 1 to 4 columns: {}", self.allows)));
        }
        let positions = positions(&self.columns, columns)?;
        let name = self.name.unwrap_or_else(|| joined(&self.columns, &self.at));
        Ok(IndexModel { name, columns: positions, kind, unique: self.unique })
    }
}

impl ReferenceArguments {
    fn read(word: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let content;
        if !input.peek(syn::token::Paren) {
            return Err(Error::new(word.span(), REFERENCES_ALLOWS));
        }
        parenthesized!(content in input);
        let mut reference = Self { columns: Vec::new(), table: None, on_delete: None, at: word.clone() };
        while !content.is_empty() {
            let word: Ident = content.parse().map_err(|error| Error::new(error.span(), REFERENCES_ALLOWS))?;
            match word.to_string().as_str() {
                "columns" => reference.columns = list(&content, REFERENCES_ALLOWS)?,
                "table" => set_once(&mut reference.table, named(&content, REFERENCES_ALLOWS)?, &word)?,
                "on_delete" => set_once(&mut reference.on_delete, on_delete(&content)?, &word)?,
                _ => return Err(Error::new(word.span(), format!("unknown `{word}`: {REFERENCES_ALLOWS}"))),
            }
            comma(&content)?;
        }
        Ok(reference)
    }

    /// The reference with its columns' positions.
    pub fn resolve(self, columns: &[ColumnModel]) -> Result<ReferenceModel> {
        let Some(table) = self.table else {
            return Err(Error::new(self.at.span(), format!("say which `table`: {REFERENCES_ALLOWS}")));
        };
        if self.columns.is_empty() || self.columns.len() > 4 {
            return Err(Error::new(self.at.span(), format!("a key has 1 to 4 columns: {REFERENCES_ALLOWS}")));
        }
        let positions = positions(&self.columns, columns)?;
        let index_name = joined(&self.columns, &self.at);
        let on_delete = self.on_delete.unwrap_or(OnDelete::Restrict);
        Ok(ReferenceModel { columns: positions, table, on_delete, index_name })
    }
}

/// The positions of columns, each named once.
fn positions(names: &[Ident], columns: &[ColumnModel]) -> Result<Vec<usize>> {
    let find = |name: &Ident| {
        columns.iter().position(|column| column.name == *name).ok_or_else(|| {
            let known: Vec<String> = columns.iter().map(|column| format!("`{}`", column.name)).collect();
            Error::new(name.span(), format!("no column `{name}`; the table has {}", known.join(", ")))
        })
    };
    let positions = names.iter().map(find).collect::<Result<Vec<_>>>()?;
    for (place, name) in names.iter().enumerate() {
        if names.iter().take(place).any(|earlier| earlier == name) {
            return Err(Error::new(name.span(), format!("the column `{name}` stands here twice")));
        }
    }
    Ok(positions)
}

/// The name of an index that is given none.
fn joined(columns: &[Ident], at: &Ident) -> Ident {
    let texts: Vec<String> =
        columns.iter().map(|column| column.to_string().trim_start_matches("r#").to_owned()).collect();
    match columns {
        [only] => only.clone(),
        _ => Ident::new(&texts.join("_"), at.span()),
    }
}

/// A number after `=`. The bounds are those of `ambit-model`.
fn priority(input: ParseStream<'_>) -> Result<f32> {
    const ALLOWS: &str = "a table's priority is a number from 0.01 to 100, `priority = 2.0`; 1 is that of a table without a word";
    let wrong = |error: Error| Error::new(error.span(), ALLOWS);
    input.parse::<Token![=]>().map_err(wrong)?;
    let (weight, span) = if input.peek(LitInt) {
        let number: LitInt = input.parse()?;
        (number.base10_parse().map_err(wrong)?, number.span())
    } else {
        let number: LitFloat = input.parse().map_err(wrong)?;
        (number.base10_parse().map_err(wrong)?, number.span())
    };
    match (0.01..=100.0).contains(&weight) {
        true => Ok(weight),
        false => Err(Error::new(span, ALLOWS)),
    }
}

fn durability(input: ParseStream<'_>) -> Result<Durability> {
    let word = text_after_equals(input, DURABILITY_ALLOWS)?;
    match word.value().as_str() {
        "durable" => Ok(Durability::Durable),
        "checkpointed" => Ok(Durability::Checkpointed),
        "ephemeral" => Ok(Durability::Ephemeral),
        _ => Err(Error::new(word.span(), DURABILITY_ALLOWS)),
    }
}

/// What follows the word `on_delete`.
pub fn on_delete(input: ParseStream<'_>) -> Result<OnDelete> {
    const ALLOWS: &str = "`on_delete` is \"restrict\" (a row that is named cannot be deleted) or \"cascade\" (those that \
         name it go with it)";
    let word = text_after_equals(input, ALLOWS)?;
    match word.value().as_str() {
        "restrict" => Ok(OnDelete::Restrict),
        "cascade" => Ok(OnDelete::Cascade),
        _ => Err(Error::new(word.span(), ALLOWS)),
    }
}

fn text_after_equals(input: ParseStream<'_>, allows: &str) -> Result<LitStr> {
    let wrong = |error: Error| Error::new(error.span(), allows);
    input.parse::<Token![=]>().map_err(wrong)?;
    input.parse::<LitStr>().map_err(wrong)
}

/// A schema version after `=`.
pub fn version(input: ParseStream<'_>, allows: &str) -> Result<u32> {
    let wrong = |error: Error| Error::new(error.span(), allows);
    input.parse::<Token![=]>().map_err(wrong)?;
    input.parse::<LitInt>().and_then(|number| number.base10_parse()).map_err(wrong)
}

fn list(input: ParseStream<'_>, allows: &str) -> Result<Vec<Ident>> {
    let wrong = |error: Error| Error::new(error.span(), allows);
    input.parse::<Token![=]>().map_err(wrong)?;
    let content;
    if !input.peek(syn::token::Bracket) {
        return Err(input.error(allows));
    }
    bracketed!(content in input);
    let columns: Punctuated<Ident, Token![,]> = Punctuated::parse_terminated(&content).map_err(wrong)?;
    Ok(columns.into_iter().collect())
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
