//! What is stored of a value in another spelling.

/// What is stored of a value that differs from the stored one in its spelling alone, such as a phone
/// number written with its country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Respelling {
    /// The text that was sent.
    #[default]
    Take,
    /// The stored text. So systems that spell one value in different ways make no versions for ever.
    Keep,
}

impl Respelling {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Take, Self::Keep];

    /// The word on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Take => "take",
            Self::Keep => "keep",
        }
    }

    /// The value of a word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|respelling| respelling.as_str() == text)
    }
}
