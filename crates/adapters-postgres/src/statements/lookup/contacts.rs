//! The statements that find contacts by identity keys.
//!
//! Each finds the living contacts of ids ($2), external ids ($3) and link ids ($4), each once, then
//! those of aliases, once for each alias. One statement is one snapshot: a key that moves from one
//! contact to another is seen at one of them.
//!
//! To start a statement takes PostgreSQL 40 µs longer if it has all parts. So keys of one kind, the
//! usual case, have a statement of their own.

use std::sync::LazyLock;

use uuid::Uuid;

use crate::statements::columns::{ContactColumns, list};

static ANY_KEYS: LazyLock<String> = LazyLock::new(|| {
    statement(&[
        BY_ID.to_owned(),
        format!("{BY_EXTERNAL_ID} WHERE {NOT_BY_ID}"),
        format!("{BY_LINK_ID} WHERE {NOT_BY_ID} AND {NOT_BY_EXTERNAL_ID}"),
        by_alias(&format!("{EXTERNAL_IDS} UNION ALL {LINK_IDS}")),
    ])
});
/// What the ids ($2) lead to that no living contact has.
pub(super) static MERGED_IDS: LazyLock<String> = LazyLock::new(|| statement(&[by_alias(IDS)]));
static IDS_ALONE: LazyLock<String> = LazyLock::new(|| statement(&[BY_ID.to_owned()]));
static EXTERNAL_IDS_ALONE: LazyLock<String> =
    LazyLock::new(|| statement(&[BY_EXTERNAL_ID.to_owned(), by_alias(EXTERNAL_IDS)]));
static LINK_IDS_ALONE: LazyLock<String> =
    LazyLock::new(|| statement(&[BY_LINK_ID.to_owned(), by_alias(LINK_IDS)]));

const BY_ID: &str = "
    SELECT c.*, NULL::text AS alias_kind, NULL::text AS alias_value
      FROM unnest($2::bigint[]) AS wanted (id)
     CROSS JOIN LATERAL (
           SELECT * FROM contact
            WHERE organization_id = $1 AND id = wanted.id AND deleted_at IS NULL
           OFFSET 0) AS c";

const BY_EXTERNAL_ID: &str = "
    SELECT c.*, NULL::text AS alias_kind, NULL::text AS alias_value
      FROM unnest($3::text[]) AS wanted (external_id)
     CROSS JOIN LATERAL (
           SELECT * FROM contact
            WHERE organization_id = $1 AND external_id = wanted.external_id
              AND deleted_at IS NULL
           OFFSET 0) AS c";

const BY_LINK_ID: &str = "
    SELECT c.*, NULL::text AS alias_kind, NULL::text AS alias_value
      FROM unnest($4::uuid[]) AS wanted (link_id)
     CROSS JOIN LATERAL (
           SELECT * FROM contact
            WHERE organization_id = $1 AND link_id = wanted.link_id AND deleted_at IS NULL
           OFFSET 0) AS c";

const NOT_BY_ID: &str = "c.id NOT IN (SELECT unnest($2::bigint[]))";
const NOT_BY_EXTERNAL_ID: &str =
    "(c.external_id IS NULL OR c.external_id NOT IN (SELECT unnest($3::text[])))";

const IDS: &str = "SELECT 'ID' AS kind, unnest($2::bigint[])::text AS value";
const EXTERNAL_IDS: &str = "SELECT 'EXTERNAL_ID' AS kind, unnest($3::text[]) AS value";
const LINK_IDS: &str = "SELECT 'LINK_ID' AS kind, unnest($4::uuid[])::text AS value";

/// The statement for these keys.
pub(super) fn find_by(ids: &[i64], external_ids: &[String], link_ids: &[Uuid]) -> &'static str {
    match (ids, external_ids, link_ids) {
        (_, [], []) => &IDS_ALONE,
        ([], _, []) => &EXTERNAL_IDS_ALONE,
        ([], [], _) => &LINK_IDS_ALONE,
        _ => &ANY_KEYS,
    }
}

fn by_alias(wanted: &str) -> String {
    format!(
        "
    SELECT c.*, alias.kind AS alias_kind, alias.value AS alias_value
      FROM ({wanted}) AS wanted
     CROSS JOIN LATERAL (
           SELECT kind, value, contact_id FROM contact_alias
            WHERE organization_id = $1 AND source = ''
              AND kind = wanted.kind AND value = wanted.value
           OFFSET 0) AS alias
     CROSS JOIN LATERAL (
           SELECT * FROM contact
            WHERE organization_id = $1 AND id = alias.contact_id AND deleted_at IS NULL
           OFFSET 0) AS c
     WHERE EXISTS (SELECT FROM contact_alias WHERE organization_id = $1 AND source = '')"
    )
}

fn statement(parts: &[String]) -> String {
    format!(
        "SELECT {}, found.alias_kind, found.alias_value FROM ({}) AS found",
        list("found.", ContactColumns::NAMES),
        parts.join(" UNION ALL ")
    )
}
