//! Digests: what one owner is to be told in a day, as one mail.

use super::{id_of, kept};
use crate::engine::core::Core;
use crate::notify::{About, Said};
use crate::store::{Error, Message, NewMessage};
use std::sync::Arc;

/// Messages that become one digest; what is more becomes the next.
const MEMBERS_MAX: usize = 1_000;
/// Items told in one digest.
const ABOUT_MAX: usize = 200;

/// Notes of policies told in one digest.
const NOTES_MAX: usize = 12;

/// Makes the digests that are due.
pub(super) fn make(core: &Core) -> Result<(), Error> {
    while !core.stopped() {
        let members = core.store.due_digest(MEMBERS_MAX)?;
        let Some(first) = members.first() else { return Ok(()) };
        let numbers: Vec<u64> = members.iter().map(|member| member.sequence).collect();
        let id = id_of(&format!("digest-{}", first.sequence), &first.is.channel);
        let body = kept(&said(&members));
        let digest = NewMessage { id, channel: first.is.channel.clone(), body, digest_at: None };
        core.store.digest(&numbers, &digest)?;
    }
    Ok(())
}

fn said(members: &[Message]) -> Said {
    let mut about: Vec<About> = Vec::new();
    let mut notes: Vec<String> = Vec::new();
    for member in members {
        let Ok(said) = serde_json::from_str::<Said>(&member.is.body) else { continue };
        let title = if said.title.is_empty() { said.policy } else { said.title };
        let note = format!("{title}: {}", said.note);
        if !said.note.is_empty() && notes.len() < NOTES_MAX && !notes.contains(&note) {
            notes.push(note);
        }
        for mut one in said.about {
            if one.policy.is_empty() {
                one.policy = Arc::clone(&title);
            }
            // An item that was told twice on one day is told once.
            match about.iter_mut().find(|other| other.id == one.id && other.connector == one.connector) {
                Some(other) if other.policy == one.policy => *other = one,
                Some(other) => other.policy = format!("{}; {}", other.policy, one.policy).into(),
                None => about.push(one),
            }
        }
    }
    let items = u64::try_from(about.len()).unwrap_or(u64::MAX);
    about.truncate(ABOUT_MAX);
    Said {
        kind: "digest".into(),
        items,
        about,
        text: "These files or folders of yours hold what policies of your company are about. Please look at them: do they have \
               to be there, and be shared as they are?"
            .into(),
        note: notes.join("\n").into(),
        ..Said::default()
    }
}
