//! Both tenants of the emulator in this process, and a settings file that leads the real program to them.

use crate::harness::{Call, Ran, Scene};
use sluicebox::clock::Clock;
use sluicebox::emulator::seed::Fill;
use sluicebox::emulator::{Keyring, Options, Running, Tenants, boxcom, start};
use std::ffi::OsStr;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;

/// Two tenants, their doors, and a folder where the program runs.
pub(crate) struct World {
    pub(crate) scene: Scene,
    pub(crate) tenants: Tenants,
    pub(crate) running: Running,
    secrets: Vec<String>,
}

impl World {
    /// Tenants over plain HTTP, and `s.toml` with the connectors `box` and `dropbox`.
    pub(crate) fn new() -> Self {
        Self::with(false, &Fill::small())
    }

    /// The same over TLS.
    pub(crate) fn over_tls() -> Self {
        Self::with(true, &Fill::small())
    }

    /// Tenants that begin with this, over plain HTTP. All have the same seed: what is in two of them has the same ids.
    pub(crate) fn holding(fill: &Fill) -> Self {
        Self::with(false, fill)
    }

    fn with(tls: bool, fill: &Fill) -> Self {
        let clock = Clock::machine();
        let tenants = Tenants::new(1, &clock, fill);
        let options = Options { clouds: tenants.clouds(), clock, tls, ..Options::default() };
        let running = start(options).expect("an emulator");
        let scene = Scene::new();
        Keyring::new(&tenants, &running).write_settings(&scene.path("s.toml")).expect("settings");
        let keys = tenants.dropbox.keys();
        let secrets = vec![
            boxcom::keys::CLIENT_SECRET.to_owned(),
            boxcom::keys::PASSPHRASE.to_owned(),
            "PRIVATE KEY".to_owned(),
            keys.app_secret,
            keys.refresh_token,
            "Bearer ".to_owned(),
            "hunter2".to_owned(),
        ];
        Self { scene, tenants, running, secrets }
    }

    /// `connect ... --settings s.toml`.
    pub(crate) fn call(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Call<'_> {
        self.scene.call(["connect", "--settings", "s.toml"]).args(args)
    }

    /// Runs it, and fails when any output holds a secret.
    #[track_caller]
    pub(crate) fn run(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ran {
        self.discreet(self.call(args).run())
    }

    /// Fails when the output of a program holds a secret of the tenants.
    #[track_caller]
    pub(crate) fn discreet(&self, ran: Ran) -> Ran {
        let said = format!("{}{}", ran.out(), ran.err());
        for secret in &self.secrets {
            assert!(!said.contains(secret.as_str()), "{}", ran.frame("no secret in the output", "one"));
        }
        ran
    }

    /// The settings file's text.
    pub(crate) fn settings(&self) -> String {
        std::fs::read_to_string(self.scene.path("s.toml")).expect("settings")
    }

    /// Changes the settings file's text.
    pub(crate) fn edit(&self, change: impl FnOnce(String) -> String) {
        let text = change(self.settings());
        std::fs::write(self.scene.path("s.toml"), text).expect("written");
    }

    /// Calls a second that both connectors allow each principal from now on.
    pub(crate) fn pace(&self, per_second: u32) {
        self.edit(|text| {
            let kept = text.lines().filter(|line| !line.starts_with("rate_per_principal"));
            let with_rate = kept.map(|line| match line.starts_with("provider = ") {
                true => format!("{line}\nrate_per_principal = {per_second}.0\n"),
                false => format!("{line}\n"),
            });
            with_rate.collect()
        });
    }

    /// Leaves of both tables the addresses only, as a stranger who is told where the provider is.
    pub(crate) fn forget_credentials(&self) {
        let gone = [
            "auth ",
            "client_id",
            "client_secret_file",
            "enterprise_id",
            "app_key",
            "app_secret_file",
            "refresh_token_file",
        ];
        self.edit(|text| {
            let kept = text.lines().filter(|line| !gone.iter().any(|key| line.starts_with(key)));
            kept.map(|line| format!("{line}\n")).collect()
        });
    }

    /// A file of a connector's own folder.
    pub(crate) fn own(&self, name: &str, file: &str) -> PathBuf {
        self.scene.path("state").join("connectors").join(name).join(file)
    }

    /// Opens a link as an admin's browser would: gives the address it is sent to, else the page.
    pub(crate) fn open_link(link: &str) -> String {
        let rest = link.strip_prefix("http://").expect("a link of the emulator");
        let (host, path) = rest.split_once('/').expect("a path");
        let mut stream = TcpStream::connect(host).expect("a door");
        write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").expect("asked");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let location = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("location").then(|| value.to_owned())
        });
        location.unwrap_or_else(|| body.to_owned())
    }
}

/// How many questions a program asked.
pub(crate) fn questions(ran: &Ran) -> usize {
    ran.err().matches("? ").count()
}
