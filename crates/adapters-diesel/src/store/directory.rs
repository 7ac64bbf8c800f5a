//! The port of the directory of intercoms.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use contacts_application::directory::{EntryPage, EntryQuery, Order, OrderKey};
use contacts_application::ports::{IntercomDirectory, StoreError};
use contacts_domain::OrganizationId;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use super::SqliteStore;
use crate::connect::{Failure, in_time, limit_time};
use crate::schema::contact_intercom::{self, BoxedQuery};
use crate::statements::condition::Condition;
use crate::statements::entry::EntryRow;

/// How long a list may take, with its wait for a connection.
const MAX_TIME: Duration = Duration::from_secs(5);

#[async_trait]
impl IntercomDirectory for SqliteStore {
    async fn entries(
        &self,
        organization: OrganizationId,
        query: &EntryQuery,
    ) -> Result<EntryPage, StoreError> {
        let query = query.clone();
        let started = Instant::now();
        let time_is_left = move || started.elapsed() < MAX_TIME;
        self.readers
            .read_long(move |connection| {
                limit_time(time_is_left, || page(connection, organization, &query))
            })
            .await
    }
}

fn page(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    query: &EntryQuery,
) -> Result<EntryPage, Failure> {
    // One transaction: total and entries are those of one moment.
    connection.transaction(|connection| {
        let total: i64 = selected(organization, query).count().get_result(connection)?;
        let rows: Vec<EntryRow> = ordered(selected(organization, query), query.order)
            .offset(i64::try_from(query.offset).unwrap_or(i64::MAX))
            .limit(query.limit.into())
            .select(EntryRow::as_select())
            .load(connection)?;
        Ok(EntryPage {
            entries: rows.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
            total: u64::try_from(total).map_err(StoreError::internal)?,
        })
    })
}

fn selected(organization: OrganizationId, query: &EntryQuery) -> BoxedQuery<'_, Sqlite> {
    let entries = contact_intercom::table
        .filter(contact_intercom::organization_id.eq(organization.get()))
        // Before the filter of the caller, which may be slow.
        .filter(in_time())
        .into_boxed();
    match &query.filter {
        Some(filter) => entries.filter(Condition::new(filter)),
        None => entries,
    }
}

/// Sorts the entries; equal ones by id.
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
        OrderKey::Name => by!(contact_intercom::sort_key).then_order_by(id),
        OrderKey::Kind => by!(contact_intercom::kind).then_order_by(id),
        OrderKey::Number => by!(contact_intercom::number).then_order_by(id),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};

    use contacts_application::directory::{Comparison, Filter, TextField};
    use contacts_application::ports::StoreErrorKind;
    use diesel::connection::InstrumentationEvent;

    use super::*;
    use crate::connect::SqliteOptions;
    use crate::store::write_batch;
    use crate::testing::{endpoints, file, plan};

    fn organization() -> OrganizationId {
        OrganizationId::new(1).unwrap()
    }

    fn all(by: OrderKey) -> EntryQuery {
        EntryQuery { filter: None, order: Order { by, descending: false }, offset: 0, limit: 10 }
    }

    /// The query plan for entries in that order.
    fn plan_of(by: OrderKey, descending: bool) -> String {
        let query = all(by);
        let entries = ordered(selected(organization(), &query), Order { by, descending });
        plan(&entries.limit(10).select(EntryRow::as_select()))
    }

    #[test]
    fn id_and_name_order_use_an_index() {
        let by_id = "SEARCH contact_intercom USING PRIMARY KEY (organization_id=?)";
        let by_name = "SEARCH contact_intercom USING INDEX contact_intercom_sort_key \
                       (organization_id=?)";
        assert_eq!(plan_of(OrderKey::Id, false), by_id);
        assert_eq!(plan_of(OrderKey::Id, true), by_id);
        assert_eq!(plan_of(OrderKey::Name, false), by_name);
        // Entries of one name are sorted by id, lowest first.
        let sorted = format!("{by_name}; USE TEMP B-TREE FOR LAST TERM OF ORDER BY");
        assert_eq!(plan_of(OrderKey::Name, true), sorted);
    }

    #[test]
    fn total_and_entries_are_of_one_moment() {
        let (_directory, database) = file(SqliteOptions::default());
        let mut writer = database.writer().unwrap();
        write_batch(&mut writer, &endpoints(&[("A", "Door")]));
        let mut reader = database.reader().unwrap();

        // Another connection writes between the two statements.
        let between = Mutex::new(Some(writer));
        reader.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::FinishQuery { query, .. } = event
                && query.to_string().contains("COUNT(*)")
                && let Some(mut writer) = between.lock().unwrap().take()
            {
                write_batch(&mut writer, &endpoints(&[("B", "Back door")]));
            }
        });

        let counts = |page: EntryPage| (page.entries.len(), page.total);
        let query = all(OrderKey::Id);
        assert_eq!(counts(page(&mut reader, organization(), &query).unwrap()), (1, 1));
        assert_eq!(counts(page(&mut reader, organization(), &query).unwrap()), (2, 2));
    }

    #[test]
    fn list_out_of_time_ends_at_once() {
        let (_directory, database) = file(SqliteOptions::default());
        let entries = ["A", "B", "C", "D"].map(|key| (key, "Door"));
        write_batch(&mut database.writer().unwrap(), &endpoints(&entries));
        let mut reader = database.reader().unwrap();
        // Once while the entries are counted, once while they are listed.
        for rows_in_time in [2, 5] {
            let rows = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&rows);
            let time_is_left = move || counted.fetch_add(1, Ordering::Relaxed) < rows_in_time;
            let query = all(OrderKey::Number);
            let read = limit_time(time_is_left, || page(&mut reader, organization(), &query));
            assert_eq!(read.unwrap_err().kind(), StoreErrorKind::OutOfTime);
            assert_eq!(rows.load(Ordering::Relaxed), rows_in_time + 1);
        }
    }

    #[test]
    fn filters_are_not_cached() {
        let (_directory, database) = file(SqliteOptions::default());
        let mut reader = database.reader().unwrap();
        let cached = Arc::new(Mutex::new(Vec::new()));
        let events = Arc::clone(&cached);
        reader.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::CacheQuery { sql, .. } = event {
                events.lock().unwrap().push(sql.to_owned());
            }
        });

        let name = Filter::Text(TextField::Name, Comparison::Equal, "Door".to_owned());
        for filter in [name.clone(), Filter::Not(Box::new(name))] {
            let query = EntryQuery { filter: Some(filter), ..all(OrderKey::Name) };
            page(&mut reader, organization(), &query).unwrap();
        }

        assert_eq!(*cached.lock().unwrap(), Vec::<String>::new());
    }
}
