//! Exceptions: which of them are about an item, whether they hold for it, and what they leave of a policy's answer.
//!
//! An exception only ever spares: where a filter says no, none is looked at. One that cannot be told to hold or not leaves the
//! policy undecided, so that nothing is done and nothing is forgotten.

use super::super::facts::held::{Held, Shelf, Whose};
use super::Governing;
use super::opinion::Spared;
use crate::model::{Audience, Directory, ExceptionNumber, Item, ItemKind, Members, Sharing, Side, Who};
use crate::policy::{Answer, Facts, Policy, Wants};
use crate::store::{Error, Exception, ExceptionKind};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Exceptions by what they are about, so that an item is held against those alone that name it.
#[derive(Debug, Default)]
pub(crate) struct Excuses {
    by: HashMap<(ExceptionKind, Arc<str>), Vec<usize>>,
    domains: Vec<usize>,
    tokens: Vec<usize>,
    /// True when some exception is about a folder, so that it must be known what lies above an item.
    folders: bool,
}

impl Excuses {
    pub(super) fn of(all: &[Exception]) -> Self {
        let mut excuses = Self::default();
        for (at, exception) in all.iter().enumerate() {
            let what = &exception.is.what;
            match exception.is.kind {
                ExceptionKind::Domain => excuses.domains.push(at),
                ExceptionKind::Token => excuses.tokens.push(at),
                kind @ (ExceptionKind::File | ExceptionKind::Folder) => {
                    excuses.folders |= kind == ExceptionKind::Folder;
                    excuses.by.entry((kind, Arc::clone(what))).or_default().push(at);
                }
                kind @ ExceptionKind::Owner => {
                    excuses.by.entry((kind, what.to_lowercase().into())).or_default().push(at);
                }
            }
        }
        excuses
    }

    /// Exceptions that name this item, its folders or its owner, and those of domains.
    fn naming(&self, facts: &Facts<'_>) -> BTreeSet<usize> {
        let mut keys = vec![(ExceptionKind::File, Arc::clone(&facts.item.id))];
        if facts.item.kind == ItemKind::Folder {
            keys.push((ExceptionKind::Folder, Arc::clone(&facts.item.id)));
        }
        let above = facts.above.unwrap_or_default().iter();
        keys.extend(above.map(|folder| (ExceptionKind::Folder, Arc::clone(&folder.id))));
        keys.extend(owner_login(facts.item, facts.directory).map(|login| (ExceptionKind::Owner, login.into())));
        let named = keys.iter().filter_map(|key| self.by.get(key)).flatten();
        named.chain(&self.domains).copied().collect()
    }
}

/// The owner's login in lower case, where it can be told.
pub(crate) fn owner_login(item: &Item, directory: Option<&Directory>) -> Option<String> {
    let owner = item.owner.as_ref()?;
    let person = || directory.and_then(|all| all.by_account(owner.account.as_deref()?));
    let login = owner.login.as_deref().or_else(|| person().map(|person| &*person.login));
    login.map(str::to_lowercase)
}

/// How an exception stands for one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Excused {
    /// It holds.
    Yes,
    /// It is not about this.
    Elsewhere,
    /// It was made for another content.
    OtherContent,
    /// More was found than was excused: how many different values of this detector, and how many were.
    Grown(Arc<str>, u64, u64),
    /// That cannot be told now.
    Unknown,
}

/// What exceptions leave of a policy's answer, which is not no.
pub(super) fn applied(
    governing: &Governing,
    policy: &Policy,
    told: Answer,
    held: &mut Held<'_>,
    whose: Whose<'_>,
    shelf: &mut Shelf<'_>,
) -> Result<(Answer, Option<Spared>), Error> {
    let excuses = &governing.excuses;
    if governing.exceptions.is_empty() {
        return Ok((told, None));
    }
    if excuses.folders {
        held.want(Wants::ABOVE, whose, shelf)?;
    }
    let mut perhaps = None;
    for at in excuses.naming(&held.facts(whose)) {
        let exception = &governing.exceptions[at];
        match weigh(exception, policy, held, whose, shelf)? {
            Excused::Yes => return Ok((Answer::No, Some(Spared::By(exception.number)))),
            Excused::Unknown => perhaps = perhaps.or(Some(exception.number)),
            Excused::Elsewhere | Excused::OtherContent | Excused::Grown(..) => {}
        }
    }
    if let Some(spared) = without_values(governing, policy, held, whose, shelf)? {
        return Ok((Answer::No, Some(Spared::Values(spared))));
    }
    Ok(match perhaps {
        Some(exception) => (Answer::Unknown, Some(Spared::Perhaps(exception))),
        None => (told, None),
    })
}

