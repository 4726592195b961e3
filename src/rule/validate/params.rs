//! A rule's parameters for one validator: unknown names and wrong types are refused with the list of what it takes.

use toml::{Table, Value};

/// The parameters one rule gave to one validator.
pub(super) struct Params<'a> {
    validator: &'static str,
    takes: &'static [(&'static str, &'static str)],
    given: &'a Table,
}

impl<'a> Params<'a> {
    /// Refuses names that the validator does not take.
    pub(super) fn of(
        validator: &'static str,
        takes: &'static [(&'static str, &'static str)],
        given: &'a Table,
    ) -> Result<Self, String> {
        let params = Self { validator, takes, given };
        match given.keys().find(|key| !takes.iter().any(|(name, _)| name == key)) {
            Some(key) => Err(params.wrong(key, "is not known")),
            None => Ok(params),
        }
    }

    /// An error about one parameter, with all that the validator takes.
    pub(super) fn wrong(&self, name: &str, why: &str) -> String {
        let takes: Vec<String> = self.takes.iter().map(|(name, what)| format!("`{name}` ({what})")).collect();
        let takes = if takes.is_empty() { "no parameters".to_owned() } else { takes.join(", ") };
        format!("validator `{}`: parameter `{name}` {why}; it takes {takes}", self.validator)
    }

    /// A switch.
    pub(super) fn switch(&self, name: &str, default: bool) -> Result<bool, String> {
        match self.given.get(name) {
            None => Ok(default),
            Some(Value::Boolean(on)) => Ok(*on),
            Some(_) => Err(self.wrong(name, "must be true or false")),
        }
    }

    /// A whole number from `min` to `max`.
    pub(super) fn count(&self, name: &str, min: usize, max: usize) -> Result<Option<usize>, String> {
        let Some(value) = self.given.get(name) else { return Ok(None) };
        let count = value.as_integer().and_then(|number| usize::try_from(number).ok());
        match count.filter(|count| (min..=max).contains(count)) {
            Some(count) => Ok(Some(count)),
            None => Err(self.wrong(name, &format!("must be a whole number from {min} to {max}"))),
        }
    }

    /// A number that is not negative.
    pub(super) fn amount(&self, name: &str) -> Result<f64, String> {
        let amount = match self.given.get(name) {
            None => return Err(self.wrong(name, "is missing")),
            Some(Value::Float(number)) => Some(*number),
            Some(Value::Integer(number)) => i32::try_from(*number).ok().map(f64::from),
            Some(_) => None,
        };
        amount
            .filter(|amount| amount.is_finite() && *amount >= 0.0)
            .ok_or_else(|| self.wrong(name, "must be a number that is not negative"))
    }

    /// A word.
    pub(super) fn word(&self, name: &str) -> Result<Option<&'a str>, String> {
        match self.given.get(name) {
            None => Ok(None),
            Some(Value::String(word)) => Ok(Some(word)),
            Some(_) => Err(self.wrong(name, "must be a string")),
        }
    }

    /// One of several words, as what it stands for.
    pub(super) fn choice<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Result<Option<T>, String> {
        let Some(word) = self.word(name)? else { return Ok(None) };
        match choices.iter().find(|(choice, _)| *choice == word) {
            Some((_, meaning)) => Ok(Some(*meaning)),
            None => {
                let words: Vec<&str> = choices.iter().map(|(choice, _)| *choice).collect();
                Err(self.wrong(name, &format!("must be one of {}", words.join(", "))))
            }
        }
    }

    /// A list, each entry through `read`, which refuses by `None`.
    pub(super) fn list<T>(
        &self,
        name: &str,
        what: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<Vec<T>>, String> {
        let Some(value) = self.given.get(name) else { return Ok(None) };
        let list = value.as_array().and_then(|list| list.iter().map(read).collect::<Option<Vec<T>>>());
        match list.filter(|list| !list.is_empty()) {
            Some(list) => Ok(Some(list)),
            None => Err(self.wrong(name, &format!("must be a list of {what}"))),
        }
    }
}
