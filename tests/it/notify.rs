//! `sluicebox notify`, and messages of a service that is killed while one is being taken.

use crate::harness::{Ran, Running, Scene, same};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sluicebox::clock::Clock;
use sluicebox::emulator::sink::{HookFault, HookSink, MailOptions, MailSink};
use sluicebox::notify::Said;
use sluicebox::store::order::Shares;
use sluicebox::store::sqlite::{Options, Sqlite};
use sluicebox::store::{Channel, Messages as _, NewMessage, SealKey};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

/// How long something may take that is under way.
const SOON: Duration = Duration::from_secs(600);

/// The store of a scene, written by this test while no service runs.
pub(crate) fn store(scene: &Scene) -> Sqlite {
    let text = std::fs::read_to_string(scene.key()).expect("a key");
    let digits = text.split_whitespace().nth(2).expect("digits");
    let key: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).expect("a byte")).collect();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
    mac.update(b"sluicebox seal 1\0");
    let seal = SealKey::new(mac.finalize().into_bytes().into());
    let path = scene.path("data/store.sqlite");
    Sqlite::open(Options { path, seal, clock: Clock::machine(), shares: Shares::default() }).expect("a store")
}

pub(crate) fn private(path: &Path) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("a mode");
}

fn call(scene: &Scene, args: &[&str]) -> Ran {
    scene.call(args).args(["--settings", "s.toml"]).run()
}

/// Starts the service and waits until it says that it runs.
pub(crate) fn started(scene: &Scene) -> Running {
    let mut running = scene.call(["run", "--settings", "s.toml"]).start();
    let line = running.line();
    if !line.starts_with("Running: ") {
        panic!("{line}\n{}", running.finish().err());
    }
    running
}

fn secret() -> String {
    format!("whsec_{}", STANDARD.encode([9; 32]))
}

/// A data folder, and settings that lead to these sinks.
fn scene(hook: &HookSink, mail: &MailSink) -> Scene {
    let scene = Scene::new();
    private(&scene.write("soc.secret", secret()));
    private(&scene.write("mail.password", "pass\n"));
    scene.write(
        "s.toml",
        format!(
            "state_dir = \"state\"\n[service]\ndata_dir = \"data\"\n\
             [notify]\nfrom = \"sluicebox <dlp@corp.example>\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n\
             user = \"dlp\"\npassword_file = \"mail.password\"\n\
             operators = [\"soc@corp.example\", \"webhook:soc\"]\n\
             [notify.webhooks.soc]\nurl = \"{}\"\nsecret_file = \"soc.secret\"\n",
            mail.port(),
            hook.url("soc")
        ),
    );
    call(&scene, &["init"]).expect_code(0);
    scene
}

fn sinks() -> (HookSink, MailSink) {
    let login = Some(("dlp".to_owned(), "pass".to_owned()));
    let hook = HookSink::start(0, &[secret()], false, Clock::machine()).expect("a sink");
    (hook, MailSink::start(MailOptions { login, ..MailOptions::default() }).expect("a sink"))
}

/// Messages as they wait for the service.
fn waiting(scene: &Scene, numbers: std::ops::Range<u32>) {
    let said = Said { kind: "match".into(), title: "Cards".into(), items: 1, ..Said::default() };
    let body = serde_json::to_string(&said).expect("JSON");
    let messages: Vec<NewMessage> = numbers
        .map(|number| NewMessage {
            id: format!("m-{number}").into(),
            channel: match number % 2 {
                0 => Channel::Webhook("soc".into()),
                _ => Channel::Mail("ann@corp.example".into()),
            },
            body: body.clone(),
            digest_at: None,
        })
        .collect();
    store(scene).add_messages(&messages).expect("kept");
}

