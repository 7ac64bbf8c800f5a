//! Recognizing an item that is sent again byte for byte.

use std::fmt;

use crate::ids::Version;

/// The version of the rules. Count it up with every change of what an item means or is answered: of
/// a rule, of reading, matching or merging. Digests of another version are never used.
pub const RULES_VERSION: u8 = 2;

/// 128 bits over an item's bytes and everything that its answer depends on, but for the contact.
///
/// [`Recognizer`](crate::upsert::Recognizer) computes it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ItemDigest([u8; Self::LENGTH]);

/// The digest of an item, with the version of the contact that it left: whatever counts a version
/// makes it useless.
///
/// The bytes are the version of the rules, the 16 bytes of the hash, and the contact's version, the
/// highest byte first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; Self::LENGTH]);

impl ItemDigest {
    /// The number of bytes, with the version of the rules.
    const LENGTH: usize = 17;

    /// The digest with these bytes of a hash.
    pub(crate) fn new(hash: impl IntoIterator<Item = u8>) -> Self {
        let mut bytes = [RULES_VERSION; Self::LENGTH];
        bytes.iter_mut().skip(1).zip(hash).for_each(|(byte, hashed)| *byte = hashed);
        Self(bytes)
    }

    /// The bytes that a [`Digest`] of this item begins with.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Digest {
    /// The number of bytes.
    pub const LENGTH: usize = ItemDigest::LENGTH + 8;

    /// The digest of an item that left a contact in that version.
    pub fn new(item: ItemDigest, left: Version) -> Self {
        let mut bytes = [0; Self::LENGTH];
        let all = item.0.into_iter().chain(left.get().to_be_bytes());
        bytes.iter_mut().zip(all).for_each(|(byte, given)| *byte = given);
        Self(bytes)
    }

    /// The digest in stored bytes, or `None` if they have another length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The digest of the item.
    pub fn item(&self) -> ItemDigest {
        ItemDigest(self.0.first_chunk().copied().unwrap_or([0; ItemDigest::LENGTH]))
    }

    /// The version of the contact that the item left.
    pub fn version(&self) -> Version {
        let bytes = self.0.last_chunk().copied().unwrap_or_default();
        Version::new(i64::from_be_bytes(bytes))
    }

    /// Whether it is of the present rules and of a contact in that version.
    pub fn is_current(&self, version: Version) -> bool {
        self.0.first() == Some(&RULES_VERSION) && self.version() == version
    }
}

impl fmt::Debug for ItemDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hexadecimal(&self.0, f)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hexadecimal(&self.0, f)
    }
}

fn hexadecimal(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}
