//! The locks of a transaction; they end with it.
//!
//! Advisory locks come before the first look-up, in the order of their numbers; rows are locked in
//! the order of their ids. So no two transactions wait for each other.

use contacts_domain::OrganizationId;
use contacts_domain::decision::LookupKeys;
use contacts_domain::value::LinkId;
use tokio_postgres::types::Type;
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_64;

use crate::connect::{Failure, Parameter, Session};

/// Takes advisory locks of an organization, in the order given.
const ADVISORY: &str = "
    SELECT CASE WHEN lock.shared THEN pg_advisory_xact_lock_shared($1, lock.number)
                ELSE pg_advisory_xact_lock($1, lock.number) END
      FROM unnest($2::integer[], $3::boolean[]) AS lock (number, shared)";

/// Locks the contacts of these ids ($2), external ids ($3) and link ids ($4). `FOR NO KEY UPDATE`:
/// primary keys never change, so other transactions may add references to a locked row.
const ROWS: &str = include_str!("locks/rows.sql");

/// What an attempt locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LockMode {
    /// The first attempt locks only what correctness needs, and loses races.
    First,
    /// After a conflict, an attempt locks all that it may write before the look-up. Conflicting
    /// transactions then run one after the other.
    Again,
}

/// The lock of the settings: shared by every transaction that writes contacts, exclusive to change
/// the settings. It comes first, when the transaction begins.
const SETTINGS: i32 = -1;

/// The lock of the relations: shared to add references, exclusive for a merge. So a merge sees every
/// reference to the contact that it deletes, and none is added meanwhile.
const RELATIONS: i32 = 0;

/// The locks of a kind of key, by value. A key without an owner has no row to lock.
#[derive(Debug, Clone, Copy)]
struct KeyLocks {
    /// The lock of all keys together.
    all: i32,
    /// The first of the locks of single keys.
    first: i32,
}

const SHARED_KEYS: KeyLocks = KeyLocks { all: 1, first: 1_024 };
const IDENTITY_KEYS: KeyLocks = KeyLocks { all: 2, first: 2_048 };

/// The locks for single keys of a kind. Different keys may share one.
const LOCKS: u64 = 1_024;

/// The most keys of a kind that are locked singly; a request with more takes the lock of all. The
/// lock table of the database holds 6,400 locks of all transactions by default
/// (`max_locks_per_transaction` times `max_connections`).
const ONE_BY_ONE: usize = 32;

/// A statement that locks the settings of an organization, so that they stay during the transaction.
pub(crate) fn keep_settings(organization: OrganizationId) -> String {
    format!("SELECT pg_advisory_xact_lock_shared({organization}, {SETTINGS})")
}

/// A statement that locks the settings of an organization for this transaction alone: it waits for those
/// that decide about its contacts, and later ones wait for it.
pub(crate) fn hold_settings(organization: OrganizationId) -> String {
    format!("SELECT pg_advisory_xact_lock({organization}, {SETTINGS})")
}

