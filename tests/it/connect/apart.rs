//! Two connectors of one provider whose tenants give the same ids to different things: nothing of one shows in the other.

use super::world::World;
use crate::harness::same;
use serde_json::Value;
use sluicebox::emulator::seed::Fill;

/// Two tenants of each provider, of the same seed: ids collide. The second of each has more files.
fn twins() -> (World, World) {
    let (one, other) = (World::new(), World::holding(&Fill { made_up: 300, ..Fill::small() }));
    let tables = other.settings();
    let (_, tables) = tables.split_once("[connector.box]").expect("a table");
    let file = |name: &str| format!("{:?}", other.scene.path(name));
    let mut tables = format!("[connector.box-b]{tables}").replace("[connector.dropbox]", "[connector.dropbox-b]");
    for name in ["box.secret", "dropbox.secret", "dropbox.refresh"] {
        tables = tables.replace(&format!("\"{name}\""), &file(name));
    }
    one.edit(|text| format!("{text}\n{tables}"));
    one.pace(500);
    (one, other)
}

fn survey(world: &World, name: &str) -> Value {
    let ran = world.run(["survey", name, "--format", "json"]);
    ran.expect_code(0).lines().pop().unwrap_or_default()
}

#[test]
fn connectors_whose_ids_collide_never_mix() {
    let (one, other) = twins();
    for (name, name_b) in [("box", "box-b"), ("dropbox", "dropbox-b")] {
        let calls = other.running.record().count();
        let first = survey(&one, name);
        same("calls of the other tenant", &calls, &other.running.record().count());
        let calls = one.running.record().count();
        let second = survey(&one, name_b);
        same("calls of the first tenant", &calls, &one.running.record().count());
        let files = |row: &Value| row["files"].as_u64().unwrap_or_default();
        assert!(files(&second) >= files(&first) + 300, "{name}: {first} {second}");
        // Each its own journal: a further pass finds what is there and nothing of the other.
        for (name, before) in [(name, &first), (name_b, &second)] {
            let again = survey(&one, name);
            let counts = |row: &Value| (row["files"].as_u64(), row["bytes"].as_u64(), row["people"].clone());
            same(name, &counts(before), &counts(&again));
            same(
                name,
                &(Some(2), Some(0), Some(0)),
                &(again["pass"].as_u64(), again["new"].as_u64(), again["gone"].as_u64()),
            );
            assert!(one.own(name, "survey.journal").exists(), "{name}");
        }
        let journal = one.own(name, "survey.journal");
        let swapped = one.run(["survey", name_b, "--journal", &journal.to_string_lossy()]);
        swapped.expect_code(2).expect_err("cannot use the journal");
    }
    // One loses its consent, the other does not notice; nor when the table goes.
    other.tenants.dropbox.unlink();
    one.run(["people", "dropbox-b"]).expect_code(2).expect_err("sluicebox connect dropbox dropbox-b --again");
    one.run(["people", "dropbox"]).expect_code(0);
    let vault = std::fs::read(one.own("dropbox", "vault")).expect("a vault");
    one.run(["remove", "dropbox-b", "--yes"]).expect_code(0);
    assert!(!one.own("dropbox-b", "").exists());
    same("vault", &vault, &std::fs::read(one.own("dropbox", "vault")).expect("a vault"));
    one.run(["people", "dropbox"]).expect_code(0);
}
