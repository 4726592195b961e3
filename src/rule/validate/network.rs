//! `ip-address` and `tld`: what the registries of the internet say about an address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Row;
use super::params::Params;
use super::steps::{Ear, Scheme, Steps, Value, plain, ready};

const IP: &[(&str, &str)] =
    &[("private", "false to refuse private, local, shared, documentation and multicast ranges; default true")];

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "ip-address",
        what: "An IPv4 or IPv6 address that can be a host's: not unspecified, loopback, a netmask or reserved.",
        source: "RFC 6890 and the IANA special-purpose address registries",
        version: 1,
        params: IP,
        build: |table| ready(Address { private: Params::of("ip-address", IP, table)?.switch("private", true)? }),
    },
    plain!(
        "tld",
        "The last label of an e-mail address or host name is a top-level domain.",
        "IANA, Root Zone Database (data.iana.org/TLD/tlds-alpha-by-domain.txt)",
        tld
    ),
];

struct Address {
    private: bool,
}

impl Scheme for Address {
    fn judge(&self, value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
        let value = value.trim_ascii();
        let value = value.strip_prefix('[').and_then(|value| value.strip_suffix(']')).unwrap_or(value);
        let Ok(address) = value.parse::<IpAddr>() else { return steps.require("an address", false) };
        let (host, public) = match address {
            IpAddr::V4(address) => (is_host_v4(address), is_public_v4(address)),
            IpAddr::V6(address) => match address.to_ipv4_mapped() {
                Some(mapped) => (is_host_v4(mapped), is_public_v4(mapped)),
                None => (!address.is_unspecified() && !address.is_loopback(), is_public_v6(address)),
            },
        };
        steps.require("can be a host's", host) && (steps.require("not of a special range", public) || self.private)
    }
}

fn is_host_v4(address: Ipv4Addr) -> bool {
    let first = address.octets()[0];
    first != 0 && first != 127 && first < 240
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let shared = first == 100 && second & 0xC0 == 64;
    let benchmark = first == 198 && second & 0xFE == 18;
    let protocol = [first, second, third] == [192, 0, 0];
    !(address.is_private()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || shared
        || benchmark
        || protocol)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // 2000::/3 is all that is given out; within it 2001::/23 is for protocols and 2001:db8::/32, 3fff::/20 for documents.
    first & 0xE000 == 0x2000
        && !(first == 0x2001 && (second < 0x200 || second == 0xDB8))
        && !(first == 0x3FFF && second < 0x1000)
}

/// Top-level domains in lower case, one a line, sorted.
const DOMAINS: &str = include_str!("tlds.txt");

/// The longest label of the domain name system.
const LABEL_MAX: usize = 63;

fn tld(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    static SORTED: std::sync::LazyLock<Vec<&str>> = std::sync::LazyLock::new(|| DOMAINS.lines().collect());
    let value = value.trim_ascii().trim_end_matches('.');
    let Some((_, label)) = value.rsplit_once('.') else { return steps.require("a dot before the last label", false) };
    let mut lower = [0; LABEL_MAX];
    let Some(lower) = lower.get_mut(..label.len()) else { return steps.require("at most 63 characters", false) };
    lower.copy_from_slice(label.as_bytes());
    lower.make_ascii_lowercase();
    let known = SORTED.binary_search_by(|domain| domain.as_bytes().cmp(lower)).is_ok();
    steps.note(|| format!("top-level domain {label}"));
    steps.require("in IANA's list", known)
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn domains() {
        assert!(super::DOMAINS.lines().is_sorted() && super::DOMAINS.lines().count() > 1000);
        accepts("tld", &["a@example.com", "a@b.DE", "x.xn--p1ai", "a@b.museum."]);
        refuses("tld", &["a@b.local", "a@b.png", "com", "", "a@b.", "a@b.é", "file.rs1"]);
        refuses("tld", &[&format!("a.{}", "c".repeat(64))]);
    }

    #[test]
    fn addresses() {
        accepts(
            "ip-address",
            &["8.8.8.8", "192.168.1.20", "203.0.113.7", "2001:db8::1", "fe80::1", "[2a00::1]", "::ffff:8.8.8.8"],
        );
        refuses(
            "ip-address",
            &["256.1.1.1", "1.2.3", "1.2.3.4.5", "0.0.0.0", "127.0.0.1", "255.255.255.0", "::", "::1", "", "01.2.3.4"],
        );
        accepts("ip-address{private=false}", &["8.8.8.8", "2a00:1450::1", "::ffff:8.8.8.8"]);
        refuses(
            "ip-address{private=false}",
            &[
                "10.0.0.1",
                "172.16.0.1",
                "192.168.1.1",
                "169.254.0.1",
                "100.64.0.1",
                "192.0.2.1",
                "224.0.0.1",
                "2001:db8::1",
                "fe80::1",
                "fd00::1",
                "ff02::1",
                "::ffff:10.0.0.1",
            ],
        );
    }
}