/// Locks the settings of an organization to change them: waits for the transactions that keep them.
pub(crate) async fn lock_settings(
    session: &Session,
    organization: OrganizationId,
) -> Result<(), Failure> {
    let lock = "SELECT pg_advisory_xact_lock($1, $2)";
    let parameters: [Parameter<'_>; 2] =
        [(&organization.get(), Type::INT4), (&SETTINGS, Type::INT4)];
    session.execute(lock, &parameters).await?;
    Ok(())
}

/// Locks keys for which an empty look-up matters: shared keys, so that two requests that match by the
/// same one do not both create a contact, and the relations. [`LockMode::Again`] locks identity keys
/// as well.
pub(crate) async fn lock_keys(
    session: &Session,
    organization: OrganizationId,
    lookup_keys: &LookupKeys,
    lock_mode: LockMode,
) -> Result<(), Failure> {
    let locks = numbers(lookup_keys, lock_mode);
    if locks.is_empty() {
        return Ok(());
    }
    let (numbers, shared): (Vec<i32>, Vec<bool>) = locks.into_iter().unzip();
    let parameters: [Parameter<'_>; 3] = [
        (&organization.get(), Type::INT4),
        (&numbers, Type::INT4_ARRAY),
        (&shared, Type::BOOL_ARRAY),
    ];
    session.execute(ADVISORY, &parameters).await?;
    Ok(())
}

/// Locks the contacts of these keys, in the order of their ids.
pub(crate) async fn lock_rows(
    session: &Session,
    organization: OrganizationId,
    ids: &[i64],
    external_ids: &[String],
    link_ids: &[LinkId],
) -> Result<(), Failure> {
    let link_ids: Vec<Uuid> = link_ids.iter().map(|link_id| link_id.as_uuid()).collect();
    let parameters: [Parameter<'_>; 4] = [
        (&organization.get(), Type::INT4),
        (&ids, Type::INT8_ARRAY),
        (&external_ids, Type::TEXT_ARRAY),
        (&link_ids, Type::UUID_ARRAY),
    ];
    session.execute(ROWS, &parameters).await?;
    Ok(())
}

/// The numbers to lock in ascending order, and whether each lock is shared.
fn numbers(lookup_keys: &LookupKeys, lock_mode: LockMode) -> Vec<(i32, bool)> {
    let mut locks = Vec::new();
    let adds_relations = lookup_keys.adds_relations || !lookup_keys.references.is_empty();
    if lookup_keys.referring_to.is_some() || adds_relations {
        locks.push((RELATIONS, lookup_keys.referring_to.is_none()));
    }
    let LookupKeys { emails, phones, vat_numbers, .. } = lookup_keys;
    let shared = [emails, phones, vat_numbers].into_iter().flatten();
    SHARED_KEYS.lock(&mut locks, shared.map(|value| xxh3_64(value.as_bytes())));
    if lock_mode == LockMode::Again {
        let ids = lookup_keys.ids.iter().map(|id| xxh3_64(&id.get().to_be_bytes()));
        let external_ids = lookup_keys.external_ids.iter().map(|key| xxh3_64(key.as_bytes()));
        let link_ids = lookup_keys.link_ids.iter().map(|key| xxh3_64(key.as_uuid().as_bytes()));
        IDENTITY_KEYS.lock(&mut locks, ids.chain(external_ids).chain(link_ids));
    }
    locks.sort_unstable();
    locks
}

impl KeyLocks {
    /// Adds the locks of keys, by hashes that are the same on every server.
    fn lock(self, locks: &mut Vec<(i32, bool)>, hashes: impl Iterator<Item = u64>) {
        let number = |hash: u64| self.first + i32::try_from(hash % LOCKS).unwrap_or(0);
        let mut keys: Vec<i32> = hashes.map(number).collect();
        keys.sort_unstable();
        keys.dedup();
        if keys.len() > ONE_BY_ONE {
            locks.push((self.all, false));
        } else if !keys.is_empty() {
            locks.push((self.all, true));
            locks.extend(keys.into_iter().map(|key| (key, false)));
        }
    }
}

#[cfg(test)]
mod tests {
    use contacts_domain::ContactId;

    use super::*;

    fn texts(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("{number}@example.org")).collect()
    }

    #[test]
    fn only_requested_keys_are_locked() {
        let lookup_keys = LookupKeys {
            external_ids: texts(3),
            ids: vec![ContactId::new(1).unwrap()],
            email_owners: texts(3).into_iter().map(Into::into).collect(),
            ..LookupKeys::default()
        };
        assert_eq!(numbers(&lookup_keys, LockMode::First), []);
        assert_eq!(numbers(&lookup_keys, LockMode::Again).len(), 1 + 4);
    }

    #[test]
    fn few_keys_are_locked_singly_in_order() {
        let lookup_keys = LookupKeys {
            emails: texts(3),
            phones: vec!["+41215551212".to_owned(), "+41215551212".to_owned()],
            external_ids: texts(2),
            references: vec![ContactId::new(1).unwrap()],
            ..LookupKeys::default()
        };
        let locks = numbers(&lookup_keys, LockMode::Again);
        let (whole, single) = locks.split_at(3);
        assert_eq!(whole, [(RELATIONS, true), (SHARED_KEYS.all, true), (IDENTITY_KEYS.all, true)]);
        assert!(single.is_sorted_by(|one, next| one.0 < next.0), "{single:?}");
        let kinds: Vec<_> =
            single.iter().map(|(number, shared)| (number / 1_024, *shared)).collect();
        assert_eq!(kinds, [[(1, false); 4].as_slice(), &[(2, false); 2]].concat());
    }

    #[test]
    fn many_keys_are_locked_together() {
        let lookup_keys = LookupKeys {
            emails: texts(1_000),
            external_ids: texts(1_000),
            ..LookupKeys::default()
        };
        let locks = numbers(&lookup_keys, LockMode::Again);
        assert_eq!(locks, [(SHARED_KEYS.all, false), (IDENTITY_KEYS.all, false)]);
    }

    #[test]
    fn merge_locks_relations_exclusively() {
        let id = ContactId::new(1).unwrap();
        let adds = LookupKeys { references: vec![id], ..LookupKeys::default() };
        assert_eq!(numbers(&adds, LockMode::First), [(RELATIONS, true)]);
        let merges = LookupKeys { referring_to: Some(id), ..LookupKeys::default() };
        assert_eq!(numbers(&merges, LockMode::First), [(RELATIONS, false)]);
    }
}
