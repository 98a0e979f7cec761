//! `#[table]`: the code it writes.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, ItemStruct, Type};

use super::{IndexModel, Kind, TableModel};

pub fn write(table: &TableModel, item: &ItemStruct) -> TokenStream {
    let row = row(table);
    let schema = schema(table);
    let access = access(table);
    let patch = patch(table);
    let checks = checks(table);
    quote! {
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
    let auto_inc = columns.iter().zip(&positions).filter(|(column, _)| column.auto_inc);
    let (auto_names, auto_positions): (Vec<&Ident>, Vec<&Literal>) =
        auto_inc.map(|(column, position)| (&column.name, position)).unzip();
    quote! {
        impl #row {
            const __AMBIT_PLACES: ::ambit_module::generated::Places<#count> =
                ::ambit_module::generated::place(0, [#((
                    <#types as ::ambit_module::generated::Column>::SIZE,
                    <#types as ::ambit_module::generated::Column>::ALIGN,
                )),*]);

            #[inline]
            fn __ambit_read_auto_inc(
                &mut self,
                row: ::ambit_module::generated::RowReader<'_>,
            ) -> ::core::result::Result<(), ::ambit_module::generated::DecodeError> {
                let _ = row;
                #(self.#auto_names = ::ambit_module::generated::Column::read(
                    row,
                    const { Self::__AMBIT_PLACES.offsets[#auto_positions] },
                )?;)*
                ::core::result::Result::Ok(())
            }
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

/// `Table` and `PrimaryKey`, and the registration.
fn schema(table: &TableModel) -> TokenStream {
    let TableModel { name, public, row, doc, .. } = table;
    let table_name = text(name);
    let patch = patch_name(table);
    let columns = table.columns.iter().map(|column| {
        let (name, ty, auto_inc, doc) = (text(&column.name), &column.ty, column.auto_inc, &column.doc);
        quote! { ::ambit_module::generated::column::<#ty>(#name, #auto_inc, #doc) }
    });
    let indexes = table.indexes.iter().map(|index| {
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
    });
    let primary = match table.primary {
        Some(index) => {
            let index = Literal::usize_unsuffixed(index);
            quote! { ::core::option::Option::Some(#index) }
        }
        None => quote! { ::core::option::Option::None },
    };
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
    let registration = crate::registration::before_anything_runs(&quote! {
        ::ambit_module::generated::add_table(<#row as ::ambit_module::generated::Table>::registration());
    });
    quote! {
        impl ::ambit_module::generated::Table for #row {
            const NAME: &'static str = #table_name;
            type Patch = #patch;

            #[inline]
            fn registration() -> &'static ::ambit_module::generated::TableRegistration {
                static TABLE: ::ambit_module::generated::TableRegistration =
                    ::ambit_module::generated::TableRegistration::new(
                        #table_name,
                        <#row as ::ambit_module::generated::Table>::describe,
                    );
                &TABLE
            }

            fn describe() -> ::ambit_module::generated::TableSchema {
                ::ambit_module::generated::TableSchema {
                    name: ::std::borrow::ToOwned::to_owned(#table_name),
                    public: #public,
                    columns: ::std::vec![#(#columns),*],
                    indexes: ::std::vec![#(#indexes),*],
                    primary: #primary,
                    doc: ::std::borrow::ToOwned::to_owned(#doc),
                    ..::core::default::Default::default()
                }
            }

            #[inline]
            fn read_auto_inc(
                &mut self,
                row: ::ambit_module::generated::RowReader<'_>,
            ) -> ::core::result::Result<(), ::ambit_module::generated::DecodeError> {
                self.__ambit_read_auto_inc(row)
            }
        }

        #primary_key
        #registration
    }
}

/// The handle with an accessor for each index, and the method of `ctx.db`.
fn access(table: &TableModel) -> TokenStream {
    let TableModel { name, row, visibility, .. } = table;
    let (handle, access) = (format_ident!("{row}Table"), format_ident!("{row}Access"));
    let handle_doc = format!("The table `{}`.", text(name));
    let access_doc = format!("Gives `ctx.db` the table `{}`.", text(name));
    let accessors = table.indexes.iter().zip(0u32..).map(|(index, id)| {
        let doc = format!("The index `{}`.", text(&index.name));
        let (name, ty) = (&index.name, index_type(table, index));
        quote! {
            #[doc = #doc]
            #[allow(dead_code)]
            #[inline]
            #visibility const fn #name(&self) -> #ty {
                <#ty>::new(#id)
            }
        }
    });
    quote! {
        #[doc = #handle_doc]
        #[derive(Debug, Clone, Copy)]
        #visibility struct #handle {
            table: ::ambit_module::generated::TableHandle<#row>,
        }

        impl #handle {
            #(#accessors)*
        }

        impl ::core::ops::Deref for #handle {
            type Target = ::ambit_module::generated::TableHandle<#row>;

            #[inline]
            fn deref(&self) -> &Self::Target {
                &self.table
            }
        }

        #[doc = #access_doc]
        #visibility trait #access {
            #[doc = #handle_doc]
            fn #name(&self) -> #handle;
        }

        impl #access for ::ambit_module::generated::Db {
            #[inline]
            fn #name(&self) -> #handle {
                #handle { table: ::ambit_module::generated::table_handle() }
            }
        }
    }
}

