//! A time limit for statements that read many rows.
//!
//! Diesel has no way to interrupt a statement. So the condition of such a statement holds a function
//! of ours, which SQLite calls for each row; its error ends the statement.

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

/// Ends statements with [`in_time()`] in their condition as soon as the function returns `false`.
pub(crate) fn limit_time(
    connection: &mut SqliteConnection,
    mut time_is_left: impl FnMut() -> bool + Send + std::panic::UnwindSafe + 'static,
) -> QueryResult<()> {
    in_time_utils::register_nondeterministic_impl(connection, move || InTime(time_is_left()))
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
