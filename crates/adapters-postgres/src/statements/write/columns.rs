//! Contacts, column by column: what one statement takes of many.

use contacts_domain::OrganizationId;
use contacts_domain::contact::{Projection, Record};
use contacts_domain::value::LinkId;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::connect::Parameter;
use crate::statements::row::{Instant, Json};

/// The columns of contacts of one organization, in their order in the statements.
pub(crate) struct Columns<'a> {
    organization: i32,
    ids: Vec<i64>,
    contact_types: Vec<&'a str>,
    external_ids: Vec<Option<&'a str>>,
    link_ids: Vec<Option<Uuid>>,
    display_names: Vec<&'a str>,
    emails: Vec<Option<&'a str>>,
    phones: Vec<Option<&'a str>>,
    mobiles: Vec<Option<&'a str>>,
    vat_numbers: Vec<Option<&'a str>>,
    archived: Vec<bool>,
    are_customers: Vec<bool>,
    are_vendors: Vec<bool>,
    are_staff: Vec<bool>,
    versions: Vec<i64>,
    document_versions: Vec<i32>,
    created_at: Vec<Instant>,
    updated_at: Vec<Instant>,
    deleted_at: Vec<Option<Instant>>,
    documents: Vec<Json<'a>>,
}

impl<'a> Columns<'a> {
    /// The columns of these contacts.
    pub(crate) fn of(
        organization: OrganizationId,
        records: impl ExactSizeIterator<Item = &'a Record>,
    ) -> Self {
        let mut columns = Self::with_capacity(organization, records.len());
        records.for_each(|record| columns.push(record));
        columns
    }

    fn with_capacity(organization: OrganizationId, count: usize) -> Self {
        Self {
            organization: organization.get(),
            ids: Vec::with_capacity(count),
            contact_types: Vec::with_capacity(count),
            external_ids: Vec::with_capacity(count),
            link_ids: Vec::with_capacity(count),
            display_names: Vec::with_capacity(count),
            emails: Vec::with_capacity(count),
            phones: Vec::with_capacity(count),
            mobiles: Vec::with_capacity(count),
            vat_numbers: Vec::with_capacity(count),
            archived: Vec::with_capacity(count),
            are_customers: Vec::with_capacity(count),
            are_vendors: Vec::with_capacity(count),
            are_staff: Vec::with_capacity(count),
            versions: Vec::with_capacity(count),
            document_versions: Vec::with_capacity(count),
            created_at: Vec::with_capacity(count),
            updated_at: Vec::with_capacity(count),
            deleted_at: Vec::with_capacity(count),
            documents: Vec::with_capacity(count),
        }
    }

    fn push(&mut self, record: &'a Record) {
        let Projection {
            contact_type,
            external_id,
            link_id,
            display_name,
            email,
            phone,
            mobile,
            vat_number,
            archived,
            is_customer,
            is_vendor,
            is_staff,
        } = &record.projection;
        self.ids.push(record.id.get());
        self.contact_types.push(contact_type.as_str());
        self.external_ids.push(external_id.as_deref());
        self.link_ids.push(link_id.map(LinkId::as_uuid));
        self.display_names.push(display_name);
        self.emails.push(email.as_deref());
        self.phones.push(phone.as_deref());
        self.mobiles.push(mobile.as_deref());
        self.vat_numbers.push(vat_number.as_deref());
        self.archived.push(*archived);
        self.are_customers.push(*is_customer);
        self.are_vendors.push(*is_vendor);
        self.are_staff.push(*is_staff);
        self.versions.push(record.version.get());
        self.document_versions.push(record.document_version);
        self.created_at.push(Instant(record.created_at));
        self.updated_at.push(Instant(record.updated_at));
        self.deleted_at.push(record.deleted_at.map(Instant));
        self.documents.push(Json(&record.document));
    }

    /// The columns as the first parameters of a statement, the organization before them.
    pub(crate) fn parameters(&self) -> Vec<Parameter<'_>> {
        vec![
            (&self.organization, Type::INT4),
            (&self.ids, Type::INT8_ARRAY),
            (&self.contact_types, Type::TEXT_ARRAY),
            (&self.external_ids, Type::TEXT_ARRAY),
            (&self.link_ids, Type::UUID_ARRAY),
            (&self.display_names, Type::TEXT_ARRAY),
            (&self.emails, Type::TEXT_ARRAY),
            (&self.phones, Type::TEXT_ARRAY),
            (&self.mobiles, Type::TEXT_ARRAY),
            (&self.vat_numbers, Type::TEXT_ARRAY),
            (&self.archived, Type::BOOL_ARRAY),
            (&self.are_customers, Type::BOOL_ARRAY),
            (&self.are_vendors, Type::BOOL_ARRAY),
            (&self.are_staff, Type::BOOL_ARRAY),
            (&self.versions, Type::INT8_ARRAY),
            (&self.document_versions, Type::INT4_ARRAY),
            (&self.created_at, Type::TIMESTAMPTZ_ARRAY),
            (&self.updated_at, Type::TIMESTAMPTZ_ARRAY),
            (&self.deleted_at, Type::TIMESTAMPTZ_ARRAY),
            (&self.documents, Type::JSON_ARRAY),
        ]
    }
}
