//! `not-placeholder`: the value is not a stand-in that documentation, templates and samples put where a secret goes.
//!
//! A word that is looked for anywhere in the value has at least six letters, so that a random key of a hundred characters
//! holds it by chance less than once in a million.

use std::sync::LazyLock;

use super::Row;
use super::steps::{Ear, Steps, Value, plain};

pub(super) const ROWS: &[Row] = &[plain!(
    "not-placeholder",
    "Not a stand-in: xxxx, changeme, <password>, ${VAR}, %s, example, your_..., repeated characters and the like.",
    "stand-ins of template languages and vendors' documentation (shell, Jinja, ERB, printf, AWS and Azure samples)",
    not_placeholder
)];

/// Stand-ins when they are the whole value.
const WHOLE: &[&str] = &[
    "abc",
    "api-key",
    "api_key",
    "apikey",
    "bar",
    "baz",
    "blank",
    "default",
    "empty",
    "false",
    "fixme",
    "foo",
    "hidden",
    "input",
    "key",
    "n/a",
    "na",
    "nil",
    "none",
    "null",
    "optional",
    "pass",
    "passwd",
    "password",
    "prompt",
    "pwd",
    "required",
    "secret",
    "somepassword",
    "string",
    "tbd",
    "test",
    "text",
    "todo",
    "token",
    "true",
    "undefined",
    "unset",
    "user",
    "username",
    "value",
    "var",
    "mypassword",
    "mysecret",
    "passphrase",
    "kennwort",
    "contraseña",
    "senha",
];

/// Stand-ins anywhere in the value.
const INSIDE: &[&str] = &[
    "change-me",
    "change_me",
    "changeit",
    "changeme",
    "changethis",
    "dummy-",
    "dummy_",
    "dummykey",
    "dummypass",
    "example",
    "foobar",
    "insert-",
    "insert_",
    "placeholder",
    "redacted",
    "replace-",
    "replace_",
    "replaceme",
    "sample",
    "notreal",
    "not-real",
    "not_real",
    "enter-your",
    "enter_your",
    "fakekey",
    "fake_key",
    "fake-key",
    "getenv",
    "os.environ",
    "process.env",
    "your-",
    "your_",
    "yourapi",
    "yourkey",
    "yourpass",
    "yoursecret",
    "yourtoken",
    "my-secret",
    "my_secret",
    "my-password",
    "my_password",
    "thisisa",
    "xxxxx",
];

/// How templates and format strings begin, and how they then end (empty: anything).
const TEMPLATES: &[(&str, &str)] = &[
    ("${", "}"),
    ("$(", ")"),
    ("#{", "}"),
    ("{{", "}}"),
    ("{%", "%}"),
    ("<%", "%>"),
    ("<", ">"),
    ("[", "]"),
    ("{", "}"),
    ("%(", ")s"),
    ("%{", "}"),
    ("%", "%"),
    ("__", "__"),
    ("@@", "@@"),
    ("$ENV", ""),
    ("$env:", ""),
    ("ENV[", "]"),
    ("env.", ""),
    ("secrets.", ""),
    ("vault:", ""),
    ("!Ref", ""),
    ("arn:aws:secretsmanager", ""),
];

fn not_placeholder(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let value = value.trim_matches(|letter: char| letter.is_whitespace() || "\"'`,;".contains(letter));
    steps.require("not empty", !value.is_empty())
        && steps.require("not a template or a variable", !is_template(value))
        && steps.require("not a format string", !is_format(value))
        && steps.require("not one character or pair over and over", !is_repetition(value.as_bytes()))
        && steps.require("not a long run of neighbours such as 0123456789abcdef", !is_sequence(value.as_bytes()))
        && steps.require("not a word for a secret", !WHOLE.iter().any(|word| word.eq_ignore_ascii_case(value)))
        && match inside(value.as_bytes()) {
            Some(word) => {
                steps.note(|| format!("holds the stand-in {word}"));
                false
            }
            None => true,
        }
}

fn is_template(value: &str) -> bool {
    let wrapped = |&(begin, end): &(&str, &str)| {
        value.len() > begin.len() + end.len() && value.starts_with(begin) && value.ends_with(end)
    };
    // $NAME, and the stand-alone ${NAME} inside a longer value.
    let variable = value.strip_prefix('$').is_some_and(|name| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    });
    variable || TEMPLATES.iter().any(wrapped) || ["${", "{{", "<%="].iter().any(|begin| value.contains(begin))
}

