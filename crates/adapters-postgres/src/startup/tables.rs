//! The names of the tables.

/// Every table that the migrations make.
pub(super) const TABLES: [&str; 14] = [
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
    "purged_contact",
    "run",
    "search_position",
    "search_words",
];
