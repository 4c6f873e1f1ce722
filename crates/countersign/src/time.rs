//! Instants as signatures know them: milliseconds since 1970, UTC, and the text forms that schemes use.

use std::fmt;
use std::time::Duration;

use jiff::civil::{Date, Time, Weekday};
use jiff::fmt::rfc2822;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

/// The first and the last instant that every text form can show: 0001-01-01 and 9999-12-31, in milliseconds.
const RANGE: std::ops::RangeInclusive<i64> = -62_135_596_800_000..=253_402_214_400_000;

/// An instant, to the millisecond, between the years 1 and 9999.
///
/// It is always handed in: nothing in this crate reads a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant so many milliseconds after 1970-01-01T00:00:00Z; beyond the years 1 to 9999 it is held at their edge.
    pub fn from_unix_millis(millis: i64) -> Self {
        Self(millis.clamp(*RANGE.start(), *RANGE.end()))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn unix_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    pub fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This instant moved into the future.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self::from_unix_millis(self.0.saturating_add(millis))
    }

    /// This instant moved into the past.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self::from_unix_millis(self.0.saturating_sub(millis))
    }

    /// Reads a `Date` header field, such as `Sat, 21 Nov 2026 23:23:13 GMT` (RFC 9110, section 5.6.7).
    pub fn parse_http_date(text: impl AsRef<[u8]>) -> Option<Self> {
        let text = text.as_ref();
        if let Some(instant) = text.try_into().ok().and_then(parse_fixed_date) {
            return Some(instant);
        }
        let text = std::str::from_utf8(text).ok()?;
        // The seconds of a day and more than four digits of a year are the parser's business; a comment is nobody's.
        if text.contains('(') {
            return None;
        }
        let parsed = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
        Some(Self::from_unix_millis(parsed.as_millisecond()))
    }

    /// Reads `2026-11-21T23:23:13Z`, with or without a fraction of a second (RFC 3339).
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let parsed: jiff::Timestamp = text.parse().ok()?;
        Some(Self::from_unix_millis(parsed.as_millisecond()))
    }

    /// Reads `2026-11-21T23:23:13Z` in just these places, with or without a fraction of a second.
    pub fn parse_iso8601(text: impl AsRef<[u8]>) -> Option<Self> {
        let (seconds, rest) = text.as_ref().split_first_chunk::<19>()?;
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', i1, i2, b':', s1, s2] = *seconds
        else {
            return None;
        };
        let date = Date::new(four(y1, y2, y3, y4)?, two(m1, m2)?, two(d1, d2)?).ok()?;
        let instant = at_utc(date, [[h1, h2], [i1, i2], [s1, s2]])?;
        let millis = match rest {
            b"Z" => 0,
            [b'.', digits @ .., b'Z']
                if (1..=9).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit) =>
            {
                digits.iter().zip([100, 10, 1]).map(|(digit, place)| i64::from(digit - b'0') * place).sum()
            }
            _ => return None,
        };
        Some(Self::from_unix_millis(instant.0 + millis))
    }

    /// The text of a `Date` header field: `Sat, 21 Nov 2026 23:23:13 GMT` (RFC 9110, section 5.6.7).
    pub fn http_date(self) -> String {
        self.format("%a, %d %b %Y %H:%M:%S GMT")
    }

    /// `2026-11-21T23:23:13.000Z`: always with three digits of the second, as MaxCompute's messages have it.
    pub fn iso8601(self) -> String {
        self.format("%Y-%m-%dT%H:%M:%S.%3fZ")
    }

    /// `2026-11-21T23:23:13Z`.
    pub fn iso8601_seconds(self) -> String {
        self.format("%Y-%m-%dT%H:%M:%SZ")
    }

    /// `20261121T232313Z`, as AWS and Alibaba Cloud's newer schemes have it.
    pub fn basic(self) -> String {
        self.format("%Y%m%dT%H%M%SZ")
    }

    /// Reads `20261121T232313Z`, and nothing else.
    pub fn parse_basic(text: &str) -> Option<Self> {
        let [y1, y2, y3, y4, m1, m2, d1, d2, b'T', h1, h2, i1, i2, s1, s2, b'Z'] = *text.as_bytes() else {
            return None;
        };
        let date = Date::new(four(y1, y2, y3, y4)?, two(m1, m2)?, two(d1, d2)?).ok()?;
        at_utc(date, [[h1, h2], [i1, i2], [s1, s2]])
    }

    /// The day in UTC as a credential scope names it: `20261121`.
    pub fn scope_date(self) -> String {
        self.format("%Y%m%d")
    }

    /// Days since 1970-01-01, in UTC.
    pub fn unix_day(self) -> i64 {
        self.0.div_euclid(86_400_000)
    }

    fn format(self, form: &str) -> String {
        // Every instant of `RANGE` is one that jiff can hold and these forms can show.
        let zoned = jiff::Timestamp::from_millisecond(self.0).unwrap_or_default().to_zoned(TimeZone::UTC);
        strtime::format(form, &zoned).unwrap_or_default()
    }
}

