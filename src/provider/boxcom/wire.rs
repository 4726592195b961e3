//! The shapes of Box's answers, read leniently: any field may be absent, null, or a number where a text is documented.
//!
//! Nothing here fails for what a field holds: a field of another shape counts as absent. (The published document says of
//! many fields that they are never null, and the service sends null all the same; ids and positions come as numbers or as
//! texts.) Only an answer that is no JSON object at all is refused.
//!
//! No type here has a `Debug`: they hold names of files and people, addresses of links, tokens.

mod lenient;

use crate::clock::Moment;
use crate::model::ItemKind;
use lenient::{list, loose, object};
use serde::Deserialize;
use std::sync::Arc;

/// One page of anything, by marker or by offset. An answer without a list is refused: taken for an empty page it would be
/// "there is nothing" where nobody looked.
#[derive(Deserialize)]
#[serde(try_from = "Sheet<T>", bound(deserialize = "T: Default + Deserialize<'de>"))]
pub(super) struct Paged<T> {
    /// What the page brings.
    pub(super) entries: Vec<T>,
    next_marker: Option<Arc<str>>,
    /// How many there are in all, where pages go by offset.
    pub(super) total_count: Option<u64>,
}

/// A page as it comes.
#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Default + Deserialize<'de>"))]
struct Sheet<T> {
    #[serde(default, deserialize_with = "list")]
    entries: Option<Vec<T>>,
    #[serde(default, deserialize_with = "loose")]
    next_marker: Option<Arc<str>>,
    #[serde(default, deserialize_with = "loose")]
    total_count: Option<u64>,
}

impl<T> TryFrom<Sheet<T>> for Paged<T> {
    type Error = &'static str;

    fn try_from(sheet: Sheet<T>) -> Result<Self, Self::Error> {
        let entries = sheet.entries.ok_or("a page without a list")?;
        Ok(Self { entries, next_marker: sheet.next_marker, total_count: sheet.total_count })
    }
}

impl<T> Paged<T> {
    /// The marker of the next page. The end is told by its absence, by null, or by an empty text.
    pub(super) fn onward(&self) -> Option<Arc<str>> {
        self.next_marker.clone().filter(|marker| !marker.is_empty())
    }
}

/// A user or group in short, or anything else that has an id.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Mini {
    #[serde(rename = "type", deserialize_with = "loose")]
    pub(super) kind: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) id: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) login: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) name: Option<Arc<str>>,
}

/// A user.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct User {
    #[serde(deserialize_with = "loose")]
    pub(super) id: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) login: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) name: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) role: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) status: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) space_used: Option<u64>,
    /// Bytes the user may store; negative is without limit.
    #[serde(deserialize_with = "loose")]
    pub(super) space_amount: Option<i64>,
    #[serde(deserialize_with = "object")]
    pub(super) enterprise: Option<Mini>,
}

/// A membership of a group.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Membership {
    #[serde(deserialize_with = "object")]
    pub(super) user: Option<Mini>,
}

/// A file, folder or bookmark of a listing.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Listed {
    #[serde(rename = "type", deserialize_with = "loose")]
    pub(super) kind: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) id: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) name: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) etag: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) size: Option<u64>,
    #[serde(deserialize_with = "loose")]
    pub(super) sha1: Option<Arc<str>>,
    #[serde(deserialize_with = "object")]
    pub(super) file_version: Option<Mini>,
    #[serde(deserialize_with = "loose")]
    pub(super) created_at: Option<Moment>,
    #[serde(deserialize_with = "loose")]
    pub(super) content_modified_at: Option<Moment>,
    #[serde(deserialize_with = "loose")]
    pub(super) modified_at: Option<Moment>,
    #[serde(deserialize_with = "loose")]
    pub(super) trashed_at: Option<Moment>,
    #[serde(deserialize_with = "object")]
    pub(super) parent: Option<Mini>,
    #[serde(deserialize_with = "object")]
    pub(super) owned_by: Option<Mini>,
    #[serde(deserialize_with = "object")]
    pub(super) shared_link: Option<SharedLink>,
    #[serde(deserialize_with = "loose")]
    pub(super) has_collaborations: Option<bool>,
    #[serde(deserialize_with = "loose")]
    pub(super) is_externally_owned: Option<bool>,
    #[serde(deserialize_with = "object")]
    pub(super) classification: Option<Mini>,
    #[serde(deserialize_with = "object")]
    pub(super) lock: Option<Mini>,
    /// The folders above it as the caller sees them, the caller's root first (items asked for by themselves).
    #[serde(deserialize_with = "object")]
    pub(super) path_collection: Option<Above>,
    /// Whether a collaborator who is no owner sees the others (folders).
    #[serde(deserialize_with = "loose")]
    pub(super) can_non_owners_view_collaborators: Option<bool>,
    /// What the caller may do with it.
    #[serde(deserialize_with = "object")]
    pub(super) permissions: Option<Permissions>,
}

