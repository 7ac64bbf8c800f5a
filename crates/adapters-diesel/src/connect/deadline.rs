//! A time limit for statements that read many rows.
//!
//! Diesel has no way to interrupt a statement. So the condition of such a statement holds a function
//! of ours, which SQLite calls for each row; its error ends the statement.

use std::cell::RefCell;

use diesel::prelude::*;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::Bool;
use diesel::sqlite::Sqlite;

/// The message of the error.
pub(super) const OUT_OF_TIME: &str = "the statement takes too long";

#[diesel::declare_sql_function]
extern "SQL" {
    /// True until the time is up; then an error.
    fn in_time() -> Bool;
}

thread_local! {
    /// Whether time is left for the statements of the thread, if it is limited.
    static TIME_IS_LEFT: RefCell<Option<Box<dyn FnMut() -> bool>>> = const { RefCell::new(None) };
}

/// Makes the function known to a connection. To be done once: SQLite then prepares all statements of
/// the connection anew.
pub(crate) fn register_in_time(connection: &mut SqliteConnection) -> QueryResult<()> {
    in_time_utils::register_nondeterministic_impl(connection, || {
        let is_left = |limit: &mut Option<Box<dyn FnMut() -> bool>>| match limit {
            Some(time_is_left) => time_is_left(),
            None => true,
        };
        InTime(TIME_IS_LEFT.with_borrow_mut(is_left))
    })
}

/// Ends the statements of a read with [`in_time()`] in their condition as soon as the function returns
/// `false`.
pub(crate) fn limit_time<T>(
    time_is_left: impl FnMut() -> bool + 'static,
    reading: impl FnOnce() -> T,
) -> T {
    TIME_IS_LEFT.set(Some(Box::new(time_is_left)));
    let _unlimited_again = Unlimited;
    reading()
}

/// Ends the limit, also where a read panics: the thread is used again.
struct Unlimited;

impl Drop for Unlimited {
    fn drop(&mut self) {
        TIME_IS_LEFT.set(None);
    }
}

#[derive(Debug)]
struct InTime(bool);

impl ToSql<Bool, Sqlite> for InTime {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        if !self.0 {
            return Err(OUT_OF_TIME.into());
        }
        out.set_value(1_i32);
        Ok(IsNull::No)
    }
}
