//! Derive and attribute macros of `decnet-db-core`; use them through that crate, which documents and re-exports them.

mod arguments;
mod contract;
mod insertable;
mod plain;
mod record;

use proc_macro::TokenStream;
use syn::{DeriveInput, ItemTrait, parse_macro_input};

/// Makes a struct the declaration of a table: see `decnet_db_core::sql::Record`.
///
/// On the struct: `#[record(table = "name")]`, and where needed `unique(constraint(column, column(64)))`,
/// `index(name(column, …))`, `check(constraint = "condition")`,
/// `derived(name, …)` (members of the JSON object that are no columns). On a field: `#[column(…)]` with `serial`, `key`
/// (part of the primary key), `index`, `unique`, `text`, `long`, `len = 64`, `int32`, `json`, `bytes = 8`,
/// `exact` (equality is that of bytes, ruling R4), `cut` and `epoch` (what the narrower column of a table that DECNET made
/// can't hold is cut, or rounded: rulings R18 and R19), `default = literal` (or `now`, `uuid`: what an insert takes that
/// lacks the column), `compact` or `spaced` (the form in which a map or list becomes the column's JSON text; `compact = map`
/// or `compact = list` takes no other value beside text; columns of kind `json` take values alone, `spaced = any` all of
/// them), `references(Record::COLUMN)` of the contract or `references(Record::COLUMN, cascade)`. The rest follows from the
/// field's type:
/// `Option` is a nullable column. Each field also becomes a constant of the struct, `User::USERNAME`, that names its column.
#[proc_macro_derive(Record, attributes(record, column))]
pub fn derive_record(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    record::derive(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes a struct a row that can be inserted: see `decnet_db_core::sql::Insertable`.
///
/// `#[insertable(User)]` names the record whose table takes it; each field is the column of its name. On a field:
/// `#[insertable(serial)]` for the key that the database assigns unless it is given, `#[insertable(default = expression)]` for
/// what an absent `Option` becomes.
#[proc_macro_derive(Insertable, attributes(insertable))]
pub fn derive_insertable(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    insertable::derive(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes a struct a set of named arguments: see `decnet_db_core::call::Arguments`. The struct needs `Default`. Each field gets a
/// setter of its name, on the struct and on `Query` of it.
#[proc_macro_derive(Arguments)]
pub fn derive_arguments(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    arguments::derive(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes a trait with async methods a part of the repository contract.
///
/// The trait becomes object-safe; the telemetry wrapper implements it (each method, provided ones too, forwards to the wrapped
/// repository inside a span `db.<method>`); and `<dyn Trait>::METHODS` lists the methods for calls by name. On a
/// parameter: `#[default(expression)]` for what an absent argument means, `#[arguments]` for a struct whose fields are the
/// arguments. On a method: `#[write]` makes its body, which commits `UnitOfWork`'s method of the same name and puts the name of
/// the argument that is a record before an error's path; `#[write(conflict = "what it means")]` gives words to a conflict that
/// the engine finds; `#[writes]` says of a method with a body of its own that it may change what is stored. Any other attribute is
/// refused.
#[proc_macro_attribute]
pub fn contract(_: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as ItemTrait);
    contract::expand(item).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// The text of an item's doc comment, lines joined.
fn doc_of(attributes: &[syn::Attribute]) -> String {
    let lines: Vec<String> = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
        .filter_map(|attribute| match &attribute.meta {
            syn::Meta::NameValue(syn::MetaNameValue {
                value: syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }),
                ..
            }) => Some(text.value().trim().to_owned()),
            _ => None,
        })
        .collect();
    lines.join("\n")
}

/// The first paragraph of a doc comment as plain text, on one line.
fn summary_of(attributes: &[syn::Attribute]) -> String {
    let doc = doc_of(attributes);
    let first: Vec<&str> =
        doc.lines().skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty()).collect();
    plain::text(&first.join(" "))
}

/// The type inside `Option<…>`.
fn option_of(ty: &syn::Type) -> Option<&syn::Type> {
    generic_of(ty, "Option")
}

/// The type inside `Name<…>`.
fn generic_of<'t>(ty: &'t syn::Type, name: &str) -> Option<&'t syn::Type> {
    let syn::Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last().filter(|segment| segment.ident == name)?;
    let syn::PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        syn::GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// The named fields of a struct.
fn fields_of(input: &DeriveInput) -> syn::Result<&syn::punctuated::Punctuated<syn::Field, syn::Token![,]>> {
    match &input.data {
        syn::Data::Struct(syn::DataStruct { fields: syn::Fields::Named(fields), .. }) => Ok(&fields.named),
        _ => Err(syn::Error::new_spanned(&input.ident, "only a struct with named fields can be derived")),
    }
}

/// A field's name without `r#`.
fn name_of(field: &syn::Field) -> String {
    field
        .ident
        .as_ref()
        .map(|ident| ident.to_string().trim_start_matches("r#").to_owned())
        .unwrap_or_default()
}
