//! What goes over the wire, and what becomes of it when the wire fails.

use super::*;
use crate::provider::http::script::{cut, stall, trickle};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

/// A wait long enough for a test server to answer, short enough to be waited for.
const SHORT: Duration = Duration::from_millis(800);

#[test]
fn what_a_call_sends() {
    let secret = Secret::new("a=1&b=2");
    let typed = vec![("content-type", "application/json-patch+json".to_owned())];
    let of_type = |kind| format!("content-type: {kind}\r\n");
    for (method, headers, payload, kind, body) in [
        (Method::GET, vec![("as-user", "7".to_owned())], Payload::None, String::new(), ""),
        (Method::POST, Vec::new(), Payload::None, String::new(), ""),
        (Method::POST, Vec::new(), Payload::Json("null"), of_type("application/json"), "null"),
        (Method::PUT, typed, Payload::Json("[]"), of_type("application/json-patch+json"), "[]"),
        (Method::POST, Vec::new(), Payload::Form(&secret), of_type("application/x-www-form-urlencoded"), "a=1&b=2"),
        (Method::POST, Vec::new(), Payload::Bytes(b"x"), of_type("application/octet-stream"), "x"),
    ] {
        let clock = Clock::movable();
        let script = Script::play(&clock, vec![answer(200, &[], "")]);
        let as_user = headers.iter().any(|(name, _)| *name == "as-user");
        let call = Call { method: method.clone(), headers, payload, ..call(script.url("a?b=c"), TENANT) };
        client(&script, &clock).send(&call).unwrap();
        let heard = script.heard().remove(0);
        assert!(heard.head.starts_with(&format!("{method} /a?b=c HTTP/1.1\r\n")), "{}", heard.head);
        assert_eq!(heard.body, body.as_bytes());
        assert!(heard.head.contains("user-agent: sluicebox/"), "{}", heard.head);
        assert!(kind.is_empty() != heard.head.contains("content-type"), "{}", heard.head);
        assert!(heard.head.contains(&kind), "{}", heard.head);
        assert_eq!(heard.head.contains("as-user: 7\r\n"), as_user);
        assert!(!heard.head.contains("accept-encoding"), "hashes are those of the bytes as stored");
        assert!(method == Method::GET || heard.head.contains(&format!("content-length: {}\r\n", body.len())));
    }
}

#[test]
fn headers_that_cannot_be_sent_are_refused() {
    let clock = Clock::movable();
    let script = Script::play(&clock, Vec::new());
    for header in [("x", "a\r\nb: c"), ("a b", "c"), ("", "c")] {
        let headers = vec![(header.0, header.1.to_owned())];
        let got = client(&script, &clock).send(&Call { headers, ..call(script.url("x"), TENANT) });
        assert_eq!(got.unwrap_err().next(), Next::Refused, "{header:?}");
    }
    assert!(script.heard().is_empty());
}

#[test]
fn a_stream_is_judged_before_its_body_and_fails_with_its_next_step() {
    let long = "x".repeat(70_000);
    for (name, plays, want) in [
        ("whole", vec![answer(200, &[], &long)], Ok(70_000)),
        ("part", vec![answer(206, &["Content-Range: bytes 1-2/3"], "xx")], Ok(2)),
        ("not ready", vec![answer(202, &["Retry-After: 3"], ""), answer(200, &[], "xx")], Ok(2)),
        ("no content", vec![answer(204, &[], "")], Ok(0)),
        ("cut", vec![cut(200, &[], 70_001, &long)], Err("could not read a thing: the connection to 127.0.0.1 was cut")),
        ("stalled", vec![stall(200, 9, "xx")], Err("could not read a thing: no answer from 127.0.0.1 for 1 s")),
        ("gone", vec![answer(404, &["x-id: r-1"], "")], Err("could not read a thing: 404 (request r-1)")),
    ] {
        let clock = Clock::movable();
        let script = Script::play(&clock, plays);
        let options = Options { stall_timeout: SHORT, ..options(&clock) };
        let http = Http::of(&settings(&script.url(""), "dl.example.com"), options).unwrap();
        let got = http.stream(&call(script.url("x?sig=1"), TENANT)).map_err(|error| error.to_string());
        let got = got.and_then(|mut stream| {
            let mut body = Vec::new();
            stream.read_to_end(&mut body).map_err(|error| Error::carried_by(&error).unwrap().to_string())?;
            assert_eq!(stream.read(&mut [0; 9]).unwrap(), 0, "nothing after the end");
            Ok(body.len())
        });
        // The advice stands on lines of its own.
        let got = got.map_err(|said| said.lines().next().unwrap_or_default().to_owned());
        assert_eq!(got, want.map_err(str::to_owned), "{name}");
    }
}

