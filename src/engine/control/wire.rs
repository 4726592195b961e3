//! What goes over the socket: one line of JSON there, one line back.

use super::{Answer, Command, Refusal};
use serde::{Deserialize, Serialize};

/// The number of this way of talking; both sides must have the same.
pub const PROTOCOL: u32 = 1;
/// Bytes of a request's line at most: a rule set of a few thousand detectors.
pub const REQUEST_BYTES_MAX: usize = 16 << 20;
/// Bytes of a reply's line at most.
pub const REPLY_BYTES_MAX: usize = 4 << 20;

/// A request's line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// [`PROTOCOL`] of who asks.
    pub protocol: u32,
    /// What is to be done.
    pub command: serde_json::Value,
}

/// A reply's line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// It was carried out.
    Ok(Answer),
    /// It was not.
    Refused(Refusal),
    /// Who answers talks another way.
    OtherVersion {
        /// Its [`PROTOCOL`].
        protocol: u32,
        /// Its version, for people.
        version: String,
    },
}

impl Request {
    /// A request of this program.
    #[must_use]
    pub fn of(command: &Command) -> Self {
        // A command holds texts and numbers only, which always become JSON.
        Self { protocol: PROTOCOL, command: serde_json::to_value(command).unwrap_or_default() }
    }

    /// The command of a request's line, or what to reply instead.
    ///
    /// # Errors
    /// [`Reply::OtherVersion`] for another way of talking; [`Reply::Refused`] for what is no request.
    pub fn read(line: &[u8]) -> Result<Command, Reply> {
        let refused = |what: &str| Reply::Refused(Refusal::new(what));
        let request: Self = serde_json::from_slice(line).map_err(|_| refused("this is no request"))?;
        if request.protocol != PROTOCOL {
            return Err(Reply::OtherVersion { protocol: PROTOCOL, version: env!("CARGO_PKG_VERSION").to_owned() });
        }
        serde_json::from_value(request.command).map_err(|_| refused("there is no such command"))
    }
}

/// A message as its line.
#[must_use]
pub(in crate::engine) fn line(message: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(message).unwrap_or_default();
    line.push(b'\n');
    line
}

impl Reply {
    /// Its line.
    #[must_use]
    pub fn line(&self) -> Vec<u8> {
        line(self)
    }
}

impl Request {
    /// Its line.
    #[must_use]
    pub fn line(&self) -> Vec<u8> {
        line(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::control::RuleKept;

    #[test]
    fn each_command_comes_back_from_its_line() {
        let connector = Some("main".to_owned());
        let commands = [
            Command::Ping,
            Command::Stop,
            Command::BacklogStart { connector: None },
            Command::BacklogPause { connector: connector.clone() },
            Command::BacklogResume { connector },
            Command::QueueRetry { connector: None, item: Some(7) },
            Command::QueueAsk { item: 9 },
            Command::ConnectorEnable { connector: "main".into() },
            Command::ConnectorDisable { connector: "main".into() },
            Command::ConnectorRemove { connector: "main".into() },
            Command::RulesNumber {
                detectors: vec![RuleKept { id: "a".into(), hash: "00".repeat(32), profile: "{}".into() }],
            },
            Command::RulesApply { rules: 3, contents: 1, bytes: 2, calls: 3 },
            Command::Audit {
                act: "finding.reveal".into(),
                about: "finding 17".into(),
                details: "{\"why\":\"a\\nb\"}".into(),
            },
        ];
        for command in commands {
            let line = Request::of(&command).line();
            assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1, "{command:?}");
            assert_eq!(Request::read(&line), Ok(command));
        }
    }

    #[test]
    fn what_is_no_request_is_told_so() {
        let other = |protocol: u32| format!("{{\"protocol\":{protocol},\"command\":{{\"do\":\"ping\"}}}}");
        assert_eq!(Request::read(other(1).as_bytes()), Ok(Command::Ping));
        assert!(matches!(Request::read(other(2).as_bytes()), Err(Reply::OtherVersion { protocol: 1, .. })));
        for (line, said) in [
            ("", "no request"),
            ("{}", "no request"),
            ("{\"protocol\":1}", "no request"),
            ("{\"protocol\":1,\"command\":{\"do\":\"explode\"}}", "no such command"),
            ("{\"protocol\":1,\"command\":{\"do\":\"queue_ask\",\"item\":\"x\"}}", "no such command"),
            ("{\"protocol\":1,\"command\":{\"do\":\"queue_ask\",\"item\":1,\"more\":1}}", "no such command"),
        ] {
            let Err(Reply::Refused(refusal)) = Request::read(line.as_bytes()) else { panic!("{line}") };
            assert!(refusal.what.contains(said), "{line}: {refusal}");
        }
        // A newer program's command in an older way of talking is told as another version, whatever it is.
        assert!(matches!(
            Request::read(b"{\"protocol\":9,\"command\":{\"do\":\"explode\"}}"),
            Err(Reply::OtherVersion { .. })
        ));
    }
}
