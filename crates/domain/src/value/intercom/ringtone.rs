//! The ringtones of intercom endpoints.

use thiserror::Error;

use crate::value::invisible::{has_at_most, is_blank};

/// The longest file name on the devices' file systems.
const MAX_CHARACTERS: usize = 255;

/// The ringtone of an intercom endpoint: the name of a file, without a path.
///
/// ```
/// use contacts_domain::value::Ringtone;
///
/// assert_eq!(Ringtone::parse("ring1.wav")?.as_str(), "ring1.wav");
/// assert!(Ringtone::parse("../ring1.wav").is_err());
/// # Ok::<(), contacts_domain::value::InvalidRingtone>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ringtone(Box<str>);

/// The text is not the name of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidRingtone {
    /// Nothing but white space.
    #[error("a ringtone must not be blank")]
    Blank,
    /// Longer than a file name can be.
    #[error("a ringtone must not be longer than {MAX_CHARACTERS} characters")]
    TooLong,
    /// A path, or the name of a directory.
    #[error("a ringtone must be a file name without a path")]
    Path,
    /// A control character, such as a line break.
    #[error("a ringtone must not have control characters")]
    ControlCharacter,
}

impl Ringtone {
    /// Reads a file name as written: nothing is trimmed.
    ///
    /// # Errors
    ///
    /// The first check that fails, as an [`InvalidRingtone`].
    pub fn parse(text: &str) -> Result<Self, InvalidRingtone> {
        if is_blank(text) {
            return Err(InvalidRingtone::Blank);
        }
        if !has_at_most(MAX_CHARACTERS, text) {
            return Err(InvalidRingtone::TooLong);
        }
        if text.contains(['/', '\\']) || matches!(text, "." | "..") {
            return Err(InvalidRingtone::Path);
        }
        if text.contains(char::is_control) {
            return Err(InvalidRingtone::ControlCharacter);
        }
        Ok(Self(text.into()))
    }

    /// The file name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_traits!(Ringtone: InvalidRingtone, by parse and as_str);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_read() {
        let longest = "ü".repeat(255);
        for text in ["ring1.wav", "Sonnerie n° 2.mp3", " a", "...", ".hidden", "a..b", &longest] {
            assert_eq!(Ringtone::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        use InvalidRingtone::{Blank, ControlCharacter, Path, TooLong};
        let too_long = "ü".repeat(256);
        for (text, error) in [
            ("", Blank),
            (" \t", Blank),
            (&too_long, TooLong),
            (".", Path),
            ("..", Path),
            ("/ring1.wav", Path),
            ("a/b", Path),
            ("..\\ring1.wav", Path),
            ("ring\n1.wav", ControlCharacter),
            ("ring1.wav\0", ControlCharacter),
            ("ring\u{85}1.wav", ControlCharacter),
        ] {
            assert_eq!(Ringtone::parse(text), Err(error), "{text:?}");
        }
    }
}
