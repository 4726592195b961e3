//! CONTENT: see to a verdict for the item's present version, with a download only when nothing else serves.

use super::fault::Fault;
use super::{Body, End, Fetcher, Holds, LOCKED_AGAIN, MOVING_AGAIN};
use crate::content::{Content, Stop};
use crate::engine::facts::wanted::{all_is_wanted, is_wanted};
use crate::engine::pool::Work;
use crate::engine::settle::{above_of, standing};
use crate::engine::stats::Count;
use crate::engine::step;
use crate::extract::sniff::is_unread_medium;
use crate::model::{ContentHash, Download, ItemKind, Members, Provider, Reason, Todo};
use crate::provider::{self, Next, Wanted};
use crate::store::{self, Outcome, Reading};
use sha2::{Digest, Sha256};
use std::io::{self, Read};
use std::time::Duration;

/// How often an item that changes under the reader is looked at in one go.
const LOOKS_MAX: u32 = 3;
/// After so long an item is looked at again whose namespace's owner is being asked for.
const OWNER_AGAIN: Duration = Duration::from_secs(2);
/// After so long nobody will tell who owns it, and it is treated as if it were out of bounds.
const OWNER_PATIENCE: Duration = Duration::from_secs(600);
/// After so long a content that found no room in the spool is tried again.
const ROOM_AGAIN: Duration = Duration::from_secs(10);

impl Fetcher {
    /// The whole step; loops only while the item changes under it.
    pub(super) fn content(&self, work: &mut Work) -> Result<End, Fault> {
        loop {
            if work.item.kind != ItemKind::File {
                return Ok(self.settled_with(work, None));
            }
            if self.owner_is_hidden(work)? {
                let now = self.core.clock.steady();
                if now.since(work.job.asked) < OWNER_PATIENCE {
                    return Ok(End::Wait(Some(now.plus(OWNER_AGAIN))));
                }
                let reason = work.tenant.reach().refuses_unknown();
                return Ok(self.settled_with(work, Some(Outcome::Skipped(reason))));
            }
            if let Some(reason) = self.refusal(work)? {
                return Ok(self.settled_with(work, Some(Outcome::Skipped(reason))));
            }
            if self.is_known(work)? {
                return Ok(self.settled_with(work, None));
            }
            if let Some(reading) = self.read_elsewhere(work)? {
                self.count(work, Count::Reused, 1);
                let outcome = Outcome::Known { reading: reading.number, reused: true };
                return Ok(self.settled_with(work, Some(outcome)));
            }
            let mut holds = Holds::default();
            if let Some(key) = self.twin_key(work) {
                match self.twins.begin(key) {
                    None => return Ok(End::Twin(key)),
                    Some(twin) => holds.twin = Some(twin),
                }
                // Between the question above and the beginning here another may have ended.
                if let Some(reading) = self.read_elsewhere(work)? {
                    let outcome = Outcome::Known { reading: reading.number, reused: true };
                    return Ok(self.settled_with(work, Some(outcome)));
                }
            }
            match self.download(work, holds)? {
                Downloaded::End(end) => return Ok(end),
                Downloaded::LookAgain => {
                    if work.looks >= LOOKS_MAX {
                        return Ok(End::Wait(Some(self.core.clock.steady().plus(MOVING_AGAIN))));
                    }
                    if !self.look(work)? {
                        return Ok(End::Settle);
                    }
                    work.todo = work.todo.and(Todo::CONTENT);
                }
            }
        }
    }

    fn count(&self, work: &Work, what: Count, many: u64) {
        self.core.stats.of(work.tenant.number).add(what, many);
    }

    fn settled_with(&self, work: &mut Work, outcome: Option<Outcome>) -> End {
        work.settlement.version.clone_from(&work.item.version);
        work.settlement.outcome = outcome;
        work.did(Todo::CONTENT.and(Todo::REREAD));
        End::Settle
    }