#[test]
fn what_trickles_on_is_read_to_its_end_however_long_it_takes() {
    let clock = Clock::movable();
    let body = "x".repeat(30);
    // Two and a half stall guards in all, each pause a twelfth of one.
    let plays = vec![trickle(&body, SHORT / 12), trickle(&body, SHORT / 12)];
    let script = Script::play(&clock, plays);
    let options = Options { stall_timeout: SHORT, ..options(&clock) };
    let http = Http::of(&settings(&script.url(""), "dl.example.com"), options).unwrap();
    let mut streamed = String::new();
    http.stream(&call(script.url("x"), TENANT)).unwrap().read_to_string(&mut streamed).unwrap();
    assert_eq!(streamed, body);
    assert_eq!(outcome(&http.send(&call(script.url("x"), TENANT))), format!("200 {body}"));
    assert_eq!(script.heard().len(), 2);
}

#[test]
fn a_stream_gives_its_place_back_at_its_end() {
    let clock = Clock::movable();
    let script = Script::play(&clock, vec![answer(200, &[], "xx"), answer(200, &[], "")]);
    let mut settings = settings(&script.url(""), "dl.example.com");
    settings.limits.concurrency = 1;
    let http = Http::of(&settings, options(&clock)).unwrap();
    let mut stream = http.stream(&call(script.url("x"), TENANT)).unwrap();
    std::io::copy(&mut stream, &mut std::io::sink()).unwrap();
    http.send(&call(script.url("x"), TENANT)).unwrap();
    drop(stream);
}

#[test]
fn a_silent_server_is_given_up_unless_it_may_linger() {
    let clock = Clock::movable();
    for (patience, plays, want, calls) in [
        (Duration::ZERO, vec![Play::Stall(Vec::new()); 9], "Transient", 2),
        (Duration::ZERO, vec![Play::Stall(Vec::new()), answer(200, &[], "ok")], "200 ok", 2),
        (SHORT, vec![answer(200, &[], "ok")], "200 ok", 1),
    ] {
        let script = Script::play(&clock, plays);
        let options = Options { stall_timeout: SHORT, tries_max: 2, ..options(&clock) };
        let http = Http::of(&settings(&script.url(""), "dl.example.com"), options).unwrap();
        let got = http.send(&Call { patience, ..call(script.url("x"), TENANT) });
        assert_eq!(outcome(&got), want);
        assert_eq!(script.heard().len(), calls);
    }
}

/// The message of a call to `url` by a client with these settings; nobody answers.
fn failure(settings: &Settings, url: &str) -> (Next, String) {
    let http = Http::of(settings, options(&Clock::movable())).unwrap();
    let error = http.send(&call(Url::parse(url).unwrap(), TENANT)).unwrap_err();
    (error.next(), error.to_string())
}

/// A server without TLS, which tells a client hello so.
fn plain_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            let _ = socket.read(&mut [0; 64]);
            let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }
    });
    port
}

