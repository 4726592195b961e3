//! `sluicebox connect` through the real program, against both tenants of the emulator.

mod apart;
mod faults;
mod interrupted;
pub(crate) mod world;

use crate::harness::same;
use serde_json::Value;
use sluicebox::emulator::boxcom::keys;
use sluicebox::emulator::edit::{Play, Script};
use sluicebox::emulator::seed::Fill;
use std::os::unix::fs::PermissionsExt;
use world::{World, questions};

/// The link that a run printed.
fn link(out: &str) -> String {
    let line = out.lines().map(str::trim).find(|line| line.starts_with("http://127.0.0.1") && line.contains("state="));
    line.unwrap_or_default().to_owned()
}

#[test]
fn a_stranger_connects_box_by_at_most_five_questions() {
    let world = World::new();
    world.forget_credentials();
    let answers = format!("{}\n{}\n{}\n\n", keys::CLIENT_ID, keys::CLIENT_SECRET, keys::ENTERPRISE_ID);
    let ran = world.discreet(world.call(["box", "box"]).stdin(answers).run());
    ran.expect_code(0).expect_out("Create Platform App").expect_out("Platform Apps Manager").expect_out("Connected.");
    same("questions", &4, &questions(&ran));
    let secret = world.own("box", "client-secret");
    same("secret", &keys::CLIENT_SECRET.to_owned(), &std::fs::read_to_string(&secret).expect("a secret"));
    same("mode", &0o600, &(std::fs::metadata(&secret).expect("a file").permissions().mode() & 0o777));
    let settings = world.settings();
    assert!(settings.contains("# Two connectors") && !settings.contains(keys::CLIENT_SECRET), "{settings}");
    // All is there: the second run asks nothing and prints no guide.
    let again = world.discreet(world.call(["box", "box"]).run());
    again.expect_code(0).expect_out("Connected.");
    same("questions", &0, &questions(&again));
    assert!(!again.out().contains("Create Platform App"));
}

#[test]
fn a_machine_connects_box_by_flags_and_environment() {
    let world = World::new();
    world.forget_credentials();
    let call = world.call(["box", "box", "--client-id", keys::CLIENT_ID, "--enterprise", keys::ENTERPRISE_ID]);
    let ran = world.discreet(call.env("SLUICEBOX_BOX_CLIENT_SECRET", keys::CLIENT_SECRET).run());
    ran.expect_code(0).expect_out("SLUICEBOX_BOX_CLIENT_SECRET, which each later run needs too");
    same("questions", &0, &questions(&ran));
    assert!(!world.own("box", "client-secret").exists(), "a secret of the environment was written");
    world.run(["test", "box"]).expect_code(2).expect_err("has no client secret");
}

#[test]
fn box_is_connected_by_a_key_file_without_a_question() {
    let world = World::new();
    world.forget_credentials();
    let ran = world.discreet(world.call(["box", "box", "--jwt", "box.jwt.json"]).run());
    ran.expect_code(0).expect_out("Connected.");
    same("questions", &0, &questions(&ran));
    assert!(world.settings().contains("auth = \"jwt\""));
}

