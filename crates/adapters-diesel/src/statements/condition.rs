//! The SQL condition for a filter of the directory of intercoms.

use contacts_application::directory::{Comparison, Filter, FlagField, Term, TextField};
use diesel::expression::{AppearsOnTable, Expression, ValidGrouping, is_aggregate};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel::sqlite::Sqlite;

/// The condition of a filter on a row of the table `contact_intercom`.
///
/// It selects the rows for which [`Filter::holds`] is true: no column of the table is nullable, and
/// SQLite compares its texts by their bytes.
#[derive(Debug, Clone)]
pub(crate) struct Condition<'a>(Vec<Term<'a>>);

impl<'a> Condition<'a> {
    pub(crate) fn new(filter: &'a Filter) -> Self {
        Self(filter.terms())
    }
}

impl QueryFragment<Sqlite> for Condition<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        // Callers send any number of different filters, so the statement cache leaves them out.
        out.unsafe_to_cache_prepared();
        for term in &self.0 {
            match term {
                Term::Text(text) => out.push_bind_param::<Text, str>(text)?,
                Term::Flag(flag) => out.push_bind_param::<Bool, bool>(flag)?,
                Term::Id(id) => out.push_bind_param::<BigInt, i64>(id)?,
                term => out.push_sql(sql(*term)),
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

/// The SQL of a term that is not a value.
fn sql(term: Term<'_>) -> &'static str {
    match term {
        Term::Open => "(",
        Term::Close => ")",
        Term::And => " AND ",
        Term::Or => " OR ",
        Term::Not => "NOT ",
        Term::Constant(true) => "TRUE",
        Term::Constant(false) => "FALSE",
        Term::TextField(TextField::LinkId) => "link_id",
        Term::TextField(TextField::Name) => "name",
        Term::TextField(TextField::Kind) => "kind",
        Term::TextField(TextField::Number) => "number",
        Term::TextField(TextField::Ringtone) => "ringtone",
        Term::FlagField(FlagField::IsFavorite) => "is_favorite",
        Term::FlagField(FlagField::AutoAnswer) => "auto_answer",
        Term::FlagField(FlagField::InBlackList) => "in_black_list",
        Term::FlagField(FlagField::IsP2p) => "is_p2p",
        Term::IdField => "contact_id",
        Term::Compare(Comparison::Equal) => " = ",
        Term::Compare(Comparison::NotEqual) => " <> ",
        Term::Compare(Comparison::Less) => " < ",
        Term::Compare(Comparison::LessOrEqual) => " <= ",
        Term::Compare(Comparison::Greater) => " > ",
        Term::Compare(Comparison::GreaterOrEqual) => " >= ",
        Term::Text(_) | Term::Flag(_) | Term::Id(_) => "",
    }
}
