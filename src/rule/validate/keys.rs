//! Credentials that prove themselves: a key's own framing, check sum or encoding, before anyone asks its issuer.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Row;
use super::crypto::{bech32, crc32_base36, crc32_base62};
use super::steps::{Ear, Steps, Value, plain};
use super::token::{decode, decoded_len, sextet};

pub(super) const ROWS: &[Row] = &[
    plain!(
        "aws-key-id",
        "The sixteen characters after the prefix are base32 and hold an account number; no documented example.",
        "AWS IAM user guide, unique identifiers; account number in bits 7 to 46 as published by researchers in 2020",
        aws_key_id
    ),
    plain!(
        "azure-key",
        "Base64 of 64 or 32 bytes, and no emulator's key; tells the marker of newer keys where it stands.",
        "Microsoft, Manage storage account access keys; identifiable secrets of Microsoft Security Utilities",
        azure_key
    ),
    plain!("basic-auth", "Base64 of printable user:password.", "RFC 7617 section 2", basic_auth),
    plain!(
        "github-crc32",
        "The last six characters of ghp_, gho_, ghu_, ghs_ and ghr_ tokens are a check; other forms pass.",
        "GitHub, Behind GitHub's new authentication token formats (April 2021)",
        github
    ),
    plain!(
        "gitlab-crc",
        "A routable token's payload has the stated length, and its last seven characters are a check; other forms pass.",
        "GitLab handbook, design document on routable tokens",
        gitlab
    ),
    plain!(
        "jwt",
        "Header and payload are JSON objects, and the header names an algorithm.",
        "RFC 7519, RFC 7515, RFC 7516",
        jwt
    ),
    plain!(
        "pem-key",
        "The body decodes to what the frame promises: a DER SEQUENCE, an OpenSSH or PGP key, PuTTY's fields, age's bech32.",
        "RFC 7468, RFC 8017, RFC 5915, RFC 9580; OpenSSH PROTOCOL.key; PuTTY manual appendix C; age specification",
        pem_key
    ),
];

/// Tells why a token passes that has no check.
fn unchecked(why: &str, steps: &mut Steps<impl Ear>) -> bool {
    steps.note(|| why.to_owned());
    true
}

fn aws_key_id(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Ok(text) = <&[u8; 20]>::try_from(value.trim_ascii().as_bytes()) else {
        return steps.require("twenty characters", false);
    };
    let mut bits = 0_u64;
    for (at, &byte) in text[4..].iter().enumerate() {
        let quintet = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return steps.require("base32", false),
        };
        // The first 48 bits are all that the account number needs: nine characters and three bits.
        if at < 10 {
            bits = bits << 5 | u64::from(quintet);
        }
    }
    if !steps.require("four capitals before", text[..4].iter().all(u8::is_ascii_uppercase))
        || !steps.require("no documented example", !text.ends_with(b"EXAMPLE"))
    {
        return false;
    }
    // Ids of before 2019 begin their body with I or J and hold no account.
    if matches!(text[4], b'I' | b'J') {
        return unchecked("an id of before 2019 without account number", steps);
    }
    let account = (bits >> 2 & 0x7fff_ffff_ff80) >> 7;
    steps.note(|| format!("account number {account:012}"));
    steps.require("at most twelve digits", account < 1_000_000_000_000)
}

/// The keys that Microsoft publishes for its storage and Cosmos DB emulators.
const EMULATORS: [&str; 2] = [
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
    "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==",
];

/// Twelve characters before the end of a newer key its service signs: storage, Cosmos DB, batch.
const MARKERS: [&str; 3] = ["+ASt", "ACDb", "+ABa"];

