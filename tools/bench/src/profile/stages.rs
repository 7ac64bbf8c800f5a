//! The stages of a contact's way through the server.

use crate::measured::Phase;

/// Contacts are created, sent again, and changed.
pub(super) const PHASES: [Phase; 3] = [Phase::Create, Phase::Unchanged, Phase::Update];

/// What each stage takes for a contact, then what belongs to none.
pub(super) type Costs = [f64; STAGES.len() + 1];

/// A stage, and parts of the names of the functions that do it.
pub(super) struct Stage {
    pub(super) label: &'static str,
    functions: &'static [&'static str],
}

/// An earlier one counts where one calls another.
pub(super) const STAGES: [Stage; 10] = [
    Stage::new("find the items", &["array_items::find", "BatchItems::find"]),
    Stage::new(
        "recognize",
        &["upsert::recognition::", "upsert::item_keys::", "statements::recognize::"],
    ),
    Stage::new("make the row", &["contact::row_builder::"]),
    Stage::new(
        "read and check",
        &["contacts_domain::reading::", "contacts_domain::upsert::item::"],
    ),
    Stage::new("gather the keys", &["upsert::batch::Batch::new"]),
    Stage::new("look up", &["statements::lookup::"]),
    // The samples of a deep stack lack its outermost functions.
    Stage::new(
        "decide",
        &["decision::Decision>::decide", "upsert::application::", "upsert::working_set::"],
    ),
    Stage::new("write the rows", &["statements::write::"]),
    Stage::new("commit", &["commit_transaction", "Session::commit"]),
    Stage::new("answer", &["batch_reply::ReplyWriter"]),
];

impl Stage {
    const fn new(label: &'static str, functions: &'static [&'static str]) -> Self {
        Self { label, functions }
    }

    fn does(&self, function: &str) -> bool {
        self.functions.iter().any(|part| function.contains(part))
    }
}

/// The position of the stage that a function does, or that of "everything else".
pub(super) fn of_function(function: &str) -> Option<usize> {
    STAGES.iter().position(|stage| stage.does(function))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_belong_to_stages() {
        let label = |name| of_function(name).map(|place| STAGES[place].label);
        assert_eq!(label("contacts_domain::reading::read"), Some("read and check"));
        let row = "contacts_domain::contact::row_builder::RowBuilder::build";
        assert_eq!(label(row), Some("make the row"));
        assert_eq!(label("mi_malloc"), None);
    }
}
