//! One table of a settings file while it is read: each value by its type, each fault at its place.

use super::duration;
use super::error::ConfigError;
use super::keys::{Key, nearest};
use super::source::Source;
use crate::cli::shown;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table and what messages call it.
pub(super) struct Table<'a> {
    pub(super) source: &'a Source<'a>,
    /// ``connector `main` ``, `[service]`.
    pub(super) label: String,
    /// The bytes of its header.
    pub(super) header: Range<usize>,
    pub(super) keys: &'a DeTable<'a>,
}

impl<'a> Table<'a> {
    /// A table beside the connectors, `None` when it is not there; keys that it does not have are refused.
    pub(super) fn named(
        source: &'a Source<'a>,
        root: &'a DeTable<'a>,
        name: &str,
        known: &[Key],
    ) -> Result<Option<Self>, ConfigError> {
        let Some((key, value)) = root.iter().find(|(key, _)| key.get_ref().as_ref() == name) else { return Ok(None) };
        let label = format!("[{name}]");
        let Some(keys) = value.get_ref().as_table() else {
            return Err(source.error(&value.span(), format!("`{name}` is a table: `{label}`")));
        };
        let table = Self { source, label, header: key.span(), keys };
        table.only(known.iter().map(|key| key.name), "docs/service.md")?;
        Ok(Some(table))
    }

    /// Refuses keys other than these; `guide` is where all are listed.
    pub(super) fn only<'k>(
        &self,
        known: impl Iterator<Item = &'k str> + Clone,
        guide: &str,
    ) -> Result<(), ConfigError> {
        for (key, _) in self.keys {
            let word = key.get_ref().as_ref();
            if known.clone().any(|known| known == word) {
                continue;
            }
            let error = self.source.error(&key.span(), format!("{}: unknown key `{}`", self.label, shown(word)));
            return Err(match nearest(word, known) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error.help(format!("{guide} lists all keys")),
            });
        }
        Ok(())
    }

    pub(super) fn get(&self, key: &str) -> Option<&Spanned<DeValue<'_>>> {
        self.keys.get(key)
    }

    /// An error at a key's value, or at the table's head when the key is missing.
    pub(super) fn error(&self, key: &str, what: impl std::fmt::Display) -> ConfigError {
        let span = self.get(key).map_or(self.header.clone(), Spanned::span);
        self.source.error(&span, format!("{}: {what}", self.label))
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<String>, ConfigError> {
        match self.get(key).map(Spanned::get_ref) {
            None => Ok(None),
            Some(value) => match value.as_str().map(str::trim) {
                Some(text) if !text.is_empty() => Ok(Some(text.to_owned())),
                _ => Err(self.error(key, format!("`{key}` must be a text in quotes, and not empty"))),
            },
        }
    }

    pub(super) fn path(&self, key: &str) -> Result<Option<PathBuf>, ConfigError> {
        Ok(self.text(key)?.map(|text| beside(self.source.path, &text)))
    }

    /// Paths; relative ones begin at the file's folder.
    pub(super) fn paths(&self, key: &str) -> Result<Option<Vec<PathBuf>>, ConfigError> {
        let texts = self.list(key)?;
        Ok(texts.map(|texts| texts.iter().map(|text| beside(self.source.path, text)).collect()))
    }

    pub(super) fn flag(&self, key: &str) -> Result<Option<bool>, ConfigError> {
        match self.get(key).map(Spanned::get_ref) {
            None => Ok(None),
            Some(DeValue::Boolean(flag)) => Ok(Some(*flag)),
            Some(_) => Err(self.error(key, format!("`{key}` must be true or false"))),
        }
    }

    pub(super) fn whole(&self, key: &str, fits: RangeInclusive<u64>) -> Result<Option<u64>, ConfigError> {
        let Some(value) = self.get(key).map(Spanned::get_ref) else { return Ok(None) };
        let number = value.as_integer().and_then(|number| u64::from_str_radix(number.as_str(), number.radix()).ok());
        number.filter(|number| fits.contains(number)).map(Some).ok_or_else(|| {
            let range = if *fits.end() == u64::MAX {
                format!("{} or more", fits.start())
            } else {
                format!("{} to {}", fits.start(), fits.end())
            };
            self.error(key, format!("`{key}` must be a whole number, {range}"))
        })
    }

    /// A whole number that counts things of this program.
    pub(super) fn count(&self, key: &str, fits: RangeInclusive<u64>) -> Result<Option<usize>, ConfigError> {
        Ok(self.whole(key, fits)?.map(|number| usize::try_from(number).unwrap_or(usize::MAX)))
    }

    pub(super) fn list(&self, key: &str) -> Result<Option<Vec<String>>, ConfigError> {
        let Some(value) = self.get(key).map(Spanned::get_ref) else { return Ok(None) };
        let texts = value.as_array().and_then(|array| {
            let texts = array.iter().map(|one| one.get_ref().as_str().map(|text| text.trim().to_owned()));
            texts.collect::<Option<Vec<_>>>()
        });
        texts.map(Some).ok_or_else(|| self.error(key, format!("`{key}` must be a list of texts: [\"one\", \"two\"]")))
    }

    /// A span of time in words: `"12h"`.
    pub(super) fn span(&self, key: &str, fits: RangeInclusive<Duration>) -> Result<Option<Duration>, ConfigError> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        let Some(span) = duration::parse(&text) else {
            let error = self.error(key, format!("`{key}` is no span of time"));
            return Err(error.help("write a number and its unit: \"90s\", \"30min\", \"12h\", \"7d\""));
        };
        if fits.contains(&span) {
            return Ok(Some(span));
        }
        let (least, most) = (duration::words(*fits.start()), duration::words(*fits.end()));
        Err(self.error(key, format!("`{key}` must be a span of time from {least} to {most}")))
    }

    /// One of these words.
    pub(super) fn word(&self, key: &str, fits: &[&'static str]) -> Result<Option<&'static str>, ConfigError> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        fits.iter().find(|word| **word == text).copied().map(Some).ok_or_else(|| {
            let words: Vec<String> = fits.iter().map(|word| format!("\"{word}\"")).collect();
            self.error(key, format!("there is no {key} `{}`", shown(&text)))
                .help(format!("there are {}", words.join(", ")))
        })
    }

    /// A table within this one: `never_read = { owners = [...] }`.
    pub(super) fn within(&self, key: &str) -> Result<Option<Table<'_>>, ConfigError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let Some(keys) = value.get_ref().as_table() else {
            return Err(self.error(key, format!("`{key}` must be a table of lists: {{ folders = [\"/Payroll\"] }}")));
        };
        Ok(Some(Table { source: self.source, label: format!("{}: {key}", self.label), header: value.span(), keys }))
    }
}

/// A path that stands in the file: relative ones begin at the file's folder.
pub(super) fn beside(file: &Path, text: &str) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).join(text)
}
