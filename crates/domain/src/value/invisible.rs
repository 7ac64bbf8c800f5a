//! Characters that nobody sees.

use std::borrow::Cow;

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;

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

/// The text without them.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_invisible) {
        text.chars().filter(|character| !is_invisible(*character)).collect()
    } else {
        Cow::Borrowed(text)
    }
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
}
