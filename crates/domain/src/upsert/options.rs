//! What a request may ask of the upsert rules.

pub use crate::context::{Context, Endpoints, Handling};
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
    /// What becomes of items that name a contact named before in the batch.
    pub on_repeat: OnRepeat,
    /// What becomes of array elements that are not sent.
    pub arrays: Arrays,
    /// Whether a refused item keeps the others from being stored.
    pub atomicity: Atomicity,
}

/// What may identify a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// The hub's id; unique.
    Id,
    /// The link id; unique.
    LinkId,
    /// The external id; unique.
    ExternalId,
    /// The e-mail address; shared by right.
    Email,
    /// The phone or mobile number; shared by right.
    Phone,
    /// The VAT number of the client, else of the supplier; shared by right.
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
}

/// The ordered list of keys that a request matches by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder(Vec<Key>);

impl Ladder {
    /// These keys, in this order; a key named again counts once.
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
}

impl Default for Ladder {
    /// `id, linkId, externalId`: the shared keys match only where a request asks for it.
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
    /// Create what is not there, update what is.
    #[default]
    Upsert,
    /// Refuse what is there.
    Create,
    /// Refuse what is not there.
    Update,
}

/// What becomes of items that name a contact named before in the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnRepeat {
    /// They are applied in order, each to the result of the one before.
    #[default]
    Merge,
    /// The first counts, later ones are refused.
    First,
    /// The last counts, earlier ones are refused.
    Last,
    /// All of them are refused.
    Reject,
}

/// Whether a refused item keeps the others from being stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Atomicity {
    /// Each item on its own.
    #[default]
    Item,
    /// All or nothing.
    Batch,
}
