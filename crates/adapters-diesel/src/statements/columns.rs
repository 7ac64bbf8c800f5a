//! Inserts and updates whose text is the same each time.
//!
//! Diesel walks the values of its own inserts several times and prepares its own updates each time.
//! That took it more than half of what writing a new contact costs.

use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::HasSqlType;
use diesel::sqlite::Sqlite;

/// A row of a table.
pub(crate) trait Row {
    type Table: 'static;

    const TABLE: &'static str;

    /// Visits its columns, always in the same order.
    fn columns<'b>(&'b self, columns: &mut Columns<'_, 'b>) -> QueryResult<()>;
}

/// Implements [`Row`] for a struct whose fields are named as columns.
macro_rules! row {
    ($row:ident of $table:ident: $($column:ident),+ $(,)?) => {
        impl $crate::statements::columns::Row for $row<'_> {
            type Table = $table::table;

            const TABLE: &'static str = stringify!($table);

            fn columns<'b>(
                &'b self,
                columns: &mut $crate::statements::columns::Columns<'_, 'b>,
            ) -> diesel::QueryResult<()> {
                $(columns.visit($table::$column, &self.$column)?;)+
                Ok(())
            }
        }
    };
}

pub(crate) use row;

/// Writes columns into a statement, with commas between them.
pub(crate) struct Columns<'p, 'b> {
    statement: AstPass<'p, 'b, Sqlite>,
    part: Part,
    is_first: bool,
}

/// What of a column stands in a statement.
#[derive(Clone, Copy)]
enum Part {
    Name,
    Value,
    Assignment,
}

impl<'p, 'b> Columns<'p, 'b> {
    /// Assigns each column its value.
    pub(crate) fn assigned(statement: AstPass<'p, 'b, Sqlite>) -> Self {
        Self { statement, part: Part::Assignment, is_first: true }
    }

    pub(crate) fn visit<C, V>(&mut self, _column: C, value: &'b V) -> QueryResult<()>
    where
        C: Column + Expression,
        V: ToSql<C::SqlType, Sqlite>,
        Sqlite: HasSqlType<C::SqlType>,
    {
        if !std::mem::replace(&mut self.is_first, false) {
            self.statement.push_sql(", ");
        }
        if matches!(self.part, Part::Name | Part::Assignment) {
            self.statement.push_sql(C::NAME);
        }
        if matches!(self.part, Part::Assignment) {
            self.statement.push_sql(" = ");
        }
        if matches!(self.part, Part::Value | Part::Assignment) {
            self.statement.push_bind_param::<C::SqlType, _>(value)?;
        }
        Ok(())
    }
}

/// Inserts a row.
pub(crate) struct Insert<R>(pub(crate) R);

impl<R: Row> QueryId for Insert<R> {
    type QueryId = Insert<R::Table>;
}

impl<R: Row> QueryFragment<Sqlite> for Insert<R> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("INSERT INTO ");
        out.push_sql(R::TABLE);
        for (before, part, after) in [(" (", Part::Name, ")"), (" VALUES (", Part::Value, ")")] {
            out.push_sql(before);
            self.0.columns(&mut Columns { statement: out.reborrow(), part, is_first: true })?;
            out.push_sql(after);
        }
        Ok(())
    }
}

impl<R> RunQueryDsl<SqliteConnection> for Insert<R> {}
