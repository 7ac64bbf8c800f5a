//! Days of the calendar.

use thiserror::Error;
use time::format_description::well_known::Rfc3339;
use time::{Date, Month, OffsetDateTime};

use super::digits::{all_digits, digits};
use super::invisible::visible;

/// A day of the Gregorian calendar, in the years 0000 to 9999 (RFC 3339).
///
/// Days have no time zone: a date-time gives the day that is written in it. The normal form is
/// `YYYY-MM-DD`.
///
/// ```
/// use contacts_domain::value::CalendarDate;
///
/// let date = CalendarDate::parse("2026-07-31T23:30:00-05:00")?;
/// assert_eq!(date.to_string(), "2026-07-31");
/// assert!(date < CalendarDate::parse("2026-08-01")?);
/// # Ok::<(), contacts_domain::value::InvalidCalendarDate>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CalendarDate(Date);

/// The text is not a day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a date must be a real day, as YYYY-MM-DD or an RFC 3339 date-time with an offset")]
pub struct InvalidCalendarDate;

impl CalendarDate {
    /// Reads `YYYY-MM-DD`, or the day of an RFC 3339 date-time.
    ///
    /// # Errors
    ///
    /// [`InvalidCalendarDate`] for any other text, a day that doesn't exist such as `2026-02-30`,
    /// or a date-time without an offset.
    pub fn parse(text: &str) -> Result<Self, InvalidCalendarDate> {
        plain_day(text).or_else(|| day_of_date_time(text)).map(Self).ok_or(InvalidCalendarDate)
    }

    /// The day that a text certainly means, however it is written: with white space around it, in
    /// ISO 8601 basic form, or as a date and time that is not RFC 3339. It is the day as written.
    ///
    /// ```
    /// use contacts_domain::value::CalendarDate;
    ///
    /// let date = CalendarDate::parse("1980-11-08").ok();
    /// assert_eq!(CalendarDate::meant_by("19801108"), date);
    /// assert_eq!(CalendarDate::meant_by("1980-11-08T23:00:00+0000"), date);
    /// assert_eq!(CalendarDate::meant_by("08.11.1980"), None);
    /// ```
    #[must_use]
    pub fn meant_by(text: &str) -> Option<Self> {
        Self::parse(text).ok().or_else(|| {
            let (year, month, day) = written_day(text)?;
            Some(Self(Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()?))
        })
    }

    /// Whether a text is `0000-00-00` in some form, with which some databases say that there is none.
    #[must_use]
    pub fn is_zero(text: &str) -> bool {
        written_day(text) == Some((0, 0, 0))
    }

    /// The day in UTC, `seconds` after 1970-01-01T00:00:00Z, or `None` outside the years 0000 to
    /// 9999.
    ///
    /// ```
    /// use contacts_domain::value::CalendarDate;
    ///
    /// let date = CalendarDate::from_unix_seconds(1_785_542_399);
    /// assert_eq!(date, CalendarDate::parse("2026-07-31").ok());
    /// ```
    #[must_use]
    pub fn from_unix_seconds(seconds: i64) -> Option<Self> {
        let date = OffsetDateTime::from_unix_timestamp(seconds).ok()?.date();
        (0..=9999).contains(&date.year()).then_some(Self(date))
    }
}

text_traits!(CalendarDate: InvalidCalendarDate, by parse);

impl std::fmt::Display for CalendarDate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

fn plain_day(text: &str) -> Option<Date> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text.as_bytes() else {
        return None;
    };
    let year = number([y1, y2])? * 100 + number([y3, y4])?;
    let month = u8::try_from(number([m1, m2])?).ok()?;
    let day = u8::try_from(number([d1, d2])?).ok()?;
    Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()
}

fn day_of_date_time(text: &str) -> Option<Date> {
    // The library accepts any character there; RFC 3339 allows T, or a space for readability.
    let separator = text.as_bytes().get(10)?;
    if !matches!(separator, b'T' | b't' | b' ') {
        return None;
    }
    OffsetDateTime::parse(text, &Rfc3339).ok().map(OffsetDateTime::date)
}

/// The year, month and day of a date in extended or basic form, with a time of day or without.
fn written_day(text: &str) -> Option<(i32, u8, u8)> {
    let text = visible(text);
    let (date, time) = match text.trim().split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text.trim(), None),
    };
    let is_extended = date.split('-').map(str::len).eq([4, 2, 2]);
    if !(is_extended || all_digits(date)) || !time.is_none_or(is_time) {
        return None;
    }
    let [y1, y2, y3, y4, m1, m2, d1, d2] = digits(&date.replace('-', ""))?.map(i32::from);
    let month = u8::try_from(m1 * 10 + m2).ok()?;
    let day = u8::try_from(d1 * 10 + d2).ok()?;
    Some((y1 * 1000 + y2 * 100 + y3 * 10 + y4, month, day))
}

/// Whether a text is a time of day (ISO 8601, extended or basic form), with a zone or without.
fn is_time(text: &str) -> bool {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.' | ','));
    let (time, zone) = text.split_at(end.unwrap_or(text.len()));
    let (clock, fraction) = time.split_once(['.', ',']).unwrap_or((time, "0"));
    is_clock(clock) && all_digits(fraction) && is_zone(zone.trim())
}

/// Whether a text is hours and minutes, and perhaps seconds, of which there may be 60.
fn is_clock(text: &str) -> bool {
    let digits = text.replace(':', "");
    let is_extended = text.split(':').all(|part| part.len() == 2);
    let mut parts = digits.as_bytes().chunks(2).zip(["23", "59", "60"]);
    (is_extended || digits.len() == text.len())
        && all_digits(&digits)
        && matches!(digits.len(), 4 | 6)
        && parts.all(|(part, most)| part <= most.as_bytes())
}

