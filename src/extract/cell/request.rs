//! What the parent asks of a cell: one document to read, with the bounds and the account of its file, and the content's
//! descriptor beside the bytes.
//!
//! A request is its length (four bytes, little endian), a tag and fields, all in one message to which the descriptor is
//! attached. The only other message says that a member's body is not wanted any more.

use super::exercise::Exercise;
use super::wire::{Cursor, HEAD_BYTES, Lie, cut, number, text};
use crate::content::{Account, Lent, Limits};
use crate::extract::decode::{Charset, Order, Scheme};
use encoding_rs::Encoding;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Bytes of a request at most.
const REQUEST_BYTES_MAX: usize = 16 << 10;
/// Bytes of a file's name that travel: readers need its extension.
const FILE_NAME_BYTES_MAX: usize = 4 << 10;

const READ: u8 = 1;
const SKIP: u8 = 2;

/// What a cell is asked.
#[derive(Debug)]
pub(super) enum Asked {
    /// Read this document.
    Read(Box<Request>, File),
    /// The body of this member, counted from 1, is not wanted any more.
    Skip(u64),
}

/// One document to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) task: Task,
    pub(super) name: String,
    pub(super) charset: Charset,
    /// Whether its beginning is known to be UTF-8.
    pub(super) is_valid_text: bool,
    /// Whether pictures of pages are to be handed over.
    pub(super) wants_pictures: bool,
    pub(super) limits: Limits,
    pub(super) account: Account,
    pub(super) start: u64,
    pub(super) len: u64,
}

/// Who reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// The reader of the row of this name in the registry.
    Kind(String),
    /// One of the exercises by which walls and watch are shown to hold.
    Exercise(Exercise),
}

impl Request {
    /// Sends the request with the content's descriptor.
    pub(super) fn send(&self, to: &UnixStream, lent: &Lent) -> io::Result<()> {
        let message = framed(|to| self.write(to));
        let descriptors = [lent.file.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut beside = SendAncillaryBuffer::new(&mut space);
        beside.push(SendAncillaryMessage::ScmRights(&descriptors));
        let sent = sendmsg(to, &[IoSlice::new(&message)], &mut beside, SendFlags::NOSIGNAL)?;
        (&mut &*to).write_all(&message[sent..])
    }

    fn write(&self, to: &mut Vec<u8>) {
        to.push(READ);
        match &self.task {
            Task::Kind(name) => {
                to.push(0);
                text(to, name);
            }
            Task::Exercise(exercise) => to.push(exercise.number()),
        }
        text(to, cut(&self.name, FILE_NAME_BYTES_MAX));
        write_charset(to, self.charset);
        to.push(u8::from(self.is_valid_text) | u8::from(self.wants_pictures) << 1);
        let Limits {
            time_secs,
            read_bytes,
            inflated_bytes,
            inflate_ratio,
            inflate_grace_bytes,
            text_bytes,
            members,
            depth,
            nesting,
            memory_bytes,
        } = self.limits;
        let Account { own_bytes, time_left, read_bytes: read, inflated_bytes: inflated, memory_bytes: held } =
            self.account;
        let time_left = u64::try_from(time_left.as_millis()).unwrap_or(u64::MAX);
        #[rustfmt::skip]
        let numbers = [
            time_secs, read_bytes, inflated_bytes, inflate_ratio, inflate_grace_bytes, text_bytes, members,
            depth.into(), nesting.into(), memory_bytes,
            own_bytes, time_left, read, inflated, held, self.start, self.len,
        ];
        numbers.into_iter().for_each(|value| number(to, value));
    }

    fn read(from: &mut Cursor<'_>) -> Result<Self, Lie> {
        let task = match from.byte()? {
            0 => Task::Kind(from.text(64)?.to_owned()),
            number => Task::Exercise(Exercise::of(number).ok_or(Lie)?),
        };
        let (name, charset) = (from.text(FILE_NAME_BYTES_MAX)?.to_owned(), read_charset(from)?);
        let flags = from.byte()?;
        Ok(Self {
            task,
            name,
            charset,
            is_valid_text: flags & 1 != 0,
            wants_pictures: flags & 2 != 0,
            limits: Limits {
                time_secs: from.number()?,
                read_bytes: from.number()?,
                inflated_bytes: from.number()?,
                inflate_ratio: from.number()?,
                inflate_grace_bytes: from.number()?,
                text_bytes: from.number()?,
                members: from.number()?,
                depth: from.small()?,
                nesting: from.small()?,
                memory_bytes: from.number()?,
            },
            account: Account {
                own_bytes: from.number()?,
                time_left: Duration::from_millis(from.number()?),
                read_bytes: from.number()?,
                inflated_bytes: from.number()?,
                memory_bytes: from.number()?,
            },
            start: from.number()?,
            len: from.number()?,
        })
    }
}

/// Tells a cell that a member's body is not wanted any more.
pub(super) fn send_skip(mut to: &UnixStream, member: u64) -> io::Result<()> {
    to.write_all(&framed(|to| {
        to.push(SKIP);
        number(to, member);
    }))
}

fn framed(fill: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut message = vec![0; HEAD_BYTES];
    fill(&mut message);
    let len = u32::try_from(message.len() - HEAD_BYTES).unwrap_or(u32::MAX);
    message[..HEAD_BYTES].copy_from_slice(&len.to_le_bytes());
    message
}

/// Waits for the next message; `None` when the parent has gone.
pub(super) fn receive(from: &UnixStream) -> io::Result<Option<Asked>> {
    let mut head = [0; HEAD_BYTES];
    let Some((first, file)) = first_bytes(from, &mut head, RecvFlags::CMSG_CLOEXEC)? else { return Ok(None) };
    message(from, head, first, file).map(Some)
}

/// The next message, if there is one already.
pub(super) fn received(from: &UnixStream) -> io::Result<Option<Asked>> {
    let mut head = [0; HEAD_BYTES];
    match first_bytes(from, &mut head, RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT) {
        Ok(Some((first, file))) => message(from, head, first, file).map(Some),
        Ok(None) => Err(io::ErrorKind::UnexpectedEof.into()),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

fn message(mut from: &UnixStream, mut head: [u8; HEAD_BYTES], first: usize, file: Option<File>) -> io::Result<Asked> {
    from.read_exact(&mut head[first..])?;
    let len = usize::try_from(u32::from_le_bytes(head)).unwrap_or(usize::MAX);
    if len > REQUEST_BYTES_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut message = vec![0; len];
    from.read_exact(&mut message)?;
    let mut cursor = Cursor::new(&message);
    let asked = match (cursor.byte(), file) {
        (Ok(READ), Some(file)) => Request::read(&mut cursor).map(|request| Asked::Read(Box::new(request), file)),
        (Ok(SKIP), _) => cursor.number().map(Asked::Skip),
        _ => Err(Lie),
    };
    asked.map_err(|Lie| io::ErrorKind::InvalidData.into())
}

/// Reads some of a head, and the descriptor that may come with it; `None` at the end of the stream.
fn first_bytes(
    from: &UnixStream,
    head: &mut [u8; HEAD_BYTES],
    flags: RecvFlags,
) -> io::Result<Option<(usize, Option<File>)>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let got = loop {
        match recvmsg(from, &mut [IoSliceMut::new(head)], &mut beside, flags) {
            Err(rustix::io::Errno::INTR) => {}
            got => break got?,
        }
    };
    let descriptors = beside.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
        _ => None,
    });
    let first: Option<OwnedFd> = descriptors.flatten().next();
    if got.flags.contains(ReturnFlags::CTRUNC) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok((got.bytes > 0).then(|| (got.bytes, first.map(File::from))))
}

