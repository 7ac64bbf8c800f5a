//! Adding organizations and tokens.

use std::sync::Arc;

use contacts_application::access::{
    NewToken, Organization, Reach, Scopes, Token, TokenDigest, TokenId,
};
use contacts_application::ports::{MockAccessStore, MockClock};
use contacts_application::use_cases::{ManageAccess, ManageAccessError, Successor};
use contacts_domain::Timestamp;
use contacts_testing::{now, organization};
use mockall::predicate::eq;

fn manage(access: MockAccessStore) -> ManageAccess {
    let mut clock = MockClock::new();
    clock.expect_now().return_const(now());
    ManageAccess::new(Arc::new(access), Arc::new(clock))
}

fn new_token(reach: Reach) -> NewToken {
    NewToken {
        digest: TokenDigest([7; 32]),
        prefix: "hub_7".to_owned(),
        name: "ERP".to_owned(),
        reach,
        scopes: Scopes::all_but_admin(),
        created_at: now(),
        expires_at: None,
        replaces: None,
    }
}

#[tokio::test]
async fn organization_is_added_unchanged() {
    let mut access = MockAccessStore::new();
    access.expect_add_organization().with(eq(organization(7))).times(1).returning(|_| Ok(true));

    assert!(manage(access).create_organization(organization(7)).await.is_ok());
}

#[tokio::test]
async fn existing_organization_is_not_created() {
    let mut access = MockAccessStore::new();
    access.expect_add_organization().times(1).returning(|_| Ok(false));

    let refused = manage(access).create_organization(organization(7)).await;

    assert!(
        matches!(refused, Err(ManageAccessError::OrganizationExists(id)) if id == organization(7).id)
    );
}

#[tokio::test]
async fn token_of_existing_organizations_is_stored() {
    let token = new_token(Reach::Organizations(vec![organization(7).id, organization(8).id]));
    let mut access = MockAccessStore::new();
    for id in [7, 8] {
        access
            .expect_organization()
            .with(eq(organization(id).id))
            .times(1)
            .returning(move |_| Ok(Some(organization(id))));
    }
    access.expect_add_token().with(eq(token.clone())).times(1).returning(|_| Ok(TokenId(3)));

    assert_eq!(manage(access).create_token(token).await.unwrap(), TokenId(3));
}

#[tokio::test]
async fn token_of_unknown_organization_is_not_stored() {
    let mut access = MockAccessStore::new();
    access
        .expect_organization()
        .returning(|id| Ok(Some(organization(7)).filter(|organization| organization.id == id)));
    access.expect_add_token().never();
    let token = new_token(Reach::Organizations(vec![organization(7).id, organization(8).id]));

    let refused = manage(access).create_token(token).await;

    assert!(
        matches!(refused, Err(ManageAccessError::UnknownOrganization(id)) if id == organization(8).id)
    );
}

#[tokio::test]
async fn token_for_all_needs_no_organization() {
    let mut access = MockAccessStore::new();
    access.expect_organization().never();
    access
        .expect_add_token()
        .with(eq(new_token(Reach::Everywhere)))
        .times(1)
        .returning(|_| Ok(TokenId(4)));

    let id = manage(access).create_token(new_token(Reach::Everywhere)).await.unwrap();

    assert_eq!(id, TokenId(4));
}

#[tokio::test]
async fn token_is_revoked_as_of_now() {
    for revoked in [true, false] {
        let mut access = MockAccessStore::new();
        access
            .expect_revoke_token()
            .with(eq(TokenId(3)), eq(now()))
            .times(1)
            .returning(move |_, _| Ok(revoked));

        assert_eq!(manage(access).revoke_token(TokenId(3)).await.unwrap(), revoked);
    }
}

#[tokio::test]
async fn invalid_name_is_not_stored() {
    for name in ["", " ", "a\u{7}", "a\nb", &"x".repeat(101)] {
        let organization = Organization { name: name.to_owned(), ..organization(7) };
        let refused = manage(MockAccessStore::new()).create_organization(organization).await;
        assert!(matches!(refused, Err(ManageAccessError::InvalidName(_))), "{name:?}");
        if name.is_empty() {
            continue;
        }
        let token = NewToken { name: name.to_owned(), ..new_token(Reach::Everywhere) };
        let refused = manage(MockAccessStore::new()).create_token(token).await;
        assert!(matches!(refused, Err(ManageAccessError::InvalidName(_))), "{name:?}");
    }
}

#[tokio::test]
async fn hundred_characters_are_a_name() {
    let mut access = MockAccessStore::new();
    access.expect_add_organization().times(1).returning(|_| Ok(true));
    let organization = Organization { name: "ü".repeat(100), ..organization(7) };
    manage(access).create_organization(organization).await.unwrap();
}

fn seconds_from_now(seconds: i64) -> Timestamp {
    Timestamp::from_micros(now().micros() + seconds * 1_000_000)
}

/// A token that was made a minute ago.
fn stored(id: i64, replaces: Option<i64>) -> Token {
    Token {
        id: TokenId(id),
        prefix: "hub_1".to_owned(),
        name: "ERP".to_owned(),
        reach: Reach::Everywhere,
        scopes: Scopes::all_but_admin(),
        created_at: seconds_from_now(-60),
        expires_at: None,
        revoked_at: None,
        replaces: replaces.map(TokenId),
        last_used_at: None,
    }
}

fn successor(replaces: i64) -> Successor {
    Successor {
        replaces: TokenId(replaces),
        digest: TokenDigest([7; 32]),
        prefix: "hub_7".to_owned(),
        expires_at: None,
        until: seconds_from_now(5),
    }
}

#[tokio::test]
async fn successor_has_the_rights_of_its_token() {
    let old = Token { expires_at: Some(seconds_from_now(40)), ..stored(1, None) };
    let expected = NewToken {
        expires_at: Some(seconds_from_now(100)),
        replaces: Some(TokenId(1)),
        ..new_token(Reach::Everywhere)
    };
    let mut access = MockAccessStore::new();
    access.expect_tokens().return_once(|| Ok(vec![old]));
    let until = eq(seconds_from_now(5));
    access
        .expect_replace_token()
        .with(eq(expected), until)
        .times(1)
        .returning(|_, _| Ok(Some(TokenId(2))));

    assert_eq!(manage(access).rotate_token(successor(1)).await.unwrap(), TokenId(2));
}

#[tokio::test]
async fn client_never_has_three_valid_tokens() {
    let revoked = Token { revoked_at: Some(now()), ..stored(1, None) };
    for (tokens, rotated, expected) in [
        (vec![], 1, "there is no token 1 that is valid"),
        (vec![revoked], 1, "there is no token 1 that is valid"),
        (vec![stored(1, None), stored(2, Some(1))], 1, "token 1 is replaced by token 2"),
        (
            vec![stored(1, None), stored(2, Some(1))],
            2,
            "token 2 replaces token 1, which is still valid",
        ),
    ] {
        let mut access = MockAccessStore::new();
        access.expect_tokens().return_once(|| Ok(tokens));

        let refused = manage(access).rotate_token(successor(rotated)).await;

        assert_eq!(refused.unwrap_err().to_string(), expected);
    }
}
