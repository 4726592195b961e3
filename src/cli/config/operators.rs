//! The operators of the settings: people who decide by name, each known by a key of their own.
//!
//! The settings keep the SHA-256 of a key, never the key: `[operators.ada] key_sha256 = "..."`. The key itself is a private
//! file of the operator, or a variable of the environment. Who knows the key is the operator; that is all it says.

use super::error::ConfigError;
use super::secrets;
use super::source::Source;
use super::table::Table;
use super::{Config, own_folder};
use crate::cli::shown;
use crate::engine::control::{Command, OperatorKey, govern::Deed};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use toml::de::DeTable;

/// The variable that holds an operator's key.
pub(in crate::cli) const VARIABLE: &str = "SLUICEBOX_OPERATOR_KEY";
/// Characters of a name at most.
const NAME_MAX: usize = 32;

/// An operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Operator {
    /// The name.
    pub(in crate::cli) name: String,
    /// SHA-256 of the key's bytes.
    key_sha256: [u8; 32],
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Operators(Vec<Operator>);

impl Operators {
    /// By name.
    pub(in crate::cli) fn all(&self) -> &[Operator] {
        &self.0
    }

    /// The command that may be carried out: one in an operator's name only with the operator's key.
    ///
    /// # Errors
    /// When there is no such operator, or the key is another's.
    pub(in crate::cli) fn admit(&self, command: &Command) -> Result<Command, ConfigError> {
        match command {
            Command::Govern { deed } => match deed.operator() {
                Some(name) => Err(without_key(name)),
                None => Ok(command.clone()),
            },
            Command::GovernAs { deed, key } => {
                let name = deed.operator().ok_or_else(|| ConfigError::new("the command names no operator"))?;
                self.check(name, key)?;
                Ok(Command::Govern { deed: deed.clone() })
            }
            _ => Ok(command.clone()),
        }
    }

    /// Refuses a key that is not this operator's.
    pub(in crate::cli) fn check(&self, name: &str, key: &OperatorKey) -> Result<(), ConfigError> {
        let Some(operator) = self.0.iter().find(|one| one.name == name) else {
            return Err(ConfigError::new(format!("the settings know no operator `{}`", shown(name)))
                .help(format!("`sluicebox operator key {}` makes a key and prints what to add", shown(name))));
        };
        let sum = unhex(key.reveal()).map(|bytes| <[u8; 32]>::from(Sha256::digest(bytes)));
        if sum.is_some_and(|sum| is_same(&sum, &operator.key_sha256)) {
            return Ok(());
        }
        Err(ConfigError::new(format!("this is not the key of operator `{name}`")).help(format!(
            "give the key by {VARIABLE} or --operator-key FILE, or make a new one: `sluicebox operator key {name}`"
        )))
    }
}

fn without_key(name: &str) -> ConfigError {
    ConfigError::new(format!("`{}` is an operator only with the operator's key", shown(name)))
        .help(format!("give it by {VARIABLE} or --operator-key FILE"))
}

/// In the same time whatever differs.
fn is_same(one: &[u8; 32], other: &[u8; 32]) -> bool {
    one.iter().zip(other).fold(0, |all, (one, other)| all | (one ^ other)) == 0
}

/// Reads `[operators.NAME]`.
pub(super) fn read(source: &Source<'_>, root: &DeTable<'_>) -> Result<Operators, ConfigError> {
    let Some(tables) = root.get("operators") else { return Ok(Operators::default()) };
    let Some(tables) = tables.get_ref().as_table() else {
        return Err(source.error(&tables.span(), "an operator is a table with a name: `[operators.ada]`"));
    };
    let mut all = Vec::new();
    for (key, value) in tables {
        let name = key.get_ref().as_ref();
        if !is_name(name) {
            return Err(source
                .error(&key.span(), format!("`{}` cannot name an operator", shown(name)))
                .help("a name is 1 to 32 of a-z, 0-9, `.`, `_` and `-`, beginning with a letter"));
        }
        let Some(keys) = value.get_ref().as_table() else {
            return Err(source.error(&value.span(), format!("an operator is a table: `[operators.{name}]`")));
        };
        let table = Table { source, label: format!("operator `{name}`"), header: key.span(), keys };
        table.only(["key_sha256"].into_iter(), "docs/governance.md")?;
        let Some(digits) = table.text("key_sha256")? else {
            return Err(table
                .error("key_sha256", "`key_sha256` is missing")
                .help(format!("`sluicebox operator key {name}` makes a key and prints it")));
        };
        let key_sha256 =
            unhex(&digits).ok_or_else(|| table.error("key_sha256", "`key_sha256` must be 64 hexadecimal digits"))?;
        all.push(Operator { name: name.to_owned(), key_sha256 });
    }
    all.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(Operators(all))
}

