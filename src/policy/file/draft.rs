//! A new policy as text, for somebody to go on from.

use super::actions;
use std::fmt::Write;

/// What is known of a policy that is to be written.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is for, in a line.
    pub title: &'a str,
    /// How grave its matches are.
    pub severity: &'a str,
    /// The filter that says whom it means.
    pub filter: &'a str,
    /// What it wants done, each as [`super::ask_of`] reads it.
    pub actions: &'a [String],
}

impl Draft<'_> {
    /// The text of its file.
    ///
    /// # Errors
    /// What is wrong with an action.
    pub fn text(&self) -> Result<String, String> {
        let mut text = format!(
            "# Check it with `sluicebox policy check FILE`; every key is told in docs/policies.md.\nschema = 1\n\n[[policy]]\n\
             name = {}\ntitle = {}\nseverity = {}\nmode = \"plan\"\nwhere = {}\n",
            quoted(self.name),
            quoted(self.title),
            quoted(self.severity),
            quoted(self.filter),
        );
        for action in self.actions {
            super::ask_of(action).map_err(|why| format!("`{action}`: {why}"))?;
            text.push_str("\n[[policy.action]]\n");
            for (key, value) in actions::typed(action)? {
                let _ = writeln!(text, "{key} = {value}");
            }
        }
        Ok(text)
    }
}

/// A text in quotation marks: without escapes where that is possible, so that filters can be read.
fn quoted(text: &str) -> String {
    let plain = !text.contains('\'') && !text.chars().any(char::is_control);
    if plain && text.contains('"') { format!("'{text}'") } else { actions::toml_text(text) }
}
