//! The words of closed lists.

use contacts_domain::Respelling;
use contacts_domain::upsert::{Key, Verdict};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

/// A value of a closed list, and its word on the wire.
pub(crate) trait Word: Copy + PartialEq + 'static {
    const ALL: &'static [Self];

    fn as_str(self) -> &'static str;

    /// The value of a word.
    fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.as_str() == text)
    }
}

/// Declares the words of a type, once for reading, answers and the API description.
macro_rules! words {
    ($schema:ident($of:ty), $about:literal { $($value:ident = $word:literal),+ $(,)? }) => {
        impl $crate::v1::word::Word for $of {
            const ALL: &'static [Self] = &[$(Self::$value),+];

            fn as_str(self) -> &'static str {
                match self { $(Self::$value => $word),+ }
            }
        }

        $crate::v1::word::word_schema!($schema($of), $about);
    };
}
pub(crate) use words;

/// Declares the schema of a type with words.
macro_rules! word_schema {
    ($schema:ident($of:ty), $about:literal) => {
        #[doc = $about]
        pub(crate) enum $schema {}

        impl utoipa::PartialSchema for $schema {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $crate::v1::word::schema::<$of>($about)
            }
        }

        impl utoipa::ToSchema for $schema {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($schema).into()
            }
        }
    };
}
pub(crate) use word_schema;

word_schema!(MatchKey(Key), "A key that an item is matched by.");
word_schema!(VerdictWord(Verdict), "What became of an item.");
word_schema!(RespellingWord(Respelling), "What is stored of a value in another spelling.");

impl Word for bool {
    const ALL: &'static [Self] = &[true, false];

    fn as_str(self) -> &'static str {
        if self { "true" } else { "false" }
    }
}

impl Word for Key {
    const ALL: &'static [Self] = &Self::ALL;

    fn as_str(self) -> &'static str {
        self.as_str()
    }
}

impl Word for Verdict {
    const ALL: &'static [Self] = &Self::ALL;

    fn as_str(self) -> &'static str {
        self.as_str()
    }
}

impl Word for Respelling {
    const ALL: &'static [Self] = &Self::ALL;

    fn as_str(self) -> &'static str {
        self.as_str()
    }
}

/// The schema of a word.
pub(crate) fn schema<W: Word>(about: &str) -> RefOr<Schema> {
    let words = W::ALL.iter().map(|word| word.as_str());
    let text = ObjectBuilder::new().schema_type(Type::String).description(Some(about));
    text.enum_values(Some(words)).into()
}

/// The one that is close to what was sent, if there is exactly one.
pub(crate) fn did_you_mean<'k>(sent: &str, known: &[&'k str]) -> Option<&'k str> {
    let sent = sent.to_lowercase();
    // A long text would be compared letter by letter.
    let allowed = if sent.len() > 100 { 0 } else { (sent.chars().count() / 3).clamp(1, 3) };
    let distance = |word: &str| strsim::damerau_levenshtein(&word.to_lowercase(), &sent);
    let close = known.iter().map(|word| (distance(word), *word));
    let close: Vec<_> = close.filter(|(distance, _)| *distance <= allowed).collect();
    let (least, best) = close.iter().min()?;
    let is_single = close.iter().filter(|(distance, _)| distance == least).count() == 1;
    is_single.then_some(*best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_close_word_is_proposed() {
        let known = ["upsert", "create", "update", "fill"];
        for (sent, proposed) in [
            ("Upsert", Some("upsert")),
            ("updat", Some("update")),
            ("craete", Some("create")),
            ("delete", None),
            ("", None),
            (&"u".repeat(10_000), None),
        ] {
            assert_eq!(did_you_mean(sent, &known), proposed, "{sent}");
        }
        assert_eq!(did_you_mean("limi", &["limit", "limid"]), None, "two are as close");
    }
}
