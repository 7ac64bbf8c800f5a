//! How an item was matched, and what became of each member.

use contacts_domain::ContactId;
use contacts_domain::upsert::{Explanation, Field, Reason, Rung};
use serde::Serialize;
use utoipa::ToSchema;

use crate::reply::redaction::Redaction;
use crate::v1::word::{MatchKey, Word, word_schema};

impl Word for Reason {
    const ALL: &'static [Self] = &Self::ALL;

    fn as_str(self) -> &'static str {
        self.as_str()
    }
}

word_schema!(ReasonWord(Reason), "Why a member changed, or why not.");

/// How an item was matched, and what became of each member.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Explanation)]
pub(super) struct ExplanationBody<'a> {
    /// The keys that the item was matched by, in order.
    rungs: Vec<RungBody<'a>>,
    /// The members that the contact has or the item sent; those of blocks one by one, each array as a
    /// whole.
    fields: Vec<FieldBody>,
}

/// What a key looked for, and found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplanationRung)]
struct RungBody<'a> {
    /// The key.
    #[schema(value_type = MatchKey)]
    key: &'static str,
    /// The normal forms that it looked for; none if the item does not have the key.
    sought: &'a [String],
    /// The contacts that it found, at most 10; null for one that a dry run would create.
    hits: Vec<Option<i64>>,
}

/// What became of a member.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplanationField)]
struct FieldBody {
    /// The JSON Pointer (RFC 6901) of the member.
    #[schema(example = "/lastName")]
    pointer: String,
    /// Whether it changed.
    changes: bool,
    /// Why it changed, or why not.
    #[schema(value_type = ReasonWord)]
    reason: &'static str,
}

impl<'a> ExplanationBody<'a> {
    pub(super) fn of(explanation: &'a Explanation, redaction: Redaction) -> Self {
        let shown = |field: &&Field| redaction.shows(&field.path);
        Self {
            rungs: explanation.rungs.iter().map(RungBody::of).collect(),
            fields: explanation.fields.iter().filter(shown).map(FieldBody::of).collect(),
        }
    }
}

impl<'a> RungBody<'a> {
    fn of(Rung { key, sought, hits }: &'a Rung) -> Self {
        let hits = hits.iter().map(|id| id.map(ContactId::get)).collect();
        Self { key: key.as_str(), sought, hits }
    }
}

impl FieldBody {
    fn of(Field { path, changes, reason }: &Field) -> Self {
        Self { pointer: path.pointer(), changes: *changes, reason: reason.as_str() }
    }
}
