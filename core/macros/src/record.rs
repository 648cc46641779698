//! `#[derive(Record)]`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{DeriveInput, Expr, ExprLit, Ident, Lit, LitInt, LitStr, Token, parenthesized};

use crate::{fields_of, name_of, option_of};

/// `name(column, column(64), …)`
struct Key {
    name: Ident,
    parts: Vec<(Ident, Option<LitInt>)>,
}

impl Parse for Key {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.parse()?;
        let content;
        parenthesized!(content in input);
        let parts = Punctuated::<Part, Token![,]>::parse_terminated(&content)?;
        Ok(Self { name, parts: parts.into_iter().map(|part| (part.0, part.1)).collect() })
    }
}

struct Part(Ident, Option<LitInt>);

impl Parse for Part {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let column = input.parse()?;
        let prefix = if input.peek(syn::token::Paren) {
            let content;
            parenthesized!(content in input);
            Some(content.parse()?)
        } else {
            None
        };
        Ok(Self(column, prefix))
    }
}

/// `Record::COLUMN` or `Record::COLUMN, cascade`
struct Reference {
    column: syn::Path,
    cascade: bool,
}

impl Parse for Reference {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let column = input.parse()?;
        let cascade = input.parse::<Option<Token![,]>>()?.is_some();
        if cascade && input.parse::<Ident>()? != "cascade" {
            return Err(input.error("expected `cascade`"));
        }
        Ok(Self { column, cascade })
    }
}

#[derive(Default)]
struct Table {
    name: Option<LitStr>,
    uniques: Vec<TokenStream>,
    checks: Vec<TokenStream>,
    foreign_keys: Vec<TokenStream>,
    /// By name: indexes are created in the order of their names.
    indexes: std::collections::BTreeMap<String, TokenStream>,
    primary_key: Vec<String>,
    derived: Vec<String>,
    columns: Vec<TokenStream>,
    /// One constant a field.
    constants: Vec<TokenStream>,
    /// Columns that options name, which must be there.
    named: Vec<(Ident, String)>,
}

