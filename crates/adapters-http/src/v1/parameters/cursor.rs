//! Pages: the cursor where the next one begins, and the link to it.

use axum::http::{HeaderValue, Uri};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::problem::Problem;

/// The parameter that names a cursor.
pub(crate) const CURSOR: &str = "cursor";

/// The form of the text. Cursors of another form are refused.
const VERSION: u8 = 1;

/// The bytes of the hash at the end. It finds cursors that were cut or changed, and those of another
/// list.
const CHECK: usize = 8;

/// The text of a place in that list.
pub(crate) fn write(list: &str, place: &[u8]) -> String {
    let mut bytes = vec![VERSION];
    bytes.extend(place);
    bytes.extend(check(list, &bytes));
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The place in a text, or `None` if it is no cursor of that list.
pub(crate) fn read(list: &str, text: &str) -> Option<Vec<u8>> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let (content, hash) = bytes.split_at_checked(bytes.len().checked_sub(CHECK)?)?;
    let (version, place) = content.split_first()?;
    let is_whole = *version == VERSION && check(list, content) == hash;
    is_whole.then(|| place.to_vec())
}

fn check(list: &str, content: &[u8]) -> Vec<u8> {
    let mut hash = Sha256::new_with_prefix(list);
    hash.update(content);
    hash.finalize().into_iter().take(CHECK).collect()
}

/// The link to the next page: the same request with another cursor (RFC 8288).
pub(crate) fn next_page(uri: &Uri, cursor: &str) -> Result<HeaderValue, Problem> {
    let given = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let others = given.filter(|(name, _)| name != CURSOR);
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(others).append_pair(CURSOR, cursor);
    let link = format!("<{}?{}>; rel=\"next\"", uri.path(), query.finish());
    HeaderValue::try_from(link).map_err(Problem::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursor_of_another_list_or_form_is_none() {
        let cursor = write("names", b"place");
        assert_eq!(read("names", &cursor), Some(b"place".to_vec()));
        assert_eq!(read("ids", &cursor), None);
        let mut other_form = b"\x02place".to_vec();
        other_form.extend(check("names", &other_form));
        assert_eq!(read("names", &BASE64_URL_SAFE_NO_PAD.encode(other_form)), None);
    }
}
