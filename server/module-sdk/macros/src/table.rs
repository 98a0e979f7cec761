//! `#[table]`: what the author wrote, checked.

mod attribute;
mod code;

use proc_macro2::{Span, TokenStream};
use syn::spanned::Spanned;
use syn::{Attribute, Error, Fields, Ident, ItemStruct, Result, Type, Visibility};

use attribute::{ColumnAttribute, TableArguments};

/// A table.
struct TableModel {
    name: Ident,
    public: bool,
    row: Ident,
    visibility: Visibility,
    columns: Vec<ColumnModel>,
    indexes: Vec<IndexModel>,
    /// Position of the primary key's index.
    primary: Option<usize>,
    doc: String,
}

struct ColumnModel {
    name: Ident,
    visibility: Visibility,
    ty: Type,
    auto_inc: bool,
    doc: String,
}

struct IndexModel {
    name: Ident,
    columns: Vec<usize>,
    kind: Kind,
    unique: bool,
}

#[derive(Clone, Copy)]
enum Kind {
    Hash,
    Ordered,
    Spatial { cell: f32 },
}

/// Names that the handle of every table already has.
const TAKEN_NAMES: [&str; 12] = [
    "insert",
    "try_insert",
    "insert_all",
    "find",
    "update",
    "try_update",
    "update_all",
    "patch",
    "delete",
    "iter",
    "count",
    "clone",
];

/// Names that every patch already has.
const TAKEN_BY_PATCH: [&str; 2] = ["apply", "try_apply"];

pub fn expand(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let mut item: ItemStruct = syn::parse2(item)
        .map_err(|error| Error::new(error.span(), "`#[table]` stands on a struct with named fields"))?;
    let arguments: TableArguments = syn::parse2(arguments)?;
    let model = TableModel::read(arguments, &mut item)?;
    Ok(code::write(&model, &item))
}

impl TableModel {
    /// Takes the attributes that are the macro's own from the struct.
    fn read(arguments: TableArguments, item: &mut ItemStruct) -> Result<Self> {
        if !item.generics.params.is_empty() {
            return Err(Error::new_spanned(&item.generics, "a table's rows have one type: no generics"));
        }
        let strict = has_only_plain_derives(&item.attrs);
        let doc = crate::doc::of(&item.attrs);
        let span = item.span();
        let Fields::Named(fields) = &mut item.fields else {
            return Err(Error::new(span, "`#[table]` stands on a struct with named fields"));
        };
        let (mut columns, mut indexes, mut primary) = (Vec::new(), Vec::<IndexModel>::new(), None);
        for (position, field) in fields.named.iter_mut().enumerate() {
            let Some(name) = field.ident.clone() else { continue };
            if TAKEN_BY_PATCH.contains(&name.to_string().as_str()) {
                return Err(Error::new(
                    name.span(),
                    format!("every patch has its own `{name}`; choose another name"),
                ));
            }
            let doc = crate::doc::of(&field.attrs);
            let mut column = ColumnModel {
                name,
                visibility: field.vis.clone(),
                ty: field.ty.clone(),
                auto_inc: false,
                doc,
            };
            let mut attributes = Vec::new();
            for attribute in std::mem::take(&mut field.attrs) {
                let Some(known) = ColumnAttribute::read(&attribute, strict)? else {
                    field.attrs.push(attribute);
                    continue;
                };
                let (kind, unique) = match known {
                    ColumnAttribute::AutoInc => {
                        column.auto_inc = true;
                        continue;
                    }
                    ColumnAttribute::PrimaryKey(kind) => {
                        if primary.replace(indexes.len()).is_some() {
                            return Err(Error::new_spanned(
                                &attribute,
                                "a table has one primary key; use `#[unique]` here",
                            ));
                        }
                        (kind, true)
                    }
                    ColumnAttribute::Unique(kind) => (kind, true),
                    ColumnAttribute::Index(kind) => (kind, false),
                };
                attributes.push(attribute);
                if let [_, second] = &attributes[..] {
                    return Err(Error::new_spanned(
                        second,
                        "a column has one index of its own; a primary key is already unique, a unique column already indexed",
                    ));
                }
                indexes.push(IndexModel { name: column.name.clone(), columns: vec![position], kind, unique });
            }
            columns.push(column);
        }
        for index in arguments.indexes {
            indexes.push(index.resolve(&columns)?);
        }
        check_index_names(&indexes)?;
        let name = arguments.name.unwrap_or_else(|| snake_case(&item.ident));
        Ok(Self {
            name,
            public: arguments.public,
            row: item.ident.clone(),
            visibility: item.vis.clone(),
            columns,
            indexes,
            primary,
            doc,
        })
    }
}

fn check_index_names(indexes: &[IndexModel]) -> Result<()> {
    for (position, index) in indexes.iter().enumerate() {
        if TAKEN_NAMES.contains(&index.name.to_string().as_str()) {
            return Err(Error::new(
                index.name.span(),
                format!(
                    "every table has its own `{0}`; name the index otherwise: `#[table(index(name = by_{0}, hash, columns = [{0}]))]`",
                    index.name
                ),
            ));
        }
        if indexes[..position].iter().any(|earlier| earlier.name == index.name) {
            return Err(Error::new(index.name.span(), format!("another index is named `{}`", index.name)));
        }
    }
    Ok(())
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
