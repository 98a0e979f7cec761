//! Adding a table or reducer to the module before anything runs.

use proc_macro2::TokenStream;
use quote::quote;

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