fn azure_key(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let value = value.trim_ascii();
    let key = value.split_once("Key=").map_or(value, |(_, key)| key);
    let len = decoded_len(key);
    let marker = key.len().checked_sub(12).and_then(|at| key.get(at..at + 4)).filter(|found| MARKERS.contains(found));
    steps.note(|| format!("service marker {}", marker.unwrap_or("none, as before 2022")));
    steps.require("base64 of 64 or 32 bytes", matches!(len, Some(64 | 32)))
        && steps.require("no emulator's key", !EMULATORS.contains(&key))
}

fn basic_auth(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let word = value.trim_ascii().rsplit([' ', '\t']).next().unwrap_or_default();
    let mut buffer = [0; 512];
    let Some(decoded) = decode(word, &mut buffer) else { return steps.require("base64 of at most 512 bytes", false) };
    let Ok(text) = std::str::from_utf8(decoded) else { return steps.require("UTF-8", false) };
    let Some((user, password)) = text.split_once(':') else { return steps.require("a colon", false) };
    steps.note(|| format!("user of {} bytes, password of {}", user.len(), password.len()));
    steps.require("printable", !text.chars().any(char::is_control)) && steps.require("a password", !password.is_empty())
}

fn github(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let value = value.trim_ascii().as_bytes();
    let classic = value.len() == 40 && value.starts_with(b"gh") && value[3] == b'_' && b"pousr".contains(&value[2]);
    if !classic {
        return unchecked("a form without a documented check", steps);
    }
    crc32_base62(&value[4..], 6, steps)
}

fn gitlab(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let value = value.trim_ascii();
    // Routable: PREFIX PAYLOAD . LLCCCCCCC, since 2025 PREFIX PAYLOAD . 01 . LLCCCCCCC
    let Some((head, tail)) = value.rsplit_once('.').filter(|(_, tail)| tail.len() == 9 && tail.is_ascii()) else {
        return unchecked("not the routable form", steps);
    };
    let payload = head.rsplit_once('.').filter(|(_, version)| version.len() == 2).map_or(head, |(payload, _)| payload);
    let stated = tail[..2].bytes().try_fold(0, |len, byte| match byte {
        b'0'..=b'9' => Some(len * 36 + usize::from(byte - b'0')),
        b'a'..=b'z' => Some(len * 36 + usize::from(byte - b'a') + 10),
        _ => None,
    });
    let Some(stated) = stated else { return steps.require("a length in base36", false) };
    steps.note(|| format!("payload of {stated} characters"));
    steps.require("payload as long as stated", payload.len() >= stated && stated >= 27)
        && crc32_base36(value.as_bytes(), 7, steps)
}

/// What a JOSE header must have.
#[derive(Deserialize)]
struct Jose<'a> {
    #[serde(borrow)]
    alg: Cow<'a, str>,
}

/// The longest part of a token that is parsed, in bytes; longer payloads are judged by their first and last.
const JSON_MAX: usize = 4096;

