//! The row of a contact in the answer to an item, with the verdict.

use contacts_domain::upsert::{ContactState, Key, Outcome, Verdict, WholeContact};
use contacts_domain::{ContactId, Timestamp};
use serde::{Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::openapi::ContactTypeSchema;
use crate::reply::redaction::Redaction;

/// As much of the row as an answer shows.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum FreshRow<'a> {
    /// All of it.
    Complete(RowReply<'a>),
    /// In a minimal answer.
    Minimal(MinimalRow),
    /// There is no contact, or the caller may not read.
    Verdict { verdict: VerdictReply },
}

/// The verdict, and the row of the contact in a list. Members of the contact without a value are
/// `null`. Without a contact, and for a token without the scope `read`, there is `verdict` alone;
/// under `Prefer: return=minimal` there are `id`, `version`, `verdict` and `sameAs`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RowReply<'a> {
    /// The id; null where a dry run would create the contact.
    #[schema(example = 42)]
    id: Option<i64>,
    /// The same id.
    #[schema(example = 42)]
    contact_id: Option<i64>,
    /// What the contact is.
    #[schema(required = false, value_type = ContactTypeSchema)]
    contact_type: &'static str,
    /// The caller's own key.
    #[schema(example = "ERP-10001")]
    external_id: Option<&'a str>,
    /// The display name.
    #[schema(required = false, example = "Boulangerie du Rhône SA")]
    display_name: &'a str,
    /// The e-mail address, as sent.
    #[schema(example = "info@boulangerie-rhone.example")]
    email: Option<&'a str>,
    /// The phone number, as sent.
    #[schema(example = "+41 22 700 59 29")]
    phone: Option<&'a str>,
    /// The city of the first address.
    #[schema(example = "Genève")]
    city: Option<&'a str>,
    /// The country of the first address.
    #[schema(example = "CH")]
    country_code2: Option<&'a str>,
    /// Whether the contact is archived.
    #[schema(required = false)]
    archived: bool,
    /// The version of the contact, which `ifVersion` is compared with.
    #[schema(required = false, example = 1)]
    version: i64,
    /// When the contact last changed, RFC 3339 in UTC.
    #[serde(serialize_with = "as_text")]
    #[schema(
        required = false,
        value_type = String,
        format = DateTime,
        example = "2026-11-02T08:15:30.25Z"
    )]
    updated_at: Timestamp,
    /// What became of the item.
    verdict: VerdictReply,
    /// The key that found the contact; absent where it was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = MatchedByReply)]
    matched_by: Option<MatchedByReply>,
    /// The index of the first item of the batch that named the same contact; absent where that is
    /// this item.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 0, nullable = false)]
    same_as: Option<usize>,
}

/// The row in a minimal answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MinimalRow {
    id: Option<i64>,
    version: i64,
    verdict: VerdictReply,
    #[serde(skip_serializing_if = "Option::is_none")]
    same_as: Option<usize>,
}

impl<'a> FreshRow<'a> {
    /// The row for a caller of these rights, with what is shown of the whole contact.
    pub(super) fn of(
        outcome: &'a Outcome,
        shown: Option<&'a WholeContact>,
        redaction: Redaction,
    ) -> Self {
        let verdict = VerdictReply(outcome.verdict);
        let contact = outcome.contact.as_ref().filter(|_| redaction.shows_contacts);
        let Some(ContactState { id, version, .. }) = contact else {
            return Self::Verdict { verdict };
        };
        let id = id.map(ContactId::get);
        let (version, same_as) = (version.get(), outcome.same_as);
        let Some(WholeContact { record, email, phone, city, country_code2 }) = shown else {
            return Self::Minimal(MinimalRow { id, version, verdict, same_as });
        };
        Self::Complete(RowReply {
            id,
            contact_id: id,
            contact_type: record.projection.contact_type.as_str(),
            external_id: record.projection.external_id.as_deref(),
            display_name: &record.projection.display_name,
            email: email.as_deref(),
            phone: phone.as_deref(),
            city: city.as_deref(),
            country_code2: country_code2.as_deref(),
            archived: record.projection.archived,
            version,
            updated_at: record.updated_at,
            verdict,
            matched_by: outcome.matched_by.map(MatchedByReply),
            same_as,
        })
    }
}

fn as_text<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(at)
}

/// A word of a closed list.
macro_rules! words {
    ($($reply:ident($of:ty), $about:literal;)+) => {$(
        #[doc = $about]
        #[derive(Debug, Clone, Copy)]
        pub(super) struct $reply($of);

        impl Serialize for $reply {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.0.as_str())
            }
        }

        impl PartialSchema for $reply {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .description(Some($about))
                    .enum_values(Some(<$of>::ALL.map(<$of>::as_str)))
                    .into()
            }
        }

        impl ToSchema for $reply {}
    )+};
}

words! {
    VerdictReply(Verdict), "What became of the item.";
    MatchedByReply(Key), "The key that found the contact; absent where it was created.";
}
