//! The port of the organizations and tokens.

use async_trait::async_trait;
use contacts_application::access::{
    NewToken, Organization, Reach, Scope, Scopes, Token, TokenDigest, TokenId,
};
use contacts_application::ports::{AccessStore, StoreError};
use contacts_domain::{OrganizationId, Timestamp};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::PostgresStore;
use super::failure::Failure;
use super::row::{self, Instant};
use super::session::Parameter;

const ORGANIZATION: &str = "SELECT id, name, region FROM organization WHERE id = $1";

const ADD_ORGANIZATION: &str =
    "INSERT INTO organization (id, name, region) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

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

/// What stands for all organizations.
const EVERYWHERE: &str = "*";

#[async_trait]
impl AccessStore for PostgresStore {
    async fn organization(&self, id: OrganizationId) -> Result<Option<Organization>, StoreError> {
        let rows = self.pool.read(ORGANIZATION, &[(&id.get(), Type::INT4)]).await?;
        Ok(rows.first().map(row::organization).transpose()?)
    }

    async fn add_organization(&self, organization: Organization) -> Result<bool, StoreError> {
        let added = self
            .write(
                ADD_ORGANIZATION,
                &[
                    (&organization.id.get(), Type::INT4),
                    (&organization.name, Type::TEXT),
                    (&organization.region.as_str(), Type::TEXT),
                ],
            )
            .await?;
        Ok(added == 1)
    }

    async fn token(&self, digest: TokenDigest) -> Result<Option<Token>, StoreError> {
        let rows = self.pool.read(TOKEN, &[(&digest.0.as_slice(), Type::BYTEA)]).await?;
        Ok(rows.first().map(token).transpose()?)
    }

    async fn add_token(&self, token: NewToken) -> Result<TokenId, StoreError> {
        let NewToken { digest, prefix, name, reach, scopes, created_at, expires_at } = token;
        let id = self
            .insert(&[
                (&digest.0.as_slice(), Type::BYTEA),
                (&prefix, Type::TEXT),
                (&name, Type::TEXT),
                (&organizations(reach), Type::TEXT),
                (&scopes.to_string(), Type::TEXT),
                (&Instant(created_at), Type::TIMESTAMPTZ),
                (&expires_at.map(Instant), Type::TIMESTAMPTZ),
            ])
            .await?;
        Ok(TokenId(id))
    }

    async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        let rows = self.pool.read(TOKENS, &[]).await?;
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

    /// Inserts a token; its number.
    async fn insert(&self, parameters: &[Parameter<'_>]) -> Result<i64, Failure> {
        let session = self.transactions.begin().await?;
        let rows = session.query(ADD_TOKEN, parameters).await?;
        session.commit().await?;
        let row = rows.first().ok_or_else(|| Failure::internal("a token got no number"))?;
        Ok(row.try_get(0)?)
    }
}

/// The organizations of a token, as they are stored: `*`, or a JSON array of ids.
fn organizations(reach: Reach) -> String {
    match reach {
        Reach::Everywhere => EVERYWHERE.to_owned(),
        Reach::Organizations(organizations) => {
            let ids: Vec<i32> = organizations.into_iter().map(OrganizationId::get).collect();
            serde_json::Value::from(ids).to_string()
        }
    }
}

fn token(row: &Row) -> Result<Token, Failure> {
    let id: i64 = row.try_get(0)?;
    let reach = match row.try_get(3)? {
        EVERYWHERE => Reach::Everywhere,
        list => {
            let ids: Vec<i32> = serde_json::from_str(list)
                .map_err(|error| Failure::corrupt(format_args!("reach of token {id}: {error}")))?;
            let ids = ids.into_iter().map(row::organization_id);
            Reach::Organizations(ids.collect::<Result<_, _>>()?)
        }
    };
    let scopes: &str = row.try_get(4)?;
    let scopes: Option<Scopes> = scopes.split_whitespace().map(Scope::parse).collect();
    let Instant(created_at) = row.try_get(5)?;
    let expires_at: Option<Instant> = row.try_get(6)?;
    let revoked_at: Option<Instant> = row.try_get(7)?;
    Ok(Token {
        id: TokenId(id),
        prefix: row.try_get(1)?,
        name: row.try_get(2)?,
        reach,
        scopes: scopes
            .ok_or_else(|| Failure::corrupt(format_args!("token {id} has an unknown scope")))?,
        created_at,
        expires_at: expires_at.map(|Instant(at)| at),
        revoked_at: revoked_at.map(|Instant(at)| at),
    })
}
