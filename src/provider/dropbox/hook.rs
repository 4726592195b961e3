//! Webhooks of Dropbox: a challenge to answer, notices to verify. A notice is a hint, never a fact.
//!
//! A notice says who has changes, never what, and carries no time, so one may be played again by whoever saw it: it makes the
//! named members' cursors be asked sooner, and does nothing else. Source: webhook guide of Dropbox.

use crate::provider::signature::is_signed;
use crate::provider::{Delivered, Delivery, Secret};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Longest body that is looked at, in bytes.
pub const BODY_BYTES_MAX: usize = 1 << 20;
/// Longest challenge that is answered, in bytes.
pub const CHALLENGE_BYTES_MAX: usize = 1024;
/// Names taken from one notice; the rest has to wait for the regular pass.
pub const NAMES_MAX: usize = 10_000;

/// Whom a notice names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hint {
    /// Accounts with changes (`dbid:...`), in notices to applications of single users.
    pub accounts: BTreeSet<String>,
    /// Members with changes (`dbmid:...`) by team (`dbtid:...`).
    pub teams: BTreeMap<String, BTreeSet<String>>,
}

/// The answer to `GET ?challenge=...`: status 200, these headers, this body. `None` when there is nothing to answer.
#[must_use]
pub fn challenge(query: &str) -> Option<([(&'static str, &'static str); 2], String)> {
    let asked = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "challenge")?.1;
    let headers = [("Content-Type", "text/plain"), ("X-Content-Type-Options", "nosniff")];
    (!asked.is_empty() && asked.len() <= CHALLENGE_BYTES_MAX).then(|| (headers, asked.into_owned()))
}

/// Whether `signature` (header `X-Dropbox-Signature`) is that of this body under the application's secret: lower-case
/// hexadecimal HMAC-SHA256 over the raw bytes, compared in constant time.
#[must_use]
pub fn is_genuine(app_secret: &Secret, signature: Option<&str>, body: &[u8]) -> bool {
    let Some(told) = signature.and_then(unhex) else { return false };
    body.len() <= BODY_BYTES_MAX && is_signed(app_secret, &[body], &told)
}

fn unhex(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if digits.len() != 64 {
        return None;
    }
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(bytes)
}

/// Takes in what came to the webhook address; see [`crate::provider::Source::delivery`]. `account_of` gives a member's account
/// where it is known; where not, the member's own id stands in. Notices carry neither an id nor a time, and the same one is
/// right to come often, so none is ever a repeat.
pub(super) fn delivered(
    app_secret: Option<&Secret>,
    delivery: &Delivery<'_>,
    account_of: impl Fn(&str) -> Option<Arc<str>>,
) -> Delivered {
    let signature = (delivery.header)("x-dropbox-signature");
    if let Some((headers, text)) = challenge(delivery.query).filter(|_| signature.is_none() && delivery.body.is_empty())
    {
        return Delivered::Handshake { text, headers: headers.to_vec() };
    }
    let Some(app_secret) = app_secret else {
        return Delivered::Refused("the app secret is not set: name a file with it by `app_secret_file`".into());
    };
    if !is_genuine(app_secret, signature, delivery.body) {
        return Delivered::Refused("the signature is not that of the app secret".into());
    }
    let Some(hint) = hint(delivery.body) else { return Delivered::Refused("signed, but not a notice".into()) };
    let members = hint.teams.into_values().flatten();
    let members = members.map(|member| account_of(&member).unwrap_or_else(|| member.into()));
    let accounts: BTreeSet<Arc<str>> = hint.accounts.into_iter().map(Arc::from).chain(members).collect();
    Delivered::Hint { subjects: Vec::new(), accounts: accounts.into_iter().collect() }
}

/// Whom a genuine notice names. Both documented forms are read, and whatever else it holds is ignored; `None` when it is
/// no JSON.
#[must_use]
pub fn hint(body: &[u8]) -> Option<Hint> {
    let json: Value = serde_json::from_slice(body.get(..body.len().min(BODY_BYTES_MAX))?).ok()?;
    let mut hint = Hint::default();
    let mut left = NAMES_MAX;
    let listed = &json["list_folder"];
    hint.accounts.extend(names(&listed["accounts"], &mut left));
    for (team, members) in listed["teams"].as_object().into_iter().flatten() {
        hint.teams.entry(team.clone()).or_default().extend(names(members, &mut left));
    }
    Some(hint)
}

