mod writes;

use super::*;
use crate::emulator::wire::{Answer, Asked};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A tenant that knows six pages.
#[derive(Debug, Default)]
struct Toy {
    version: AtomicU64,
    asked: AtomicU64,
}

impl Cloud for Toy {
    fn answer(&self, asked: &Asked) -> Answer {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match asked.path.as_str() {
            "/echo" => Answer { body: asked.body.clone(), ..Answer::empty(200) }.with("x-query", asked.query.clone()),
            "/content" => Answer { body: vec![7; 1 << 20], ..Answer::empty(200) },
            "/poll" if self.version.load(Ordering::SeqCst) > 0 => Answer::text(200, "changed"),
            "/poll" => Answer { hold: Some(Duration::from_secs(30)), ..Answer::text(200, "nothing") },
            "/panic" => panic!("on purpose"),
            "/header" => Answer::empty(200).with("bad header", "x"),
            _ => Answer::empty(404).refused("no such page"),
        }
    }

    fn version(&self) -> u64 {
        self.version.load(Ordering::SeqCst)
    }

    fn principal(&self, asked: &Asked) -> String {
        asked.header("as-user").unwrap_or("owner").to_owned()
    }

    fn too_many(&self, _asked: &Asked, form: u64, wait: Duration) -> Answer {
        let secs = wait.as_secs();
        match form % 3 {
            0 => Answer::empty(429).with("Retry-After", secs.to_string()),
            1 => Answer::json(429, &serde_json::json!({ "error": { "retry_after": secs } })),
            _ => Answer::text(429, "slow down"),
        }
    }

    fn is_content(&self, asked: &Asked) -> bool {
        asked.path == "/content"
    }

    fn forget_position(&self, _asked: &Asked) -> bool {
        false
    }

    fn set_doors(&self, doors: &[(Door, String)]) {
        assert!(doors.iter().all(|(_, address)| address.contains("127.0.0.1:")));
    }
}

struct Room {
    running: Running,
    clock: Clock,
    toy: Arc<Toy>,
}

fn room(set: impl FnOnce(&mut Options)) -> Room {
    let (toy, clock) = (Arc::new(Toy::default()), Clock::movable());
    let cloud: Arc<dyn Cloud> = Arc::clone(&toy) as _;
    let clouds = vec![(Door::BoxApi, Arc::clone(&cloud)), (Door::BoxDownload, cloud)];
    let mut options = Options { clock: clock.clone(), clouds, ..Options::default() };
    set(&mut options);
    Room { running: start(options).expect("started"), clock, toy }
}

#[test]
fn a_stalled_request_is_not_worked_on_and_a_lost_one_is() {
    for (faults, asked, status) in
        [(Faults { stalled: 1.0, ..Faults::default() }, 0, 0), (Faults { lost: 1.0, ..Faults::default() }, 1, 200)]
    {
        let room = room(|options| options.faults = faults);
        let get = "GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        assert_eq!(raw(&room.running, Door::BoxApi, get), b"", "{faults:?}");
        assert_eq!(room.toy.asked.load(Ordering::SeqCst), asked, "{faults:?}");
        let latest = room.running.record().latest();
        assert_eq!((latest.len(), latest[0].status, latest[0].faulted), (1, status, true), "{faults:?}");
        room.running.set_faults(Faults::default());
        assert!(raw(&room.running, Door::BoxApi, get).starts_with(b"HTTP/1.1 200"), "switched off while running");
    }
}

/// Sends bytes and gives all that comes back until the server closes.
fn raw(running: &Running, door: Door, request: &str) -> Vec<u8> {
    let address = running.address(door).expect("a door").trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(address).expect("connected");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut got = Vec::new();
    // A connection that was cut may end by a reset.
    let _ = stream.read_to_end(&mut got);
    got
}