#[test]
fn box_is_connected_by_the_consent_of_an_admin_elsewhere() {
    let world = World::new();
    world.forget_credentials();
    let answers = format!("{}\n{}\n", keys::CLIENT_ID, keys::CLIENT_SECRET);
    let first = world.discreet(world.call(["box", "box", "--user"]).stdin(answers).run());
    first.expect_code(2).expect_err("waits for an admin's consent");
    same("questions", &3, &questions(&first));
    let address = World::open_link(&link(&first.out()));
    assert!(address.starts_with("http://localhost:8642/?"), "{address}");
    let forged = address.replace("state=", "state=x");
    let refused = world.discreet(world.call(["box", "box"]).stdin(forged).run());
    refused.expect_code(2).expect_err("belongs to another link");
    let second = world.discreet(world.call(["box", "box"]).stdin(format!("{address}\n")).run());
    second.expect_code(0).expect_out("the same link as before").expect_out("Connected.");
    same("questions", &1, &questions(&second));
    assert!(!world.own("box", "consent").exists());
    same(
        "mode",
        &0o600,
        &(std::fs::metadata(world.own("box", "vault")).expect("a vault").permissions().mode() & 0o777),
    );
    // A refresh token serves once: the vault has the next one, and the next.
    let used = std::fs::read(world.own("box", "vault")).expect("a vault");
    world.run(["test", "box"]).expect_code(0);
    world.run(["test", "box"]).expect_code(0);
    // A copy of the vault that was used elsewhere: the consent is over, and the next step leads to a new one.
    std::fs::write(world.own("box", "vault"), used).expect("written");
    world
        .run(["test", "box"])
        .expect_code(2)
        .expect_out("invalid_grant")
        .expect_out("sluicebox connect box box --again");
    world.run(["people", "box"]).expect_code(2).expect_err("sluicebox connect box box --again");
    let answers = format!("{}\n{}\n", keys::CLIENT_ID, keys::CLIENT_SECRET);
    let anew = world.discreet(world.call(["box", "box", "--again"]).stdin(answers).run());
    anew.expect_code(2).expect_err("waits for an admin's consent");
    let address = World::open_link(&link(&anew.out()));
    let third = world.discreet(world.call(["box", "box"]).stdin(format!("{address}\n")).run());
    third.expect_code(0).expect_out("the same link as before").expect_out("Connected.");
    same("questions", &1, &questions(&third));
}

#[test]
fn dropbox_is_connected_by_a_code_in_two_runs() {
    let world = World::new();
    world.forget_credentials();
    let key = world.tenants.dropbox.keys();
    let answers = format!("{}\n{}\n", key.app_key, key.app_secret);
    let first = world.discreet(world.call(["dropbox", "dropbox"]).stdin(answers).run());
    first.expect_code(2).expect_err("waits for an admin's consent").expect_out("team_data.member");
    same("questions", &3, &questions(&first));
    let page = World::open_link(&link(&first.out()));
    let code = page.split("<code id=\"code\">").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default();
    let second = world.discreet(world.call(["dropbox", "dropbox"]).stdin(format!("{code}\n")).run());
    second.expect_code(0).expect_out("Connected.");
    same("questions", &1, &questions(&second));
    world.run(["test", "dropbox"]).expect_code(0).expect_out("works");
}

#[test]
fn an_answer_that_comes_too_late_is_refused_and_a_new_link_printed() {
    let world = World::new();
    world.forget_credentials();
    let key = world.tenants.dropbox.keys();
    let answers = format!("{}\n{}\n", key.app_key, key.app_secret);
    let first = world.discreet(world.call(["dropbox", "dropbox"]).stdin(answers).run());
    let old = link(&first.out());
    let page = World::open_link(&old);
    let code = page.split("<code id=\"code\">").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default();
    let file = world.own("dropbox", "consent");
    let mut kept: Value = serde_json::from_slice(&std::fs::read(&file).expect("a link")).expect("JSON");
    kept["ends_ms"] = Value::from(1);
    std::fs::write(&file, kept.to_string()).expect("written");
    let second = world.discreet(world.call(["dropbox", "dropbox"]).stdin(format!("{code}\n")).run());
    second.expect_code(2).expect_err("code");
    let new = link(&second.out());
    assert!(!new.is_empty() && new != old, "{}", second.frame("a new link", &new));
}

#[test]
fn each_capability_is_told_apart() {
    let world = World::new();
    let ran = world.run(["test"]);
    ran.expect_code(0);
    for capability in ["account", "people", "feed", "read as another user", "sharing", "quarantine", "holds"] {
        same(capability, &2, &ran.out().matches(&format!("\n  {capability} ")).count());
    }
    let rows = world.run(["test", "--format", "json"]).lines();
    same("rows", &2, &rows.len());
    for row in &rows {
        same("schema", &"sluicebox.connect-test/1", &row["schema"].as_str().unwrap_or_default());
        same("can read", &Some(true), &row["can_read"].as_bool());
    }
    // The invited and the suspended member are told as a gap.
    ran.expect_out("nina@example.com").expect_out("ivan@example.com");
}

