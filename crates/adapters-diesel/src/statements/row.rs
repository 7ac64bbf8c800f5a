//! Rows of contacts and organizations.

use contacts_application::ports::StoreError;
use contacts_domain::auditing::{ContactKey, StoredColumns, StoredContact};
use contacts_domain::contact::{ContactType, Record, SortKey};
use contacts_domain::value::LinkId;
use contacts_domain::{
    Change, Column, ContactId, Digest, ItemDigest, OrganizationId, RunId, Timestamp, Version,
    contact_columns,
};
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use sha2::{Digest as _, Sha256};

use super::columns::{Columns, row};
use crate::connect::Failure;
use crate::schema::contact;

/// How a column is bound: text by reference.
pub(crate) trait Bind {
    type Bound<'a>
    where
        Self: 'a;

    /// Whether indexes cover such columns: they cover the nullable ones and sort keys.
    const INDEXED: bool = false;

    fn bind(&self) -> Self::Bound<'_>;
}

impl Bind for ContactType {
    type Bound<'a> = &'a str;

    fn bind(&self) -> &str {
        self.as_str()
    }
}

impl Bind for String {
    type Bound<'a> = &'a str;

    fn bind(&self) -> &str {
        self
    }
}

impl Bind for SortKey {
    type Bound<'a> = &'a str;

    const INDEXED: bool = true;

    fn bind(&self) -> &str {
        self.as_str()
    }
}

impl Bind for bool {
    type Bound<'a> = bool;

    fn bind(&self) -> bool {
        *self
    }
}

impl Bind for Option<String> {
    type Bound<'a> = Option<&'a str>;

    const INDEXED: bool = true;

    fn bind(&self) -> Option<&str> {
        self.as_deref()
    }
}

impl Bind for Option<LinkId> {
    type Bound<'a> = Option<String>;

    const INDEXED: bool = true;

    fn bind(&self) -> Option<String> {
        self.map(|link_id| link_id.to_string())
    }
}

macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)+) => {
        /// The columns that follow from the document, as read.
        #[derive(Queryable, Selectable)]
        #[diesel(table_name = contact, check_for_backend(Sqlite))]
        pub(crate) struct ColumnsRow {
            $($name: <$type as Column>::Stored,)+
        }

        impl From<ColumnsRow> for StoredColumns {
            fn from(row: ColumnsRow) -> Self {
                Self { $($name: row.$name,)+ }
            }
        }

        /// A contact to write.
        pub(crate) struct ContactValues<'a> {
            pub(super) id: i64,
            organization_id: i32,
            version: i64,
            document_version: i32,
            created_at: i64,
            updated_at: i64,
            deleted_at: Option<i64>,
            document: &'a str,
            digest: Option<&'a [u8]>,
            /// The run that the change is part of.
            pub(super) run_id: Option<i64>,
            email_hash: Option<i64>,
            $($name: <$type as Bind>::Bound<'a>,)+
        }

        row!(
            ContactValues of contact: id, organization_id, version, document_version, created_at,
            updated_at, deleted_at, document, digest, run_id, email_hash, $($name,)+
        );

        impl<'a> From<&'a Change> for ContactValues<'a> {
            fn from(change: &'a Change) -> Self {
                let record = change.record();
                Self {
                    id: record.id.get(),
                    organization_id: record.organization.get(),
                    version: record.version.get(),
                    document_version: record.document_version,
                    created_at: record.created_at.micros(),
                    updated_at: record.updated_at.micros(),
                    deleted_at: record.deleted_at.map(Timestamp::micros),
                    document: &record.document,
                    digest: record.digest.as_ref().map(Digest::as_bytes),
                    run_id: change.run().map(RunId::get),
                    email_hash: record.projection.email.as_deref().map(email_hash),
                    $($name: record.projection.$name.bind(),)+
                }
            }
        }

        impl ContactValues<'_> {
            /// Visits what an update sets: all that may change, or those columns of it that no
            /// index covers.
            pub(super) fn changed<'b>(
                &'b self,
                indexed: bool,
                columns: &mut Columns<'_, 'b>,
            ) -> QueryResult<()> {
                columns.visit(contact::version, &self.version)?;
                columns.visit(contact::document_version, &self.document_version)?;
                columns.visit(contact::updated_at, &self.updated_at)?;
                columns.visit(contact::document, &self.document)?;
                columns.visit(contact::digest, &self.digest)?;
                $(if indexed || !<$type as Bind>::INDEXED {
                    columns.visit(contact::$name, &self.$name)?;
                })+
                if indexed {
                    columns.visit(contact::email_hash, &self.email_hash)?;
                    columns.visit(contact::deleted_at, &self.deleted_at)?;
                }
                Ok(())
            }
        }

        /// Whether an indexed column changes, or the contact comes into the indexes or leaves them.
        /// SQLite rewrites an index entry whenever one of its columns is set, even to the same value.
        pub(crate) fn touches_an_index(change: &Change) -> bool {
            let parts = change.parts();
            parts.lifecycle
                $(|| (<$type as Bind>::INDEXED && parts.$name))+
        }
    };
}

