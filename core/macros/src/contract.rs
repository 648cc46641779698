//! `#[contract]`.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote};
use syn::{
    Expr, FnArg, GenericArgument, Ident, ItemTrait, LitStr, Meta, Pat, PathArguments, ReturnType, TraitItem,
    TraitItemFn, Type,
};

use crate::{generic_of, option_of, summary_of};

/// One parameter of a contract method.
struct Parameter {
    ident: Ident,
    ty: Type,
    doc: String,
    default: Option<Expr>,
    /// The fields of the type are the arguments.
    is_struct: bool,
}

/// What `#[write]` says of a method: that its body commits the unit's method of the same name.
#[derive(Default)]
struct Write {
    /// What a conflict means that the engine finds.
    conflict: Option<LitStr>,
}

pub(crate) fn expand(mut item: ItemTrait) -> syn::Result<TokenStream> {
    let mut forwards = Vec::new();
    let mut methods = Vec::new();
    for entry in &mut item.items {
        let TraitItem::Fn(function) = entry else {
            return Err(syn::Error::new_spanned(entry, "a contract consists of methods"));
        };
        if function.sig.asyncness.is_none() {
            return Err(syn::Error::new_spanned(&function.sig, "a contract method is async"));
        }
        let parameters = parameters_of(function)?;
        if let Some(unknown) = function.attrs.iter().find(|attribute| !is_known(attribute)) {
            return Err(syn::Error::new_spanned(
                unknown,
                "a contract method takes `#[write]` or `#[writes]` beside Rust's own attributes",
            ));
        }
        let mut writes = is_marked(function, "writes");
        if let Some(write) = write_of(function)? {
            function.default = Some(commit(function, &parameters, &write)?);
            function.semi_token = None;
            writes = true;
        }
        forwards.push(forward(function, &parameters)?);
        methods.push(method(function, &parameters, &item.ident, writes)?);
        show_signature(function);
    }
    let ident = &item.ident;
    Ok(quote! {
        #[::async_trait::async_trait]
        #item

        #[::async_trait::async_trait]
        impl #ident for crate::telemetry::Instrumented {
            #(#forwards)*
        }

        impl dyn #ident {
            /// The methods of this part of the contract, for calls by name.
            pub(crate) const METHODS: &'static [crate::contract::method::Method] = &[#(#methods),*];
        }
    })
}

fn parameters_of(function: &mut TraitItemFn) -> syn::Result<Vec<Parameter>> {
    let mut parameters = Vec::new();
    for input in &mut function.sig.inputs {
        let FnArg::Typed(input) = input else { continue };
        let Pat::Ident(pattern) = &*input.pat else {
            return Err(syn::Error::new_spanned(&input.pat, "a contract argument has a plain name"));
        };
        let mut parameter = Parameter {
            ident: pattern.ident.clone(),
            ty: (*input.ty).clone(),
            doc: summary_of(&input.attrs),
            default: None,
            is_struct: false,
        };
        for attribute in std::mem::take(&mut input.attrs) {
            if attribute.path().is_ident("default") {
                parameter.default = Some(attribute.parse_args()?);
            } else if attribute.path().is_ident("arguments") {
                parameter.is_struct = true;
            } else if !attribute.path().is_ident("doc") {
                return Err(syn::Error::new_spanned(
                    attribute,
                    "a contract argument takes `#[default(…)]` or `#[arguments]`",
                ));
            }
        }
        if parameter.is_struct && parameters.iter().any(|other: &Parameter| other.is_struct) {
            return Err(syn::Error::new_spanned(
                &parameter.ident,
                "one argument can be `#[arguments]`, not two",
            ));
        }
        parameters.push(parameter);
    }
    Ok(parameters)
}

fn is_known(attribute: &syn::Attribute) -> bool {
    ["doc", "write", "writes", "allow", "expect", "cfg", "deprecated", "must_use"]
        .iter()
        .any(|name| attribute.path().is_ident(name))
}