fn jwt(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let mut parts = value.trim_ascii().split('.');
    let (Some(header), Some(payload), Some(_)) = (parts.next(), parts.next(), parts.next()) else {
        return steps.require("three parts", false);
    };
    let encrypted = match parts.by_ref().take(3).count() {
        0 => false,
        2 => true,
        _ => return steps.require("three parts, or five when encrypted", false),
    };
    // {" in base64: refuses most without decoding.
    if !steps.require("header begins a JSON object", header.starts_with("ey")) {
        return false;
    }
    let mut buffer = [0; JSON_MAX];
    let jose = decode(header, &mut buffer).and_then(|json| serde_json::from_slice::<Jose<'_>>(json).ok());
    let Some(jose) = jose.filter(|jose| !jose.alg.is_empty()) else {
        return steps.require("header is JSON with alg", false);
    };
    steps.note(|| format!("algorithm {}", jose.alg));
    encrypted || steps.require("payload is a JSON object", is_object(payload))
}

fn is_object(payload: &str) -> bool {
    let mut buffer = [0; JSON_MAX];
    match decoded_len(payload) {
        Some(len) if len <= JSON_MAX => decode(payload, &mut buffer).is_some_and(|json| {
            json.trim_ascii().starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(json).is_ok()
        }),
        Some(_) => payload.starts_with("ey") || payload.starts_with("ew"),
        None => false,
    }
}

fn pem_key(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    if let Some((_, rest)) = value.split_once("PuTTY-User-Key-File-") {
        return putty(rest, steps);
    }
    if let Some(at) = value.find("AGE-SECRET-KEY-1") {
        return bech32(&Value::new(value[at..].trim_ascii()), steps);
    }
    let Some((label, body)) = value.split_once("-----BEGIN ").and_then(|(_, rest)| rest.split_once("-----")) else {
        return steps.require("a BEGIN line", false);
    };
    steps.note(|| format!("frame {label}"));
    if !steps.require("of a private key", label.contains("PRIVATE KEY")) {
        return false;
    }
    let (body, ended) = body.split_once("-----END ").map_or((body, false), |(body, _)| (body, true));
    let Some(read) = Armor::read(body) else { return steps.require("base64", false) };
    steps.note(|| format!("{} bytes once decoded, {}", read.len, if ended { "with an END line" } else { "cut" }));
    let head = &read.head[..read.len.min(HEAD)];
    if label.contains("OPENSSH") {
        steps.require("begins as OpenSSH keys do", head.starts_with(b"openssh-key-v1\0"))
    } else if label.contains("PGP") {
        steps.require("begins with a secret key packet", head.first().is_some_and(|&byte| is_secret_packet(byte)))
    } else if read.encrypted {
        steps.require("whole cipher blocks", read.len >= 32 && (!ended || read.len.is_multiple_of(8)))
    } else {
        steps.require("a DER SEQUENCE of that length", is_sequence(head, read.len, ended))
    }
}

/// PuTTY: a version, and as many private lines as stated are at least begun.
fn putty(rest: &str, steps: &mut Steps<impl Ear>) -> bool {
    let private =
        rest.split_once("Private-Lines:").and_then(|(_, rest)| rest.trim_start_matches([' ', '\t']).split_once('\n'));
    let Some((count, body)) = private else { return steps.require("private lines", false) };
    let first = body.lines().next().unwrap_or_default().trim_ascii();
    steps.require("version 1 to 3", matches!(rest.as_bytes().first(), Some(b'1'..=b'3')))
        && steps.require("a count of lines", count.trim_ascii().parse::<u16>().is_ok_and(|count| count > 0))
        && steps.require(
            "base64 in the first",
            first.len() >= 16 && first.bytes().all(|byte| sextet(byte).is_some() || byte == b'='),
        )
}

/// How many of the first bytes of a key are kept.
const HEAD: usize = 24;

/// What the text between BEGIN and END decodes to.
struct Armor {
    head: [u8; HEAD],
    len: usize,
    /// A header said that the rest is encrypted (RFC 1421).
    encrypted: bool,
}

impl Armor {
    /// Reads base64 over lines, escaped line ends (`\n` in JSON and environment files) and headers; `None` at anything else.
    fn read(body: &str) -> Option<Self> {
        let mut armor = Self { head: [0; HEAD], len: 0, encrypted: false };
        let (mut bits, mut held) = (0_u32, 0);
        for line in body.split('\n').flat_map(|line| line.split("\\n")) {
            let line = line.trim_matches(|letter: char| letter.is_whitespace() || "\"'\\,>#*".contains(letter));
            let line = line.strip_suffix("\\r").unwrap_or(line);
            if line.contains(':') {
                armor.encrypted |= line.contains("ENCRYPTED");
                continue;
            }
            // The check sum of OpenPGP armor is the last line.
            if line.starts_with('=') {
                break;
            }
            for byte in line.trim_end_matches('=').bytes().filter(|byte| !byte.is_ascii_whitespace()) {
                bits = bits << 6 | u32::from(sextet(byte)?);
                held += 6;
                if held >= 8 {
                    held -= 8;
                    if let Some(slot) = armor.head.get_mut(armor.len) {
                        *slot = (bits >> held).to_le_bytes()[0];
                    }
                    armor.len += 1;
                }
            }
        }
        Some(armor)
    }
}

/// True for the first byte of an OpenPGP secret key packet, old or new format.
fn is_secret_packet(byte: u8) -> bool {
    let tag = if byte & 0x40 == 0 { byte >> 2 & 15 } else { byte & 63 };
    byte & 0x80 != 0 && matches!(tag, 5 | 7)
}

/// True when the bytes begin a DER SEQUENCE that holds an INTEGER (plain keys) or a SEQUENCE (encrypted ones), of the length
/// that is there.
fn is_sequence(head: &[u8], len: usize, ended: bool) -> bool {
    let (header, content) = match head {
        [0x30, short @ ..=0x7f, ..] => (2, usize::from(*short)),
        [0x30, 0x81, a, ..] => (3, usize::from(*a)),
        [0x30, 0x82, a, b, ..] => (4, usize::from(*a) << 8 | usize::from(*b)),
        [0x30, 0x83, a, b, c, ..] => (5, usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c)),
        _ => return false,
    };
    let whole = header + content;
    matches!(head.get(header), Some(0x02 | 0x30)) && content >= 16 && if ended { whole == len } else { whole >= len }
}

