//! `connect box` and `connect dropbox`: from a name to a tenant that can be read, in at most five questions.
//!
//! Each step leaves what it got on disk before the next begins, and asks only for what is not there. So a run that was
//! stopped (the admin who must consent is at lunch) is gone on with by the same command.

use super::ask::Ask;
use super::consent::Pending;
use super::console::{self, BoxWay};
use super::open::{self, Patience};
use super::{check, title};
use crate::cli::config::{Change, Config, Connector, Entry, SecretKind, Whence, write_private};
use crate::cli::rules::print;
use crate::cli::{EXIT_FAILED, Failed, shown, stop};
use crate::clock::Clock;
use crate::model::{ConnectorName, Provider};
use crate::provider::settings::{BoxAuth, BoxSubject, Cloud};
use std::path::{Path, PathBuf};
use url::Url;

/// Where Box sends the browser of an admin who consented; nothing need listen there, the address is pasted.
const BOX_REDIRECT: &str = "http://localhost:8642/";
/// Bytes of a key file that are looked at.
const KEY_FILE_BYTES_MAX: u64 = 64 << 10;

/// Flags of `connect box`.
#[derive(Debug, clap::Args)]
#[command(after_help = "The client secret is asked for, read from standard input, or taken from \
    SLUICEBOX_<NAME>_CLIENT_SECRET; never from a flag. Exit code: 0 connected; 2 not, or something is missing.")]
pub(super) struct BoxArgs {
    /// A name of your choice: 1 to 32 of a-z, 0-9 and -
    name: ConnectorName,
    /// The app's client ID
    #[arg(long, value_name = "ID", conflicts_with = "jwt")]
    client_id: Option<String>,
    /// The enterprise's ID
    #[arg(long, value_name = "ID", conflicts_with = "user")]
    enterprise: Option<String>,
    /// Sign in by the JSON key file of a JWT app
    #[arg(long, value_name = "KEYFILE", conflicts_with = "user")]
    jwt: Option<PathBuf>,
    /// Sign in by an admin's consent
    #[arg(long)]
    user: bool,
    /// With --user: the redirect address that the app registered
    #[arg(long, value_name = "URL", default_value = BOX_REDIRECT)]
    redirect: Url,
    /// Ask for everything again: a new secret, a new consent
    #[arg(long)]
    again: bool,
}

/// Flags of `connect dropbox`.
#[derive(Debug, clap::Args)]
#[command(after_help = "The app secret is asked for, read from standard input, or taken from \
    SLUICEBOX_<NAME>_APP_SECRET; never from a flag. Exit code: 0 connected; 2 not, or something is missing.")]
pub(super) struct DropboxArgs {
    /// A name of your choice: 1 to 32 of a-z, 0-9 and -
    name: ConnectorName,
    /// The app's key
    #[arg(long, value_name = "KEY", visible_alias = "app-key")]
    client_id: Option<String>,
    /// A redirect address that the app registered; without it Dropbox shows a code
    #[arg(long, value_name = "URL")]
    redirect: Option<Url>,
    /// Ask for everything again: a new secret, a new consent
    #[arg(long)]
    again: bool,
}

/// One setting-up while it runs.
struct Setup<'a> {
    config: &'a mut Config,
    name: &'a ConnectorName,
    provider: Provider,
    /// What to click, printed before the first question.
    guide: String,
    again: bool,
    ask: Ask,
}

