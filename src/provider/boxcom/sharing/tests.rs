//! Links and collaborations as Box tells them, and what is made of them.

use super::*;
use crate::clock::Moment;

#[test]
fn a_link_lets_in_whom_it_lets_in_in_effect() {
    for (told, audience, password, download) in [
        (r#"{"access":"open","effective_access":"open"}"#, Audience::Public, false, None),
        (r#"{"access":"open","effective_access":"company"}"#, Audience::Company, false, None),
        (r#"{"access":"company","effective_access":"collaborators"}"#, Audience::Members, false, None),
        (r#"{"access":"open"}"#, Audience::Public, false, None),
        (r#"{"access":"open","effective_access":"moon"}"#, Audience::Unknown, false, None),
        ("{}", Audience::Unknown, false, None),
        (r#"{"effective_access":"open","is_password_enabled":true}"#, Audience::Public, true, None),
        (r#"{"effective_access":"open","is_password_enabled":null,"permissions":null}"#, Audience::Public, false, None),
        (
            r#"{"effective_access":"open","permissions":{"can_download":false,"can_edit":true}}"#,
            Audience::Public,
            false,
            Some(false),
        ),
    ] {
        let link = link(&serde_json::from_str(told).unwrap());
        assert_eq!((link.audience, link.password, link.download), (audience, password, download), "{told}");
    }
}

#[test]
fn a_link_ends_when_it_says() {
    let told =
        r#"{"effective_access":"open","unshared_at":"2030-01-01T00:00:00-08:00","url":"https://example.box.com/s/x"}"#;
    let link = link(&serde_json::from_str(told).unwrap());
    assert_eq!(link.expires, Moment::parse("2030-01-01T08:00:00Z"));
    assert!(!format!("{link:?}").contains("example.box.com"));
}

/// A member in short, for tables.
fn told(member: Option<Member>) -> String {
    let Some(member) = member else { return "nobody".into() };
    let who = match &member.who {
        Who::Person { account, login, .. } => {
            format!("person {} {}", account.as_deref().unwrap_or("-"), login.as_deref().unwrap_or("-"))
        }
        Who::Group { id, .. } => format!("group {id}"),
        Who::Invited { login } => format!("invited {login}"),
        Who::Unauthenticated => "unauthenticated".into(),
    };
    let pending = if member.pending { " pending" } else { "" };
    let from = member.inherited_from.map(|id| format!(" from {id}")).unwrap_or_default();
    format!("{who} {}{pending}{from}", member.role)
}

#[test]
fn collaborations_and_who_they_let_in() {
    for (body, expected) in [
        (
            r#"{"id":"c","role":"editor","status":"accepted","accessible_by":{"type":"user","id":"3","login":"a@b.c"},
                "item":{"type":"file","id":"7"}}"#,
            "person 3 a@b.c editor",
        ),
        (
            r#"{"role":"viewer","status":"accepted","accessible_by":{"type":"group","id":"9","name":"Finance"},
                "item":{"type":"folder","id":"5"}}"#,
            "group 9 viewer from 5",
        ),
        (
            r#"{"role":"viewer","status":"pending","accessible_by":null,"invite_email":"x@y.z","item":null}"#,
            "invited x@y.z viewer pending",
        ),
        (
            r#"{"role":"viewer","status":"pending","accessible_by":{"type":"user","id":"3","login":"a@b.c"},"item":null}"#,
            "person 3 a@b.c viewer pending",
        ),
        (r#"{"role":"viewer","status":"rejected","accessible_by":{"type":"user","id":"3"}}"#, "nobody"),
        (r#"{"role":"viewer","accessible_by":{"type":"user","id":"2"}}"#, "unauthenticated viewer"),
        (r#"{"role":"viewer","status":"accepted","accessible_by":null,"invite_email":null}"#, "person - - viewer"),
        (r#"{"role":"new word","status":"new word","accessible_by":{"type":"robot","id":8}}"#, "person 8 - new word"),
    ] {
        assert_eq!(told(member(serde_json::from_str(body).unwrap(), "7")), expected, "{body}");
    }
}

#[test]
fn a_member_ends_when_it_says() {
    let body = r#"{"role":"viewer","expires_at":"2030-01-01T00:00:00Z","accessible_by":{"type":"user","id":"3"}}"#;
    let member = member(serde_json::from_str(body).unwrap(), "7").unwrap();
    assert_eq!(member.expires, Moment::parse("2030-01-01T00:00:00Z"));
}