/// The texts of a list, at most as many as are left.
fn names(list: &Value, left: &mut usize) -> Vec<String> {
    let texts = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    let taken: Vec<String> = texts.take(*left).map(str::to_owned).collect();
    *left -= taken.len();
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use hmac::{Hmac, KeyInit, Mac};
    use sha2::Sha256;

    /// Name, our secret, the signature sent, the body, whether it is genuine.
    type Sent<'a> = (&'a str, &'a str, Option<&'a str>, &'a [u8], bool);
    /// Members by team.
    type Teams<'a> = &'a [(&'a str, &'a [&'a str])];

    fn sign(secret: &str, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
        mac.update(body);
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn forgeries_are_refused() {
        let body: &[u8] = br#"{"list_folder":{"accounts":["dbid:1"]}}"#;
        let good = sign("secret", body);
        let upper = good.to_uppercase();
        let (cut, long) = (&good[..62], format!("{good}00"));
        let other_key = sign("other", body);
        let flipped = format!("{}{}", if good.starts_with('0') { '1' } else { '0' }, &good[1..]);
        let rows: [Sent<'_>; 12] = [
            ("genuine", "secret", Some(&good), body, true),
            ("no signature", "secret", None, body, false),
            ("empty signature", "secret", Some(""), body, false),
            ("wrong key", "secret", Some(&other_key), body, false),
            ("our key is another", "other", Some(&good), body, false),
            ("altered body", "secret", Some(&good), br#"{"list_folder":{"accounts":["dbid:2"]}}"#, false),
            ("body written anew", "secret", Some(&good), br#"{"list_folder": {"accounts": ["dbid:1"]}}"#, false),
            ("one digit off", "secret", Some(&flipped), body, false),
            ("cut", "secret", Some(cut), body, false),
            ("too long", "secret", Some(&long), body, false),
            (
                "upper case is not what the service sends",
                "secret",
                Some(&upper),
                body,
                !good.contains(|c: char| c.is_ascii_lowercase()),
            ),
            ("no secret set", "", Some(&good), body, false),
        ];
        for (name, secret, signature, body, genuine) in rows {
            assert_eq!(is_genuine(&Secret::new(secret), signature, body), genuine, "{name}");
        }
        let huge = vec![b' '; BODY_BYTES_MAX + 1];
        assert!(!is_genuine(&Secret::new("secret"), Some(&sign("secret", &huge)), &huge));
    }

    #[test]
    fn the_signature_is_that_of_the_standard() {
        // RFC 4231, test case 2.
        let signature = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert!(is_genuine(&Secret::new("Jefe"), Some(signature), b"what do ya want for nothing?"));
    }

    #[test]
    fn a_challenge_is_answered_with_itself() {
        for (query, answer) in [
            ("challenge=abc", Some("abc")),
            ("x=1&challenge=a%20b", Some("a b")),
            ("challenge=", None),
            ("", None),
            ("challenges=abc", None),
        ] {
            let answered = challenge(query);
            assert_eq!(answered.as_ref().map(|(_, body)| body.as_str()), answer, "{query}");
            assert!(answered.is_none_or(|(headers, _)| headers.contains(&("X-Content-Type-Options", "nosniff"))));
        }
        assert_eq!(challenge(&format!("challenge={}", "x".repeat(CHALLENGE_BYTES_MAX + 1))), None);
    }

    #[test]
    fn both_forms_of_a_notice_are_read_and_the_rest_is_ignored() {
        let rows: [(&str, &[&str], Teams<'_>); 6] = [
            (r#"{"list_folder":{"accounts":["dbid:1","dbid:2","dbid:1"]}}"#, &["dbid:1", "dbid:2"], &[]),
            (
                r#"{"list_folder":{"teams":{"dbtid:1":["dbmid:1"],"dbtid:2":[]}}}"#,
                &[],
                &[("dbtid:1", &["dbmid:1"]), ("dbtid:2", &[])],
            ),
            (r#"{"delta":{"users":[1]},"list_folder":{"accounts":["dbid:1",7,null],"x":1}}"#, &["dbid:1"], &[]),
            (r#"{"list_folder":{"accounts":null,"teams":["dbtid:1"]}}"#, &[], &[]),
            (r#"{"list_folder":[]}"#, &[], &[]),
            ("[]", &[], &[]),
        ];
        for (body, accounts, teams) in rows {
            let hint = hint(body.as_bytes()).expect("JSON");
            assert_eq!(hint.accounts.iter().collect::<Vec<_>>(), accounts, "{body}");
            let told: Vec<(&str, Vec<&str>)> = hint
                .teams
                .iter()
                .map(|(team, members)| (team.as_str(), members.iter().map(String::as_str).collect()))
                .collect();
            assert_eq!(
                told,
                teams.iter().map(|(team, members)| (*team, members.to_vec())).collect::<Vec<_>>(),
                "{body}"
            );
        }
        assert_eq!(hint(b"not json"), None);
        let many: Vec<String> = (0..NAMES_MAX + 5).map(|n| format!("dbid:{n:06}")).collect();
        let body = serde_json::json!({"list_folder": {"accounts": many}}).to_string();
        assert_eq!(hint(body.as_bytes()).expect("JSON").accounts.len(), NAMES_MAX);
    }
}
