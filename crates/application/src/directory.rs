//! The directory of intercoms: what can be asked of it.

use std::cmp::Ordering;

use contacts_domain::ContactId;
use contacts_domain::contact::IntercomEntry;

/// Which entries, in which order, and which part of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryQuery {
    /// Which entries; all of them where there is no filter.
    pub filter: Option<Filter>,
    /// In which order. Entries that are equal in it come lowest ids first.
    pub order: Order,
    /// How many entries come before the first that is asked for.
    pub offset: u64,
    /// How many entries are asked for at most.
    pub limit: u32,
}

/// A part of the entries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntryPage {
    /// The entries, in the order asked for.
    pub entries: Vec<(ContactId, IntercomEntry)>,
    /// How many entries the filter selects.
    pub total: u64,
}

/// An order of entries. Text is ordered by its bytes in UTF-8.
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

/// A condition on an entry. It holds or does not hold: there is no third way.
///
/// Whoever makes one out of what a caller wrote nests it at most [`Filter::MAX_NESTING`] deep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// A text compares so with that one, byte by byte in UTF-8.
    Text(TextField, Comparison, String),
    /// A flag compares so with that one; `false` comes before `true`.
    Flag(FlagField, Comparison, bool),
    /// The id of the contact compares so with that number.
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
    /// Shown first.
    IsFavorite,
    /// Answers by itself.
    AutoAnswer,
    /// Is not let through.
    InBlackList,
    /// Is called without a server.
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
    /// How deep `All`, `Any` and `Not` may be nested for every store to take it.
    pub const MAX_NESTING: usize = 64;

    /// Whether it holds of that entry.
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
