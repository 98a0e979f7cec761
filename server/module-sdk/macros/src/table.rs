//! `#[table]` and `#[old_table]`: what the author wrote, checked.

mod arguments;
mod attribute;
mod columns;
mod quantize;
mod visible;

mod code;

use proc_macro2::{Span, TokenStream};
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, Fields, Ident, ItemStruct, Result, Type, Visibility};

use arguments::TableArguments;
pub use arguments::version;
use columns::{Columns, check_index_names};
use quantize::QuantizeModel;

/// A table.
struct TableModel {
    name: Ident,
    public: bool,
    /// Which rows clients may see, in SQL.
    visible: Vec<String>,
    /// What its rows are worth, and the column that says it of each.
    priority: (f32, Option<usize>),
    durability: Durability,
    row: Ident,
    visibility: Visibility,
    columns: Vec<ColumnModel>,
    indexes: Vec<IndexModel>,
    /// Position of the primary key's index.
    primary: Option<usize>,
    references: Vec<ReferenceModel>,
    renamed_from: Option<Ident>,
    /// Of an old table: the version of the databases that have it.
    from: Option<u32>,
    doc: String,
}

struct ColumnModel {
    name: Ident,
    visibility: Visibility,
    ty: Type,
    auto_inc: bool,
    /// Whether clients are not told of it.
    private: bool,
    default: Option<Expr>,
    renamed_from: Option<Ident>,
    quantize: Option<QuantizeModel>,
    doc: String,
}

struct IndexModel {
    name: Ident,
    columns: Vec<usize>,
    kind: Kind,
    unique: bool,
}

struct ReferenceModel {
    columns: Vec<usize>,
    table: Ident,
    on_delete: OnDelete,
    /// The name of the index that is added if the columns have none.
    index_name: Ident,
}

#[derive(Clone, Copy)]
enum Kind {
    Hash,
    Ordered,
    Spatial { cell: f32 },
}

#[derive(Clone, Copy, Default)]
enum Durability {
    #[default]
    Durable,
    Checkpointed,
    Ephemeral,
}

#[derive(Clone, Copy)]
enum OnDelete {
    Restrict,
    Cascade,
}

pub fn expand(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    read(arguments, item, "table", TableArguments::of_table)
}

pub fn expand_old(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    read(arguments, item, "old_table", TableArguments::of_old_table)
}

fn read(
    arguments: TokenStream,
    item: TokenStream,
    attribute: &str,
    parse: fn(ParseStream<'_>) -> Result<TableArguments>,
) -> Result<TokenStream> {
    let mut item: ItemStruct = syn::parse2(item).map_err(|error| {
        Error::new(error.span(), format!("`#[{attribute}]` stands on a struct with named fields"))
    })?;
    let arguments = parse.parse2(arguments)?;
    let model = TableModel::read(arguments, &mut item, attribute)?;
    Ok(code::write(&model, &item))
}

impl TableModel {
    /// Takes the attributes that are the macro's own from the struct.
    fn read(arguments: TableArguments, item: &mut ItemStruct, attribute: &str) -> Result<Self> {
        if !item.generics.params.is_empty() {
            return Err(Error::new_spanned(&item.generics, "a table's rows have one type: no generics"));
        }
        let visible = visible::take(&mut item.attrs, arguments.public, arguments.from.is_some())?;
        let strict = has_only_plain_derives(&item.attrs);
        let doc = crate::doc::of(&item.attrs);
        let span = item.span();
        let Fields::Named(fields) = &mut item.fields else {
            let text = format!("`#[{attribute}]` stands on a struct with named fields");
            return Err(Error::new(span, text));
        };
        let mut parts = Columns::default();
        for field in &mut fields.named {
            parts.add_column(field, strict)?;
        }
        if let Some(key) = arguments.primary_key {
            if parts.primary.replace(parts.indexes.len()).is_some() {
                let text = "a column is the primary key already; a table has one";
                return Err(Error::new(key.at.span(), text));
            }
            parts.indexes.push(key.resolve(&parts.columns)?);
        }
        for index in arguments.indexes {
            parts.indexes.push(index.resolve(&parts.columns)?);
        }
        for reference in arguments.references {
            parts.references.push(reference.resolve(&parts.columns)?);
        }
        parts.index_references();
        check_index_names(&parts.indexes)?;
        parts.check_private()?;
        let Columns { columns, indexes, primary, references, priority } = parts;
        Ok(Self {
            name: arguments.name.unwrap_or_else(|| snake_case(&item.ident)),
            public: arguments.public,
            visible,
            priority: (arguments.priority.unwrap_or(1.0), priority),
            durability: arguments.durability.unwrap_or_default(),
            row: item.ident.clone(),
            visibility: item.vis.clone(),
            columns,
            indexes,
            primary,
            references,
            renamed_from: arguments.renamed_from,
            from: arguments.from,
            doc,
        })
    }
}

/// Whether no derive could bring attributes of its own, so that an unknown one is a mistake.
fn has_only_plain_derives(attributes: &[Attribute]) -> bool {
    const PLAIN: [&str; 9] =
        ["Debug", "Clone", "Copy", "PartialEq", "Eq", "PartialOrd", "Ord", "Hash", "Default"];
    let mut plain = true;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("derive")) {
        let read = attribute.parse_nested_meta(|derive| {
            plain &= PLAIN.iter().any(|name| derive.path.is_ident(name));
            Ok(())
        });
        plain &= read.is_ok();
    }
    plain
}

fn snake_case(name: &Ident) -> Ident {
    let mut snake = String::new();
    for letter in name.to_string().chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    Ident::new(&snake, Span::call_site().located_at(name.span()))
}
