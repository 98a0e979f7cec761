//! `#[derive(Column)]`: structs and enums as column types.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use syn::spanned::Spanned;
use syn::{Data, DataEnum, DeriveInput, Error, Fields, Ident, Member, Result, Type};

/// The fields of a struct or a variant.
struct FieldList<'a> {
    members: Vec<Member>,
    names: Vec<String>,
    types: Vec<&'a Type>,
}

pub fn expand(item: TokenStream) -> Result<TokenStream> {
    let item: DeriveInput = syn::parse2(item)?;
    if !item.generics.params.is_empty() {
        return Err(Error::new_spanned(&item.generics, "a column type is one type: no generics"));
    }
    match &item.data {
        Data::Struct(data) => Ok(structure(&item.ident, &FieldList::of(&data.fields))),
        Data::Enum(data) => enumeration(&item.ident, data),
        Data::Union(data) => {
            Err(Error::new(data.union_token.span(), "a column type is a struct or an enum, not a union"))
        }
    }
}

impl<'a> FieldList<'a> {
    fn of(fields: &'a Fields) -> Self {
        Self {
            members: fields.members().collect(),
            names: fields.members().map(|member| member_name(&member)).collect(),
            types: fields.iter().map(|field| &field.ty).collect(),
        }
    }

    /// The constant with the fields' places.
    fn places(&self, first_offset: usize) -> TokenStream {
        let types = &self.types;
        let count = types.len();
        quote! {
            const PLACES: ::ambit_module::generated::Places<#count> =
                ::ambit_module::generated::place(#first_offset, [#((
                    <#types as ::ambit_module::generated::Column>::SIZE,
                    <#types as ::ambit_module::generated::Column>::ALIGN,
                )),*]);
        }
    }

    fn schema(&self) -> TokenStream {
        let (names, types) = (&self.names, &self.types);
        quote! { ::std::vec![#(::ambit_module::generated::field::<#types>(#names)),*] }
    }

    fn positions(&self) -> Vec<Literal> {
        (0..self.types.len()).map(Literal::usize_unsuffixed).collect()
    }

    fn locals(&self) -> Vec<Ident> {
        (0..self.types.len()).map(|index| format_ident!("field_{index}")).collect()
    }
}

fn structure(name: &Ident, fields: &FieldList<'_>) -> TokenStream {
    let text = name.to_string();
    let (members, types, positions) = (&fields.members, &fields.types, fields.positions());
    let (places, schema) = (fields.places(0), fields.schema());
    quote! {
        const _: () = {
            #places

            impl ::ambit_module::generated::Column for #name {
                const SIZE: usize = PLACES.size;
                const ALIGN: usize = PLACES.align;
                const IS_FIXED: bool = true #(&& <#types as ::ambit_module::generated::Column>::IS_FIXED)*;

                fn column_type() -> ::ambit_module::generated::ColumnType {
                    ::ambit_module::generated::struct_type(#text, #schema)
                }

                #[inline]
                fn write(&self, writer: &mut ::ambit_module::generated::RowWriter<'_>, at: usize) {
                    let _ = (&writer, at);
                    #(::ambit_module::generated::Column::write(
                        &self.#members, writer, at + const { PLACES.offsets[#positions] },
                    );)*
                }

                #[inline]
                fn read(
                    reader: ::ambit_module::generated::RowReader<'_>,
                    at: usize,
                ) -> ::core::result::Result<Self, ::ambit_module::generated::DecodeError> {
                    let _ = (reader, at);
                    ::core::result::Result::Ok(Self {
                        #(#members: ::ambit_module::generated::Column::read(
                            reader, at + const { PLACES.offsets[#positions] },
                        )?,)*
                    })
                }
            }
        };
    }
}