/// Takes a mark off the method; whether it was there.
fn is_marked(function: &mut TraitItemFn, mark: &str) -> bool {
    let before = function.attrs.len();
    function.attrs.retain(|attribute| !attribute.path().is_ident(mark));
    function.attrs.len() < before
}

/// Takes `#[write]` off the method.
fn write_of(function: &mut TraitItemFn) -> syn::Result<Option<Write>> {
    let Some(at) = function.attrs.iter().position(|attribute| attribute.path().is_ident("write")) else {
        return Ok(None);
    };
    let attribute = function.attrs.remove(at);
    if let Some(body) = &function.default {
        return Err(syn::Error::new_spanned(body, "`#[write]` makes the body"));
    }
    let mut write = Write::default();
    if !matches!(attribute.meta, Meta::Path(_)) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("conflict") {
                return Err(meta.error("expected `conflict = \"what it means\"`"));
            }
            write.conflict = Some(meta.value()?.parse()?);
            Ok(())
        })?;
    }
    Ok(Some(write))
}

/// Puts the method's signature as it is written above its documentation: what async_trait makes of it fills a screen.
fn show_signature(function: &mut TraitItemFn) {
    let mut text = function.sig.to_token_stream().to_string();
    for (spaced, written) in [
        (" < ", "<"),
        (" <", "<"),
        (" >", ">"),
        (" :: ", "::"),
        (" : ", ": "),
        ("& ", "&"),
        (" ,", ","),
        ("( ", "("),
        (" )", ")"),
        (",)", ")"),
    ] {
        text = text.replace(spaced, written);
    }
    let fence = "```text";
    let lines = [fence, &text, "```", ""];
    let docs = lines.into_iter().map(|line| syn::parse_quote!(#[doc = #line]));
    function.attrs.splice(0..0, docs);
}

/// The body of a write: the unit's method of the same name, committed. The name of the argument that is a record or a list of
/// records stands before what an error says of it.
fn commit(function: &TraitItemFn, parameters: &[Parameter], write: &Write) -> syn::Result<syn::Block> {
    let ident = &function.sig.ident;
    let arguments = parameters.iter().map(|parameter| &parameter.ident);
    let conflict = write.conflict.as_ref().map(|message| quote!(let error = error.conflict_means(#message);));
    let path = parameters.iter().find(|parameter| is_record(&parameter.ty)).map(|parameter| {
        let name = parameter.ident.to_string();
        quote!(let error = error.within(#name);)
    });
    syn::parse2(quote! {{
        self.unit().#ident(#(#arguments),*).commit().await.map_err(|error| {
            #conflict
            #path
            error
        })
    }})
}

/// Whether an error inside of an argument of this type needs the argument's name: records, changesets, and lists of records.
fn is_record(ty: &Type) -> bool {
    const PLAIN: [&str; 8] = ["String", "Json", "Timestamp", "Option", "bool", "i64", "u64", "f64"];
    let Type::Path(path) = ty else { return false };
    match generic_of(ty, "Vec") {
        Some(element) => is_record(element),
        None => path.path.segments.last().is_some_and(|last| !PLAIN.iter().any(|plain| last.ident == plain)),
    }
}

/// The telemetry wrapper's method.
fn forward(function: &TraitItemFn, parameters: &[Parameter]) -> syn::Result<TokenStream> {
    let signature = &function.sig;
    let name = signature.ident.to_string();
    let (ident, span) = (&signature.ident, format!("db.{name}"));
    let arguments = parameters.iter().map(|parameter| &parameter.ident);
    let rows = rows_of(result_of(signature)?);
    let records = parameters
        .iter()
        .find(|parameter| generic_of(&parameter.ty, "Vec").is_some() && is_record(&parameter.ty));
    let batch = match records.map(|parameter| &parameter.ident) {
        Some(records) => quote!(#records.len()),
        None => quote!(0),
    };
    Ok(quote! {
        #signature {
            static OPERATION: crate::telemetry::Operation = crate::telemetry::Operation::new(#name);
            let span = crate::telemetry::span!(#span, OPERATION, self, #batch);
            self.observe(&OPERATION, span, self.inner().#ident(#(#arguments),*), #rows).await
        }
    })
}

/// The `T` of `-> Result<T>`.
fn result_of(signature: &syn::Signature) -> syn::Result<&Type> {
    match &signature.output {
        ReturnType::Type(_, ty) => generic_of(ty, "Result")
            .ok_or_else(|| syn::Error::new_spanned(ty, "a contract method returns a Result")),
        ReturnType::Default => Err(syn::Error::new_spanned(signature, "a contract method returns a Result")),
    }
}

/// How many rows a result stands for, where that can be told.
fn rows_of(result: &Type) -> TokenStream {
    if ["Vec", "BTreeMap", "HashMap"].iter().any(|name| generic_of(result, name).is_some()) {
        quote!(|result| Some(result.len()))
    } else if generic_of(result, "Page").is_some() {
        quote!(|result| Some(result.data.len()))
    } else if option_of(result).is_some() {
        quote!(|result| Some(usize::from(result.is_some())))
    } else {
        quote!(|_| None)
    }
}

/// The entry for calls by name.
fn method(
    function: &TraitItemFn,
    parameters: &[Parameter],
    contract: &Ident,
    writes: bool,
) -> syn::Result<TokenStream> {
    let signature = &function.sig;
    let (ident, name, doc) = (&signature.ident, signature.ident.to_string(), summary_of(&function.attrs));
    let result = result_of(signature)?;
    let returns = type_text(result);
    let (call, again) = (format_ident!("call_{ident}"), format_ident!("again_{ident}"));
    let domain = contract.to_string();
    let mut reads = Vec::new();
    let mut passes = Vec::new();
    // In the order of the parameters: each run of plain ones, and the fields of the struct.
    let (mut before, mut list) = (Vec::new(), Vec::new());
    let mut flattened = quote!(&[]);
    for Parameter { ident, ty, doc, default, is_struct } in parameters {
        let argument = ident.to_string();
        if *is_struct {
            flattened = quote!(<#ty as crate::contract::method::Arguments>::ARGUMENTS);
            before = std::mem::take(&mut list);
            reads.push(
                quote!(let #ident = <#ty as crate::contract::method::Arguments>::read(&mut arguments)?;),
            );
            passes.push(quote!(#ident));
            continue;
        }
        let inner = option_of(ty).unwrap_or(ty);
        let required = default.is_none() && option_of(ty).is_none();
        let text = type_text(inner);
        let table = match generic_of(inner, "Changeset") {
            Some(record) => quote!(Some(<#record as crate::sql::Record>::TABLE)),
            None => quote!(None),
        };
        list.push(quote!(crate::contract::method::Argument {
            name: #argument, ty: #text, required: #required, doc: #doc, table: #table
        }));
        let owned = owned(inner);
        let (optional, needed) = readers(inner);
        reads.push(if option_of(ty).is_some() {
            quote!(let #ident: Option<#owned> = arguments.#optional(#argument)?;)
        } else if let Some(default) = default {
            quote!(let #ident: #owned = arguments.#optional(#argument)?.unwrap_or_else(|| #default);)
        } else {
            quote!(let #ident: #owned = arguments.#needed(#argument)?;)
        });
        passes.push(match (inner, option_of(ty).is_some()) {
            (Type::Reference(_), true) => quote!(#ident.as_deref()),
            (Type::Reference(_), false) => quote!(&#ident),
            _ => quote!(#ident),
        });
    }
    Ok(quote! {{
        fn #call<'r>(
            repository: &'r dyn crate::contract::Repository,
            #[allow(unused_mut, unused_variables, reason = "some methods take no argument")]
            mut arguments: crate::contract::method::CallArguments,
        ) -> crate::contract::method::CallFuture<'r> {
            Box::pin(async move {
                #(#reads)*
                let result = #contract::#ident(repository, #(#passes),*).await?;
                crate::json::Json::of(&result)
            })
        }
        fn #again(result: &crate::json::Json) -> crate::error::Result<crate::json::Json> {
            let result: #result = result.decode()?;
            crate::json::Json::of(&result)
        }
        crate::contract::method::Method::new(#domain, #name, #doc, #returns, #writes, &[&[&[#(#before),*]], #flattened, &[&[#(#list),*]]], #call, #again)
    }})
}

/// The methods of `CallArguments` that read the type, when it may be absent and when it must be there.
pub(crate) fn readers(ty: &Type) -> (Ident, Ident) {
    match ty {
        Type::Path(path) if path.path.is_ident("bool") => {
            (format_ident!("optional_flag"), format_ident!("required_flag"))
        }
        Type::Path(path) if path.path.is_ident("u64") => {
            (format_ident!("optional_count"), format_ident!("required_count"))
        }
        _ if generic_of(ty, "Changeset").is_some() => {
            (format_ident!("optional_changes"), format_ident!("required_changes"))
        }
        _ => (format_ident!("optional"), format_ident!("required")),
    }
}

/// The owned type that an argument is read into.
fn owned(ty: &Type) -> TokenStream {
    let Type::Reference(reference) = ty else { return quote!(#ty) };
    match &*reference.elem {
        Type::Path(path) if path.path.is_ident("str") => quote!(String),
        Type::Slice(slice) => {
            let element = &slice.elem;
            quote!(Vec<#element>)
        }
        other => quote!(#other),
    }
}

/// A type as JSON users know it.
pub(crate) fn type_text(ty: &Type) -> String {
    match ty {
        Type::Reference(reference) => type_text(&reference.elem),
        Type::Slice(slice) => format!("list of {}", type_text(&slice.elem)),
        Type::Tuple(tuple) if tuple.elems.is_empty() => "null".to_owned(),
        Type::Tuple(tuple) => {
            format!("list of {}", tuple.elems.iter().map(type_text).collect::<Vec<_>>().join(" and "))
        }
        Type::Path(path) => {
            let Some(segment) = path.path.segments.last() else { return String::new() };
            let inner: Vec<String> = match &segment.arguments {
                PathArguments::AngleBracketed(arguments) => arguments
                    .args
                    .iter()
                    .filter_map(|argument| {
                        if let GenericArgument::Type(ty) = argument { Some(type_text(ty)) } else { None }
                    })
                    .collect(),
                _ => Vec::new(),
            };
            match (segment.ident.to_string().as_str(), inner.as_slice()) {
                ("Option", [inner]) => format!("{inner} or null"),
                ("Vec", [inner]) => format!("list of {inner}"),
                ("Changeset", [inner]) => format!("map of {inner} columns"),
                ("BTreeMap", [_, inner]) => format!("map to {inner}"),
                ("str" | "String" | "Search", _) => "text".to_owned(),
                ("i64" | "u64" | "i32" | "u32", _) => "integer".to_owned(),
                ("f64", _) => "number".to_owned(),
                ("bool", _) => "boolean".to_owned(),
                ("Timestamp", _) => "time".to_owned(),
                ("Json", _) => "any JSON".to_owned(),
                (name, _) => name.to_owned(),
            }
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a driver overrides for speed must not be hidden by the wrapper.
    #[test]
    fn the_wrapper_forwards_provided_methods_too() {
        let contract: ItemTrait = syn::parse_quote! {
            trait Probe {
                async fn required(&self) -> Result<()>;
                async fn provided(&self, count: u64) -> Result<u64> { Ok(count) }
            }
        };
        let file: syn::File = syn::parse2(expand(contract).unwrap()).unwrap();
        let wrapper = file.items.iter().find_map(|item| match item {
            syn::Item::Impl(item) if item.trait_.is_some() => Some(item),
            _ => None,
        });
        let forwards = wrapper.unwrap().items.iter().map(|item| match item {
            syn::ImplItem::Fn(function) => (function.sig.ident.to_string(), quote!(#function).to_string()),
            other => panic!("{}", quote!(#other)),
        });
        let forwards: Vec<_> = forwards.collect();
        let names: Vec<_> = forwards.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["required", "provided"]);
        assert!(forwards[1].1.contains("self . inner () . provided (count)"), "{}", forwards[1].1);
    }
}
