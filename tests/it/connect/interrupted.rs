//! Surveys that end before their end: by Ctrl-C, and by a tenant that is gone.

use super::world::World;
use crate::harness::{Ran, Running, Scene, same};
use serde_json::Value;

/// Calls a second while something is to be interrupted: few enough that it is still at work after [`CALLS_BEFORE`].
const SLOW: u32 = 4;
/// Calls a second else.
const FAST: u32 = 500;
/// Calls after which it is interrupted.
const CALLS_BEFORE: u64 = 30;

/// A survey that has made some calls.
fn begun(world: &World, name: &str, journal: &str) -> Running {
    world.pace(SLOW);
    let before = world.running.record().count();
    let mut survey = world.call(["survey", name, "--format", "json", "--journal", journal]).start();
    while world.running.record().count() < before + CALLS_BEFORE && survey.ended().is_none() {
        std::thread::yield_now();
    }
    survey
}

fn row(ran: &Ran) -> Value {
    ran.lines().pop().unwrap_or_default()
}

/// What a survey of the same tenant must come to, however often it was interrupted.
fn totals(row: &Value) -> Vec<Value> {
    let mut totals: Vec<Value> = [
        "ended",
        "pass",
        "people",
        "files",
        "folders",
        "web_links",
        "bytes",
        "trashed",
        "outside",
        "export_only",
        "gone",
        "provider_bytes",
        "exposure",
    ]
    .iter()
    .map(|key| row[*key].clone())
    .collect();
    let holes = row["holes"].as_array().cloned().unwrap_or_default();
    let mut holes: Vec<String> = holes.iter().map(|hole| format!("{} {}", hole["what"], hole["why"])).collect();
    holes.sort();
    totals.push(holes.into());
    totals
}

#[test]
fn a_survey_that_was_stopped_ends_with_the_totals_of_one_that_was_not() {
    let world = World::new();
    for name in ["box", "dropbox"] {
        let survey = begun(&world, name, "stopped.journal");
        survey.signal("INT");
        let stopped = world.discreet(survey.finish());
        stopped.expect_code(3).expect_err("the same command goes on from stopped.journal");
        same(name, &"stopped", &row(&stopped)["ended"].as_str().unwrap_or_default());
        world.pace(FAST);
        let run = |journal| row(world.run(["survey", name, "--format", "json", "--journal", journal]).expect_code(0));
        let (resumed, whole) = (run("stopped.journal"), run("whole.journal"));
        same(name, &(Some(true), Some(false)), &(resumed["resumed"].as_bool(), whole["resumed"].as_bool()));
        same(name, &totals(&whole), &totals(&resumed));
        for journal in ["stopped.journal", "whole.journal"] {
            std::fs::remove_file(world.scene.path(journal)).expect("removed");
        }
    }
}

#[test]
fn a_tenant_that_goes_away_is_told_with_what_is_kept() {
    for name in ["box", "dropbox"] {
        let scene = Scene::new();
        let mut emulator = scene.call(["emulate", "--settings", "s.toml", "--made-up", "3000"]).start();
        while !emulator.line().starts_with("Ready") {}
        let text = std::fs::read_to_string(scene.path("s.toml")).expect("settings");
        let slow = text.replace("provider = ", &format!("rate_per_principal = {SLOW}.0\nprovider = "));
        std::fs::write(scene.path("s.toml"), slow).expect("written");
        let survey = ["connect", "--settings", "s.toml", "survey", name, "--journal", "cut.journal"];
        let mut survey = scene.call(survey).start();
        // Something is listed, most is not.
        let listed = || std::fs::metadata(scene.path("cut.journal")).map_or(0, |file| file.len());
        while listed() < 20_000 && survey.ended().is_none() {
            std::thread::yield_now();
        }
        emulator.signal("KILL");
        let ran = survey.finish();
        ran.expect_code(2).expect_err(&format!("error: connector `{name}`: could not"));
        ran.expect_err("127.0.0.1").expect_err("the same command goes on from cut.journal");
        emulator.finish();
    }
}
