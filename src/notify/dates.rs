//! `Retry-After` of a webhook's receiver: seconds or a date (RFC 9110, section 10.2.3).

use crate::clock::Moment;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// A receiver that asks for more is asked again after this.
const LONGEST: Duration = Duration::from_secs(7 * 86_400);

/// What the header says; `None` when it is absent or cannot be read.
pub(super) fn retry_after(headers: &HeaderMap, now: Moment) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = text.parse().ok().map(Duration::from_secs);
    let until = || {
        let date = OffsetDateTime::parse(text, &Rfc2822).ok()?;
        Some(Moment::from_millis(date.unix_timestamp().saturating_mul(1_000)).since(now))
    };
    seconds.or_else(until).map(|span| span.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    #[test]
    fn retry_after_is_read_in_each_form_and_bounded() {
        let now = Moment::parse("1994-11-06T08:49:00Z").unwrap();
        for (text, seconds) in [
            ("0", Some(0)),
            (" 7 ", Some(7)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(37)),
            ("Sun, 06 Nov 1994 08:48:37 GMT", Some(0)),
            ("99999999999", Some(7 * 86_400)),
            ("-1", None),
            ("soon", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_str(text).unwrap())]);
            assert_eq!(retry_after(&headers, now), seconds.map(Duration::from_secs), "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