/// The exceptions of values without whose findings the policy says no.
fn without_values(
    governing: &Governing,
    policy: &Policy,
    held: &mut Held<'_>,
    whose: Whose<'_>,
    shelf: &mut Shelf<'_>,
) -> Result<Option<Vec<ExceptionNumber>>, Error> {
    if governing.excuses.tokens.is_empty() || !policy.filter.wants().has(Wants::FOUND) {
        return Ok(None);
    }
    let mut held_back = Vec::new();
    for at in &governing.excuses.tokens {
        let exception = &governing.exceptions[*at];
        if weigh(exception, policy, held, whose, shelf)? == Excused::Yes {
            held_back.push(exception);
        }
    }
    let tokens: BTreeSet<&str> = held_back.iter().map(|exception| &*exception.is.what).collect();
    let spares = !tokens.is_empty() && held.answer_without(&policy.filter, &tokens, whose) == Answer::No;
    Ok(spares.then(|| held_back.iter().map(|exception| exception.number).collect()))
}

/// How one exception stands for an item and a policy. Of a value: whether the item holds it.
pub(crate) fn weigh(
    exception: &Exception,
    policy: &Policy,
    held: &mut Held<'_>,
    whose: Whose<'_>,
    shelf: &mut Shelf<'_>,
) -> Result<Excused, Error> {
    let is = &exception.is;
    let for_it = is.policy.as_ref().is_none_or(|name| *name == policy.name)
        && is.connector.is_none_or(|connector| connector == held.known().connector)
        && is.until > whose.now
        && exception.ended.is_none_or(|ended| ended > whose.now);
    if !for_it {
        return Ok(Excused::Elsewhere);
    }
    match is.kind {
        ExceptionKind::File => {}
        ExceptionKind::Folder => held.want(Wants::ABOVE, whose, shelf)?,
        ExceptionKind::Owner => {}
        ExceptionKind::Domain => held.want(Wants::SHARES, whose, shelf)?,
        ExceptionKind::Token => held.want(Wants::FOUND, whose, shelf)?,
    }
    let about = about(exception, held, whose);
    if about == Answer::No {
        return Ok(Excused::Elsewhere);
    }
    if is.content.is_some() || !is.excused.is_empty() {
        held.want(Wants::CONTENT, whose, shelf)?;
    }
    let bound = bound(exception, held);
    Ok(match (bound, about) {
        (Excused::Yes, Answer::Unknown) => Excused::Unknown,
        (bound, _) => bound,
    })
}

/// Whether an exception names the item.
fn about(exception: &Exception, held: &Held<'_>, whose: Whose<'_>) -> Answer {
    let (what, facts) = (&exception.is.what, held.facts(whose));
    match exception.is.kind {
        ExceptionKind::File => (facts.item.id == *what).into(),
        ExceptionKind::Folder => {
            let itself = facts.item.kind == ItemKind::Folder && facts.item.id == *what;
            let below = facts.above.map(|above| above.iter().any(|folder| folder.id == *what));
            Answer::from(itself).or(below.into())
        }
        ExceptionKind::Owner => {
            owner_login(facts.item, facts.directory).is_some_and(|login| login == what.to_lowercase()).into()
        }
        ExceptionKind::Domain => shared_with_only(&what.to_lowercase(), &facts, whose),
        ExceptionKind::Token => held.has_token(what).into(),
    }
}

