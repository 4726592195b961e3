//! What an action, a step, a link or a reason is in words: for operators, without addresses of links and without any name that
//! may not be shown.

use crate::clock::Moment;
use crate::model::action::{Action, Left, LinkWish, OwnLink, Share, Step, Target};
use crate::model::{Audience, Because, ConnectorNumber, Directory, ExposureReason, ItemKind, Link, Member, Who};
use crate::policy::ask::{Ask, Told};
use crate::report::plan::Stays;
use crate::store::Store;
use std::time::Duration;

/// What names are told by.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Names<'a> {
    pub(in crate::engine) store: &'a dyn Store,
    pub(in crate::engine) connector: ConnectorNumber,
    pub(in crate::engine) people: &'a Directory,
}

impl Names<'_> {
    /// A person or group by name.
    pub(in crate::engine) fn who(&self, who: &Who) -> String {
        match who {
            Who::Person { account, login, .. } => self.person(account.as_deref(), login.as_deref()),
            Who::Group { id, .. } => self.group(id),
            Who::Invited { login } => format!("{login} (invited)"),
            Who::Unauthenticated => "visitors without sign-in".to_owned(),
        }
    }

    /// A person by account or login.
    pub(in crate::engine) fn person(&self, account: Option<&str>, login: Option<&str>) -> String {
        let known = account.and_then(|account| self.people.by_account(account));
        let known = known.or_else(|| login.and_then(|login| self.people.by_login(login)));
        match (known, login, account) {
            (Some(person), ..) if person.name.is_empty() => person.login.to_string(),
            (Some(person), ..) => format!("{} <{}>", person.name, person.login),
            (None, Some(login), _) => login.to_owned(),
            (None, None, Some(account)) => format!("account {account}"),
            (None, None, None) => "somebody whom the provider does not name".to_owned(),
        }
    }

    fn group(&self, id: &str) -> String {
        match self.people.group(id) {
            Some(group) => match group.members.as_ref().map(Vec::len) {
                Some(1) => format!("group {} (1 person)", group.name),
                Some(many) => format!("group {} ({many} people)", group.name),
                None => format!("group {} (nobody knows how many people)", group.name),
            },
            None => format!("group {id}"),
        }
    }

    /// A member with its role.
    pub(in crate::engine) fn member(&self, member: &Member) -> String {
        format!("{} as {}", self.who(&member.who), member.role)
    }

    /// A folder: what of its path may be shown, and its number.
    pub(in crate::engine) fn folder(&self, id: &str) -> (String, Option<i64>) {
        match self.store.find(self.connector, ItemKind::Folder, id) {
            Ok(Some(known)) => (format!("folder {}/", known.shown), Some(known.number.0)),
            _ => (format!("folder {id}"), None),
        }
    }

    /// A reason for an exposure.
    pub(in crate::engine) fn reason(&self, reason: &ExposureReason) -> String {
        let what = match &reason.because {
            Because::Link { audience, password, expires } => link_words(*audience, *password, *expires),
            Because::Member { who, pending } => {
                format!("{}{}", self.who(who), if *pending { ", not accepted yet" } else { "" })
            }
            Because::Group { id } => self.group(id),
            Because::OutsideOwner => "another company owns it".to_owned(),
            Because::WholeCompany => "its place is open to the whole company".to_owned(),
        };
        match &reason.inherited_from {
            Some(folder) => format!("{}: {what}, from the {}", reason.level.name(), self.folder(folder).0),
            None => format!("{}: {what}", reason.level.name()),
        }
    }

    /// What an action leaves open, and what would close it.
    pub(in crate::engine) fn stays(&self, left: &Left) -> Stays {
        match left {
            Left::LinkAbove { folder, audience } => {
                let (name, number) = self.folder(folder);
                let open = match audience {
                    Audience::Public => "still public".to_owned(),
                    Audience::Company => "still open to the company".to_owned(),
                    Audience::Members => "still open to the folder's members".to_owned(),
                    Audience::Unknown => "still open, nobody knows to whom,".to_owned(),
                };
                let propose = number.map(|number| format!("sluicebox plan new --item '#{number}' --do remove_links"));
                Stays { words: format!("{open} through a link on the {name}"), propose }
            }
            Left::MemberAbove { folder, who } => {
                let (name, number) = self.folder(folder);
                let ask = match self.login(who) {
                    Some(login) => format!("'remove_member who={login}'"),
                    None => "remove_externals".to_owned(),
                };
                let propose = number.map(|number| format!("sluicebox plan new --item '#{number}' --do {ask}"));
                Stays { words: format!("{} still reaches it through the {name}", self.who(who)), propose }
            }
            other => Stays { words: other.to_string(), propose: None },
        }
    }

    fn login(&self, who: &Who) -> Option<String> {
        match who {
            Who::Person { account, login, .. } => {
                let known = account.as_deref().and_then(|account| self.people.by_account(account));
                known.map(|person| person.login.to_string()).or_else(|| login.as_ref().map(ToString::to_string))
            }
            Who::Invited { login } => Some(login.to_string()),
            Who::Group { .. } | Who::Unauthenticated => None,
        }
    }

    /// One provider call.
    pub(in crate::engine) fn step(&self, step: &Step) -> String {
        match step {
            Step::EndLink { .. } => "end a link".to_owned(),
            Step::SetLink { wish, .. } => format!("change a link: {}", wish_words(wish)),
            Step::MakeLink { wish, .. } => format!("make a link: {}", wish_words(wish)),
            Step::EndMember { member } => format!("remove {}", self.member(member)),
            Step::Unshare => "remove all members of its own".to_owned(),
            Step::SetRole { member, role } => format!("make {} {role}", self.member(member)),
            Step::AddMember { member } => format!("invite {}", self.member(member)),
            Step::SetInvitations { rules } => format!(
                "set invitations: {}, by {}",
                if rules.outsiders { "outsiders may be invited" } else { "nobody outside may be invited" },
                if rules.by_members { "every editor" } else { "the owner alone" }
            ),
            Step::Lend { .. } => "let its owner into the target folder for the length of the move".to_owned(),
            Step::MoveTo { .. } => "move it into its target folder".to_owned(),
            Step::TakeBack { .. } => "take that back".to_owned(),
            Step::CopyTo { .. } => "copy the present version".to_owned(),
            Step::PutNote { .. } => "leave a note in its place".to_owned(),
            Step::RemoveNote { .. } => "take the note away".to_owned(),
            Step::Trash => "put it into the trash".to_owned(),
            Step::Untrash | Step::UntrashTo { .. } => "take it out of the trash".to_owned(),
            Step::Overwrite { .. } => "add a version that holds a note only".to_owned(),
            Step::Promote { .. } => "make an earlier version the newest".to_owned(),
            Step::SetLabel { label } => format!("set the label {label}"),
            Step::ClearLabel => "take the label away".to_owned(),
            Step::Lock { until, no_download } => format!("lock it{}", lock_words(*until, *no_download)),
            Step::Unlock => "unlock it".to_owned(),
            Step::Hold { policy } => format!("put it under the legal hold {policy}"),
            Step::EndHold { policy } => format!("take it out of the legal hold {policy}"),
            Step::Comment { .. } => "comment on it".to_owned(),
            Step::RemoveComment { .. } => "take the comment away".to_owned(),
            Step::Task { due, .. } => format!("give its owner a task{}", due_words(*due)),
            Step::RemoveTask { .. } => "take the task away".to_owned(),
            Step::Suspend => "suspend the person; devices are not wiped".to_owned(),
            Step::Unsuspend => "let the person in again".to_owned(),
            Step::EndSessions => "end all sessions of the person".to_owned(),
            Step::RequirePassword => "ask the person for a new password".to_owned(),
            Step::EndShare { share } => format!("take the person out of {}", self.share(share)),
            Step::AddShare { share } => format!("make the person a member of {}", self.share(share)),
            Step::RevokeApp { .. } => "take an application's access away".to_owned(),
        }
    }

    /// What is shared with a person.
    pub(in crate::engine) fn share(&self, share: &Share) -> String {
        match self.store.find(self.connector, share.item.kind, &share.item.id) {
            Ok(Some(known)) => format!("{} as {}", known.shown, share.member.role),
            _ => format!("item {} as {}", share.item.id, share.member.role),
        }
    }

    /// The person that a target is, by name; `None` for an item.
    pub(in crate::engine) fn person_of(&self, on: &Target) -> Option<String> {
        match on {
            Target::Person(person) => Some(self.person(person.account.as_deref(), person.login.as_deref())),
            Target::Item(_) => None,
        }
    }

    /// What an action makes so.
    pub(in crate::engine) fn action(&self, action: &Action) -> String {
        match action {
            Action::RemoveLinks => "remove its links".to_owned(),
            Action::RestrictLinks { to } => format!("let its links in {} only", audience_words(*to)),
            Action::ExpireLinks { at } => format!("let its links end at {at}"),
            Action::ProtectLinks => "ask for a password at its public links".to_owned(),
            Action::ForbidDownload => "forbid download through its links".to_owned(),
            Action::RestoreLinks { links } => format!("bring {} back", many(links.len(), "link", "links")),
            Action::RemoveMember { who } => format!("remove {}", self.who(who)),
            Action::RemoveExternals => "remove its members from outside".to_owned(),
            Action::MakePrivate => "make it private: no links, no members".to_owned(),
            Action::ChangeRole { who, role } => format!("make {} {role}", self.who(who)),
            Action::RestoreMembers { members } => {
                format!("bring {} back", many(members.len(), "member", "members"))
            }
            Action::StopInvitations => "let nobody outside be invited".to_owned(),
            Action::RestoreInvitations { .. } => "set invitations as they were".to_owned(),
            Action::Move { .. } => "move it back".to_owned(),
            Action::Copy { .. } => "keep a copy in the service's own folder".to_owned(),
            Action::Quarantine(quarantine) => match quarantine.whose {
                crate::model::action::Whose::Owner => "put it into its owner's quarantine".to_owned(),
                crate::model::action::Whose::Company => "put it into the company's quarantine".to_owned(),
            },
            Action::Release { .. } => "bring it back from quarantine: name, place, links, members".to_owned(),
            Action::PutNote(_) => "leave a note".to_owned(),
            Action::RemoveNote(_) => "take the note away".to_owned(),
            Action::Trash => "put it into the trash".to_owned(),
            Action::Untrash => "take it out of the trash".to_owned(),
            Action::Overwrite { .. } => "put a note in the place of its content, as a new version".to_owned(),
            Action::RestoreVersion { .. } => "make the earlier version the newest again".to_owned(),
            Action::SetLabel { label, .. } => format!("label it {label}, or higher"),
            Action::ClearLabel { .. } => "take our label away".to_owned(),
            Action::Lock { until, no_download } => format!("lock it{}", lock_words(*until, *no_download)),
            Action::Unlock => "unlock it".to_owned(),
            Action::Hold { policy } => format!("put it under the legal hold {policy}"),
            Action::EndHold { policy } => format!("take it out of the legal hold {policy}"),
            Action::Comment { .. } => "tell its owner by a comment".to_owned(),
            Action::RemoveComment { .. } => "take the comment away".to_owned(),
            Action::Task { due, .. } => format!("give its owner a task{}", due_words(*due)),
            Action::RemoveTask { .. } => "take the task away".to_owned(),
            Action::Suspend => "suspend the person".to_owned(),
            Action::Unsuspend => "let the person in again".to_owned(),
            Action::EndSessions => "end the person's sessions".to_owned(),
            Action::RequirePassword => "ask the person for a new password".to_owned(),
            Action::RemoveFromShares { .. } => "take the person out of what others share".to_owned(),
            Action::RestoreShares { shares } => {
                format!("make the person a member of {} again", many(shares.len(), "item", "items"))
            }
            Action::RevokeApps => "take the access of the person's applications away".to_owned(),
        }
    }
}

