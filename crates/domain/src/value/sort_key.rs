//! Keys that sort names as people do.

use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use icu_normalizer::{DecomposingNormalizer, DecomposingNormalizerBorrowed};

use super::fold::is_accent;
use super::invisible::is_invisible;

const NFKD: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizer::new_nfkd();
const CASE: CaseMapperBorrowed<'static> = CaseMapper::new();

/// Ends a level; it sorts before every character of a name.
const LEVEL: char = '\u{1}';

/// The key of a name: the order of the keys' bytes is that of the names. Names are compared by their
/// letters, then by accents, then by case, lower case first.
///
/// It is made of folding that Unicode keeps stable, so that stored keys stay valid. The keys of the
/// Unicode Collation Algorithm change with its versions.
pub(crate) fn sort_key(name: &str) -> String {
    let spelled = NFKD.normalize(name);
    // Folding looks at one character at a time; most are ASCII.
    let mut accented = String::with_capacity(spelled.len());
    for character in spelled.chars() {
        match character.is_ascii() {
            true => accented.push(character.to_ascii_lowercase()),
            false => accented.push_str(&CASE.fold_string(character.encode_utf8(&mut [0; 4]))),
        }
    }
    let mut key = String::with_capacity(4 * name.len());
    for character in accented.chars().filter(|c| !is_accent(*c) && !is_invisible(*c)) {
        match base(character) {
            Some(base) => key.push_str(base),
            None => key.push(character),
        }
    }
    key.push(LEVEL);
    key.push_str(&accented);
    key.push(LEVEL);
    key.extend(spelled.chars().map(|c| if c.is_uppercase() { '1' } else { '0' }));
    // No database takes it as text.
    key.retain(|c| c != '\0');
    key
}

/// What people sort and search a character by that Unicode does not decompose: letters, and the quotation
/// marks and dashes of keyboards for those of typesetting.
pub(super) fn base(character: char) -> Option<&'static str> {
    Some(match character {
        '‘' | '’' | 'ʼ' => "'",
        '“' | '”' | '„' | '«' | '»' => "\"",
        '\u{2010}'..='\u{2015}' => "-",
        'æ' => "ae",
        'ð' | 'đ' => "d",
        'ħ' => "h",
        'ı' => "i",
        'ł' => "l",
        'ø' => "o",
        'œ' => "oe",
        'þ' => "th",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_as_people_sort_them() {
        let sorted = [
            "“Adler”",
            "\"Krone\"",
            "«Rose»",
            "– Lager",
            "1. Stock",
            "2. Stock",
            "anna",
            "Anna",
            "Ännä",
            "Anna Zoe",
            "Anna-Maria",
            "Annabelle",
            "Emil",
            "Emile",
            "émile",
            "Émile",
            "Emma",
            "Klein",
            "Łukasz",
            "Lukaszek",
            "Müller",
            "Muller AG",
            "O’Brien",
            "O'Neil",
            "O’Neil",
            "Oslo",
            "Øster",
            "öz",
            "Strasse",
            "Straße 1",
            "Zádor",
            "Zoe",
            "Жук",
        ];
        let mut names = sorted;
        names.reverse();
        names.sort_by_key(|name| sort_key(name));
        assert_eq!(names, sorted);
    }

    #[test]
    fn spellings_of_one_text_have_one_key() {
        for (one, other) in [("Émile", "E\u{301}mile"), ("\u{fb01}n", "fin"), ("a\0", "a\0")] {
            assert_eq!(sort_key(one), sort_key(other));
        }
        assert!(!sort_key("a\0").contains('\0'));
    }
}