/// Whether what an exception was made for is still all that there is.
fn bound(exception: &Exception, held: &Held<'_>) -> Excused {
    if let Some(wanted) = exception.is.content {
        match held.content() {
            None => return Excused::Unknown,
            Some(content) if content != Some(wanted) => return Excused::OtherContent,
            Some(_) => {}
        }
    }
    if exception.is.excused.is_empty() {
        return Excused::Yes;
    }
    let Some(found) = held.different() else { return Excused::Unknown };
    for (detector, different, or_more) in found {
        let excused = exception.is.excused.iter().find(|(excused, _)| *excused == detector);
        let excused = excused.map_or(0, |(_, many)| *many);
        // Past the cap on remembered values a count stands still: only the very same content is known to hold no more.
        if different > excused || or_more && exception.is.content.is_none() {
            return Excused::Grown(detector, different, excused);
        }
    }
    Excused::Yes
}

/// Whether somebody of this domain can reach the item, and nobody else from outside.
fn shared_with_only(domain: &str, facts: &Facts<'_>, whose: Whose<'_>) -> Answer {
    let Some(shares) = facts.shares else { return Answer::Unknown };
    let mut outside = Outside { domain, directory: facts.directory, some: false, all: Answer::Yes };
    if !facts.exposure.is_some_and(crate::model::Exposure::is_known) {
        outside.all = Answer::Unknown;
    }
    for sharing in shares {
        outside.sharing(sharing, whose);
    }
    // Of what nobody outside is known to reach, an exception for somebody outside says nothing.
    match (outside.all, outside.some) {
        (Answer::Yes, false) => Answer::No,
        (all, _) => all,
    }
}

/// Who reaches an item from outside.
struct Outside<'a> {
    domain: &'a str,
    directory: Option<&'a Directory>,
    /// Somebody of the domain does.
    some: bool,
    /// All are of the domain.
    all: Answer,
}

impl Outside<'_> {
    fn sharing(&mut self, sharing: &Sharing, whose: Whose<'_>) {
        if sharing.outside_owner {
            self.all = Answer::No;
        }
        let live = |end: Option<crate::clock::Moment>| end.is_none_or(|end| end > whose.now);
        for link in sharing.links.iter().filter(|link| live(link.expires)) {
            match link.audience {
                Audience::Public => self.all = Answer::No,
                Audience::Unknown => self.all = self.all.and(Answer::Unknown),
                Audience::Company | Audience::Members => {}
            }
        }
        match &sharing.members {
            Members::None => {}
            Members::Hidden => self.all = self.all.and(Answer::Unknown),
            Members::Known(members) => {
                let others = members.iter().filter(|member| live(member.expires));
                others.filter(|member| !member.role.eq_ignore_ascii_case("owner")).for_each(|one| self.who(&one.who));
            }
        }
    }

    fn who(&mut self, who: &Who) {
        match who {
            Who::Person { account, login, side } => self.person(account.as_deref(), login.as_deref(), *side),
            Who::Invited { login } => self.person(None, Some(login), None),
            Who::Unauthenticated => self.all = Answer::No,
            Who::Group { id, .. } => {
                let members = self.directory.and_then(|all| all.group(id)).and_then(|group| group.members.as_deref());
                match members {
                    Some(members) => members.iter().for_each(|account| self.person(Some(account), None, None)),
                    None => self.all = self.all.and(Answer::Unknown),
                }
            }
        }
    }

    fn person(&mut self, account: Option<&str>, login: Option<&str>, side: Option<Side>) {
        let side = side.or_else(|| self.directory.map(|all| all.side_of(account, login)));
        let listed = || self.directory.and_then(|all| all.by_account(account?)).map(|person| &*person.login);
        let domain = login.or_else(listed).and_then(|login| login.rsplit_once('@')).map(|(_, domain)| domain);
        match (side, domain) {
            (Some(Side::Internal), _) => {}
            (Some(Side::External), Some(domain)) if domain.eq_ignore_ascii_case(self.domain) => self.some = true,
            (Some(Side::External), Some(_)) => self.all = Answer::No,
            (Some(Side::External), None) | (None, _) => self.all = self.all.and(Answer::Unknown),
        }
    }
}
