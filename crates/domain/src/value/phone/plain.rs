//! A short cut for phone numbers in plain spelling.
//!
//! Finding the number in a text takes the library two thirds of the time. Where a text is digits with
//! the usual signs between them, and the plan of its country is simple, the number is obvious; the
//! library only says whether it is valid. Everything else is left to the library.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, Region};

/// Countries with their calling code and the prefix of calls at home. Abroad is 00 or 011, and nothing
/// else is dialled before a number.
const PLANS: [(Region, &str, &str); 10] = [
    (Region::AT, "43", "0"),
    (Region::BE, "32", "0"),
    (Region::CH, "41", "0"),
    (Region::DE, "49", "0"),
    (Region::ES, "34", ""),
    (Region::FR, "33", "0"),
    (Region::GB, "44", "0"),
    (Region::IT, "39", ""),
    (Region::NL, "31", "0"),
    (Region::US, "1", ""),
];

/// The E.164 form of a valid number in plain spelling. `None` says nothing about a text.
pub(super) fn parse(text: &str, region: Option<Region>) -> Option<String> {
    let text = text.trim();
    let after_plus = text.strip_prefix('+');
    let digits = digits(after_plus.unwrap_or(text))?;
    let (region, code, national) = if after_plus.is_some() {
        let after = |(region, code, _)| Some((region, code, digits.strip_prefix(code)?));
        PLANS.into_iter().find_map(after)?
    } else {
        let (region, code, prefix) = PLANS.into_iter().find(|plan| Some(plan.0) == region)?;
        (region, code, digits.strip_prefix(prefix).unwrap_or(&digits))
    };
    // A call abroad, or a number with several zeros in front.
    if digits.starts_with("00") || national.starts_with("00") {
        return None;
    }
    let number = PhoneNumber {
        country_code: code.parse().ok()?,
        national_number: national.parse().ok()?,
        italian_leading_zero: national.starts_with('0').then_some(true),
        ..PhoneNumber::default()
    };
    let is_valid = PHONE_NUMBER_UTIL.is_valid_number_for_region(&number, region);
    is_valid.then(|| ["+", code, national].concat())
}

/// The digits that are dialled in its country, of a valid number in E.164 form. `None` says nothing
/// about a number.
#[cfg(feature = "contact")]
pub(super) fn national(number: &str) -> Option<String> {
    let digits = number.strip_prefix('+')?;
    PLANS
        .into_iter()
        .find_map(|(_, code, prefix)| Some([prefix, digits.strip_prefix(code)?].concat()))
}

/// The digits of a text that has only digits and the usual signs between them.
fn digits(text: &str) -> Option<String> {
    let mut digits = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '0'..='9' => digits.push(character),
            ' ' | '(' | ')' | '-' | '.' | '/' => {}
            _ => return None,
        }
    }
    Some(digits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rlibphonenumber::{PhoneNumberFormat, PhoneNumberType};

    use super::*;

    /// What the library alone makes of a text.
    fn by_library(text: &str, region: Region) -> Option<String> {
        let number = PHONE_NUMBER_UTIL.parse(text, Some(region)).ok()?;
        let is_valid = PHONE_NUMBER_UTIL.is_valid_number(&number);
        is_valid.then(|| PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164).into_owned())
    }

    fn agrees(text: &str, region: Region) -> bool {
        parse(text, Some(region)).is_none_or(|number| Some(number) == by_library(text, region))
    }

    /// Numbers of each type in that region, without its calling code.
    fn examples(region: Region) -> Vec<String> {
        use PhoneNumberType::*;
        let types =
            [FixedLine, Mobile, TollFree, PremiumRate, SharedCost, VoIP, PersonalNumber, UAN];
        let example =
            |kind| PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region, kind).ok();
        let national = |number| rlibphonenumber::get_national_significant_number_owned(&number);
        types.into_iter().filter_map(example).map(national).collect()
    }

    #[test]
    fn usual_numbers_take_the_short_cut() {
        for (region, code, prefix) in PLANS {
            for example in examples(region) {
                let expected = Some(format!("+{code}{example}"));
                let (start, end) = example.split_at(2);
                for text in [
                    format!("+{code} {start} {end}"),
                    format!(" ({prefix}{start})/{end}"),
                    format!("{prefix}{start}-{end}."),
                ] {
                    assert_eq!(parse(&text, Some(region)), expected, "{text} in {region}");
                    assert_eq!(by_library(&text, region), expected, "{text} in {region}");
                }
            }
        }
    }

    #[test]
    fn short_cut_agrees_for_every_beginning_and_length() {
        for (region, code, _) in PLANS {
            for beginning in 0..1_000 {
                let beginning = format!("{beginning:03}");
                for length in 5..13 {
                    let digits = format!("{beginning:2<length$}");
                    for text in [format!("+{code}{digits}"), format!("0{digits}"), digits] {
                        assert!(agrees(&text, region), "{text} in {region}");
                    }
                }
            }
        }
    }

    /// The library writes a few German and Dutch numbers without the 0 that is dialled before them.
    #[cfg(feature = "contact")]
    #[test]
    fn national_digits_agree_for_every_beginning_and_length() {
        for (_, code, prefix) in PLANS {
            for beginning in 0..10_000 {
                for length in 4..13 {
                    let number = format!("+{code}{:2<length$}", format!("{beginning:04}"));
                    let Ok(parsed) = PHONE_NUMBER_UTIL.parse(&number, None) else { continue };
                    let normal = PHONE_NUMBER_UTIL.format(&parsed, PhoneNumberFormat::E164);
                    if normal == number && PHONE_NUMBER_UTIL.is_valid_number(&parsed) {
                        let written =
                            PHONE_NUMBER_UTIL.format(&parsed, PhoneNumberFormat::National);
                        let digits = digits(&written).unwrap();
                        let known = national(&number).unwrap();
                        assert!(
                            [&digits, &[prefix, &digits].concat()].contains(&&known),
                            "{number}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn other_texts_are_left_to_the_library() {
        for text in
            ["044 668 18 00 ext. 12", "+41 (0)44 668 18 00", "tel:+41446681800", "+4", "", "1"]
        {
            assert_eq!(parse(text, Some(Region::CH)), None, "{text:?}");
        }
        assert_eq!(parse("079 123 45 67", None), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn short_cut_agrees_with_the_library(
            (region, code, prefix) in prop::sample::select(PLANS.to_vec()),
            before in "\\+|00|0|1||\\(0",
            is_coded in any::<bool>(),
            example in any::<prop::sample::Index>(),
            (at, replaced) in (any::<prop::sample::Index>(), "[0-9 ()./-]{0,4}"),
        ) {
            let examples = examples(region);
            let mut digits = example.get(&examples).clone();
            let at = at.index(digits.len());
            digits.replace_range(at..=at, &replaced);
            let text = format!("{before}{}{digits}", if is_coded { code } else { prefix });
            prop_assert!(agrees(&text, region), "{} in {}", text, region);
        }
    }
}
