//! Names compared as people compare them.

use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use icu_normalizer::properties::{CanonicalCombiningClassMap, CanonicalCombiningClassMapBorrowed};
use icu_normalizer::{DecomposingNormalizer, DecomposingNormalizerBorrowed};

use super::invisible::is_invisible;

const NFD: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizer::new_nfd();
const CASE: CaseMapperBorrowed<'static> = CaseMapper::new();
const COMBINING: CanonicalCombiningClassMapBorrowed<'static> = CanonicalCombiningClassMap::new();

/// The combining classes of accents (Unicode, attached to a letter, above or below it). Lower ones
/// make another letter: the voicing of kana, the vowels of Thai.
const ACCENTS: std::ops::RangeInclusive<u8> = 202..=240;

/// The text without case, accents, white space and invisible characters.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        let counts = |byte: &u8| !byte.is_ascii_whitespace() && !byte.is_ascii_control();
        return text
            .bytes()
            .filter(counts)
            .map(|byte| char::from(byte.to_ascii_lowercase()))
            .collect();
    }
    let counts = |character: &char| {
        !character.is_whitespace() && !is_invisible(*character) && !is_accent(*character)
    };
    let letters: String = NFD.normalize(text).chars().filter(counts).collect();
    CASE.fold_string(&letters).into_owned()
}

/// The combining classes of points in Hebrew, Arabic and Syriac, which most texts leave out.
const POINTS: std::ops::RangeInclusive<u8> = 10..=36;

/// Whether people leave the character out when they search: an accent, or a point.
pub(super) fn is_left_out(character: char) -> bool {
    is_accent(character) || POINTS.contains(&COMBINING.get_u8(character))
}

/// Whether it is a mark on the letter before it.
pub(super) fn is_combining(character: char) -> bool {
    COMBINING.get_u8(character) != 0
}

/// Whether it is an accent of the letter before it.
pub(super) fn is_accent(character: char) -> bool {
    ACCENTS.contains(&COMBINING.get_u8(character))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_a_name_fold_alike() {
        for (one, other) in [
            ("Head Office", " head\u{a0} OFFICE\t"),
            ("Genève", "GENEVE"),
            ("Genève", "gene\u{300}ve"),
            ("Straße", "STRASSE"),
            ("\u{feff}Bern\u{200b}", "bern"),
            ("Łódź", "ŁODZ"),
            ("ΣΊΣΥΦΟΣ", "σισυφος"),
            ("\u{2060}", ""),
        ] {
            assert_eq!(fold(one), fold(other), "{one:?} and {other:?}");
        }
    }

    #[test]
    fn other_names_fold_otherwise() {
        for (one, other) in [("Bern", "Berne"), ("か", "が"), ("กี", "กุ"), ("1", "2"), ("ø", "o")]
        {
            assert_ne!(fold(one), fold(other), "{one:?} and {other:?}");
        }
    }

    proptest! {
        #[test]
        fn case_and_composition_do_not_count(text in "[A-Za-zÀ-žḀ-ỹ \u{300}-\u{304}]{0,12}") {
            prop_assert_eq!(fold(&text), fold(&NFD.normalize(&text)));
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
        }
    }
}
