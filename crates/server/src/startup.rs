//! What happens before a command does its work: the store is opened, a new database is set up.

mod first_run;
mod store;

pub(crate) use self::first_run::{first_organization, first_run};
pub(crate) use self::store::{Migrated, Store};
