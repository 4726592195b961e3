//! Who may be called, what may be sent there, and what may be shown of it.

use super::*;

#[test]
fn only_hosts_of_the_settings_are_called() {
    let mut settings = settings(&Url::parse("https://api.example.com/2.0/").unwrap(), "*.boxcloud.example");
    let Cloud::Box(cloud) = &mut settings.cloud else { unreachable!() };
    cloud.upload = Url::parse("https://upload.example.com:8443/").unwrap();
    cloud.token = Url::parse("http://127.0.0.1:8080/token").unwrap();
    cloud.download_hosts.extend(["dl.example.com".to_owned(), "dl.example.com:444".to_owned(), "[::1]:81".to_owned()]);
    let hosts = Hosts::of(&settings).unwrap();
    for (url, serves) in [
        ("https://api.example.com/x", Some("Api")),
        ("https://API.example.com:443/x", Some("Api")),
        ("https://api.example.com:444/x", None),
        ("http://api.example.com/x", None),
        ("http://api.example.com:443/x", None),
        ("https://api.example.com./x", None),
        ("https://api.example.com.evil.example/x", None),
        ("https://user@api.example.com/x", None),
        ("https://user:word@api.example.com/x", None),
        ("https://upload.example.com:8443/x", Some("Api")),
        ("https://upload.example.com/x", None),
        ("http://127.0.0.1:8080/token", Some("Api")),
        ("http://127.0.0.1:8081/token", None),
        ("http://127.0.0.2:8080/token", None),
        ("https://dl.boxcloud.example/x?sig=1", Some("Downloads")),
        ("https://a.b.boxcloud.example/x", Some("Downloads")),
        ("https://boxcloud.example/x", None),
        ("https://evilboxcloud.example/x", None),
        ("https://.boxcloud.example/x", None),
        ("https://dl.boxcloud.example:8443/x", None),
        ("http://dl.boxcloud.example/x", None),
        ("https://dl.example.com/x", Some("Downloads")),
        ("https://dl.example.com:444/x", Some("Downloads")),
        ("http://[::1]:81/x", Some("Downloads")),
        ("ftp://api.example.com/x", None),
        ("file:///etc/passwd", None),
        ("data:text/plain,x", None),
    ] {
        let got = hosts.serves(&Url::parse(url).unwrap(), "look").ok().map(|serves| format!("{serves:?}"));
        assert_eq!(got.as_deref(), serves, "{url}");
    }
    let list = ["api.example.com:443", "upload.example.com:8443", "127.0.0.1:8080", "*.boxcloud.example:443"];
    assert_eq!(hosts.list()[..4], list);
}

#[test]
fn a_host_pattern_that_is_none_is_refused() {
    for pattern in ["", "*", "*.", "*.com", "https://dl.example.com", "dl.example.com/x", "dl.example.com:99999", "a b"]
    {
        let settings = settings(&Url::parse("https://api.example.com/").unwrap(), pattern);
        let error = Hosts::of(&settings).unwrap_err();
        assert_eq!(error.next(), Next::Refused, "{pattern}");
        assert!(error.advice().is_some_and(|advice| advice.contains("dl.boxcloud.com")), "{pattern}");
    }
}

#[test]
fn a_token_leaves_for_hosts_of_an_api_alone() {
    let clock = Clock::movable();
    let api = Script::play(&clock, vec![answer(200, &[], "")]);
    let download = Script::play(&clock, vec![answer(200, &[], "bytes")]);
    let http = Http::of(&settings(&api.url(""), &download.host()), options(&clock)).unwrap();
    let tokens = Tokens::default();
    let with = |headers: Vec<(&'static str, String)>, bearer, url| Call { headers, bearer, ..call(url, TENANT) };
    let own = |name| vec![(name, "Bearer x".to_owned())];
    for (name, call) in [
        ("a bearer to a download host", with(Vec::new(), Some(&tokens as &dyn Credentials), download.url("x?sig=1"))),
        ("a header of the caller's own", with(own("Authorization"), None, download.url("x?sig=1"))),
        ("the same to the API", with(own("AUTHORIZATION"), None, api.url("x"))),
        ("for a proxy", with(own("proxy-authorization"), None, api.url("x"))),
        ("a cookie", with(own("cookie"), None, api.url("x"))),
        (
            "a host unknown",
            with(Vec::new(), Some(&tokens as &dyn Credentials), Url::parse("https://a.b/?sig=1").unwrap()),
        ),
    ] {
        for error in [http.send(&call).map(drop).unwrap_err(), http.stream(&call).map(drop).unwrap_err()] {
            assert_eq!(error.next(), Next::Refused, "{name}");
            assert!(!format!("{error} {error:?}").contains("sig"), "{name}: {error:?}");
        }
    }
    assert!(api.heard().is_empty() && download.heard().is_empty(), "refused before any connection");
    http.send(&with(Vec::new(), Some(&tokens), api.url("x"))).unwrap();
    http.send(&with(Vec::new(), None, download.url("x?sig=1"))).unwrap();
    assert!(api.heard()[0].head.contains("authorization: bearer token-0"));
    assert!(!download.heard()[0].head.contains("authorization"));
}

#[test]
fn a_redirect_is_never_followed() {
    let clock = Clock::movable();
    let other = Script::play(&clock, vec![answer(200, &[], "elsewhere")]);
    for status in [301, 302, 303, 307, 308] {
        let location = format!("Location: {}", other.url("x?sig=1"));
        let script = Script::play(&clock, vec![answer(status, &[&location], ""), answer(status, &[&location], "")]);
        let http = Http::of(&settings(&script.url(""), &other.host()), options(&clock)).unwrap();
        let reply = http.send(&call(script.url("x"), TENANT)).unwrap();
        assert_eq!(reply.headers["location"], other.url("x?sig=1").as_str());
        assert_eq!(http.stream(&call(script.url("x"), TENANT)).unwrap().status, status);
    }
    assert!(other.heard().is_empty());
}

#[test]
fn what_prints_holds_no_secret() {
    let secret = Secret::new("hush=1");
    let url = Url::parse("https://dl.example.com/hush?hush=1").unwrap();
    let headers = vec![("x-hush", "hush".to_owned())];
    let form = Call { headers, payload: Payload::Form(&secret), ..call(url, TENANT) };
    let reply = Reply { status: 200, headers: HeaderMap::new(), body: b"hush".to_vec() };
    for shown in [format!("{form:?}"), format!("{reply:?}"), format!("{:?}", Payload::Json("hush"))] {
        assert!(!shown.contains("hush"), "{shown}");
    }
}
