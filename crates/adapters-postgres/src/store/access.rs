//! The port [`AccessStore`]: organizations and tokens.

use std::error::Error;

use async_trait::async_trait;
use contacts_application::access::{NewToken, Organization, Token, TokenDigest, TokenId};
use contacts_application::ports::{AccessStore, StoreError};
use contacts_domain::{OrganizationId, Timestamp};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::PostgresStore;
use crate::connect::{Failure, Parameter};
use crate::statements::settings;
use crate::statements::values::Instant;

const TOKEN: &str = "
    SELECT id, prefix, name, organizations, scopes, created_at, expires_at, revoked_at,
           replaces, last_used_at
      FROM api_token WHERE digest = $1";

const TOKENS: &str = "
    SELECT id, prefix, name, organizations, scopes, created_at, expires_at, revoked_at,
           replaces, last_used_at
      FROM api_token ORDER BY id";

const ADD_TOKEN: &str = "
    INSERT INTO api_token (digest, prefix, name, organizations, scopes, created_at, expires_at,
                           replaces)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id";

const REPLACE_TOKEN: &str = "
    WITH replaced AS (
        UPDATE api_token SET expires_at = least(expires_at, $9)
         WHERE id = $8 AND revoked_at IS NULL
           AND NOT EXISTS (SELECT FROM api_token AS next
                            WHERE next.replaces = $8 AND next.revoked_at IS NULL)
        RETURNING id)
    INSERT INTO api_token (digest, prefix, name, organizations, scopes, created_at, expires_at,
                           replaces)
    SELECT $1, $2, $3, $4, $5, $6, $7, id FROM replaced RETURNING id";

/// Skips what another server writes at the moment, so that two of them cannot wait for each other.
const KEEP_USES: &str = "
    UPDATE api_token SET last_used_at = greatest(last_used_at, used.at)
      FROM unnest($1::bigint[], $2::timestamptz[]) AS used (id, at)
     WHERE api_token.id = used.id
       AND api_token.id IN (SELECT id FROM api_token WHERE id = ANY ($1)
                               FOR UPDATE SKIP LOCKED)";

const REVOKE_TOKEN: &str =
    "UPDATE api_token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";

#[async_trait]
impl AccessStore for PostgresStore {
    async fn organization(&self, id: OrganizationId) -> Result<Option<Organization>, StoreError> {
        let rows =
            self.access_pool.read(settings::ORGANIZATION, &[(&id.get(), Type::INT4)]).await?;
        Ok(rows.first().map(settings::organization).transpose()?)
    }

    async fn add_organization(&self, organization: Organization) -> Result<bool, StoreError> {
        let values = settings::OrganizationValues::of(organization);
        Ok(self.write(settings::ADD, &values.parameters()).await? == 1)
    }

    async fn token(&self, digest: TokenDigest) -> Result<Option<Token>, StoreError> {
        let rows = self.access_pool.read(TOKEN, &[(&digest.0.as_slice(), Type::BYTEA)]).await?;
        Ok(rows.first().map(token).transpose()?)
    }

    async fn add_token(&self, token: NewToken) -> Result<TokenId, StoreError> {
        let id = self.insert(ADD_TOKEN, &token, None).await?;
        Ok(id.ok_or_else(|| Failure::internal("the token got no number"))?)
    }

    async fn replace_token(
        &self,
        token: NewToken,
        until: Timestamp,
    ) -> Result<Option<TokenId>, StoreError> {
        Ok(self.insert(REPLACE_TOKEN, &token, Some(until)).await?)
    }

    async fn keep_uses(&self, uses: Vec<(TokenId, Timestamp)>) -> Result<(), StoreError> {
        let (ids, times): (Vec<i64>, Vec<Instant>) =
            uses.into_iter().map(|(id, at)| (id.0, Instant(at))).unzip();
        let parameters: [Parameter<'_>; 2] =
            [(&ids, Type::INT8_ARRAY), (&times, Type::TIMESTAMPTZ_ARRAY)];
        self.write(KEEP_USES, &parameters).await?;
        Ok(())
    }

    async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        let rows = self.access_pool.read(TOKENS, &[]).await?;
        Ok(rows.iter().map(token).collect::<Result<_, _>>()?)
    }

    async fn revoke_token(&self, id: TokenId, at: Timestamp) -> Result<bool, StoreError> {
        let parameters: [Parameter<'_>; 2] =
            [(&id.0, Type::INT8), (&Instant(at), Type::TIMESTAMPTZ)];
        Ok(self.write(REVOKE_TOKEN, &parameters).await? == 1)
    }
}

impl PostgresStore {
    async fn write(&self, sql: &'static str, parameters: &[Parameter<'_>]) -> Result<u64, Failure> {
        let session = self.transactions.begin().await?;
        let written = session.execute(sql, parameters).await?;
        session.commit().await?;
        Ok(written)
    }

    /// Inserts a token, with a time for the one that it replaces, and returns its number, if it got one.
    async fn insert(
        &self,
        sql: &'static str,
        token: &NewToken,
        until: Option<Timestamp>,
    ) -> Result<Option<TokenId>, Failure> {
        let (reach, scopes) = (token.reach.to_string(), token.scopes.to_string());
        let digest = token.digest.0.as_slice();
        let created_at = Instant(token.created_at);
        let expires_at = token.expires_at.map(Instant);
        let replaces = token.replaces.map(|id| id.0);
        let until = until.map(Instant);
        let mut parameters: Vec<Parameter<'_>> = vec![
            (&digest, Type::BYTEA),
            (&token.prefix, Type::TEXT),
            (&token.name, Type::TEXT),
            (&reach, Type::TEXT),
            (&scopes, Type::TEXT),
            (&created_at, Type::TIMESTAMPTZ),
            (&expires_at, Type::TIMESTAMPTZ),
            (&replaces, Type::INT8),
        ];
        if until.is_some() {
            parameters.push((&until, Type::TIMESTAMPTZ));
        }
        let session = self.transactions.begin().await?;
        let rows = session.query(sql, &parameters).await?;
        session.commit().await?;
        let id = rows.first().map(|row| row.try_get(0)).transpose()?;
        Ok(id.map(TokenId))
    }
}

fn token(row: &Row) -> Result<Token, Failure> {
    let id: i64 = row.try_get(0)?;
    let corrupt = |error: &dyn Error| Failure::corrupt(format_args!("token {id}: {error}"));
    let reach: &str = row.try_get(3)?;
    let scopes: &str = row.try_get(4)?;
    let Instant(created_at) = row.try_get(5)?;
    let expires_at: Option<Instant> = row.try_get(6)?;
    let revoked_at: Option<Instant> = row.try_get(7)?;
    let replaces: Option<i64> = row.try_get(8)?;
    let last_used_at: Option<Instant> = row.try_get(9)?;
    Ok(Token {
        id: TokenId(id),
        prefix: row.try_get(1)?,
        name: row.try_get(2)?,
        reach: reach.parse().map_err(|error| corrupt(&error))?,
        scopes: scopes.parse().map_err(|error| corrupt(&error))?,
        created_at,
        expires_at: expires_at.map(|Instant(at)| at),
        revoked_at: revoked_at.map(|Instant(at)| at),
        replaces: replaces.map(TokenId),
        last_used_at: last_used_at.map(|Instant(at)| at),
    })
}
