//! The handle of a table, the method that gives it, and the collector of changes of single columns.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use syn::{Ident, Type};

use super::{key_type, patch_name, text};
use crate::table::{IndexModel, Kind, TableModel, snake_case};

/// The handle with an accessor for each index, and the method of `ctx.db` or, for an old table, `ctx.old`.
pub fn write(table: &TableModel) -> TokenStream {
    let TableModel { name, row, visibility, .. } = table;
    let (handle, access) = (format_ident!("{row}Table"), format_ident!("{row}Access"));
    let (handle_doc, access_doc, method, place) = match table.from {
        None => (
            format!("The table `{}`.", text(name)),
            format!("Gives `ctx.db` the table `{}`.", text(name)),
            name.clone(),
            quote! { Db },
        ),
        // Named after the struct: two versions of a table are two structs.
        Some(from) => (
            format!("The table `{}` as it was in version {from}.", text(name)),
            format!("Gives `ctx.old` the table `{}` as it was in version {from}.", text(name)),
            snake_case(row),
            quote! { Old<#from> },
        ),
    };
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
            fn #method(&self) -> #handle;
        }

        impl #access for ::ambit_module::generated::#place {
            #[inline]
            fn #method(&self) -> #handle {
                #handle { table: ::ambit_module::generated::table_handle() }
            }
        }
    }
}

/// The collector of changes of single columns.
pub fn patch(table: &TableModel) -> TokenStream {
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
