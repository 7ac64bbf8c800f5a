//! Finding out who is calling.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use contacts_application::access::{Organization, Reach, Scope, Token, TokenDigest, TokenId};
use contacts_application::ports::{MockAccessStore, MockClock, StoreError, StoreErrorKind};
use contacts_application::use_cases::{AccessError, Authenticate, Caller, UseCaseError};
use contacts_domain::ledger::Api;
use contacts_domain::{OrganizationId, Timestamp};
use contacts_testing::{now, organization};
use mockall::predicate::eq;

const DIGEST: TokenDigest = TokenDigest([7; 32]);

fn id(id: i32) -> OrganizationId {
    organization(id).id
}

fn seconds_from_now(seconds: i64) -> Timestamp {
    Timestamp::from_micros(now().micros() + seconds * 1_000_000)
}

/// A valid token for these organizations.
fn token(organizations: &[i32], scopes: &[Scope]) -> Token {
    Token {
        id: TokenId(1),
        prefix: "hub_7".to_owned(),
        name: "ERP".to_owned(),
        reach: Reach::Organizations(organizations.iter().copied().map(id).collect()),
        scopes: scopes.iter().copied().collect(),
        created_at: seconds_from_now(-60),
        expires_at: None,
        revoked_at: None,
        replaces: None,
        last_used_at: None,
    }
}

/// Access to a store that has only that token and has to be asked for it, and that is asked
/// for `asked_for` once if at all, and answers `organization`.
fn authenticate(
    stored: Option<Token>,
    asked_for: Option<i32>,
    organization: Option<Organization>,
) -> Authenticate {
    let mut access = MockAccessStore::new();
    access.expect_token().with(eq(DIGEST)).times(1).returning(move |_| Ok(stored.clone()));
    match asked_for {
        Some(asked_for) => access
            .expect_organization()
            .with(eq(id(asked_for)))
            .times(1)
            .returning(move |_| Ok(organization.clone())),
        None => access.expect_organization().never(),
    };
    let mut clock = MockClock::new();
    clock.expect_now().return_const(now());
    Authenticate::new(Arc::new(access), Arc::new(clock))
}

#[tokio::test]
async fn token_of_one_organization_needs_no_name() {
    let stored = token(&[7], &[Scope::Read]);
    let caller = authenticate(Some(stored), Some(7), Some(organization(7)))
        .execute(DIGEST, None)
        .await
        .unwrap();

    let scopes = [Scope::Read].into_iter().collect();
    assert_eq!(
        caller,
        Caller {
            organization: organization(7),
            scopes,
            token_name: "ERP".to_owned(),
            api: Api::default(),
        }
    );
}

#[tokio::test]
async fn token_of_several_acts_for_the_named_one() {
    let stored = token(&[7, 8], &[Scope::Write]);
    let caller = authenticate(Some(stored), Some(8), Some(organization(8)))
        .execute(DIGEST, Some(id(8)))
        .await
        .unwrap();

    assert_eq!(caller.organization, organization(8));
}

#[tokio::test]
async fn token_of_several_must_name_an_organization() {
    let everywhere = Token { reach: Reach::Everywhere, ..token(&[], &[Scope::Admin]) };
    for stored in [token(&[7, 8], &[]), token(&[], &[]), everywhere] {
        let denied = authenticate(Some(stored), None, None).execute(DIGEST, None).await;
        assert!(
            matches!(denied, Err(UseCaseError::Access(AccessError::OrganizationNotNamed))),
            "{denied:?}"
        );
    }
}

#[tokio::test]
async fn missing_revoked_and_expired_tokens_are_unknown() {
    let revoked = Token { revoked_at: Some(seconds_from_now(-1)), ..token(&[7], &[]) };
    let expired = Token { expires_at: Some(seconds_from_now(-1)), ..token(&[7], &[]) };
    let expiring_now = Token { expires_at: Some(now()), ..token(&[7], &[]) };
    for stored in [None, Some(revoked), Some(expired), Some(expiring_now)] {
        let denied = authenticate(stored, None, None).execute(DIGEST, Some(id(7))).await;
        assert!(
            matches!(denied, Err(UseCaseError::Access(AccessError::UnknownToken))),
            "{denied:?}"
        );
    }
}

#[tokio::test]
async fn token_is_valid_until_it_expires() {
    let expiring = Token { expires_at: Some(seconds_from_now(1)), ..token(&[7], &[]) };
    let caller =
        authenticate(Some(expiring), Some(7), Some(organization(7))).execute(DIGEST, None).await;

    assert!(caller.is_ok(), "{caller:?}");
}

#[tokio::test]
async fn organization_out_of_reach_is_forbidden() {
    let denied = authenticate(Some(token(&[7], &[Scope::Admin])), None, None)
        .execute(DIGEST, Some(id(8)))
        .await;

    assert!(matches!(denied, Err(UseCaseError::Access(AccessError::Forbidden))), "{denied:?}");
}

#[tokio::test]
async fn only_admins_learn_of_unknown_organizations() {
    let everywhere = |scopes| Token { reach: Reach::Everywhere, ..token(&[], scopes) };

    let admin = authenticate(Some(everywhere(&[Scope::Admin])), Some(9), None)
        .execute(DIGEST, Some(id(9)))
        .await;
    let other = authenticate(Some(everywhere(&[Scope::Write])), Some(9), None)
        .execute(DIGEST, Some(id(9)))
        .await;

    assert!(
        matches!(admin, Err(UseCaseError::Access(AccessError::UnknownOrganization(missing))) if missing == id(9))
    );
    assert!(matches!(other, Err(UseCaseError::Access(AccessError::Forbidden))), "{other:?}");
}

