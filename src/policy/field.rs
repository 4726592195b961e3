//! The filters: one row each, with its name, what its values are, which facts it rests on and what it means.
//!
//! To add one: a variant, a row, an arm in `look.rs`, a row in `docs/filters.md` and rows in the table of tests; the
//! compiler and the tests point at what is missing.

use super::mime::TYPE_NAMES;
use super::operator::Operator;
use super::wants::Wants;

/// A filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the rows of FIELDS say what each means")]
pub enum Field {
    Access,
    Link,
    LinkPassword,
    LinkExpires,
    LinkDownload,
    Collaborator,
    CollaboratorDomain,
    CollaboratorGroup,
    CollaboratorMemberOf,
    CollaboratorRole,
    CollaboratorEveryone,
    CollaboratorExternals,
    CollaboratorExternalSince,
    Owner,
    OwnerDomain,
    OwnerGroup,
    OwnerStatus,
    OwnerRole,
    OwnerOutside,
    Connector,
    Provider,
    Name,
    Path,
    Depth,
    Parent,
    Id,
    Extension,
    Type,
    Format,
    Mime,
    Mismatch,
    Size,
    Hash,
    Versions,
    Created,
    Modified,
    Snapshot,
    FirstSeen,
    Label,
    Trashed,
    Locked,
    Quarantined,
    Policy,
    Coverage,
    CoverageGap,
    CoveragePercent,
    Finding,
    Activity,
    ActivityLast,
    ActivityExternal,
}

/// What a filter's values are, and so which operators it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `private` to `public`, in that order.
    Level,
    /// One of a closed list of words.
    Words(&'static [&'static str]),
    /// One of the words of coverage.
    Coverage,
    /// Text that people wrote.
    Text,
    /// A path.
    Path,
    /// An id or name, whole.
    Exact,
    /// A person, by login, account or name; or a group, by id or name.
    Someone,
    /// The domain of an address.
    Domain,
    /// A folder, by path, id or name.
    Folder,
    /// The hash of a content.
    Hash,
    /// A count.
    Number,
    /// Bytes.
    Size,
    /// A date or moment.
    Date,
    /// Yes or no.
    Flag,
    /// Findings.
    Finding,
}

/// One filter as it is typed and explained.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The filter.
    pub field: Field,
    /// Its name.
    pub name: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// The facts it rests on.
    pub wants: Wants,
    /// What it means.
    pub means: &'static str,
    /// How it is used.
    pub example: &'static str,
}

const fn row(
    field: Field,
    name: &'static str,
    kind: Kind,
    wants: Wants,
    means: &'static str,
    example: &'static str,
) -> Row {
    Row { field, name, kind, wants, means, example }
}

/// Whom a link lets in.
const AUDIENCES: &[&str] = &["public", "company", "members", "unknown"];
const PROVIDERS: &[&str] = &["box", "dropbox"];
const STATUSES: &[&str] = &["active", "inactive", "invited", "removed"];
const ROLES: &[&str] = &["admin", "co_admin", "member", "service"];
const ACTIVITIES: &[&str] = &[
    "upload", "edit", "copy", "move", "rename", "restore", "share", "people", "label", "delete", "view", "login",
    "other",
];

const REACH: Wants = Wants::SHARES.and(Wants::DIRECTORY);
const LINKS: Wants = Wants::SHARES.and(Wants::EXPOSURE);
const FINDINGS: Wants = Wants::FOUND.and(Wants::INSPECTION).and(Wants::TAGS);

