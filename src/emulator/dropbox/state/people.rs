//! The team: the cast with its ids, groups, and the people and groups of another team.

use crate::emulator::seed::{CAST, Part, SeedPerson};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Standing of a member as `team/members/list_v2` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::emulator::dropbox) enum Status {
    Active,
    Invited,
    Suspended,
    /// Left, or an invitation taken back.
    Removed,
    /// Of another team.
    Outside,
}

impl Status {
    /// As a tag; `None` for people who are not of the team.
    pub(in crate::emulator::dropbox) fn tag(self) -> Option<&'static str> {
        match self {
            Status::Active => Some("active"),
            Status::Invited => Some("invited"),
            Status::Suspended => Some("suspended"),
            Status::Removed => Some("removed"),
            Status::Outside => None,
        }
    }
}

/// One person.
#[derive(Clone, Debug)]
pub(in crate::emulator::dropbox) struct Person {
    pub(in crate::emulator::dropbox) key: &'static str,
    pub(in crate::emulator::dropbox) name: &'static str,
    pub(in crate::emulator::dropbox) email: &'static str,
    pub(in crate::emulator::dropbox) status: Status,
    pub(in crate::emulator::dropbox) admin: bool,
    pub(in crate::emulator::dropbox) role: (&'static str, &'static str),
    pub(in crate::emulator::dropbox) account: String,
    pub(in crate::emulator::dropbox) member: String,
}

impl Person {
    /// Given name and surname.
    pub(in crate::emulator::dropbox) fn names(&self) -> (&'static str, &'static str) {
        self.name.split_once(' ').unwrap_or((self.name, ""))
    }
}

/// One group.
#[derive(Clone, Debug)]
pub(in crate::emulator::dropbox) struct Group {
    pub(in crate::emulator::dropbox) id: String,
    pub(in crate::emulator::dropbox) name: &'static str,
    pub(in crate::emulator::dropbox) members: Vec<usize>,
    /// False for a group of another team, which our lists do not show.
    pub(in crate::emulator::dropbox) ours: bool,
}

/// The team and whoever has to do with it.
#[derive(Clone, Debug)]
pub(in crate::emulator::dropbox) struct People {
    pub(in crate::emulator::dropbox) team_name: &'static str,
    pub(in crate::emulator::dropbox) all: Vec<Person>,
    pub(in crate::emulator::dropbox) groups: Vec<Group>,
}

/// An opaque text of so many characters (at most 43), the same for the same seed, kind and name.
pub(in crate::emulator::dropbox) fn opaque(seed: u64, kind: &str, name: &str, length: usize) -> String {
    let digest = Sha256::digest(format!("{seed}/{kind}/{name}").as_bytes());
    let mut text = URL_SAFE_NO_PAD.encode(digest);
    text.truncate(length);
    text
}

impl People {
    /// The cast.
    pub(in crate::emulator::dropbox) fn new(seed: u64) -> Self {
        let all: Vec<Person> = CAST.iter().map(|seeded| person(seed, seeded)).collect();
        let of = |keys: &[&str]| (0..all.len()).filter(|&n| keys.contains(&all[n].key)).collect::<Vec<_>>();
        let everyone = (0..all.len()).filter(|&n| all[n].status == Status::Active).collect();
        let group = |name: &'static str, members: Vec<usize>, ours| {
            let id = format!("g:{}", group_digits(seed, name));
            Group { id, name, members, ours }
        };
        let groups = vec![
            group("Everyone", everyone, true),
            group("Finance", of(&["erin", "frank"]), true),
            group("Project X", of(&["frank"]), true),
            group("Partner crew", of(&["pat"]), false),
        ];
        Self { team_name: "Example Ltd", all, groups }
    }

    /// A person by key.
    pub(in crate::emulator::dropbox) fn by_key(&self, key: &str) -> Option<usize> {
        self.all.iter().position(|person| person.key == key)
    }

    /// A member of the team by `dbmid:`.
    pub(in crate::emulator::dropbox) fn by_member(&self, member: &str) -> Option<usize> {
        self.all.iter().position(|person| person.status != Status::Outside && person.member == member)
    }

    /// A person by `dbid:`.
    pub(in crate::emulator::dropbox) fn by_account(&self, account: &str) -> Option<usize> {
        self.all.iter().position(|person| person.account == account)
    }

    /// A person by mail address, which is compared without regard to case.
    pub(in crate::emulator::dropbox) fn by_email(&self, email: &str) -> Option<usize> {
        self.all.iter().position(|person| person.email.eq_ignore_ascii_case(email))
    }

    /// A group by id.
    pub(in crate::emulator::dropbox) fn group(&self, id: &str) -> Option<usize> {
        self.groups.iter().position(|group| group.id == id)
    }

    /// True for a person of our team.
    pub(in crate::emulator::dropbox) fn ours(&self, person: usize) -> bool {
        self.all[person].status != Status::Outside
    }

    /// The admin who linked the app.
    pub(in crate::emulator::dropbox) fn linker(&self) -> usize {
        self.all.iter().position(|person| person.role.0 == TEAM_ADMIN.0).unwrap_or(0)
    }
}

/// Role of an admin: id and name.
pub(in crate::emulator::dropbox) const TEAM_ADMIN: (&str, &str) = ("pid_dbtmr:3456", "Team");
/// Role of an admin with fewer rights.
pub(in crate::emulator::dropbox) const USER_ADMIN: (&str, &str) = ("pid_dbtmr:4567", "User management");

fn person(seed: u64, seeded: &SeedPerson) -> Person {
    let (status, admin, role) = match seeded.part {
        Part::Admin => (Status::Active, true, TEAM_ADMIN),
        Part::CoAdmin => (Status::Active, true, USER_ADMIN),
        Part::Member => (Status::Active, false, ("", "")),
        Part::Inactive => (Status::Suspended, false, ("", "")),
        Part::Invited => (Status::Invited, false, ("", "")),
        Part::Partner => (Status::Outside, false, ("", "")),
    };
    Person {
        key: seeded.key,
        name: seeded.name,
        email: seeded.login,
        status,
        admin,
        role,
        account: format!("dbid:{}", opaque(seed, "account", seeded.key, 35)),
        member: format!("dbmid:{}", opaque(seed, "member", seeded.key, 35)),
    }
}

/// The digits of a group's id.
fn group_digits(seed: u64, name: &str) -> String {
    let digest = Sha256::digest(format!("{seed}/group/{name}").as_bytes());
    crate::emulator::hex(&digest[..16])
}
