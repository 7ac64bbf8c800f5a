//! The port [`IntercomDirectory`].

use async_trait::async_trait;
use contacts_application::directory::{
    Comparison, EntryPage, EntryQuery, Filter, FlagField, Order, OrderKey, Term, TextField,
};
use contacts_application::ports::{IntercomDirectory, StoreError};
use contacts_domain::OrganizationId;
use tokio_postgres::types::Type;

use super::PostgresStore;
use crate::connect::{Failure, Parameter, Session};
use crate::replica;
use crate::statements::columns::{EntryColumns, list};
use crate::statements::row;

#[async_trait]
impl IntercomDirectory for PostgresStore {
    async fn entries(
        &self,
        organization: OrganizationId,
        query: &EntryQuery,
    ) -> Result<EntryPage, StoreError> {
        // One snapshot, so that the total fits the entries.
        let read = async |session: Session| {
            let page = page(&session, organization, query).await?;
            session.rollback().await?;
            Ok(page)
        };
        let standby = self.standby.as_ref();
        Ok(replica::read(&self.pool, &self.free_for_lists, standby, read).await?)
    }
}

/// Reads a page of entries and their total.
pub(crate) async fn page(
    session: &Session,
    organization: OrganizationId,
    query: &EntryQuery,
) -> Result<EntryPage, Failure> {
    let organization = organization.get();
    let filter = query.filter.as_ref().map(Filter::terms).unwrap_or_default();
    let (selected, parameters) = selected(&organization, &filter);
    let count = format!("SELECT count(*) FROM contact_intercom WHERE {selected}");

    let (offset, limit) = (i64::try_from(query.offset).unwrap_or(i64::MAX), i64::from(query.limit));
    let page_sql = listed(&selected, query.order, parameters.len());
    let page: [Parameter<'_>; 2] = [(&limit, Type::INT8), (&offset, Type::INT8)];
    let list_parameters = [parameters.as_slice(), &page].concat();

    // Not kept prepared: filters vary without limit, and the best plan depends on their values.
    let (counted, rows) = tokio::join!(
        session.query_once(&count, &parameters),
        session.query_once(&page_sql, &list_parameters),
    );
    // After a failure of the first, the second reports only an aborted transaction.
    let (counted, rows) = (counted?, rows?);
    let total: i64 = counted.first().map(|row| row.try_get(0)).transpose()?.unwrap_or_default();
    Ok(EntryPage {
        entries: row::entries(&rows)?,
        total: u64::try_from(total).map_err(Failure::internal)?,
    })
}

/// The condition of a filter in SQL, and its values.
fn selected<'a>(organization: &'a i32, filter: &'a [Term<'a>]) -> (String, Vec<Parameter<'a>>) {
    let mut condition = "organization_id = $1".to_owned();
    let mut parameters: Vec<Parameter<'a>> = vec![(organization, Type::INT4)];
    if !filter.is_empty() {
        condition.push_str(" AND (");
        for term in filter {
            match term {
                Term::Text(value) => parameters.push((value, Type::TEXT)),
                Term::Flag(value) => parameters.push((value, Type::BOOL)),
                Term::Id(value) => parameters.push((value, Type::INT8)),
                term => {
                    condition.push_str(sql(*term));
                    continue;
                }
            }
            condition.push_str(&format!("${}", parameters.len()));
        }
        condition.push(')');
    }
    (condition, parameters)
}

/// The SQL of a term; values are bound.
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

/// The statement that lists entries, with a limit and an offset after that many parameters. Entries
/// that are equal in the order come by ascending id.
fn listed(selected: &str, Order { by, descending }: Order, parameters: usize) -> String {
    let direction = if descending { " DESC" } else { "" };
    let order = match by {
        OrderKey::Id => format!("contact_id{direction}"),
        OrderKey::Name => format!("sort_key{direction}, contact_id"),
        OrderKey::Kind => format!("kind{direction}, contact_id"),
        OrderKey::Number => format!("number{direction}, contact_id"),
    };
    let (columns, limit, offset) = (list("", EntryColumns::NAMES), parameters + 1, parameters + 2);
    format!(
        "SELECT {columns} FROM contact_intercom WHERE {selected} \
         ORDER BY {order} LIMIT ${limit} OFFSET ${offset}"
    )
}
