//! Opens the store and sets up a new database.

mod first_run;
mod store;
mod token_file;

pub(crate) use self::first_run::{first_organization, first_run};
pub(crate) use self::store::{Migrated, Store, warn_if_readable_by_all};
