//! Organizations and tokens.

use contacts_domain::value::CountryCode;
use contacts_domain::{OrganizationId, Timestamp};

use crate::contract::claim::{Claim, claims};
use crate::contract::fixture::StoreFixture;
use crate::{now, organization};
use contacts_application::access::{
    NewToken, Organization, Reach, Scope, Scopes, Token, TokenDigest, TokenId,
};

pub(crate) const CLAIMS: &[Claim] = claims![
    added_organization_is_found_unchanged,
    organization_is_added_once,
    token_is_found_by_digest_with_all_columns,
    tokens_are_listed_oldest_first,
    revoked_token_stays_listed,
    expired_token_is_still_found,
    replaced_token_expires_and_names_no_other,
    token_is_replaced_once,
    latest_use_of_a_token_is_kept,
];

fn seconds_from_now(seconds: i64) -> Timestamp {
    Timestamp::from_micros(now().micros() + seconds * 1_000_000)
}

fn digest(byte: u8) -> TokenDigest {
    TokenDigest([byte; 32])
}

/// A token for the first organization that may do everything there.
fn new_token(byte: u8) -> NewToken {
    NewToken {
        digest: digest(byte),
        prefix: format!("hub_{byte}"),
        name: "ERP «Genève»".to_owned(),
        reach: Reach::Organizations(vec![organization(1).id]),
        scopes: Scopes::all_but_admin(),
        created_at: now(),
        expires_at: None,
        replaces: None,
    }
}

/// The token as it should be stored.
fn stored(id: TokenId, token: NewToken) -> Token {
    let NewToken { digest: _, prefix, name, reach, scopes, created_at, expires_at, replaces } =
        token;
    let (revoked_at, last_used_at) = (None, None);
    Token {
        id,
        prefix,
        name,
        reach,
        scopes,
        created_at,
        expires_at,
        revoked_at,
        replaces,
        last_used_at,
    }
}

async fn add(fixture: &StoreFixture, token: &NewToken) -> TokenId {
    fixture.access().add_token(token.clone()).await.expect("the token is added")
}

async fn find(fixture: &StoreFixture, digest: TokenDigest) -> Option<Token> {
    fixture.access().token(digest).await.expect("the store does not fail")
}

async fn all(fixture: &StoreFixture) -> Vec<Token> {
    fixture.access().tokens().await.expect("the store does not fail")
}

async fn revoke(fixture: &StoreFixture, id: TokenId, at: Timestamp) -> bool {
    fixture.access().revoke_token(id, at).await.expect("the store does not fail")
}

async fn replace(fixture: &StoreFixture, token: NewToken, until: Timestamp) -> Option<TokenId> {
    fixture.access().replace_token(token, until).await.expect("the store does not fail")
}

async fn find_organization(fixture: &StoreFixture, id: OrganizationId) -> Option<Organization> {
    fixture.access().organization(id).await.expect("the store does not fail")
}

async fn added_organization_is_found_unchanged(fixture: &StoreFixture) {
    let id = OrganizationId::new(i32::MAX).expect("an id");
    let region = CountryCode::parse("XK").expect("a country");
    let added = Organization::new(id, "Żubr «Œuvre» 株式会社".to_owned(), region);

    assert!(fixture.access().add_organization(added.clone()).await.expect("it is added"));

    assert_eq!(find_organization(fixture, added.id).await, Some(added));
    assert_eq!(find_organization(fixture, organization(1).id).await, Some(organization(1)));
    assert_eq!(find_organization(fixture, organization(3).id).await, None);
}

async fn organization_is_added_once(fixture: &StoreFixture) {
    let renamed = Organization { name: "Another name".to_owned(), ..organization(1) };

    assert!(!fixture.access().add_organization(renamed).await.expect("the store does not fail"));

    assert_eq!(find_organization(fixture, organization(1).id).await, Some(organization(1)));
}

async fn token_is_found_by_digest_with_all_columns(fixture: &StoreFixture) {
    let here_and_there = Reach::Organizations(vec![organization(2).id, organization(1).id]);
    let expiring = NewToken {
        reach: here_and_there,
        scopes: [Scope::Read, Scope::StaffWrite].into_iter().collect(),
        expires_at: Some(seconds_from_now(60)),
        ..new_token(8)
    };
    let everywhere = NewToken {
        reach: Reach::Everywhere,
        scopes: Scope::ALL.into_iter().collect(),
        ..new_token(9)
    };
    for token in [new_token(7), expiring, everywhere] {
        let id = add(fixture, &token).await;
        assert_eq!(find(fixture, token.digest).await, Some(stored(id, token)));
    }
    assert_eq!(find(fixture, digest(6)).await, None);
}