pub(super) fn of_box(config: &mut Config, args: &BoxArgs) -> Result<u8, Failed> {
    let known = present(config, &args.name, Provider::Box)?;
    let known_auth = known.as_ref().and_then(|known| match &known.typed().cloud {
        Cloud::Box(cloud) => Some(cloud.auth.clone()),
        Cloud::Dropbox(_) => None,
    });
    let way = match (&args.jwt, args.user, &known_auth) {
        (Some(_), _, _) => BoxWay::Jwt,
        (None, true, _) => BoxWay::User,
        (None, false, Some(auth)) if args.enterprise.is_none() => BoxWay::of(auth),
        (None, false, _) => BoxWay::Credentials,
    };
    let guide = console::of_box(way, args.redirect.as_str());
    let mut setup =
        Setup { config, name: &args.name, provider: Provider::Box, guide, again: args.again, ask: Ask::new() };
    setup.begin(known.as_ref())?;
    let mut entries = vec![text("auth", way.name())];
    match way {
        BoxWay::Jwt => {
            let known = match &known_auth {
                Some(BoxAuth::Jwt { key_file, .. }) if !key_file.as_os_str().is_empty() => Some(key_file.clone()),
                _ => None,
            };
            let missing = || Failed::new("name the key file of the app: --jwt KEYFILE");
            entries.push(text("key_file", &key_file(&args.jwt.clone().or(known).ok_or_else(missing)?)?));
            entries.extend(args.enterprise.as_deref().map(|id| text("enterprise_id", id)));
        }
        BoxWay::Credentials | BoxWay::User => {
            let (known_id, known_enterprise) = ids(known_auth.as_ref());
            let id = setup.word(args.client_id.clone(), known_id, "Client ID", "give --client-id ID")?;
            entries.push(text("client_id", &id));
            setup.secret(known.as_ref(), &id, true)?;
            if way == BoxWay::Credentials && !(known_enterprise.is_none() && has_user(known_auth.as_ref())) {
                let other = "give --enterprise ID";
                let enterprise = setup.word(args.enterprise.clone(), known_enterprise, "Enterprise ID", other)?;
                entries.push(text("enterprise_id", &enterprise));
            }
        }
    }
    setup.write(entries)?;
    match way {
        BoxWay::User => setup.consent(Some(&args.redirect))?,
        BoxWay::Credentials | BoxWay::Jwt => setup.wait_for_admin()?,
    }
    setup.finish()
}

/// The client and enterprise ids of a connector that is there already.
fn ids(auth: Option<&BoxAuth>) -> (Option<String>, Option<String>) {
    let filled = |id: &String| Some(id.clone()).filter(|id| !id.is_empty());
    match auth {
        Some(BoxAuth::ClientCredentials { client_id, subject: BoxSubject::Enterprise(id), .. }) => {
            (filled(client_id), filled(id))
        }
        Some(BoxAuth::ClientCredentials { client_id, .. } | BoxAuth::User { client_id, .. }) => {
            (filled(client_id), None)
        }
        Some(BoxAuth::Jwt { .. }) | None => (None, None),
    }
}

/// True when a user stands in place of the enterprise.
fn has_user(auth: Option<&BoxAuth>) -> bool {
    matches!(auth, Some(BoxAuth::ClientCredentials { subject: BoxSubject::User(_), .. }))
}

pub(super) fn of_dropbox(config: &mut Config, args: &DropboxArgs) -> Result<u8, Failed> {
    let known = present(config, &args.name, Provider::Dropbox)?;
    let known_key = known.as_ref().and_then(|known| match &known.typed().cloud {
        Cloud::Dropbox(cloud) => Some(cloud.app_key.clone()).filter(|key| !key.is_empty()),
        Cloud::Box(_) => None,
    });
    let guide = console::of_dropbox();
    let mut setup =
        Setup { config, name: &args.name, provider: Provider::Dropbox, guide, again: args.again, ask: Ask::new() };
    setup.begin(known.as_ref())?;
    let is_new = known_key.is_none();
    let key = setup.word(args.client_id.clone(), known_key, "App key", "give --app-key KEY")?;
    if is_new || args.again {
        setup.secret(known.as_ref(), &key, false)?;
    }
    setup.write(vec![text("app_key", &key)])?;
    setup.consent(args.redirect.as_ref())?;
    setup.finish()
}

fn text(key: &'static str, value: &str) -> Entry {
    Entry::Text(key, value.to_owned())
}

/// The connector of that name, if there is one; one of another provider is refused.
fn present(config: &Config, name: &ConnectorName, provider: Provider) -> Result<Option<Connector>, Failed> {
    match config.find(name) {
        Some(known) if known.provider() != provider => Err(Failed::new(format!(
            "`{name}` is a connector of {} already ({}); choose another name",
            title(known.provider()),
            config.place(known)
        ))),
        known => Ok(known.cloned()),
    }
}