#[cfg(test)]
mod tests {
    use super::super::token;
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn amazon() {
        accepts("aws-key-id", &["ASIAQNZGKIQY56JQ7WML", "AKIAIOSFODNN7QWERTYA"]);
        refuses(
            "aws-key-id",
            &["AKIAIOSFODNN7EXAMPLE", "AKIA7777777777777777", "AKIA1NZGKIQY56JQ7WML", "AKIA", "", "é"],
        );
        let trace = (super::super::lookup("aws-key-id").unwrap().build)(&toml::Table::new()).unwrap();
        assert!(trace.trace("ASIAQNZGKIQY56JQ7WML").contains(&"account number 029608264753".to_owned()));
    }

    #[test]
    fn azure() {
        let long = format!("{}==", "Ab3d".repeat(21) + "Ag");
        accepts("azure-key", &[&long, &format!("AccountKey={long}"), &format!("{}=", "Ab3d".repeat(10) + "Ab0")]);
        refuses(
            "azure-key",
            &[super::EMULATORS[0], "Ab3d", "", &"é".repeat(44), &format!("{}==", "Ab3d".repeat(22) + "Ag")],
        );
    }

    #[test]
    fn basic() {
        accepts(
            "basic-auth",
            &[
                "QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
                "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
                "Authorization: Basic dGVzdDoxMjPCow==",
            ],
        );
        refuses("basic-auth", &["QWxhZGRpbg==", "QWxhZGRpbjo=", "AAAAAAAA", "Bearer abcd", "", "é"]);
    }

    #[test]
    fn github_and_gitlab() {
        accepts("github-crc32", &["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", "github_pat_11ABC", "ghs_short"]);
        refuses(
            "github-crc32",
            &["ghp_qkJaB6MffYVzZXWqmcoF49yrUxP3wf0LsakQ", "gho_qkJaB6MffYVzZXWqmcoF49yrUxP3wf0Lska0"],
        );
        let payload = "bzoxCnU6MQABAgMEBQYHCAkKCwwNDg8Q";
        let made = |middle: &str| {
            let body = format!("glpat-{payload}.{middle}0w");
            let mut crc = crc32fast::hash(body.as_bytes());
            let mut check = [0; 7];
            for slot in check.iter_mut().rev() {
                *slot = b"0123456789abcdefghijklmnopqrstuvwxyz"[usize::try_from(crc % 36).unwrap()];
                crc /= 36;
            }
            format!("{body}{}", std::str::from_utf8(&check).unwrap())
        };
        accepts("gitlab-crc", &[&made(""), &made("01."), "glpat-ABCdefGHIjklMNOpqrST"]);
        refuses("gitlab-crc", &[&made("").replace("bzox", "bzoy"), "glpat-abc.000000000", "glpat-abc.-00000000"]);
    }

