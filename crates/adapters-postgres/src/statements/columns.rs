//! The columns of contacts and entries. Names, parameters and reading follow from the declarations
//! in the domain; only the columns around them are declared here.

use std::error::Error;

use contacts_domain::auditing::{StoredColumns, StoredEntry};
use contacts_domain::contact::{ContactType, IntercomEntry, SortKey};
use contacts_domain::value::LinkId;
use contacts_domain::{Change, Digest, OrganizationId, RunId, Timestamp};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Kind, ToSql, Type, accepts};
use uuid::Uuid;

use super::values::{Instant, Json};
use crate::connect::{Failure, Parameter};

/// The table `contact`, where a link id is a `uuid`.
pub(crate) struct ContactTable;
/// The table `contact_intercom`, where a link id is a text, or empty.
pub(crate) struct EntryTable;

/// A value of the domain as a column of a table.
pub(crate) trait Column<Table> {
    /// The type of an array of values.
    const ARRAY: Type;
    /// An element of that array.
    type Element<'a>: ToSql + Sync
    where
        Self: 'a;

    fn element(&self) -> Self::Element<'_>;
}

macro_rules! column {
    ($([$any:ident])? $table:ident, $type:ty, $array:ident, $element:ty, |$value:ident| $to:expr) => {
        impl$(<$any>)? Column<$table> for $type {
            const ARRAY: Type = Type::$array;
            type Element<'a> = $element;

            fn element(&self) -> Self::Element<'_> {
                let $value = self;
                $to
            }
        }
    };
}

column!([T] T, i64, INT8_ARRAY, i64, |number| *number);
column!([T] T, i32, INT4_ARRAY, i32, |number| *number);
column!([T] T, bool, BOOL_ARRAY, bool, |flag| *flag);
column!([T] T, String, TEXT_ARRAY, &'a str, |text| text);
column!([T] T, Option<String>, TEXT_ARRAY, Option<&'a str>, |text| text.as_deref());
column!(ContactTable, ContactType, TEXT_ARRAY, &'static str, |contact_type| contact_type.as_str());
column!(ContactTable, SortKey, TEXT_ARRAY, &'a str, |key| key.as_str());
column!(ContactTable, Option<LinkId>, UUID_ARRAY, Option<Uuid>, |id| id.map(LinkId::as_uuid));
column!(ContactTable, Timestamp, TIMESTAMPTZ_ARRAY, Instant, |at| Instant(*at));
column!(ContactTable, Option<Timestamp>, TIMESTAMPTZ_ARRAY, Option<Instant>, |at| at.map(Instant));
// A document.
column!(ContactTable, str, JSON_ARRAY, Json<'a>, |document| Json(document));
column!(ContactTable, Option<Digest>, BYTEA_ARRAY, Option<&'a [u8]>, |digest| digest
    .as_ref()
    .map(Digest::as_bytes));
column!(ContactTable, Option<RunId>, INT8_ARRAY, Option<i64>, |run| run.map(RunId::get));
column!(EntryTable, Option<LinkId>, TEXT_ARRAY, String, |id| id
    .map(|id| id.to_string())
    .unwrap_or_default());

/// A column as an audit reads it, whatever it holds.
trait Stored: Sized {
    fn get(row: &Row, index: usize) -> Result<Self, tokio_postgres::Error>;
}

impl Stored for String {
    fn get(row: &Row, index: usize) -> Result<Self, tokio_postgres::Error> {
        row.try_get(index)
    }
}

impl Stored for bool {
    fn get(row: &Row, index: usize) -> Result<Self, tokio_postgres::Error> {
        row.try_get(index)
    }
}

impl Stored for Option<String> {
    fn get(row: &Row, index: usize) -> Result<Self, tokio_postgres::Error> {
        let text: Option<TextOrUuid> = row.try_get(index)?;
        Ok(text.map(|TextOrUuid(text)| text))
    }
}

struct TextOrUuid(String);

impl FromSql<'_> for TextOrUuid {
    fn from_sql(of: &Type, raw: &[u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(match *of {
            Type::UUID => Uuid::from_sql(of, raw)?.to_string(),
            _ => String::from_sql(of, raw)?,
        }))
    }

    accepts!(TEXT, UUID);
}

/// Defines the columns of a table: `$columns`, their values by column, and `$indexes`, their places
/// in the rows of a statement.
macro_rules! table {
    (
        $table:ident, $columns:ident, $indexes:ident, |$source:ident: $of:ty|
        $($name:ident: $type:ty = $value:expr,)+
    ) => {
        /// The columns of rows of one organization, as parameters of a statement.
        pub(crate) struct $columns<'a> {
            organization: i32,
            $($name: Vec<<$type as Column<$table>>::Element<'a>>,)+
        }

        impl<'a> $columns<'a> {
            /// The names of the columns, without that of the organization.
            pub(crate) const NAMES: &'static [&'static str] = &[$(stringify!($name)),+];

            pub(crate) fn of(
                organization: OrganizationId,
                sources: impl ExactSizeIterator<Item = &'a $of>,
            ) -> Self {
                let mut columns = Self {
                    organization: organization.get(),
                    $($name: Vec::with_capacity(sources.len()),)+
                };
                for $source in sources {
                    $(columns.$name.push(<$type as Column<$table>>::element($value));)+
                }
                columns
            }

            /// The organization and the columns, as the first parameters of a statement.
            pub(crate) fn parameters(&self) -> Vec<Parameter<'_>> {
                vec![
                    (&self.organization, Type::INT4),
                    $((&self.$name, <$type as Column<$table>>::ARRAY),)+
                ]
            }

            /// The start of a statement that inserts the rows of [`parameters`](Self::parameters).
            pub(crate) fn insert_into(table: &str) -> String {
                insert_into(table, Self::NAMES, &[$(<$type as Column<$table>>::ARRAY),+])
            }
        }

        /// Where a row has its columns.
        pub(crate) struct $indexes {
            $(pub(crate) $name: usize,)+
        }

        impl $indexes {
            /// The places of the columns whose names have that prefix.
            pub(crate) fn of(row: &Row, prefix: &str) -> Result<Self, Failure> {
                let index = |name| index_of(row, &format!("{prefix}{name}"));
                Ok(Self { $($name: index(stringify!($name))?,)+ })
            }
        }
    };
}

macro_rules! contact_table {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)+) => {
        table! {
            ContactTable, ContactColumns, ContactIndexes, |change: Change|
            id: i64 = &change.record().id.get(),
            $($name: $type = &change.record().projection.$name,)+
            version: i64 = &change.record().version.get(),
            document_version: i32 = &change.record().document_version,
            created_at: Timestamp = &change.record().created_at,
            updated_at: Timestamp = &change.record().updated_at,
            deleted_at: Option<Timestamp> = &change.record().deleted_at,
            document: str = &change.record().document,
            digest: Option<Digest> = &change.record().digest,
            run_id: Option<RunId> = &change.run(),
        }

        impl ContactIndexes {
            /// The columns that follow from the document, whatever they hold.
            pub(crate) fn stored(&self, row: &Row) -> Result<StoredColumns, Failure> {
                Ok(StoredColumns { $($name: Stored::get(row, self.$name)?,)+ })
            }
        }
    };
}

