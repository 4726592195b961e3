//! Who is told: a mail server and a webhook's receiver that the demo runs beside the tenants, and the settings that lead there.

use super::Failed;
use crate::clock::Clock;
use crate::emulator::keyring::write_private;
use crate::emulator::sink::{HookSink, MailOptions, MailSink};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::HashSet;
use std::io;
use std::path::Path;

/// Bytes of the secret that the webhook shares with its receiver.
const SECRET_BYTES: usize = 32;
/// The file of heads of the audit log: outside of the state's folder.
pub(super) const HEADS: &str = "outside-heads.jsonl";
/// The address of those who run the service.
pub(super) const SOC: &str = "soc@example.com";

/// The receivers.
#[derive(Debug)]
pub(super) struct Sinks {
    pub(super) mail: MailSink,
    pub(super) hook: HookSink,
    secret: String,
}

impl Sinks {
    /// Opens both, with a secret made for this run.
    pub(super) fn open(clock: &Clock) -> Result<Self, Failed> {
        let failed = |error: io::Error| Failed::new(format!("cannot open the sinks of mail and webhook: {error}"));
        let mut bytes = [0; SECRET_BYTES];
        getrandom::fill(&mut bytes).map_err(|_| Failed::new("the system gives no random bytes"))?;
        let secret = format!("whsec_{}", STANDARD.encode(bytes));
        let mail = MailSink::start(MailOptions::default()).map_err(failed)?;
        let hook = HookSink::start(0, std::slice::from_ref(&secret), false, clock.clone()).map_err(failed)?;
        Ok(Self { mail, hook, secret })
    }

    /// The tables `[notify]` and `[audit]`; writes the secret beside the settings.
    pub(super) fn settings(&self, file: &Path) -> io::Result<String> {
        write_private(&file.with_file_name("soc.secret"), &self.secret)?;
        Ok(format!(
            "\n[notify]\nfrom = \"sluicebox <dlp@example.com>\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n\
             operators = [\"{SOC}\", \"webhook:soc\"]\ncontact = \"{SOC}\"\n\n\
             [notify.webhooks.soc]\nurl = \"{}\"\nsecret_file = \"soc.secret\"\n\n\
             [audit]\nanchor = \"{HEADS}\"\nkey_file = \"audit.key\"\n",
            self.mail.port(),
            self.hook.url("soc"),
        ))
    }

    /// The ids of all messages that came, and how many came more than once.
    pub(super) fn ids(&self) -> (HashSet<String>, usize) {
        let mails = self.mail.mails();
        let posts = self.hook.posts();
        let all = mails.iter().map(|mail| mail.id()).chain(posts.iter().map(|post| post.id.clone()));
        let (mut ids, mut again) = (HashSet::new(), 0);
        for id in all {
            again += usize::from(!ids.insert(id));
        }
        (ids, again)
    }

    /// All that came, as it came and decoded.
    pub(super) fn texts(&self) -> Vec<String> {
        let mails = self.mail.mails();
        let posts = self.hook.posts();
        let mails = mails.iter().flat_map(|mail| [mail.raw.clone(), mail.text()]);
        mails.chain(posts.into_iter().map(|post| post.body)).collect()
    }
}
