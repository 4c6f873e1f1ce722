//! What is counted, as Prometheus reads it.
//!
//! Counting is a few atomic additions: nothing on the way of a request waits for a scrape, or for another request. Every
//! label has a fixed set of values, and none is taken from a request, so no AccessKey id can become one.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use countersign::schemes;

/// The scheme of what a bearer token stands for, beside those that sign.
pub(crate) const BEARER_TOKEN: &str = "odps-bearer-token";
/// The scheme of a request that bears the marks of none.
pub(crate) const NO_SCHEME: &str = "none";

/// The upper bounds of the buckets, with their text in seconds.
const BOUNDS: [(Duration, &str); 14] = [
    (Duration::from_micros(5), "0.000005"),
    (Duration::from_micros(10), "0.00001"),
    (Duration::from_micros(25), "0.000025"),
    (Duration::from_micros(50), "0.00005"),
    (Duration::from_micros(100), "0.0001"),
    (Duration::from_micros(250), "0.00025"),
    (Duration::from_micros(500), "0.0005"),
    (Duration::from_millis(1), "0.001"),
    (Duration::from_micros(2500), "0.0025"),
    (Duration::from_millis(5), "0.005"),
    (Duration::from_millis(10), "0.01"),
    (Duration::from_millis(25), "0.025"),
    (Duration::from_millis(50), "0.05"),
    (Duration::from_millis(100), "0.1"),
];

/// What became of a request, in one word for the request log and the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A credential proved who sent it. Whether what it asked for was allowed is another question.
    Verified,
    Refused,
    /// Its head could not be read as HTTP.
    Malformed,
    /// The client went away before it was judged.
    Aborted,
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Verified, Self::Refused, Self::Malformed, Self::Aborted];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Refused => "refused",
            Self::Malformed => "malformed",
            Self::Aborted => "aborted",
        }
    }
}

/// What is counted of requests and connections.
#[derive(Debug)]
pub struct Metrics {
    schemes: Vec<OfScheme>,
    connections_opened: AtomicU64,
    connections_closed: AtomicU64,
    rejected_body_bytes: AtomicU64,
}

#[derive(Debug)]
struct OfScheme {
    name: &'static str,
    verdicts: [AtomicU64; Outcome::ALL.len()],
    seconds: Histogram,
}

/// How often something took how long.
#[derive(Debug, Default)]
struct Histogram {
    /// One for each bound, and one for what took longer than all.
    buckets: [AtomicU64; BOUNDS.len() + 1],
    nanoseconds: AtomicU64,
}

/// A connection of the endpoint, open until this is dropped.
#[derive(Debug)]
pub(crate) struct Connection<'m>(&'m Metrics);

impl Default for Metrics {
    fn default() -> Self {
        let names = schemes::ALL.iter().map(|scheme| scheme.name()).chain([BEARER_TOKEN, NO_SCHEME]);
        let of_scheme = |name| OfScheme { name, verdicts: Default::default(), seconds: Histogram::default() };
        Self {
            schemes: names.map(of_scheme).collect(),
            connections_opened: AtomicU64::default(),
            connections_closed: AtomicU64::default(),
            rejected_body_bytes: AtomicU64::default(),
        }
    }
}

