//! The reading of an item.

use contacts_domain::reading::read;
use contacts_domain::upsert::Handling;

/// What was read of an item is read again as it was: nothing is lost on the way through a store.
pub(crate) fn item(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let _ = read(text, Handling::Lenient);
    let Ok(once) = read(text, Handling::default()) else { return };
    let json = serde_json::to_string(&once.document).expect("a document is JSON");
    if json == "{}" {
        return;
    }
    let again =
        read(&json, Handling::default()).unwrap_or_else(|faults| panic!("{faults:?}: {json}"));
    assert_eq!(again.document, once.document);
}
