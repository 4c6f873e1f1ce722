//! Times, in words.

use countersign::Timestamp;

use super::language::Language;
use super::messages::{Value, say};

const MINUTE: i64 = 60 * 1000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A time as people read it, to the minute: `2026-11-22 05:12 UTC`.
pub(crate) fn minute(at: Timestamp) -> String {
    let text = at.iso8601();
    let (day, time) = text.split_once('T').unwrap_or((&text, ""));
    format!("{day} {} UTC", time.get(..5).unwrap_or(time))
}

/// How long something takes or took, by its largest unit, rounded down.
pub(super) fn span(language: Language, millis: i64) -> String {
    let (id, n) = match millis.max(0) {
        millis if millis < MINUTE => ("time-moment", 0),
        millis if millis < HOUR => ("time-minutes", millis / MINUTE),
        millis if millis < DAY => ("time-hours", millis / HOUR),
        millis => ("time-days", millis / DAY),
    };
    say(language, id, &[("n", Value::Number(n))])
}

/// How long it is until something happens, by its largest unit: to the minute, so that thirty days are thirty days a moment
/// after they began.
pub(super) fn left(language: Language, millis: i64) -> String {
    span(language, millis.saturating_add(MINUTE - 1))
}

/// How long ago something was, or how long it will be.
pub(super) fn relative(language: Language, at: Timestamp, now: Timestamp) -> String {
    let apart = now.unix_millis() - at.unix_millis();
    if apart.abs() < MINUTE {
        return say(language, "time-now", &[]);
    }
    let (id, span) = match apart > 0 {
        true => ("time-ago", span(language, apart)),
        false => ("time-ahead", left(language, -apart)),
    };
    say(language, id, &[("span", Value::Text(&span))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_by_their_largest_unit() {
        let now = Timestamp::parse_rfc3339("2026-11-22T10:00:00Z").unwrap();
        let told = |millis: i64| {
            relative(Language::English, Timestamp::from_unix_millis(now.unix_millis() + millis), now)
        };
        assert_eq!(told(-500), "just now");
        assert_eq!(told(-MINUTE), "1 minute ago");
        assert_eq!(told(-25 * HOUR), "1 day ago");
        assert_eq!(told(90 * DAY), "in 90 days");
        assert_eq!(told(90 * DAY - 2000), "in 90 days");
        assert_eq!(minute(now), "2026-11-22 10:00 UTC");
    }
}