fn enumeration(name: &Ident, data: &DataEnum) -> Result<TokenStream> {
    if data.variants.is_empty() || data.variants.len() > 256 {
        return Err(Error::new(name.span(), "an enum has 1 to 256 variants: its tag is one byte"));
    }
    for variant in &data.variants {
        if let Some((_, number)) = &variant.discriminant {
            return Err(Error::new(
                number.span(),
                "tags are counted from 0 in declared order; a number of one's own is not possible",
            ));
        }
    }
    let text = name.to_string();
    let has_payload = data.variants.iter().any(|variant| !variant.fields.is_empty());
    let lists: Vec<(&Ident, FieldList<'_>)> =
        data.variants.iter().map(|variant| (&variant.ident, FieldList::of(&variant.fields))).collect();
    let schemas = lists.iter().map(|(variant, fields)| {
        let (variant, fields) = (variant.to_string(), fields.schema());
        quote! { (#variant, #fields) }
    });
    let (size, align) = if has_payload { (8usize, 4usize) } else { (1, 1) };
    let writes = lists
        .iter()
        .zip(0u8..=255)
        .map(|((variant, fields), tag)| write_variant(variant, fields, tag, has_payload));
    let reads =
        lists.iter().zip(0u8..=255).map(|((variant, fields), tag)| read_variant(variant, fields, tag));
    let block = if has_payload {
        quote! { reader.heap_ref(at)?.0 }
    } else {
        quote! { at }
    };
    let is_fixed = !has_payload;
    let orderable = (!has_payload).then(|| quote! { impl ::ambit_module::generated::Orderable for #name {} });
    Ok(quote! {
        #orderable

        impl ::ambit_module::generated::Column for #name {
            const SIZE: usize = #size;
            const ALIGN: usize = #align;
            const IS_FIXED: bool = #is_fixed;

            fn column_type() -> ::ambit_module::generated::ColumnType {
                ::ambit_module::generated::enum_type(#text, ::std::vec![#(#schemas),*])
            }

            #[inline]
            fn write(&self, writer: &mut ::ambit_module::generated::RowWriter<'_>, at: usize) {
                match self {
                    #(#writes)*
                }
            }

            #[inline]
            fn read(
                reader: ::ambit_module::generated::RowReader<'_>,
                at: usize,
            ) -> ::core::result::Result<Self, ::ambit_module::generated::DecodeError> {
                let block = #block;
                match reader.byte(block)? {
                    #(#reads)*
                    #[allow(unreachable_patterns)]
                    _ => ::core::result::Result::Err(::ambit_module::generated::unknown_tag(block)),
                }
            }
        }
    })
}

fn write_variant(variant: &Ident, fields: &FieldList<'_>, tag: u8, has_payload: bool) -> TokenStream {
    if !has_payload {
        return quote! { Self::#variant { .. } => writer.put(at, &[#tag]), };
    }
    let (members, locals, positions, places) =
        (&fields.members, fields.locals(), fields.positions(), fields.places(1));
    quote! {
        Self::#variant { #(#members: #locals),* } => {
            #places
            let block = writer.block(at, PLACES.size, PLACES.align);
            writer.put(block, &[#tag]);
            #(::ambit_module::generated::Column::write(
                #locals, writer, block + const { PLACES.offsets[#positions] },
            );)*
        }
    }
}

fn read_variant(variant: &Ident, fields: &FieldList<'_>, tag: u8) -> TokenStream {
    let (members, positions) = (&fields.members, fields.positions());
    let places = fields.places(1);
    let places = (!fields.types.is_empty()).then_some(places);
    quote! {
        #tag => {
            #places
            ::core::result::Result::Ok(Self::#variant {
                #(#members: ::ambit_module::generated::Column::read(
                    reader, block + const { PLACES.offsets[#positions] },
                )?,)*
            })
        }
    }
}

fn member_name(member: &Member) -> String {
    match member {
        Member::Named(name) => {
            let name = name.to_string();
            name.strip_prefix("r#").map(str::to_owned).unwrap_or(name)
        }
        Member::Unnamed(index) => format!("_{}", index.index),
    }
}