impl Metrics {
    /// Counts a request once, when all is known of it: the scheme that it was read by, how it ended, and how long its
    /// credential took to judge, where it had one.
    pub(crate) fn request(&self, scheme: Option<&str>, outcome: Outcome, judged: Option<Duration>) {
        let name = scheme.unwrap_or(NO_SCHEME);
        let Some(of_scheme) = self.schemes.iter().find(|of_scheme| of_scheme.name == name) else { return };
        if let Some(count) = of_scheme.verdicts.get(outcome as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(judged) = judged {
            of_scheme.seconds.observe(judged);
        }
    }

    /// Counts bytes of a body that came with a request which was not let through.
    pub(crate) fn rejected_body(&self, bytes: u64) {
        self.rejected_body_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts a connection that was accepted.
    pub(crate) fn connection(&self) -> Connection<'_> {
        self.connections_opened.fetch_add(1, Ordering::Relaxed);
        Connection(self)
    }

    /// Writes all of it in Prometheus' text format.
    pub(crate) fn write(&self, out: &mut Text) {
        out.family("countersign_verdicts_total", "counter", "Requests, by what became of them.");
        for of_scheme in &self.schemes {
            for (outcome, count) in Outcome::ALL.iter().zip(&of_scheme.verdicts) {
                let (scheme, verdict) = (of_scheme.name, outcome.name());
                out.sample(
                    "countersign_verdicts_total",
                    &format!("scheme=\"{scheme}\",verdict=\"{verdict}\""),
                    count.load(Ordering::Relaxed),
                );
            }
        }
        out.family("countersign_verify_seconds", "histogram", "How long the judgement on a credential took.");
        for of_scheme in self.schemes.iter().filter(|of_scheme| of_scheme.name != NO_SCHEME) {
            of_scheme.seconds.write(out, "countersign_verify_seconds", of_scheme.name);
        }
        // The one that is counted later is read first: there are never fewer opened than closed.
        let closed = self.connections_closed.load(Ordering::Acquire);
        let opened = self.connections_opened.load(Ordering::Relaxed);
        out.family("countersign_connections_total", "counter", "Connections accepted by the endpoint.");
        out.sample("countersign_connections_total", "", opened);
        out.family("countersign_connections_open", "gauge", "Connections of the endpoint that are open.");
        out.sample("countersign_connections_open", "", opened.saturating_sub(closed));
        out.family(
            "countersign_rejected_body_bytes_total",
            "counter",
            "Bytes of bodies that came with requests which were not let through.",
        );
        let rejected = self.rejected_body_bytes.load(Ordering::Relaxed);
        out.sample("countersign_rejected_body_bytes_total", "", rejected);
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        self.0.connections_closed.fetch_add(1, Ordering::Release);
    }
}

impl Histogram {
    fn observe(&self, took: Duration) {
        let place = BOUNDS.iter().take_while(|(bound, _)| took > *bound).count();
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
        if let Some(bucket) = self.buckets.get(place) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn write(&self, out: &mut Text, name: &str, scheme: &str) {
        // The count is the sum of the buckets as they were read, so that a scrape agrees with itself.
        let mut count = 0;
        let bounds = BOUNDS.iter().map(|(_, text)| *text).chain(["+Inf"]);
        for (bound, bucket) in bounds.zip(&self.buckets) {
            count += bucket.load(Ordering::Relaxed);
            out.sample(&format!("{name}_bucket"), &format!("scheme=\"{scheme}\",le=\"{bound}\""), count);
        }
        let sum = Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed)).as_secs_f64();
        out.sample(&format!("{name}_sum"), &format!("scheme=\"{scheme}\""), sum);
        out.sample(&format!("{name}_count"), &format!("scheme=\"{scheme}\""), count);
    }
}

/// Prometheus' text format, version 0.0.4, as it grows.
#[derive(Debug, Default)]
pub(crate) struct Text(String);

impl Text {
    pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

    /// Begins a family of samples: its name, type and meaning.
    pub(crate) fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string does not fail.
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    /// Adds a sample. Labels are written as they are: their values need no escape.
    pub(crate) fn sample(&mut self, name: &str, labels: &str, value: impl std::fmt::Display) {
        let _ = match labels {
            "" => writeln!(self.0, "{name} {value}"),
            labels => writeln!(self.0, "{name}{{{labels}}} {value}"),
        };
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(metrics: &Metrics) -> String {
        let mut text = Text::default();
        metrics.write(&mut text);
        text.into_string()
    }

    #[test]
    fn a_duration_counts_in_every_bucket_that_is_wide_enough() {
        let metrics = Metrics::default();
        for micros in [5, 6, 1_000_000] {
            metrics.request(Some("odps"), Outcome::Verified, Some(Duration::from_micros(micros)));
        }
        let text = text(&metrics);
        for line in [
            "countersign_verify_seconds_bucket{scheme=\"odps\",le=\"0.000005\"} 1\n",
            "countersign_verify_seconds_bucket{scheme=\"odps\",le=\"0.00001\"} 2\n",
            "countersign_verify_seconds_bucket{scheme=\"odps\",le=\"0.1\"} 2\n",
            "countersign_verify_seconds_bucket{scheme=\"odps\",le=\"+Inf\"} 3\n",
            "countersign_verify_seconds_sum{scheme=\"odps\"} 1.000011\n",
            "countersign_verify_seconds_count{scheme=\"odps\"} 3\n",
            "countersign_verdicts_total{scheme=\"odps\",verdict=\"verified\"} 3\n",
            "countersign_verdicts_total{scheme=\"none\",verdict=\"malformed\"} 0\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
    }

    #[test]
    fn the_bounds_say_in_text_what_they_are_and_rise() {
        for (bound, text) in BOUNDS {
            assert_eq!(text.parse::<f64>().unwrap(), bound.as_secs_f64());
        }
        assert!(BOUNDS.is_sorted_by(|(one, _), (next, _)| one < next));
    }

    #[test]
    fn what_is_no_scheme_of_ours_makes_no_label() {
        let metrics = Metrics::default();
        metrics.request(Some("CSAK1"), Outcome::Refused, None);
        assert!(!text(&metrics).contains("CSAK1"));
    }

    #[test]
    fn open_connections_are_those_that_were_not_dropped() {
        let metrics = Metrics::default();
        let one = metrics.connection();
        drop(metrics.connection());
        assert!(text(&metrics).contains("countersign_connections_total 2\n"));
        assert!(text(&metrics).contains("countersign_connections_open 1\n"));
        drop(one);
        assert!(text(&metrics).contains("countersign_connections_open 0\n"));
    }
}
