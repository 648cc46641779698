//! Records whose JSON has the members of another record beside their own.

/// Implements `Deserialize` for a struct with one `#[serde(flatten)]` field, which comes first.
///
/// serde's own `flatten` takes values apart before it knows their types, so that [`Json`](crate::json::Json) could not keep its
/// text. Here the whole is read twice: as the inner record, and as the members beside it.
macro_rules! deserialize_flattened {
    ($($name:ident { $inner:ident $(, $field:ident: $ty:ty)* })*) => {$(
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                use serde::de::Error as _;

                #[derive(serde::Deserialize)]
                struct Beside {
                    $($field: $ty,)*
                }
                let json = <crate::json::Json as serde::Deserialize>::deserialize(deserializer)?;
                let $inner = json.decode().map_err(D::Error::custom)?;
                let Beside { $($field),* } = json.decode().map_err(D::Error::custom)?;
                Ok(Self { $inner, $($field),* })
            }
        }
    )*};
}
