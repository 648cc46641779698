//! A plain model beside the database: what random histories leave is what maps and lists have.

pub(crate) mod histories;
mod operation;
mod reads;
mod reference;
mod stored;
mod strategies;

crate::catalogue::cases! { model:
    histories {
        /// Units, reads, dropped units and reopenings in any order leave and answer what plain maps and lists have.
        every_history_ends_as_the_model,
    }
}