/// `%s`, `%-10d`, `:name` alone, `?`, `{0}`.
fn is_format(value: &str) -> bool {
    let bytes = value.as_bytes();
    let printf = bytes.len() <= 8
        && bytes[0] == b'%'
        && bytes.last().is_some_and(|last| b"sdxvqi@".contains(last))
        && bytes[1..bytes.len() - 1].iter().all(|byte| byte.is_ascii_digit() || b"-+.#l".contains(byte));
    printf || bytes == b"?" || bytes == b"..."
}

/// One character or pair over and over; separators between count as nothing.
fn is_repetition(value: &[u8]) -> bool {
    let Some(&first) = value.first() else { return true };
    if value.len() >= 3 && value.iter().all(|&byte| byte == first) {
        return true;
    }
    let counted = value.iter().filter(|byte| !b"-_. ".contains(byte));
    let (mut same, mut count) = (true, 0);
    let mut letter = None;
    for byte in counted {
        same &= *letter.get_or_insert(byte) == byte;
        count += 1;
    }
    let pairs = value.len() >= 8 && value.len().is_multiple_of(2) && value.chunks(2).all(|pair| pair == &value[..2]);
    (same && count >= 3) || count == 0 || pairs
}

/// Sixteen or more characters, nine steps out of ten to the next character (9 to 0 or a, z to a).
fn is_sequence(value: &[u8]) -> bool {
    let next = |pair: &&[u8]| match pair[0] {
        b'9' => pair[1] == b'0' || pair[1].eq_ignore_ascii_case(&b'a'),
        b'z' | b'Z' => pair[1].eq_ignore_ascii_case(&b'a') || pair[1] == b'0',
        b'f' | b'F' if pair[1] == b'0' || pair[1] == b'1' => true,
        byte => pair[1] == byte.wrapping_add(1),
    };
    value.len() >= 16 && value.windows(2).filter(next).count() * 10 >= (value.len() - 1) * 9
}

/// The words of [`INSIDE`] by their first letter.
static BY_FIRST_LETTER: LazyLock<[Vec<&str>; 26]> = LazyLock::new(|| {
    std::array::from_fn(|letter| {
        INSIDE.iter().copied().filter(|word| word.bytes().next().map(letter_index) == Some(Some(letter))).collect()
    })
});

fn letter_index(byte: u8) -> Option<usize> {
    byte.is_ascii_alphabetic().then(|| usize::from(byte.to_ascii_lowercase() - b'a'))
}

/// A stand-in that the value holds, in upper or lower case.
fn inside(value: &[u8]) -> Option<&'static str> {
    let words = &*BY_FIRST_LETTER;
    (0..value.len()).find_map(|at| {
        let rest = &value[at..];
        let begins =
            |word: &&&str| rest.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()));
        words[letter_index(value[at])?].iter().find(begins).copied()
    })
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn stand_ins() {
        refuses(
            "not-placeholder",
            &[
                "",
                "\"\"",
                "xxxx",
                "XXXXXXXX",
                "********",
                "xxxx-xxxx-xxxx",
                "changeme",
                "ChangeMe123",
                "<password>",
                "${VAR}",
                "${DB_PASSWORD}",
                "$DB_PASSWORD",
                "$(cat secret)",
                "%s",
                "%-10s",
                "%PASSWORD%",
                "{{ secret }}",
                "{0}",
                "[password]",
                "AKIAIOSFODNN7EXAMPLE",
                "your_api_key",
                "YOUR-TOKEN-HERE",
                "example",
                "password",
                "null",
                "None",
                "todo",
                "...",
                "0123456789abcdef0123456789abcdef",
                "abababababab",
                "process.env.TOKEN",
                "insert_key_here",
                "sk_test_xxxxxxxx",
                "'changeit'",
                "0000000000000000",
                "<%= secret %>",
                "prefix-${NAME}-suffix",
                "?",
                "---",
                "\"secret\"",
            ],
        );
    }

    #[test]
    fn real_values() {
        accepts(
            "not-placeholder",
            &[
                "hunter2",
                "Tr0ub4dor&3",
                "correct horse battery staple",
                "wJalrXUtnFEMI/K7MDENG/bPxRfiCY",
                "p%ssw0rd",
                "S3cr3t!",
                "é",
                "Пароль1",
                "a$b",
                "100%",
                "$2b$12$abcdefghijklmnopqrstuv",
                "q7Xxxk29",
                "12345678",
            ],
        );
    }
}
