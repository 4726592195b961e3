//! How the journal's words are written as bytes: numbers in groups of seven bits, texts with their length before them.
//!
//! Reading believes nothing: a length beyond the bytes at hand, a text that is no UTF-8, a tag nobody wrote give `None`.

use crate::clock::Moment;
use crate::model::{Audience, ContentHash, Download, Item, ItemKind, Link, Principal};
use crate::provider::{FeedCursor, Onward, Unwalked, Walk, WhyUnwalked};
use std::sync::Arc;

/// Writes.
#[derive(Debug, Default)]
pub(super) struct Pen(pub(super) Vec<u8>);

/// Reads what a [`Pen`] wrote.
#[derive(Clone, Copy, Debug)]
pub(super) struct Eye<'a>(pub(super) &'a [u8]);

impl Pen {
    pub(super) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    pub(super) fn number(&mut self, mut number: u64) {
        while number > 0x7f {
            self.0.push(low_seven(number) | 0x80);
            number >>= 7;
        }
        self.0.push(low_seven(number));
    }

    pub(super) fn fixed(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(super) fn text(&mut self, text: &str) {
        self.length(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    pub(super) fn length(&mut self, length: usize) {
        self.number(u64::try_from(length).unwrap_or(u64::MAX));
    }

    pub(super) fn maybe(&mut self, text: Option<&str>) {
        self.byte(u8::from(text.is_some()));
        if let Some(text) = text {
            self.text(text);
        }
    }

    fn moment(&mut self, moment: Option<Moment>) {
        self.byte(u8::from(moment.is_some()));
        if let Some(moment) = moment {
            self.0.extend_from_slice(&moment.as_millis().to_le_bytes());
        }
    }

    pub(super) fn principal(&mut self, who: &Principal) {
        self.byte(match who {
            Principal::Tenant => 0,
            Principal::Person(_) => 1,
            Principal::Admin(_) => 2,
        });
        if let Some(id) = who.id() {
            self.text(id);
        }
    }

    /// A walk without its path, which is made of names.
    pub(super) fn walk(&mut self, walk: &Walk) {
        self.text(&walk.id);
        self.text(&walk.place);
        self.text(&walk.kind);
        self.principal(&walk.read_as);
        self.maybe(walk.cursor.as_deref());
    }

    /// A hole without its name.
    pub(super) fn hole(&mut self, hole: &Unwalked) {
        self.text(&hole.what);
        self.byte(WHY.iter().position(|why| *why == hole.why).and_then(|at| u8::try_from(at).ok()).unwrap_or(u8::MAX));
    }

    pub(super) fn feed(&mut self, feed: &FeedCursor) {
        self.text(&feed.feed);
        self.principal(&feed.read_as);
        self.text(&feed.position);
    }

    pub(super) fn onward(&mut self, onward: &Onward) {
        match onward {
            Onward::More(cursor) => {
                self.byte(0);
                self.text(cursor);
            }
            Onward::End(cursor) => {
                self.byte(1);
                self.maybe(cursor.as_deref());
            }
        }
    }

    /// An item without name, path, owner and times; its link without the address, which is a key to the content.
    pub(super) fn item(&mut self, item: &Item, walk_place: &str, walk_read_as: &Principal) {
        let same_place = *item.place == *walk_place;
        let same_reader = item.read_as == *walk_read_as;
        let kind = match item.kind {
            ItemKind::File => 0,
            ItemKind::Folder => 1,
            ItemKind::WebLink => 2,
        };
        let bits = [same_place, same_reader, item.outside_owner, item.has_members, item.locked];
        self.byte(bits.iter().enumerate().fold(kind, |byte, (at, bit)| byte | u8::from(*bit) << (at + 2)));
        self.text(&item.id);
        if !same_place {
            self.text(&item.place);
        }
        if !same_reader {
            self.principal(&item.read_as);
        }
        self.maybe(item.parent.as_deref());
        self.number(item.size_bytes);
        self.maybe(item.version.as_deref());
        self.maybe(item.etag.as_deref());
        self.hash(item.hash);
        self.moment(item.trashed);
        self.link(item.link.as_ref());
        match &item.download {
            Download::Direct => self.byte(0),
            Download::None => self.byte(1),
            Download::Export(format) => {
                self.byte(2);
                self.text(format);
            }
        }
    }

    fn hash(&mut self, hash: Option<ContentHash>) {
        let (tag, bytes): (u8, &[u8]) = match &hash {
            None => (0, &[]),
            Some(ContentHash::Sha1(bytes)) => (1, bytes),
            Some(ContentHash::Blocks(bytes)) => (2, bytes),
        };
        self.byte(tag);
        self.0.extend_from_slice(bytes);
    }

    fn link(&mut self, link: Option<&Link>) {
        self.byte(u8::from(link.is_some()));
        if let Some(link) = link {
            let audience = match link.audience {
                Audience::Public => 0,
                Audience::Company => 1,
                Audience::Members => 2,
                Audience::Unknown => 3,
            };
            let download = link.download.map_or(0, |may| 1 + u8::from(may));
            self.byte(audience | u8::from(link.password) << 2 | download << 3);
            self.moment(link.expires);
        }
    }
}

fn low_seven(number: u64) -> u8 {
    number.to_le_bytes()[0] & 0x7f
}

/// The reasons in the order of their tags; only ever appended to.
const WHY: [WhyUnwalked; 8] = [
    WhyUnwalked::InactiveOwner,
    WhyUnwalked::InvitedOwner,
    WhyUnwalked::CoAdminGap,
    WhyUnwalked::Archived,
    WhyUnwalked::Refused,
    WhyUnwalked::Gone,
    WhyUnwalked::AppFolder,
    WhyUnwalked::Failing,
];

impl<'a> Eye<'a> {
    pub(super) fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (read, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(read)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.bytes(1)?.first().copied()
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    pub(super) fn fixed(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn small(&mut self) -> Option<u32> {
        self.number().and_then(|number| u32::try_from(number).ok())
    }

    pub(super) fn text(&mut self) -> Option<Arc<str>> {
        let length = usize::try_from(self.number()?).ok()?;
        std::str::from_utf8(self.bytes(length)?).ok().map(Arc::from)
    }

    /// Nothing, or what `read` reads.
    pub(super) fn maybe<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.byte()? {
            0 => Some(None),
            1 => read(self).map(Some),
            _ => None,
        }
    }

    /// As many as the number before them says.
    pub(super) fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let length = self.number()?;
        (0..length).map(|_| read(self)).collect()
    }

    fn moment(&mut self) -> Option<Moment> {
        self.array().map(|bytes| Moment::from_millis(i64::from_le_bytes(bytes)))
    }

    pub(super) fn principal(&mut self) -> Option<Principal> {
        match self.byte()? {
            0 => Some(Principal::Tenant),
            1 => self.text().map(Principal::Person),
            2 => self.text().map(Principal::Admin),
            _ => None,
        }
    }

    pub(super) fn walk(&mut self) -> Option<Walk> {
        Some(Walk {
            id: self.text()?,
            place: self.text()?,
            kind: self.text()?,
            read_as: self.principal()?,
            path: Arc::from(super::PATH_UNKNOWN),
            cursor: self.maybe(Self::text)?,
        })
    }

    pub(super) fn hole(&mut self) -> Option<Unwalked> {
        let what = self.text()?;
        let why = *WHY.get(usize::from(self.byte()?))?;
        Some(Unwalked { what, name: Arc::from(""), why })
    }

    pub(super) fn feed(&mut self) -> Option<FeedCursor> {
        Some(FeedCursor { feed: self.text()?, read_as: self.principal()?, position: self.text()? })
    }

    pub(super) fn onward(&mut self) -> Option<Onward> {
        match self.byte()? {
            0 => self.text().map(Onward::More),
            1 => self.maybe(Self::text).map(Onward::End),
            _ => None,
        }
    }

    pub(super) fn item(&mut self, walk_place: &Arc<str>, walk_read_as: &Principal) -> Option<Item> {
        let byte = self.byte()?;
        let bit = |at: u8| byte >> (at + 2) & 1 == 1;
        let kind = *[ItemKind::File, ItemKind::Folder, ItemKind::WebLink].get(usize::from(byte & 3))?;
        Some(Item {
            kind,
            id: self.text()?,
            place: if bit(0) { Arc::clone(walk_place) } else { self.text()? },
            read_as: if bit(1) { walk_read_as.clone() } else { self.principal()? },
            outside_owner: bit(2),
            has_members: bit(3),
            locked: bit(4),
            parent: self.maybe(Self::text)?,
            size_bytes: self.number()?,
            version: self.maybe(Self::text)?,
            etag: self.maybe(Self::text)?,
            hash: self.hash()?,
            trashed: self.maybe(Self::moment)?,
            link: self.maybe(Self::link)?,
            download: match self.byte()? {
                0 => Download::Direct,
                1 => Download::None,
                2 => Download::Export(self.text()?),
                _ => return None,
            },
            name: Arc::from(""),
            path: None,
            created: None,
            modified: None,
            owner: None,
            label: None,
        })
    }

    fn hash(&mut self) -> Option<Option<ContentHash>> {
        match self.byte()? {
            0 => Some(None),
            1 => self.array().map(|bytes| Some(ContentHash::Sha1(bytes))),
            2 => self.array().map(|bytes| Some(ContentHash::Blocks(bytes))),
            _ => None,
        }
    }

    fn link(&mut self) -> Option<Link> {
        let byte = self.byte()?;
        let audience = [Audience::Public, Audience::Company, Audience::Members, Audience::Unknown];
        Some(Link {
            audience: *audience.get(usize::from(byte & 3))?,
            password: byte >> 2 & 1 == 1,
            download: match byte >> 3 {
                0 => None,
                1 => Some(false),
                2 => Some(true),
                _ => return None,
            },
            expires: self.maybe(Self::moment)?,
            url: None,
        })
    }
}