/// Whether that may name an operator.
pub(in crate::cli) fn is_name(text: &str) -> bool {
    (1..=NAME_MAX).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte))
}

/// 32 bytes of hexadecimal digits.
pub(in crate::cli) fn unhex(digits: &str) -> Option<[u8; 32]> {
    crate::engine::plan::intents::unhex(digits.trim())
}

/// Where an operator's key lies unless a flag or the environment says otherwise.
pub(in crate::cli) fn own_key_file(name: &str) -> Result<PathBuf, ConfigError> {
    Ok(own_folder("XDG_CONFIG_HOME", ".config")?.join("operators").join(format!("{name}.key")))
}

impl Config {
    /// The command that does `deed`: with the operator's key, where it is done in an operator's name. The key comes from the
    /// named file, else the environment, else the operator's own file.
    ///
    /// # Errors
    /// When there is no such operator, or the key is missing or another's.
    pub(in crate::cli) fn deed(&self, deed: Deed, key_file: Option<&Path>) -> Result<Command, ConfigError> {
        let Some(name) = deed.operator().map(ToOwned::to_owned) else { return Ok(Command::Govern { deed }) };
        let key = self.operator_key(&name, key_file)?;
        Ok(Command::GovernAs { deed, key })
    }

    /// The key of an operator, held against the settings.
    fn operator_key(&self, name: &str, key_file: Option<&Path>) -> Result<OperatorKey, ConfigError> {
        if !is_name(name) {
            return Err(ConfigError::new(format!("`{}` cannot name an operator", shown(name))));
        }
        let key = match (key_file, std::env::var(VARIABLE).ok().filter(|text| !text.trim().is_empty())) {
            (Some(path), _) => OperatorKey::new(secrets::of_file(path)?.reveal().trim()),
            (None, Some(text)) => OperatorKey::new(text.trim()),
            (None, None) => {
                let path = own_key_file(name)?;
                if !path.exists() {
                    return Err(without_key(name));
                }
                OperatorKey::new(secrets::of_file(&path)?.reveal().trim())
            }
        };
        self.operators.check(name, &key)?;
        Ok(key)
    }

    /// The operators of the settings.
    pub(in crate::cli) fn operators(&self) -> &Operators {
        &self.operators
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Operators, ConfigError> {
        let parsed = DeTable::parse(text).unwrap();
        read(&Source::new(Path::new("s.toml"), text), parsed.get_ref())
    }

    #[test]
    fn an_operator_is_known_by_the_key_alone() {
        let key = "ab".repeat(32);
        let sum = crate::report::plan::digits(&Sha256::digest(unhex(&key).unwrap()).into());
        let operators = read_text(&format!("[operators.ada]\nkey_sha256 = \"{sum}\"\n")).unwrap();
        let approve = |operator: &str| Deed::PlanApprove { plan: 1, operator: operator.to_owned() };
        let with =
            |operator: &str, key: &str| Command::GovernAs { deed: approve(operator), key: OperatorKey::new(key) };
        let other = "cd".repeat(32);
        for (command, said) in [
            (with("ada", &key), ""),
            (with("ada", &other), "not the key"),
            (with("ada", "x"), "not the key"),
            (with("bob", &key), "no operator `bob`"),
            (Command::Govern { deed: approve("ada") }, "only with the operator's key"),
            (Command::Govern { deed: Deed::Reevaluate }, ""),
            (Command::GovernAs { deed: Deed::Reevaluate, key: OperatorKey::new(key.as_str()) }, "names no operator"),
        ] {
            match operators.admit(&command) {
                Ok(admitted) => {
                    assert!(said.is_empty() && matches!(admitted, Command::Govern { .. }), "{admitted:?}");
                }
                Err(error) => assert!(!said.is_empty() && error.to_string().contains(said), "{said}: {error}"),
            }
        }
        assert!(!format!("{:?}", with("ada", &key)).contains(&key));
    }

    #[test]
    fn faults_in_the_table_are_told_with_their_place() {
        for (text, said) in [
            ("operators = 1", "1:13"),
            ("[operators.Ada]\nkey_sha256 = \"\"", "cannot name an operator"),
            ("[operators.ada]", "`key_sha256` is missing"),
            ("[operators.ada]\nkey_sha256 = \"12\"", "64 hexadecimal digits"),
            ("[operators.ada]\nkey = \"12\"", "did you mean `key_sha256`"),
        ] {
            let error = read_text(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
