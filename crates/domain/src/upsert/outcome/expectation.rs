//! What was planned for an item, to be applied later exactly so or not at all.

use std::fmt;

use sha2::{Digest as _, Sha256};

use super::{Outcome, Verdict};
use crate::ids::ContactId;
use crate::json::JsonText;
use crate::rule::Rule;

/// A SHA-256 digest over all that an outcome of a dry run does: the verdict, the contact with its
/// version, the first item that named it, and each change. Ids that are new are left out.
///
/// A batch that [expects](crate::upsert::Batch::expecting) it stores the item only if it would do the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Expectation([u8; Self::LENGTH]);

impl Expectation {
    /// The number of bytes.
    pub const LENGTH: usize = 32;

    /// The expectation of an outcome with its changes. `None` of an item that is refused because
    /// another one is (`atomicity=batch`): that one decides.
    pub fn of(outcome: &Outcome) -> Option<Self> {
        if outcome.violations.iter().any(|found| found.rule == Rule::Together) {
            return None;
        }
        let mut hash = Sha256::new_with_prefix(outcome.verdict.as_str());
        if !outcome.verdict.is_refusal() {
            let contact = outcome.contact.as_ref();
            let id = contact.and_then(|contact| contact.id).map(ContactId::get);
            let version = contact.map(|contact| contact.version.get());
            // An earlier item of the batch may have made the version. If that item names another contact
            // now, somebody else has made it.
            hash.update(format!(" {id:?} {version:?} {:?}", outcome.same_as));
            for change in &outcome.changes {
                add(&mut hash, Some(&change.path.pointer()));
                add(&mut hash, change.before.as_ref().map(JsonText::as_str));
                add(&mut hash, change.after.as_ref().map(JsonText::as_str));
            }
        }
        Some(Self(hash.finalize().into()))
    }

    /// The expectation with these bytes.
    pub fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// The bytes to keep.
    pub fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    fn is_met_by(&self, outcome: &Outcome) -> bool {
        Self::of(outcome).as_ref() == Some(self)
    }
}

impl fmt::Debug for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A text with its length, so that no two lists of texts are the same bytes.
fn add(hash: &mut Sha256, text: Option<&str>) {
    let length = text.map_or(u64::MAX, |text| u64::try_from(text.len()).unwrap_or(u64::MAX));
    hash.update(length.to_be_bytes());
    hash.update(text.unwrap_or_default());
}

/// Whether what an item does is stored.
#[derive(Debug, Clone, Copy)]
pub(in crate::upsert) enum Gate<'a> {
    /// Yes.
    Open,
    /// If it is what was expected.
    Expecting(&'a Expectation),
    /// If it ends like this, as it did when it was compared. Its ids may name what is new only now.
    EndingAs(Verdict),
    /// No, because it is not what was expected.
    Closed,
}

impl Gate<'_> {
    pub(in crate::upsert) fn admits(self, outcome: &Outcome) -> bool {
        match self {
            Self::Open => true,
            Self::Expecting(expected) => expected.is_met_by(outcome),
            Self::EndingAs(verdict) if verdict.is_refusal() => outcome.verdict.is_refusal(),
            Self::EndingAs(verdict) => outcome.verdict == verdict,
            Self::Closed => false,
        }
    }

    /// The gate of the item when it is applied again, after it led to this outcome.
    pub(in crate::upsert) fn after(self, outcome: &Outcome) -> Gate<'static> {
        match self {
            Self::Closed => Gate::Closed,
            _ => Gate::EndingAs(outcome.verdict),
        }
    }
}