/// Whether a text is nothing, UTC or an offset from it, and perhaps a time zone in brackets
/// (RFC 9557).
fn is_zone(text: &str) -> bool {
    let (offset, name) = text.split_once('[').unwrap_or((text, "]"));
    let is_utc = ["", "Z", "UTC", "GMT"].iter().any(|utc| utc.eq_ignore_ascii_case(offset));
    let is_offset = |offset: &str| is_clock(offset) || is_clock(&format!("{offset}00"));
    name.ends_with(']') && (is_utc || offset.strip_prefix(['+', '-']).is_some_and(is_offset))
}

fn number([tens, ones]: [u8; 2]) -> Option<i32> {
    let digit = |ascii: u8| ascii.is_ascii_digit().then(|| i32::from(ascii - b'0'));
    Some(digit(tens)? * 10 + digit(ones)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_time_gives_its_written_day() {
        for (text, day) in [
            ("2026-07-31", "2026-07-31"),
            ("2024-02-29", "2024-02-29"),
            ("2000-02-29", "2000-02-29"),
            ("0000-01-01", "0000-01-01"),
            ("0042-12-31", "0042-12-31"),
            ("9999-12-31", "9999-12-31"),
            ("2026-07-31T00:00:00Z", "2026-07-31"),
            ("2026-07-31t23:59:59.999z", "2026-07-31"),
            ("2026-07-31 12:00:00+02:00", "2026-07-31"),
            ("2026-07-31T23:30:00-05:00", "2026-07-31"),
            ("2026-07-31T00:30:00+14:00", "2026-07-31"),
            ("2016-12-31T23:59:60Z", "2016-12-31"),
            ("0000-01-01T00:00:00+14:00", "0000-01-01"),
            ("9999-12-31T23:59:59-12:00", "9999-12-31"),
        ] {
            assert_eq!(CalendarDate::parse(text).unwrap().to_string(), day, "{text:?}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "2026",
            "2026-07",
            "2026-7-31",
            "20260731",
            "31.07.2026",
            "2026/07/31",
            "2026-02-30",
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "2026-01-32",
            "+2026-01-1",
            "-2026-01-1",
            "2026-01-0１",
            " 2026-01-01",
            "2026-01-01 ",
            "2026-01-01T",
            "2026-01-01T10:00:00",
            "2026-01-01T10:00Z",
            "2026-01-01T25:00:00Z",
            "2026-01-01T10:60:00Z",
            "2026-01-01T10:00:00+25:00",
            "2026-01-01T10:00:00+01:60",
            "2026-01-01T10:00:00+0100",
            "2026-01-01X10:00:00Z",
            "2026-02-30T10:00:00Z",
            "2026-01-01T10:00:00Z ",
        ] {
            assert_eq!(CalendarDate::parse(text), Err(InvalidCalendarDate), "{text:?}");
        }
    }

    #[test]
    fn day_is_read_from_other_spellings() {
        for text in [
            "1980-11-08",
            " 1980-11-08\n",
            "\u{feff}1980-11-08\u{200e}",
            "19801108",
            "1980-11-08T00:00:00+0000",
            "1980-11-08T23:59:60",
            "1980-11-08T10:15Z",
            "1980-11-08 10:15:00.000",
            "1980-11-08 10:15:00,5 UTC",
            "1980-11-08 10:15:00 -0500",
            "1980-11-08 10:15:00+02",
            "1980-11-08t101500z",
            "19801108T101500Z",
            "1980-11-08T10:15+01:00[Europe/Zurich]",
        ] {
            let day = CalendarDate::meant_by(text).map(|day| day.to_string());
            assert_eq!(day.as_deref(), Some("1980-11-08"), "{text:?}");
        }
        for text in [
            "",
            "1980",
            "198011",
            "1980-311",
            "1980-11-8",
            "80-11-08",
            "08.11.1980",
            "1980/11/08",
            "1980-1108",
            "198011-08",
            "19801308",
            "1980-02-30T10:15",
            "1980-11-08T",
            "1980-11-08T10",
            "1980-11-08T24:00",
            "1980-11-08T10:60",
            "1980-11-08T10:15:61",
            "1980-11-08T10:1500",
            "1980-11-08T10:15:00.",
            "1980-11-08T10:15:00+2500",
            "1980-11-08T10:15:00 CET",
            "1980-11-08T10:15:00[Europe/Zurich",
            "19801108101500",
            "1980-11-08 or so",
            "0000-00-00",
            "1980-00-00",
        ] {
            assert_eq!(CalendarDate::meant_by(text), None, "{text:?}");
        }
    }

    #[test]
    fn zero_date_is_known() {
        for text in ["0000-00-00", " 0000-00-00 00:00:00", "00000000", "0000-00-00T00:00:00+0000"] {
            assert!(CalendarDate::is_zero(text), "{text:?}");
        }
        for text in ["", "0000-01-01", "1980-00-00", "0000-00-00x", "0"] {
            assert!(!CalendarDate::is_zero(text), "{text:?}");
        }
    }

    #[test]
    fn seconds_since_1970_are_read_as_utc() {
        for (seconds, day) in [
            (0, Some("1970-01-01")),
            (-1, Some("1969-12-31")),
            (86_399, Some("1970-01-01")),
            (86_400, Some("1970-01-02")),
            (253_402_300_799, Some("9999-12-31")),
            (253_402_300_800, None),
            (-62_167_219_200, Some("0000-01-01")),
            (-62_167_219_201, None),
            (i64::MAX, None),
            (i64::MIN, None),
        ] {
            let date = CalendarDate::from_unix_seconds(seconds).map(|date| date.to_string());
            assert_eq!(date.as_deref(), day, "{seconds}");
        }
    }
}
