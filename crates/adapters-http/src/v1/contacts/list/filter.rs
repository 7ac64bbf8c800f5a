//! The parameters that select contacts.

use contacts_application::access::Organization;
use contacts_application::contact_list::{ContactFilter, ContactFlag, ListKey};
use contacts_application::ports::Lifecycle;
use contacts_domain::Timestamp;
use contacts_domain::contact::ContactType;
use contacts_domain::value::{CountryCode, Email, LinkId, Phone, TagName, VatNumber};

use crate::openapi::AnyContactTypeSchema;
use crate::problem::Problem;
use crate::v1::parameters::Parameters;
use crate::v1::word::Word;

/// The longest external id, and more than any other key has.
const MAX_KEY: usize = 500;

/// The parameters that select contacts: those for which all of them hold.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters")]
pub(crate) struct FilterParams {
    /// Only contacts of that type.
    #[param(rename = "contactType", value_type = Option<AnyContactTypeSchema>)]
    contact_type: Option<String>,
    /// Only archived contacts, or only others. Without it, both are shown.
    archived: Option<bool>,
    /// Only deleted contacts. Without it, only living ones are shown.
    deleted: Option<bool>,
    /// Only customers, or only others.
    #[param(rename = "isCustomer")]
    is_customer: Option<bool>,
    /// Only suppliers, or only others.
    #[param(rename = "isVendor")]
    is_vendor: Option<bool>,
    /// Only employees, or only others.
    #[param(rename = "isStaff")]
    is_staff: Option<bool>,
    /// Only contacts with the tag of that name; case does not count.
    #[param(example = "key account")]
    tag: Option<String>,
    /// Only contacts with an address in that country (ISO 3166-1 alpha-2).
    #[param(rename = "countryCode2", example = "CH")]
    country_code2: Option<String>,
    /// Only contacts that were changed at that time or later (RFC 3339).
    #[param(rename = "updatedSince", example = "2026-09-21T14:13:20Z")]
    updated_since: Option<String>,
    /// Only contacts with that e-mail address. The organization has to match by it.
    email: Option<String>,
    /// Only contacts with that phone or mobile number, however it is written. The organization has to
    /// match by it.
    phone: Option<String>,
    /// Only contacts with that VAT number, however it is written. The organization has to match by it.
    #[param(rename = "vatNumber")]
    vat_number: Option<String>,
    /// The contact of that external id.
    #[param(rename = "externalId", example = "CRM-7")]
    external_id: Option<String>,
    /// The contact of that link id.
    #[param(rename = "linkId", format = "uuid", min_length = 36, max_length = 36)]
    link_id: Option<String>,
}

/// Reads the filter of a request for contacts of an organization.
pub(crate) fn filter(
    parameters: &mut Parameters,
    organization: &Organization,
) -> Result<ContactFilter, Problem> {
    let mut flags = Vec::new();
    for (name, flag) in [
        ("archived", ContactFlag::Archived),
        ("isCustomer", ContactFlag::IsCustomer),
        ("isVendor", ContactFlag::IsVendor),
        ("isStaff", ContactFlag::IsStaff),
    ] {
        flags.extend(parameters.word(name)?.map(|wanted: bool| (flag, wanted)));
    }
    let is_deleted = parameters.word("deleted")?.unwrap_or_default();
    Ok(ContactFilter {
        lifecycle: if is_deleted { Lifecycle::Deleted } else { Lifecycle::Living },
        contact_type: parameters.word("contactType")?,
        flags,
        country: read(parameters, "countryCode2", "an ISO 3166-1 alpha-2 code, or XK", |text| {
            CountryCode::parse(text).ok()
        })?,
        tag: read(parameters, "tag", "the name of a tag", |text| {
            TagName::parse(text).ok().map(|tag| tag.id())
        })?,
        updated_since: read(
            parameters,
            "updatedSince",
            "an RFC 3339 date-time, such as 2026-09-21T14:13:20Z",
            Timestamp::parse,
        )?,
        keys: keys(parameters, organization.settings.region)?,
        query: None,
    })
}

fn keys(parameters: &mut Parameters, region: CountryCode) -> Result<Vec<ListKey>, Problem> {
    let external_id = |text: &str| {
        let key = text.trim();
        (!key.is_empty() && key.chars().count() <= MAX_KEY).then(|| key.to_owned())
    };
    let keys = [
        read(parameters, "externalId", "an external id", external_id)?.map(ListKey::ExternalId),
        read(parameters, "linkId", "a UUID", |text| LinkId::parse(text).ok())?.map(ListKey::LinkId),
        read(parameters, "email", "an e-mail address", |text| {
            Some(Email::parse(text).ok()?.as_str().to_owned())
        })?
        .map(ListKey::Email),
        read(parameters, "phone", "a phone number; in a URL, + is written as %2B", |text| {
            Some(Phone::parse(text, region).ok()?.as_str().to_owned())
        })?
        .map(ListKey::Phone),
        read(parameters, "vatNumber", "a VAT number", VatNumber::normal_form)?
            .map(ListKey::VatNumber),
    ];
    Ok(keys.into_iter().flatten().collect())
}

fn read<T: PartialEq>(
    parameters: &mut Parameters,
    name: &'static str,
    expected: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    // No database takes this character as text.
    let read = |text: &str| read(text).filter(|_| !text.contains('\0'));
    parameters.take(name, |text| read(text).ok_or_else(|| expected.to_owned()))
}

impl Word for ContactType {
    const ALL: &'static [Self] = &[Self::Person, Self::Organization, Self::Endpoint];

    fn as_str(self) -> &'static str {
        self.as_str()
    }
}
