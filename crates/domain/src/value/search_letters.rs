//! The letters of a text, as a search compares them.

use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use icu_normalizer::{DecomposingNormalizer, DecomposingNormalizerBorrowed};

use super::fold::{is_combining, is_left_out};
use super::invisible::is_invisible;
use super::sort_key::base;

const NFKD: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizer::new_nfkd();
const CASE: CaseMapperBorrowed<'static> = CaseMapper::new();

/// The two dots of ä, ö and ü.
const DIAERESIS: char = '\u{308}';

/// A character of a folded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Letter {
    /// A letter, a digit, or a mark that makes another letter of the one before.
    Of(char),
    /// The `e` after `a`, `o` or `u` that some write for ä, ö and ü, and others leave out.
    Umlaut,
    /// What stands between words.
    Between(char),
}

/// The text without case, accents, points and invisible characters, and with the usual letters for
/// those that have no accent but are written without them, such as ł and æ (Unicode NFKD).
pub(crate) fn search_letters(text: &str) -> Vec<Letter> {
    if text.is_ascii() {
        let visible = text.chars().filter(|c| !is_invisible(*c) || c.is_whitespace());
        return visible.map(|character| letter(character.to_ascii_lowercase())).collect();
    }
    let spelled = NFKD.normalize(text);
    let folded = CASE.fold_string(&spelled);
    let mut letters = Vec::with_capacity(folded.len());
    for character in folded.chars() {
        let last = letters.last();
        if character == DIAERESIS && matches!(last, Some(Letter::Of('a' | 'o' | 'u'))) {
            letters.push(Letter::Umlaut);
        } else if is_invisible(character) && !character.is_whitespace() || is_left_out(character) {
            continue;
        } else if let Some(base) = base(character) {
            letters.extend(base.chars().map(letter));
        } else {
            letters.push(letter(character));
        }
    }
    letters
}

fn letter(character: char) -> Letter {
    match character.is_alphanumeric() || is_combining(character) {
        true => Letter::Of(character),
        false => Letter::Between(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_is_folded_as_in_other_texts() {
        for character in (0..128).map(char::from) {
            let mut folded = search_letters(&character.to_string());
            folded.push(Letter::Of('e'));
            assert_eq!(search_letters(&format!("{character}é")), folded, "{character:?}");
        }
    }
}
