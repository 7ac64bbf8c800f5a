//! The upsert rules: matching, merging, repeats, verdicts.

mod application;
mod batch;
mod explanation;
mod item;
mod item_keys;
mod links;
mod listed_members;
mod matching;
mod named;
mod options;
mod outcome;
mod provisional_ids;
mod recognition;
mod working_set;

pub use batch::{Batch, MAX_REFERENCES};
pub use explanation::{Explanation, Field, Reason, Rung};
pub use item::Item;
pub use item_keys::ItemKeys;
pub use named::Named;
pub use options::{
    Arrays, Atomicity, Context, Documents, Endpoints, Handling, Key, Ladder, Mode, OnAmbiguous,
    OnRepeat, Options, Respelling,
};
pub use outcome::{
    BatchReport, ContactState, DocumentsTooLarge, Expectation, NotApplied, Outcome, Verdict,
    WholeContact,
};
pub use recognition::{Fingerprint, Recognition, Recognizer};
