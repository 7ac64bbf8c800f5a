//! The options of a request.

pub use crate::context::{Context, Endpoints, Handling, Respelling};
use crate::context::{MatchBy, Settings, SharedKey};
pub use crate::tree::Arrays;

/// The options of one batch; the defaults are those of the ERP contract.
///
/// ```
/// use contacts_domain::upsert::{Key, Ladder, Options};
/// let by_mail = Options { ladder: Ladder::new([Key::ExternalId, Key::Email]), ..Options::default() };
/// assert_eq!(by_mail.ladder.keys(), [Key::ExternalId, Key::Email]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// The keys to match by, in order.
    pub ladder: Ladder,
    /// What to do when a shared key matches several contacts.
    pub on_ambiguous: OnAmbiguous,
    /// Whether items may create, update, or both.
    pub mode: Mode,
    /// What happens to items that name a contact named before in the batch.
    pub on_repeat: OnRepeat,
    /// What happens to array elements that are not sent.
    pub arrays: Arrays,
    /// Whether a refused item stops the others from being stored.
    pub atomicity: Atomicity,
    /// What is stored of a value that is only spelled in another way, if not what the organization
    /// [asks for](Settings::respelling).
    pub respelling: Option<Respelling>,
    /// The documents that the answer shows.
    pub documents: Documents,
    /// Whether the answer shows what each item changes.
    pub changes: bool,
    /// Whether the answer explains how each item was matched and merged.
    pub explain: bool,
    /// Whether nothing is written: the batch is decided, and answered as it would be. The answer has
    /// no ids for what would be new.
    pub dry_run: bool,
}

impl Options {
    /// What is stored of a value that is only spelled in another way.
    pub(super) fn respelling(&self, settings: &Settings) -> Respelling {
        self.respelling.unwrap_or(settings.respelling)
    }
}

/// A key that may name a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// The id; unique.
    Id,
    /// The link id; unique.
    LinkId,
    /// The external id; unique.
    ExternalId,
    /// The e-mail address; several contacts may share it.
    Email,
    /// The phone or mobile number; several contacts may share it.
    Phone,
    /// The VAT number of the client block, else of the supplier block; several contacts may share it.
    VatNumber,
}

impl Key {
    /// Every key.
    pub const ALL: [Self; 6] =
        [Self::Id, Self::LinkId, Self::ExternalId, Self::Email, Self::Phone, Self::VatNumber];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::LinkId => "linkId",
            Self::ExternalId => "externalId",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::VatNumber => "vatNumber",
        }
    }

    /// The same key as one that contacts may share, or `None` for an identity key.
    pub fn shared(self) -> Option<SharedKey> {
        match self {
            Self::Id | Self::LinkId | Self::ExternalId => None,
            Self::Email => Some(SharedKey::Email),
            Self::Phone => Some(SharedKey::Phone),
            Self::VatNumber => Some(SharedKey::VatNumber),
        }
    }
}

/// The ordered list of keys that a request matches by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder(Vec<Key>);

impl Ladder {
    /// A ladder of these keys, in this order. A repeated key counts once.
    pub fn new(keys: impl IntoIterator<Item = Key>) -> Self {
        let mut ladder = Vec::new();
        for key in keys {
            if !ladder.contains(&key) {
                ladder.push(key);
            }
        }
        Self(ladder)
    }

    /// The keys, in order.
    pub fn keys(&self) -> &[Key] {
        &self.0
    }

    /// The first shared key that an organization cannot match by, if there is one.
    pub fn first_beyond(&self, matchable: MatchBy) -> Option<SharedKey> {
        let shared = self.0.iter().filter_map(|key| key.shared());
        shared.into_iter().find(|key| !matchable.includes(*key))
    }
}

impl Default for Ladder {
    /// `id, linkId, externalId`: shared keys match only if a request asks for it.
    fn default() -> Self {
        Self(vec![Key::Id, Key::LinkId, Key::ExternalId])
    }
}

/// What to do when a shared key matches several contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnAmbiguous {
    /// Refuse the item and list the candidates.
    #[default]
    Reject,
    /// Take the contact with the lowest id.
    Oldest,
    /// Try the next key of the ladder.
    Next,
}

/// Whether items may create, update, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Create new contacts and update stored ones.
    #[default]
    Upsert,
    /// Refuse items that name a stored contact.
    Create,
    /// Refuse items that name no stored contact.
    Update,
    /// Create new contacts, and write to stored ones only what they lack: a member that has a value
    /// keeps it, and null clears nothing. An array counts as one value, unless [`Arrays::Append`]
    /// asks for the elements that are new.
    Fill,
}

/// What happens to items that name a contact named before in the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnRepeat {
    /// Each is applied to the result of the one before.
    #[default]
    Merge,
    /// The first is applied, the others are refused.
    First,
    /// The last is applied, the others are refused.
    Last,
    /// All of them are refused.
    Reject,
}

/// The documents that an answer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Documents {
    /// Of each item, the document of its contact; together at most that many bytes.
    AtMost(usize),
    /// None.
    LeftOut,
}

impl Documents {
    /// The default of the most bytes: 128 MiB.
    pub const DEFAULT_BYTES: usize = 128 << 20;
}

impl Default for Documents {
    fn default() -> Self {
        Self::AtMost(Self::DEFAULT_BYTES)
    }
}

/// Whether a refused item stops the others from being stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Atomicity {
    /// No.
    #[default]
    Item,
    /// Yes: all items are stored, or none.
    Batch,
}