async fn tokens_are_listed_oldest_first(fixture: &StoreFixture) {
    assert_eq!(all(fixture).await, []);
    let mut expected = Vec::new();
    for byte in [9, 7, 8] {
        let id = add(fixture, &new_token(byte)).await;
        expected.push(stored(id, new_token(byte)));
    }

    assert_eq!(all(fixture).await, expected);
}

async fn revoked_token_stays_listed(fixture: &StoreFixture) {
    let id = add(fixture, &new_token(7)).await;
    let other = add(fixture, &new_token(8)).await;

    assert!(revoke(fixture, id, seconds_from_now(1)).await);
    assert!(!revoke(fixture, id, seconds_from_now(2)).await, "it was revoked before");
    assert!(!revoke(fixture, TokenId(id.0 + other.0), now()).await, "there is no such token");

    let revoked = Token { revoked_at: Some(seconds_from_now(1)), ..stored(id, new_token(7)) };
    assert!(!revoked.is_valid(seconds_from_now(3)));
    assert_eq!(find(fixture, digest(7)).await, Some(revoked.clone()));
    assert_eq!(all(fixture).await, [revoked, stored(other, new_token(8))]);
}

async fn expired_token_is_still_found(fixture: &StoreFixture) {
    let token = NewToken { expires_at: Some(seconds_from_now(-1)), ..new_token(7) };
    let id = add(fixture, &token).await;

    let found = find(fixture, token.digest).await;

    assert!(found.as_ref().is_some_and(|token| !token.is_valid(now())), "{found:?}");
    assert_eq!(found, Some(stored(id, token)));
}

async fn replaced_token_expires_and_names_no_other(fixture: &StoreFixture) {
    let (soon, late) = (seconds_from_now(60), seconds_from_now(120));
    for (byte, expires_at, until) in [(1, None, soon), (3, Some(late), soon), (5, Some(soon), late)]
    {
        let old = NewToken { expires_at, ..new_token(byte) };
        let id = add(fixture, &old).await;
        let new = NewToken { replaces: Some(id), ..new_token(byte + 1) };

        let replacing = replace(fixture, new.clone(), until).await.expect("it is replaced");

        assert_eq!(find(fixture, new.digest).await, Some(stored(replacing, new)));
        let expiring = NewToken { expires_at: Some(soon), ..old };
        assert_eq!(find(fixture, digest(byte)).await, Some(stored(id, expiring)));
    }
}

async fn token_is_replaced_once(fixture: &StoreFixture) {
    let id = add(fixture, &new_token(1)).await;
    let successor = |byte| NewToken { replaces: Some(id), ..new_token(byte) };
    let first = replace(fixture, successor(2), seconds_from_now(60)).await.expect("replaced");
    let before = all(fixture).await;

    assert_eq!(replace(fixture, successor(3), seconds_from_now(30)).await, None);
    assert_eq!(all(fixture).await, before, "nothing is changed");

    assert!(revoke(fixture, first, now()).await);
    assert!(replace(fixture, successor(3), seconds_from_now(30)).await.is_some());

    assert!(revoke(fixture, id, now()).await);
    assert_eq!(replace(fixture, successor(4), seconds_from_now(30)).await, None);
    let unknown = NewToken { replaces: Some(TokenId(99)), ..new_token(5) };
    assert_eq!(replace(fixture, unknown, seconds_from_now(30)).await, None);
}

async fn latest_use_of_a_token_is_kept(fixture: &StoreFixture) {
    let used = add(fixture, &new_token(1)).await;
    let unused = add(fixture, &new_token(2)).await;
    for uses in
        [vec![], vec![(used, now()), (TokenId(99), now())], vec![(used, seconds_from_now(-1))]]
    {
        fixture.access().keep_uses(uses).await.expect("the store does not fail");
    }

    let expected = Token { last_used_at: Some(now()), ..stored(used, new_token(1)) };
    assert_eq!(all(fixture).await, [expected, stored(unused, new_token(2))]);
}
