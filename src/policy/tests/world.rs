//! One file that has everything a filter can ask for.

use crate::clock::Moment;
use crate::model::{
    ActivityKind, Audience, Because, Confidence, ConnectorName, ContentHash, Coverage, Directory, Download, Exposure,
    ExposureReason, Group, Item, ItemKind, Level, Link, Member, Members, Owner, Person, Principal, Provider, Role,
    Sharing, Side, Status, Who,
};
use crate::policy::{Acts, Count, Facts, Folder, Found, History, Inspection, Tags};
use std::sync::Arc;

/// When the rows are asked.
pub(super) const NOW: &str = "2026-06-15T12:00:00Z";

fn at(text: &str) -> Option<Moment> {
    Some(Moment::parse(text).unwrap_or_else(|| panic!("{text} is a moment")))
}

fn some(text: &str) -> Option<Arc<str>> {
    Some(text.into())
}

/// The item and all that is known of it.
#[derive(Debug)]
pub(super) struct World {
    pub(super) item: Item,
    pub(super) connector: ConnectorName,
    exposure: Exposure,
    unsure: Exposure,
    shares: Vec<Arc<Sharing>>,
    directory: Directory,
    above: Vec<Folder>,
    found: Vec<Found>,
    tags: Tags,
    policies: Vec<Arc<str>>,
    acts: Acts,
}

