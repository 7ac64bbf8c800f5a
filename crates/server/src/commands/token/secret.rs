//! The text of a token.

use std::fmt::Write as _;

use contacts_application::access::TokenDigest;
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;

/// The prefix by which people and secret scanners recognize a token.
const PREFIX: &str = "chub_";

/// How many characters the database keeps in the clear, to distinguish tokens. 224 bits stay secret.
const SHOWN: usize = PREFIX.len() + 8;

/// The text of a token: `chub_` and 256 random bits in hexadecimal.
///
/// It is printed once; the store gets its SHA-256. A slow hash would add nothing: 256 random bits
/// cannot be guessed.
pub(crate) struct Secret(String);

impl Secret {
    /// A new token, from the random source of the system.
    ///
    /// # Errors
    ///
    /// If the system has none.
    pub(crate) fn new() -> Result<Self, Failure> {
        let mut bits = [0_u8; 32];
        getrandom::fill(&mut bits).map_err(|error| {
            Failure::because("the system gives no randomness", &error, "check /dev/urandom")
        })?;
        let mut text = PREFIX.to_owned();
        for byte in bits {
            let _ = write!(text, "{byte:02x}");
        }
        Ok(Self(text))
    }

    /// The digest, which the store keeps.
    pub(crate) fn digest(&self) -> TokenDigest {
        TokenDigest(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The first characters, which the store keeps.
    pub(crate) fn prefix(&self) -> String {
        self.0.chars().take(SHOWN).collect()
    }

    /// The whole text.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_is_a_prefix_and_256_bits() {
        let secret = Secret::new().unwrap();
        let bits = secret.reveal().strip_prefix("chub_").unwrap();
        assert_eq!(bits.len(), 64);
        assert!(bits.chars().all(|c| c.is_ascii_hexdigit()));
        assert_eq!(secret.prefix().len(), 13);
        assert_ne!(Secret::new().unwrap().reveal(), secret.reveal());
    }

    #[test]
    fn digest_is_sha_256() {
        // FIPS 180-4, the example "abc".
        let TokenDigest(digest) = Secret("abc".to_owned()).digest();
        assert_eq!(digest[..4], [0xba, 0x78, 0x16, 0xbf]);
    }
}
