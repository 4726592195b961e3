//! The edge over real sockets, without an engine.

use super::*;
use crate::clock::Clock;
use crate::engine::control::{Answer, Command, PROTOCOL, REQUEST_BYTES_MAX, Refusal, Reply, Request};
use crate::provider::{Delivery, Secret};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Remembers how long each body was.
#[derive(Debug, Default)]
struct Bodies(Mutex<Vec<usize>>);

impl Hooks for Bodies {
    fn deliver(&self, _: &str, delivery: &Delivery<'_>) -> Option<Told> {
        self.0.lock().unwrap().push(delivery.body.len());
        Some(Told::Taken)
    }

    fn knows(&self, connector: &str) -> bool {
        connector == "main"
    }
}

fn routes(hooks: &Arc<Bodies>, credential: Option<&str>) -> Routes {
    Routes {
        hooks: Arc::clone(hooks) as Arc<dyn Hooks>,
        health: Arc::new(Health::default),
        metrics: Arc::new(|| "x 1\n".into()),
        credential: credential.map(Secret::new),
        clock: Clock::machine(),
    }
}

fn serving(hooks: &Arc<Bodies>) -> Running {
    let address = "127.0.0.1:0".parse().unwrap();
    start(Edge { http: Some((address, routes(hooks, None))), control: None }).unwrap()
}

/// Sends bytes and reads until the other side closes.
fn exchange(running: &Running, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(running.address().unwrap()).unwrap();
    // The other side may answer and close before it has taken all in.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn health_and_numbers_are_served_and_each_connection_ends() {
    let hooks = Arc::default();
    let running = serving(&hooks);
    for (target, part) in [("/health", "\"ok\":true"), ("/metrics", "x 1\n")] {
        let answer = exchange(&running, format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(part), "{answer}");
        assert!(answer.to_lowercase().contains("connection: close"), "{answer}");
    }
    let head = exchange(&running, b"HEAD /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
    assert_eq!(exchange(&running, b"what is this\r\n\r\n").get(..12), Some("HTTP/1.1 400"));
}

#[test]
fn a_delivery_is_taken_in_up_to_its_bound() {
    let hooks: Arc<Bodies> = Arc::default();
    let running = serving(&hooks);
    let post = |target: &str, head: &str, body: &[u8]| {
        let head = format!("POST {target} HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n");
        let answer = exchange(&running, &[head.as_bytes(), body].concat());
        answer.get(9..12).unwrap_or_default().to_owned()
    };
    let most = vec![b'a'; serve::BODY_BYTES_MAX];
    assert_eq!(post("/hooks/main", &format!("Content-Length: {}", most.len()), &most), "200");
    assert_eq!(post("/hooks/main", &format!("Content-Length: {}", most.len() + 1), b"a"), "413");
    let chunks = [b"80000\r\n".as_slice(), &most[..0x80000], b"\r\n"].concat().repeat(3);
    assert_eq!(post("/hooks/main", "Transfer-Encoding: chunked", &chunks), "413");
    // Nobody else's body is taken in at all.
    assert_eq!(post("/hooks/other", "Content-Length: 1", b"a"), "200");
    assert_eq!(*hooks.0.lock().unwrap(), [serve::BODY_BYTES_MAX, 0]);
}

#[test]
fn what_other_machines_can_reach_needs_a_credential() {
    let hooks = Arc::default();
    let any = "0.0.0.0:0".parse().unwrap();
    let refused = start(Edge { http: Some((any, routes(&hooks, None))), control: None }).unwrap_err();
    assert!(refused.to_string().contains("http_credential_file"), "{refused}");
    let running = start(Edge { http: Some((any, routes(&hooks, Some("hunter2")))), control: None }).unwrap();
    let port = running.address().unwrap().port();
    let ask = |header: &str| {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(format!("GET /health HTTP/1.1\r\nHost: a\r\n{header}\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer[9..12].to_owned()
    };
    assert_eq!((ask(""), ask("Authorization: Bearer hunter2\r\n")), ("401".to_owned(), "200".to_owned()));
}

fn control(path: &Path) -> Control {
    Control {
        path: path.to_path_buf(),
        perform: Arc::new(|command, _| match command {
            Command::QueueRetry { item: Some(item), .. } => {
                Ok(Answer::Counted { count: u64::try_from(*item).unwrap() })
            }
            Command::Stop => panic!("a defect, on purpose"),
            _ => Err(Refusal::new("not now")),
        }),
    }
}

fn tell(path: &Path, line: &[u8]) -> Option<Reply> {
    let mut stream = UnixStream::connect(path).unwrap();
    let _ = stream.write_all(line);
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply);
    serde_json::from_slice(&reply).ok()
}

#[test]
fn a_command_goes_in_and_its_reply_comes_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sock");
    let running = start(Edge { http: None, control: Some(control(&path)) }).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let of = |command: &Command| tell(&path, &Request::of(command).line());
    assert_eq!(
        of(&Command::QueueRetry { connector: None, item: Some(4) }),
        Some(Reply::Ok(Answer::Counted { count: 4 }))
    );
    assert_eq!(of(&Command::Ping), Some(Reply::Refused(Refusal::new("not now"))));
    // A defect costs one command, not the service.
    assert!(matches!(of(&Command::Stop), Some(Reply::Refused(refusal)) if refusal.what.contains("failed")));
    assert_eq!(of(&Command::Ping), Some(Reply::Refused(Refusal::new("not now"))));
    assert!(matches!(tell(&path, b"nonsense\n"), Some(Reply::Refused(_))));
    let other = format!("{{\"protocol\":{},\"command\":null}}\n", PROTOCOL + 1);
    assert!(matches!(tell(&path, other.as_bytes()), Some(Reply::OtherVersion { protocol: PROTOCOL, .. })));
    assert_eq!(tell(&path, &vec![b'a'; REQUEST_BYTES_MAX + 5_000]), None);
    drop(running);
    assert!(!path.exists(), "the socket's file is gone with the edge");
}

#[test]
fn what_a_dead_process_left_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(UnixStream::connect(&path).is_err());
    let _running = start(Edge { http: None, control: Some(control(&path)) }).unwrap();
    assert!(tell(&path, &Request::of(&Command::Ping).line()).is_some());
    let long = folder.path().join("a".repeat(120));
    let refused = start(Edge { http: None, control: Some(control(&long)) }).unwrap_err();
    assert!(refused.to_string().contains("too long for a socket"), "{refused}");
}
