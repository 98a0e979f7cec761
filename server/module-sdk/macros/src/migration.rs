//! `#[migration]`: what the author wrote, checked, and the code it becomes.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{
    AngleBracketedGenericArguments, Error, FnArg, Ident, ItemFn, LitInt, PathArguments, Result, Type,
    parse_quote,
};

const ALLOWS: &str = "a migration is `#[migration(from = 1)]`: it starts from databases of version 1 and leads to the module's own";
const SIGNATURE: &str = "a migration is `fn name(ctx: &Migration)`: it takes nothing else";

pub fn expand(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let from = from.parse2(arguments)?;
    let mut function: ItemFn =
        syn::parse2(item).map_err(|error| Error::new(error.span(), "`#[migration]` stands on a function"))?;
    read_signature(&mut function, from)?;
    Ok(write(&function, from))
}

fn write(function: &ItemFn, from: u32) -> TokenStream {
    let name = &function.sig.ident;
    let text = name.to_string();
    let text = text.strip_prefix("r#").unwrap_or(&text);
    let result = crate::registration::result_of(function);
    let registration = crate::registration::before_anything_runs(&quote! {
        static MIGRATION: ::ambit_module::generated::MigrationRegistration =
            ::ambit_module::generated::MigrationRegistration {
                name: #text,
                from: #from,
                run: |header| {
                    let output = #name(&::ambit_module::generated::migration::<#from>(header));
                    #result
                },
            };
        ::ambit_module::generated::add_migration(&MIGRATION);
    });
    quote! {
        #function
        #registration
    }
}

fn from(input: ParseStream<'_>) -> Result<u32> {
    let word: Ident = input.parse().map_err(|error| Error::new(error.span(), ALLOWS))?;
    if word != "from" {
        return Err(Error::new(word.span(), format!("unknown `{word}`: {ALLOWS}")));
    }
    let from = crate::table::version(input, ALLOWS)?;
    if !input.is_empty() {
        return Err(input.error(ALLOWS));
    }
    Ok(from)
}

/// Checks the signature and completes `&Migration` to `&Migration<from>`, which the attribute has said already.
fn read_signature(function: &mut ItemFn, from: u32) -> Result<()> {
    let signature = &mut function.sig;
    if let Some(word) = &signature.asyncness {
        return Err(Error::new(
            word.span(),
            "a migration runs from start to end in one transaction: no async",
        ));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new_spanned(&signature.generics, "a migration is one function: no generics"));
    }
    let span = signature.ident.span();
    if let Some(second) = signature.inputs.iter().nth(1) {
        return Err(Error::new_spanned(second, SIGNATURE));
    }
    let Some(FnArg::Typed(context)) = signature.inputs.first_mut() else {
        return Err(Error::new(span, SIGNATURE));
    };
    let wrong = Error::new_spanned(&context.ty, SIGNATURE);
    let Type::Reference(reference) = context.ty.as_mut() else { return Err(wrong) };
    let Type::Path(path) = reference.elem.as_mut() else { return Err(wrong) };
    match path.path.segments.last_mut() {
        Some(last) if last.ident == "Migration" && reference.mutability.is_none() => {
            let expected: AngleBracketedGenericArguments = parse_quote! { <#from> };
            match &last.arguments {
                PathArguments::AngleBracketed(given) if number(given) != Some(from) => {
                    Err(Error::new_spanned(
                        given,
                        format!("the attribute says that it starts from version {from}"),
                    ))
                }
                PathArguments::Parenthesized(_) => Err(wrong),
                PathArguments::AngleBracketed(_) | PathArguments::None => {
                    last.arguments = PathArguments::AngleBracketed(expected);
                    Ok(())
                }
            }
        }
        Some(_) | None => Err(wrong),
    }
}

/// The version in `<1>`.
fn number(arguments: &AngleBracketedGenericArguments) -> Option<u32> {
    let arguments = &arguments.args;
    syn::parse2::<LitInt>(quote! { #arguments }).and_then(|number| number.base10_parse()).ok()
}