#[test]
fn a_co_admin_is_told_as_a_gap_of_coverage() {
    let world = World::new();
    let id = world.tenants.boxcom.user_id("carl").expect("a co-admin");
    let enterprise = format!("enterprise_id = \"{}\"", keys::ENTERPRISE_ID);
    world.edit(|text| text.replace(&enterprise, &format!("user_id = \"{id}\"")));
    let ran = world.run(["test", "box"]);
    ran.expect_out("partial").expect_out("co-admin");
}

#[test]
fn a_connector_is_switched_off_and_on_and_removed_without_touching_the_other() {
    let world = World::new();
    world.run(["list"]).expect_code(0).expect_out("never");
    world.run(["test"]).expect_code(0);
    let before = world.settings();
    world.run(["disable", "box"]).expect_code(0).expect_out("switched off");
    world.run(["list"]).expect_out("switched off").expect_out("ready").expect_out("works, just now");
    // Those that are off are not tested with all the rest.
    same("tested", &1, &world.run(["test", "--format", "json"]).lines().len());
    let calls = world.running.record().count();
    for command in ["survey", "people", "activity"] {
        world.run([command, "box"]).expect_code(2).expect_err("switched off");
    }
    same("calls", &calls, &world.running.record().count());
    world.run(["enable", "box"]).expect_code(0).expect_out("switched on");
    same("settings", &before.replace("enabled", ""), &world.settings().replace("enabled = true\n", ""));
    world.run(["remove", "box"]).expect_code(2).expect_out("[connector.box]").expect_err("nothing was deleted");
    assert!(world.own("box", "").exists());
    let ran = world.discreet(world.call(["remove", "box"]).stdin("box\n").run());
    ran.expect_code(0).expect_out("It keeps").expect_out("box is removed");
    assert!(!world.own("box", "").exists() && world.own("dropbox", "last-test.json").exists());
    assert!(world.scene.path("box.secret").exists(), "a file of the user's own was deleted");
    assert!(!world.settings().contains("[connector.box]") && world.settings().contains("[connector.dropbox]"));
    world.run(["test"]).expect_code(0);
    world.run(["remove", "dropbox", "--yes"]).expect_code(0);
    world.run(["list"]).expect_code(0).expect_out("No connector");
}

#[test]
fn two_connectors_of_one_provider_keep_their_files_apart() {
    let world = World::new();
    world.forget_credentials();
    world.edit(|text| {
        let (_, table) = text.split_once("[connector.box]\n").expect("a table");
        let (table, _) = table.split_once("\n[connector.dropbox]").expect("a table");
        format!("{text}\n[connector.box-two]\n{table}\n")
    });
    let wrong = format!("{}\nhunter2\n{}\n\n", keys::CLIENT_ID, keys::ENTERPRISE_ID);
    let right = format!("{}\n{}\n{}\n\n", keys::CLIENT_ID, keys::CLIENT_SECRET, keys::ENTERPRISE_ID);
    world.discreet(world.call(["box", "box"]).stdin(right).run()).expect_code(0);
    world.discreet(world.call(["box", "box-two"]).stdin(wrong).run()).expect_code(2);
    world.run(["test", "box"]).expect_code(0);
    world.run(["test", "box-two"]).expect_code(2);
    same(
        "two",
        &"hunter2".to_owned(),
        &std::fs::read_to_string(world.own("box-two", "client-secret")).expect("a secret"),
    );
    world.run(["remove", "box-two", "--yes"]).expect_code(0);
    world.run(["test", "box"]).expect_code(0);
}

#[test]
fn a_firewall_list_is_printed_without_a_call() {
    let world = World::new();
    world.edit(|_| {
        "state_dir = \"state\"\n[connector.b]\nprovider = \"box\"\n[connector.d]\nprovider = \"dropbox\"\n\
         proxy = \"http://proxy.example.com:3128\"\n"
            .to_owned()
    });
    let ran = world.run(["hosts"]);
    ran.expect_code(0);
    for row in [
        "api.box.com:443",
        "upload.box.com:443",
        "dl.boxcloud.com:443",
        "*.boxcloud.com:443",
        "account.box.com:443",
        "api.dropboxapi.com:443",
        "content.dropboxapi.com:443",
        "notify.dropboxapi.com:443",
        "www.dropbox.com:443",
        "through the proxy proxy.example.com:3128",
    ] {
        ran.expect_out(row);
    }
    same("calls", &0, &world.running.record().count());
}

