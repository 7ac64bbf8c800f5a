//! Finds contacts that items would leave as they are.

use std::sync::LazyLock;

use contacts_domain::contact::Record;
use contacts_domain::upsert::Recognition;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::columns::{ContactColumns, ContactIndexes, list};
use super::row;
use crate::connect::{Failure, Parameter, Session};

static WITH_DOCUMENTS: LazyLock<String> = LazyLock::new(|| select("document"));
static WITHOUT_DOCUMENTS: LazyLock<String> = LazyLock::new(|| select("'\"\"'::json AS document"));

/// The living contacts of these ids ($2), external ids ($4) and link ids ($6) that have the digests
/// of the items ($3, $5, $7) in their present versions. The plan is that of a look-up.
fn select(document: &str) -> String {
    let names: Vec<_> =
        ContactColumns::NAMES.iter().copied().filter(|name| *name != "document").collect();
    let columns = format!("{}, {document}", list("", &names));
    let found = |keys: &str, key: &str, digests: &str| {
        format!(
            "SELECT {columns}
               FROM unnest({keys}, {digests}::bytea[]) AS wanted (key, item)
              CROSS JOIN LATERAL (
                    SELECT * FROM contact
                     WHERE organization_id = $1 AND {key} = wanted.key AND deleted_at IS NULL
                    OFFSET 0) AS stored
              WHERE stored.digest = wanted.item || int8send(stored.version)"
        )
    };
    [
        found("$2::bigint[]", "id", "$3"),
        found("$4::text[]", "external_id", "$5"),
        found("$6::uuid[]", "link_id", "$7"),
    ]
    .join(" UNION ALL ")
}

/// Finds the contacts that a recognition asks for. Fails before their documents take more memory
/// than it allows.
pub(crate) async fn recognize(
    session: &Session,
    recognition: &Recognition,
) -> Result<Vec<Record>, Failure> {
    let Recognition { organization, ids, external_ids, link_ids, documents_at_most, .. } =
        recognition;
    let (ids, id_items): (Vec<i64>, Vec<&[u8]>) =
        ids.iter().map(|(id, item)| (id.get(), item.as_bytes())).unzip();
    let (external_ids, external_id_items): (Vec<&str>, Vec<&[u8]>) =
        external_ids.iter().map(|(key, item)| (key.as_str(), item.as_bytes())).unzip();
    let (link_ids, link_id_items): (Vec<Uuid>, Vec<&[u8]>) =
        link_ids.iter().map(|(key, item)| (key.as_uuid(), item.as_bytes())).unzip();
    let parameters: [Parameter<'_>; 7] = [
        (&organization.get(), Type::INT4),
        (&ids, Type::INT8_ARRAY),
        (&id_items, Type::BYTEA_ARRAY),
        (&external_ids, Type::TEXT_ARRAY),
        (&external_id_items, Type::BYTEA_ARRAY),
        (&link_ids, Type::UUID_ARRAY),
        (&link_id_items, Type::BYTEA_ARRAY),
    ];
    let (mut records, mut bytes, mut columns) = (Vec::new(), 0, None);
    let take = |row: Row| {
        let at = match &columns {
            Some(known) => known,
            None => columns.insert(ContactIndexes::of(&row, "")?),
        };
        let mut record = row::record(*organization, &row, at)?;
        match documents_at_most {
            None => record.document = String::new(),
            Some(limit) => {
                bytes += record.document.len();
                if bytes > *limit {
                    let message = format_args!("the documents have more than {limit} bytes");
                    return Err(Failure::too_large(message));
                }
            }
        }
        records.push(record);
        Ok(())
    };
    let statement = match documents_at_most {
        Some(_) => &*WITH_DOCUMENTS,
        None => &*WITHOUT_DOCUMENTS,
    };
    session.query_each(statement, &parameters, take).await?;
    Ok(records)
}
