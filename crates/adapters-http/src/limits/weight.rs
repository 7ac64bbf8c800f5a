//! How much memory a body takes when it is read.

/// What a member or an element takes beside its text, in bytes.
const ELEMENT: usize = 64;

/// What an object takes beside its members: a block of a contact, or an item.
const OBJECT: usize = 768;

/// About how many bytes of memory the JSON takes when it is read. It is counted before anything is
/// built; brackets and commas in texts count too.
pub(crate) fn weigh(json: &[u8]) -> usize {
    json.iter().fold(json.len(), |weight, byte| match byte {
        b',' | b'[' => weight.saturating_add(ELEMENT),
        b'{' => weight.saturating_add(OBJECT),
        _ => weight,
    })
}

/// The documents that a usual batch of that size loads and answers, in bytes: one of the largest
/// contacts, and twice what was sent, and a little for each item.
pub(crate) fn allowance(body: usize, items: usize) -> usize {
    (256 << 10) + 2 * body + items * (2 << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_objects_weigh_more_than_their_text() {
        let objects = format!("[{}]", vec!["{}"; 1_000].join(","));
        assert!(weigh(objects.as_bytes()) > 800_000);
        assert_eq!(weigh(b"\"text\""), 6);
    }
}
