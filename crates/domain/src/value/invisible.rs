//! Characters that nobody sees.

use std::borrow::Cow;

use icu_normalizer::{ComposingNormalizer, ComposingNormalizerBorrowed};
use icu_properties::props::{
    Alphabetic, DefaultIgnorableCodePoint, EmojiModifier, ExtendedPictographic, GeneralCategory,
    GeneralCategoryGroup,
};
use icu_properties::{CodePointMapData, CodePointSetData};

const NFC: ComposingNormalizerBorrowed<'static> = ComposingNormalizer::new_nfc();

/// One letter in NFC is written in at most as many bytes (Unicode Standard Annex 15: a letter has at
/// most four parts).
const MAX_LETTER_BYTES: usize = 16;

/// Whether nothing shows the character: a control or format character, or a separator of lines or
/// paragraphs (Unicode categories Cc, Cf, Zl, Zp).
pub(crate) fn is_invisible(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_control();
    }
    matches!(
        CodePointMapData::<GeneralCategory>::new().get(character),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    )
}

/// The text without white space at its ends, and without the characters there that look like none
/// and come with exports and web pages: U+FEFF, U+200B and U+2060.
pub(crate) fn trimmed(text: &str) -> &str {
    text.trim_matches(|character: char| {
        character.is_whitespace() || matches!(character, '\u{feff}' | '\u{200b}' | '\u{2060}')
    })
}

/// Whether nothing of the text can be seen. Control characters are not blank: they are mistakes.
pub(crate) fn is_blank(text: &str) -> bool {
    let is_empty = |c: char| {
        c.is_whitespace() || !c.is_control() && (is_invisible(c) || !c.is_ascii() && is_filler(c))
    };
    text.chars().all(is_empty)
}

/// Whether a text of such characters alone shows nothing, though beside others they may matter: a
/// filler, a variation selector, the Braille pattern without dots.
fn is_filler(character: char) -> bool {
    character == '\u{2800}'
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
}

/// The text without them.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_invisible) {
        text.chars().filter(|character| !is_invisible(*character)).collect()
    } else {
        Cow::Borrowed(text)
    }
}

/// The text without the invisible characters that a name does not need. ZWJ and ZWNJ between letters
/// and emoji stay: they decide how these look.
pub(crate) fn without_invisible(text: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| (b' '..=b'~').contains(&byte);
    // Without a branch a byte, so that the compiler looks at many bytes at once.
    if text.bytes().fold(true, |plain, byte| plain & is_plain(byte)) {
        return Cow::Borrowed(text);
    }
    if !text.chars().any(is_invisible) {
        return Cow::Borrowed(text);
    }
    let before = std::iter::once(None).chain(text.chars().map(Some));
    let after = text.chars().skip(1).map(Some).chain([None]);
    let is_kept = |(before, character, after): &(Option<char>, char, Option<char>)| {
        // NUL is another rule's.
        !is_invisible(*character)
            || *character == '\0'
            || matches!(character, '\u{200c}' | '\u{200d}')
                && before.is_some_and(can_be_joined)
                && after.is_some_and(can_be_joined)
    };
    let characters = before.zip(text.chars()).zip(after);
    let characters = characters.map(|((before, character), after)| (before, character, after));
    if characters.clone().all(|character| is_kept(&character)) {
        return Cow::Borrowed(text);
    }
    characters.filter(is_kept).map(|(_, character, _)| character).collect()
}

/// Whether the character is a letter, a mark on one, or part of an emoji.
fn can_be_joined(character: char) -> bool {
    CodePointSetData::new::<Alphabetic>().contains(character)
        || CodePointSetData::new::<ExtendedPictographic>().contains(character)
        || CodePointSetData::new::<EmojiModifier>().contains(character)
        || GeneralCategoryGroup::Mark
            .contains(CodePointMapData::<GeneralCategory>::new().get(character))
}

/// Whether a text has at most that many characters: Unicode scalar values of its NFC form, so that
/// a letter counts once however it is composed.
pub(crate) fn has_at_most(characters: usize, text: &str) -> bool {
    // Few texts are long enough to be counted, and hardly one has to be composed for that.
    text.len() <= characters
        || text.chars().nth(characters).is_none()
        || text.len() <= characters * MAX_LETTER_BYTES
            && NFC.normalize_iter(text.chars()).nth(characters).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_are_left_out() {
        for (text, left) in [
            ("Anna", "Anna"),
            ("\u{feff}An\u{200b}na\u{2060}", "Anna"),
            ("A\u{ad}B\tC\u{2028}D\u{85}", "ABCD"),
            ("e\u{301} \u{a0}", "e\u{301} \u{a0}"),
        ] {
            assert_eq!(visible(text), left, "{text:?}");
        }
    }

    #[test]
    fn joiners_stay_between_letters_and_emoji() {
        for text in [
            "Zürich",
            "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}",
            "\u{915}\u{94d}\u{200d}\u{937}",
            "👩\u{200d}👧",
            "👩🏽\u{200d}🚒",
            "❤\u{fe0f}\u{200d}🔥",
        ] {
            assert!(matches!(without_invisible(text), Cow::Borrowed(_)), "{text:?}");
        }
        for (text, left) in [
            ("Anna\u{200b}", "Anna"),
            ("\u{feff}Anna", "Anna"),
            ("An\tna\n", "Anna"),
            ("A\u{202e}nna", "Anna"),
            ("Anna\u{200d}", "Anna"),
            ("\u{200c}Anna", "Anna"),
            ("1\u{200d}2", "12"),
            ("A\u{200d}\u{200d}B", "AB"),
        ] {
            assert_eq!(without_invisible(text), left, "{text:?}");
        }
    }

    #[test]
    fn composed_letters_are_counted() {
        for (count, text) in [
            (4, "Anna".to_owned()),
            (30, "e\u{301}".repeat(30)),
            (30, "\u{1112}\u{1161}\u{11ab}".repeat(30)),
            (30, "\u{3b1}\u{313}\u{300}\u{345}".repeat(30)),
            (60, "q\u{301}".repeat(30)),
            (30, "🏠".repeat(30)),
        ] {
            assert!(has_at_most(count, &text), "{text}");
            assert!(!has_at_most(count - 1, &text), "{text}");
        }
        assert!(!has_at_most(30, &"\u{301}".repeat(1 << 20)));
    }

    #[test]
    fn byte_order_marks_and_zero_width_spaces_are_trimmed() {
        for (text, left) in [
            (" \u{feff}A\u{200b}B\u{2060}\n", "A\u{200b}B"),
            ("\u{200e}A\u{ad}", "\u{200e}A\u{ad}"),
            ("\u{200b} \u{feff}", ""),
        ] {
            assert_eq!(trimmed(text), left, "{text:?}");
        }
    }

    #[test]
    fn text_that_shows_nothing_is_blank() {
        for text in [
            "",
            " \t",
            "\u{200b}",
            "\u{200e}\u{a0}\u{2028}",
            "\u{3164}",
            "\u{115f}\u{1160}",
            "\u{34f}\u{fe0f}",
            "\u{2800}",
        ] {
            assert!(is_blank(text), "{text:?}");
        }
        for text in [".", "\u{200b}a", "\u{301}", "\0"] {
            assert!(!is_blank(text), "{text:?}");
        }
    }
}