fn item() -> Item {
    Item {
        id: "file42".into(),
        kind: ItemKind::File,
        name: "Salary-List_2026 final.XLSX".into(),
        parent: some("f2"),
        path: some("/HR/Payroll/Salary-List_2026 final.XLSX"),
        place: "u1".into(),
        read_as: Principal::Person("u1".into()),
        size_bytes: 5_000_000,
        version: some("v9"),
        etag: some("3"),
        hash: ContentHash::parse("da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        created: at("2026-01-10T08:00:00Z"),
        modified: at("2026-05-01T08:00:00Z"),
        owner: Some(Owner { account: some("u1"), login: some("dave@example.com") }),
        outside_owner: false,
        link: None,
        has_members: true,
        label: some("Highly Confidential"),
        locked: true,
        trashed: None,
        download: Download::Direct,
    }
}

fn person(id: &str, login: &str, name: &str, side: Side) -> Person {
    Person {
        id: id.into(),
        account: id.into(),
        login: login.into(),
        name: name.into(),
        side,
        role: Role::Member,
        status: Status::Active,
    }
}

fn directory() -> Directory {
    let mut all = Directory::new(["example.com".to_owned()]);
    all.add(Person {
        role: Role::CoAdmin,
        status: Status::Inactive,
        ..person("u1", "dave@example.com", "Dave Example", Side::Internal)
    });
    all.add(person("u2", "erin@example.com", "Erin Example", Side::Internal));
    all.add(person("u3", "frank@example.com", "Frank Example", Side::Internal));
    all.add(person("x1", "olga@partner.example", "Olga Outside", Side::External));
    let group = |id: &str, name: &str, members: &[&str]| Group {
        id: id.into(),
        name: name.into(),
        members: Some(members.iter().map(|id| (*id).into()).collect()),
    };
    all.add_group(group("g1", "Finance Team", &["u2", "x1"]));
    all.add_group(group("g2", "Owners", &["u1"]));
    all.add_group(group("g3", "Contractors", &["x1"]));
    all.add_group(group("g4", "Nobody", &[]));
    all
}

fn member(who: Who, role: &str) -> Member {
    Member { id: None, who, role: role.into(), pending: false, inherited_from: None, expires: None }
}

fn somebody(account: Option<&str>, login: Option<&str>) -> Who {
    Who::Person { account: account.map(Arc::from), login: login.map(Arc::from), side: None }
}

fn shares() -> Vec<Arc<Sharing>> {
    let link =
        |audience, password, expires, download| Link { audience, password, expires, download, url: some("secret") };
    let over =
        Member { expires: at("2026-01-01T00:00:00Z"), ..member(somebody(None, Some("gone@over.example")), "editor") };
    let own = Sharing {
        links: vec![
            link(Audience::Public, true, at("2026-12-31T00:00:00Z"), Some(true)),
            // Its time is over: it does not count.
            link(Audience::Members, false, at("2026-06-01T00:00:00Z"), Some(false)),
        ],
        members: Members::Known(vec![
            member(somebody(Some("u1"), Some("dave@example.com")), "owner"),
            member(Who::Group { id: "g1".into(), side: None }, "viewer"),
            member(Who::Invited { login: "pat@other.example".into() }, "editor"),
            over,
        ]),
        ..Sharing::default()
    };
    let folder = Sharing {
        links: vec![link(Audience::Company, true, at("2026-08-01T00:00:00Z"), Some(true))],
        members: Members::Known(vec![member(somebody(Some("u3"), None), "editor")]),
        ..Sharing::default()
    };
    vec![Arc::new(own), Arc::new(folder)]
}

fn found() -> Vec<Found> {
    let count = |percent, total, unique| Count { confidence: Confidence::new(percent).unwrap(), total, unique };
    let found =
        |detector: &str, counts| Found { detector: detector.into(), counts, beyond_cap: 0, unique_at_least: false };
    vec![found("bank.iban", vec![count(95, 6, 3), count(65, 4, 4)]), found("id.us-ssn", vec![count(75, 2, 2)])]
}

impl World {
    pub(super) fn new() -> Self {
        let because = Because::Link { audience: Audience::Public, password: true, expires: at("2026-12-31T00:00:00Z") };
        let exposure = Exposure {
            level: Level::Public,
            reasons: vec![ExposureReason { level: Level::Public, because, inherited_from: None }],
            unknown: Vec::new(),
        };
        let folder = |id: &str, name: &str| Folder { id: id.into(), name: name.into() };
        Self {
            item: item(),
            connector: "box-emea".parse().unwrap(),
            unsure: Exposure { level: Level::Internal, reasons: Vec::new(), unknown: vec!["f2".into()] },
            exposure,
            shares: shares(),
            directory: directory(),
            above: vec![folder("f2", "Payroll"), folder("f1", "HR")],
            found: found(),
            tags: [
                ("bank.iban".into(), vec!["financial".to_owned(), "pii".to_owned()]),
                ("id.us-ssn".into(), vec!["pii".to_owned()]),
                ("phone".into(), vec!["contact".to_owned()]),
            ]
            .into_iter()
            .collect(),
            policies: vec!["Payroll outside".into()],
            acts: Acts {
                kinds: vec![ActivityKind::Share, ActivityKind::View],
                last: at("2026-06-10T00:00:00Z"),
                external: at("2026-02-01T00:00:00Z"),
            },
        }
    }

    /// All that is known.
    pub(super) fn facts(&self) -> Facts<'_> {
        Facts {
            exposure: Some(&self.exposure),
            shares: Some(&self.shares),
            directory: Some(&self.directory),
            above: Some(&self.above),
            inspection: Some(Inspection {
                coverage: Some(Coverage::Complete),
                format: Some("xlsx"),
                mismatch: Some(true),
            }),
            found: Some(&self.found),
            tags: Some(&self.tags),
            history: Some(History { first_seen: at("2026-02-01T00:00:00Z"), changed: at("2026-06-14T00:00:00Z") }),
            quarantined: Some(true),
            policies: Some(&self.policies),
            versions: Some(9),
            activity: Some(&self.acts),
            external_since: at("2026-03-01T00:00:00Z"),
            ..Facts::of(&self.item, &self.connector, Provider::Box)
        }
    }

    /// The shares with hidden members beside.
    pub(super) fn hidden(&self) -> Vec<Arc<Sharing>> {
        let hidden = Sharing { members: Members::Hidden, ..Sharing::default() };
        self.shares.iter().cloned().chain([Arc::new(hidden)]).collect()
    }

    /// All but something, by name.
    pub(super) fn without<'a>(&'a self, what: &str, hidden: &'a [Arc<Sharing>]) -> Facts<'a> {
        let coverage = |coverage| Some(Inspection { coverage, format: None, mismatch: None });
        let all = self.facts();
        match what {
            "anything" => Facts::of(&self.item, &self.connector, Provider::Box),
            "some members" => Facts { shares: Some(hidden), exposure: Some(&self.unsure), ..all },
            "people" => Facts { directory: None, ..all },
            "reading" => Facts { inspection: coverage(None), found: Some(&[]), ..all },
            "all of it read" => {
                Facts { inspection: coverage(Some(Coverage::Partial(crate::model::Reason::ImageOnly))), ..all }
            }
            "text in it" => Facts {
                inspection: coverage(Some(Coverage::Skipped(crate::model::Reason::NoText))),
                found: Some(&[]),
                ..all
            },
            "tags" => Facts { tags: None, ..all },
            other => panic!("nothing is called {other}"),
        }
    }
}
