//! The port of the directory of intercoms.

use async_trait::async_trait;
use contacts_application::directory::{EntryPage, EntryQuery, Order, OrderKey};
use contacts_application::ports::{IntercomDirectory, StoreError};
use contacts_domain::OrganizationId;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use super::SqliteStore;
use super::entry::EntryRow;
use super::failure::Failure;
use super::schema::contact_intercom::{self, BoxedQuery};
use crate::condition::Condition;

#[async_trait]
impl IntercomDirectory for SqliteStore {
    async fn entries(
        &self,
        organization: OrganizationId,
        query: &EntryQuery,
    ) -> Result<EntryPage, StoreError> {
        let query = query.clone();
        self.readers.read(move |connection| page(connection, organization, &query)).await
    }
}

fn page(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    query: &EntryQuery,
) -> Result<EntryPage, Failure> {
    // One transaction: the total is that of the moment at which the entries are read.
    connection.transaction(|connection| {
        let total: i64 = selected(organization, query).count().get_result(connection)?;
        let rows: Vec<EntryRow> = ordered(selected(organization, query), query.order)
            .offset(i64::try_from(query.offset).unwrap_or(i64::MAX))
            .limit(query.limit.into())
            .select(EntryRow::as_select())
            .load(connection)?;
        Ok(EntryPage {
            entries: rows.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
            total: u64::try_from(total).map_err(Failure::internal)?,
        })
    })
}

/// The entries that the filter selects.
fn selected(organization: OrganizationId, query: &EntryQuery) -> BoxedQuery<'_, Sqlite> {
    let entries = contact_intercom::table
        .filter(contact_intercom::organization_id.eq(organization.get()))
        .into_boxed();
    match &query.filter {
        Some(filter) => entries.filter(Condition::of(filter)),
        None => entries,
    }
}

/// The entries in that order; those that are equal in it lowest ids first.
fn ordered(entries: BoxedQuery<'_, Sqlite>, order: Order) -> BoxedQuery<'_, Sqlite> {
    let Order { by, descending } = order;
    let id = contact_intercom::contact_id;
    macro_rules! by {
        ($column:expr) => {
            match descending {
                false => entries.order($column.asc()),
                true => entries.order($column.desc()),
            }
        };
    }
    match by {
        OrderKey::Id => by!(id),
        OrderKey::Name => by!(contact_intercom::name).then_order_by(id),
        OrderKey::Kind => by!(contact_intercom::kind).then_order_by(id),
        OrderKey::Number => by!(contact_intercom::number).then_order_by(id),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use contacts_application::directory::{Comparison, Filter, TextField};
    use diesel::connection::InstrumentationEvent;

    use super::*;
    use crate::ids::Ids;
    use crate::options::SqliteOptions;
    use crate::testing::{endpoints, file, plan};
    use crate::transaction::Session;

    fn here() -> OrganizationId {
        OrganizationId::new(1).unwrap()
    }

    fn everything(by: OrderKey) -> EntryQuery {
        EntryQuery { filter: None, order: Order { by, descending: false }, offset: 0, limit: 10 }
    }

    /// How SQLite finds the entries in that order.
    fn plan_of(by: OrderKey, descending: bool) -> String {
        let query = everything(by);
        let entries = ordered(selected(here(), &query), Order { by, descending });
        plan(&entries.limit(10).select(EntryRow::as_select()))
    }

    #[test]
    fn entries_come_out_of_an_index_by_id_and_by_name() {
        let by_id = "SEARCH contact_intercom USING PRIMARY KEY (organization_id=?)";
        let by_name = "SEARCH contact_intercom USING INDEX contact_intercom_name \
                       (organization_id=?)";
        assert_eq!(plan_of(OrderKey::Id, false), by_id);
        assert_eq!(plan_of(OrderKey::Id, true), by_id);
        assert_eq!(plan_of(OrderKey::Name, false), by_name);
        // Within equal names the ids still come lowest first: only those are sorted.
        let sorted = format!("{by_name}; USE TEMP B-TREE FOR LAST TERM OF ORDER BY");
        assert_eq!(plan_of(OrderKey::Name, true), sorted);
    }

    fn write(connection: &mut SqliteConnection, entries: &[(&str, &str)]) {
        let ids = &mut Ids::new();
        let mut session = Session::begin(connection, ids).unwrap();
        session.run(&endpoints(entries)).unwrap();
        session.commit().unwrap();
    }

    #[test]
    fn the_total_and_the_entries_are_of_one_moment() {
        let (_directory, database) = file(SqliteOptions::default());
        let mut writer = database.writer().unwrap();
        write(&mut writer, &[("A", "Door")]);
        let mut reader = database.reader().unwrap();

        // Between the two statements somebody writes.
        let between = Mutex::new(Some(writer));
        reader.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::FinishQuery { query, .. } = event
                && query.to_string().contains("COUNT(*)")
                && let Some(mut writer) = between.lock().unwrap().take()
            {
                write(&mut writer, &[("B", "Back door")]);
            }
        });

        let seen = |page: EntryPage| (page.entries.len(), page.total);
        let query = everything(OrderKey::Id);
        assert_eq!(seen(page(&mut reader, here(), &query).unwrap()), (1, 1));
        assert_eq!(seen(page(&mut reader, here(), &query).unwrap()), (2, 2));
    }

    #[test]
    fn no_filter_is_kept_prepared() {
        let (_directory, database) = file(SqliteOptions::default());
        let mut reader = database.reader().unwrap();
        let kept = Arc::new(Mutex::new(Vec::new()));
        let events = Arc::clone(&kept);
        reader.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::CacheQuery { sql, .. } = event {
                events.lock().unwrap().push(sql.to_owned());
            }
        });

        let name = Filter::Text(TextField::Name, Comparison::Equal, "Door".to_owned());
        for filter in [name.clone(), Filter::Not(Box::new(name))] {
            let query = EntryQuery { filter: Some(filter), ..everything(OrderKey::Name) };
            page(&mut reader, here(), &query).unwrap();
        }

        assert_eq!(*kept.lock().unwrap(), Vec::<String>::new());
    }
}
