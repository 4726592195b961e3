//! `sluicebox queue`: what was given up is listed with its reason and brought back, with a service and without one.

use crate::doctor::{call, park, world};
use crate::harness::same;
use serde_json::Value;
use sluicebox::clock::Clock;
use sluicebox::engine::control::{Answer, Lock, PROTOCOL, Reply};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;

#[test]
fn what_was_given_up_is_listed_and_brought_back() {
    let world = world();
    call(&world, "queue", &["status"]).expect_code(0).expect_out("Nothing waits.");
    call(&world, "queue", &["parked"]).expect_code(0).expect_out("Nothing is parked.");
    let empty = call(&world, "queue", &["status", "--format", "jsonl"]).lines();
    same("one line for each lane of each connector", &8, &empty.len());
    assert!(empty.iter().all(|row| row["ready"] == 0 && row["parked"] == 0));
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
    let rows = call(&world, "queue", &["status", "--format", "jsonl"]).lines();
    let waiting: Vec<&Value> = rows.iter().filter(|row| row["ready"] != 0).collect();
    assert_eq!(waiting.len(), 1, "{rows:?}");
    same("lane", &Value::from("asked"), &waiting[0]["lane"]);
    same("ready", &Value::from(1), &waiting[0]["ready"]);
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

/// Stands in for a service: takes one command and answers with this.
fn answering(path: &std::path::Path, reply: Option<Reply>) -> std::thread::JoinHandle<String> {
    let listener = UnixListener::bind(path).expect("a socket");
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a command");
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).expect("a line");
        if let Some(reply) = reply {
            stream.write_all(&reply.line()).expect("answered");
        }
        line
    })
}

#[test]
fn a_command_goes_through_the_service_or_says_why_not() {
    let other = Reply::OtherVersion { protocol: PROTOCOL + 1, version: "9.9.9".to_owned() };
    let rows = [
        (Some(Reply::Ok(Answer::Counted { count: 3 })), 0, "3 jobs brought back; the service sees to it now."),
        (Some(other), 2, "the running service is version 9.9.9"),
        (None, 2, "it may belong to another user"),
    ];
    for (reply, code, said) in rows {
        let world = world();
        let service = answering(&world.scene.path("data/control.sock"), reply);
        let ran = call(&world, "queue", &["retry", "box"]);
        assert!(service.join().expect("a command").contains("\"do\":\"queue_retry\""));
        same("code", &code, &ran.code());
        assert!(format!("{}{}", ran.out(), ran.err()).contains(said), "{}", ran.frame(said, "not there"));
    }
}

#[test]
fn who_holds_the_store_is_told() {
    let world = world();
    let lock = Lock::take(&world.scene.path("data"), "rules apply", &Clock::machine()).expect("a lock");
    let ran = call(&world, "queue", &["retry"]);
    ran.expect_code(2).expect_err("`sluicebox rules apply`, process").expect_err("try again when it has ended");
    // Reading waits for nobody.
    call(&world, "queue", &["status"]).expect_code(0);
    drop(lock);
    call(&world, "queue", &["retry"]).expect_code(0);
}
