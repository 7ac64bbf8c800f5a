//! The names of the tables.

/// Every table that the migrations make.
pub(super) const TABLES: [&str; 13] = [
    "api_token",
    "contact",
    "contact_alias",
    "contact_intercom",
    "contact_relation",
    "id_counter",
    "kept_answer",
    "kept_plan",
    "ledger",
    "organization",
    "run",
    "search_position",
    "search_words",
];
