//! What is lacking in links, members and invitations.

use super::{
    Action, Audience, Block, Directory, Invitations, ItemState, Left, LinkWish, Member, Members, Moment, Order,
    OwnLink, Step, Ways, Who, is_external, is_same,
};
use std::sync::Arc;

/// How far a link opens, the narrowest first; what is not known counts as widest.
fn width(audience: Audience) -> u8 {
    match audience {
        Audience::Members => 0,
        Audience::Company => 1,
        Audience::Public => 2,
        Audience::Unknown => 3,
    }
}

pub(super) fn end_links(now: &ItemState) -> Vec<Step> {
    now.links.iter().map(|link| Step::EndLink { key: Arc::clone(&link.key) }).collect()
}

/// A change of each link that `wish` asks for.
fn each_link(now: &ItemState, wish: impl Fn(&OwnLink) -> Option<LinkWish>) -> Vec<Step> {
    let set = |link: &OwnLink| wish(link).map(|wish| Step::SetLink { key: Arc::clone(&link.key), wish });
    now.links.iter().filter_map(set).collect()
}

pub(super) fn restrict(now: &ItemState, to: Audience) -> Vec<Step> {
    each_link(now, |link| {
        (width(link.audience) > width(to)).then(|| LinkWish { audience: Some(to), ..LinkWish::default() })
    })
}

pub(super) fn expire(now: &ItemState, at: Moment) -> Result<Vec<Step>, Block> {
    let steps = each_link(now, |link| {
        let late = link.expires.is_none_or(|ends| ends > at);
        late.then(|| LinkWish { expires: Some(Some(at)), ..LinkWish::default() })
    });
    if !steps.is_empty() && at <= now.at {
        return Err(Block::BadWish("a link can only end at a time to come: remove it instead".into()));
    }
    Ok(steps)
}

pub(super) fn protect(now: &ItemState, has_password: bool) -> Result<Vec<Step>, Block> {
    let steps = each_link(now, |link| {
        let open = width(link.audience) >= width(Audience::Public) && !link.password;
        open.then(|| LinkWish { password: Some(true), ..LinkWish::default() })
    });
    if !steps.is_empty() && !has_password {
        return Err(Block::BadWish("the order comes without the password to set".into()));
    }
    Ok(steps)
}

/// A link for members only cannot have its download forbidden at Box: there the right of the member decides.
pub(super) fn forbid_download(now: &ItemState, ways: Ways<'_>) -> Vec<Step> {
    each_link(now, |link| {
        let fits = !ways.members_links_download || link.audience != Audience::Members;
        let lets = link.download != Some(false);
        (fits && lets).then(|| LinkWish { download: Some(false), ..LinkWish::default() })
    })
}

/// Each wanted link is held against the one of its key, else against one that nobody wanted yet: one that was made in its
/// place has another key. One whose time is over is not made again.
pub(super) fn links_again(now: &ItemState, wanted: &[OwnLink]) -> Vec<Step> {
    let has_key = |link: &OwnLink, among: &[OwnLink]| among.iter().any(|other| other.key == link.key);
    let mut spare: Vec<&OwnLink> = now.links.iter().filter(|link| !has_key(link, wanted)).collect();
    let mut steps = Vec::new();
    for link in wanted {
        let same = now.links.iter().find(|present| present.key == link.key);
        let present = same.or_else(|| (!spare.is_empty()).then(|| spare.remove(0)));
        match present {
            Some(present) => steps.extend(as_it_was(present, link, now.at)),
            None if link.expires.is_some_and(|ends| ends <= now.at) => {}
            None => steps.push(Step::MakeLink { wish: whole(link), owner: link.owner.clone() }),
        }
    }
    steps
}

/// All settings of a link but its password, which nobody knows.
fn whole(link: &OwnLink) -> LinkWish {
    LinkWish {
        audience: Some(link.asked),
        expires: link.expires.map(Some),
        password: None,
        download: link.download.filter(|lets| !lets),
    }
}

fn as_it_was(present: &OwnLink, was: &OwnLink, at: Moment) -> Option<Step> {
    let comes = was.expires.is_none_or(|ends| ends > at);
    let wish = LinkWish {
        audience: (present.asked != was.asked && was.asked != Audience::Unknown).then_some(was.asked),
        expires: (present.expires != was.expires && comes).then_some(was.expires),
        password: (present.password && !was.password).then_some(false),
        download: was.download.filter(|lets| present.download.is_some_and(|present| present != *lets)),
    };
    (wish != LinkWish::default()).then(|| Step::SetLink { key: Arc::clone(&present.key), wish })
}

