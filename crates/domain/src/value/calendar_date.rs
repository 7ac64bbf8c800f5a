//! Days of the calendar.

use thiserror::Error;
use time::format_description::well_known::Rfc3339;
use time::{Date, Month, OffsetDateTime};

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
