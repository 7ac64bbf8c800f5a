//! What the requests of a token may hold at once, and how many it may make (ADR 15, docs/limits.md).

mod counters;
pub(crate) mod hold;
mod rate;
mod room;
mod share;
mod weight;

pub(crate) use self::counters::{Limits, SMALL_BODY};
pub(crate) use self::rate::Unit;
pub(crate) use self::room::Room;
pub(crate) use self::share::Part;
pub(crate) use self::weight::{allowance, weigh};