#[test]
fn a_connection_that_cannot_be_made_says_what_to_do() {
    let port = plain_server();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (url, next, said, advice) in [
        (format!("https://localhost:{port}/x?sig=1"), Next::Refused, "does not speak TLS", "check scheme and port"),
        (format!("http://127.0.0.1:{free}/x?sig=1"), Next::Transient, "nobody listens on", "connect hosts"),
        ("https://nowhere.invalid/x?sig=1".into(), Next::Transient, "is not a known host name", "check the spelling"),
    ] {
        let (got, text) = failure(&settings(&Url::parse(&url).unwrap(), "dl.example.com"), &url);
        assert_eq!(got, next, "{text}");
        assert!(text.contains(said) && text.contains(advice) && !text.contains("sig"), "{text}");
    }
}

#[test]
fn a_call_goes_through_the_proxy_of_the_settings() {
    let clock = Clock::movable();
    let proxy = Script::play(
        &clock,
        vec![answer(200, &[], "by proxy"), answer(403, &[], ""), answer(403, &[], ""), answer(403, &[], "")],
    );
    let mut settings = settings(&Url::parse("http://127.0.0.1:9/").unwrap(), "dl.example.com");
    settings.proxy = Some(proxy.url(""));
    let http = Http::of(&settings, options(&clock)).unwrap();
    let got = http.send(&call(Url::parse("http://127.0.0.1:9/x").unwrap(), TENANT));
    assert_eq!(outcome(&got), "200 by proxy");
    let error =
        http.send(&call(Url::parse("https://dl.example.com/x?sig=1").unwrap(), TENANT)).unwrap_err().to_string();
    assert!(
        error.contains("the proxy gave no way to dl.example.com:443") && error.contains("check `proxy`"),
        "{error}"
    );
    let lines: Vec<String> =
        proxy.heard().iter().map(|heard| heard.head.lines().next().unwrap_or_default().to_owned()).collect();
    assert_eq!(lines[..2], ["GET http://127.0.0.1:9/x HTTP/1.1", "CONNECT dl.example.com:443 HTTP/1.1"]);
}

/// A TLS server on loopback with a certificate of its own making, and that certificate as PEM. It answers each connection.
fn tls_server(name: &str) -> (u16, String) {
    install_tls();
    let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for socket in listener.incoming() {
            let tls = rustls::ServerConnection::new(Arc::new(config.clone())).unwrap();
            let mut stream = rustls::StreamOwned::new(tls, socket.unwrap());
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
                head.extend(byte);
            }
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    (port, made.cert.pem())
}

#[test]
fn a_private_authority_is_trusted_when_the_settings_name_it() {
    let (port, pem) = tls_server("localhost");
    let url = format!("https://localhost:{port}/x?sig=1");
    let mut settings = settings(&Url::parse(&url).unwrap(), "dl.example.com");
    let (next, text) = failure(&settings, &url);
    assert_eq!(next, Next::Refused);
    assert!(text.contains("the certificate of localhost is not trusted") && text.contains("`authority`"), "{text}");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("authority.pem");
    settings.authority = Some(path.clone());
    fs::write(&path, pem).unwrap();
    let http = Http::of(&settings, options(&Clock::movable())).unwrap();
    assert_eq!(outcome(&http.send(&call(Url::parse(&url).unwrap(), TENANT))), "200 ok");
    let (_, elsewhere) = failure(&Settings { ..settings.clone() }, &url.replace("localhost", "127.0.0.1"));
    assert!(elsewhere.contains("not a host of this connector"), "{elsewhere}");
    for text in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        fs::write(&path, text).unwrap();
        let error = Http::of(&settings, options(&Clock::movable())).unwrap_err();
        assert!(
            error.to_string().contains("certificate authorities") || error.to_string().contains("HTTP client"),
            "{error}"
        );
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(Http::of(&settings, options(&Clock::movable())).unwrap_err().next(), Next::Refused);
}

#[test]
fn settings_without_sense_are_refused() {
    for rate in [0.0, -1.0, f64::NAN] {
        let mut settings = settings(&Url::parse("https://api.example.com/").unwrap(), "dl.example.com");
        settings.limits.rate_per_principal = rate;
        let error = Http::of(&settings, options(&Clock::movable())).unwrap_err();
        assert!(error.to_string().contains("rate_per_principal"), "{error}");
    }
}