/// The collector of changes of single columns.
fn patch(table: &TableModel) -> TokenStream {
    let TableModel { name, visibility, columns, .. } = table;
    let patch = patch_name(table);
    let patch_doc = format!("A change of single columns of a row of `{}`.", text(name));
    let names: Vec<&Ident> = columns.iter().map(|column| &column.name).collect();
    let types: Vec<&Type> = columns.iter().map(|column| &column.ty).collect();
    let slots: Vec<Ident> = names.iter().map(|name| format_ident!("new_{}", name)).collect();
    let visibilities = columns.iter().map(|column| &column.visibility);
    let docs = names.iter().map(|name| format!("Changes the column `{}`.", text(name)));
    let positions = (0..columns.len()).map(Literal::usize_unsuffixed);
    quote! {
        #[doc = #patch_doc]
        #[must_use = "a patch changes nothing until `.apply()`"]
        #visibility struct #patch {
            target: ::ambit_module::generated::PatchTarget,
            #(#slots: ::core::option::Option<#types>,)*
        }

        impl ::core::convert::From<::ambit_module::generated::PatchTarget> for #patch {
            #[inline]
            fn from(target: ::ambit_module::generated::PatchTarget) -> Self {
                Self { target, #(#slots: ::core::option::Option::None,)* }
            }
        }

        #[allow(dead_code)]
        impl #patch {
            #(
                #[doc = #docs]
                #[inline]
                #visibilities fn #names(mut self, value: #types) -> Self {
                    self.#slots = ::core::option::Option::Some(value);
                    self
                }
            )*

            /// Changes the columns in the database. If there is no such row, or a unique index forbids it, the
            /// call ends and is rolled back; `try_apply` says so instead.
            #[inline]
            #[track_caller]
            #visibility fn apply(self) {
                ::ambit_module::generated::must_patch(self.try_apply());
            }

            /// Changes the columns in the database, or says why not.
            #[inline]
            #visibility fn try_apply(
                self,
            ) -> ::core::result::Result<(), ::ambit_module::generated::PatchError> {
                let Self { target, #(#slots,)* } = self;
                target.apply(|columns| {
                    let _ = &columns;
                    #(columns.add(#positions, #slots);)*
                })
            }
        }
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
    quote! { #(#auto_inc)* #(#indexed)* }
}

fn index_type(table: &TableModel, index: &IndexModel) -> TokenStream {
    let row = &table.row;
    let unique = index.unique;
    let ordered = match index.kind {
        Kind::Hash => false,
        Kind::Ordered => true,
        Kind::Spatial { .. } => {
            let ty =
                index.columns.iter().filter_map(|&column| table.columns.get(column)).map(|column| &column.ty);
            return quote! { ::ambit_module::generated::SpatialIndex<#row, #(#ty)*> };
        }
    };
    let key = key_type(table, index);
    quote! { ::ambit_module::generated::Index<#row, #key, #unique, #ordered> }
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
