//! Texts cut into tokens, and tokens into groups.

use super::MAX_WORD;
use crate::value::{Letter, search_letters};

/// Letters and digits without anything between them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Token {
    /// With ä, ö and ü as a, o and u.
    pub(super) plain: String,
    /// With ä, ö and ü as ae, oe and ue.
    pub(super) spelled: String,
    /// What stands before it.
    pub(super) before: String,
}

/// The tokens of a text.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut token = Token::default();
    for letter in search_letters(text) {
        match letter {
            Letter::Of(character) => {
                token.plain.push(character);
                token.spelled.push(character);
            }
            Letter::Umlaut => token.spelled.push('e'),
            Letter::Between(character) => {
                if !token.plain.is_empty() {
                    tokens.push(std::mem::take(&mut token));
                }
                token.before.push(character);
            }
        }
    }
    if !token.plain.is_empty() {
        tokens.push(token);
    }
    tokens
}

impl Token {
    /// Its spellings: one, or two.
    pub(super) fn spellings(&self) -> impl Iterator<Item = &str> {
        let other = (self.spelled != self.plain).then_some(self.spelled.as_str());
        [Some(self.plain.as_str()), other].into_iter().flatten()
    }

    pub(super) fn is_number(&self) -> bool {
        self.plain.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// Whether no white space is before it.
    pub(super) fn is_joined(&self) -> bool {
        !self.before.contains(char::is_whitespace)
    }

    /// Whether what is before it may stand within a number.
    pub(super) fn goes_on_with_number(&self) -> bool {
        self.before.chars().all(|c| c.is_whitespace() || "+()./-".contains(c))
    }
}

/// The first characters of a word.
pub(super) fn cut(word: &str) -> &str {
    match word.char_indices().nth(MAX_WORD) {
        Some((end, _)) => word.get(..end).unwrap_or(word),
        None => word,
    }
}