/// `2026-11-21T23:23:13.000Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iso8601())
    }
}

/// Reads the one form of a date that clients send, in which everything has its place. Anything unusual is left to the
/// general parser: this one only saves its time, which is that of a third of a MAC.
fn parse_fixed_date(text: &[u8; 29]) -> Option<Timestamp> {
    let [
        w1,
        w2,
        w3,
        b',',
        b' ',
        d1,
        d2,
        b' ',
        m1,
        m2,
        m3,
        b' ',
        y1,
        y2,
        y3,
        y4,
        b' ',
        h1,
        h2,
        b':',
        i1,
        i2,
        b':',
        s1,
        s2,
        b' ',
        b'G',
        b'M',
        b'T',
    ] = *text
    else {
        return None;
    };
    let month = match &[m1, m2, m3] {
        b"Jan" => 1,
        b"Feb" => 2,
        b"Mar" => 3,
        b"Apr" => 4,
        b"May" => 5,
        b"Jun" => 6,
        b"Jul" => 7,
        b"Aug" => 8,
        b"Sep" => 9,
        b"Oct" => 10,
        b"Nov" => 11,
        b"Dec" => 12,
        _ => return None,
    };
    let weekday = match &[w1, w2, w3] {
        b"Mon" => Weekday::Monday,
        b"Tue" => Weekday::Tuesday,
        b"Wed" => Weekday::Wednesday,
        b"Thu" => Weekday::Thursday,
        b"Fri" => Weekday::Friday,
        b"Sat" => Weekday::Saturday,
        b"Sun" => Weekday::Sunday,
        _ => return None,
    };
    let date = Date::new(four(y1, y2, y3, y4)?, month, two(d1, d2)?).ok()?;
    at_utc(date, [[h1, h2], [i1, i2], [s1, s2]]).filter(|_| date.weekday() == weekday)
}

/// The number that two digits write.
fn two(tens: u8, ones: u8) -> Option<i8> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    if tens < 10 && ones < 10 { i8::try_from(tens * 10 + ones).ok() } else { None }
}

/// The year that four digits write.
fn four(y1: u8, y2: u8, y3: u8, y4: u8) -> Option<i16> {
    Some(i16::from(two(y1, y2)?) * 100 + i16::from(two(y3, y4)?))
}

/// The instant of a day at which it is so many hours, minutes and seconds in UTC, in two digits each.
fn at_utc(date: Date, time: [[u8; 2]; 3]) -> Option<Timestamp> {
    let [hours, minutes, seconds] = time.map(|[tens, ones]| two(tens, ones));
    let time = Time::new(hours?, minutes?, seconds?, 0).ok()?;
    let instant = TimeZone::UTC.to_timestamp(date.to_datetime(time)).ok()?;
    Some(Timestamp::from_unix_millis(instant.as_millisecond()))
}