    /// True while bounds name owners, and who owns the namespace that the item lies in cannot be told: its members are asked
    /// for as soon as it is known, and until then they are hidden.
    fn owner_is_hidden(&self, work: &Work) -> Result<bool, Fault> {
        let asks = work.tenant.provider == Provider::Dropbox && work.tenant.reach().asks_for_owners();
        if !asks || work.item.owner.is_some() {
            return Ok(false);
        }
        let above = above_of(&*self.core.store, work)?;
        Ok(above.last().is_some_and(|top| top.sharing.members == Members::Hidden))
    }

    /// Why the content is not to be read at all. Asked before any call for it.
    fn refusal(&self, work: &Work) -> Result<Option<Reason>, Fault> {
        let reach = work.tenant.reach();
        if !reach.is_everything() {
            let above = above_of(&*self.core.store, work)?;
            if let Some(reason) = reach.refuses(&work.item, &above) {
                return Ok(Some(reason));
            }
        }
        let item = &work.item;
        Ok(match &item.download {
            _ if item.outside_owner => Some(Reason::OutsideOwner),
            Download::None => Some(Reason::NotInspectable),
            Download::Direct if item.size_bytes > self.core.options.file_bytes_max => Some(Reason::TooLarge),
            _ if self.is_wanted(work)? => None,
            _ => Some(Reason::NotNeeded),
        })
    }

    /// Whether any policy could come to need the content.
    fn is_wanted(&self, work: &Work) -> Result<bool, Fault> {
        Ok(all_is_wanted(&self.core) || is_wanted(&self.core, work, &standing(&self.core, work)?)?)
    }

    /// True when this very version was read already, by rules that will do.
    fn is_known(&self, work: &Work) -> Result<bool, store::Error> {
        let known = &work.job.known;
        let Some(number) = known.reading.filter(|_| known.judged_version == work.item.version) else {
            return Ok(false);
        };
        if work.item.version.is_none() {
            return Ok(false);
        }
        let reading = self.core.store.reading(number)?;
        Ok(reading.is_some_and(|reading| self.serves(work, &reading)))
    }

    /// A reading of another item's or version's identical content.
    fn read_elsewhere(&self, work: &Work) -> Result<Option<Reading>, store::Error> {
        let Some((provider, hash, size_bytes)) = self.twin_key(work) else { return Ok(None) };
        let reading = self.core.store.reading_by_hash(provider, &hash, size_bytes)?;
        Ok(reading.filter(|reading| self.serves(work, reading)))
    }

    /// A reading serves while it was made as one would be made now. Rules that changed since are no reason to read again:
    /// what they change is judged from what is stored, and asks for a reading where it cannot be.
    fn serves(&self, work: &Work, reading: &Reading) -> bool {
        let asks_for_rules = work.todo.has(Todo::REREAD);
        reading.extraction == self.inspecting.extraction(&reading.sniffed)
            && (!asks_for_rules || reading.rules == self.core.in_force().number)
    }

    /// What tells identical contents; `None` where the provider's hash does not.
    fn twin_key(&self, work: &Work) -> Option<(Provider, ContentHash, u64)> {
        let item = &work.item;
        let hash = item.hash.filter(|_| item.download == Download::Direct)?;
        // A SHA-1 can be collided on purpose.
        let trusted = matches!(hash, ContentHash::Blocks(_)) || self.core.options.reuse_across_items;
        trusted.then_some((work.tenant.provider, hash, item.size_bytes))
    }

