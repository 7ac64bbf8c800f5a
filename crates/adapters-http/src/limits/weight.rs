//! How much memory a body takes when it is read.

/// What a member or an element takes beside its text, in bytes.
const ELEMENT: usize = 64;

/// What an object takes beside its members: a block of a contact, or an item.
const OBJECT: usize = 768;

/// About how many bytes of memory the JSON takes when it is read. It is counted before anything is
/// built; brackets and commas in texts count too.
pub(crate) fn weigh(json: &[u8]) -> usize {
    let elements = count(json, |byte| matches!(byte, b',' | b'['));
    let objects = count(json, |byte| byte == b'{');
    json.len() + elements * ELEMENT + objects * OBJECT
}

/// How many bytes are of that kind: so many at a time that one byte holds their number, which lets the
/// compiler count them sixteen at once.
fn count(bytes: &[u8], is_of_kind: impl Fn(u8) -> bool) -> usize {
    let some = bytes.chunks(usize::from(u8::MAX));
    some.map(|some| usize::from(some.iter().map(|byte| u8::from(is_of_kind(*byte))).sum::<u8>()))
        .sum()
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
        assert_eq!(weigh(&[b'['; 1_000]), 1_000 * (1 + ELEMENT));
    }
}
