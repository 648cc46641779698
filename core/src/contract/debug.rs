//! Debug output that leaves out secrets.

/// Implements `Debug` with the listed fields alone, so that a new field stays hidden until somebody lists it.
macro_rules! debug_without_secrets {
    ($($name:ident { $($field:ident)* })*) => {$(
        /// Without what is secret.
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))
                    $(.field(stringify!($field), &self.$field))*
                    .finish_non_exhaustive()
            }
        }
    )*};
}
