//! The partitions of tables and indexes in plans.

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::Client;

/// The partitions of tables and of their indexes, each with what it is a part of, and the bounds of
/// the table.
const PARTITIONS: &str = "
    SELECT part.relname::text, whole.relname::text, pg_get_expr(bound.relpartbound, bound.oid)
    FROM pg_inherits JOIN pg_class part ON part.oid = inhrelid
        JOIN pg_class whole ON whole.oid = inhparent
        LEFT JOIN pg_index ON indexrelid = inhrelid
        JOIN pg_class bound ON bound.oid = coalesce(indrelid, inhrelid)";

/// The partitions of a database, by name.
pub(in crate::tests) struct Partitions(BTreeMap<String, Partition>);

struct Partition {
    whole: String,
    bounds: String,
}

impl Partitions {
    pub(in crate::tests) async fn of(client: &Client) -> Self {
        let rows = client.query(PARTITIONS, &[]).await.unwrap();
        let partition =
            |row: &tokio_postgres::Row| Partition { whole: row.get(1), bounds: row.get(2) };
        Self(rows.iter().map(|row| (row.get(0), partition(row))).collect())
    }

    /// The line of a plan as it is without partitions.
    pub(in crate::tests) fn whole(&self, line: &str) -> String {
        let words = self.words(line).map(|(word, part)| part.map_or(word, |part| &part.whole));
        words.collect::<Vec<_>>().join(" ")
    }

    /// The bounds of the partitions that a plan scans.
    pub(super) fn scanned(&self, plan: &[String]) -> BTreeSet<&str> {
        let scans = plan.iter().filter(|line| line.contains(" Scan "));
        let parts = scans.flat_map(|line| self.words(line)).filter_map(|(_, part)| part);
        parts.map(|part| part.bounds.as_str()).collect()
    }

    /// The words of a line, those that are partitions with what they are. In a plan, a partition has an
    /// alias after its name, which is left out.
    fn words<'a>(&self, line: &'a str) -> impl Iterator<Item = (&'a str, Option<&Partition>)> {
        let (mut before, mut is_before_alias) = ("", false);
        line.split(' ').filter_map(move |word| {
            if std::mem::take(&mut is_before_alias) {
                return None;
            }
            let part = self.0.get(word);
            is_before_alias = part.is_some() && before == "on";
            before = word;
            Some((word, part))
        })
    }
}