pub(crate) fn derive(input: &DeriveInput) -> syn::Result<TokenStream> {
    let mut table = Table::default();
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("record")) {
        attribute.parse_nested_meta(|meta| table.option(&meta))?;
    }
    let Some(name) = table.name.clone() else {
        return Err(syn::Error::new_spanned(&input.ident, "`#[record(table = \"…\")]` must name the table"));
    };
    let mut reads = Vec::new();
    for field in fields_of(input)? {
        table.field(field, &name)?;
        let (ident, constant) = (&field.ident, constant_of(field));
        reads.push(quote!(#ident: row.read(Self::#constant)?));
    }
    let columns: Vec<_> = fields_of(input)?.iter().map(name_of).collect();
    if let Some((ident, name)) = table.named.iter().find(|(_, name)| !columns.contains(name)) {
        return Err(syn::Error::new_spanned(ident, format!("the struct has no field `{name}`")));
    }
    if table.primary_key.is_empty() {
        return Err(syn::Error::new_spanned(
            &input.ident,
            "one field needs `#[column(key)]` or `#[column(serial)]`",
        ));
    }
    let ident = &input.ident;
    let Table { uniques, checks, foreign_keys, indexes, primary_key, derived, columns, constants, .. } =
        table;
    let indexes = indexes.values();
    Ok(quote! {
        impl #ident {
            #(#constants)*

            /// The columns. Apart from the table, since a table may refer to a column of its own.
            const DECLARED: &'static [crate::sql::Column] = &[#(#columns),*];
        }

        impl crate::sql::Record for #ident {
            const TABLE: &'static crate::sql::Table = &crate::sql::Table {
                name: #name,
                columns: Self::DECLARED,
                primary_key: &[#(#primary_key),*],
                uniques: &[#(#uniques),*],
                checks: &[#(#checks),*],
                foreign_keys: &[#(#foreign_keys),*],
                indexes: &[#(#indexes),*],
            };

            const DERIVED: &'static [&'static str] = &[#(#derived),*];

            fn decode(row: &mut crate::sql::RowReader) -> crate::error::Result<Self> {
                Ok(Self { #(#reads),* })
            }
        }
    })
}

impl Table {
    fn option(&mut self, meta: &syn::meta::ParseNestedMeta<'_>) -> syn::Result<()> {
        if meta.path.is_ident("table") {
            self.name = Some(meta.value()?.parse()?);
        } else if meta.path.is_ident("unique") {
            let key = Self::nested::<Key>(meta)?;
            let name = key.name.to_string();
            self.name_columns(&key);
            let parts = key.parts.iter().map(|(column, prefix)| {
                let column = column.to_string();
                let prefix = prefix.as_ref().map_or_else(|| quote!(None), |length| quote!(Some(#length)));
                quote!(crate::sql::KeyPart { column: #column, prefix: #prefix })
            });
            self.uniques.push(quote!(crate::sql::Unique { name: #name, columns: &[#(#parts),*] }));
        } else if meta.path.is_ident("index") {
            let key = Self::nested::<Key>(meta)?;
            self.name_columns(&key);
            let columns: Vec<_> = key.parts.iter().map(|(column, _)| column.to_string()).collect();
            self.index(key.name.to_string(), &columns, false);
        } else if meta.path.is_ident("derived") {
            let content;
            parenthesized!(content in meta.input);
            let names = Punctuated::<Ident, Token![,]>::parse_terminated(&content)?;
            self.derived.extend(names.iter().map(ToString::to_string));
        } else if meta.path.is_ident("check") {
            let content;
            parenthesized!(content in meta.input);
            let name = content.parse::<Ident>()?.to_string();
            content.parse::<Token![=]>()?;
            let condition: LitStr = content.parse()?;
            self.checks.push(quote!(crate::sql::Check { name: #name, condition: #condition }));
        } else {
            return Err(meta.error("expected `table`, `unique`, `index`, `check` or `derived`"));
        }
        Ok(())
    }

    fn name_columns(&mut self, key: &Key) {
        self.named.extend(key.parts.iter().map(|(column, _)| (column.clone(), column.to_string())));
    }

    fn nested<T: Parse>(meta: &syn::meta::ParseNestedMeta<'_>) -> syn::Result<T> {
        let content;
        parenthesized!(content in meta.input);
        content.parse()
    }

    fn index(&mut self, name: String, columns: &[String], unique: bool) {
        let index = quote!(crate::sql::Index { name: #name, columns: &[#(#columns),*], unique: #unique });
        self.indexes.insert(name, index);
    }

    fn field(&mut self, field: &syn::Field, table: &LitStr) -> syn::Result<()> {
        let name = name_of(field);
        let nullable = option_of(&field.ty).is_some();
        let mut kind = default_kind(option_of(&field.ty).unwrap_or(&field.ty));
        let (mut default, mut json, mut exact) = (quote!(None), quote!(None), false);
        let mut narrow = quote!(Refuse);
        for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("column")) {
            attribute.parse_nested_meta(|meta| {
                let option = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
                match option.as_str() {
                    "serial" => {
                        kind = Some(quote!(Serial));
                        self.primary_key.push(name.clone());
                    }
                    "key" => self.primary_key.push(name.clone()),
                    "index" | "unique" => {
                        let index = format!("ix_{}_{name}", table.value());
                        self.index(index, std::slice::from_ref(&name), option == "unique");
                    }
                    "text" => kind = Some(quote!(Text)),
                    "exact" => exact = true,
                    "cut" => narrow = quote!(Cut),
                    "epoch" => narrow = quote!(Round),
                    "default" => default = default_of(&meta.value()?.parse()?)?,
                    "compact" => json = json_of(&meta, "Compact")?,
                    "spaced" => json = json_of(&meta, "Spaced")?,
                    "long" => kind = Some(quote!(LongText)),
                    "json" => kind = Some(quote!(Json)),
                    "int32" => kind = Some(quote!(Int32)),
                    "len" => {
                        let length: LitInt = meta.value()?.parse()?;
                        kind = Some(quote!(TextOf(#length)));
                    }
                    "bytes" => {
                        let length: LitInt = meta.value()?.parse()?;
                        kind = Some(quote!(Bytes(#length)));
                    }
                    "references" => {
                        let Reference { column, cascade } = Self::nested(&meta)?;
                        let references = quote!(crate::contract::#column.column());
                        self.foreign_keys.push(quote!(crate::sql::ForeignKey {
                            column: #name,
                            table: #references.table,
                            references: #references.name,
                            cascade: #cascade,
                        }));
                    }
                    _ => return Err(meta.error("unknown column attribute; see `derive(Record)`")),
                }
                Ok(())
            })?;
        }
        let Some(kind) = kind else {
            return Err(syn::Error::new_spanned(
                &field.ty,
                "no column type follows from this type: say `#[column(…)]`",
            ));
        };
        let (constant, ty, position) = (constant_of(field), &field.ty, self.columns.len());
        let doc = format!("The column `{name}`.");
        self.constants.push(quote! {
            #[doc = #doc]
            pub const #constant: crate::sql::Col<Self, #ty> =
                crate::sql::Col::new(&Self::DECLARED[#position]);
        });
        self.columns.push(quote!(crate::sql::Column {
            table: #table,
            name: #name,
            kind: crate::sql::ColumnKind::#kind,
            nullable: #nullable,
            default: #default,
            json: #json,
            exact: #exact,
            narrow: crate::sql::Narrow::#narrow,
        }));
        Ok(())
    }
}

/// The name of a field's constant.
fn constant_of(field: &syn::Field) -> Ident {
    format_ident!("{}", name_of(field).to_uppercase())
}

/// What follows `compact` or `spaced`: nothing, `= map`, `= list` or `= any`.
fn json_of(meta: &syn::meta::ParseNestedMeta<'_>, form: &str) -> syn::Result<TokenStream> {
    let shape = if meta.input.peek(Token![=]) {
        let shape: Ident = meta.value()?.parse()?;
        match shape.to_string().as_str() {
            "map" => quote!(Map),
            "list" => quote!(List),
            "any" => quote!(Any),
            _ => return Err(syn::Error::new_spanned(shape, "expected `map`, `list` or `any`")),
        }
    } else {
        quote!(MapOrList)
    };
    let form = Ident::new(form, proc_macro2::Span::call_site());
    Ok(quote!(Some(crate::sql::JsonText {
        shape: crate::sql::JsonShape::#shape,
        form: crate::sql::JsonForm::#form,
    })))
}

/// A literal, `now` or `uuid`.
fn default_of(expression: &Expr) -> syn::Result<TokenStream> {
    Ok(match expression {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            quote!(Some(crate::sql::ColumnDefault::Text(#text)))
        }
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => {
            quote!(Some(crate::sql::ColumnDefault::Int(#number)))
        }
        Expr::Lit(ExprLit { lit: Lit::Bool(flag), .. }) => {
            quote!(Some(crate::sql::ColumnDefault::Bool(#flag)))
        }
        Expr::Path(path) if path.path.is_ident("now") => quote!(Some(crate::sql::ColumnDefault::Now)),
        Expr::Path(path) if path.path.is_ident("uuid") => quote!(Some(crate::sql::ColumnDefault::Uuid)),
        other => return Err(syn::Error::new_spanned(other, "expected a literal, `now` or `uuid`")),
    })
}

fn default_kind(ty: &syn::Type) -> Option<TokenStream> {
    let syn::Type::Path(path) = ty else { return None };
    Some(match path.path.segments.last()?.ident.to_string().as_str() {
        "String" => quote!(Text),
        "i64" => quote!(Int),
        "f64" => quote!(Float),
        "bool" => quote!(Bool),
        "Timestamp" => quote!(Time),
        "Json" | "JsonOrText" => quote!(LongText),
        _ => return None,
    })
}
