//! Times in headers: `Retry-After` and `Date` (RFC 9110, sections 5.6.7 and 10.2.3).

use crate::clock::Moment;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// Seconds beyond a year are taken as a year: no wait is longer.
const LONGEST_SECS: u64 = 366 * 86_400;

/// What `Retry-After` says, as seconds or as a date; `None` when it is absent or says nothing that can be read.
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: Moment) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    seconds(text).or_else(|| Some(http_date(text)?.since(now)))
}

/// A number of seconds as a body or header has it, also with a fraction, rounded up to milliseconds.
#[must_use]
pub fn seconds(text: &str) -> Option<Duration> {
    let value: f64 = text.trim().parse().ok()?;
    if !value.is_finite() || value < 0.0 {
        return None;
    }
    let span = Duration::try_from_secs_f64(value).unwrap_or(Duration::MAX);
    Some(span.min(Duration::from_secs(LONGEST_SECS)))
}

/// By how many milliseconds the server's clock is ahead of `now` by its `Date` header (negative: behind). The header counts
/// whole seconds and is as old as the answer's way here.
#[must_use]
pub fn server_ahead_ms(headers: &HeaderMap, now: Moment) -> Option<i64> {
    let date = http_date(headers.get(DATE)?.to_str().ok()?)?;
    Some(date.as_millis().saturating_sub(now.as_millis()))
}

fn http_date(text: &str) -> Option<Moment> {
    let read = OffsetDateTime::parse(text.trim(), &Rfc2822).ok()?;
    Some(Moment::from_millis(read.unix_timestamp().saturating_mul(1_000)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    #[test]
    fn retry_after_is_read_in_each_form() {
        let now = Moment::parse("1994-11-06T08:49:00Z").unwrap();
        for (text, ms) in [
            ("0", Some(0)),
            (" 7 ", Some(7_000)),
            ("1.5", Some(1_500)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(37_000)),
            ("Sun, 06 Nov 1994 08:48:37 GMT", Some(0)),
            ("99999999999999", Some(366 * 86_400_000)),
            ("1e308", Some(366 * 86_400_000)),
            ("-1", None),
            ("NaN", None),
            ("inf", None),
            ("soon", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_str(text).unwrap())]);
            assert_eq!(retry_after(&headers, now), ms.map(Duration::from_millis), "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn the_servers_clock_is_told_by_its_date() {
        let headers = HeaderMap::from_iter([(DATE, HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"))]);
        for (now, ahead_ms) in [("1994-11-06T08:49:00Z", 37_000), ("1994-11-06T08:50:37Z", -60_000)] {
            assert_eq!(server_ahead_ms(&headers, Moment::parse(now).unwrap()), Some(ahead_ms));
        }
        assert_eq!(server_ahead_ms(&HeaderMap::new(), Moment::default()), None);
    }
}
