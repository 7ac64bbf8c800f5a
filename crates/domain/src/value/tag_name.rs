//! The names of tags.

use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use icu_normalizer::{ComposingNormalizer, ComposingNormalizerBorrowed};
use thiserror::Error;
use xxhash_rust::xxh3::xxh3_64;

use super::invisible::{is_blank, trimmed};

/// The largest id: integers up to here survive any JSON parser (RFC 8259, section 6).
const MAX_ID: u64 = (1 << 53) - 1;

const NFC: ComposingNormalizerBorrowed<'static> = ComposingNormalizer::new_nfc();
const CASE: CaseMapperBorrowed<'static> = CaseMapper::new();

/// The name of a tag: trimmed and not blank.
///
/// Case and composition don't count: `Genève`, `GENÈVE` and the decomposed spelling have one [`folded`](Self::folded) name and one [`id`](Self::id).
///
/// ```
/// use contacts_domain::value::TagName;
///
/// let tag = TagName::parse(" Genève ")?;
/// assert_eq!(tag.as_str(), "Genève");
/// assert_eq!(tag.id(), TagName::parse("GENÈVE")?.id());
/// # Ok::<(), contacts_domain::value::InvalidTagName>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TagName {
    name: Box<str>,
    folded: Box<str>,
}

/// The text is not the name of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the name of a tag must not be blank")]
pub struct InvalidTagName;

impl TagName {
    /// Reads a name; white space around it is ignored, and so are U+FEFF, U+200B and U+2060 there.
    ///
    /// # Errors
    ///
    /// [`InvalidTagName`] for a blank text.
    pub fn parse(text: &str) -> Result<Self, InvalidTagName> {
        let name = trimmed(text);
        if is_blank(name) {
            return Err(InvalidTagName);
        }
        Ok(Self { name: name.into(), folded: fold(name) })
    }

    /// The name as written, trimmed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The name in NFC with full case folding (Unicode), the same for all spellings.
    #[must_use]
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// The id of the tag, from 1 to 2^53−1, the same for all spellings.
    ///
    /// It is `XXH3-64(folded) mod (2^53−1) + 1`. Ids are stored and returned by the API, so this
    /// formula must never change.
    #[must_use]
    pub fn id(&self) -> i64 {
        (xxh3_64(self.folded.as_bytes()) % MAX_ID + 1).cast_signed()
    }
}

text_traits!(TagName: InvalidTagName, by parse and as_str);

fn fold(name: &str) -> Box<str> {
    if name.is_ascii() {
        // ASCII is composed, and its case folding is its lower case.
        return name.to_ascii_lowercase().into();
    }
    fold_any(name)
}

fn fold_any(name: &str) -> Box<str> {
    let composed = NFC.normalize(name);
    let folded = CASE.fold_string(&composed);
    // Folding can decompose: U+1F80 becomes two letters.
    NFC.normalize(&folded).into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tag(text: &str) -> TagName {
        TagName::parse(text).unwrap()
    }

    /// Ids are stored: a change here orphans every stored tag.
    #[test]
    fn ids_are_part_of_the_stored_format() {
        for (name, id) in [
            ("VIP", 8_406_379_922_703_071),
            ("Genève", 2_040_067_187_342_084),
            ("customer", 4_453_002_370_863_933),
            ("Straße", 5_172_379_391_551_071),
            ("東京", 7_734_744_444_632_043),
        ] {
            assert_eq!(tag(name).id(), id, "{name:?}");
        }
    }

    #[test]
    fn all_spellings_of_a_name_have_one_id() {
        for (one, other) in [
            ("Genève", "GENÈVE"),
            ("Genève", "gene\u{300}ve"),
            ("Genève", " GENE\u{300}VE\t"),
            ("Straße", "STRASSE"),
            ("Straße", "STRAẞE"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("Ǆ", "ǆ"),
            ("ﬁn", "FIN"),
        ] {
            assert_eq!(tag(one).folded(), tag(other).folded(), "{one:?} and {other:?}");
            assert_eq!(tag(one).id(), tag(other).id(), "{one:?} and {other:?}");
        }
    }

    #[test]
    fn different_names_have_different_ids() {
        for (one, other) in [("Geneve", "Genève"), ("a b", "ab"), ("a  b", "a b"), ("1", "１")] {
            assert_ne!(tag(one).id(), tag(other).id(), "{one:?} and {other:?}");
        }
    }

    #[test]
    fn ids_are_positive_and_below_2_to_the_53() {
        for number in 0..10_000 {
            let id = tag(&number.to_string()).id();
            assert!(0 < id && id < 1 << 53, "{number}: {id}");
        }
    }

    #[test]
    fn blank_text_is_refused() {
        for text in ["", " ", "\t\n", "\u{a0}\u{2003}"] {
            assert_eq!(TagName::parse(text), Err(InvalidTagName), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn ascii_shortcut_folds_the_same(text in "[\\x00-\\x7f]{0,12}") {
            prop_assert_eq!(fold(&text), fold_any(&text));
        }

        #[test]
        fn folded_name_is_stable(text in "\\PC{1,8}|[İŉŸΐΐ\u{1f80}\u{345}\u{300}-\u{36f}a-z]{1,8}") {
            if let Ok(tag) = TagName::parse(&text) {
                prop_assert_eq!(&*fold(tag.folded()), tag.folded());
            }
        }
    }
}
