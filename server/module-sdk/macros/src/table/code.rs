//! `#[table]` and `#[old_table]`: the code they write.

mod access;

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, ItemStruct, Type};

use super::quantize::QuantizeModel;
use super::{ColumnModel, Durability, IndexModel, Kind, OnDelete, ReferenceModel, TableModel};

pub fn write(table: &TableModel, item: &ItemStruct) -> TokenStream {
    let row = row(table);
    let schema = schema(table);
    // A migration need not look at every column of what it reads.
    let allow = table.from.is_some().then(|| quote! { #[allow(dead_code)] });
    let access = access::write(table);
    let patch = table.from.is_none().then(|| access::patch(table));
    let checks = checks(table);
    quote! {
        #allow
        #item
        #row
        #schema
        #access
        #patch
        #checks
    }
}

/// `Row`: the columns' places, how they are written and read.
fn row(table: &TableModel) -> TokenStream {
    let TableModel { row, columns, .. } = table;
    let names: Vec<&Ident> = columns.iter().map(|column| &column.name).collect();
    let types: Vec<&Type> = columns.iter().map(|column| &column.ty).collect();
    let texts: Vec<String> = names.iter().map(|name| text(name)).collect();
    let count = columns.len();
    let positions: Vec<Literal> = (0..count).map(Literal::usize_unsuffixed).collect();
    let read_auto_inc = table.from.is_none().then(|| read_auto_inc(table));
    quote! {
        impl #row {
            const __AMBIT_PLACES: ::ambit_module::generated::Places<#count> =
                ::ambit_module::generated::place(0, [#((
                    <#types as ::ambit_module::generated::Column>::SIZE,
                    <#types as ::ambit_module::generated::Column>::ALIGN,
                )),*]);

            #read_auto_inc
        }

        impl ::ambit_module::generated::Row for #row {
            const FIXED_BYTES: usize = Self::__AMBIT_PLACES.row_bytes;

            fn fields() -> ::std::vec::Vec<::ambit_module::generated::Field> {
                ::std::vec![#(::ambit_module::generated::field::<#types>(#texts)),*]
            }

            #[inline]
            fn write_columns(&self, writer: &mut ::ambit_module::generated::RowWriter<'_>) {
                #(::ambit_module::generated::Column::write(
                    &self.#names,
                    writer,
                    const { Self::__AMBIT_PLACES.offsets[#positions] },
                );)*
            }

            #[inline]
            fn read_columns(
                reader: ::ambit_module::generated::RowReader<'_>,
            ) -> ::core::result::Result<Self, ::ambit_module::generated::DecodeError> {
                ::core::result::Result::Ok(Self {
                    #(#names: ::ambit_module::generated::Column::read(
                        reader,
                        const { Self::__AMBIT_PLACES.offsets[#positions] },
                    )?,)*
                })
            }
        }
    }
}

/// How a row takes over the numbers that the database filled in.
fn read_auto_inc(table: &TableModel) -> TokenStream {
    let auto_inc = (0..).zip(&table.columns).filter(|(_, column)| column.auto_inc);
    let (positions, names): (Vec<Literal>, Vec<&Ident>) =
        auto_inc.map(|(position, column)| (Literal::usize_unsuffixed(position), &column.name)).unzip();
    quote! {
        #[inline]
        fn __ambit_read_auto_inc(
            &mut self,
            row: ::ambit_module::generated::RowReader<'_>,
        ) -> ::core::result::Result<(), ::ambit_module::generated::DecodeError> {
            let _ = row;
            #(self.#names = ::ambit_module::generated::Column::read(
                row,
                const { Self::__AMBIT_PLACES.offsets[#positions] },
            )?;)*
            ::core::result::Result::Ok(())
        }
    }
}

