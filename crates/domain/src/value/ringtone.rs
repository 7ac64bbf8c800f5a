//! The ringtones of intercom endpoints.

use thiserror::Error;

/// What the file systems of the devices take.
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
    /// More than a name, or a directory.
    #[error("a ringtone must be a file name without a path")]
    Path,
    /// A line break, say.
    #[error("a ringtone must not have control characters")]
    ControlCharacter,
}

impl Ringtone {
    /// Reads a file name as written: nothing is trimmed.
    ///
    /// # Errors
    ///
    /// What doesn't hold, as an [`InvalidRingtone`].
    pub fn parse(text: &str) -> Result<Self, InvalidRingtone> {
        if text.trim().is_empty() {
            return Err(InvalidRingtone::Blank);
        }
        if text.chars().nth(MAX_CHARACTERS).is_some() {
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

display_as_str!(Ringtone);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_ringtones() {
        let longest = "ü".repeat(255);
        for text in ["ring1.wav", "Sonnerie n° 2.mp3", " a", "...", ".hidden", "a..b", &longest] {
            assert_eq!(Ringtone::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn paths_and_what_no_file_is_called_are_refused() {
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
