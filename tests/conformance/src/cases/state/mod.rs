//! Named values.

pub(crate) mod golden;
pub(crate) mod samples;
pub(crate) mod values;

crate::catalogue::cases! { state:
    values {
        /// A value replaces the one before, and null is a value.
        a_value_is_replaced_and_null_is_a_value,
        /// Keys are told apart by case, accents and blanks.
        keys_are_told_apart_exactly,
    }
}
