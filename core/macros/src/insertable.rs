//! `#[derive(Insertable)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Expr, Path};

use crate::{fields_of, name_of};

pub(crate) fn derive(input: &DeriveInput) -> syn::Result<TokenStream> {
    let record: Path = input
        .attrs
        .iter()
        .find(|attribute| attribute.path().is_ident("insertable"))
        .ok_or_else(|| syn::Error::new_spanned(&input.ident, "`#[insertable(Record)]` must name the record"))?
        .parse_args()?;
    let mut columns = Vec::new();
    let mut appends = Vec::new();
    let mut serial = None;
    for field in fields_of(input)? {
        let (ident, column) = (&field.ident, name_of(field));
        let mut default: Option<Expr> = None;
        let mut is_serial = false;
        for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("insertable")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("serial") {
                    is_serial = true;
                } else if meta.path.is_ident("default") {
                    default = Some(meta.value()?.parse()?);
                } else {
                    return Err(meta.error("expected `serial` or `default`"));
                }
                Ok(())
            })?;
        }
        if is_serial {
            serial = Some((ident, column));
            continue;
        }
        let value = match default {
            Some(default) => quote!(self.#ident.unwrap_or_else(|| #default)),
            None => quote!(self.#ident),
        };
        appends.push(quote! {{
            // Resolved at compile time; a field that is no column of the table does not compile.
            const COLUMN: &crate::sql::Column = crate::sql::Table::must_have(TABLE, #column);
            let value = crate::sql::Value::from(#value);
            TABLE.check(COLUMN, &value)?;
            values.push(value);
        }});
        columns.push(column);
    }
    let serial = serial.map(|(ident, column)| {
        quote! {
            const SERIAL: Option<&'static str> = Some(#column);

            fn serial(&self) -> Option<i64> {
                self.#ident
            }
        }
    });
    let ident = &input.ident;
    Ok(quote! {
        impl crate::sql::Insertable for #ident {
            const TABLE: &'static crate::sql::Table = <#record as crate::sql::Record>::TABLE;
            const COLUMNS: &'static [&'static str] = &[#(#columns),*];
            #serial

            fn append(self, values: &mut Vec<crate::sql::Value>) -> crate::error::Result<()> {
                const TABLE: &crate::sql::Table = <#record as crate::sql::Record>::TABLE;
                #(#appends)*
                Ok(())
            }
        }
    })
}