#[tokio::test]
async fn failing_store_is_not_an_unknown_token() {
    let mut access = MockAccessStore::new();
    access.expect_token().times(1).returning(|_| Err(StoreError::unavailable("gone")));
    let mut clock = MockClock::new();
    clock.expect_now().return_const(now());
    let authenticate = Authenticate::new(Arc::new(access), Arc::new(clock));

    let failed = authenticate.execute(DIGEST, None).await;

    assert!(
        matches!(&failed, Err(UseCaseError::Store(error)) if error.kind() == StoreErrorKind::Unavailable),
        "{failed:?}"
    );
}

/// Authentication by `stored` tokens, each for one look-up, at the time that the clock then shows.
fn at_times(stored: Vec<Option<Token>>) -> (Authenticate, Arc<AtomicI64>) {
    let mut access = MockAccessStore::new();
    let lookups = stored.len();
    let mut stored = stored.into_iter();
    access.expect_token().times(lookups).returning(move |_| Ok(stored.next().unwrap()));
    access.expect_organization().returning(|id| Ok(Some(organization(id.get()))));
    let time = Arc::new(AtomicI64::new(now().micros()));
    let shown = Arc::clone(&time);
    let mut clock = MockClock::new();
    clock.expect_now().returning(move || Timestamp::from_micros(shown.load(Ordering::Relaxed)));
    (Authenticate::new(Arc::new(access), Arc::new(clock)), time)
}

fn is_unknown(answer: &Result<Caller, UseCaseError>) -> bool {
    matches!(answer, Err(UseCaseError::Access(AccessError::UnknownToken)))
}

#[tokio::test]
async fn revoked_token_is_refused_a_second_later() {
    let valid = token(&[7], &[]);
    let revoked = Token { revoked_at: Some(now()), ..valid.clone() };
    let (authenticate, time) = at_times(vec![Some(valid), Some(revoked)]);

    let caller = authenticate.execute(DIGEST, None).await.unwrap();
    time.fetch_add(999_999, Ordering::Relaxed);
    assert_eq!(authenticate.execute(DIGEST, None).await.unwrap(), caller);
    time.fetch_add(1, Ordering::Relaxed);
    assert!(is_unknown(&authenticate.execute(DIGEST, None).await));
}

#[tokio::test]
async fn caller_is_looked_up_again_after_clock_set_back() {
    let (authenticate, time) = at_times(vec![Some(token(&[7], &[])), None]);

    authenticate.execute(DIGEST, None).await.unwrap();
    time.fetch_sub(1, Ordering::Relaxed);
    assert!(is_unknown(&authenticate.execute(DIGEST, None).await));
}

#[tokio::test]
async fn kept_token_expires_on_time() {
    let expiring = Token { expires_at: Some(seconds_from_now(1)), ..token(&[7], &[]) };
    let (authenticate, time) = at_times(vec![Some(expiring.clone()), Some(expiring)]);

    time.fetch_add(500_000, Ordering::Relaxed);
    authenticate.execute(DIGEST, None).await.unwrap();
    time.fetch_add(500_000, Ordering::Relaxed);
    assert!(is_unknown(&authenticate.execute(DIGEST, None).await));
}

#[tokio::test]
async fn unknown_token_is_looked_up_each_time() {
    let (authenticate, _) = at_times(vec![None, Some(token(&[7], &[]))]);

    assert!(is_unknown(&authenticate.execute(DIGEST, None).await));
    authenticate.execute(DIGEST, None).await.unwrap();
}

#[tokio::test]
async fn kept_caller_acts_for_its_organization_only() {
    let stored = Some(token(&[7, 8], &[]));
    let (authenticate, _) = at_times(vec![stored.clone(), stored.clone(), stored]);

    for named in [7, 8] {
        let caller = authenticate.execute(DIGEST, Some(id(named))).await.unwrap();
        assert_eq!(caller.organization.id, id(named));
    }
    assert!(authenticate.execute(DIGEST, None).await.is_err());
}

#[tokio::test]
async fn uses_of_valid_tokens_are_kept_once() {
    let (kept, latest) = (TokenId(1), seconds_from_now(2));
    let mut access = MockAccessStore::new();
    access.expect_token().returning(|digest| Ok((digest == DIGEST).then(|| token(&[7], &[]))));
    access.expect_organization().returning(|id| Ok(Some(organization(id.get()))));
    let mut answers = vec![Ok(()), Err(StoreError::unavailable("gone"))];
    access
        .expect_keep_uses()
        .withf(move |uses| *uses == [(kept, latest)])
        .times(2)
        .returning(move |_| answers.pop().unwrap());
    let mut clock = MockClock::new();
    let mut times = [0, 2, 2].into_iter();
    clock.expect_now().returning(move || seconds_from_now(times.next().unwrap()));
    let authenticate = Authenticate::new(Arc::new(access), Arc::new(clock));
    authenticate.execute(DIGEST, None).await.unwrap();
    authenticate.execute(DIGEST, None).await.unwrap();
    assert!(is_unknown(&authenticate.execute(TokenDigest([8; 32]), None).await));

    assert!(authenticate.keep_uses().await.is_err());
    authenticate.keep_uses().await.unwrap();
    authenticate.keep_uses().await.unwrap();
}