#[test]
fn people_are_counted_and_listed() {
    let world = World::new();
    for name in ["box", "dropbox"] {
        world
            .run(["people", name])
            .expect_code(0)
            .expect_out("internal")
            .expect_out("erin@example.com")
            .expect_out("groups");
        let rows = world.run(["people", name, "--format", "jsonl"]).lines();
        let erin = rows.iter().find(|row| row["login"] == "erin@example.com").cloned().unwrap_or_default();
        same(
            name,
            &("internal", "active"),
            &(erin["side"].as_str().unwrap_or(""), erin["status"].as_str().unwrap_or("")),
        );
        assert!(rows.iter().any(|row| row["schema"] == "sluicebox.group/1" && row["name"] == "Finance"), "{name}");
    }
}

#[test]
fn activities_are_printed_in_our_words() {
    let world = World::new();
    for name in ["box", "dropbox"] {
        let ran = world.run(["activity", name, "--days", "30"]);
        ran.expect_code(0);
        for row in ran.lines() {
            same("schema", &"sluicebox.activity/1", &row["schema"].as_str().unwrap_or_default());
            assert!(row["kind"].is_string() && row["raw"].is_string() && row["subjects"].is_array(), "{row}");
        }
    }
}

#[test]
fn what_people_do_now_shows_in_the_activity_of_both() {
    let world = World::new();
    let rows = |name| world.run(["activity", name, "--days", "1"]).expect_code(0).lines();
    let before = ["box", "dropbox"].map(|name| rows(name).len());
    let played = Script::new(1, &Fill::small()).take(40).filter(|edit| world.tenants.play(edit).is_ok()).count();
    assert!(played > 20, "{played} edits were taken");
    for (name, before) in ["box", "dropbox"].into_iter().zip(before) {
        let rows = rows(name);
        // Views by visitors and the like tell nothing at one provider or the other; most deeds do.
        assert!(rows.len() >= before + played / 2, "{name}: {before} rows, {played} edits, {} rows", rows.len());
        let times: Vec<&str> = rows.iter().filter_map(|row| row["at"].as_str()).collect();
        assert!(times.is_sorted(), "{name}: {times:?}");
        assert!(rows.iter().any(|row| row["actor"]["login"] == "erin@example.com"), "{name}");
    }
}

#[test]
fn a_survey_counts_everything_and_goes_on_where_it_was() {
    let world = World::new();
    for name in ["box", "dropbox"] {
        let ran = world.run(["survey", name, "--format", "json", "--verify", "--journal", &format!("{name}.journal")]);
        let row = ran.lines().pop().unwrap_or_default();
        // What a policy or a lock keeps back was not read: no clean survey.
        let failures = row["verified"]["failures"].as_object().cloned().unwrap_or_default();
        ran.expect_code(if failures.is_empty() { 0 } else { 3 });
        let legitimate = failures.keys().all(|why| ["forbidden", "locked", "gone"].contains(&why.as_str()));
        assert!(legitimate && row["verified"]["files"].as_u64() > Some(10), "{row}");
        same("schema", &"sluicebox.survey/1", &row["schema"].as_str().unwrap_or_default());
        same("ended", &"complete", &row["ended"].as_str().unwrap_or_default());
        assert!(row["files"].as_u64() > Some(10) && row["bytes"].as_u64() > Some(0), "{row}");
        // A second pass over the same journal finds nothing new.
        let again = world.run(["survey", name, "--format", "json", "--journal", &format!("{name}.journal")]);
        let again = again.expect_code(0).lines().pop().unwrap_or_default();
        let counts = (again["pass"].as_u64(), again["new"].as_u64(), again["files"].as_u64());
        same(name, &(Some(2), Some(0), row["files"].as_u64()), &counts);
    }
    let other = world.run(["survey", "dropbox", "--journal", "box.journal"]);
    other.expect_code(2).expect_err("cannot use the journal box.journal");
}
