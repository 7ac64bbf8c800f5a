//! The filter of the list, as text.
//!
//! ```text
//! filter    = all *("or" all)
//! all       = one *("and" one)
//! one       = "not" one | "(" filter ")" | condition
//! condition = FIELD ("eq" | "nq" | "gt" | "lt" | "ge" | "le") VALUE
//! ```
//!
//! A value is text in single quotes, in which two of them are one; `true` or `false`; or a whole
//! number: as the field asks for.

use contacts_application::directory::{Comparison, Filter, FlagField, TextField};

/// The most conditions of a filter.
const MAX_CONDITIONS: usize = 100;

/// How deep a filter may be nested; each level can be an `or` of `and`s.
const MAX_DEPTH: usize = Filter::MAX_NESTING / 2;

/// Why a text is not a filter, as a text for the caller.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct InvalidFilter(String);

/// Reads a filter.
pub(super) fn parse(text: &str) -> Result<Filter, InvalidFilter> {
    let mut parser = Parser { text, rest: text, conditions: 0 };
    let filter = parser.any(1)?;
    parser.skip_space();
    if parser.rest.is_empty() { Ok(filter) } else { Err(parser.expected("and, or, or the end")) }
}

/// A field, by the type of its values.
#[derive(Clone, Copy)]
enum Field {
    Text(TextField),
    Flag(FlagField),
    Id,
}

struct Parser<'t> {
    text: &'t str,
    /// What has not been read yet.
    rest: &'t str,
    /// How many conditions have been read.
    conditions: usize,
}