fn write_charset(to: &mut Vec<u8>, charset: Charset) {
    let order = |order| if order == Order::Little { 0 } else { 1 };
    match charset.scheme {
        Scheme::Utf8 => to.push(0),
        Scheme::Utf16(which) => to.push(1 + order(which)),
        Scheme::Utf32(which) => to.push(3 + order(which)),
        Scheme::Legacy(encoding) => {
            to.push(5);
            text(to, encoding.name());
        }
    }
    number(to, u64::try_from(charset.mark_bytes).unwrap_or(0));
}

fn read_charset(from: &mut Cursor<'_>) -> Result<Charset, Lie> {
    let scheme = match from.byte()? {
        0 => Scheme::Utf8,
        1 => Scheme::Utf16(Order::Little),
        2 => Scheme::Utf16(Order::Big),
        3 => Scheme::Utf32(Order::Little),
        4 => Scheme::Utf32(Order::Big),
        5 => Scheme::Legacy(Encoding::for_label(from.text(64)?.as_bytes()).ok_or(Lie)?),
        _ => return Err(Lie),
    };
    Ok(Charset { scheme, mark_bytes: usize::try_from(from.small()?).map_err(|_| Lie)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::Content;

    fn request(task: Task, charset: Charset) -> Request {
        Request {
            task,
            name: "brief.msg".to_owned(),
            charset,
            is_valid_text: true,
            wants_pictures: true,
            limits: Limits { time_secs: 7, members: u64::MAX, ..Limits::default() },
            account: Account {
                own_bytes: 1,
                time_left: Duration::from_millis(2),
                read_bytes: 3,
                inflated_bytes: 4,
                memory_bytes: 5,
            },
            start: 6,
            len: 7,
        }
    }

    #[test]
    fn requests_arrive_as_they_were_sent_with_their_content() {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        let charsets = [
            Charset::UTF8,
            Charset { scheme: Scheme::Utf16(Order::Big), mark_bytes: 2 },
            Charset { scheme: Scheme::Utf32(Order::Little), mark_bytes: 0 },
            Charset { scheme: Scheme::Legacy(encoding_rs::KOI8_R), mark_bytes: 0 },
        ];
        for charset in charsets {
            for task in [Task::Kind("pdf".to_owned()), Task::Exercise(Exercise::Walls)] {
                let sent = request(task, charset);
                let content = Content::from_memory(b"bytes of it".as_slice());
                send_skip(&ours, 300).expect("sent");
                sent.send(&ours, &content.lend().expect("lent")).expect("sent");
                assert!(matches!(receive(&theirs), Ok(Some(Asked::Skip(300)))));
                let Ok(Some(Asked::Read(got, file))) = received(&theirs) else { panic!("no request") };
                assert_eq!(*got, sent);
                let back = Content::borrowed(Lent { file, start: 0, len: content.len() }).expect("read");
                assert_eq!(back.as_memory(), content.as_memory());
            }
        }
        assert!(matches!(received(&theirs), Ok(None)), "nothing waits");
        drop(ours);
        assert!(matches!(receive(&theirs), Ok(None)), "the parent has gone");
    }

    #[test]
    fn a_request_without_a_content_or_past_its_bound_is_refused() {
        let (mut ours, theirs) = UnixStream::pair().expect("a pair");
        let bare = request(Task::Kind("pdf".to_owned()), Charset::UTF8);
        ours.write_all(&framed(|to| bare.write(to))).expect("sent");
        assert!(receive(&theirs).is_err());
        ours.write_all(&u32::MAX.to_le_bytes()).expect("sent");
        assert!(receive(&theirs).is_err());
    }
}
