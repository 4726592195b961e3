//! Bad settings by rows: one clear message each, with the next click or command, exit code 2, and no secret anywhere.

use super::world::World;
use crate::harness::Ran;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

/// A port of this machine on which nobody listens.
fn closed_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// A fault: its name, what brings it about, what is run, what must be said.
type Row = (&'static str, fn(&World), &'static [&'static str], &'static [&'static str]);

fn chmod(world: &World, file: &str, mode: u32) {
    std::fs::set_permissions(world.scene.path(file), std::fs::Permissions::from_mode(mode)).expect("a mode");
}

fn put(world: &World, file: &str, text: &str) {
    std::fs::write(world.scene.path(file), text).expect("written");
}

fn change(world: &World, from: &str, to: &str) {
    world.edit(|text| {
        assert!(text.contains(from), "{from} is not in {text}");
        text.replace(from, to)
    });
}

/// The line of `s.toml` that begins with this key, in the table of that connector.
fn set(world: &World, name: &str, key: &str, value: &str) {
    world.edit(|text| {
        let (head, table) = text.split_once(&format!("[connector.{name}]\n")).expect("a table");
        let kept: String = table.lines().map(|line| format!("{line}\n")).collect();
        let (own, rest) =
            kept.split_once("\n[").map_or((kept.as_str(), String::new()), |(own, rest)| (own, format!("\n[{rest}")));
        let own: String =
            own.lines().filter(|line| !line.starts_with(&format!("{key} ="))).map(|line| format!("{line}\n")).collect();
        format!("{head}[connector.{name}]\n{key} = {value}\n{own}{rest}")
    });
}

/// What of a fault's message is not as it should be, framed; `None` when all is.
fn unlike(name: &str, ran: &Ran, parts: &[&str]) -> Option<String> {
    let said = format!("{}{}", ran.out(), ran.err());
    if ran.code() != 2 {
        return Some(format!("{name}{}", ran.frame("exit code 2", &ran.code().to_string())));
    }
    let missing = parts.iter().find(|part| !said.contains(**part))?;
    Some(format!("{name}{}", ran.frame(&format!("said: {missing}"), "not there")))
}

#[track_caller]
fn expect(name: &str, ran: &Ran, parts: &[&str]) {
    let unlike = unlike(name, ran, parts);
    assert!(unlike.is_none(), "{}", unlike.unwrap_or_default());
}

#[rustfmt::skip]
const ROWS: [Row; 28] = [
    ("wrong client secret", |world| put(world, "box.secret", "hunter2"), &["test", "box"], &["missing", "invalid_client", "sluicebox connect box box --again"]),
    ("wrong app secret", |world| put(world, "dropbox.secret", "hunter2"), &["test", "dropbox"], &["missing", "invalid_client", "sluicebox connect dropbox dropbox --again"]),
    ("wrong client id", |world| set(world, "box", "client_id", "\"nobody\""), &["test", "box"], &["missing", "invalid_client"]),
    ("wrong enterprise", |world| set(world, "box", "enterprise_id", "\"1\""), &["test", "box"], &["missing", "sluicebox connect box box --again"]),
    ("missing scope, people, Box", |world| world.tenants.boxcom.set_scopes(&["root_readwrite"]), &["test", "box"], &["people", "missing", "Reading needs what is missing"]),
    ("missing scope, feed, Dropbox", |world| world.tenants.dropbox.set_scopes(&["team_info.read", "members.read", "team_data.member", "files.metadata.read", "files.content.read", "sharing.read", "account_info.read", "groups.read"]), &["test", "dropbox"], &["feed", "missing", "events.read", "Reading needs what is missing: feed"]),
    ("no as-user header", |world| world.tenants.boxcom.set_as_user(false), &["test", "box"], &["read as another user", "missing", "as-user"]),
    ("nobody listens", |world| set(world, "box", "token", &format!("\"http://127.0.0.1:{}/oauth2/token\"", closed_port())), &["test", "box"], &["nobody listens on 127.0.0.1", "connect hosts"]),
    ("nobody listens, people", |world| set(world, "dropbox", "token", &format!("\"http://127.0.0.1:{}/oauth2/token\"", closed_port())), &["people", "dropbox"], &["error: connector `dropbox`: could not", "nobody listens on 127.0.0.1", "connect hosts"]),
    ("unknown host", |world| set(world, "box", "token", "\"https://token.invalid/oauth2/token\""), &["people", "box"], &["token.invalid", "spelling"]),
    ("ended refresh token, Dropbox", |world| world.tenants.dropbox.unlink(), &["test", "dropbox"], &["missing", "connect dropbox"]),
    ("ended refresh token, people", |world| world.tenants.dropbox.unlink(), &["people", "dropbox"], &["error: connector `dropbox`", "connect dropbox"]),
    ("unknown key", |world| set(world, "box", "enterpise_id", "\"1\""), &["list"], &["error: connector `box`: unknown key `enterpise_id`", " --> s.toml:", "did you mean `enterprise_id`?"]),
    ("duplicate name", |world| world.edit(|text| format!("{text}\n[connector.box]\n")), &["list"], &["two connectors named `box`", " --> s.toml:"]),
    ("secret in the file", |world| set(world, "box", "client_secret", "\"hunter2\""), &["list"], &["`client_secret` is a secret", "0600", "SLUICEBOX_BOX_CLIENT_SECRET"]),
    ("bad URL", |world| set(world, "box", "api", "\"api.box.com\""), &["test"], &["`api` is no address", "s.toml:"]),
    ("plain http", |world| set(world, "box", "api", "\"http://api.example.com/2.0/\""), &["test"], &["must begin with https://", "this machine only"]),
    ("no TOML", |world| world.edit(|text| format!("{text}\noops\n")), &["test"], &["no valid TOML", "s.toml:"]),
    ("open secret file", |world| chmod(world, "box.secret", 0o644), &["test", "box"], &["others can read the secret", "box.secret", "chmod 600"]),
    ("open key file", |world| { set(world, "box", "auth", "\"jwt\""); set(world, "box", "key_file", "\"box.jwt.json\""); chmod(world, "box.jwt.json", 0o640); }, &["test", "box"], &["others can read the secret", "box.jwt.json", "chmod 600"]),
    ("key file is another's", |world| { set(world, "box", "auth", "\"jwt\""); set(world, "box", "key_file", "\"box.secret\""); }, &["test", "box"], &["box.secret"]),
    ("no secret file", |world| std::fs::remove_file(world.scene.path("box.secret")).expect("removed"), &["test", "box"], &["cannot read the secret", "box.secret"]),
    ("empty secret file", |world| put(world, "box.secret", "\n"), &["test", "box"], &["box.secret", "empty"]),
    ("no secret at all", |world| change(world, "client_secret_file = \"box.secret\"\n", ""), &["test", "box"], &["connector `box` has no client secret", "connect box box", "SLUICEBOX_BOX_CLIENT_SECRET"]),
    ("never linked", |world| change(world, "refresh_token_file = \"dropbox.refresh\"\n", ""), &["people", "dropbox"], &["is not linked yet", "sluicebox connect dropbox dropbox"]),
    ("no such connector", |_| {}, &["test", "bocks"], &["there is no connector `bocks`", "box"]),
    ("name of another provider", |_| {}, &["dropbox", "box"], &["`box` is a connector of Box already", "choose another name"]),
    ("authority is missing", |world| set(world, "box", "authority", "\"nowhere.pem\""), &["test", "box"], &["nowhere.pem", "PEM"]),
];

#[test]
fn bad_settings_are_told_by_one_clear_message() {
    let unlike = ROWS.iter().filter_map(|(name, bring_about, args, parts)| {
        let world = World::new();
        bring_about(&world);
        unlike(name, &world.run(*args), parts)
    });
    let unlike: Vec<String> = unlike.collect();
    assert!(unlike.is_empty(), "{} of {} rows{}", unlike.len(), ROWS.len(), unlike.concat());
}

#[test]
fn a_tls_fault_is_told_with_the_authority_setting() {
    let world = World::over_tls();
    world.run(["test"]).expect_code(0);
    world.edit(|text| text.replace("authority = \"authority.pem\"\n", ""));
    expect(
        "unknown authority",
        &world.run(["people", "box"]),
        &["certificate of 127.0.0.1 is not trusted", "`authority`"],
    );
    world.edit(|text| text.replace("https://", "http://"));
    expect("plain to TLS", &world.run(["people", "box"]), &["error: connector `box`"]);
}

#[test]
fn a_missing_settings_file_is_told_by_name() {
    let world = World::new();
    std::fs::remove_file(world.scene.path("s.toml")).expect("removed");
    expect("missing", &world.run(["test"]), &["cannot read the settings s.toml", "--settings"]);
    let without = world.scene.call(["connect", "test"]).run();
    expect("none", &without, &["no connector to test", "sluicebox connect box NAME"]);
}
