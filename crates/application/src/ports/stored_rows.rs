//! The port of a copy: every row of a database, whatever its tables are.

use std::collections::BTreeMap;

use async_trait::async_trait;
use tokio::sync::mpsc::{Receiver, Sender};
use xxhash_rust::xxh3::Xxh3;

use super::StoreError;

/// The rows of a database of the current schema, to be copied to one of another kind.
///
/// Tables and columns are read from the database, so a new one is copied without a change here.
#[async_trait]
pub trait StoredRows: Send + Sync {
    /// Sends every row and then [`RowMessage::End`]. Nobody writes to the database meanwhile.
    ///
    /// # Errors
    ///
    /// If the database cannot be read, or if others write to it.
    async fn send(&self, rows: Sender<RowMessage>) -> Result<(), StoreError>;

    /// Takes every row into a database without organizations, tokens and contacts, reads them back,
    /// and stores all of them or, if anything is missing or differs, none.
    ///
    /// # Errors
    ///
    /// A [`CopyError`]. Nothing is stored then.
    async fn take(&self, rows: Receiver<RowMessage>) -> Result<Totals, CopyError>;
}

/// What the sender of rows sends.
#[derive(Debug)]
pub enum RowMessage {
    /// Some rows of a table.
    Rows(RowBatch),
    /// There are no more.
    End,
}

/// Some rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowBatch {
    /// The name of the table.
    pub table: String,
    /// The names of its columns, in alphabetical order.
    pub columns: Vec<String>,
    /// The values as text: numbers in decimal, flags as 0 and 1, times in microseconds since 1970,
    /// bytes in hexadecimal.
    pub rows: Vec<Vec<Option<String>>>,
}

/// Why no copy was made.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The database to copy to has rows in this table.
    #[error("the database to copy to is not empty: it has rows in the table {0}")]
    NotEmpty(String),
    /// The database to copy to lacks this table.
    #[error("the database to copy to has no table {0}")]
    NoTable(String),
    /// The sender failed before the last row.
    #[error("the copy was interrupted")]
    Interrupted,
    /// What was read back is not what was written.
    #[error("what was stored is not what was sent: {0}")]
    Differs(String),
    /// A database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How many rows there are, and what they hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals(BTreeMap<Option<i32>, OfOrganization>);

/// The same of one organization; of none, for what belongs to all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfOrganization {
    /// The number of rows of each table.
    pub rows: BTreeMap<String, u64>,
    /// A sum of hashes of all rows, whatever their order.
    pub hash: u128,
}

impl Totals {
    /// Counts rows.
    pub fn add(&mut self, RowBatch { table, columns, rows }: &RowBatch) {
        let key = if table == "organization" { "id" } else { "organization_id" };
        let organization = columns.iter().position(|column| column == key);
        for row in rows {
            let value = organization.and_then(|index| row.get(index)?.as_deref());
            let total = self.0.entry(value.and_then(|id| id.parse().ok())).or_default();
            let mut hasher = Xxh3::new();
            let mut part = |text: &str| {
                hasher.update(text.as_bytes());
                hasher.update(&[0xff]);
            };
            part(table);
            for (column, value) in columns.iter().zip(row) {
                // 0xff is in no UTF-8.
                if let Some(value) = value {
                    part(column);
                    part(value);
                }
            }
            total.hash = total.hash.wrapping_add(hasher.digest128());
            match total.rows.get_mut(table) {
                Some(count) => *count += 1,
                None => drop(total.rows.insert(table.clone(), 1)),
            }
        }
    }

    /// The totals of each organization, and of none for what belongs to all.
    pub fn of_organizations(&self) -> impl Iterator<Item = (Option<i32>, &OfOrganization)> {
        self.0.iter().map(|(organization, total)| (*organization, total))
    }

    /// Compares the totals of what was stored with those of what was sent.
    ///
    /// # Errors
    ///
    /// [`CopyError::Differs`], which names an organization.
    pub fn require_equal(&self, sent: &Self) -> Result<(), CopyError> {
        let keys = self.0.keys().chain(sent.0.keys());
        let mut differing = keys.filter(|&key| self.0.get(key) != sent.0.get(key));
        match differing.next() {
            None => Ok(()),
            Some(Some(id)) => Err(CopyError::Differs(format!("rows of organization {id}"))),
            Some(None) => Err(CopyError::Differs("tokens, or counters of ids".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(rows: &[(&str, [Option<&str>; 3])]) -> Totals {
        let mut totals = Totals::default();
        for (table, row) in rows {
            totals.add(&RowBatch {
                table: (*table).to_owned(),
                columns: ["a", "b", "organization_id"].map(str::to_owned).to_vec(),
                rows: vec![row.iter().map(|value| value.map(str::to_owned)).collect()],
            });
        }
        totals
    }

    #[test]
    fn totals_depend_on_rows_and_not_on_order() {
        let (one, other) = (("t", [Some("x"), None, Some("1")]), ("t", [None, None, Some("1")]));
        assert_eq!(totals(&[one, other]), totals(&[other, one]));
        for different in [
            [("u", one.1), other],
            [("t", [None, Some("x"), Some("1")]), other],
            [("t", [Some("x"), None, Some("2")]), other],
            [("t", [Some("x"), Some(""), Some("1")]), other],
            [("t", [Some("xy"), None, Some("1")]), other],
        ] {
            let error = totals(&different).require_equal(&totals(&[one, other])).unwrap_err();
            assert!(matches!(error, CopyError::Differs(_)));
        }
    }
}
