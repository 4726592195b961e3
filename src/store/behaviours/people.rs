//! What a store must show of people: the list comes back as it was kept, and what it changed is told.

use super::{Behaviour, Stand, file};
use crate::model::{Directory, Group, ItemNumber, Member, Members, Person, Role, Sharing, Side, Status, Who};
use crate::store::{Dependence, PeopleChanges, PeopleTaken, Settlement};
use std::sync::Arc;
use std::time::Duration;

/// The list.
pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("a list of people comes back as it was kept", comes_back),
    ("a new list tells what it changed", tells_what_changed),
    ("who left is kept", who_left_is_kept),
    ("links are wanted once", links_are_wanted),
    ("dependants are found by whom they rest on", dependants_are_found),
];

fn person(number: u32, side: Side, status: Status) -> Person {
    Person {
        id: format!("m{number}").into(),
        account: format!("a{number}").into(),
        login: format!("User{number}@Corp.example").into(),
        name: format!("User {number}").into(),
        side,
        role: [Role::Admin, Role::CoAdmin, Role::Member, Role::Service][usize::try_from(number % 4).unwrap()],
        status,
    }
}

fn group(id: &str, members: Option<&[&str]>) -> Group {
    let members = members.map(|members| members.iter().map(|account| Arc::from(*account)).collect());
    Group { id: id.into(), name: format!("Group {id}").into(), members }
}

fn taken(people: &[Person], groups: &[Group], domains: &[&str]) -> PeopleTaken {
    let mut directory = Directory::new(domains.iter().map(|domain| (*domain).to_owned()));
    people.iter().for_each(|person| directory.add(person.clone()));
    groups.iter().for_each(|group| directory.add_group(group.clone()));
    PeopleTaken { directory }
}

fn some() -> Vec<Person> {
    vec![
        person(3, Side::Internal, Status::Active),
        person(1, Side::Internal, Status::Inactive),
        person(2, Side::External, Status::Active),
        person(4, Side::Internal, Status::Invited),
    ]
}

fn texts(texts: &[&str]) -> Vec<Arc<str>> {
    texts.iter().map(|text| Arc::from(*text)).collect()
}

fn comes_back(stand: &mut Stand) {
    let of = stand.connector("main");
    assert!(stand.store.directory(of).unwrap().is_none(), "never kept is not empty");
    assert_eq!(stand.store.people_as_of(of).unwrap(), None);
    let groups = [group("g1", Some(&["a1", "a3"])), group("g2", None), group("g3", Some(&[]))];
    let list = taken(&some(), &groups, &["corp.example", "Corp.Test"]);
    let first = PeopleChanges { new: 4, ..PeopleChanges::default() };
    assert_eq!(stand.store.keep_people(of, &list).unwrap(), first, "nothing rested on anybody before");
    let kept_at = stand.clock.steady();
    stand.clock.advance(Duration::from_secs(1));
    stand.crash();
    let kept = stand.store.directory(of).unwrap().unwrap();
    assert_eq!(kept.people(), some(), "in the provider's order");
    assert_eq!(kept.domains(), list.directory.domains());
    for group in &groups {
        assert_eq!(kept.group(&group.id), Some(group), "unreadable is not empty");
    }
    assert_eq!(kept.groups().count(), 3);
    assert_eq!(stand.store.people_as_of(of).unwrap(), Some(kept_at));
    assert!(stand.store.directory(stand.connector("other")).unwrap().is_none(), "connectors are apart");
}

fn tells_what_changed(stand: &mut Stand) {
    let of = stand.connector("main");
    let groups = [group("g1", Some(&["a1", "a3"])), group("g2", None), group("g3", Some(&["a2"]))];
    let first = taken(&some(), &groups, &["corp.example", "old.test"]);
    stand.store.keep_people(of, &first).unwrap();
    assert_eq!(stand.store.keep_people(of, &first).unwrap(), PeopleChanges::default(), "the same again");
    let mut people = some();
    people[0].side = Side::External;
    people[1].name = "Another Name".into();
    people.pop();
    people.insert(0, person(9, Side::Internal, Status::Active));
    let groups = [group("g1", Some(&["a3", "a1"])), group("g2", Some(&["a9"])), group("g4", Some(&[]))];
    let second = taken(&people, &groups, &["corp.example", "New.Test"]);
    let mut changes = stand.store.keep_people(of, &second).unwrap();
    changes.people.sort_unstable();
    changes.logins.sort_unstable();
    let expected = PeopleChanges {
        new: 1,
        people: texts(&["a3", "a4", "a9"]),
        logins: texts(&["User3@Corp.example", "User4@Corp.example", "User9@Corp.example"]),
        groups: texts(&["g2", "g3", "g4"]),
        domains: texts(&["new.test", "old.test"]),
    };
    assert_eq!(changes, expected);
    assert!(!changes.is_empty());
    let kept = stand.store.directory(of).unwrap().unwrap();
    assert_eq!(&kept.people()[..4], &people[..], "names too, though they change no exposure");
    assert_eq!(kept.groups().count(), 3);
    people[1].login = "Renamed@corp.example".into();
    let renamed = stand.store.keep_people(of, &taken(&people, &groups, &["corp.example", "new.test"])).unwrap();
    assert_eq!(renamed.people, texts(&["a3"]));
    assert_eq!(renamed.logins, texts(&["User3@Corp.example", "Renamed@corp.example"]), "both logins concern items");
}

