//! `#[derive(Arguments)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::{fields_of, name_of, option_of, summary_of};

pub(crate) fn derive(input: &DeriveInput) -> syn::Result<TokenStream> {
    let mut list = Vec::new();
    let mut reads = Vec::new();
    let (mut setters, mut query_setters) = (Vec::new(), Vec::new());
    for field in fields_of(input)? {
        let (ident, name, doc) = (&field.ident, name_of(field), summary_of(&field.attrs));
        let inner = option_of(&field.ty);
        let ty = crate::contract::type_text(inner.unwrap_or(&field.ty));
        list.push(
            quote!(crate::contract::method::Argument { name: #name, ty: #ty, required: false, doc: #doc, table: None }),
        );
        let docs = field.attrs.iter().filter(|attribute| attribute.path().is_ident("doc"));
        let docs: Vec<_> = docs.collect();
        let (ty, value) = match inner {
            Some(inner) => (quote!(impl Into<#inner>), quote!(Some(#ident.into()))),
            None => {
                let ty = &field.ty;
                (quote!(#ty), quote!(#ident))
            }
        };
        let setter = |target: TokenStream| {
            quote! {
                #(#docs)*
                #[must_use]
                pub fn #ident(mut self, #ident: #ty) -> Self {
                    #target.#ident = #value;
                    self
                }
            }
        };
        setters.push(setter(quote!(self)));
        query_setters.push(setter(quote!(self.filter)));
        let optional = match inner.unwrap_or(&field.ty) {
            // A time bound may be empty text, which means no bound.
            syn::Type::Path(path) if path.path.is_ident("Timestamp") => quote!(optional_time),
            ty => {
                let reader = crate::contract::readers(ty).0;
                quote!(#reader)
            }
        };
        reads.push(if inner.is_some() {
            quote!(#ident: arguments.#optional(#name)?)
        } else {
            quote!(#ident: arguments.#optional(#name)?.unwrap_or(default.#ident))
        });
    }
    let ident = &input.ident;
    Ok(quote! {
        impl #ident {
            #(#setters)*
        }

        impl crate::contract::Query<#ident> {
            #(#query_setters)*
        }

        impl crate::contract::method::Arguments for #ident {
            const OWN: &'static [crate::contract::method::Argument] = &[#(#list),*];

            #[allow(clippy::needless_update, unused_variables, reason = "a struct may consist of optional fields alone")]
            fn read(arguments: &mut crate::contract::method::CallArguments) -> crate::error::Result<Self> {
                let default = <Self as Default>::default();
                Ok(Self { #(#reads),* })
            }
        }
    })
}