/// A file, folder or bookmark as an action needs to see it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Found {
    #[serde(rename = "type", deserialize_with = "loose")]
    pub(super) kind: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) id: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) name: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) etag: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) size: Option<u64>,
    #[serde(deserialize_with = "loose")]
    pub(super) sha1: Option<Arc<str>>,
    #[serde(deserialize_with = "object")]
    pub(super) file_version: Option<Mini>,
    #[serde(deserialize_with = "object")]
    pub(super) parent: Option<Mini>,
    #[serde(deserialize_with = "object")]
    pub(super) path_collection: Option<Above>,
    #[serde(deserialize_with = "object")]
    pub(super) owned_by: Option<Mini>,
    #[serde(deserialize_with = "object")]
    pub(super) shared_link: Option<SharedLink>,
    #[serde(deserialize_with = "object")]
    pub(super) lock: Option<Lock>,
    /// `active`, `trashed` or `deleted`.
    #[serde(deserialize_with = "loose")]
    pub(super) item_status: Option<Arc<str>>,
    /// Whether others than the owner invite (folders).
    #[serde(deserialize_with = "loose")]
    pub(super) can_non_owners_invite: Option<bool>,
    /// Whether nobody from outside can be invited (folders).
    #[serde(deserialize_with = "loose")]
    pub(super) is_collaboration_restricted_to_enterprise: Option<bool>,
}

/// Who sees a folder: whether by members, by a link, or from above.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Shown {
    #[serde(deserialize_with = "object")]
    pub(super) shared_link: Option<SharedLink>,
    #[serde(deserialize_with = "loose")]
    pub(super) has_collaborations: Option<bool>,
    #[serde(deserialize_with = "object")]
    pub(super) path_collection: Option<Above>,
    #[serde(deserialize_with = "object")]
    pub(super) owned_by: Option<Mini>,
}

/// The lock of a file. Its end is `expires_at` in requests and `expired_at` in answers.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Lock {
    #[serde(deserialize_with = "object")]
    pub(super) created_by: Option<Mini>,
    #[serde(deserialize_with = "loose")]
    pub(super) expired_at: Option<Moment>,
    #[serde(deserialize_with = "loose")]
    pub(super) expires_at: Option<Moment>,
    #[serde(deserialize_with = "loose")]
    pub(super) is_download_prevented: Option<bool>,
}

/// The folders above an item.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Above {
    #[serde(deserialize_with = "list")]
    pub(super) entries: Option<Vec<Mini>>,
}

/// A link.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SharedLink {
    #[serde(deserialize_with = "loose")]
    pub(super) url: Option<Arc<str>>,
    /// What was asked for.
    #[serde(deserialize_with = "loose")]
    pub(super) access: Option<Arc<str>>,
    /// What holds, after the company's own policies.
    #[serde(deserialize_with = "loose")]
    pub(super) effective_access: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) is_password_enabled: Option<bool>,
    #[serde(deserialize_with = "loose")]
    pub(super) unshared_at: Option<Moment>,
    #[serde(deserialize_with = "object")]
    pub(super) permissions: Option<Permissions>,
}

/// What a link's visitor, or the caller, may do.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Permissions {
    #[serde(deserialize_with = "loose")]
    pub(super) can_download: Option<bool>,
    #[serde(deserialize_with = "loose")]
    pub(super) can_upload: Option<bool>,
}

/// A collaboration.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Collaboration {
    #[serde(deserialize_with = "loose")]
    pub(super) id: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) role: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) status: Option<Arc<str>>,
    #[serde(deserialize_with = "object")]
    pub(super) accessible_by: Option<Mini>,
    #[serde(deserialize_with = "loose")]
    pub(super) invite_email: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) expires_at: Option<Moment>,
    #[serde(deserialize_with = "object")]
    pub(super) item: Option<Mini>,
}

/// A file, folder or bookmark by Box's word for it; `None` for anything else.
pub(super) fn item_kind(word: Option<&str>) -> Option<ItemKind> {
    match word {
        Some("file") => Some(ItemKind::File),
        Some("folder") => Some(ItemKind::Folder),
        Some("web_link") => Some(ItemKind::WebLink),
        _ => None,
    }
}

/// One answer of the event feed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Events {
    #[serde(deserialize_with = "list")]
    pub(super) entries: Option<Vec<Event>>,
    #[serde(deserialize_with = "loose")]
    pub(super) next_stream_position: Option<Arc<str>>,
}

/// One event.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Event {
    #[serde(deserialize_with = "loose")]
    pub(super) event_id: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) event_type: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) created_at: Option<Moment>,
    #[serde(deserialize_with = "object")]
    pub(super) created_by: Option<Mini>,
    #[serde(deserialize_with = "loose")]
    pub(super) ip_address: Option<Arc<str>>,
    #[serde(deserialize_with = "object")]
    pub(super) source: Option<EventSource>,
    #[serde(deserialize_with = "object")]
    pub(super) additional_details: Option<Details>,
}

