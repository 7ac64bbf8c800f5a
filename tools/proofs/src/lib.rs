//! The checker of the proofs: whether a history of requests and answers can be true.
//!
//! The checker does not know the server. It takes the answers as true and looks for an order in which
//! all of them are right: the contacts by version, each item's change applied to the version before,
//! and the batches in one order that agrees with the clock. [`history::History::check`] returns a
//! summary or the counter-example.
//!
//! ```
//! use std::time::{Duration, Instant};
//!
//! use proofs::history::{Delivery, History, Isolation, Item, Key, Marker, Target, Verdict};
//!
//! let item = Item::plain(Target::ExternalId(Key(0)), Marker { writer: 0, number: 1 });
//! let sent = Instant::now();
//! let delivery = Delivery {
//!     writer: 0,
//!     sent,
//!     answered: sent + Duration::from_millis(5),
//!     doubts: 0,
//!     items: vec![(item, Verdict::Refused("INTERNAL".to_owned()))],
//! };
//! let history = History { deliveries: vec![delivery] };
//! assert!(history.check(0..0, &[], Isolation::Serial).is_err(), "no rule refuses this item");
//! ```

pub mod history;