fn listed(scene: &Scene, more: &[&str]) -> Vec<serde_json::Value> {
    let ran = call(scene, &[&["notify", "list", "--format", "jsonl"], more].concat());
    ran.expect_code(0);
    ran.out().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn a_test_message_goes_to_everybody_and_says_who_took_it() {
    let (hook, mail) = sinks();
    let scene = scene(&hook, &mail);
    call(&scene, &["notify", "test"])
        .expect_code(0)
        .expect_out("mail soc@corp.example: taken")
        .expect_out("webhook soc: taken");
    same("mails and posts", &(1, 1), &(mail.mails().len(), hook.posts().len()));
    assert_eq!(mail.mails()[0].header("Subject").as_deref(), Some("[sluicebox] test message"));
    hook.fail([HookFault::Status(503, None)]);
    call(&scene, &["notify", "test", "--webhook", "soc"]).expect_code(2).expect_out("not taken now: HTTP 503");
    call(&scene, &["notify", "test", "--webhook", "else"]).expect_code(2).expect_out("no webhook of that name");
    scene.write("soc.secret", format!("whsec_{}", STANDARD.encode([8; 32])));
    call(&scene, &["notify", "test", "--webhook", "soc"]).expect_code(2).expect_out("refused: HTTP 401");
    scene.write("soc.secret", "hunter2");
    let ran = call(&scene, &["notify", "test"]);
    ran.expect_code(2).expect_err("whsec_");
    assert!(!ran.err().contains("hunter2"));
    std::fs::set_permissions(scene.path("soc.secret"), std::fs::Permissions::from_mode(0o644)).expect("a mode");
    call(&scene, &["notify", "test"]).expect_code(2).expect_err("chmod 600");
}

#[test]
fn a_service_that_is_killed_while_a_message_is_taken_loses_none_and_repeats_it_under_its_id() {
    let (hook, mail) = sinks();
    let scene = scene(&hook, &mail);
    waiting(&scene, 0..1);
    hook.fail([HookFault::Hold]);
    let running = started(&scene);
    assert!(hook.wait_for(1, SOON));
    // The receiver has the first message and has not said so yet.
    running.signal("KILL");
    let _ = running.finish();
    let held = hook.posts()[0].id.clone();
    hook.release();
    waiting(&scene, 1..6);
    let running = started(&scene);
    assert!(hook.wait_for(4, SOON), "three messages, one of them twice");
    assert!(mail.wait_for(3, SOON));
    running.signal("INT");
    running.finish().expect_code(0);
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    let ids = hook.posts().into_iter().map(|post| post.id).chain(mail.mails().into_iter().map(|mail| mail.id()));
    ids.for_each(|id| *times.entry(id).or_default() += 1);
    same("messages that came", &6, &times.len());
    same("times of the held one", &Some(&2), &times.get(&held));
    let states: Vec<_> = listed(&scene, &[]).iter().map(|row| row["state"].to_string()).collect();
    same("states", &vec!["\"sent\"".to_owned(); 6], &states);
}

#[test]
fn messages_are_listed_from_a_number_and_parked_ones_are_brought_back() {
    let (hook, mail) = sinks();
    let scene = scene(&hook, &mail);
    waiting(&scene, 0..4);
    hook.fail([HookFault::Status(410, None)]);
    let running = started(&scene);
    assert!(hook.wait_for(2, SOON) && mail.wait_for(2, SOON));
    running.signal("INT");
    running.finish().expect_code(0);
    let parked = listed(&scene, &["--state", "parked"]);
    same("parked", &1, &parked.len());
    same("why", &"HTTP 410", &parked[0]["said"].as_str().unwrap_or_default());
    let after: Vec<_> = listed(&scene, &["--after", "2"]).iter().map(|row| row["sequence"].as_u64()).collect();
    same("after 2", &vec![Some(3), Some(4)], &after);
    let hooks = listed(&scene, &["--webhook", "soc"]);
    same("of the webhook", &2, &hooks.len());
    same("what it gets", &"sluicebox.match", &hooks[0]["message"]["type"].as_str().unwrap_or_default());
    call(&scene, &["notify", "list"]).expect_code(0).expect_out("one more item matches: Cards").expect_out("HTTP 410");
    call(&scene, &["notify", "retry"]).expect_code(0).expect_out("1 message brought back");
    let running = started(&scene);
    assert!(hook.wait_for(3, SOON));
    running.signal("INT");
    running.finish().expect_code(0);
    same("parked", &0, &listed(&scene, &["--state", "parked"]).len());
}

#[test]
fn settings_of_messages_are_refused_with_their_place() {
    let scene = Scene::new();
    #[rustfmt::skip]
    let rows = [
        ("[notify]\nhost = \"mail.example.com\"", "`host` needs `from`"),
        ("[notify]\nfrom = \"nobody\"\nhost = \"m\"", "`nobody` is no mail address"),
        ("[notify]\nfrom = \"a@b.example\"\nhost = \"m\"\ntls = \"none\"", "only for a server on this machine"),
        ("[notify]\nuser = \"a\"", "`user` needs `password_file`"),
        ("[notify]\noperators = [\"webhook:soc\"]", "no webhook `soc`"),
        ("[notify]\noperators = [\"soc\"]", "`soc` is no mail address"),
        ("[notify]\nfromm = \"a@b.example\"", "did you mean `from`?"),
        ("[notify]\ndigest_at = 24", "0 to 23"),
        ("[notify.webhooks.soc]\nurl = \"http://example.com/\"", "must begin with https://"),
        ("[notify.webhooks.soc]\nurl = \"https://example.com/\"", "`secret_file` is missing"),
        ("[notify.webhooks.soc]\nsecret = \"whsec_hunter2\"", "does not belong into the settings"),
        ("[notify.webhooks.soc]\nurls = \"https://example.com/\"", "did you mean `url`?"),
        ("[audit]\nanchor = \"http://example.com/\"", "begins with https://"),
        ("[audit]\nanchor_every = \"1s\"", "`anchor_every` must be"),
    ];
    for (text, said) in rows {
        scene.write("s.toml", text);
        let ran = call(&scene, &["notify", "test"]);
        ran.expect_code(2).expect_err(said);
        assert!(!ran.err().contains("hunter2"), "{text}");
    }
}
