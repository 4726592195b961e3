//! Others' eyes: the official SDKs hold every receipt against what they see, and Prism every Box request of ours against the
//! published document. `tests/sdk/run` runs both; the variables it sets name the programs.
//!
//! All rows of a provider are run in one company, one after another, and undone. A witness (`tests/sdk/witness_*.py`) is
//! asked after each step: a line of JSON with the receipt's own state goes in, a line with what it sees otherwise comes out.

use super::row::{self, Row};
use super::rows;
use super::world::World;
use serde_json::{Value, json};
use sluicebox::emulator::{Door, boxcom};
use sluicebox::model::Provider;
use sluicebox::model::action::{Action, Receipt, State, Target};
use sluicebox::provider::govern::Facets;
use sluicebox::provider::settings::Cloud;
use std::io::{BufRead, BufReader, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

#[test]
#[ignore = "needs the SDK; tests/sdk/run runs it"]
fn the_box_sdk_sees_what_receipts_tell() {
    witnessed(Provider::Box);
}

#[test]
#[ignore = "needs the SDK; tests/sdk/run runs it"]
fn the_dropbox_sdk_sees_what_receipts_tell() {
    witnessed(Provider::Dropbox);
}

#[test]
#[ignore = "needs Prism; tests/sdk/run runs it"]
fn prism_refuses_no_box_request_of_ours() {
    let world = World::outside(Provider::Box);
    let mut behind = Vec::new();
    let world = world.through(|cloud| {
        let Cloud::Box(cloud) = cloud else { unreachable!("these are Box's settings") };
        for (url, document, said) in [
            (&mut cloud.api, "SLUICEBOX_PRISM_API", "SLUICEBOX_PRISM_API_SAID"),
            (&mut cloud.upload, "SLUICEBOX_PRISM_UPLOAD", "SLUICEBOX_PRISM_UPLOAD_SAID"),
        ] {
            let upstream = format!("{}://{}", url.scheme(), url.authority());
            let mut proxy = Helper::start(&["tests/sdk/prism/through.py", &var(document), &upstream, &var(said)]);
            let address: url::Url = proxy.line().parse().expect("the proxy's address");
            url.set_port(address.port()).expect("an address with a port");
            behind.push(proxy);
        }
    });
    let (done, missed) = each_row(&world, |_, _, _, _| Vec::new());
    println!("{done} rows through Prism");
    assert!(missed.is_empty(), "{} rows could not be asked:\n{}", missed.len(), missed.join("\n"));
}

/// Runs all rows of a provider before its SDK.
fn witnessed(provider: Provider) {
    let world = World::outside(provider);
    let ready = world.stage.folder.path().join("ready.json");
    std::fs::write(&ready, ready_file(&world).to_string()).unwrap();
    let script = format!("tests/sdk/witness_{provider}.py");
    let mut witness = Helper::start(&[&script, &ready.display().to_string()]);
    let (mut asked, mut compared) = (0, 0);
    let (done, wrong) = each_row(&world, |row, on, action, receipt| {
        let Some(state) = receipt.read_back.as_ref().or(receipt.found.as_ref()) else { return Vec::new() };
        let told = witness.ask(&claim(row, on, action, state));
        asked += 1;
        compared += told["compared"].as_u64().unwrap_or_default();
        let wrong = told["wrong"].as_array().cloned().unwrap_or_default();
        wrong.into_iter().map(|wrong| wrong.to_string()).collect()
    });
    println!("{provider}: {done} rows, {asked} receipts, {compared} facts held against the SDK");
    assert!(compared > 0 && wrong.is_empty(), "{} are seen otherwise:\n{}", wrong.len(), wrong.join("\n"));
}

/// What a receipt tells, for a witness.
fn claim(row: &Row, on: &Target, action: &Action, state: &State) -> Value {
    let facets = Facets::of(action);
    json!({
        "row": row.name,
        "on": on,
        "state": state,
        "facets": {
            "links": facets.links,
            "members": facets.members,
            "invitations": facets.invitations,
            "labels": facets.labels,
            "comment": facets.comment,
            "task": facets.task,
            "sessions": facets.sessions,
            "apps": facets.apps,
            // Told wherever it costs no call; a promise for these alone.
            "lock": matches!(action, Action::Lock { .. } | Action::Unlock),
        },
    })
}

/// Prepares, orders and undoes each row, and asks after each receipt; gives how many rows were done, and what was wrong.
fn each_row(
    world: &World,
    mut ask: impl FnMut(&Row, &Target, &Action, &Receipt) -> Vec<String>,
) -> (usize, Vec<String>) {
    let (mut done, mut wrong) = (0, Vec::new());
    for row in rows::all().into_iter().filter(|row| row.of.contains(&world.provider())) {
        let ran = catch_unwind(AssertUnwindSafe(|| {
            row::there_and_back(world, &row, &mut |on, action, receipt| {
                let said = ask(&row, on, action, receipt);
                wrong.extend(said.into_iter().map(|said| format!("{} {}: {said}", row.name, row.on)));
            })
        }));
        match ran.unwrap_or_else(|panic| Err(super::words(&*panic).to_owned())) {
            Ok(()) => done += 1,
            Err(why) => wrong.push(format!("{} {}: {why}", row.name, row.on)),
        }
    }
    (done, wrong)
}

/// What `sluicebox emulate --ready-file` writes, as far as the scripts read it.
fn ready_file(world: &World) -> Value {
    let address = |door: Door| world.stage.running.address(door).unwrap().to_owned();
    let keys = world.dropbox().keys();
    json!({
        "authority_pem": world.stage.running.authority_pem(),
        "doors": {"box_api": address(Door::BoxApi), "box_upload": address(Door::BoxUpload)},
        "box": {
            "api": format!("{}/2.0/", address(Door::BoxApi)),
            "upload": format!("{}/api/2.0/", address(Door::BoxUpload)),
            "client_id": boxcom::CLIENT_ID,
            "client_secret": boxcom::CLIENT_SECRET,
            "enterprise_id": boxcom::ENTERPRISE_ID,
        },
        "dropbox": {
            "api": address(Door::DropboxApi),
            "content": address(Door::DropboxContent),
            "notify": address(Door::DropboxNotify),
            "authorize": address(Door::DropboxApi),
            "app_key": keys.app_key,
            "app_secret": keys.app_secret,
            "refresh_token": keys.refresh_token,
        },
    })
}

fn var(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run tests/sdk/run"))
}

/// A script of `tests/sdk` that answers line by line; it ends when its input does.
struct Helper {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

impl Helper {
    fn start(args: &[&str]) -> Self {
        let mut child = Command::new(var("SLUICEBOX_PYTHON"))
            .args(args)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the script starts");
        let (to, from) = (child.stdin.take(), child.stdout.take().expect("an output"));
        Self { child, to, from: BufReader::new(from) }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.from.read_line(&mut line).expect("a line of text");
        line.trim().to_owned()
    }

    fn ask(&mut self, what: &Value) -> Value {
        let to = self.to.as_mut().expect("an input");
        writeln!(to, "{what}").and_then(|()| to.flush()).expect("the script reads");
        let line = self.line();
        serde_json::from_str(&line).unwrap_or_else(|_| json!({"wrong": [format!("the witness says {line:?}")]}))
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        drop(self.to.take());
        // It was told to end; how is its own business.
        let _ = self.child.wait();
    }
}
