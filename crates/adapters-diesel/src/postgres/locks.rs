//! What a transaction locks, so that others wait for it instead of getting in its way.
//!
//! Locks end with the transaction. Advisory locks come before the first look-up, in the order of
//! their places; rows are locked in the order of their ids. So no two transactions wait for each
//! other's.

use contacts_domain::OrganizationId;
use contacts_domain::decision::Wanted;
use tokio_postgres::types::Type;
use xxhash_rust::xxh3::xxh3_64;

use super::failure::Failure;
use super::session::{Parameter, Session};

/// Takes advisory locks on places of an organization, in the order given.
const ADVISORY: &str = "
    SELECT CASE WHEN place.shared THEN pg_advisory_xact_lock_shared($1, place.number)
                ELSE pg_advisory_xact_lock($1, place.number) END
      FROM unnest($2::integer[], $3::boolean[]) AS place (number, shared)";

/// Locks contacts, in the order given. What is written to a locked row does not touch its primary
/// key, so others may refer to it meanwhile.
const ROWS: &str = "
    SELECT locked.id
      FROM unnest($2::bigint[]) AS wanted (id)
     CROSS JOIN LATERAL (
           SELECT id FROM contact WHERE organization_id = $1 AND id = wanted.id
              FOR NO KEY UPDATE) AS locked";

/// The place of the relations: those who add references share it, a merge has it alone. So a merge
/// sees every reference to the contact that goes, and nobody adds one behind its back.
const RELATIONS: i32 = 0;

/// The place of all shared keys together.
const SHARED_KEYS: i32 = 1;

/// Where the places of single shared keys begin. Different keys may have one place.
const FIRST_SHARED_KEY: i32 = 2;
const SHARED_KEY_PLACES: u64 = 1_024;

/// How many shared keys are locked one by one. A request that matches by more of them locks them
/// all together: every lock takes room in a table of the database that has 6,400 places by default
/// (`max_locks_per_transaction` times `max_connections`), for all transactions.
const ONE_BY_ONE: usize = 32;

/// Locks what is wanted where finding nothing means something: shared keys, so that two requests
/// which match by the same one do not both make a contact; and the relations.
///
/// # Errors
///
/// When others hold a lock for too long, or the database fails.
pub(super) async fn lock_keys(
    session: &Session,
    organization: OrganizationId,
    wanted: &Wanted,
) -> Result<(), Failure> {
    let places = places(wanted);
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

/// Locks the contacts of these ids, which come in ascending order.
///
/// # Errors
///
/// When others hold one for too long, or the database fails.
pub(super) async fn lock_rows(
    session: &Session,
    organization: OrganizationId,
    ids: &[i64],
) -> Result<(), Failure> {
    if !ids.is_empty() {
        let parameters: [Parameter<'_>; 2] =
            [(&organization.get(), Type::INT4), (&ids, Type::INT8_ARRAY)];
        session.execute(ROWS, &parameters).await?;
    }
    Ok(())
}

/// The places to lock in ascending order, and whether others may have them as well.
fn places(wanted: &Wanted) -> Vec<(i32, bool)> {
    let mut places = Vec::new();
    if wanted.referring_to.is_some() || !wanted.references.is_empty() {
        places.push((RELATIONS, wanted.referring_to.is_none()));
    }
    let values = [&wanted.emails, &wanted.phones, &wanted.vat_numbers];
    let mut keys: Vec<i32> = values.into_iter().flatten().map(|value| place(value)).collect();
    keys.sort_unstable();
    keys.dedup();
    if !keys.is_empty() {
        let few = keys.len() <= ONE_BY_ONE;
        places.push((SHARED_KEYS, few));
        if few {
            places.extend(keys.into_iter().map(|key| (key, false)));
        }
    }
    places
}

/// The place of a shared key: on every server the same.
fn place(value: &str) -> i32 {
    let place = i32::try_from(xxh3_64(value.as_bytes()) % SHARED_KEY_PLACES).unwrap_or(0);
    FIRST_SHARED_KEY + place
}

#[cfg(test)]
mod tests {
    use contacts_domain::ContactId;

    use super::*;

    fn emails(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("{number}@example.org")).collect()
    }

    #[test]
    fn only_what_is_asked_for_is_locked() {
        let wanted = Wanted {
            external_ids: vec!["A".to_owned()],
            email_owners: emails(3),
            ..Wanted::default()
        };
        assert_eq!(places(&wanted), []);
    }

    #[test]
    fn few_shared_keys_are_locked_one_by_one_in_ascending_order() {
        let wanted = Wanted {
            emails: emails(3),
            phones: vec!["+41215551212".to_owned(), "+41215551212".to_owned()],
            ..Wanted::default()
        };
        let places = places(&wanted);
        assert!(places.is_sorted_by(|one, next| one.0 < next.0), "{places:?}");
        assert_eq!(places.first(), Some(&(SHARED_KEYS, true)));
        assert_eq!(places.iter().filter(|(_, shared)| !shared).count(), 4);
        let last = FIRST_SHARED_KEY + 1_023;
        assert!(places.iter().skip(1).all(|(place, _)| (FIRST_SHARED_KEY..=last).contains(place)));
    }

    #[test]
    fn many_shared_keys_are_locked_together() {
        let wanted = Wanted { emails: emails(1_000), ..Wanted::default() };
        assert_eq!(places(&wanted), [(SHARED_KEYS, false)]);
    }

    #[test]
    fn a_merge_has_the_relations_alone() {
        let id = ContactId::new(1).unwrap();
        let adds = Wanted { references: vec![id], ..Wanted::default() };
        assert_eq!(places(&adds), [(RELATIONS, true)]);
        let merges = Wanted { referring_to: Some(id), ..Wanted::default() };
        assert_eq!(places(&merges), [(RELATIONS, false)]);
    }
}
