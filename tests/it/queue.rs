//! `sluicebox queue`: what was given up is listed with its reason and brought back, with a service and without one.

use crate::doctor::{call, park, world};
use crate::harness::same;
use serde_json::Value;

#[test]
fn what_was_given_up_is_listed_and_brought_back() {
    let world = world();
    call(&world, "queue", &["status"]).expect_code(0).expect_out("Nothing waits.");
    call(&world, "queue", &["parked"]).expect_code(0).expect_out("Nothing is parked.");
    park(&world);
    call(&world, "queue", &["status"]).expect_code(0).expect_out("PARKED").expect_out("box");
    call(&world, "queue", &["parked"]).expect_code(0).expect_out("corrupt: 500 (1 try)").expect_out("1 job listed");
    call(&world, "queue", &["parked", "dropbox"]).expect_code(0).expect_out("Nothing is parked.");
    let row = call(&world, "queue", &["parked", "--format", "jsonl"]).lines().pop().unwrap_or_default();
    same("reason", &Value::from("corrupt"), &row["reason"]);
    same("connector", &Value::from("box"), &row["connector"]);
    call(&world, "queue", &["retry", "dropbox"]).expect_code(0).expect_out("0 jobs brought back.");
    call(&world, "queue", &["retry"])
        .expect_code(0)
        .expect_out("1 job brought back; the next `sluicebox run` sees to it.");
    call(&world, "queue", &["parked"]).expect_code(0).expect_out("Nothing is parked.");
    let row = call(&world, "queue", &["status", "--format", "jsonl"]).lines().pop().unwrap_or_default();
    same("lane", &Value::from("asked"), &row["lane"]);
    same("ready", &Value::from(1), &row["ready"]);
}

#[test]
fn a_name_that_the_store_does_not_know_is_told() {
    let world = world();
    call(&world, "queue", &["retry", "nobody"])
        .expect_code(2)
        .expect_err("knows no connector")
        .expect_err("box, dropbox");
    call(&world, "queue", &["parked", "nobody"]).expect_code(2).expect_err("knows no connector");
}