impl<'t> Parser<'t> {
    fn any(&mut self, depth: usize) -> Result<Filter, InvalidFilter> {
        let mut filters = vec![self.all(depth)?];
        while self.take_word("or") {
            filters.push(self.all(depth)?);
        }
        Ok(alone_or(filters, Filter::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Filter, InvalidFilter> {
        let mut filters = vec![self.one(depth)?];
        while self.take_word("and") {
            filters.push(self.one(depth)?);
        }
        Ok(alone_or(filters, Filter::All))
    }

    fn one(&mut self, depth: usize) -> Result<Filter, InvalidFilter> {
        if depth > MAX_DEPTH {
            return Err(InvalidFilter(format!("is nested more than {MAX_DEPTH} deep")));
        }
        if self.take_word("not") {
            return Ok(Filter::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.take_symbol('(') {
            let inner = self.any(depth + 1)?;
            return if self.take_symbol(')') {
                Ok(inner)
            } else {
                Err(self.expected("and, or, or a closing parenthesis"))
            };
        }
        self.condition()
    }

    fn condition(&mut self) -> Result<Filter, InvalidFilter> {
        self.conditions += 1;
        if self.conditions > MAX_CONDITIONS {
            return Err(InvalidFilter(format!("has more than {MAX_CONDITIONS} conditions")));
        }
        let field = self.field()?;
        let comparison = self.comparison()?;
        Ok(match field {
            Field::Text(field) => Filter::Text(field, comparison, self.text_value(field)?),
            Field::Flag(field) => Filter::Flag(field, comparison, self.flag_value()?),
            Field::Id => Filter::Id(comparison, self.number_value()?),
        })
    }

    fn field(&mut self) -> Result<Field, InvalidFilter> {
        let word = self.next_word();
        let field = match word {
            "name" => Field::Text(TextField::Name),
            "type" => Field::Text(TextField::Kind),
            "number" => Field::Text(TextField::Number),
            "link_id" => Field::Text(TextField::LinkId),
            "ringtone" => Field::Text(TextField::Ringtone),
            "is_favorite" => Field::Flag(FlagField::IsFavorite),
            "auto_answer" => Field::Flag(FlagField::AutoAnswer),
            "in_black_list" => Field::Flag(FlagField::InBlackList),
            "is_p2p" => Field::Flag(FlagField::IsP2p),
            "uid" | "item_uid" => Field::Id,
            _ => return Err(self.expected("a field of an item")),
        };
        self.advance(word.len());
        Ok(field)
    }

    fn comparison(&mut self) -> Result<Comparison, InvalidFilter> {
        let word = self.next_word();
        let comparison = match word {
            "eq" => Comparison::Equal,
            "nq" => Comparison::NotEqual,
            "gt" => Comparison::Greater,
            "lt" => Comparison::Less,
            "ge" => Comparison::GreaterOrEqual,
            "le" => Comparison::LessOrEqual,
            _ => return Err(self.expected("eq, nq, gt, lt, ge or le")),
        };
        self.advance(word.len());
        Ok(comparison)
    }

    fn text_value(&mut self, field: TextField) -> Result<String, InvalidFilter> {
        if !self.take_symbol('\'') {
            return Err(self.expected("text in single quotes"));
        }
        let mut value = String::new();
        loop {
            let Some((part, rest)) = self.rest.split_once('\'') else {
                self.advance(self.rest.len());
                return Err(self.expected("a closing quote"));
            };
            value.push_str(part);
            self.rest = rest;
            if !self.rest.starts_with('\'') {
                break;
            }
            value.push('\'');
            self.advance(1);
        }
        // Link ids are compared in lower case.
        if field == TextField::LinkId {
            value.make_ascii_lowercase();
        }
        Ok(value)
    }

    fn flag_value(&mut self) -> Result<bool, InvalidFilter> {
        let is_true = self.take_word("true");
        if is_true || self.take_word("false") {
            Ok(is_true)
        } else {
            Err(self.expected("true or false"))
        }
    }

    fn number_value(&mut self) -> Result<i64, InvalidFilter> {
        self.skip_space();
        let is_part = |character: char| character == '-' || character.is_ascii_alphanumeric();
        let end = self.rest.find(|character| !is_part(character)).unwrap_or(self.rest.len());
        let digits = self.rest.get(..end).unwrap_or_default();
        let Ok(number) = digits.parse() else {
            return Err(self.expected("a whole number of 64 bits"));
        };
        self.advance(end);
        Ok(number)
    }

    /// Reads the word if it comes next.
    fn take_word(&mut self, word: &str) -> bool {
        let is_next = self.next_word() == word;
        if is_next {
            self.advance(word.len());
        }
        is_next
    }

    fn take_symbol(&mut self, symbol: char) -> bool {
        self.skip_space();
        let is_next = self.rest.starts_with(symbol);
        if is_next {
            self.advance(symbol.len_utf8());
        }
        is_next
    }

    /// The next word; empty if something else comes next.
    fn next_word(&mut self) -> &'t str {
        self.skip_space();
        let is_part = |character: char| character == '_' || character.is_ascii_alphanumeric();
        let end = self.rest.find(|character| !is_part(character)).unwrap_or(self.rest.len());
        self.rest.get(..end).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    fn advance(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    /// The refusal of the next character.
    fn expected(&mut self, what: &str) -> InvalidFilter {
        self.skip_space();
        let read = self.text.len() - self.rest.len();
        let character = self.text.get(..read).unwrap_or_default().chars().count() + 1;
        InvalidFilter(format!("expected {what} at character {character}"))
    }
}

fn alone_or(mut filters: Vec<Filter>, together: fn(Vec<Filter>) -> Filter) -> Filter {
    match (filters.pop(), filters.is_empty()) {
        (Some(alone), true) => alone,
        (last, _) => {
            filters.extend(last);
            together(filters)
        }
    }
}

impl std::fmt::Display for InvalidFilter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use contacts_application::directory::Comparison::{
        Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual,
    };

    use super::*;

    fn name(value: &str) -> Filter {
        Filter::Text(TextField::Name, Equal, value.to_owned())
    }

    fn id(value: i64) -> Filter {
        Filter::Id(Equal, value)
    }

    #[test]
    fn each_field_takes_values_of_its_type() {
        for (text, field) in [
            ("name", TextField::Name),
            ("type", TextField::Kind),
            ("number", TextField::Number),
            ("link_id", TextField::LinkId),
            ("ringtone", TextField::Ringtone),
        ] {
            let filter = Filter::Text(field, Equal, "a b".to_owned());
            assert_eq!(parse(&format!("{text} eq 'a b'")), Ok(filter), "{text}");
            for value in ["true", "7", "", "a", "\"a\""] {
                let place = text.len() + 4 + usize::from(!value.is_empty());
                let place = if value.is_empty() { place + 1 } else { place };
                let refusal = format!("expected text in single quotes at character {place}");
                let filter = parse(&format!("{text} eq {value}"));
                assert_eq!(filter, Err(InvalidFilter(refusal)), "{text} {value}");
            }
        }
        for (text, field) in [
            ("is_favorite", FlagField::IsFavorite),
            ("auto_answer", FlagField::AutoAnswer),
            ("in_black_list", FlagField::InBlackList),
            ("is_p2p", FlagField::IsP2p),
        ] {
            assert_eq!(parse(&format!("{text} eq true")), Ok(Filter::Flag(field, Equal, true)));
            assert_eq!(parse(&format!("{text} eq false")), Ok(Filter::Flag(field, Equal, false)));
            for value in ["'true'", "1", "True", "truely"] {
                let refusal = parse(&format!("{text} eq {value}")).unwrap_err();
                assert!(refusal.0.starts_with("expected true or false at"), "{text} {value}");
            }
        }
        for text in ["uid", "item_uid"] {
            assert_eq!(parse(&format!("{text} eq 42")), Ok(id(42)));
            assert_eq!(parse(&format!("{text} eq -42")), Ok(id(-42)));
            for value in ["'42'", "4.2", "true", "42x", "9223372036854775808", "--1", "-"] {
                assert!(parse(&format!("{text} eq {value}")).is_err(), "{text} {value}");
            }
        }
    }

    #[test]
    fn six_comparisons_are_read() {
        for (word, comparison) in [
            ("eq", Equal),
            ("nq", NotEqual),
            ("gt", Greater),
            ("lt", Less),
            ("ge", GreaterOrEqual),
            ("le", LessOrEqual),
        ] {
            let filter = Filter::Text(TextField::Name, comparison, "x".to_owned());
            assert_eq!(parse(&format!("name {word} 'x'")), Ok(filter));
            assert_eq!(parse(&format!("uid {word} 7")), Ok(Filter::Id(comparison, 7)));
        }
    }

    #[test]
    fn quoted_text_may_hold_anything() {
        for (text, value) in [
            ("name eq ''", ""),
            ("name eq ''''", "'"),
            ("name eq 'L''Étoile'", "L'Étoile"),
            ("name eq ' and (or) '", " and (or) "),
            ("name eq'x'", "x"),
            (" \tname\n eq  'x' ", "x"),
        ] {
            assert_eq!(parse(text), Ok(name(value)), "{text}");
        }
    }

    #[test]
    fn link_id_is_compared_in_lower_case() {
        let filter = Filter::Text(TextField::LinkId, Equal, "91c615e3".to_owned());
        assert_eq!(parse("link_id eq '91C615E3'"), Ok(filter));
        assert_eq!(parse("name eq 'ABC'"), Ok(name("ABC")));
    }

    #[test]
    fn operators_bind_in_order_not_and_or() {
        let all = |filters: &[Filter]| Filter::All(filters.to_vec());
        let any = |filters: &[Filter]| Filter::Any(filters.to_vec());
        let not = |filter| Filter::Not(Box::new(filter));
        for (text, filter) in [
            ("uid eq 1 and uid eq 2 and uid eq 3", all(&[id(1), id(2), id(3)])),
            ("uid eq 1 or uid eq 2 or uid eq 3", any(&[id(1), id(2), id(3)])),
            ("uid eq 1 or uid eq 2 and uid eq 3", any(&[id(1), all(&[id(2), id(3)])])),
            ("uid eq 1 and uid eq 2 or uid eq 3", any(&[all(&[id(1), id(2)]), id(3)])),
            ("(uid eq 1 or uid eq 2) and uid eq 3", all(&[any(&[id(1), id(2)]), id(3)])),
            ("not uid eq 1 and uid eq 2", all(&[not(id(1)), id(2)])),
            ("not(uid eq 1 and uid eq 2)", not(all(&[id(1), id(2)]))),
            ("not not uid eq 1", not(not(id(1)))),
            ("((uid eq 1))", id(1)),
        ] {
            assert_eq!(parse(text), Ok(filter), "{text}");
        }
    }

    #[test]
    fn malformed_filter_is_refused_with_the_expected_token() {
        for (text, refusal) in [
            ("", "a field of an item at character 1"),
            ("  ", "a field of an item at character 3"),
            ("email eq 'x'", "a field of an item at character 1"),
            ("Name eq 'x'", "a field of an item at character 1"),
            ("name", "eq, nq, gt, lt, ge or le at character 5"),
            ("name = 'x'", "eq, nq, gt, lt, ge or le at character 6"),
            ("name EQ 'x'", "eq, nq, gt, lt, ge or le at character 6"),
            ("name ne 'x'", "eq, nq, gt, lt, ge or le at character 6"),
            ("name eq 'Zoë' name", "and, or, or the end at character 15"),
            ("name eq 'x' AND uid eq 1", "and, or, or the end at character 13"),
            ("name eq 'x')", "and, or, or the end at character 12"),
            ("name eq 'x' and", "a field of an item at character 16"),
            ("name eq 'x", "a closing quote at character 11"),
            ("name eq 'x''", "a closing quote at character 13"),
            ("(name eq 'x'", "and, or, or a closing parenthesis at character 13"),
            ("()", "a field of an item at character 2"),
            ("not", "a field of an item at character 4"),
            ("uid eq 42x", "a whole number of 64 bits at character 8"),
        ] {
            let refusal = InvalidFilter(format!("expected {refusal}"));
            assert_eq!(parse(text), Err(refusal), "{text:?}");
        }
    }

    #[test]
    fn filter_length_and_depth_are_limited() {
        let conditions = |count| vec!["uid eq 1"; count].join(" or ");
        assert!(parse(&conditions(MAX_CONDITIONS)).is_ok());
        let refusal = InvalidFilter("has more than 100 conditions".to_owned());
        assert_eq!(parse(&conditions(MAX_CONDITIONS + 1)), Err(refusal));
        for (open, close) in [("(", ")"), ("not ", "")] {
            let nested = |depth| format!("{}uid eq 1{}", open.repeat(depth), close.repeat(depth));
            assert!(parse(&nested(MAX_DEPTH - 1)).is_ok());
            let refusal = InvalidFilter("is nested more than 32 deep".to_owned());
            assert_eq!(parse(&nested(MAX_DEPTH)), Err(refusal));
        }
        assert!(parse(&"(".repeat(100_000)).is_err());
    }
}
