//! The upsert rules: matching, merging, repeats, verdicts.

mod application;
mod batch;
mod item;
mod matching;
mod options;
mod outcome;
mod working_set;

pub use batch::{Batch, MAX_REFERENCES};
pub use item::Item;
pub use options::{
    Arrays, Atomicity, Context, Documents, Endpoints, Handling, Key, Ladder, Mode, OnAmbiguous,
    OnRepeat, Options,
};
pub use outcome::{BatchReport, ContactState, DocumentsTooLarge, Outcome, Verdict, WholeContact};