/// The whole path of a JWT key file that looks like one.
fn key_file(path: &Path) -> Result<String, Failed> {
    use std::io::Read;
    let mut json = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(KEY_FILE_BYTES_MAX).read_to_end(&mut json));
    read.map_err(|error| Failed::new(format!("cannot read the key file {}: {error}", shown(path))))?;
    let value: serde_json::Value = serde_json::from_slice(&json).unwrap_or_default();
    if value.get("boxAppSettings").and_then(|settings| settings.get("appAuth")).is_none() {
        return Err(Failed::new(format!(
            "{} is no key file of Box: make one in the developer console, tab Configuration > Generate a Public/Private Keypair",
            shown(path)
        )));
    }
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    whole.to_str().map(str::to_owned).ok_or_else(|| Failed::new("the key file's path must be UTF-8"))
}

impl Setup<'_> {
    /// Says what is going to happen.
    fn begin(&mut self, known: Option<&Connector>) -> Result<(), Failed> {
        let (name, again) = (self.name, "--again asks for everything anew");
        match known {
            Some(known) if !self.again => {
                print(&format!("{name} is in {}; going on with what is missing ({again}).\n", self.config.place(known)))
            }
            _ => {
                print(&format!("Connecting {} as `{name}`. Nothing is changed there by this.\n", title(self.provider)))
            }
        }
    }

    /// Prints what to click, once, before the first question.
    fn guide(&mut self) -> Result<(), Failed> {
        let guide = std::mem::take(&mut self.guide);
        if guide.is_empty() { Ok(()) } else { print(&format!("\n{guide}\n")) }
    }

    /// A word from a flag, else what is known, else by asking.
    fn word(&mut self, flag: Option<String>, known: Option<String>, what: &str, other: &str) -> Result<String, Failed> {
        let known = known.filter(|_| !self.again);
        let word = match flag.or(known) {
            Some(word) => word,
            None => {
                self.guide()?;
                self.ask.line(what, other)?
            }
        };
        let is_plain = !word.is_empty() && word.len() <= 256 && word.bytes().all(|byte| byte.is_ascii_graphic());
        if is_plain { Ok(word) } else { Err(Failed::new(format!("that is no {what}: letters and digits only"))) }
    }

    /// Sees that the application's secret is there: from the environment, a file, or by asking. It is kept in the
    /// connector's own folder only when it was asked for.
    fn secret(&mut self, known: Option<&Connector>, client_id: &str, needed: bool) -> Result<(), Failed> {
        let kind = SecretKind::of(self.provider);
        let present = match known {
            Some(known) => self.config.secret_whence(known, kind)?.map(|(_, whence)| whence),
            None => self.config.secret_without_table(self.name, kind)?,
        };
        match present {
            Some(Whence::Environment(variable)) => {
                return print(&format!(
                    "The {} comes from {variable}, which each later run needs too.\n",
                    kind.words()
                ));
            }
            Some(Whence::Named(path)) if self.again => {
                return print(&format!("The {} comes from {}: put a new one there.\n", kind.words(), shown(path)));
            }
            Some(_) if !self.again => return Ok(()),
            _ => {}
        }
        self.guide()?;
        let hint = if needed { "" } else { ", or Enter to rely on PKCE alone" };
        let mut what = kind.words().to_owned();
        what[..1].make_ascii_uppercase();
        match self.ask.secret(&format!("{what}{hint}"))? {
            Some(secret) if secret.reveal() == client_id => {
                Err(Failed::new(format!("that is the app's id; the {} stands beside it", kind.words())))
            }
            Some(secret) => {
                let file = kind.own_file(&self.config.folder(self.name));
                write_private(&file, secret.reveal())
                    .map_err(|error| Failed::new(format!("cannot write {}: {error}", shown(&file))))
            }
            None if needed => {
                Err(Failed::new(format!("no {} was given; type it, or set {}", kind.words(), kind.variable(self.name))))
            }
            None => Ok(()),
        }
    }

    /// Writes the table.
    fn write(&mut self, entries: Vec<Entry>) -> Result<(), Failed> {
        let mut all = vec![text("provider", self.provider.name())];
        all.extend(entries);
        self.config.change(self.name, &Change::Set(all))?;
        let connector = self.config.get(self.name)?;
        print(&format!("Settings: {}\n", self.config.place(connector)))
    }

    /// Waits until an admin has authorised the application, if somebody is there to say so.
    fn wait_for_admin(&mut self) -> Result<(), Failed> {
        if self.ask.asked() == 0 {
            return Ok(());
        }
        self.ask.read("Press Enter when an admin has authorised the app (step 4)").map(|_| ())
    }

    /// Gets an admin's consent, unless there is one.
    fn consent(&mut self, redirect: Option<&Url>) -> Result<(), Failed> {
        let connector = self.config.get(self.name)?.clone();
        let has_token = self.config.secret(&connector, SecretKind::RefreshToken)?.is_some();
        let (clock, folder) = (Clock::machine(), self.config.folder(self.name));
        let linked = has_token || connector.vault().is_some_and(Path::exists);
        // A new consent that was asked for by --again is gone on with without it.
        if !self.again && linked && (has_token || !Pending::waits(&folder, &clock)) {
            return Ok(());
        }
        let settings = self.config.settings(&connector)?;
        let (pending, is_old) = Pending::resume(&folder, redirect, &clock)?;
        let redirect = pending.redirect.as_ref();
        self.guide()?;
        let link = pending.link(&settings.cloud)?;
        let word = if is_old { "the same link as before" } else { "this link" };
        print(&format!(
            "\nAn admin of {} opens {word}, here or on any other machine, until {}:\n\n  {link}\n\n{}\n",
            title(self.provider),
            pending.ends(),
            self.what_follows(redirect)
        ))?;
        let what = if redirect.is_some() { "Paste that address" } else { "Paste the code" };
        let pasted = self.ask.read(&format!("{what} (Enter to stop; the same command goes on later)"))?;
        let Some(pasted) = pasted.filter(|pasted| !pasted.is_empty()) else {
            let (provider, name, ends) = (self.provider, self.name, pending.ends());
            let still = if linked { "; until then the consent given before is used" } else { "" };
            return Err(Failed::new(format!(
                "`{name}` waits for an admin's consent{still}\n  run the same command again with the answer, until {ends} \
                 (`sluicebox connect {provider} {name}` is enough)"
            )));
        };
        self.ask.finish();
        let code = pending.answer(&pasted, &clock)?;
        let http = open::client(&settings, &folder, &clock, &stop::on_signals()?, Patience::Watched)?;
        let kept = pending.exchange(&settings, &http, &code).map_err(|error| open::failed(&error, &connector))?;
        let vault = open::vault(&settings).ok_or_else(|| Failed::new("this connector has no vault"))?;
        vault.put(&kept).map_err(|error| open::failed(&error, &connector))?;
        pending.forget();
        Ok(())
    }

    fn what_follows(&self, redirect: Option<&Url>) -> String {
        match (self.provider, redirect) {
            (Provider::Box, _) => "After the consent the browser ends at an address that begins with the redirect and shows no \
                page: that is as it should be.\nIt holds a code that lives for 30 seconds only, so have it pasted at once."
                .to_owned(),
            (Provider::Dropbox, Some(_)) => "After the consent the browser ends at an address with a code in it.".to_owned(),
            (Provider::Dropbox, None) => "It must be a team admin. After the consent Dropbox shows a code.".to_owned(),
        }
    }

    /// Tests, and says what comes next.
    fn finish(mut self) -> Result<u8, Failed> {
        self.ask.finish();
        let connector = self.config.get(self.name)?;
        let tested = check::test(self.config, connector)?;
        print("\n")?;
        check::show(self.config, connector, &tested, false)?;
        let name = self.name;
        if !tested.can_read() {
            eprintln!("error: {name} cannot read yet; mend what is missing, then run `sluicebox connect test {name}`");
            return Ok(EXIT_FAILED);
        }
        let off = if connector.enabled { "" } else { " It is switched off: `connect enable` switches it on." };
        print(&format!("Connected.{off} Next: sluicebox connect survey {name}\n"))?;
        Ok(0)
    }
}
