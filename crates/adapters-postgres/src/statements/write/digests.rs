//! Digests of items that left their contacts as they are.

use contacts_domain::OrganizationId;
use contacts_domain::decision::DigestNote;
use tokio_postgres::types::Type;

use crate::connect::{Failure, Parameter, Session};

/// Writes digests of contacts that are still in their versions, but for those that others lock.
const WRITE: &str = "
    UPDATE contact AS stored SET digest = noted.digest
      FROM unnest($2::bigint[], $3::bigint[], $4::bytea[]) AS noted (id, version, digest)
     CROSS JOIN LATERAL (
           SELECT id FROM contact
            WHERE organization_id = $1 AND id = noted.id AND version = noted.version
           OFFSET 0 FOR NO KEY UPDATE SKIP LOCKED) AS free
     WHERE stored.organization_id = $1 AND stored.id = free.id";

/// For a transaction that writes digests alone: nobody waits for the disk.
const ALONE: &str = "
    SET LOCAL synchronous_commit = off;
    SET LOCAL plan_cache_mode = force_custom_plan";

/// Writes digests. The transaction has to plan its statements anew.
pub(crate) async fn write(
    session: &Session,
    organization: OrganizationId,
    digests: &[DigestNote],
) -> Result<(), Failure> {
    if digests.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = digests.iter().map(|note| note.contact.get()).collect();
    let versions: Vec<i64> = digests.iter().map(|note| note.digest.version().get()).collect();
    let bytes: Vec<&[u8]> = digests.iter().map(|note| note.digest.as_bytes()).collect();
    let parameters: [Parameter<'_>; 4] = [
        (&organization.get(), Type::INT4),
        (&ids, Type::INT8_ARRAY),
        (&versions, Type::INT8_ARRAY),
        (&bytes, Type::BYTEA_ARRAY),
    ];
    session.execute(WRITE, &parameters).await?;
    Ok(())
}

/// Writes digests and ends a transaction that has nothing else to write. If that fails, for example
/// because the database is read-only, the digests are lost.
pub(crate) async fn write_alone(
    session: &Session,
    organization: OrganizationId,
    digests: &[DigestNote],
) {
    let written = async {
        session.batch(ALONE).await?;
        write(session, organization, digests).await?;
        session.commit().await
    };
    if let Err(failure) = written.await {
        tracing::debug!(%failure, "no digests were written");
        let _ = session.rollback().await;
    }
}