/// `Stored`, `Table` and `PrimaryKey`, and the registration.
fn schema(table: &TableModel) -> TokenStream {
    let TableModel { name, row, .. } = table;
    let (table_name, description) = (text(name), description(table));
    let primary_key = table.primary.and_then(|position| {
        let key = key_type(table, table.indexes.get(position)?);
        let index = Literal::usize_unsuffixed(position);
        Some(quote! {
            impl ::ambit_module::generated::PrimaryKey for #row {
                type Key = #key;
                const INDEX: u32 = #index;
            }
        })
    });
    let registered = quote! { <#row as ::ambit_module::generated::Stored>::registration() };
    let registration = crate::registration::before_anything_runs(&match table.from {
        None => quote! { ::ambit_module::generated::add_table(#registered); },
        Some(from) => quote! { ::ambit_module::generated::add_old_table(#from, #registered); },
    });
    let writable = table.from.is_none().then(|| {
        let patch = patch_name(table);
        quote! {
            impl ::ambit_module::generated::Table for #row {
                type Patch = #patch;

                #[inline]
                fn read_auto_inc(
                    &mut self,
                    row: ::ambit_module::generated::RowReader<'_>,
                ) -> ::core::result::Result<(), ::ambit_module::generated::DecodeError> {
                    self.__ambit_read_auto_inc(row)
                }
            }
        }
    });
    quote! {
        impl ::ambit_module::generated::Stored for #row {
            const NAME: &'static str = #table_name;

            #[inline]
            fn registration() -> &'static ::ambit_module::generated::TableRegistration {
                static TABLE: ::ambit_module::generated::TableRegistration =
                    ::ambit_module::generated::TableRegistration::new(
                        #table_name,
                        <#row as ::ambit_module::generated::Stored>::describe,
                    );
                &TABLE
            }

            fn describe() -> ::ambit_module::generated::TableSchema {
                #description
            }
        }

        #writable
        #primary_key
        #registration
    }
}

/// The table's schema. Of an old table only what its rows are and how they are found.
fn description(table: &TableModel) -> TokenStream {
    let TableModel { name, public, doc, .. } = table;
    let table_name = text(name);
    let is_old = table.from.is_some();
    let columns = table.columns.iter().map(|column| self::column(column, is_old));
    let indexes = table.indexes.iter().map(index);
    let primary = match table.primary {
        Some(index) => {
            let index = Literal::usize_unsuffixed(index);
            quote! { ::core::option::Option::Some(#index) }
        }
        None => quote! { ::core::option::Option::None },
    };
    let durability = match table.durability {
        Durability::Durable => quote! { Durable },
        Durability::Checkpointed => quote! { Checkpointed },
        Durability::Ephemeral => quote! { Ephemeral },
    };
    let references = table.references.iter().filter(|_| !is_old).map(reference);
    let renamed_from = optional_text(table.renamed_from.as_ref().filter(|_| !is_old));
    let visible = &table.visible;
    let (weight, column) = table.priority;
    let priority = match column.filter(|_| !is_old).map(Literal::usize_unsuffixed) {
        Some(column) => quote! { ::core::option::Option::Some(#column) },
        None => quote! { ::core::option::Option::None },
    };
    quote! {
        ::ambit_module::generated::TableSchema {
            name: ::std::borrow::ToOwned::to_owned(#table_name),
            public: #public,
            visible: ::std::vec![#(::std::borrow::ToOwned::to_owned(#visible)),*],
            priority: ::ambit_module::generated::Priority { weight: #weight, column: #priority },
            durability: ::ambit_module::generated::Durability::#durability,
            columns: ::std::vec![#(#columns),*],
            indexes: ::std::vec![#(#indexes),*],
            primary: #primary,
            references: ::std::vec![#(#references),*],
            renamed_from: #renamed_from,
            doc: ::std::borrow::ToOwned::to_owned(#doc),
        }
    }
}

fn column(column: &ColumnModel, is_old: bool) -> TokenStream {
    let (name, ty, auto_inc, doc) = (text(&column.name), &column.ty, column.auto_inc, &column.doc);
    let private = column.private && !is_old;
    let renamed_from = optional_text(column.renamed_from.as_ref().filter(|_| !is_old));
    let default = match column.default.as_ref().filter(|_| !is_old) {
        // A local of the column's type, so that a wrong expression is told in the author's words.
        Some(value) => quote! {
            ::core::option::Option::Some({
                let value: #ty = #value;
                ::ambit_module::generated::default_row(&value)
            })
        },
        None => quote! { ::core::option::Option::None },
    };
    let quantize = match column.quantize.filter(|_| !is_old).map(QuantizeModel::code) {
        Some(quantize) => quote! { ::core::option::Option::Some(#quantize) },
        None => quote! { ::core::option::Option::None },
    };
    quote! {
        ::ambit_module::generated::ColumnSchema {
            default: #default,
            renamed_from: #renamed_from,
            quantize: #quantize,
            private: #private,
            ..::ambit_module::generated::column::<#ty>(#name, #auto_inc, #doc)
        }
    }
}

fn index(index: &IndexModel) -> TokenStream {
    let (name, unique) = (text(&index.name), index.unique);
    let columns = index.columns.iter().map(|&column| Literal::usize_unsuffixed(column));
    let kind = match index.kind {
        Kind::Hash => quote! { Hash },
        Kind::Ordered => quote! { Ordered },
        Kind::Spatial { cell } => quote! { Spatial { cell: #cell } },
    };
    quote! {
        ::ambit_module::generated::index(
            #name, &[#(#columns),*], ::ambit_module::generated::IndexKind::#kind, #unique,
        )
    }
}

fn reference(reference: &ReferenceModel) -> TokenStream {
    let table = text(&reference.table);
    let columns = reference.columns.iter().map(|&column| Literal::usize_unsuffixed(column));
    let on_delete = match reference.on_delete {
        OnDelete::Restrict => quote! { Restrict },
        OnDelete::Cascade => quote! { Cascade },
    };
    quote! {
        ::ambit_module::generated::reference(
            &[#(#columns),*], #table, ::ambit_module::generated::OnDelete::#on_delete,
        )
    }
}

fn optional_text(name: Option<&Ident>) -> TokenStream {
    match name.map(text) {
        Some(name) => quote! { ::core::option::Option::Some(::std::borrow::ToOwned::to_owned(#name)) },
        None => quote! { ::core::option::Option::None },
    }
}

/// What only the types can tell, as errors at the types.
fn checks(table: &TableModel) -> TokenStream {
    let auto_inc = table.columns.iter().filter(|column| column.auto_inc).map(|column| {
        let ty = &column.ty;
        quote_spanned! { ty.span() => const _: () = ::ambit_module::generated::must_be_auto_inc::<#ty>(); }
    });
    let indexed = table.indexes.iter().flat_map(|index| {
        let columns = index.columns.iter().filter_map(|&column| table.columns.get(column));
        columns.map(|column| {
            let ty = &column.ty;
            let check = match index.kind {
                Kind::Hash => return TokenStream::new(),
                Kind::Ordered => quote_spanned! { ty.span() => must_be_orderable },
                Kind::Spatial { .. } => quote_spanned! { ty.span() => must_be_position },
            };
            quote_spanned! { ty.span() => const _: () = ::ambit_module::generated::#check::<#ty>(); }
        })
    });
    let quantised = table.columns.iter().filter_map(|column| Some((&column.ty, column.quantize?.check())));
    let quantised = quantised.map(|(ty, check)| {
        quote_spanned! { ty.span() => const _: () = ::ambit_module::generated::#check::<#ty>(); }
    });
    let priority = table.priority.1.and_then(|column| table.columns.get(column)).map(|column| {
        let ty = &column.ty;
        quote_spanned! { ty.span() => const _: () = ::ambit_module::generated::must_be_priority::<#ty>(); }
    });
    quote! { #(#auto_inc)* #(#indexed)* #(#quantised)* #priority }
}

fn key_type(table: &TableModel, index: &IndexModel) -> TokenStream {
    let types = index.columns.iter().filter_map(|&column| table.columns.get(column)).map(|column| &column.ty);
    quote! { (#(#types,)*) }
}

fn patch_name(table: &TableModel) -> Ident {
    format_ident!("{}Patch", table.row)
}

/// The name without `r#`.
fn text(name: &Ident) -> String {
    let name = name.to_string();
    name.strip_prefix("r#").map(str::to_owned).unwrap_or(name)
}
