//! Settings files by rows: what is refused and how, what is read, how a file is edited, and that the guide names every key.

use super::*;
use crate::provider::settings::{LimitOf, public};
use std::os::unix::fs::PermissionsExt;

const GUIDE: &str = include_str!("../../../docs/connect.md");
const SERVICE_GUIDE: &str = include_str!("../../../docs/service.md");

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(PathBuf::from("/etc/s.toml"), format!("state_dir = \"state\"\n{text}"))
}

fn refused(text: &str) -> String {
    match parse(text) {
        Err(error) => error.to_string(),
        Ok(config) => panic!("{text}: taken as {config:?}"),
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_what_to_do() {
    // The first line of each text is line 2 of the file.
    #[rustfmt::skip]
    let rows = [
        ("[connector.main]\nprovider = \"box\"\nenterpise_id = \"1\"", "connector `main`: unknown key `enterpise_id`", 4, "did you mean `enterprise_id`?"),
        ("[connector.main]\nprovider = \"box\"\nconcurency = 1", "unknown key `concurency`", 4, "did you mean `concurrency`?"),
        ("[connector.main]\nprovider = \"box\"\nzzz = 1", "unknown key `zzz`", 4, "docs/connect.md"),
        ("[connector.main]\nprovider = \"box\"\nnotify = \"https://a.b/\"", "unknown key `notify`", 4, "`notify` is for connectors of dropbox"),
        ("[connector.main]\nprovider = \"dropbox\"\nclient_id = \"x\"", "unknown key `client_id`", 4, "for connectors of box"),
        ("[conector.main]\nprovider = \"box\"", "unknown key `conector`", 2, "[connector.main]"),
        ("history_days = 3", "unknown key `history_days`", 2, "table of a connector"),
        ("[connector.main]\nprovider = \"box\"\n[connector.main]", "two connectors named `main`", 4, "names are unique"),
        ("[connector.Main]\nprovider = \"box\"", "`Main` cannot name a connector", 2, "a-z"),
        ("[connector.main]\nprovider = \"gdrive\"", "no provider `gdrive`", 3, "\"box\" and \"dropbox\""),
        ("[connector.main]", "`provider` is missing", 2, "provider = \"box\""),
        ("[connector.main]\nprovider = \"box\"\nclient_secret = \"hunter2\"", "`client_secret` is a secret", 4, "SLUICEBOX_MAIN_CLIENT_SECRET"),
        ("[connector.a-b]\nprovider = \"dropbox\"\nrefresh_token = \"hunter2\"", "`refresh_token` is a secret", 4, "SLUICEBOX_A_B_REFRESH_TOKEN"),
        ("[connector.main]\nprovider = \"dropbox\"\npassword = \"hunter2\"", "`password` is a secret", 4, "app_secret_file"),
        ("[connector.main]\nprovider = \"box\"\napi = \"http://api.example.com/\"", "must begin with https://", 4, "this machine only"),
        ("[connector.main]\nprovider = \"box\"\napi = \"api.box.com\"", "`api` is no address", 4, "https://api.example.com"),
        ("[connector.main]\nprovider = \"box\"\ntoken = \"https://u:hunter2@a.b/\"", "may not hold a user or password", 4, ""),
        ("[connector.main]\nprovider = \"box\"\napi = \"https://a.b/?x=1\"", "without `?` and `#`", 4, ""),
        ("[connector.main]\nprovider = \"box\"\nproxy = \"socks5://a.b:1\"", "http:// or https://", 4, ""),
        ("[connector.main]\nprovider = \"box\"\nauth = \"oauth\"", "there is no auth `oauth`", 4, "\"jwt\""),
        ("[connector.main]\nprovider = \"box\"\nenterprise_id = \"1\"\nuser_id = \"2\"", "exclude each other", 5, ""),
        ("[connector.main]\nprovider = \"box\"\nenterprise_id = \"acme\"", "must be digits only", 4, ""),
        ("[connector.main]\nprovider = \"box\"\nenterprise_id = 12", "must be a text in quotes", 4, ""),
        ("[connector.main]\nprovider = \"box\"\ndownload_hosts = [\"https://a.b\"]", "is no host", 4, "without https://"),
        ("[connector.main]\nprovider = \"box\"\nrate_per_principal = 0", "calls a second", 4, ""),
        ("[connector.main]\nprovider = \"box\"\nconcurrency = 257", "a whole number, 1 to 256", 4, ""),
        ("[connector.main]\nprovider = \"box\"\ncalls_per_day = 0", "a whole number, 1 or more", 4, ""),
        ("[connector.main]\nprovider = \"box\"\nhistory_days = -1", "a whole number, 0 to 365", 4, ""),
        ("[connector.main]\nprovider = \"box\"\nlimit_of = \"user\"", "no limit_of `user`", 4, "acting_user"),
        ("[connector.main]\nprovider = \"box\"\ntrash = \"yes\"", "must be true or false", 4, ""),
        ("[connector.main]\nprovider = \"box\"\ninternal_domains = [\"me@example.com\"]", "is no domain", 4, "follows the @"),
        ("[connector.main]\nprovider = \"box\"\nprovider = \"box\"", "stands in the table already", 4, ""),
        ("[connector.main]\nprovider = box", "no valid TOML", 3, "double quotes"),
        ("[service]\nrescan_evry = \"12h\"", "[service]: unknown key `rescan_evry`", 3, "did you mean `rescan_every`?"),
        ("[service]\nzzz = 1", "[service]: unknown key `zzz`", 3, "docs/service.md"),
        ("[servce]\n", "unknown key `servce`", 2, "did you mean `service`?"),
        ("rescan_every = \"1h\"", "unknown key `rescan_every`", 2, "table `[service]`"),
        ("zzz = 1", "unknown key `zzz`", 2, "[retention]"),
        ("service = 1", "`service` is a table: `[service]`", 2, ""),
        ("[service]\nrescan_every = \"12\"", "`rescan_every` is no span of time", 3, "\"12h\""),
        ("[service]\nrescan_every = \"1s\"", "from 1min to 366d", 3, ""),
        ("[service]\nfeed_poll_ms = 1", "a whole number, 100 to 3600000", 3, ""),
        ("[service]\nfetch_threads = 2\nlive_slots = 2", "less than `fetch_threads`, which is 2", 4, "never be fetched"),
        ("[service]\nbacklog_share = 31", "a whole number, 0 to 30", 3, ""),
        ("[service]\nhttp = \"localhost\"", "`localhost` is no address and port", 3, "127.0.0.1:8640"),
        ("[service]\npublic_address = \"http://a.b/\"", "begins with https://", 3, "/hooks/CONNECTOR"),
        ("[service]\nlog = \"xml\"", "there is no log `xml`", 3, "\"text\", \"json\""),
        ("[service]\nlog_level = \"loud\"", "there is no log_level `loud`", 3, "\"debug\""),
        ("[retention]\nactivities_days = 0", "a whole number, 1 to 36525", 3, ""),
        ("[retention]\nactivity_days = 1", "unknown key `activity_days`", 3, "did you mean `activities_days`?"),
        ("[rules]\npaths = \"rules\"", "must be a list of texts", 3, ""),
        ("[connector.main]\nprovider = \"box\"\nnever_read = [\"a\"]", "`never_read` must be a table of lists", 4, ""),
        ("[connector.main]\nprovider = \"box\"\nnever_read = { users = [\"a\"] }", "connector `main`: never_read: unknown key `users`", 4, ""),
        ("[connector.main]\nprovider = \"box\"\n[connector.main.pilot]\nowners = []", "pilot: unknown key `owners`", 5, ""),
        ("[connector.main]\nprovider = \"box\"\npilot = { folders = [\"\"] }", "a text of `folders` is empty", 4, ""),
        ("[connector.main]\nprovider = \"box\"\nhook_key = \"hunter2\"", "is a secret", 4, "SLUICEBOX_MAIN_HOOK_KEY"),
        ("[connector.main]\nprovider = \"dropbox\"\nhook_key_file = \"x\"", "for connectors of box", 4, ""),
        ("connector = 1", "a connector is a table", 2, ""),
        ("[connector]\nmain = 1", "a connector is a table", 3, ""),
    ];
    for (text, message, line, help) in rows {
        let said = refused(text);
        assert!(said.contains(message) && said.contains(help), "{text}\n{said}");
        assert!(said.contains(&format!("\n --> /etc/s.toml:{line}:")), "{text}\n{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn a_full_table_is_read_and_an_empty_one_has_the_public_addresses() {
    let config = parse(
        "[connector.b]\nprovider = \"box\"\nenabled = false\nclient_id = \"id\"\nenterprise_id = \"7\"\napi = \"http://127.0.0.1:1/2.0\"\n\
         download_hosts = [\"127.0.0.1:8081\", \"*.example.com\"]\nrate_per_principal = 2.5\nconcurrency = 3\ncalls_per_day = 1_000\n\
         limit_of = \"token\"\nproxy = \"http://proxy.example.com:3128\"\nauthority = \"ca.pem\"\nhistory_days = 30\ntrash = false\n\
         internal_domains = [\"example.com\"]\nclient_secret_file = \"b.secret\"\n[connector.d]\nprovider = \"dropbox\"\n",
    );
    let config = config.unwrap();
    let [b, d] = config.connectors() else { panic!("{config:?}") };
    let settings = b.typed();
    let Cloud::Box(cloud) = &settings.cloud else { panic!("{settings:?}") };
    assert_eq!(cloud.api.as_str(), "http://127.0.0.1:1/2.0/");
    assert_eq!(cloud.download_hosts, ["127.0.0.1:8081", "*.example.com"]);
    assert_eq!(settings.limits.calls_per_day, Some(1_000));
    assert_eq!((settings.limits.concurrency, settings.limits.limit_of), (3, LimitOf::Token));
    assert_eq!(settings.authority.as_deref(), Some(Path::new("/etc/ca.pem")));
    assert_eq!((settings.history_days, settings.trash, b.enabled), (30, false, false));
    assert_eq!(b.named_files().collect::<Vec<_>>(), [Path::new("/etc/b.secret")]);
    let Cloud::Dropbox(cloud) = &d.typed().cloud else { panic!("{d:?}") };
    assert_eq!((cloud.api.as_str(), cloud.token.as_str()), (public::DROPBOX_API, public::DROPBOX_TOKEN));
    assert_eq!(cloud.vault, Path::new("/etc/state/connectors/d/vault"));
    assert_eq!((d.lacks(), b.lacks()), (Some("app_key"), None));
    let said = config.settings(d).unwrap_err().to_string();
    assert!(said.contains("connector `d`: `app_key` is missing\n --> /etc/s.toml:19:1"), "{said}");
}

#[test]
fn no_two_connectors_share_a_file_or_a_variable() {
    let config = parse("[connector.a]\nprovider = \"dropbox\"\n[connector.a-b]\nprovider = \"dropbox\"").unwrap();
    let places = |connector: &Connector| {
        let kinds = SecretKind::ALL
            .map(|kind| (kind.variable(connector.name()), kind.own_file(&config.folder(connector.name()))));
        (connector.vault().map(Path::to_path_buf), kinds)
    };
    let [a, b] = config.connectors() else { panic!("{config:?}") };
    let (first, second) = (places(a), places(b));
    assert_ne!(first.0, second.0);
    for (kind, other) in first.1.iter().zip(&second.1) {
        assert!(kind.0 != other.0 && kind.1 != other.1);
    }
}

#[test]
fn an_edit_keeps_every_comment_and_every_other_table() {
    let name: ConnectorName = "main".parse().unwrap();
    let set = |entries: Vec<Entry>| Change::Set(entries);
    let text = |key, value: &str| Entry::Text(key, value.to_owned());
    #[rustfmt::skip]
    let rows = [
        ("", set(vec![text("provider", "box"), Entry::Flag("enabled", false)]), "[connector.main]\nprovider = \"box\"\nenabled = false\n"),
        ("# mine", set(vec![text("provider", "box")]), "# mine\n\n[connector.main]\nprovider = \"box\"\n"),
        ("[connector.main] # head\nprovider = \"box\" # why\n\n# next\n[connector.z]\nprovider = \"box\"\n", set(vec![text("client_id", "a\"b\\")]),
         "[connector.main] # head\nprovider = \"box\" # why\nclient_id = \"a\\\"b\\\\\"\n\n# next\n[connector.z]\nprovider = \"box\"\n"),
        ("[connector.main]\nprovider = \"box\" # why\nenabled = true # on\n", set(vec![Entry::Flag("enabled", false)]), "[connector.main]\nprovider = \"box\" # why\nenabled = false # on\n"),
        ("[connector.main]", set(vec![text("provider", "box")]), "[connector.main]\nprovider = \"box\"\n"),
        ("# a\n[connector.a]\nprovider = \"box\"\n\n[connector.main]\nprovider = \"box\"\ndownload_hosts = [\n  \"a.b\", # c\n]\n\n# z\n[connector.z]\n", Change::Remove,
         "# a\n[connector.a]\nprovider = \"box\"\n\n# z\n[connector.z]\n"),
        ("[connector.z]\n", Change::Remove, "[connector.z]\n"),
        ("[connector.main]\nprovider = \"box\"\n[connector.main.pilot]\nusers = [\"a\"]\n", set(vec![Entry::Flag("enabled", true)]),
         "[connector.main]\nprovider = \"box\"\nenabled = true\n[connector.main.pilot]\nusers = [\"a\"]\n"),
        ("[connector.main]\nprovider = \"box\"\npilot = { users = [\"a\"] }\n", set(vec![Entry::Flag("enabled", true)]),
         "[connector.main]\nprovider = \"box\"\npilot = { users = [\"a\"] }\nenabled = true\n"),
        ("[connector.main]\nprovider = \"box\"\n\n[connector.z]\n\n[connector.main.pilot]\nusers = [\"a\"]\n# z\n", Change::Remove, "[connector.z]\n\n# z\n"),
    ];
    for (before, change, after) in rows {
        assert_eq!(edit::apply(before, &name, &change).as_deref(), Some(after), "{before}");
    }
    let inline = "connector = { main = { provider = \"box\" } }\n";
    assert_eq!(edit::apply(inline, &name, &Change::Remove), None);
}

#[test]
fn a_change_is_written_whole_and_not_over_somebody_elses() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("conf/sluicebox.toml");
    let name: ConnectorName = "main".parse().unwrap();
    let provider = Change::Set(vec![Entry::Text("provider", "box".to_owned())]);
    std::fs::create_dir(folder.path().join("conf")).unwrap();
    std::fs::write(&path, "state_dir = \"s\"\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let mut config = Config::load(Some(&path), false).unwrap();
    let mut stale = Config::load(Some(&path), false).unwrap();
    config.change(&name, &provider).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "state_dir = \"s\"\n\n[connector.main]\nprovider = \"box\"\n");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    assert!(stale.change(&name, &provider).unwrap_err().to_string().contains("was changed meanwhile"));
}

#[test]
fn a_secret_file_must_be_private_and_not_empty() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s");
    for (content, mode, outcome) in [
        ("hunter2\n", 0o600, Ok("hunter2")),
        ("hunter2", 0o400, Ok("hunter2")),
        ("hunter2", 0o640, Err("chmod 600")),
        ("hunter2", 0o604, Err("mode 0604")),
        (" \n", 0o600, Err("it is empty")),
    ] {
        let _ = std::fs::remove_file(&file);
        std::fs::write(&file, content).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let name: ConnectorName = "main".parse().unwrap();
        match (secrets::find(&name, SecretKind::ClientSecret, Some(&file), folder.path()), outcome) {
            (Ok(Some((secret, Whence::Named(_)))), Ok(value)) => assert_eq!(secret.reveal(), value),
            (Err(error), Err(part)) => {
                let said = error.to_string();
                assert!(said.contains(part) && !said.contains("hunter2"), "{said}");
            }
            (got, _) => panic!("{mode:o}: {got:?}"),
        }
    }
}

#[test]
fn the_guide_names_every_key_with_its_default() {
    for key in keys::KEYS {
        let row = GUIDE.lines().find(|line| line.starts_with(&format!("| `{}` |", key.name)));
        assert!(
            row.is_some_and(|row| row.contains(key.default)),
            "docs/connect.md: `{}`, default {}",
            key.name,
            key.default
        );
    }
}

#[test]
fn the_guide_of_the_service_names_every_key_with_its_default() {
    for (table, keys) in keys::TABLES {
        let part = SERVICE_GUIDE.split(&format!("\n## `[{table}]`\n")).nth(1);
        let part = part.and_then(|rest| rest.split("\n## ").next()).unwrap_or_default();
        let rows: Vec<&str> = part.lines().filter(|line| line.starts_with("| `")).collect();
        let named: Vec<&str> = rows.iter().filter_map(|row| row.split('`').nth(1)).collect();
        assert_eq!(named, keys.iter().map(|key| key.name).collect::<Vec<_>>(), "docs/service.md, [{table}]");
        for (row, key) in rows.iter().zip(keys) {
            assert!(row.contains(&format!("| {} |", key.default)), "docs/service.md: `{}`, {}", key.name, key.default);
        }
    }
}

/// The defaults as the guide writes them, typed into a file, are the defaults.
#[test]
fn what_the_guide_calls_a_default_is_one() {
    let typed = |keys: &[keys::Key]| -> String {
        let plain = |key: &&keys::Key| {
            key.default.parse::<u64>().is_ok()
                || ["\"", "true", "false", "[]"].iter().any(|begin| key.default.starts_with(begin))
        };
        keys.iter().filter(plain).map(|key| format!("{} = {}\n", key.name, key.default)).collect()
    };
    let all: String = keys::TABLES.iter().map(|(name, keys)| format!("[{name}]\n{}", typed(keys))).collect();
    assert!(all.lines().count() >= 18, "{all}");
    let (typed, untyped) = (parse(&all).unwrap(), parse("").unwrap());
    assert_eq!(typed.service(), untyped.service());
    assert_eq!(typed.kept(), untyped.kept());
    assert_eq!(format!("{:?}", typed.rules()), format!("{:?}", untyped.rules()));
    assert_eq!(untyped.service().data_dir, Path::new("/etc/state/data"));
    assert!(untyped.rules().builtin);
    let (ours, engine) = (untyped.service().options(), crate::engine::core::Options::default());
    let spool = engine.spool.clone();
    let ours = crate::engine::core::Options { spool, ..ours };
    assert_eq!(format!("{ours:?}"), format!("{engine:?}"), "the engine's own defaults");
    assert_eq!(untyped.service().shares(), crate::store::order::Shares::default());
}

#[test]
fn the_tables_of_the_service_are_read() {
    let config = parse(
        "[service]\ndata_dir = \"d\"\nrescan_every = \"1h30min\"\nfetch_threads = 2\nhttp = \"127.0.0.1:0\"\nlog = \"json\"\n\
         log_level = \"debug\"\npublic_address = \"https://dlp.example.com/\"\nbacklog_share = 20\n[retention]\nactivities_days = 90\n\
         [rules]\npaths = [\"r\"]\nonly = [\"id.*\"]\nno_builtin = true\n[connector.b]\nprovider = \"box\"\n\
         never_read = { owners = [\"ceo@example.com\"], folders = [\"/Board\"] }\n[connector.b.pilot]\ngroups = [\"IT\"]\n",
    )
    .unwrap();
    let service = config.service();
    assert_eq!(
        (service.data_dir.as_path(), service.spool_dir.as_path()),
        (Path::new("/etc/d"), Path::new("/etc/d/spool"))
    );
    assert_eq!((service.rescan_every.as_secs(), service.fetch_threads, service.live_slots), (5_400, 2, 1));
    assert_eq!(
        (service.http.map(|http| http.port()), service.log, service.log_level),
        (Some(0), LogForm::Json, "debug")
    );
    assert_eq!((service.shares, service.shares().percent), ([10, 20, 5], [50, 10, 20, 5]));
    assert_eq!((service.options().fetch_threads, service.options().spool.folder), (2, PathBuf::from("/etc/d/spool")));
    assert_eq!(config.kept(), &Kept { activities_days: Some(90), ..Kept::default() });
    let rules = config.rules();
    assert_eq!((rules.builtin, rules.paths.as_slice()), (false, [PathBuf::from("/etc/r")].as_slice()));
    assert_eq!(rules.select.only, ["id.*"]);
    let [b] = config.connectors() else { panic!("{config:?}") };
    assert_eq!(
        (b.never_read.people.as_slice(), b.never_read.folders.as_slice()),
        (["ceo@example.com".to_owned()].as_slice(), ["/Board".to_owned()].as_slice())
    );
    assert!(b.never_read.groups.is_empty() && b.pilot.people.is_empty());
    assert_eq!(b.pilot.groups, ["IT"]);
}

#[test]
fn every_table_of_the_guide_is_taken() {
    let guides = [GUIDE, SERVICE_GUIDE];
    let rests = guides.iter().flat_map(|guide| guide.split("```toml\n").skip(1));
    let blocks: Vec<&str> = rests.filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() >= 3, "{} blocks", blocks.len());
    for block in blocks {
        let config = Config::parse(
            PathBuf::from("/etc/s.toml"),
            format!("{}\n{block}", if block.contains("state_dir") { "" } else { "state_dir = \"s\"" }),
        );
        let config = config.unwrap_or_else(|error| panic!("{block}\n{error}"));
        assert!(config.connectors().iter().all(|connector| connector.lacks().is_none()), "{block}");
    }
}