contact_columns!(rows);

/// The hash that a contact with that e-mail address is looked up by: the first eight bytes of SHA-256.
/// Two addresses may have one, so whoever looks up compares the address, too.
pub(crate) fn email_hash(email: &str) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(Sha256::digest(email));
    i64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// A contact as read.
#[derive(Queryable, Selectable)]
#[diesel(table_name = contact, check_for_backend(Sqlite))]
pub(crate) struct ContactRow {
    id: i64,
    organization_id: i32,
    #[diesel(embed)]
    columns: ColumnsRow,
    version: i64,
    document_version: i32,
    created_at: i64,
    updated_at: i64,
    deleted_at: Option<i64>,
    document: String,
    digest: Option<Vec<u8>>,
    run_id: Option<i64>,
}

impl ContactRow {
    pub(crate) fn id(&self) -> i64 {
        self.id
    }

    pub(crate) fn external_id(&self) -> Option<&str> {
        self.columns.external_id.as_deref()
    }

    /// The item that left the contact as it is, if that is known.
    pub(crate) fn left_by(&self) -> Option<ItemDigest> {
        let digest = Digest::from_bytes(self.digest.as_deref()?)?;
        (digest.version().get() == self.version).then(|| digest.item())
    }

    /// The last run that changed it.
    pub(crate) fn run(&self) -> Option<RunId> {
        self.run_id.and_then(RunId::new)
    }

    pub(crate) fn document_bytes(&self) -> usize {
        self.document.len()
    }
}

impl From<ContactRow> for StoredContact {
    /// The contact without its relations and its entry.
    fn from(row: ContactRow) -> Self {
        Self {
            key: ContactKey { organization: row.organization_id, id: row.id },
            columns: row.columns.into(),
            version: Version::new(row.version),
            created_at: Timestamp::from_micros(row.created_at),
            updated_at: Timestamp::from_micros(row.updated_at),
            deleted_at: row.deleted_at.map(Timestamp::from_micros),
            document_version: row.document_version,
            document: row.document,
            relations: Vec::new(),
            entry: None,
        }
    }
}

impl TryFrom<ContactRow> for Record {
    type Error = Failure;

    fn try_from(row: ContactRow) -> Result<Self, Failure> {
        let digest = row.digest.as_deref().and_then(Digest::from_bytes);
        let stored = StoredContact::from(row);
        let id = contact_id(stored.key.id)?;
        let projection = stored.columns.read().map_err(|column| {
            StoreError::corrupt(format!("contact {id}: the column {column} holds no valid value"))
        })?;
        Ok(Self {
            id,
            organization: organization_id(stored.key.organization)?,
            projection,
            version: stored.version,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
            deleted_at: stored.deleted_at,
            document_version: stored.document_version,
            document: stored.document,
            digest,
        })
    }
}

pub(crate) fn contact_id(id: i64) -> Result<ContactId, Failure> {
    ContactId::new(id)
        .ok_or_else(|| StoreError::corrupt(format!("{id} is not a contact id")).into())
}

pub(crate) fn organization_id(id: i32) -> Result<OrganizationId, Failure> {
    OrganizationId::new(id)
        .ok_or_else(|| StoreError::corrupt(format!("{id} is not an organization id")).into())
}
