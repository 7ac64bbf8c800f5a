//! Reads runs, their changes, and the change feed.

pub(crate) mod feed;
mod row;

use std::sync::LazyLock;

use self::row::RUN_COLUMNS;

use crate::statements::columns::{ContactColumns, list};

pub(crate) use self::row::{change, change_kind, run};

/// The run of an id ($2).
pub(crate) static RUN: LazyLock<String> = LazyLock::new(|| {
    format!("SELECT {RUN_COLUMNS} FROM run WHERE organization_id = $1 AND id = $2")
});

/// The runs before one ($2), or all, the last one first; at most $3.
pub(crate) static RUNS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {RUN_COLUMNS} FROM run
          WHERE organization_id = $1
            AND position < CASE WHEN $2::bigint IS NULL THEN {MAX}
                    ELSE coalesce((SELECT position FROM run WHERE organization_id = $1 AND id = $2), 0)
                END
          ORDER BY position DESC LIMIT $3",
        MAX = i64::MAX
    )
});

/// The changes of a run ($2) after that of a contact ($3), at most $4.
pub(crate) const CHANGES: &str = "
    SELECT run_id, contact_id, version, kind, previous_run_id, reverse
      FROM ledger
     WHERE organization_id = $1 AND run_id = $2 AND contact_id > $3
     ORDER BY contact_id LIMIT $4";

/// The changes of a contact ($2) with their runs from a run ($4, or the last) on backwards, at most $3.
pub(crate) static HISTORY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "WITH RECURSIVE chain AS (
              SELECT 1 AS place, entry.*
                FROM contact
               CROSS JOIN LATERAL (
                     SELECT * FROM ledger
                      WHERE organization_id = $1 AND run_id = coalesce($4, contact.run_id)
                        AND contact_id = $2
                     OFFSET 0) AS entry
               WHERE contact.organization_id = $1 AND contact.id = $2
               UNION ALL
              SELECT chain.place + 1, entry.*
                FROM chain
               CROSS JOIN LATERAL (
                     SELECT * FROM ledger
                      WHERE organization_id = $1 AND run_id = chain.previous_run_id
                        AND contact_id = $2
                     OFFSET 0) AS entry
               WHERE chain.place < $3)
         SELECT {RUN_COLUMNS}, chain.run_id, chain.contact_id, chain.version, chain.kind, chain.previous_run_id,
                chain.reverse
           FROM chain
          CROSS JOIN LATERAL (
                SELECT * FROM run WHERE organization_id = $1 AND id = chain.run_id
                OFFSET 0) AS of_chain
          ORDER BY place"
    )
});

/// The contacts that a run ($2) changed, as they are, with what runs did to each from that one on, the
/// last one first. The contact is in the first row of each.
pub(crate) static CHANGED_BY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "WITH RECURSIVE changed AS (
              SELECT contact_id AS id FROM ledger WHERE organization_id = $1 AND run_id = $2),
              chain AS (
              SELECT 1 AS place, entry.*
                FROM changed
               CROSS JOIN LATERAL (
                     SELECT run_id FROM contact WHERE organization_id = $1 AND id = changed.id
                     OFFSET 0) AS last
               CROSS JOIN LATERAL (
                     SELECT * FROM ledger
                      WHERE organization_id = $1 AND run_id = last.run_id AND contact_id = changed.id
                     OFFSET 0) AS entry
               UNION ALL
              SELECT chain.place + 1, entry.*
                FROM chain
               CROSS JOIN LATERAL (
                     SELECT * FROM ledger
                      WHERE organization_id = $1 AND run_id = chain.previous_run_id
                        AND contact_id = chain.contact_id
                     OFFSET 0) AS entry
               WHERE chain.run_id <> $2)
         SELECT changed.id AS changed_id, chain.run_id AS change_run_id, chain.kind, chain.reverse, {}
           FROM changed
           LEFT JOIN chain ON chain.contact_id = changed.id
           LEFT JOIN LATERAL (
                SELECT * FROM contact
                 WHERE organization_id = $1 AND id = changed.id AND coalesce(chain.place, 1) = 1
                OFFSET 0) AS c ON true
          ORDER BY changed.id, chain.place",
        list("c.", ContactColumns::NAMES)
    )
});

/// The oldest runs: their ids and times, at most $2.
pub(crate) const OLDEST: &str =
    "SELECT id, at FROM run WHERE organization_id = $1 ORDER BY position LIMIT $2";

/// Deletes runs with their changes.
pub(crate) const DELETE: &str = "
    WITH entries AS (
         DELETE FROM ledger WHERE organization_id = $1 AND run_id = ANY ($2)
         RETURNING run_id, contact_id),
         last_of_purged AS (
         DELETE FROM purged_contact USING entries
          WHERE purged_contact.organization_id = $1
            AND purged_contact.contact_id = entries.contact_id
            AND purged_contact.run_id = entries.run_id)
    DELETE FROM run WHERE organization_id = $1 AND id = ANY ($2)";
