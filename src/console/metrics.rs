//! The numbers as Prometheus reads them: its text format, version 0.0.4.
//!
//! Everything is told for every connector from the first moment on, zeros too, so that an alert on a number finds it before
//! it first moves. Only coverage is told as it comes up: of 65 kinds, a tenant shows a handful.
//! Source: Prometheus documentation, "Exposition formats", "Metric and label naming".

use crate::clock::Moment;
use crate::engine::stats::{Count, Ended, Gauge, Lag, Stats, Tally, Waiting};
use crate::model::Lane;
use std::fmt::{Display, Write};
use std::time::Duration;

/// What the edge calls this text.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Bounds of the lag's histogram, in milliseconds: one below a power of two, where its buckets end.
const BOUNDS_MS: [u64; 15] =
    [63, 127, 255, 511, 1_023, 2_047, 4_095, 8_191, 16_383, 32_767, 65_535, 131_071, 524_287, 4_194_303, 67_108_863];

/// All numbers at this moment.
#[must_use]
pub fn text(stats: &Stats, now: Moment, version: &str) -> String {
    let mut out = Page::default();
    out.family("build_info", "gauge", "The program's version.");
    out.sample("build_info", &[("version", version)], 1);
    for gauge in Gauge::ALL {
        out.family(gauge.name(), "gauge", gauge.help());
        out.sample(gauge.name(), &[], stats.get(gauge));
    }
    for count in Count::ALL {
        let name = format!("{}_total", count.name());
        out.family(&name, "counter", count.help());
        stats.tallies().for_each(|tally| out.sample(&name, &[("connector", tally.name())], tally.count(count)));
    }
    jobs(&mut out, stats);
    verdicts(&mut out, stats);
    tenants(&mut out, stats, now);
    lags(&mut out, stats);
    out.text
}

fn jobs(out: &mut Page, stats: &Stats) {
    out.family("jobs_ended_total", "counter", "Jobs whose lease ended, by how.");
    for (tally, lane) in by_lane(stats) {
        for how in Ended::ALL {
            let labels = [("connector", tally.name()), ("lane", lane.name()), ("state", how.name())];
            out.sample("jobs_ended_total", &labels, tally.count_ended(lane, how));
        }
    }
    out.family("jobs", "gauge", "Jobs in the queue, by how they stand.");
    for (tally, lane) in by_lane(stats) {
        for state in Waiting::ALL {
            let labels = [("connector", tally.name()), ("lane", lane.name()), ("state", state.name())];
            out.sample("jobs", &labels, tally.depth(lane, state));
        }
    }
}

fn by_lane(stats: &Stats) -> impl Iterator<Item = (&Tally, Lane)> {
    stats.tallies().flat_map(|tally| Lane::ALL.into_iter().map(move |lane| (tally, lane)))
}

fn verdicts(out: &mut Page, stats: &Stats) {
    out.family("verdicts_total", "counter", "Verdicts by coverage; the reason is empty for complete ones.");
    for tally in stats.tallies() {
        for (coverage, count) in tally.coverages() {
            let reason = coverage.reason().map(|reason| reason.to_string()).unwrap_or_default();
            let labels = [("connector", tally.name()), ("state", coverage.state()), ("reason", reason.as_str())];
            out.sample("verdicts_total", &labels, count);
        }
    }
}

fn tenants(out: &mut Page, stats: &Stats, now: Moment) {
    out.family("connector_enabled", "gauge", "1 while anything may be asked of the tenant.");
    for tally in stats.tallies() {
        out.sample("connector_enabled", &[("connector", tally.name())], u64::from(tally.is_enabled()));
    }
    out.family("calls_left", "gauge", "Calls left of the allotment, for connectors that have one.");
    for tally in stats.tallies() {
        if let Some(left) = tally.calls_left() {
            out.sample("calls_left", &[("connector", tally.name())], left);
        }
    }
    out.family("feed_age_seconds", "gauge", "Since the change feed last answered.");
    for tally in stats.tallies() {
        if let Some(fed) = tally.last_fed() {
            out.sample("feed_age_seconds", &[("connector", tally.name())], Seconds(now.since(fed)));
        }
    }
}

fn lags(out: &mut Page, stats: &Stats) {
    let bounds = BOUNDS_MS.map(Duration::from_millis);
    out.family("lag_seconds", "histogram", "From a live change to its verdict, by part.");
    for (tally, part) in by_part(stats) {
        let spread = tally.lag(part).spread();
        let at_most = tally.lag(part).at_most(&bounds);
        for (bound, count) in bounds.iter().zip(at_most) {
            let le = Seconds(*bound).to_string();
            let labels = [("connector", tally.name()), ("part", part.name()), ("le", le.as_str())];
            out.sample("lag_seconds_bucket", &labels, count);
        }
        let labels = [("connector", tally.name()), ("part", part.name()), ("le", "+Inf")];
        out.sample("lag_seconds_bucket", &labels, spread.count);
        out.sample("lag_seconds_sum", &labels[..2], Seconds(spread.sum));
        out.sample("lag_seconds_count", &labels[..2], spread.count);
    }
    out.family("lag_quantile_seconds", "gauge", "Percentiles of the same since the service began, never told too low.");
    for (tally, part) in by_part(stats) {
        let spread = tally.lag(part).spread();
        for (quantile, span) in [("0.5", spread.p50), ("0.95", spread.p95), ("0.99", spread.p99), ("1", spread.longest)]
        {
            let labels = [("connector", tally.name()), ("part", part.name()), ("quantile", quantile)];
            out.sample("lag_quantile_seconds", &labels, Seconds(span));
        }
    }
}

fn by_part(stats: &Stats) -> impl Iterator<Item = (&Tally, Lag)> {
    stats.tallies().flat_map(|tally| Lag::ALL.into_iter().map(move |part| (tally, part)))
}

/// A span as a number of seconds.
struct Seconds(Duration);

impl Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:03}", self.0.as_secs(), self.0.subsec_millis())
    }
}

/// The text while it grows.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    /// Begins the samples of one name.
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a text cannot fail.
        let _ = write!(self.text, "# HELP sluicebox_{name} {help}\n# TYPE sluicebox_{name} {kind}\n");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let _ = write!(self.text, "sluicebox_{name}");
        for (at, (label, text)) in labels.iter().enumerate() {
            let begin = if at == 0 { '{' } else { ',' };
            let _ = write!(self.text, "{begin}{label}=\"{}\"", escaped(text));
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{end} {value}");
    }
}

/// A label's value: backslash, quote and line end are escaped.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests;
