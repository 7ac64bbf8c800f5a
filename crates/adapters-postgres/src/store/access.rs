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
    SELECT id, prefix, name, organizations, scopes, created_at, expires_at, revoked_at
      FROM api_token WHERE digest = $1";

const TOKENS: &str = "
    SELECT id, prefix, name, organizations, scopes, created_at, expires_at, revoked_at
      FROM api_token ORDER BY id";

const ADD_TOKEN: &str = "
    INSERT INTO api_token (digest, prefix, name, organizations, scopes, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id";

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
        let NewToken { digest, prefix, name, reach, scopes, created_at, expires_at } = token;
        let id = self
            .insert(&[
                (&digest.0.as_slice(), Type::BYTEA),
                (&prefix, Type::TEXT),
                (&name, Type::TEXT),
                (&reach.to_string(), Type::TEXT),
                (&scopes.to_string(), Type::TEXT),
                (&Instant(created_at), Type::TIMESTAMPTZ),
                (&expires_at.map(Instant), Type::TIMESTAMPTZ),
            ])
            .await?;
        Ok(TokenId(id))
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

    /// Inserts a token and returns its number.
    async fn insert(&self, parameters: &[Parameter<'_>]) -> Result<i64, Failure> {
        let session = self.transactions.begin().await?;
        let rows = session.query(ADD_TOKEN, parameters).await?;
        session.commit().await?;
        let row = rows.first().ok_or_else(|| Failure::internal("the token got no number"))?;
        Ok(row.try_get(0)?)
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
    Ok(Token {
        id: TokenId(id),
        prefix: row.try_get(1)?,
        name: row.try_get(2)?,
        reach: reach.parse().map_err(|error| corrupt(&error))?,
        scopes: scopes.parse().map_err(|error| corrupt(&error))?,
        created_at,
        expires_at: expires_at.map(|Instant(at)| at),
        revoked_at: revoked_at.map(|Instant(at)| at),
    })
}
