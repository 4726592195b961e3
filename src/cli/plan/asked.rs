//! An action as it is typed: the words of a policy file, `restrict_links to=company`.
//!
//! It is read by the reader of policy files, so that both take the same words and have the same faults.

use crate::cli::{Failed, shown};
use crate::policy::Known;
use crate::policy::ask::Ask;
use crate::policy::file;
use std::fmt::Write as _;

/// Reads `NAME KEY=VALUE ...`; a value with spaces stands in quotes.
pub(super) fn ask(typed: &str) -> Result<Ask, Failed> {
    let words = words(typed).ok_or_else(|| wrong(typed, "a quote is not closed"))?;
    let Some((name, keys)) = words.split_first() else { return Err(wrong(typed, "it is empty")) };
    let mut text = format!(
        "schema = 1\n[[policy]]\nname = \"asked\"\ntitle = \"Asked for\"\nseverity = \"low\"\napprovals = 2\n\
         where = \"access >= private\"\n[[policy.action]]\ndo = {}\n",
        quoted(name)
    );
    for word in keys {
        let Some((key, value)) = word.split_once('=') else {
            return Err(wrong(typed, "after its name stand keys and values: to=company"));
        };
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
            return Err(wrong(typed, "a key is a word in lower case"));
        }
        let value = match (key, value) {
            (_, "true" | "false") => value.to_owned(),
            ("whom", list) => {
                format!("[{}]", list.split(',').map(quoted).collect::<Vec<_>>().join(", "))
            }
            (_, text) => quoted(text),
        };
        let _ = writeln!(text, "{key} = {value}");
    }
    let loaded = file::load_text("--do", &text, &Known::default()).map_err(|faults| {
        let told: Vec<&str> = faults.iter().map(file::PolicyError::message).collect();
        wrong(typed, &told.join("; "))
    })?;
    let wish = loaded.policies.first().and_then(|policy| policy.wishes.first());
    wish.map(|wish| wish.ask.clone()).ok_or_else(|| wrong(typed, "it asks for nothing"))
}

/// Words apart by spaces; quotes hold them together.
fn words(typed: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for letter in typed.chars() {
        match (quote, letter) {
            (Some(open), _) if open == letter => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, ' ') => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => word.push(letter),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    quote.is_none().then_some(words)
}

/// A text of TOML.
fn quoted(text: &str) -> String {
    // What JSON escapes, TOML reads the same.
    serde_json::to_string(text.trim()).unwrap_or_default()
}

fn wrong(typed: &str, why: &str) -> Failed {
    Failed::new(format!(
        "--do `{}`: {why}\n  write it as a policy file does: remove_links, 'restrict_links to=company', 'expire_links lasting=24h'; docs/policies.md lists all actions",
        shown(typed)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Audience;
    use std::time::Duration;

    #[test]
    fn an_action_is_typed_as_policy_files_spell_it() {
        let day = Duration::from_secs(86_400);
        for (typed, expected) in [
            ("remove_links", Ok(Ask::RemoveLinks)),
            (" restrict_links  to=company ", Ok(Ask::RestrictLinks { to: Audience::Company })),
            ("expire_links lasting=24h", Ok(Ask::ExpireLinks { after: day })),
            ("set_label label='Top secret'", Ok(Ask::SetLabel { label: "Top secret".into() })),
            ("admin_quarantine by_copy=true", Ok(Ask::AdminQuarantine { to: None, by_copy: true })),
            ("suspend", Ok(Ask::Suspend)),
            ("remove_link", Err("remove_link")),
            ("restrict_links to=everybody", Err("--do")),
            ("restrict_links company", Err("keys and values")),
            ("comment text='open", Err("not closed")),
            ("", Err("empty")),
        ] {
            match (ask(typed), expected) {
                (Ok(got), Ok(wanted)) => assert_eq!(got, wanted, "{typed}"),
                (Err(Failed(said)), Err(part)) => assert!(said.contains(part), "{typed}: {said}"),
                (got, _) => panic!("{typed}: {got:?}"),
            }
        }
    }
}