/// What an event is about. The enterprise's feed tells `item_type` and `item_id`, collaborations `folder_id` or `file_id`,
/// users' feeds a whole item.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct EventSource {
    #[serde(rename = "type", deserialize_with = "loose")]
    pub(super) kind: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) id: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) name: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) item_type: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) item_id: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) item_name: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) file_id: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) file_name: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) folder_id: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) folder_name: Option<Arc<str>>,
    #[serde(deserialize_with = "object")]
    pub(super) parent: Option<Mini>,
    #[serde(deserialize_with = "object")]
    pub(super) file_version: Option<Mini>,
    #[serde(deserialize_with = "object")]
    pub(super) owned_by: Option<Mini>,
}

/// The loose end of an event.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Details {
    #[serde(deserialize_with = "loose")]
    pub(super) version_id: Option<Arc<str>>,
}

/// The answer of the token endpoint.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Token {
    #[serde(deserialize_with = "loose")]
    pub(super) access_token: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) refresh_token: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) expires_in: Option<u64>,
}

/// An error's body: that of the API, and that of the token endpoint.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Refusal {
    #[serde(deserialize_with = "loose")]
    pub(super) code: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) request_id: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) error: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) error_description: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) retry_after: Option<Arc<str>>,
}

/// A webhook, in a list (short) or by itself (whole).
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Webhook {
    #[serde(deserialize_with = "loose")]
    pub(super) id: Option<Arc<str>>,
    #[serde(deserialize_with = "object")]
    pub(super) target: Option<Mini>,
    #[serde(deserialize_with = "loose")]
    pub(super) address: Option<Arc<str>>,
    pub(super) triggers: serde_json::Value,
}

/// The body of a webhook's delivery.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Delivered {
    #[serde(deserialize_with = "loose")]
    pub(super) id: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) trigger: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) created_at: Option<Moment>,
    #[serde(deserialize_with = "object")]
    pub(super) webhook: Option<Mini>,
    #[serde(deserialize_with = "object")]
    pub(super) created_by: Option<Mini>,
    #[serde(deserialize_with = "object")]
    pub(super) source: Option<DeliveredSource>,
}

/// What a delivery is about: an item, or a collaboration on one.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct DeliveredSource {
    #[serde(rename = "type", deserialize_with = "loose")]
    pub(super) kind: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) id: Option<Arc<str>>,
    #[serde(deserialize_with = "loose")]
    pub(super) name: Option<Arc<str>>,
    #[serde(deserialize_with = "object")]
    pub(super) item: Option<Mini>,
    #[serde(deserialize_with = "object")]
    pub(super) parent: Option<Mini>,
    #[serde(deserialize_with = "object")]
    pub(super) file_version: Option<Mini>,
    #[serde(deserialize_with = "object")]
    pub(super) owned_by: Option<Mini>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_paging_is_told_in_three_ways() {
        for (body, onward) in [
            (r#"{"entries":[]}"#, None),
            (r#"{"entries":[],"next_marker":null}"#, None),
            (r#"{"entries":[],"next_marker":""}"#, None),
            (r#"{"entries":[],"next_marker":"abc"}"#, Some("abc")),
            (r#"{"entries":[],"next_marker":12}"#, Some("12")),
            (r#"{"entries":[],"next_marker":{"a":[1]}}"#, None),
        ] {
            let page: Paged<Mini> = serde_json::from_str(body).unwrap();
            assert_eq!(page.onward().as_deref(), onward, "{body}");
        }
    }

    #[test]
    fn any_field_may_be_absent_null_or_of_another_shape() {
        for (body, id, size, external) in [
            (r#"{"id":"7","size":5,"is_externally_owned":true}"#, Some("7"), Some(5), Some(true)),
            (r#"{"id":7,"size":"5","is_externally_owned":"false"}"#, Some("7"), Some(5), Some(false)),
            (r#"{"id":null,"size":null,"shared_link":null,"owned_by":null,"lock":null}"#, None, None, None),
            (r#"{"id":["7"],"size":{"a":{}},"shared_link":"no","owned_by":[1,{}],"new":{"x":[]}}"#, None, None, None),
            (
                r#"{"id":"7","size":-1,"is_externally_owned":[],"shared_link":{"access":{}},"lock":3}"#,
                Some("7"),
                None,
                None,
            ),
            ("{}", None, None, None),
        ] {
            let item: Listed = serde_json::from_str(body).unwrap();
            assert_eq!((item.id.as_deref(), item.size, item.is_externally_owned), (id, size, external), "{body}");
        }
    }

    #[test]
    fn a_page_without_a_list_is_not_an_empty_one() {
        for body in
            ["{}", r#"{"entries":null}"#, r#"{"entries":{}}"#, r#"{"entries":"x","next_marker":"a"}"#, "[]", "3"]
        {
            assert!(serde_json::from_str::<Paged<Mini>>(body).is_err(), "{body}");
        }
    }

    #[test]
    fn entries_of_another_shape_tell_nothing_and_still_count() {
        let page: Paged<Mini> = serde_json::from_str(r#"{"entries":[null,{"id":"1"},3,"x",[{}],{"id":2}]}"#).unwrap();
        let ids: Vec<_> = page.entries.iter().filter_map(|entry| entry.id.as_deref()).collect();
        assert_eq!((ids, page.entries.len()), (vec!["1", "2"], 6));
    }
}