fn get(running: &Running, path: &str) -> (u16, String) {
    let got = raw(running, Door::BoxApi, &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    let text = String::from_utf8_lossy(&got).into_owned();
    (text.get(9..12).and_then(|code| code.parse().ok()).unwrap_or(0), text)
}

#[test]
fn requests_arrive_whole_and_answers_carry_length_and_date() {
    let room = room(|_| {});
    let got = raw(
        &room.running,
        Door::BoxDownload,
        "POST /echo?a=b+c HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n\
         3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    );
    let text = String::from_utf8_lossy(&got);
    for part in
        ["HTTP/1.1 200", "content-length: 5", "date: Thu, 01 Jan 1970 00:00:00 GMT", "x-query: a=b+c", "\r\n\r\nabcde"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    let record = room.running.record().latest();
    assert_eq!((record.len(), record[0].door, record[0].query.as_str()), (1, Door::BoxDownload, "a=b+c"));
    assert_eq!((record[0].status, record[0].authorized, record[0].principal.as_str()), (200, false, "owner"));
}

#[test]
fn odd_answers_and_a_tenant_that_panics_cost_one_request() {
    let room = room(|_| {});
    for (path, status, refused) in [
        ("/nowhere", 404, Some("no such page")),
        ("/panic", 500, Some("the emulator itself failed")),
        ("/header", 500, None),
        ("/echo", 200, None),
    ] {
        assert_eq!(get(&room.running, path).0, status, "{path}");
        let record = room.running.record().latest();
        assert_eq!(record.last().and_then(|last| last.refused.as_deref()), refused, "{path}");
    }
    assert_eq!(room.running.record().refused().len(), 2);
}

#[test]
fn a_long_poll_ends_with_the_time_or_with_a_change() {
    let room = room(|_| {});
    assert!(get(&room.running, "/poll").1.ends_with("nothing"));
    assert_eq!(room.clock.elapsed(), Duration::from_secs(30));
    assert_eq!(room.toy.asked.load(Ordering::SeqCst), 2);
    room.toy.version.store(1, Ordering::SeqCst);
    assert!(get(&room.running, "/poll").1.ends_with("changed"));
    assert_eq!(room.clock.elapsed(), Duration::from_secs(30));
}

#[test]
fn a_long_poll_on_the_machines_clock_sees_a_change_at_once() {
    let room = room(|options| options.clock = Clock::machine());
    std::thread::scope(|scope| {
        let polling = scope.spawn(|| get(&room.running, "/poll").1);
        while room.toy.asked.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        room.toy.version.store(1, Ordering::SeqCst);
        assert!(polling.join().expect("ended").ends_with("changed"));
    });
}

#[test]
fn a_cut_body_promises_all_and_brings_less() {
    let room = room(|options| options.faults.cut = 1.0);
    let (status, text) = get(&room.running, "/content");
    assert_eq!(status, 200);
    assert!(text.contains(&format!("content-length: {}", 1 << 20)), "{}", &text[..200]);
    let body = text.split_once("\r\n\r\n").expect("a head").1.len();
    assert!(body > 0 && body < 1 << 20, "{body}");
    assert!(room.running.record().latest()[0].faulted);
    get(&room.running, "/content");
    assert!(get(&room.running, "/content").1.len() > 1 << 20);
    assert_eq!(room.running.record().faulted(), 2);
}

#[test]
fn who_does_not_wait_is_recorded() {
    let pace = Pace { per_second: 1.0, burst: 2.0 };
    let room = room(|options| options.pace = pace);
    let rows = [(0, 200, false), (0, 200, false), (0, 429, false), (0, 429, true), (1, 200, true), (5, 200, false)];
    for (row, (advance, status, early)) in rows.into_iter().enumerate() {
        room.clock.advance(Duration::from_secs(advance));
        assert_eq!(get(&room.running, "/echo").0, status, "row {row}");
        let last = room.running.record().latest().pop().expect("recorded");
        assert_eq!((last.early, last.over_pace, last.faulted), (early, status == 429, false), "row {row}");
        assert_eq!(last.retry_after_secs, (status == 429).then_some(2), "row {row}");
    }
    assert_eq!(room.running.record().wrongs(), [0, 2, 2]);
    assert_eq!(room.running.highest_rates(), BTreeMap::from([("owner".into(), 0.6)]));
    room.running.set_pace(Pace::default());
    assert_eq!(get(&room.running, "/echo").0, 200);
}

#[test]
fn faults_are_put_in_and_taken_out() {
    let room = room(|_| {});
    room.running.set_faults(Faults { failing: 1.0, ..Faults::default() });
    assert!((500..=503).contains(&get(&room.running, "/echo").0));
    room.running.set_faults(Faults { throttled: 1.0, ..Faults::default() });
    assert_eq!(get(&room.running, "/other").0, 429);
    assert_eq!(room.toy.asked.load(Ordering::SeqCst), 0);
    room.running.set_faults(Faults::default());
    assert_eq!(get(&room.running, "/echo").0, 200);
    assert_eq!(room.running.record().faulted(), 2);
}

#[test]
fn dropping_it_closes_the_doors() {
    let Room { running, .. } = room(|_| {});
    let address = running.address(Door::BoxApi).expect("a door").trim_start_matches("http://").to_owned();
    let mut idle = TcpStream::connect(&address).expect("connected");
    drop(running);
    assert_eq!(idle.read(&mut [0; 1]).unwrap_or(0), 0);
    assert!(TcpStream::connect(&address).is_err());
}

#[test]
fn a_port_that_is_taken_is_an_error_that_names_it() {
    let holder = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = holder.local_addr().expect("an address").port();
    let cloud: Arc<dyn Cloud> = Arc::new(Toy::default());
    let options =
        Options { clouds: vec![(Door::BoxApi, cloud)], ports: vec![(Door::BoxApi, port)], ..Options::default() };
    let error = start(options).expect_err("taken");
    assert!(error.to_string().contains(&port.to_string()), "{error}");
}

#[test]
fn tls_is_spoken_under_the_authority_of_this_run() {
    let room = room(|options| {
        options.tls = true;
        options.names = vec!["api.example.com".into()];
    });
    let address = room.running.address(Door::BoxApi).expect("a door").to_owned();
    assert!(address.starts_with("https://127.0.0.1:"));
    let pem = room.running.authority_pem().expect("an authority").to_owned();
    let config = |trusted: bool| {
        let mut roots = rustls::RootCertStore::empty();
        if trusted {
            use rustls::pki_types::pem::PemObject;
            let der = rustls::pki_types::CertificateDer::from_pem_slice(pem.as_bytes()).expect("PEM");
            roots.add(der).expect("a certificate");
        }
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth()
    };
    let call = |trusted: bool, name: &str| -> std::io::Result<String> {
        let name = rustls::pki_types::ServerName::try_from(name.to_owned()).expect("a name");
        let client = rustls::ClientConnection::new(Arc::new(config(trusted)), name).expect("a client");
        let socket = TcpStream::connect(address.trim_start_matches("https://"))?;
        let mut stream = rustls::StreamOwned::new(client, socket);
        stream.write_all(b"GET /echo?tls HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")?;
        let mut got = String::new();
        let _ = stream.read_to_string(&mut got);
        Ok(got)
    };
    for name in ["127.0.0.1", "localhost", "api.example.com"] {
        assert!(call(true, name).expect("answered").contains("x-query: tls"), "{name}");
    }
    assert!(call(true, "other.example.com").is_err());
    assert!(call(false, "127.0.0.1").is_err());
}