/// All filters, in the order the documentation tells them.
pub const FIELDS: [Row; 50] = {
    use Field as F;
    use Kind as K;
    use Wants as W;
    [
        row(
            F::Access,
            "access",
            K::Level,
            W::EXPOSURE,
            "how far it is open: private, internal, external, public",
            "access >= external",
        ),
        row(
            F::Link,
            "link",
            K::Words(AUDIENCES),
            LINKS,
            "a link that works, its own or a folder's, by whom it lets in",
            "link = public",
        ),
        row(
            F::LinkPassword,
            "link.password",
            K::Flag,
            LINKS,
            "such a link asks for a password",
            "link = public and not link.password",
        ),
        row(F::LinkExpires, "link.expires", K::Date, LINKS, "when such a link ends", "link.expires is not set"),
        row(F::LinkDownload, "link.download", K::Flag, LINKS, "such a link lets people download", "link.download"),
        row(
            F::Collaborator,
            "collaborator",
            K::Someone,
            REACH,
            "a person who is a member, directly or through a group",
            "collaborator = erin@example.com",
        ),
        row(
            F::CollaboratorDomain,
            "collaborator.domain",
            K::Domain,
            REACH,
            "the domain of such a person's address",
            "collaborator.domain outside (example.com, example.org)",
        ),
        row(
            F::CollaboratorGroup,
            "collaborator.group",
            K::Someone,
            REACH,
            "a group that is a member as a whole",
            "collaborator.group = \"Finance Team\"",
        ),
        row(
            F::CollaboratorMemberOf,
            "collaborator.member_of",
            K::Someone,
            REACH,
            "some collaborator belongs to this group",
            "collaborator.member_of = Contractors",
        ),
        row(
            F::CollaboratorRole,
            "collaborator.role",
            K::Exact,
            W::SHARES,
            "a member's role, in the provider's word",
            "collaborator.role in (editor, co-owner)",
        ),
        row(
            F::CollaboratorEveryone,
            "collaborator.everyone",
            K::Flag,
            LINKS,
            "the whole company can reach it, by its place or a link",
            "collaborator.everyone",
        ),
        row(
            F::CollaboratorExternals,
            "collaborator.externals",
            K::Number,
            REACH,
            "how many people outside are members",
            "collaborator.externals >= 3",
        ),
        row(
            F::CollaboratorExternalSince,
            "collaborator.external_since",
            K::Date,
            W::EXTERNAL_SINCE,
            "when the first of them became one",
            "collaborator.external_since older than 90 days",
        ),
        row(
            F::Owner,
            "owner",
            K::Someone,
            W::DIRECTORY,
            "the owner, by login, account or name",
            "owner in (erin@example.com, dave@example.com)",
        ),
        row(
            F::OwnerDomain,
            "owner.domain",
            K::Domain,
            W::DIRECTORY,
            "the domain of the owner's address",
            "owner.domain = example.com",
        ),
        row(
            F::OwnerGroup,
            "owner.group",
            K::Someone,
            W::DIRECTORY,
            "a group to which the owner belongs",
            "owner.group = \"Finance Team\"",
        ),
        row(
            F::OwnerStatus,
            "owner.status",
            K::Words(STATUSES),
            W::DIRECTORY,
            "active, inactive (suspended), invited, removed (left)",
            "owner.status = removed",
        ),
        row(
            F::OwnerRole,
            "owner.role",
            K::Words(ROLES),
            W::DIRECTORY,
            "admin, co_admin, member, service",
            "owner.role = admin",
        ),
        row(F::OwnerOutside, "owner.outside", K::Flag, W::ITEM, "another company owns it", "owner.outside"),
        row(F::Connector, "connector", K::Exact, W::ITEM, "the connected tenant, by its name", "connector = box-emea"),
        row(F::Provider, "provider", K::Words(PROVIDERS), W::ITEM, "box or dropbox", "provider = dropbox"),
        row(F::Name, "name", K::Text, W::ITEM, "the name in its folder, extension included", "name word salary"),
        row(F::Path, "path", K::Path, W::ABOVE, "the path from the top, name included", "path under \"/HR/Payroll\""),
        row(F::Depth, "depth", K::Number, W::ABOVE, "how many folders it lies in", "depth > 5"),
        row(
            F::Parent,
            "parent",
            K::Folder,
            W::ABOVE,
            "the folder it lies in directly, by path, id or name",
            "parent = \"/HR/Payroll\"",
        ),
        row(F::Id, "id", K::Exact, W::ITEM, "the provider's id, which survives moves and renames", "id = 1234567890"),
        row(
            F::Extension,
            "extension",
            K::Text,
            W::ITEM,
            "what follows the name's last dot",
            "extension in (xlsx, xls)",
        ),
        row(
            F::Type,
            "type",
            K::Words(&TYPE_NAMES),
            W::INSPECTION,
            "what people call it, by its MIME type",
            "type in (document, spreadsheet)",
        ),
        row(
            F::Format,
            "format",
            K::Text,
            W::INSPECTION,
            "what its content shows it to be (`docx`, `zip`)",
            "format = zip",
        ),
        row(
            F::Mime,
            "mime",
            K::Text,
            W::INSPECTION,
            "its MIME type, by content, else by extension",
            "mime startswith image/",
        ),
        row(
            F::Mismatch,
            "mismatch",
            K::Flag,
            W::INSPECTION,
            "its extension promises another type than its content shows",
            "mismatch",
        ),
        row(F::Size, "size", K::Size, W::ITEM, "bytes of its content", "size > 10 MB"),
        row(
            F::Hash,
            "hash",
            K::Hash,
            W::ITEM,
            "the provider's hash of its content",
            "hash = da39a3ee5e6b4b0d3255bfef95601890afd80709",
        ),
        row(F::Versions, "versions", K::Number, W::VERSIONS, "how many versions the provider keeps", "versions > 100"),
        row(F::Created, "created", K::Date, W::ITEM, "when it was made at the provider", "created after 2026-01-01"),
        row(F::Modified, "modified", K::Date, W::ITEM, "when its content last changed", "modified older than 180 days"),
        row(
            F::Snapshot,
            "snapshot",
            K::Date,
            W::HISTORY,
            "when our record of it last changed",
            "snapshot newer than 2 days",
        ),
        row(F::FirstSeen, "first_seen", K::Date, W::HISTORY, "when we first saw it", "first_seen after 2026-01-01"),
        row(F::Label, "label", K::Text, W::ITEM, "its classification or sensitivity label", "label is not set"),
        row(F::Trashed, "trashed", K::Flag, W::ITEM, "it lies in the trash, where it may still be shared", "trashed"),
        row(F::Locked, "locked", K::Flag, W::ITEM, "somebody's lock is on it", "locked"),
        row(F::Quarantined, "quarantined", K::Flag, W::QUARANTINE, "it lies in quarantine", "not quarantined"),
        row(F::Policy, "policy", K::Exact, W::POLICIES, "a policy that matched it, by name", "policy is set"),
        row(
            F::Coverage,
            "coverage",
            K::Coverage,
            W::INSPECTION,
            "how much was read, or why not",
            "coverage in (encrypted, corrupt, limit)",
        ),
        row(
            F::CoverageGap,
            "coverage.gap",
            K::Flag,
            W::INSPECTION,
            "something that should have been read was not",
            "coverage.gap",
        ),
        row(
            F::CoveragePercent,
            "coverage.percent",
            K::Number,
            W::INSPECTION,
            "100 complete, 0 nothing, between them partial",
            "coverage.percent < 100",
        ),
        row(
            F::Finding,
            "finding",
            K::Finding,
            FINDINGS,
            "what was found in it",
            "finding(detector = bank.iban, confidence >= high, unique >= 3)",
        ),
        row(
            F::Activity,
            "activity",
            K::Words(ACTIVITIES),
            W::ACTIVITY,
            "something that was done to it, as far as the log is kept",
            "activity = share",
        ),
        row(
            F::ActivityLast,
            "activity.last",
            K::Date,
            W::ACTIVITY,
            "when something was last done to it",
            "activity.last older than 1 year",
        ),
        row(
            F::ActivityExternal,
            "activity.external",
            K::Date,
            W::ACTIVITY,
            "when somebody outside last did something to it",
            "activity.external older than 90 days",
        ),
    ]
};

