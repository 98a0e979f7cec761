//! `#[reducer]`: what the author wrote, checked, and the code it becomes.

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Error, FnArg, Ident, ItemFn, LitStr, Pat, Result, Token, Type};

const ALLOWS: &str = "a reducer is `#[reducer]`, `#[reducer(init)]`, `#[reducer(client_connected)]`, \
     `#[reducer(client_disconnected)]` or `#[reducer(every = \"50ms\")]`";
const SIGNATURE: &str = "a reducer is `fn name(ctx: &Context, first: u64, second: String)`: \
     the context first, then arguments of column types";

/// Who calls the reducer.
enum Caller {
    Client,
    Server(TokenStream),
    Clock { every_us: u64 },
}

struct Parameter<'a> {
    name: &'a Ident,
    ty: &'a Type,
}

pub fn expand(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let caller: Caller = syn::parse2(arguments)?;
    let function: ItemFn =
        syn::parse2(item).map_err(|error| Error::new(error.span(), "`#[reducer]` stands on a function"))?;
    check_signature(&function)?;
    let parameters = parameters(&function)?;
    match (&caller, parameters.as_slice()) {
        (Caller::Client, _) | (_, []) => {}
        (Caller::Clock { .. }, [dt]) if is_named(dt.ty, "Duration") => {}
        (Caller::Clock { .. }, [first, ..]) => {
            return Err(Error::new_spanned(
                first.ty,
                "a tick takes the context and, if it likes, `dt: Duration`",
            ));
        }
        (Caller::Server(_), [first, ..]) => {
            return Err(Error::new_spanned(
                first.ty,
                "the server calls this reducer and has no arguments for it: it takes the context only",
            ));
        }
    }
    Ok(write(&function, &caller, &parameters))
}

fn write(function: &ItemFn, caller: &Caller, parameters: &[Parameter<'_>]) -> TokenStream {
    let name = &function.sig.ident;
    let text = name.to_string();
    let text = text.strip_prefix("r#").unwrap_or(&text);
    let doc = crate::doc::of(&function.attrs);
    let lifecycle = match caller {
        Caller::Client => quote! { Call },
        Caller::Server(lifecycle) => lifecycle.clone(),
        Caller::Clock { every_us } => quote! { Tick { every_us: #every_us } },
    };
    let is_tick = matches!(caller, Caller::Clock { .. });
    let dt = (is_tick && !parameters.is_empty()).then(|| quote! { context.dt(), });
    let parameters = if is_tick { &[] } else { parameters };
    let types: Vec<&Type> = parameters.iter().map(|parameter| parameter.ty).collect();
    let names = parameters.iter().map(|parameter| {
        let name = parameter.name.to_string();
        // Reducers that ignore an argument name it `_argument`.
        name.strip_prefix("r#").unwrap_or(&name).to_owned()
    });
    let locals: Vec<Ident> = (0..types.len()).map(|index| quote::format_ident!("argument_{index}")).collect();
    let positions = (0..types.len()).map(Literal::usize_unsuffixed);
    let count = types.len();
    let result = crate::registration::result_of(function);
    let registration = crate::registration::before_anything_runs(&quote! {
        static REDUCER: ::ambit_module::generated::ReducerRegistration =
            ::ambit_module::generated::ReducerRegistration {
                name: #text,
                params: || ::std::vec![#(::ambit_module::generated::field::<#types>(#names)),*],
                lifecycle: ::ambit_module::generated::Lifecycle::#lifecycle,
                doc: #doc,
                run: |context, row| {
                    const PLACES: ::ambit_module::generated::Places<#count> =
                        ::ambit_module::generated::place(0, [#((
                            <#types as ::ambit_module::generated::Column>::SIZE,
                            <#types as ::ambit_module::generated::Column>::ALIGN,
                        )),*]);
                    let _ = (&row, PLACES);
                    #(let #locals: #types = ::ambit_module::generated::Column::read(
                        row,
                        const { PLACES.offsets[#positions] },
                    )?;)*
                    let output = #name(context, #dt #(#locals),*);
                    ::core::result::Result::Ok(#result)
                },
            };
        ::ambit_module::generated::add_reducer(&REDUCER);
    });
    quote! {
        #[allow(clippy::needless_pass_by_value)]
        #function
        #registration
    }
}

fn check_signature(function: &ItemFn) -> Result<()> {
    let signature = &function.sig;
    if let Some(word) = &signature.asyncness {
        return Err(Error::new(word.span(), "a reducer runs from start to end in one transaction: no async"));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &signature.generics,
            "a reducer's arguments have fixed types: no generics",
        ));
    }
    match signature.inputs.first() {
        Some(FnArg::Typed(context)) if is_context(&context.ty) => Ok(()),
        Some(other) => Err(Error::new_spanned(other, SIGNATURE)),
        None => Err(Error::new(signature.ident.span(), SIGNATURE)),
    }
}

fn is_context(ty: &Type) -> bool {
    let Type::Reference(reference) = ty else { return false };
    reference.mutability.is_none() && is_named(&reference.elem, "Context")
}

fn is_named(ty: &Type, name: &str) -> bool {
    let Type::Path(path) = ty else { return false };
    path.path.segments.last().is_some_and(|last| last.ident == name)
}

fn parameters(function: &ItemFn) -> Result<Vec<Parameter<'_>>> {
    function.sig.inputs.iter().skip(1).map(parameter).collect()
}

fn parameter(argument: &FnArg) -> Result<Parameter<'_>> {
    let FnArg::Typed(argument) = argument else { return Err(Error::new(argument.span(), SIGNATURE)) };
    let Pat::Ident(name) = argument.pat.as_ref() else {
        return Err(Error::new(argument.pat.span(), "an argument has a plain name; callers see it"));
    };
    if let Type::Reference(reference) = argument.ty.as_ref() {
        return Err(Error::new_spanned(
            reference,
            "a reducer owns its arguments: take `String` instead of `&str`, `Vec<T>` instead of `&[T]`",
        ));
    }
    Ok(Parameter { name: &name.ident, ty: &argument.ty })
}

impl Parse for Caller {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.is_empty() {
            return Ok(Self::Client);
        }
        let word: Ident = input.parse().map_err(|error| Error::new(error.span(), ALLOWS))?;
        let caller = match word.to_string().as_str() {
            "init" => Self::Server(quote! { Init }),
            "client_connected" => Self::Server(quote! { ClientConnected }),
            "client_disconnected" => Self::Server(quote! { ClientDisconnected }),
            "every" => {
                input.parse::<Token![=]>().map_err(|error| Error::new(error.span(), ALLOWS))?;
                let interval: LitStr = input.parse().map_err(|error| Error::new(error.span(), ALLOWS))?;
                Self::Clock { every_us: microseconds(&interval)? }
            }
            _ => return Err(Error::new(word.span(), format!("unknown `{word}`: {ALLOWS}"))),
        };
        if !input.is_empty() {
            return Err(input.error(ALLOWS));
        }
        Ok(caller)
    }
}

fn microseconds(interval: &LitStr) -> Result<u64> {
    let text = interval.value();
    let split = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let unit_us = match unit.trim() {
        "ms" => Some(1_000),
        "s" => Some(1_000_000),
        "min" => Some(60_000_000),
        _ => None,
    };
    let interval_us =
        unit_us.zip(number.parse::<u64>().ok()).and_then(|(unit, number)| number.checked_mul(unit));
    interval_us.filter(|&us| us > 0).ok_or_else(|| {
        Error::new(
            interval.span(),
            "an interval is a whole number with a unit, at least 1 ms: \"50ms\", \"2s\", \"10min\"",
        )
    })
}