macro_rules! entry_table {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)+) => {
        table! {
            EntryTable, EntryColumns, EntryIndexes, |entry: (i64, IntercomEntry)|
            contact_id: i64 = &entry.0,
            $($name: $type = &entry.1.$name,)+
        }

        impl EntryIndexes {
            /// The columns that follow from the document, whatever they hold.
            pub(crate) fn stored(&self, row: &Row) -> Result<StoredEntry, Failure> {
                Ok(StoredEntry { $($name: Stored::get(row, self.$name)?,)+ })
            }
        }
    };
}

contacts_domain::contact_columns!(contact_table);
contacts_domain::entry_columns!(entry_table);

/// A list of columns, each after that prefix.
pub(crate) fn list(prefix: &str, names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("{prefix}{name}")).collect();
    names.join(", ")
}

/// The assignments that overwrite stored columns with the ones of an `INSERT`, but for these.
pub(crate) fn overwrite(names: &[&str], except: &[&str]) -> String {
    let names = names.iter().filter(|name| !except.contains(name));
    let assignments: Vec<_> = names.map(|name| format!("{name} = excluded.{name}")).collect();
    assignments.join(", ")
}

fn insert_into(table: &str, names: &[&str], arrays: &[Type]) -> String {
    let array = |(number, array): (usize, &Type)| {
        let element = if let Kind::Array(element) = array.kind() { element } else { array };
        format!("${number}::{}[]", element.name())
    };
    let arrays: Vec<_> = (2..).zip(arrays).map(array).collect();
    format!(
        "INSERT INTO {table} (organization_id, {}) SELECT $1, new.* FROM unnest({}) AS new",
        list("", names),
        arrays.join(", ")
    )
}

/// The start of the statement that inserts the only row of the same parameters. PostgreSQL starts it
/// 30 µs sooner than that for many rows.
pub(crate) fn insert_one_into(table: &str, names: &[&str]) -> String {
    let values: Vec<_> = (2..).zip(names).map(|(number, _)| format!("${number}[1]")).collect();
    format!(
        "INSERT INTO {table} (organization_id, {}) VALUES ($1, {})",
        list("", names),
        values.join(", ")
    )
}

/// The index of a column in the rows of a statement.
pub(crate) fn index_of(row: &Row, name: &str) -> Result<usize, Failure> {
    let mut columns = row.columns().iter();
    columns
        .position(|column| column.name() == name)
        .ok_or_else(|| Failure::internal(format_args!("a row lacks the column {name}")))
}
