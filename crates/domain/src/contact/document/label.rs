//! A label in the languages of the ERP.

use crate::contact::kinds::Free;
use crate::tree::{Text, tree};

tree! {
    /// The name of something outside the contact, by language; stored as received.
    opaque Label {
        "de": Text<Free>,
        "en": Text<Free>,
        "fr": Text<Free>,
        "it": Text<Free>,
    }
}
