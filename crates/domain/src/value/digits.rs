//! Reading runs of decimal digits.

/// The values of exactly `N` ASCII digits, or `None` for any other text.
pub(super) fn digits<const N: usize>(text: &str) -> Option<[u8; N]> {
    let ascii: [u8; N] = text.as_bytes().try_into().ok()?;
    all_digits(text).then(|| ascii.map(|digit| digit - b'0'))
}

/// Whether the text is one ASCII digit or more, and nothing else.
pub(super) fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_count_of_digits_is_read() {
        assert_eq!(digits("042"), Some([0, 4, 2]));
        for other in ["", "42", "0042", "4 2", "+42", "٠٤٢"] {
            assert_eq!(digits::<3>(other), None, "{other:?}");
        }
    }

    #[test]
    fn empty_text_is_not_digits() {
        assert!(all_digits("0"));
        assert!(!all_digits(""));
        assert!(!all_digits("１"));
    }
}
