//! The port of organizations and tokens.

use std::error::Error;

use async_trait::async_trait;
use contacts_application::access::{NewToken, Organization, Token, TokenDigest, TokenId};
use contacts_application::ports::{AccessStore, StoreError};
use contacts_domain::{OrganizationId, Timestamp};
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use super::SqliteStore;
use crate::connect::Failure;
use crate::schema::{api_token, organization};
use crate::statements::settings::{self, OrganizationRow};

#[async_trait]
impl AccessStore for SqliteStore {
    async fn organization(&self, id: OrganizationId) -> Result<Option<Organization>, StoreError> {
        self.access_readers.read(move |connection| settings::find(connection, id)).await
    }

    async fn add_organization(&self, organization: Organization) -> Result<bool, StoreError> {
        let row = OrganizationRow::from(organization);
        self.writer
            .write(None, move |transaction| {
                let added = diesel::insert_or_ignore_into(organization::table)
                    .values(row)
                    .execute(transaction.connection)?;
                Ok(added == 1)
            })
            .await
    }

    async fn token(&self, digest: TokenDigest) -> Result<Option<Token>, StoreError> {
        self.access_readers
            .read(move |connection| {
                let found: Option<TokenRow> = api_token::table
                    .filter(api_token::digest.eq(digest.0.as_slice()))
                    .select(TokenRow::as_select())
                    .get_result(connection)
                    .optional()?;
                found.map(Token::try_from).transpose()
            })
            .await
    }

    async fn add_token(&self, token: NewToken) -> Result<TokenId, StoreError> {
        let row = NewTokenRow::from(token);
        self.writer
            .write(None, move |transaction| {
                let id = diesel::insert_into(api_token::table)
                    .values(row)
                    .returning(api_token::id)
                    .get_result(transaction.connection)?;
                Ok(TokenId(id))
            })
            .await
    }

    async fn replace_token(
        &self,
        token: NewToken,
        until: Timestamp,
    ) -> Result<Option<TokenId>, StoreError> {
        let row = NewTokenRow::from(token);
        self.writer
            .write(None, move |transaction| {
                let next = api_token::replaces.eq(row.replaces);
                let replaced: i64 = api_token::table
                    .filter(next.and(api_token::revoked_at.is_null()))
                    .count()
                    .get_result(transaction.connection)?;
                let old = api_token::id.nullable().eq(row.replaces);
                let old = old.and(api_token::revoked_at.is_null());
                let expires_at: Option<Option<i64>> = api_token::table
                    .filter(old)
                    .select(api_token::expires_at)
                    .get_result(transaction.connection)
                    .optional()?;
                let (0, Some(expires_at)) = (replaced, expires_at) else { return Ok(None) };
                let until = expires_at.map_or(until.micros(), |end| end.min(until.micros()));
                diesel::update(api_token::table.filter(old))
                    .set(api_token::expires_at.eq(until))
                    .execute(transaction.connection)?;
                let id = diesel::insert_into(api_token::table)
                    .values(row)
                    .returning(api_token::id)
                    .get_result(transaction.connection)?;
                Ok(Some(TokenId(id)))
            })
            .await
    }

    async fn keep_uses(&self, uses: Vec<(TokenId, Timestamp)>) -> Result<(), StoreError> {
        self.writer
            .write(None, move |transaction| {
                for (id, at) in uses {
                    let before = api_token::last_used_at.lt(at.micros());
                    diesel::update(api_token::table.find(id.0))
                        .filter(api_token::last_used_at.is_null().or(before.assume_not_null()))
                        .set(api_token::last_used_at.eq(at.micros()))
                        .execute(transaction.connection)?;
                }
                Ok(())
            })
            .await
    }

    async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        self.access_readers
            .read(|connection| {
                let found: Vec<TokenRow> = api_token::table
                    .order(api_token::id)
                    .select(TokenRow::as_select())
                    .load(connection)?;
                found.into_iter().map(Token::try_from).collect()
            })
            .await
    }

    async fn revoke_token(&self, id: TokenId, at: Timestamp) -> Result<bool, StoreError> {
        self.writer
            .write(None, move |transaction| {
                let revoked = diesel::update(api_token::table.find(id.0))
                    .filter(api_token::revoked_at.is_null())
                    .set(api_token::revoked_at.eq(at.micros()))
                    .execute(transaction.connection)?;
                Ok(revoked == 1)
            })
            .await
    }
}

/// A token to be inserted.
#[derive(Insertable)]
#[diesel(table_name = api_token)]
struct NewTokenRow {
    digest: Vec<u8>,
    prefix: String,
    name: String,
    organizations: String,
    scopes: String,
    created_at: i64,
    expires_at: Option<i64>,
    replaces: Option<i64>,
}

impl From<NewToken> for NewTokenRow {
    fn from(token: NewToken) -> Self {
        Self {
            digest: token.digest.0.to_vec(),
            prefix: token.prefix,
            name: token.name,
            organizations: token.reach.to_string(),
            scopes: token.scopes.to_string(),
            created_at: token.created_at.micros(),
            expires_at: token.expires_at.map(Timestamp::micros),
            replaces: token.replaces.map(|id| id.0),
        }
    }
}

/// A token as it is read.
#[derive(Queryable, Selectable)]
#[diesel(table_name = api_token, check_for_backend(Sqlite))]
struct TokenRow {
    id: i64,
    prefix: String,
    name: String,
    organizations: String,
    scopes: String,
    created_at: i64,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    replaces: Option<i64>,
    last_used_at: Option<i64>,
}

impl TryFrom<TokenRow> for Token {
    type Error = Failure;

    fn try_from(row: TokenRow) -> Result<Self, Failure> {
        let id = row.id;
        let corrupt = |error: &dyn Error| StoreError::corrupt(format!("token {id}: {error}"));
        Ok(Self {
            id: TokenId(id),
            prefix: row.prefix,
            name: row.name,
            reach: row.organizations.parse().map_err(|error| corrupt(&error))?,
            scopes: row.scopes.parse().map_err(|error| corrupt(&error))?,
            created_at: Timestamp::from_micros(row.created_at),
            expires_at: row.expires_at.map(Timestamp::from_micros),
            revoked_at: row.revoked_at.map(Timestamp::from_micros),
            replaces: row.replaces.map(TokenId),
            last_used_at: row.last_used_at.map(Timestamp::from_micros),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::connect::SqliteOptions;
    use crate::testing::file;

    use super::*;

    #[tokio::test]
    async fn token_is_found_while_all_readers_are_busy() {
        let options = SqliteOptions { readers: 1, ..SqliteOptions::default() };
        let (_directory, database) = file(options.clone());
        let store = SqliteStore::open(database.path(), options).unwrap().store;
        let (busy, is_busy) = std::sync::mpsc::channel();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let readers = store.readers.clone();
        let reading = tokio::spawn(async move {
            let wait = move |_: &mut SqliteConnection| {
                busy.send(()).unwrap();
                ended.recv().unwrap();
                Ok(())
            };
            readers.read(wait).await
        });
        tokio::task::yield_now().await;
        is_busy.recv().unwrap();
        assert!(store.token(TokenDigest([0; 32])).await.unwrap().is_none());
        end.send(()).unwrap();
        reading.await.unwrap().unwrap();
    }
}
