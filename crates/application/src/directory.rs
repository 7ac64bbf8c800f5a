//! Queries of the directory of intercoms.

mod terms;

use std::cmp::Ordering;

use contacts_domain::ContactId;
use contacts_domain::contact::IntercomEntry;

pub use terms::Term;

/// A query: a filter, an order and a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryQuery {
    /// The filter; `None` selects all entries.
    pub filter: Option<Filter>,
    /// The order. Equal entries come lowest ids first.
    pub order: Order,
    /// The number of entries to skip.
    pub offset: u64,
    /// The most entries to return.
    pub limit: u32,
}

/// A page of entries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntryPage {
    /// The entries, in the order of the query.
    pub entries: Vec<(ContactId, IntercomEntry)>,
    /// The number of entries that the filter selects.
    pub total: u64,
}

/// An order of entries: by name as people sort, by type and number as their bytes in UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Order {
    /// What is compared.
    pub by: OrderKey,
    /// Highest first.
    pub descending: bool,
}

/// What entries can be ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderKey {
    /// The id of the contact.
    Id,
    /// The name.
    Name,
    /// The type.
    Kind,
    /// The number.
    Number,
}

/// A condition on an entry, which holds or does not hold.
///
/// A filter from a request must be nested at most [`Filter::MAX_NESTING`] deep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// Compares a text with a value, byte by byte in UTF-8.
    Text(TextField, Comparison, String),
    /// Compares a flag with a value; `false` comes before `true`.
    Flag(FlagField, Comparison, bool),
    /// Compares the id of the contact with a number.
    Id(Comparison, i64),
    /// All of them hold.
    All(Vec<Filter>),
    /// One of them holds.
    Any(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
}

/// A text of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextField {
    /// The link id in lower case; empty where the contact has none.
    LinkId,
    /// The name.
    Name,
    /// The type.
    Kind,
    /// The number.
    Number,
    /// The ringtone.
    Ringtone,
}

/// A flag of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FlagField {
    /// Listed first.
    IsFavorite,
    /// Answers calls by itself.
    AutoAnswer,
    /// Blocked.
    InBlackList,
    /// Called without a server.
    IsP2p,
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// The same.
    Equal,
    /// Not the same.
    NotEqual,
    /// Before it.
    Less,
    /// Before it, or the same.
    LessOrEqual,
    /// After it.
    Greater,
    /// After it, or the same.
    GreaterOrEqual,
}

impl Filter {
    /// The deepest nesting of `All`, `Any` and `Not` that every store accepts.
    pub const MAX_NESTING: usize = 64;

    /// Whether it holds for that entry.
    pub fn holds(&self, id: ContactId, entry: &IntercomEntry) -> bool {
        match self {
            Self::Text(field, comparison, value) => {
                comparison.holds(field.of(entry).as_str().cmp(value))
            }
            Self::Flag(field, comparison, value) => comparison.holds(field.of(entry).cmp(value)),
            Self::Id(comparison, value) => comparison.holds(id.get().cmp(value)),
            Self::All(filters) => filters.iter().all(|filter| filter.holds(id, entry)),
            Self::Any(filters) => filters.iter().any(|filter| filter.holds(id, entry)),
            Self::Not(filter) => !filter.holds(id, entry),
        }
    }
}

impl TextField {
    /// The text of that entry.
    pub fn of(self, entry: &IntercomEntry) -> String {
        match self {
            Self::LinkId => entry.link_id.map(|id| id.to_string()).unwrap_or_default(),
            Self::Name => entry.name.clone(),
            Self::Kind => entry.kind.clone(),
            Self::Number => entry.number.clone(),
            Self::Ringtone => entry.ringtone.clone(),
        }
    }
}

impl FlagField {
    /// The flag of that entry.
    pub fn of(self, entry: &IntercomEntry) -> bool {
        match self {
            Self::IsFavorite => entry.is_favorite,
            Self::AutoAnswer => entry.auto_answer,
            Self::InBlackList => entry.in_black_list,
            Self::IsP2p => entry.is_p2p,
        }
    }
}

impl Comparison {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    use super::*;

    fn entry() -> (ContactId, IntercomEntry) {
        let entry = IntercomEntry {
            link_id: None,
            name: "b".to_owned(),
            kind: "multi".to_owned(),
            number: "0001-01-01".to_owned(),
            is_favorite: true,
            auto_answer: false,
            in_black_list: false,
            is_p2p: false,
            ringtone: "ring1.wav".to_owned(),
            sort_key: IntercomEntry::sort_key("b"),
        };
        (ContactId::new(12).unwrap(), entry)
    }

    fn holds(filter: &Filter) -> bool {
        let (id, entry) = entry();
        filter.holds(id, &entry)
    }

    #[test]
    fn comparisons_hold_for_each_order() {
        let order = [
            (Equal, [false, true, false]),
            (NotEqual, [true, false, true]),
            (Less, [false, false, true]),
            (LessOrEqual, [false, true, true]),
            (Greater, [true, false, false]),
            (GreaterOrEqual, [true, true, false]),
        ];
        for (comparison, expected) in order {
            let text =
                |value: &str| holds(&Filter::Text(TextField::Name, comparison, value.to_owned()));
            assert_eq!(["a", "b", "c"].map(text), expected, "{comparison:?}");
            let id = |value| holds(&Filter::Id(comparison, value));
            assert_eq!([11, 12, 13].map(id), expected, "{comparison:?}");
            // A flag that is set has nothing after it.
            let flag = |value| holds(&Filter::Flag(FlagField::IsFavorite, comparison, value));
            assert_eq!([false, true].map(flag), expected[..2], "{comparison:?}");
        }
    }

    #[test]
    fn texts_compare_by_bytes() {
        let name = |comparison, value: &str| {
            holds(&Filter::Text(TextField::Name, comparison, value.to_owned()))
        };
        assert!(name(Greater, "B") && name(Greater, "Z") && name(Less, "é") && name(Less, "ba"));
        assert!(holds(&Filter::Text(TextField::LinkId, Equal, String::new())));
    }

    #[test]
    fn empty_all_holds_and_empty_any_does_not() {
        let yes = || Filter::Id(Equal, 12);
        let no = || Filter::Not(Box::new(yes()));
        for (filter, expected) in [
            (Filter::All(Vec::new()), true),
            (Filter::Any(Vec::new()), false),
            (Filter::All(vec![yes(), yes()]), true),
            (Filter::All(vec![yes(), no()]), false),
            (Filter::Any(vec![no(), yes()]), true),
            (Filter::Any(vec![no(), no()]), false),
        ] {
            assert_eq!(holds(&filter), expected, "{filter:?}");
        }
    }
}
