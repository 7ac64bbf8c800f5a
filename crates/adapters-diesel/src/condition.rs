//! A filter of the directory of intercoms as SQL.

use contacts_application::directory::{Comparison, Filter, FlagField, TextField};
use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, ValidGrouping, is_aggregate};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Bool, HasSqlType, Text};

/// What a filter asks of a row of the table `contact_intercom`, in the SQL of every backend.
///
/// No column of the table is ever `NULL` and its texts are compared by their bytes, so the
/// database finds what [`Filter::holds`] says.
#[derive(Debug, Clone)]
pub(crate) struct Condition<'a> {
    pieces: Vec<Piece<'a>>,
}

/// A piece of SQL, or a value in it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Piece<'a> {
    Sql(&'static str),
    Text(&'a str),
    Flag(bool),
    Id(i64),
}

impl<'a> Condition<'a> {
    /// The condition of that filter.
    pub(crate) fn of(filter: &'a Filter) -> Self {
        let mut condition = Self { pieces: Vec::new() };
        condition.add(filter);
        condition
    }

    /// What it is made of, in order.
    pub(crate) fn pieces(&self) -> &[Piece<'a>] {
        &self.pieces
    }

    fn add(&mut self, filter: &'a Filter) {
        match filter {
            Filter::Text(field, comparison, value) => {
                self.compare_text(text_column(*field), *comparison, value);
            }
            Filter::Flag(field, comparison, value) => {
                self.compare(flag_column(*field), *comparison, Piece::Flag(*value));
            }
            Filter::Id(comparison, value) => {
                self.compare("contact_id", *comparison, Piece::Id(*value));
            }
            Filter::All(filters) => self.join(filters, " AND ", "TRUE"),
            Filter::Any(filters) => self.join(filters, " OR ", "FALSE"),
            Filter::Not(filter) => {
                self.sql("NOT (");
                self.add(filter);
                self.sql(")");
            }
        }
    }

    /// PostgreSQL takes no text that holds NUL, and no stored text holds one: in the order of bytes,
    /// such a text comes right after the part before it.
    fn compare_text(&mut self, column: &'static str, comparison: Comparison, value: &'a str) {
        use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        match (value.split_once('\0'), comparison) {
            (None, _) => self.compare(column, comparison, Piece::Text(value)),
            (Some(_), Equal) => self.sql("FALSE"),
            (Some(_), NotEqual) => self.sql("TRUE"),
            (Some((before, _)), Less | LessOrEqual) => {
                self.compare(column, LessOrEqual, Piece::Text(before));
            }
            (Some((before, _)), Greater | GreaterOrEqual) => {
                self.compare(column, Greater, Piece::Text(before));
            }
        }
    }

    fn compare(&mut self, column: &'static str, comparison: Comparison, value: Piece<'a>) {
        self.sql(column);
        self.sql(operator(comparison));
        self.pieces.push(value);
    }

    /// Joins filters into a tree as flat as can be: databases bound the depth of an expression,
    /// and a chain is as deep as it is long.
    fn join(&mut self, filters: &'a [Filter], operator: &'static str, nothing: &'static str) {
        match filters {
            [] => self.sql(nothing),
            [filter] => self.add(filter),
            several => {
                let (first, second) = several.split_at(several.len() / 2);
                self.sql("(");
                self.join(first, operator, nothing);
                self.sql(operator);
                self.join(second, operator, nothing);
                self.sql(")");
            }
        }
    }

    fn sql(&mut self, sql: &'static str) {
        self.pieces.push(Piece::Sql(sql));
    }
}

fn text_column(field: TextField) -> &'static str {
    match field {
        TextField::LinkId => "link_id",
        TextField::Name => "name",
        TextField::Kind => "kind",
        TextField::Number => "number",
        TextField::Ringtone => "ringtone",
    }
}

fn flag_column(field: FlagField) -> &'static str {
    match field {
        FlagField::IsFavorite => "is_favorite",
        FlagField::AutoAnswer => "auto_answer",
        FlagField::InBlackList => "in_black_list",
        FlagField::IsP2p => "is_p2p",
    }
}

fn operator(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => " = ",
        Comparison::NotEqual => " <> ",
        Comparison::Less => " < ",
        Comparison::LessOrEqual => " <= ",
        Comparison::Greater => " > ",
        Comparison::GreaterOrEqual => " >= ",
    }
}

impl<DB> QueryFragment<DB> for Condition<'_>
where
    DB: Backend + HasSqlType<Bool>,
    str: ToSql<Text, DB>,
    bool: ToSql<Bool, DB>,
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        // There is no end to the filters that callers think of: none is kept prepared.
        out.unsafe_to_cache_prepared();
        for piece in &self.pieces {
            match piece {
                Piece::Sql(sql) => out.push_sql(sql),
                Piece::Text(text) => out.push_bind_param::<Text, str>(text)?,
                Piece::Flag(flag) => out.push_bind_param::<Bool, bool>(flag)?,
                Piece::Id(id) => out.push_bind_param::<BigInt, i64>(id)?,
            }
        }
        Ok(())
    }
}

impl Expression for Condition<'_> {
    type SqlType = Bool;
}

impl<Source> AppearsOnTable<Source> for Condition<'_> {}

impl ValidGrouping<()> for Condition<'_> {
    type IsAggregate = is_aggregate::No;
}

impl QueryId for Condition<'_> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}
