//! The words by which a contact is found.

use std::collections::BTreeSet;
use std::ops::Bound;

use super::token::{Token, cut, tokens};
use crate::contact::Record;
use crate::contact::document::ContactDocument;
use crate::tree::{Member, Text};
use crate::value::{CountryCode, PhoneReading, PhoneRegions};

/// The most words of a contact; what comes first is kept.
const MAX_WORDS: usize = 500;

/// The words by which a contact is found, folded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchWords(BTreeSet<String>);

impl SearchWords {
    /// Those of a contact: of its names, keys, e-mail address, phone numbers, cities and tags. `region` is
    /// that of its organization.
    pub fn of(record: &Record, region: CountryCode) -> Self {
        let mut words = Self::default();
        match record.read() {
            Ok(document) => words.add_document(&document, region),
            // It is listed by its name, and found by it.
            Err(_) => words.add_text(&record.projection.display_name),
        }
        words
    }

    /// Those of a text.
    pub fn of_text(text: &str) -> Self {
        let mut words = Self::default();
        words.add_text(text);
        words
    }

    /// The words, each once.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The words between spaces, each after a prefix.
    pub fn terms(&self, prefix: &str) -> String {
        let length = self.iter().map(|word| prefix.len() + word.len() + 1).sum();
        let mut terms = String::with_capacity(length);
        for word in self.iter() {
            if !terms.is_empty() {
                terms.push(' ');
            }
            terms.push_str(prefix);
            terms.push_str(word);
        }
        terms
    }

    pub(super) fn has(&self, word: &str) -> bool {
        self.0.contains(word)
    }

    pub(super) fn has_beginning(&self, beginning: &str) -> bool {
        let mut later = self.0.range::<str, _>((Bound::Included(beginning), Bound::Unbounded));
        later.next().is_some_and(|word| word.starts_with(beginning))
    }

    fn add_document(&mut self, document: &ContactDocument, region: CountryCode) {
        let intercom = document.intercom.get();
        self.add_member(&document.name);
        self.add_member(&document.first_name);
        self.add_member(&document.last_name);
        if let Some(intercom) = intercom {
            self.add_member(&intercom.name);
        }
        self.add_member(&document.external_id);
        if let Some(email) = document.email.get() {
            self.add_parts(&tokens(email));
        }
        let regions = PhoneRegions::new(region, document.country());
        for (_, phone) in document.phones() {
            if let Some(text) = phone.get() {
                self.add_phone(text, regions);
            }
        }
        for address in document.addresses.get().into_iter().flatten() {
            self.add_member(&address.city);
        }
        for tag in document.tags.get().into_iter().flatten() {
            self.add_member(&tag.name);
        }
    }

    fn add_member<T>(&mut self, member: &Member<Text<T>>) {
        if let Some(text) = member.get() {
            self.add_text(text);
        }
    }

    /// Adds words, and as one word what no space divides: O’Brien is obrien too.
    fn add_text(&mut self, text: &str) {
        let tokens = tokens(text);
        self.add_parts(&tokens);
        for chunk in tokens.chunk_by(|_, next| next.is_joined()) {
            let (plain, spelled) = join(chunk);
            self.add(&plain);
            self.add(&spelled);
        }
    }

    fn add_parts(&mut self, tokens: &[Token]) {
        for spelling in tokens.iter().flat_map(Token::spellings) {
            self.add(spelling);
        }
    }

    /// Adds a number as it is dialled from abroad and at home. One that is none is added as it is
    /// written.
    fn add_phone(&mut self, text: &str, regions: PhoneRegions) {
        match regions.read(text) {
            Ok(PhoneReading { phone, other }) => {
                for phone in [Some(phone), other].into_iter().flatten() {
                    self.add(phone.as_str().trim_start_matches('+'));
                    if let Some(national) = phone.national_digits() {
                        self.add(&national);
                    }
                }
            }
            Err(_) => {
                let digits: String = text.chars().filter(char::is_ascii_digit).collect();
                self.add(&digits);
            }
        }
    }

    fn add(&mut self, word: &str) {
        if self.0.len() < MAX_WORDS && !word.is_empty() && !self.0.contains(cut(word)) {
            self.0.insert(cut(word).to_owned());
        }
    }
}

/// Tokens as one word, in both spellings.
pub(super) fn join(tokens: &[Token]) -> (String, String) {
    let plain = tokens.iter().map(|token| token.plain.as_str()).collect();
    (plain, tokens.iter().map(|token| token.spelled.as_str()).collect())
}
