//! Entries of the directory of intercoms as rows.

use contacts_domain::ContactId;
use contacts_domain::contact::IntercomEntry;
use contacts_domain::value::LinkId;
use tokio_postgres::Row;

use super::row;
use crate::connect::Failure;

/// The columns of an entry, in the order in which [`read`] takes them.
pub(crate) const COLUMNS: &str = "contact_id, link_id, name, kind, number, is_favorite, \
                                  auto_answer, in_black_list, is_p2p, ringtone";

/// The entry in a row.
///
/// # Errors
///
/// When a column does not hold what it should.
pub(crate) fn read(row: &Row) -> Result<(ContactId, IntercomEntry), Failure> {
    let id = row::contact_id(row.try_get(0)?)?;
    let link_id: &str = row.try_get(1)?;
    let link_id = Some(link_id)
        .filter(|text| !text.is_empty())
        .map(LinkId::parse)
        .transpose()
        .map_err(|error| Failure::corrupt(format_args!("entry of contact {id}: {error}")))?;
    let entry = IntercomEntry {
        link_id,
        name: row.try_get(2)?,
        kind: row.try_get(3)?,
        number: row.try_get(4)?,
        is_favorite: row.try_get(5)?,
        auto_answer: row.try_get(6)?,
        in_black_list: row.try_get(7)?,
        is_p2p: row.try_get(8)?,
        ringtone: row.try_get(9)?,
    };
    Ok((id, entry))
}