/// Who is told, in words.
pub(super) fn told_words(ask: &Ask) -> String {
    let Ask::Notify { whom } = ask else { return ask.name().to_owned() };
    let words = whom.iter().map(|told| match told {
        Told::Owner => "its owner".to_owned(),
        Told::OwnerDigest => "its owner, in the day's digest".to_owned(),
        Told::Editor => "who edited it last".to_owned(),
        Told::Address(address) => address.to_string(),
        Told::Webhook(name) => format!("the webhook {name}"),
    });
    format!("tell {}", words.collect::<Vec<_>>().join(", "))
}

/// An ask as policy files and the command line spell it.
pub(super) fn ask_words(ask: &Ask) -> String {
    match ask {
        Ask::Copy { to } | Ask::AdminQuarantine { to: Some(to), .. } => format!("{} to={to}", ask.name()),
        Ask::Hold { policy } => format!("hold name={policy}"),
        Ask::SetLabel { label } => format!("set_label label={label}"),
        Ask::ExpireLinks { after } => format!("expire_links lasting={}", span_words(*after)),
        Ask::RestrictLinks { to } => format!("restrict_links to={}", audience_words(*to)),
        Ask::ChangeRole { who, role } => format!("change_role who={who} role={role}"),
        Ask::RemoveMember { who } => format!("remove_member who={who}"),
        other => other.name().to_owned(),
    }
}

