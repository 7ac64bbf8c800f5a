//! Searching contacts: the words of a contact, and queries for them.
//!
//! Both are folded here, so that all stores find the same contacts. A store keeps the
//! [`SearchWords`] of each contact and finds those that a [`SearchQuery`] asks for.
//!
//! ```
//! use contacts_domain::searching::{SearchQuery, SearchWords};
//!
//! let words = SearchWords::of_text("Anna Müller");
//! let query = SearchQuery::parse("ANNA muell").expect("it has a letter");
//! assert!(query.matches(&words));
//! ```

mod query;
mod token;
mod words;

pub use query::{MAX_QUERY_CHARS, SearchQuery};
pub use words::SearchWords;

/// The version of the folding. Contacts whose words were made by another one are indexed again.
pub const SEARCH_VERSION: i32 = 2;

/// The longest word, in characters. Longer ones are cut: they are found by their beginning.
const MAX_WORD: usize = 64;
