//! The text of a token.

use std::fmt::Write as _;

use contacts_application::access::TokenDigest;
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;

/// Tells people and secret scanners what they have found.
const PREFIX: &str = "chub_";

/// How much of a token is kept in the clear, to tell it from others. It leaves 224 bits to guess.
const SHOWN: usize = PREFIX.len() + 8;

/// The text of a token: `chub_` and 256 random bits in hexadecimal.
///
/// It exists while it is made and printed; the store gets its digest. A plain SHA-256 is enough: no
/// dictionary holds 256 random bits.
pub(crate) struct Secret(String);

impl Secret {
    /// A new one, from the randomness of the system.
    ///
    /// # Errors
    ///
    /// When the system has none.
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

    /// What is stored.
    pub(crate) fn digest(&self) -> TokenDigest {
        TokenDigest(Sha256::digest(self.0.as_bytes()).into())
    }

    /// Its first characters.
    pub(crate) fn prefix(&self) -> String {
        self.0.chars().take(SHOWN).collect()
    }

    /// The text, for the one who asked for it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_256_bits_behind_a_prefix_and_shows_few_of_them() {
        let secret = Secret::new().unwrap();
        let bits = secret.reveal().strip_prefix("chub_").unwrap();
        assert_eq!(bits.len(), 64);
        assert!(bits.chars().all(|c| c.is_ascii_hexdigit()));
        assert_eq!(secret.prefix().len(), 13);
        assert_ne!(Secret::new().unwrap().reveal(), secret.reveal());
    }

    #[test]
    fn the_digest_is_sha_256() {
        // FIPS 180-4, the example "abc".
        let TokenDigest(digest) = Secret("abc".to_owned()).digest();
        assert_eq!(digest[..4], [0xba, 0x78, 0x16, 0xbf]);
    }
}