    fn download(&self, work: &mut Work, mut holds: Holds) -> Result<Downloaded, Fault> {
        let in_memory = self.core.options.spool.memory_bytes_max;
        let expected = match work.item.download {
            Download::Direct => work.item.size_bytes.min(in_memory),
            _ => in_memory,
        };
        let Some(mut room) = self.room.take(expected, work.is_live(), &self.core.stop) else {
            return Ok(Downloaded::End(End::Wait(None)));
        };
        step::passed("download.before");
        let wanted = Wanted { live: work.is_live(), ..Wanted::of(&work.item) };
        let body = match work.tenant.source.open(&wanted) {
            Ok(body) => body,
            Err(error) => return self.unread(work, error),
        };
        self.count(work, Count::Downloads, 1);
        let mut hashed = Hashed { body, sha256: Sha256::new() };
        let mut is_medium = false;
        let (content, failed) = self.spool.take_if(&mut hashed, &mut |head| {
            is_medium = is_unread_medium(head);
            !is_medium
        });
        let (body, sha256) = (hashed.body, hashed.sha256);
        self.count(work, Count::DownloadedBytes, body.bytes_read());
        if let Some(error) = failed {
            return match provider::Error::carried_by(&error) {
                Some(_) => self.unread(work, carried(error)),
                None => Ok(Downloaded::End(self.no_room(work, &error))),
            };
        }
        step::passed("download.after");
        if is_medium {
            return Ok(Downloaded::End(self.settled_with(work, Some(Outcome::Skipped(Reason::NoText)))));
        }
        room.shrink_to(memory_bytes(&content));
        holds.room = Some(room);
        Ok(Downloaded::End(self.to_scan(work, content, sha256, holds)))
    }

    fn to_scan(&self, work: &mut Work, content: Content, sha256: Sha256, holds: Holds) -> End {
        work.settlement.version.clone_from(&work.item.version);
        work.fetched = Some(self.core.clock.steady());
        work.did(Todo::CONTENT.and(Todo::REREAD));
        let hash = work.item.hash.filter(|_| work.item.download == Download::Direct);
        End::Scan(Box::new(Body { content, sha256: sha256.finalize().into(), hash, holds }))
    }

    /// The provider did not give the content.
    fn unread(&self, work: &mut Work, error: provider::Error) -> Result<Downloaded, Fault> {
        let skipped = |reason| Some(Outcome::Skipped(reason));
        let in_trash = work.item.trashed.is_some();
        let outcome = match error.next() {
            // What lies in the trash may have no bytes to give; the item is there all the same.
            Next::Gone | Next::Forbidden if in_trash => skipped(Reason::NotInspectable),
            Next::Gone | Next::Moved if work.looks < LOOKS_MAX => return Ok(Downloaded::LookAgain),
            // Seen again and again, and never given.
            Next::Gone => skipped(Reason::NotInspectable),
            Next::Forbidden => skipped(Reason::AccessDenied),
            Next::NotReadable => skipped(Reason::NotInspectable),
            Next::Locked => {
                work.settlement.left = Todo::CONTENT;
                work.settlement.left_not_before = Some(self.core.clock.steady().plus(LOCKED_AGAIN));
                skipped(Reason::Locked)
            }
            _ => return Err(error.into()),
        };
        Ok(Downloaded::End(self.settled_with(work, outcome)))
    }

    /// The content came and could not be kept.
    fn no_room(&self, work: &mut Work, error: &io::Error) -> End {
        let spool_max = self.core.options.spool.spool_bytes_max;
        if work.item.size_bytes > spool_max {
            return self.settled_with(work, Some(Outcome::Skipped(Reason::TooLarge)));
        }
        match (Stop::carried_by(error), error.kind()) {
            (Some(_), _) | (None, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => {
                End::Wait(Some(self.core.clock.steady().plus(ROOM_AGAIN)))
            }
            _ => End::Fail(Reason::IoError, format!("the spool failed: {}", error.kind())),
        }
    }
}

enum Downloaded {
    End(End),
    /// Another version is there now, or none.
    LookAgain,
}

/// Bytes of a content that are held in memory.
fn memory_bytes(content: &Content) -> u64 {
    content.as_memory().map_or(0, |bytes| u64::try_from(bytes.len()).unwrap_or(u64::MAX))
}

/// The provider's error out of the reader's.
fn carried(error: io::Error) -> provider::Error {
    match error.downcast::<provider::Error>() {
        Ok(error) => error,
        Err(other) => provider::Error::new(Next::Transient, "read a content", other.kind().to_string()),
    }
}

/// Hashes what is read.
struct Hashed<R> {
    body: R,
    sha256: Sha256,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.body.read(buffer)?;
        self.sha256.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}