/// The item's own members but its owner.
fn own(now: &ItemState) -> impl Iterator<Item = &Member> {
    let known: &[Member] = if let Members::Known(members) = &now.members { members } else { &[] };
    known.iter().filter(|member| member.inherited_from.is_none() && &*member.role != "owner")
}

pub(super) fn end_members(now: &ItemState, wanted: impl Fn(&Member) -> bool) -> Vec<Step> {
    own(now).filter(|member| wanted(member)).map(|member| Step::EndMember { member: member.clone() }).collect()
}

pub(super) fn change_role(now: &ItemState, who: &Who, role: &Arc<str>) -> Vec<Step> {
    let other = own(now).filter(|member| is_same(&member.who, who) && member.role != *role);
    other.map(|member| Step::SetRole { member: member.clone(), role: Arc::clone(role) }).collect()
}

pub(super) fn members_again(now: &ItemState, wanted: &[Member]) -> Vec<Step> {
    let wanted = wanted.iter().filter(|member| member.inherited_from.is_none() && &*member.role != "owner");
    let step = |was: &Member| match own(now).find(|member| is_same(&member.who, &was.who)) {
        Some(present) if present.role == was.role => None,
        Some(present) => Some(Step::SetRole { member: present.clone(), role: Arc::clone(&was.role) }),
        None => Some(Step::AddMember { member: was.clone() }),
    };
    wanted.filter_map(step).collect()
}

pub(super) fn invitations(now: &ItemState, wanted: Invitations) -> Result<Vec<Step>, Block> {
    match now.invitations {
        None => Err(Block::NotOffered("only a folder that can be shared has rules for invitations".into())),
        Some(rules) if rules == wanted => Ok(Vec::new()),
        Some(_) => Ok(vec![Step::SetInvitations { rules: wanted }]),
    }
}

/// What the item has from above and what cannot be seen, as far as the order is about it.
pub(super) fn left(order: &Order, now: &ItemState, people: &Directory) -> Vec<Left> {
    let mut left = Vec::new();
    match &order.action {
        Action::RemoveLinks | Action::MakePrivate => left.extend(links_above(now, Audience::Members, |_| true)),
        Action::RestrictLinks { to } => left.extend(links_above(now, *to, |_| true)),
        Action::ExpireLinks { at } => {
            left.extend(links_above(now, Audience::Members, |link| link.expires.is_none_or(|ends| ends > *at)));
        }
        Action::ProtectLinks => left.extend(links_above(now, Audience::Company, |link| !link.password)),
        Action::ForbidDownload => {
            left.extend(links_above(now, Audience::Members, |link| link.download != Some(false)));
        }
        _ => {}
    }
    match &order.action {
        Action::RemoveMember { who } => left.extend(members_above(now, |member| is_same(&member.who, who))),
        Action::RemoveExternals => left.extend(members_above(now, |member| is_external(&member.who, people))),
        Action::MakePrivate => left.extend(members_above(now, |_| true)),
        Action::ChangeRole { who, role } => {
            left.extend(members_above(now, |member| is_same(&member.who, who) && member.role != *role));
        }
        _ => {}
    }
    left
}

fn links_above(now: &ItemState, narrow: Audience, still: impl Fn(&OwnLink) -> bool) -> Vec<Left> {
    let over = |link: &OwnLink| link.expires.is_some_and(|ends| ends <= now.at);
    let open = now
        .links_above
        .iter()
        .filter(|above| width(above.link.audience) > width(narrow) && !over(&above.link) && still(&above.link));
    open.map(|above| Left::LinkAbove { folder: Arc::clone(&above.folder), audience: above.link.audience }).collect()
}

fn members_above(now: &ItemState, wanted: impl Fn(&Member) -> bool) -> Vec<Left> {
    match &now.members {
        Members::None => Vec::new(),
        Members::Hidden => vec![Left::MembersHidden],
        Members::Known(members) => {
            let above = members.iter().filter(|member| &*member.role != "owner" && wanted(member));
            above
                .filter_map(|member| {
                    let folder = Arc::clone(member.inherited_from.as_ref()?);
                    Some(Left::MemberAbove { folder, who: member.who.clone() })
                })
                .collect()
        }
    }
}
