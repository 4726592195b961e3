//! Every row of the table "access level of a file", as Box's and as Dropbox's facts, own and inherited.

use super::*;
use crate::model::{Group, Person, Role, Status};

const NOW: i64 = 1_000_000;

fn id(text: &str) -> Arc<str> {
    text.into()
}

fn directory() -> Directory {
    let mut people = Directory::new(["corp.example".to_owned()]);
    for (account, login, side) in [
        ("1", "owner@corp.example", Side::Internal),
        ("2i", "colleague@corp.example", Side::Internal),
        ("9x", "partner@other.example", Side::External),
        ("3i", "contractor@elsewhere.example", Side::Internal),
    ] {
        people.add(Person {
            id: id(account),
            account: id(account),
            login: id(login),
            name: id(""),
            side,
            role: Role::Member,
            status: Status::Active,
        });
    }
    for (group, members) in
        [("inside", Some(vec!["1", "2i"])), ("mixed", Some(vec!["1", "9x"])), ("empty", Some(vec![])), ("unread", None)]
    {
        let members = members.map(|all| all.into_iter().map(id).collect());
        people.add_group(Group { id: id(group), name: id(""), members });
    }
    people
}

fn link(audience: Audience) -> Link {
    Link { audience, password: false, expires: None, download: None, url: Some(id("https://secret.example/s/1")) }
}

fn expiring(audience: Audience, expires: i64) -> Link {
    Link { expires: Some(Moment::from_millis(expires)), ..link(audience) }
}

fn member(who: Who) -> Member {
    Member { id: None, who, role: id("editor"), pending: false, inherited_from: None, expires: None }
}

fn account(account: &str) -> Who {
    Who::Person { account: Some(id(account)), login: None, side: None }
}

fn login(login: &str) -> Who {
    Who::Person { account: None, login: Some(id(login)), side: None }
}

/// A person as Dropbox tells it: with its own word about the team.
fn told(side: Side) -> Who {
    Who::Person { account: Some(id("dbid:unknown")), login: None, side: Some(side) }
}

fn group(group: &str, side: Option<Side>) -> Who {
    Who::Group { id: id(group), side }
}

fn invited(login: &str) -> Who {
    Who::Invited { login: id(login) }
}

fn links(links: Vec<Link>) -> Sharing {
    Sharing { links, ..Sharing::default() }
}

fn members(members: Vec<Member>) -> Sharing {
    Sharing { members: Members::Known(members), ..Sharing::default() }
}

fn of(who: Who) -> Sharing {
    members(vec![member(who)])
}

fn hidden() -> Sharing {
    Sharing { members: Members::Hidden, ..Sharing::default() }
}

fn outside() -> Sharing {
    Sharing { outside_owner: true, ..Sharing::default() }
}

fn company_place() -> Sharing {
    Sharing { whole_company: true, ..Sharing::default() }
}

/// Each fact alone: its level, how many reasons, whether all could be seen.
fn facts() -> Vec<(&'static str, Sharing, Level, usize, bool)> {
    use Audience::{Company, Members as OnlyMembers, Public, Unknown};
    use Level::{External, Internal, Private};
    let pending = |who| members(vec![Member { pending: true, ..member(who) }]);
    let role = |who, role| members(vec![Member { role: id(role), ..member(who) }]);
    let ends = |who, at| members(vec![Member { expires: Some(Moment::from_millis(at)), ..member(who) }]);
    let locked = |audience| links(vec![Link { password: true, ..link(audience) }]);
    vec![
        ("owner only", Sharing::default(), Private, 0, true),
        ("known to have no members", members(Vec::new()), Private, 0, true),
        // Public.
        ("box: open; dropbox: public", links(vec![link(Public)]), Level::Public, 1, true),
        ("open with a password", locked(Public), Level::Public, 1, true),
        ("open, ends later", links(vec![expiring(Public, NOW + 1)]), Level::Public, 1, true),
        ("open, ends now", links(vec![expiring(Public, NOW)]), Private, 0, true),
        ("open, ended", links(vec![expiring(Public, NOW - 1)]), Private, 0, true),
        ("two links", links(vec![link(Company), link(Public)]), Level::Public, 2, true),
        ("the same link twice", links(vec![link(Public), link(Public)]), Level::Public, 1, true),
        ("one link ended", links(vec![expiring(Public, 0), link(Company)]), Internal, 1, true),
        // External.
        ("box: collaborator not managed", of(account("77")), External, 1, true),
        ("box: external by the directory", of(account("9x")), External, 1, true),
        ("by login", of(login("PARTNER@other.example")), External, 1, true),
        ("by the login's domain", of(login("x@other.example")), External, 1, true),
        ("pending", pending(account("9x")), External, 1, true),
        ("invited outside", of(invited("x@other.example")), External, 1, true),
        ("pending invitation outside", pending(invited("x@other.example")), External, 1, true),
        ("dropbox: not the same team", of(told(Side::External)), External, 1, true),
        (
            "dropbox: its word against the directory",
            { of(Who::Person { account: Some(id("1")), login: None, side: Some(Side::External) }) },
            External,
            1,
            true,
        ),
        ("box: group with an outsider", of(group("mixed", None)), External, 1, true),
        ("dropbox: outside group", of(group("far", Some(Side::External))), External, 1, true),
        ("group inside by word, with an outsider", of(group("mixed", Some(Side::Internal))), External, 1, true),
        ("owned outside", outside(), External, 1, true),
        ("outside owner in the list", role(account("9x"), "owner"), External, 1, true),
        ("outsider, over later", ends(account("9x"), NOW + 1), External, 1, true),
        ("outsider, over", ends(account("9x"), NOW), Private, 0, true),
        // Internal.
        ("box: company; dropbox: team", links(vec![link(Company)]), Internal, 1, true),
        ("team and password", locked(Company), Internal, 1, true),
        ("company, ended", links(vec![expiring(Company, NOW)]), Private, 0, true),
        ("box: managed collaborator", of(account("2i")), Internal, 1, true),
        ("managed in spite of the domain", of(login("contractor@elsewhere.example")), Internal, 1, true),
        ("invited inside", of(invited("new@CORP.example")), Internal, 1, true),
        ("dropbox: same team", of(told(Side::Internal)), Internal, 1, true),
        ("co-owner", role(account("2i"), "co-owner"), Internal, 1, true),
        ("box: group inside", of(group("inside", None)), Internal, 1, true),
        ("group without members", of(group("empty", None)), Internal, 1, true),
        ("dropbox: group of the team", of(group("far", Some(Side::Internal))), Internal, 1, true),
        ("team folder", company_place(), Internal, 1, true),
        // No widening.
        ("box: collaborators; dropbox: no_one, members", links(vec![link(OnlyMembers)]), Private, 0, true),
        ("the owner's own entry", role(account("1"), "owner"), Private, 0, true),
        ("the owner's own entry, by word", role(told(Side::Internal), "Owner"), Private, 0, true),
        // Without sign-in: a kind of its own.
        ("unauthenticated", of(Who::Unauthenticated), Level::Public, 1, true),
        // Not to be seen.
        ("hidden members", hidden(), Private, 0, false),
        ("link of unknown audience", links(vec![link(Unknown)]), Private, 0, false),
        ("unknown audience, ended", links(vec![expiring(Unknown, NOW)]), Private, 0, true),
        ("group that cannot be read", of(group("unread", None)), Internal, 1, false),
        ("group not in the directory", of(group("nowhere", None)), Internal, 1, false),
        (
            "a member nothing is known of",
            of(Who::Person { account: None, login: None, side: None }),
            Internal,
            1,
            false,
        ),
    ]
}