fn who_left_is_kept(stand: &mut Stand) {
    let of = stand.connector("main");
    stand.store.keep_people(of, &taken(&some(), &[], &[])).unwrap();
    let staying = &some()[1..];
    let left = stand.store.keep_people(of, &taken(staying, &[], &[])).unwrap();
    assert_eq!((left.new, left.people), (0, texts(&["a3"])));
    let kept = stand.store.directory(of).unwrap().unwrap();
    assert_eq!(&kept.people()[..3], staying);
    assert_eq!(kept.by_account("a3").map(|person| person.status), Some(Status::Removed));
    let again = stand.store.keep_people(of, &taken(staying, &[], &[])).unwrap();
    assert_eq!(again, PeopleChanges::default(), "who left leaves once");
    let back = stand.store.keep_people(of, &taken(&some(), &[], &[])).unwrap();
    assert_eq!((back.new, back.people), (0, texts(&["a3"])));
    assert_eq!(stand.store.directory(of).unwrap().unwrap().people(), some());
}

fn links_are_wanted(stand: &mut Stand) {
    let of = stand.connector("main");
    let mut people = some();
    people.push(person(5, Side::Internal, Status::Active));
    stand.store.keep_people(of, &taken(&people, &[], &[])).unwrap();
    let wanted = |stand: &Stand, max| {
        let people = stand.store.links_wanted(of, max).unwrap();
        people.iter().map(|person| person.account.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(wanted(stand, 9), ["a3", "a5"], "active and inside only");
    assert_eq!(wanted(stand, 1), ["a3"]);
    stand.store.keep_links(of, "a3", &[], crate::model::Lane::Backlog).unwrap();
    assert_eq!(wanted(stand, 9), ["a5"]);
    stand.store.keep_people(of, &taken(&people, &[], &[])).unwrap();
    assert_eq!(wanted(stand, 9), ["a5"], "the same list wants nothing anew");
    stand.store.want_links(of, "a3").unwrap();
    assert_eq!(wanted(stand, 9), ["a3", "a5"]);
    people[1].status = Status::Active;
    stand.store.keep_people(of, &taken(&people, &[], &[])).unwrap();
    assert_eq!(wanted(stand, 9), ["a1", "a3", "a5"], "who came back was never asked");
}

fn member(who: Who) -> Member {
    Member { id: None, who, role: "viewer".into(), pending: false, inherited_from: None, expires: None }
}

fn named(account: Option<&str>, login: Option<&str>) -> Who {
    Who::Person { account: account.map(Into::into), login: login.map(Into::into), side: None }
}

fn dependants_are_found(stand: &mut Stand) {
    let of = stand.connector("main");
    let members: [(&str, Vec<Member>); 4] = [
        ("1", vec![member(named(Some("a1"), Some("Ann@Corp.example"))), member(Who::Unauthenticated)]),
        ("2", vec![member(Who::Group { id: "g1".into(), side: None })]),
        ("3", vec![member(Who::Invited { login: "bob@Other.test".into() }), member(named(Some("a1"), None))]),
        ("4", vec![member(named(None, Some("carl@corp.example")))]),
    ];
    stand.list(of, &members.clone().map(|(id, _)| file(id, "v1")));
    let number = |id: &str| stand.store.find(of, crate::model::ItemKind::File, id).unwrap().unwrap().number;
    let settle = |id: &str, members: Members| {
        stand.store.ask(&[ask(number(id))]).unwrap();
        let job = stand.claim(of, 9).into_iter().find(|job| &*job.known.item.id == id).unwrap();
        let sharing = Some(Sharing { members, ..Sharing::default() });
        stand.store.settle(Settlement { sharing, ..Settlement::of(job.lease) }).unwrap();
        stand.clock.advance(Duration::from_secs(9_999));
    };
    for (id, members) in &members {
        settle(id, Members::Known(members.clone()));
    }
    let numbers = |ids: &[&str]| {
        let mut numbers: Vec<ItemNumber> = ids.iter().map(|id| number(id)).collect();
        numbers.sort_unstable();
        numbers
    };
    let rows: [(Dependence, &[&str]); 8] = [
        (Dependence::Account("a1".into()), &["1", "3"]),
        (Dependence::Account("a2".into()), &[]),
        (Dependence::Login("ann@corp.example".into()), &["1"]),
        (Dependence::Login("Bob@other.test".into()), &["3"]),
        (Dependence::Group("g1".into()), &["2"]),
        (Dependence::Domain("corp.example".into()), &["1", "4"]),
        (Dependence::Domain("other.test".into()), &["3"]),
        (Dependence::Domain("example".into()), &[]),
    ];
    for (on, ids) in &rows {
        assert_eq!(stand.store.dependants(of, on, None, 9).unwrap(), numbers(ids), "{on:?}");
    }
    let all = numbers(&["1", "3"]);
    let page = |after, max| stand.store.dependants(of, &rows[0].0, after, max).unwrap();
    assert_eq!((page(None, 1), page(Some(all[0]), 9)), (vec![all[0]], vec![all[1]]));
    assert!(stand.store.dependants(stand.connector("other"), &rows[0].0, None, 9).unwrap().is_empty());
    settle("1", Members::None);
    assert_eq!(stand.store.dependants(of, &rows[0].0, None, 9).unwrap(), numbers(&["3"]), "it rests on nobody now");
}

fn ask(item: ItemNumber) -> crate::store::Ask {
    crate::store::Ask {
        item,
        lane: crate::model::Lane::Asked,
        todo: crate::model::Todo::SHARING,
        priority: 0,
        offered: None,
        happened: None,
    }
}
