//! Organizations and tokens.

use contacts_application::access::{
    NewToken, Organization, Reach, Scope, Scopes, TokenDigest, TokenId,
};
use contacts_application::ports::{AccessStore, StoreErrorKind as Kind};
use contacts_domain::value::CountryCode;
use contacts_domain::{OrganizationId, Timestamp};

use crate::TestDatabase;

fn organization(id: i32) -> Organization {
    let region = CountryCode::parse("CH").unwrap();
    Organization::new(OrganizationId::new(id).unwrap(), format!("Number {id}"), region)
}

fn token(digest: u8, reach: Reach) -> NewToken {
    NewToken {
        digest: TokenDigest([digest; 32]),
        prefix: "hub_ab".to_owned(),
        name: "nightly batch".to_owned(),
        reach,
        scopes: [Scope::Read, Scope::Write].into_iter().collect(),
        created_at: Timestamp::from_micros(1),
        expires_at: Some(Timestamp::from_micros(2)),
        replaces: None,
    }
}

#[tokio::test]
async fn organization_is_added_once() {
    let database = TestDatabase::new();
    let store = database.open();
    let one = organization(1);
    assert!(store.add_organization(one.clone()).await.unwrap());
    let other = Organization { name: "Other".to_owned(), ..one.clone() };
    assert!(!store.add_organization(other).await.unwrap());
    assert_eq!(store.organization(one.id).await.unwrap(), Some(one));
    assert_eq!(store.organization(organization(2).id).await.unwrap(), None);
}

#[tokio::test]
async fn token_is_found_by_its_digest() {
    let database = TestDatabase::new();
    let store = database.open();
    let reaches =
        [Reach::Everywhere, Reach::Organizations([1, 7].map(|id| organization(id).id).to_vec())];
    for (number, reach) in (1..).zip(reaches) {
        let new = token(number, reach);
        let id = store.add_token(new.clone()).await.unwrap();
        let found = store.token(new.digest).await.unwrap().unwrap();
        assert_eq!((found.id, &found.reach, found.scopes), (id, &new.reach, new.scopes));
        assert_eq!((&found.prefix, &found.name), (&new.prefix, &new.name));
        assert_eq!((found.created_at, found.expires_at), (new.created_at, new.expires_at));
        assert_eq!(found.revoked_at, None);
    }
    assert_eq!(store.tokens().await.unwrap().len(), 2);
    assert!(store.token(TokenDigest([9; 32])).await.unwrap().is_none());
}

#[tokio::test]
async fn revoked_token_stays_listed() {
    let database = TestDatabase::new();
    let store = database.open();
    let id = store.add_token(token(1, Reach::Everywhere)).await.unwrap();
    let at = Timestamp::from_micros(5);
    assert!(store.revoke_token(id, at).await.unwrap());
    assert!(!store.revoke_token(id, Timestamp::from_micros(6)).await.unwrap());
    assert!(!store.revoke_token(TokenId(id.0 + 1), at).await.unwrap());
    assert_eq!(store.tokens().await.unwrap()[0].revoked_at, Some(at));
}

#[tokio::test]
async fn second_token_with_one_digest_fails() {
    let database = TestDatabase::new();
    let store = database.open();
    store.add_token(token(1, Reach::Everywhere)).await.unwrap();
    let again = store.add_token(token(1, Reach::Everywhere)).await;
    assert_eq!(again.unwrap_err().kind(), Kind::Internal);
}

#[tokio::test]
async fn changes_of_another_process_apply_at_once() {
    let database = TestDatabase::new();
    let (server, command) = (database.open(), database.open());
    assert!(server.token(TokenDigest([1; 32])).await.unwrap().is_none());

    command.add_organization(organization(3)).await.unwrap();
    assert!(server.organization(organization(3).id).await.unwrap().is_some());
    let id = command.add_token(token(1, Reach::Everywhere)).await.unwrap();
    assert!(server.token(TokenDigest([1; 32])).await.unwrap().is_some());
    command.revoke_token(id, Timestamp::from_micros(5)).await.unwrap();
    let found = server.token(TokenDigest([1; 32])).await.unwrap().unwrap();
    assert!(!found.is_valid(Timestamp::from_micros(1)));
}

#[tokio::test]
async fn token_may_have_no_scopes() {
    let database = TestDatabase::new();
    let store = database.open();
    let new = NewToken { scopes: Scopes::default(), ..token(1, Reach::Everywhere) };
    store.add_token(new.clone()).await.unwrap();
    assert_eq!(store.token(new.digest).await.unwrap().unwrap().scopes, Scopes::default());
}
