//! Queries for contacts.

use super::token::{Token, cut, tokens};
use super::words::{SearchWords, join};

/// The longest query, in characters.
pub const MAX_QUERY_CHARS: usize = 200;

/// A query: words in any order, all of which a contact has. The last one may be the beginning of a
/// word, and so may every number; what has one or two characters is a whole word.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SearchQuery(Vec<Vec<Alternative>>);

/// Words that a contact has all of.
type Alternative = Vec<QueryWord>;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct QueryWord {
    word: String,
    is_beginning: bool,
}

impl SearchQuery {
    /// Reads a query. `None` if it has no letter and no digit, or too many characters.
    ///
    /// Digits with the usual signs between them are a number: `+41 79 111` asks for `4179111…`. They
    /// may be several words as well.
    pub fn parse(text: &str) -> Option<Self> {
        if text.chars().nth(MAX_QUERY_CHARS).is_some() {
            return None;
        }
        let tokens = tokens(text);
        let mut groups = tokens.chunk_by(belong_together).peekable();
        let mut parts: Vec<Vec<Alternative>> = Vec::new();
        while let Some(group) = groups.next() {
            let part = alternatives(group, groups.peek().is_none());
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
        (!parts.is_empty()).then_some(Self(parts))
    }

    /// Whether a contact has these words.
    pub fn matches(&self, words: &SearchWords) -> bool {
        let has = |wanted: &QueryWord| match wanted.is_beginning {
            true => words.has_beginning(&wanted.word),
            false => words.has(&wanted.word),
        };
        self.0.iter().all(|part| part.iter().any(|words| words.iter().all(has)))
    }

    /// The query as an expression of an index, with these operators, and words as `write` writes a
    /// word, or the beginning of one.
    pub fn expression(&self, [and, or]: [&str; 2], write: impl Fn(&str, bool) -> String) -> String {
        let words = |words: &Alternative| {
            let word = |wanted: &QueryWord| write(&wanted.word, wanted.is_beginning);
            format!("({})", words.iter().map(word).collect::<Vec<_>>().join(and))
        };
        let part = |part: &Vec<Alternative>| {
            format!("({})", part.iter().map(words).collect::<Vec<_>>().join(or))
        };
        self.0.iter().map(part).collect::<Vec<_>>().join(and)
    }
}

/// Whether two tokens may be one word, or one number.
fn belong_together(one: &Token, next: &Token) -> bool {
    match (one.is_number(), next.is_number()) {
        (true, true) => next.goes_on_with_number(),
        _ => next.is_joined(),
    }
}

/// What a group of tokens asks for: one word, or a word each, in each spelling.
fn alternatives(group: &[Token], is_last: bool) -> Vec<Alternative> {
    let (plain, spelled) = join(group);
    let is_number = group.iter().all(Token::is_number);
    let mut alternatives: Vec<Alternative> = Vec::new();
    let mut add = |words: Alternative| {
        if !alternatives.contains(&words) {
            alternatives.push(words);
        }
    };
    if is_number {
        add(vec![query_word(&dialled(group), true)]);
    }
    add(vec![query_word(&plain, is_last || is_number)]);
    add(vec![query_word(&spelled, is_last || is_number)]);
    for spelling in [|token: &Token| token.plain.clone(), |token: &Token| token.spelled.clone()] {
        let last = group.len() - 1;
        let words = group
            .iter()
            .enumerate()
            .map(|(index, token)| query_word(&spelling(token), is_last && index == last));
        if last > 0 {
            add(words.collect());
        }
    }
    alternatives
}

fn query_word(word: &str, may_go_on: bool) -> QueryWord {
    let is_beginning = may_go_on && word.chars().nth(2).is_some();
    QueryWord { word: cut(word).to_owned(), is_beginning }
}

/// The digits of a number without what is not dialled or stands for `+`: `0041 (0)79` is `4179`.
fn dialled(group: &[Token]) -> String {
    let is_abroad = group
        .first()
        .is_some_and(|first| first.before.ends_with('+') || first.plain.starts_with("00"));
    let mut digits = String::new();
    for token in group {
        let is_optional = token.plain == "0" && token.before.ends_with('(') && !digits.is_empty();
        if !(is_abroad && is_optional) {
            digits.push_str(&token.plain);
        }
    }
    match digits.strip_prefix("00") {
        Some(rest) if rest.len() > 1 => rest.to_owned(),
        _ => digits,
    }
}