    #[test]
    fn web_tokens() {
        let header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
        let payload = "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ";
        accepts(
            "jwt",
            &[&format!("{header}.{payload}.c2ln"), &format!("{header}.{payload}."), &format!("{header}.a.b.c.d")],
        );
        refuses(
            "jwt",
            &[
                "",
                "eyJ",
                &format!("{header}.{payload}"),
                &format!("{payload}.{payload}.c2ln"),
                &format!("{header}.c2ln.c2ln"),
                &format!("{header}.{payload}.a.b"),
                &format!("{}.{payload}.c2ln", &header[..header.len() - 3]),
                "ey.é.é",
            ],
        );
    }

    /// Encodes bytes as base64 lines of 64, for keys made here: none of them is anyone's.
    fn armor(label: &str, headers: &str, bytes: &[u8]) -> String {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut body = String::new();
        for chunk in bytes.chunks(3) {
            let bits = chunk.iter().fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
            for place in 0..4 {
                let letter = ALPHABET[usize::try_from(bits >> (18 - 6 * place) & 63).unwrap()];
                body.push(if place > chunk.len() { '=' } else { char::from(letter) });
            }
            if body.len() % 65 == 64 {
                body.push('\n');
            }
        }
        assert!(token::decoded_len(&body.replace('\n', "")).is_some());
        format!("-----BEGIN {label}-----\n{headers}{body}\n-----END {label}-----")
    }

    #[test]
    fn frames() {
        let der = |content: usize| {
            let mut der =
                vec![0x30, 0x82, u8::try_from(content >> 8).unwrap(), u8::try_from(content & 255).unwrap(), 2, 1, 0];
            der.resize(content + 4, 0x5a);
            der
        };
        let rsa = armor("RSA PRIVATE KEY", "", &der(300));
        let openssh = armor("OPENSSH PRIVATE KEY", "", b"openssh-key-v1\0\0\0\0\x04none\0\0\0\x04none");
        let pgp = armor("PGP PRIVATE KEY BLOCK", "Version: GnuPG\n\n", &[0x95, 0x03, 0x98, 4, 5, 6]);
        let plus = armor("RSA PRIVATE KEY", "", &[&der(300)[..48], &[0xfb; 48], &der(300)[96..]].concat());
        assert!(plus.contains("\n+"));
        let legacy = armor("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n", &[0x77; 64]);
        let putty = "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPrivate-Lines: 1\nAAAAIHN0dWZmaW5nc3R1ZmZpbmdzdHVm\n";
        accepts(
            "pem-key",
            &[
                &rsa,
                &plus,
                &rsa.replace('\n', "\\n"),
                &rsa.replace('\n', "\r\n"),
                &rsa[..200],
                &openssh,
                &pgp,
                &legacy,
                putty,
            ],
        );
        let cases: Vec<String> = vec![
            armor("RSA PRIVATE KEY", "", &der(300)[..280]),
            armor("PRIVATE KEY", "", &[0x31; 90]),
            armor("CERTIFICATE", "", &der(300)),
            armor("OPENSSH PRIVATE KEY", "", &der(300)),
            armor("PGP PRIVATE KEY BLOCK", "", &der(300)),
            "-----BEGIN PRIVATE KEY-----".to_owned(),
            "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----".to_owned(),
            "PuTTY-User-Key-File-3: ssh-ed25519".to_owned(),
            "AGE-SECRET-KEY-1QQQQQQQQQQ".to_owned(),
            String::new(),
        ];
        for case in &cases {
            refuses("pem-key", &[case]);
        }
    }
}