/// Reads the date of a credential scope, `20261121`, as days since 1970-01-01.
pub(crate) fn parse_scope_date(text: &str) -> Option<i64> {
    let [y1, y2, y3, y4, m1, m2, d1, d2] = *text.as_bytes() else { return None };
    let date = Date::new(four(y1, y2, y3, y4)?, two(m1, m2)?, two(d1, d2)?).ok()?;
    at_utc(date, [*b"00"; 3]).map(Timestamp::unix_day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_forms_agree() {
        let at = Timestamp::parse_http_date("Sat, 21 Nov 2026 23:23:13 GMT").unwrap();
        assert_eq!(at.http_date(), "Sat, 21 Nov 2026 23:23:13 GMT");
        assert_eq!(at.iso8601(), "2026-11-21T23:23:13.000Z");
        assert_eq!(at.scope_date(), "20261121");
        assert_eq!(Timestamp::parse_rfc3339("2026-11-21T23:23:13Z"), Some(at));
        assert_eq!(parse_scope_date("20261121"), Some(at.unix_day()));
        assert_eq!(at.iso8601_seconds(), "2026-11-21T23:23:13Z");
        assert_eq!(at.basic(), "20261121T232313Z");
        assert_eq!(Timestamp::parse_basic("20261121T232313Z"), Some(at));
        for text in
            ["20261121T232313", "20261121232313Z", "20261121T242313Z", "20261321T000000Z", "+0261121T232313Z"]
        {
            assert_eq!(Timestamp::parse_basic(text), None, "{text}");
        }
    }

    #[test]
    fn an_instant_in_the_form_of_iso_8601_has_one_place_for_everything() {
        let read = |text| Timestamp::parse_iso8601(text).map(Timestamp::unix_millis);
        assert_eq!(read("2026-11-21T23:23:13Z"), Some(1_795_303_393_000));
        assert_eq!(read("2026-11-21T23:23:13.5Z"), Some(1_795_303_393_500));
        assert_eq!(read("2026-11-21T23:23:13.123456789Z"), Some(1_795_303_393_123));
        for text in [
            "",
            "2026-11-21T23:23:13",
            "2026-11-21 23:23:13Z",
            "2026-11-21T23:23:13z",
            "2026-11-21T23:23:13.Z",
            "2026-11-21T23:23:13.1234567890Z",
            "2026-11-21T23:23:13+00:00",
            "2026-13-21T23:23:13Z",
            "2026-11-21T25:23:13Z",
            "+026-11-21T23:23:13Z",
            "20261121T232313Z",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn the_quick_reading_of_a_date_agrees_with_the_general_one() {
        let general = |text: &str| rfc2822::DateTimeParser::new().parse_timestamp(text).ok();
        let day = 86_400_000;
        for at in (-800_000_000_000..4_000_000_000_000).step_by(day * 17 + 12_345_000) {
            let text = Timestamp::from_unix_millis(at).http_date();
            let quick = parse_fixed_date(text.as_bytes().try_into().unwrap()).unwrap();
            assert_eq!(quick.unix_millis(), general(&text).unwrap().as_millisecond(), "{text}");
        }
        for text in [
            "Sun, 21 Nov 2026 23:23:13 GMT",
            "Sat, 31 Nov 2026 23:23:13 GMT",
            "Sat, 21 Nov 2026 24:23:13 GMT",
            "Sat, 21 Nov 2026 23:60:13 GMT",
            "Sat, 21 nov 2026 23:23:13 GMT",
            "Sat, +1 Nov 2026 23:23:13 GMT",
        ] {
            assert_eq!(parse_fixed_date(text.as_bytes().try_into().unwrap()), None, "{text}");
        }
    }

    #[test]
    fn what_is_not_a_date_is_none() {
        for text in
            ["", "yesterday", "Sun, 21 Nov 2026 23:23:13 GMT", "Sat, 21 Nov 2026 23:23:13 (x) GMT", "0"]
        {
            assert_eq!(Timestamp::parse_http_date(text), None, "{text:?}");
        }
        for text in ["2026112", "202611211", "20261321", "2026-1-1", "２０２６１１２１"] {
            assert_eq!(parse_scope_date(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_edges_of_time_do_not_panic() {
        for millis in [i64::MIN, i64::MAX] {
            let at = Timestamp::from_unix_millis(millis);
            assert!(!at.http_date().is_empty() && !at.iso8601().is_empty());
            let _ = at.plus(Duration::MAX).minus(Duration::MAX);
        }
    }
}
