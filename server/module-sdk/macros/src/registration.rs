//! What tables, reducers and migrations share: being added to the module before anything runs, and results.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{ItemFn, ReturnType};

/// A constructor that runs `add`. WebAssembly's linker gathers `.init_array`, and the first export that the
/// database calls runs it; Linux runs it when the program starts.
pub fn before_anything_runs(add: &TokenStream) -> TokenStream {
    quote! {
        #[allow(unsafe_code)]
        const _: () = {
            extern "C" fn add() {
                #add
            }

            #[used]
            #[cfg_attr(any(target_arch = "wasm32", target_os = "linux"), unsafe(link_section = ".init_array"))]
            static ADD: extern "C" fn() = add;
        };
    }
}

/// `output`, what the function gave back, as a result. Where that is impossible, the error points at the return type.
pub fn result_of(function: &ItemFn) -> TokenStream {
    let span = match &function.sig.output {
        ReturnType::Type(_, ty) => ty.span(),
        ReturnType::Default => function.sig.ident.span(),
    };
    quote_spanned! { span => ::ambit_module::generated::ReducerOutput::into_result(output) }
}
