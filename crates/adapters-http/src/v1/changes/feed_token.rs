//! The token of the change feed: a bookmark as text.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use contacts_application::ledger::{FeedPosition, LastChange};
use contacts_application::use_cases::Bookmark;
use contacts_domain::{OrganizationId, Timestamp};
use sha2::{Digest as _, Sha256};

/// The form of the text. Tokens of another form are refused.
const VERSION: u8 = 1;

/// The bytes of the hash at the end, which finds tokens that were cut or changed.
const CHECK: usize = 8;

/// Where a number stands for none.
const NONE: i64 = -1;

/// The text of a bookmark in an organization.
pub(crate) fn write(organization: OrganizationId, bookmark: Bookmark) -> String {
    let Bookmark { position: FeedPosition { hub, last, listed_to }, at } = bookmark;
    let none = LastChange { position: NONE, mark: 0, contact: 0 };
    let LastChange { position, mark, contact } = last.unwrap_or(none);
    let numbers = [
        i64::from(organization.get()),
        hub,
        at.micros(),
        position,
        mark,
        contact,
        listed_to.unwrap_or(NONE),
    ];
    let mut bytes = vec![VERSION];
    bytes.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
    let check: Vec<u8> = check(&bytes).collect();
    bytes.extend(check);
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The bookmark in a text, or `None` if it is no token of this organization.
pub(crate) fn read(organization: OrganizationId, token: &str) -> Option<Bookmark> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
    let (content, hash) = bytes.split_at_checked(bytes.len().checked_sub(CHECK)?)?;
    let (version, numbers) = content.split_first()?;
    if *version != VERSION || !check(content).eq(hash.iter().copied()) {
        return None;
    }
    let (numbers, rest) = numbers.as_chunks::<8>();
    let numbers: Vec<i64> = numbers.iter().map(|bytes| i64::from_be_bytes(*bytes)).collect();
    let [home, hub, at, position, mark, contact, listed_to] = *numbers.as_slice() else {
        return None;
    };
    let is_own = rest.is_empty() && home == i64::from(organization.get());
    let last = (position != NONE).then_some(LastChange { position, mark, contact });
    let listed_to = (listed_to != NONE).then_some(listed_to);
    let position = FeedPosition { hub, last, listed_to };
    is_own.then(|| Bookmark { position, at: Timestamp::from_micros(at) })
}

fn check(content: &[u8]) -> impl Iterator<Item = u8> {
    Sha256::digest(content).into_iter().take(CHECK)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organization(id: i32) -> OrganizationId {
        OrganizationId::new(id).unwrap()
    }

    fn bookmarks() -> [Bookmark; 3] {
        let last = LastChange { position: 7, mark: i64::MIN, contact: i64::MAX };
        let at = Timestamp::from_micros(1_790_000_000_000_000);
        [(None, None), (Some(last), None), (Some(last), Some(0))].map(|(last, listed_to)| {
            Bookmark { position: FeedPosition { hub: -3, last, listed_to }, at }
        })
    }

    #[test]
    fn bookmark_survives_its_text() {
        for bookmark in bookmarks() {
            let token = write(organization(7), bookmark);
            assert_eq!(read(organization(7), &token), Some(bookmark));
            assert_eq!(read(organization(8), &token), None);
        }
    }

    #[test]
    fn token_of_another_form_is_none() {
        let token = write(organization(7), bookmarks()[1]);
        let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(token).unwrap();
        bytes.truncate(bytes.len() - CHECK);
        bytes[0] += 1;
        bytes.extend(check(&bytes).collect::<Vec<_>>());
        assert_eq!(read(organization(7), &BASE64_URL_SAFE_NO_PAD.encode(bytes)), None);
    }

    #[test]
    fn cut_or_changed_text_is_no_token() {
        let token = write(organization(7), bookmarks()[1]);
        for end in 0..token.len() {
            assert_eq!(read(organization(7), &token[..end]), None, "{end}");
            let letter = if &token[end..=end] == "A" { "B" } else { "A" };
            let changed = format!("{}{letter}{}", &token[..end], &token[end + 1..]);
            assert_eq!(read(organization(7), &changed), None, "{changed}");
        }
        for text in ["", "A", "null", "ä", &format!("{token}A")] {
            assert_eq!(read(organization(7), text), None, "{text}");
        }
    }
}
