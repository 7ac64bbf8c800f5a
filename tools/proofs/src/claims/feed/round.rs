//! What the writers send.

use crate::load::{Kind, Plan};

const WRITERS: u16 = 8;
const KEYS: u32 = 60;
const PRIVATE: u32 = 20;

/// The writers of a round, with contacts of their own.
pub(super) fn plan(round: u16) -> Plan {
    let first = u32::from(round) * (KEYS + u32::from(WRITERS) * PRIVATE);
    Plan {
        writers: WRITERS,
        first_writer: round * WRITERS,
        shared: first..first + KEYS,
        private: PRIVATE,
        kind: Kind::Mixed,
    }
}
