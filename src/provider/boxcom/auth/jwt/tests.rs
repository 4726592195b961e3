//! Key files that open and key files that do not; what an assertion says, and that its signature holds. The keys beside this
//! file were made for it (`openssl genrsa`, `openssl pkcs8 -topk8 -v2 ...`, passphrase `test-passphrase`) and open nothing.

use super::*;
use ring::signature::{RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey};
use serde_json::Value;

const SEALED_3DES: &str = include_str!("sealed_3des.pem");
const SEALED_AES128: &str = include_str!("sealed_aes128.pem");
const SEALED_AES256: &str = include_str!("sealed_aes256.pem");
const OPEN: &str = include_str!("open.pem");
const PASSPHRASE: &str = "test-passphrase";

fn file(key: &str, passphrase: &str) -> String {
    json!({
        "boxAppSettings": {"clientID": "client", "clientSecret": "secret",
            "appAuth": {"publicKeyID": "kid1", "privateKey": key, "passphrase": passphrase}},
        "enterpriseID": "4711",
    })
    .to_string()
}

#[test]
fn key_files_that_open_and_that_do_not() {
    let enterprise = |id: Value| file(SEALED_3DES, PASSPHRASE).replace("\"4711\"", &id.to_string());
    let missing = file(SEALED_3DES, PASSPHRASE).replace("enterpriseID", "other");
    for (text, expected) in [
        (file(SEALED_3DES, PASSPHRASE), Ok(())),
        (file(SEALED_AES128, PASSPHRASE), Ok(())),
        (file(SEALED_AES256, PASSPHRASE), Ok(())),
        (file(OPEN, ""), Ok(())),
        (file(&SEALED_AES256.replace('\n', "\r\n"), PASSPHRASE), Ok(())),
        (file(SEALED_3DES, "wrong"), Err("its passphrase does not open its private key")),
        (file("no key", ""), Err("its private key is no PEM")),
        (
            file(&OPEN.replace("PRIVATE KEY", "CERTIFICATE"), ""),
            Err("its private key is of a kind that is not known here"),
        ),
        (enterprise(json!("0")), Err("it names no enterprise: the app is not authorised yet")),
        (missing, Err("it names no enterprise: the app is not authorised yet")),
        ("{}".into(), Err("not the JSON file of the developer console")),
        ("".into(), Err("not the JSON file of the developer console")),
    ] {
        assert_eq!(Signer::of(&text, None).map(drop), expected, "{}", text.len());
    }
    let user = BoxSubject::User("7".into());
    assert_eq!(Signer::of(&file(OPEN, ""), Some(user.clone())).unwrap().subject(), &user);
}

fn part(assertion: &str, at: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(assertion.split('.').nth(at).unwrap()).unwrap()).unwrap()
}

#[test]
fn an_assertion_says_what_box_asks_and_its_signature_holds() {
    let signer = Signer::of(&file(SEALED_AES256, PASSPHRASE), None).unwrap();
    let assertion = signer.assertion(Moment::from_millis(1_000_999), "0123456789abcdef").unwrap();
    let assertion = assertion.reveal();
    assert_eq!(part(assertion, 0), json!({"alg": "RS512", "typ": "JWT", "kid": "kid1"}));
    let claims = json!({"iss": "client", "sub": "4711", "box_sub_type": "enterprise", "aud": AUDIENCE,
        "jti": "0123456789abcdef", "exp": 1_045});
    assert_eq!(part(assertion, 1), claims);
    let (text, signature) = assertion.rsplit_once('.').unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA512, signer.key.public().as_ref());
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    assert!(public.verify(text.as_bytes(), &signature).is_ok());
}

#[test]
fn a_wrong_clock_is_put_right_by_the_servers() {
    let signer = Signer::of(&file(OPEN, ""), None).unwrap();
    for (server, now, exp) in [(None, 1_000, 46), (Some(600_000), 1_000, 645), (Some(1_000), 600_000, 46)] {
        *signer.ahead_ms.lock().unwrap() = 0;
        signer.correct(Moment::from_millis(now), server.map(Moment::from_millis));
        let form = signer.form(Moment::from_millis(now)).unwrap();
        let assertion = form.reveal().split("assertion=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        assert_eq!(part(&assertion, 1)["exp"], exp);
        assert_eq!(part(&assertion, 1)["jti"].as_str().map(str::len), Some(32));
    }
}

#[test]
fn ids_never_come_again() {
    assert_ne!(fresh_id().unwrap(), fresh_id().unwrap());
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.json");
    std::fs::write(&path, file(OPEN, "")).unwrap();
    for (mode, opens) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let result = Signer::read(&path, None);
        assert_eq!(result.is_ok(), opens, "{mode:o}");
        if let Err(error) = result {
            assert_eq!(error.next(), Next::Credentials);
            assert!(error.advice().unwrap().starts_with("run `chmod 600 "), "{error}");
        }
    }
    let missing = Signer::read(&folder.path().join("none"), None).unwrap_err();
    assert_eq!(missing.next(), Next::Credentials);
}
