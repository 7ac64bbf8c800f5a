//! What becomes of the fields that a run changed.

use super::undone_contact::UndoneChange;
use crate::contact::document::ContactDocument;
use crate::path::Segment;
use crate::tree::{self, Difference, NotReversible};

/// The block of salary data.
const STAFF: &str = "staff";

/// What becomes of the fields that a run changed.
pub(super) struct Fields {
    /// The document with those that go back; `None` if none does.
    pub(super) document: Option<ContactDocument>,
    /// Those that stay, with what they were before the run and what they are.
    pub(super) kept: Vec<Difference>,
}

impl Fields {
    /// Takes back what a run changed, but for fields that changes since then touched. Of the block
    /// `staff`, nothing goes back for a caller who may not write it.
    pub(super) fn of(
        now: &ContactDocument,
        own: &UndoneChange,
        since: &[UndoneChange],
        may_write_staff: bool,
    ) -> Result<Self, NotReversible> {
        let mut after = now.clone();
        for reverse in since.iter().filter_map(|change| change.reverse.as_deref()) {
            after = after.reverted(reverse)?;
        }
        let before = match own.reverse.as_deref() {
            Some(reverse) => after.reverted(reverse)?,
            None => after.clone(),
        };
        let (changed, later) = (before.differences(&after), after.differences(now));
        let goes_back = |change: &&Difference| {
            let is_touched =
                later.iter().any(|later| touches(change.path.segments(), later.path.segments()));
            !is_touched && (may_write_staff || !change.path.is_within(STAFF))
        };
        let back: Vec<&Difference> = changed.iter().filter(goes_back).collect();
        let document = match back.is_empty() {
            true => None,
            false => Some(now.reverted(&tree::reverse_of(back))?),
        };
        let mut kept = before.differences(document.as_ref().unwrap_or(now));
        kept.retain(|left| {
            changed.iter().any(|change| overlap(change.path.segments(), left.path.segments()))
        });
        Ok(Self { document, kept })
    }
}

/// Whether a change of one place may depend on that of another: they overlap, or elements of the same
/// array have moved, come or gone.
fn touches(place: &[Segment], other: &[Segment]) -> bool {
    let (here, there) = apart(place, other);
    match (here, there) {
        ([], _) | (_, []) => true,
        ([Segment::Element(here)], [Segment::Element(there), ..]) => there >= here,
        _ => false,
    }
}

/// Whether one place is within the other.
fn overlap(place: &[Segment], other: &[Segment]) -> bool {
    matches!(apart(place, other), ([], _) | (_, []))
}

/// What is left of two places after the steps that they have in common.
fn apart<'a>(place: &'a [Segment], other: &'a [Segment]) -> (&'a [Segment], &'a [Segment]) {
    let common = place.iter().zip(other).take_while(|(here, there)| here == there).count();
    (place.get(common..).unwrap_or_default(), other.get(common..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(pointer: &str) -> Vec<Segment> {
        let step = |step: &str| match step.parse() {
            Ok(index) => Segment::Element(index),
            Err(_) => Segment::Member(step.into()),
        };
        pointer.split('/').skip(1).map(step).collect()
    }

    #[test]
    fn places_touch_within_each_other_and_in_lists() {
        for (place, other, expected) in [
            ("/lastName", "/lastName", true),
            ("/lastName", "/firstName", false),
            ("/client", "/client/paymentTerms", true),
            ("/client/paymentTerms", "/client", true),
            ("/client", "/clientele", false),
            ("/addresses/1/city", "/addresses/0/city", false),
            ("/addresses/1/city", "/addresses/2", false),
            ("/addresses/1", "/addresses/2", true),
            ("/addresses/2", "/addresses/1/city", false),
            ("/addresses/1/city", "/addresses", true),
        ] {
            assert_eq!(touches(&steps(place), &steps(other)), expected, "{place} {other}");
        }
    }
}