fn look(own: &Sharing, above: &[(&str, Sharing)]) -> Exposure {
    let above: Vec<Above> =
        above.iter().map(|(name, sharing)| Above { id: id(name), sharing: Arc::new(sharing.clone()) }).collect();
    exposure(&id("file"), own, &above, &directory(), Moment::from_millis(NOW))
}

#[test]
fn each_fact_of_its_own() {
    for (name, sharing, level, reasons, known) in facts() {
        let got = look(&sharing, &[]);
        assert_eq!((got.level, got.reasons.len(), got.is_known()), (level, reasons, known), "{name}: {got:?}");
        assert!(got.reasons.iter().all(|reason| reason.inherited_from.is_none()), "{name}");
        assert_eq!(got.unknown, if known { vec![] } else { vec![id("file")] }, "{name}");
    }
}

#[test]
fn each_fact_of_any_folder_above_comes_down() {
    for (name, sharing, level, reasons, known) in facts() {
        for depth in 0..3 {
            let mut above = vec![("a", Sharing::default()), ("b", Sharing::default()), ("c", Sharing::default())];
            above[depth].1 = sharing.clone();
            let from = id(above[depth].0);
            let got = look(&Sharing::default(), &above);
            assert_eq!((got.level, got.reasons.len(), got.is_known()), (level, reasons, known), "{name}: {got:?}");
            assert!(got.reasons.iter().all(|reason| reason.inherited_from.as_ref() == Some(&from)), "{name}");
            assert_eq!(got.unknown, if known { vec![] } else { vec![from] }, "{name}");
        }
    }
}

#[test]
fn the_strongest_of_any_two_facts_counts_and_both_stay() {
    for (one, own, own_level, own_reasons, own_known) in facts() {
        for (other, above, level, reasons, known) in facts() {
            let got = look(&own, &[("a", above)]);
            assert_eq!(got.level, own_level.max(level), "{one} + {other}");
            assert_eq!(got.reasons.len(), own_reasons + reasons, "{one} + {other}");
            assert_eq!(got.is_known(), own_known && known, "{one} + {other}");
            assert!(got.reasons.is_sorted_by(|left, right| left.level >= right.level), "{one} + {other}");
        }
    }
}

#[test]
fn reasons_say_what_it_is_and_where_from() {
    let own = Sharing {
        links: vec![Link { password: true, ..expiring(Audience::Public, NOW + 5) }],
        members: Members::Known(vec![
            Member { pending: true, ..member(invited("x@other.example")) },
            Member { inherited_from: Some(id("top")), ..member(account("2i")) },
            Member { inherited_from: Some(id("top")), ..member(group("unread", None)) },
            member(Who::Unauthenticated),
        ]),
        ..Sharing::default()
    };
    // The folder "top" tells the same colleague once more: one reason, not two.
    let got = look(&own, &[("near", company_place()), ("top", of(account("2i")))]);
    let reason = |level, because, from: Option<&str>| ExposureReason { level, because, inherited_from: from.map(id) };
    let expires = Some(Moment::from_millis(NOW + 5));
    let want = [
        reason(Level::Public, Because::Link { audience: Audience::Public, password: true, expires }, None),
        reason(Level::Public, Because::Member { who: Who::Unauthenticated, pending: false }, None),
        reason(Level::External, Because::Member { who: invited("x@other.example"), pending: true }, None),
        reason(Level::Internal, Because::Member { who: account("2i"), pending: false }, Some("top")),
        reason(Level::Internal, Because::Group { id: id("unread") }, Some("top")),
        reason(Level::Internal, Because::WholeCompany, Some("near")),
    ];
    assert_eq!(got.reasons, want);
    assert_eq!(got.unknown, [id("top")]);
    assert!(!format!("{got:?}").contains("secret.example"));
}