/// What can be asked of a finding, inside `finding(...)`: name, kind, what it means.
pub const FINDING_FIELDS: [(&str, Kind, &str); 5] = [
    ("detector", Kind::Exact, "the detector's id; `*` stands for anything (`id.*`)"),
    ("tag", Kind::Exact, "a tag of the detector"),
    ("confidence", Kind::Number, "how sure: `high` (85 to 100), `medium` (75 to 84), `low` (1 to 74) or a number"),
    ("total", Kind::Number, "how many findings there are, of all these detectors together"),
    ("unique", Kind::Number, "how many different values, of all these detectors together"),
];

/// Words of `coverage` that stand for several outcomes or none: `waiting` for what was not looked at yet.
pub(super) const COVERAGE_STATES: [&str; 6] = ["complete", "partial", "skipped", "waiting", "encrypted", "limit"];

impl Field {
    /// Its row.
    #[must_use]
    pub fn row(self) -> &'static Row {
        // Each variant has its row; a test holds that.
        FIELDS.iter().find(|row| row.field == self).unwrap_or(&FIELDS[0])
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }
}

impl Kind {
    /// The operators a filter of this kind takes.
    #[must_use]
    pub fn operators(self) -> &'static [Operator] {
        use Operator as O;
        match self {
            Kind::Level => &[O::Equal, O::In, O::Less, O::AtMost, O::More, O::AtLeast, O::Between],
            Kind::Words(_) | Kind::Coverage | Kind::Exact | Kind::Hash => &[O::Equal, O::In, O::IsSet],
            Kind::Text => &[
                O::Equal,
                O::In,
                O::Contains,
                O::Word,
                O::Phrase,
                O::Glob,
                O::Regex,
                O::StartsWith,
                O::EndsWith,
                O::IsSet,
            ],
            Kind::Path => &[
                O::Equal,
                O::In,
                O::Under,
                O::Contains,
                O::Word,
                O::Phrase,
                O::Glob,
                O::Regex,
                O::StartsWith,
                O::EndsWith,
                O::IsSet,
            ],
            Kind::Someone => &[O::Equal, O::In, O::Glob, O::IsSet],
            Kind::Domain => &[O::Equal, O::In, O::Outside, O::Glob, O::IsSet],
            Kind::Folder => &[O::Equal, O::In],
            Kind::Number | Kind::Size => &[O::Equal, O::In, O::Less, O::AtMost, O::More, O::AtLeast, O::Between],
            Kind::Date => &[
                O::Equal,
                O::Less,
                O::AtMost,
                O::More,
                O::AtLeast,
                O::Between,
                O::Before,
                O::After,
                O::OlderThan,
                O::NewerThan,
                O::IsSet,
            ],
            Kind::Flag => &[O::Holds, O::Equal],
            Kind::Finding => &[O::Holds],
        }
    }

    /// What its values are, as a message says it.
    pub(super) fn values(self) -> &'static str {
        match self {
            Kind::Level => "private, internal, external or public",
            Kind::Words(_) => "one of its words",
            Kind::Coverage => {
                "a state or reason of coverage, as `complete`, `partial`, `waiting`, `encrypted_password`"
            }
            Kind::Text | Kind::Path | Kind::Exact => "text",
            Kind::Someone => "a login, id or name",
            Kind::Domain => "a domain, as `example.com`",
            Kind::Folder => "a folder's path, id or name",
            Kind::Hash => "a hash of 40 or 64 hexadecimal digits",
            Kind::Number => "a whole number",
            Kind::Size => "a size, as `10 MB`",
            Kind::Date => "a date, as `2026-01-31`, `2026-01-31T10:00:00Z` or `now - 30 days`",
            Kind::Flag => "`yes` or `no`",
            Kind::Finding => "no value",
        }
    }
}