/// A span of time in whole units.
pub(super) fn span_words(span: Duration) -> String {
    let secs = span.as_secs();
    match secs {
        _ if secs > 0 && secs.is_multiple_of(86_400) => format!("{}d", secs / 86_400),
        _ if secs > 0 && secs.is_multiple_of(3_600) => format!("{}h", secs / 3_600),
        _ => format!("{secs}s"),
    }
}

fn audience_words(audience: Audience) -> &'static str {
    match audience {
        Audience::Public => "anybody",
        Audience::Company => "company",
        Audience::Members => "members",
        Audience::Unknown => "nobody knows whom",
    }
}

fn link_words(audience: Audience, password: bool, expires: Option<Moment>) -> String {
    let whom = match audience {
        Audience::Public => "for anybody",
        Audience::Company => "for the company",
        Audience::Members => "for its members",
        Audience::Unknown => "for nobody knows whom",
    };
    let password = if password { "with a password" } else { "without a password" };
    let end = expires.map_or_else(|| "without an end".to_owned(), |end| format!("until {end}"));
    format!("a link {whom}, {password}, {end}")
}

/// A link of an item's own.
pub(super) fn own_link(link: &OwnLink) -> String {
    link_words(link.audience, link.password, link.expires)
}

/// A link as it is stored.
pub(super) fn stored_link(link: &Link) -> String {
    link_words(link.audience, link.password, link.expires)
}

fn wish_words(wish: &LinkWish) -> String {
    let mut words = Vec::new();
    words.extend(wish.audience.map(|audience| format!("for {}", audience_words(audience))));
    words.extend(wish.expires.map(|end| end.map_or_else(|| "without an end".to_owned(), |end| format!("until {end}"))));
    words.extend(wish.password.map(|asked| if asked { "with a password" } else { "without a password" }.to_owned()));
    words.extend(wish.download.map(|lets| if lets { "with download" } else { "without download" }.to_owned()));
    words.join(", ")
}

fn lock_words(until: Option<Moment>, no_download: bool) -> String {
    let end = until.map(|until| format!(" until {until}")).unwrap_or_default();
    format!("{end}{}", if no_download { ", without download" } else { "" })
}

fn due_words(due: Option<Moment>) -> String {
    due.map(|due| format!(" until {due}")).unwrap_or_default()
}

fn many(number: usize, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}
