//! The cursor of a list: where the next page begins, as text.

use contacts_application::contact_list::{
    ContactFilter, ContactOrder, ContactOrderKey, ListPosition, PositionKey,
};
use contacts_domain::contact::SortKey;
use contacts_domain::{ContactId, OrganizationId, Timestamp};

use crate::v1::parameters::cursor;

/// What a list shows, and in which order. A cursor is good for one list.
pub(super) struct ListOf<'a> {
    pub(super) organization: OrganizationId,
    pub(super) filter: &'a ContactFilter,
    pub(super) order: ContactOrder,
}

impl ListOf<'_> {
    /// The text of a place in the list.
    pub(super) fn write(&self, ListPosition { key, id }: &ListPosition) -> String {
        let mut bytes = id.get().to_be_bytes().to_vec();
        match key {
            PositionKey::Name(name) => bytes.extend(name.as_str().as_bytes()),
            PositionKey::Time(at) => bytes.extend(at.micros().to_be_bytes()),
            PositionKey::Id => {}
        }
        cursor::write(&self.text(), &bytes)
    }

    /// The place in a text, or `None` if it is no cursor of this list.
    pub(super) fn read(&self, text: &str) -> Option<ListPosition> {
        let place = cursor::read(&self.text(), text)?;
        let (id, key) = place.split_first_chunk()?;
        let key = match self.order.by {
            ContactOrderKey::DisplayName => {
                let name = str::from_utf8(key).ok().filter(|name| !name.contains('\0'))?;
                PositionKey::Name(SortKey::stored_as(name.to_owned()))
            }
            ContactOrderKey::CreatedAt | ContactOrderKey::UpdatedAt => {
                PositionKey::Time(Timestamp::from_micros(i64::from_be_bytes(key.try_into().ok()?)))
            }
            ContactOrderKey::Id => PositionKey::Id,
        };
        let id = ContactId::new(i64::from_be_bytes(*id))?;
        Some(ListPosition { key, id })
    }

    fn text(&self) -> String {
        let Self { organization, filter, order } = self;
        format!("{organization} {filter:?} {order:?} ")
    }
}

#[cfg(test)]
mod tests {
    use contacts_application::ports::Lifecycle;

    use super::*;

    fn list(filter: &ContactFilter, by: ContactOrderKey) -> ListOf<'_> {
        let order = ContactOrder { by, descending: false };
        ListOf { organization: OrganizationId::new(7).unwrap(), filter, order }
    }

    fn places() -> [(ContactOrderKey, ListPosition); 4] {
        let id = ContactId::new(42).unwrap();
        [
            (ContactOrderKey::DisplayName, PositionKey::Name(SortKey::of("Émile"))),
            (ContactOrderKey::CreatedAt, PositionKey::Time(Timestamp::from_micros(-1))),
            (ContactOrderKey::UpdatedAt, PositionKey::Time(Timestamp::from_micros(7))),
            (ContactOrderKey::Id, PositionKey::Id),
        ]
        .map(|(by, key)| (by, ListPosition { key, id }))
    }

    #[test]
    fn place_survives_its_text() {
        let filter = ContactFilter::default();
        for (by, place) in places() {
            let list = list(&filter, by);
            assert_eq!(list.read(&list.write(&place)), Some(place));
        }
    }

    #[test]
    fn cursor_of_another_list_is_none_of_this_one() {
        let filter = ContactFilter::default();
        let deleted = ContactFilter { lifecycle: Lifecycle::Deleted, ..filter.clone() };
        let [(by, place), (other, _), ..] = places();
        let here = list(&filter, by);
        let organization = OrganizationId::new(8).unwrap();
        let descending = ContactOrder { by, descending: true };
        for there in [
            list(&deleted, by),
            list(&filter, other),
            ListOf { organization, ..list(&filter, by) },
            ListOf { order: descending, ..list(&filter, by) },
        ] {
            assert_eq!(here.read(&there.write(&place)), None);
        }
    }

    #[test]
    fn cut_or_changed_text_is_no_cursor() {
        let filter = ContactFilter::default();
        for (by, place) in places() {
            let list = list(&filter, by);
            let cursor = list.write(&place);
            for end in 0..cursor.len() {
                assert_eq!(list.read(&cursor[..end]), None, "{end}");
                let letter = if &cursor[end..=end] == "A" { "B" } else { "A" };
                let changed = format!("{}{letter}{}", &cursor[..end], &cursor[end + 1..]);
                assert_eq!(list.read(&changed), None, "{changed}");
            }
            for text in ["", "A", "null", "ä", &format!("{cursor}A"), &"A".repeat(10_000)] {
                assert_eq!(list.read(text), None, "{text}");
            }
        }
    }
}
