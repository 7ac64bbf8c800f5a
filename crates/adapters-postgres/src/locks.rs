//! What a transaction locks, so that others wait for it instead of getting in its way.
//!
//! Locks end with the transaction. Advisory locks come before the first look-up, in the order of
//! their places; rows are locked in the order of their ids. So no two transactions wait for each
//! other's.

use contacts_domain::OrganizationId;
use contacts_domain::decision::LookupKeys;
use contacts_domain::value::LinkId;
use tokio_postgres::types::Type;
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_64;

use super::failure::Failure;
use super::session::{Parameter, Session};

/// Takes advisory locks on places of an organization, in the order given.
const ADVISORY: &str = "
    SELECT CASE WHEN place.shared THEN pg_advisory_xact_lock_shared($1, place.number)
                ELSE pg_advisory_xact_lock($1, place.number) END
      FROM unnest($2::integer[], $3::boolean[]) AS place (number, shared)";

/// Locks the contacts of these ids ($2), and those that external ids ($3) and link ids ($4) lead
/// to. What is written to a locked row does not touch its primary key, so others may refer to it
/// meanwhile.
const ROWS: &str = include_str!("locks/rows.sql");

/// How eager a transaction is to come through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LockMode {
    /// It locks only what would go wrong otherwise, and makes way where others are faster.
    First,
    /// It was in others' way before: it locks whatever it may write before it looks, so that it
    /// comes through. Those who do the same wait in line.
    Again,
}

/// The place of the relations: those who add references share it, a merge has it alone. So a merge
/// sees every reference to the contact that goes, and nobody adds one behind its back.
const RELATIONS: i32 = 0;

/// A kind of key that is locked by its value. Keys without an owner can be locked in no other way.
#[derive(Debug, Clone, Copy)]
struct KeyPlaces {
    /// The place of all of them together.
    all: i32,
    /// The first of the places of single ones.
    first: i32,
}

const SHARED_KEYS: KeyPlaces = KeyPlaces { all: 1, first: 1_024 };
const IDENTITY_KEYS: KeyPlaces = KeyPlaces { all: 2, first: 2_048 };

/// How many places there are for single keys of a kind. Different keys may have one place.
const PLACES: u64 = 1_024;

/// How many keys of a kind are locked one by one. A request of more of them locks all together:
/// every lock takes room in a table of the database that has 6,400 places by default
/// (`max_locks_per_transaction` times `max_connections`), for all transactions.
const ONE_BY_ONE: usize = 32;

/// Locks what is wanted where finding nothing means something: shared keys, so that two requests
/// which match by the same one do not both make a contact; and the relations. Who is
/// [eager](Eagerness::Again) locks identity keys as well.
///
/// # Errors
///
/// When others hold a lock for too long, or the database fails.
pub(super) async fn lock_keys(
    session: &Session,
    organization: OrganizationId,
    lookup_keys: &LookupKeys,
    lock_mode: LockMode,
) -> Result<(), Failure> {
    let places = places(lookup_keys, lock_mode);
    if places.is_empty() {
        return Ok(());
    }
    let (numbers, shared): (Vec<i32>, Vec<bool>) = places.into_iter().unzip();
    let parameters: [Parameter<'_>; 3] = [
        (&organization.get(), Type::INT4),
        (&numbers, Type::INT4_ARRAY),
        (&shared, Type::BOOL_ARRAY),
    ];
    session.execute(ADVISORY, &parameters).await?;
    Ok(())
}

/// Locks the contacts that these keys lead to, in the order of their ids.
///
/// # Errors
///
/// When others hold one for too long, or the database fails.
pub(super) async fn lock_rows(
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

/// The places to lock in ascending order, and whether others may have them as well.
fn places(lookup_keys: &LookupKeys, lock_mode: LockMode) -> Vec<(i32, bool)> {
    let mut places = Vec::new();
    if lookup_keys.referring_to.is_some() || !lookup_keys.references.is_empty() {
        places.push((RELATIONS, lookup_keys.referring_to.is_none()));
    }
    let LookupKeys { emails, phones, vat_numbers, .. } = lookup_keys;
    let shared = [emails, phones, vat_numbers].into_iter().flatten();
    SHARED_KEYS.lock(&mut places, shared.map(|value| xxh3_64(value.as_bytes())));
    if lock_mode == LockMode::Again {
        let ids = lookup_keys.ids.iter().map(|id| xxh3_64(&id.get().to_be_bytes()));
        let external_ids = lookup_keys.external_ids.iter().map(|key| xxh3_64(key.as_bytes()));
        let link_ids = lookup_keys.link_ids.iter().map(|key| xxh3_64(key.as_uuid().as_bytes()));
        IDENTITY_KEYS.lock(&mut places, ids.chain(external_ids).chain(link_ids));
    }
    places.sort_unstable();
    places
}

impl KeyPlaces {
    /// Adds the places of keys, by their hashes: on every server the same.
    fn lock(self, places: &mut Vec<(i32, bool)>, hashes: impl Iterator<Item = u64>) {
        let place = |hash: u64| self.first + i32::try_from(hash % PLACES).unwrap_or(0);
        let mut keys: Vec<i32> = hashes.map(place).collect();
        keys.sort_unstable();
        keys.dedup();
        if keys.len() > ONE_BY_ONE {
            places.push((self.all, false));
        } else if !keys.is_empty() {
            places.push((self.all, true));
            places.extend(keys.into_iter().map(|key| (key, false)));
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
    fn only_what_is_asked_for_is_locked() {
        let lookup_keys = LookupKeys {
            external_ids: texts(3),
            ids: vec![ContactId::new(1).unwrap()],
            email_owners: texts(3),
            ..LookupKeys::default()
        };
        assert_eq!(places(&lookup_keys, LockMode::First), []);
        assert_eq!(places(&lookup_keys, LockMode::Again).len(), 1 + 4);
    }

    #[test]
    fn few_keys_are_locked_one_by_one_in_ascending_order() {
        let lookup_keys = LookupKeys {
            emails: texts(3),
            phones: vec!["+41215551212".to_owned(), "+41215551212".to_owned()],
            external_ids: texts(2),
            references: vec![ContactId::new(1).unwrap()],
            ..LookupKeys::default()
        };
        let places = places(&lookup_keys, LockMode::Again);
        let (whole, single) = places.split_at(3);
        assert_eq!(whole, [(RELATIONS, true), (SHARED_KEYS.all, true), (IDENTITY_KEYS.all, true)]);
        assert!(single.is_sorted_by(|one, next| one.0 < next.0), "{single:?}");
        let kinds: Vec<_> = single.iter().map(|(place, shared)| (place / 1_024, *shared)).collect();
        assert_eq!(kinds, [[(1, false); 4].as_slice(), &[(2, false); 2]].concat());
    }

    #[test]
    fn many_keys_are_locked_together() {
        let lookup_keys = LookupKeys {
            emails: texts(1_000),
            external_ids: texts(1_000),
            ..LookupKeys::default()
        };
        let places = places(&lookup_keys, LockMode::Again);
        assert_eq!(places, [(SHARED_KEYS.all, false), (IDENTITY_KEYS.all, false)]);
    }

    #[test]
    fn a_merge_has_the_relations_alone() {
        let id = ContactId::new(1).unwrap();
        let adds = LookupKeys { references: vec![id], ..LookupKeys::default() };
        assert_eq!(places(&adds, LockMode::First), [(RELATIONS, true)]);
        let merges = LookupKeys { referring_to: Some(id), ..LookupKeys::default() };
        assert_eq!(places(&merges, LockMode::First), [(RELATIONS, false)]);
    }
}
