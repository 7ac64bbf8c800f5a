//! Splits changes into statements of limited size.

use std::iter;

use contacts_domain::contact::Record;

/// The most bytes of documents in one statement, unless a single document is larger. Both sides hold
/// several copies of a statement, and a connection keeps the room for its largest one.
const MOST_BYTES: usize = 4 << 20;

/// The changes in their order; usually one portion.
pub(crate) fn portions<T>(
    changes: &[T],
    record: impl Fn(&T) -> &Record,
) -> impl Iterator<Item = &[T]> {
    portions_of(changes, move |change| record(change).document.len())
}

/// The same of anything that has so many bytes.
pub(crate) fn portions_of<T>(all: &[T], bytes: impl Fn(&T) -> usize) -> impl Iterator<Item = &[T]> {
    let mut rest = all;
    iter::from_fn(move || {
        let mut sum = 0;
        let fits = |item: &&T| {
            sum += bytes(item);
            sum <= MOST_BYTES
        };
        let count = rest.iter().take_while(fits).count().max(1);
        let (portion, later) = rest.split_at_checked(count)?;
        rest = later;
        Some(portion)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_documents_are_split_into_portions() {
        const HALF: usize = MOST_BYTES / 2;
        for (sizes, expected) in [
            (&[][..], &[][..]),
            (&[1, 2, 3], &[&[1, 2, 3][..]]),
            (&[HALF, HALF], &[&[HALF, HALF]]),
            (&[HALF, HALF, 1], &[&[HALF, HALF], &[1]]),
            (&[1, HALF, HALF], &[&[1, HALF], &[HALF]]),
            (&[MOST_BYTES + 1, 1], &[&[MOST_BYTES + 1], &[1]]),
            (&[1, MOST_BYTES + 1], &[&[1], &[MOST_BYTES + 1]]),
        ] {
            let portions: Vec<_> = portions_of(sizes, |size| *size).collect();
            assert_eq!(portions, expected, "{sizes:?}");
        }
    }

    #[test]
    fn thousand_usual_contacts_are_one_portion() {
        assert_eq!(portions_of(&[4_000; 1_000], |size| *size).count(), 1);
        assert!(
            portions_of(&[4_000; 10_000], |size| *size)
                .all(|portion| portion.len() * 4_000 <= 4 << 20)
        );
    }
}
