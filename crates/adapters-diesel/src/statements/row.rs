//! Rows of contacts and organizations.

use contacts_application::access::Organization;
use contacts_application::ports::StoreError;
use contacts_domain::auditing::{ContactKey, StoredColumns, StoredContact};
use contacts_domain::contact::{Projection, Record};
use contacts_domain::value::CountryCode;
use contacts_domain::{ContactId, OrganizationId, Timestamp, Version};
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use crate::connect::Failure;
use crate::schema::{contact, organization};

/// A contact to be inserted.
#[derive(Insertable)]
#[diesel(table_name = contact, treat_none_as_default_value = false)]
pub(crate) struct NewContactRow<'a> {
    id: i64,
    organization_id: i32,
    created_at: i64,
    #[diesel(embed)]
    keys: KeysRow<'a>,
    #[diesel(embed)]
    content: ContentRow<'a>,
}

/// The indexed columns of a contact. Setting them rewrites an entry of each index.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = contact, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct KeysRow<'a> {
    external_id: Option<&'a str>,
    link_id: Option<String>,
    email: Option<&'a str>,
    phone: Option<&'a str>,
    mobile: Option<&'a str>,
    vat_number: Option<&'a str>,
    deleted_at: Option<i64>,
}

/// The other columns that an update sets.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = contact, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct ContentRow<'a> {
    contact_type: &'a str,
    display_name: &'a str,
    archived: bool,
    is_customer: bool,
    is_vendor: bool,
    is_staff: bool,
    version: i64,
    document_version: i32,
    updated_at: i64,
    document: &'a str,
}

impl<'a> From<&'a Record> for NewContactRow<'a> {
    fn from(record: &'a Record) -> Self {
        Self {
            id: record.id.get(),
            organization_id: record.organization.get(),
            created_at: record.created_at.micros(),
            keys: record.into(),
            content: record.into(),
        }
    }
}

impl<'a> From<&'a Record> for KeysRow<'a> {
    fn from(record: &'a Record) -> Self {
        let Projection { external_id, link_id, email, phone, mobile, vat_number, .. } =
            &record.projection;
        Self {
            external_id: external_id.as_deref(),
            link_id: link_id.map(|link_id| link_id.to_string()),
            email: email.as_deref(),
            phone: phone.as_deref(),
            mobile: mobile.as_deref(),
            vat_number: vat_number.as_deref(),
            deleted_at: record.deleted_at.map(Timestamp::micros),
        }
    }
}

impl<'a> From<&'a Record> for ContentRow<'a> {
    fn from(record: &'a Record) -> Self {
        let projection = &record.projection;
        Self {
            contact_type: projection.contact_type.as_str(),
            display_name: &projection.display_name,
            archived: projection.archived,
            is_customer: projection.is_customer,
            is_vendor: projection.is_vendor,
            is_staff: projection.is_staff,
            version: record.version.get(),
            document_version: record.document_version,
            updated_at: record.updated_at.micros(),
            document: &record.document,
        }
    }
}

/// A contact as it is read.
#[derive(Queryable, Selectable)]
#[diesel(table_name = contact, check_for_backend(Sqlite))]
pub(crate) struct ContactRow {
    id: i64,
    organization_id: i32,
    contact_type: String,
    external_id: Option<String>,
    link_id: Option<String>,
    display_name: String,
    email: Option<String>,
    phone: Option<String>,
    mobile: Option<String>,
    vat_number: Option<String>,
    archived: bool,
    is_customer: bool,
    is_vendor: bool,
    is_staff: bool,
    version: i64,
    document_version: i32,
    created_at: i64,
    updated_at: i64,
    deleted_at: Option<i64>,
    document: String,
}

impl ContactRow {
    pub(crate) fn id(&self) -> i64 {
        self.id
    }
}

impl From<ContactRow> for StoredContact {
    /// The contact without its relations and its entry.
    fn from(row: ContactRow) -> Self {
        Self {
            key: ContactKey { organization: row.organization_id, id: row.id },
            columns: StoredColumns {
                contact_type: row.contact_type,
                external_id: row.external_id,
                link_id: row.link_id,
                display_name: row.display_name,
                email: row.email,
                phone: row.phone,
                mobile: row.mobile,
                vat_number: row.vat_number,
                archived: row.archived,
                is_customer: row.is_customer,
                is_vendor: row.is_vendor,
                is_staff: row.is_staff,
            },
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
        })
    }
}

/// An organization, written and read.
#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = organization, check_for_backend(Sqlite))]
pub(crate) struct OrganizationRow {
    id: i32,
    name: String,
    region: String,
}

impl From<Organization> for OrganizationRow {
    fn from(organization: Organization) -> Self {
        Self {
            id: organization.id.get(),
            name: organization.name,
            region: organization.region.as_str().to_owned(),
        }
    }
}

impl TryFrom<OrganizationRow> for Organization {
    type Error = Failure;

    fn try_from(row: OrganizationRow) -> Result<Self, Failure> {
        let id = organization_id(row.id)?;
        let region = CountryCode::parse(&row.region)
            .map_err(|error| StoreError::corrupt(format!("organization {id}: {error}")))?;
        Ok(Self { id, name: row.name, region })
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
