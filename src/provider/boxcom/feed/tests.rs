//! Events in Box's words and in ours, positions, repeats.

use super::*;

/// An activity in short, for tables.
fn told(activity: Option<Activity>) -> String {
    let Some(activity) = activity else { return "nothing".into() };
    let actor = match &activity.actor {
        Actor::Person { account, login } => {
            format!("{} {}", account.as_deref().unwrap_or("-"), login.as_deref().unwrap_or("-"))
        }
        other => format!("{other:?}"),
    };
    let subjects: Vec<_> = activity
        .subjects
        .iter()
        .map(|of| {
            let show = |text: &Option<Arc<str>>| text.as_deref().unwrap_or("-").to_owned();
            let owner = of.owner.as_deref().map(|owner| format!(" of {owner}")).unwrap_or_default();
            format!(
                "{:?} {} {} in {} v{}{owner}",
                of.kind,
                show(&of.id),
                show(&of.name),
                show(&of.place),
                show(&of.version)
            )
        })
        .collect();
    format!("{} by {actor}: {}", activity.kind.name(), subjects.join("; "))
}

#[test]
fn events_in_our_words() {
    for (body, expected) in [
        (
            r#"{"event_id":"e","event_type":"UPLOAD","created_by":{"type":"user","id":"3","login":"a@b.c"},
                "source":{"item_type":"file","item_id":"7","item_name":"x","parent":{"id":"5"},"owned_by":{"id":"3"}},
                "additional_details":{"version_id":"99","size":3}}"#,
            "upload by 3 a@b.c: Some(File) 7 x in 5 v99 of 3",
        ),
        (
            r#"{"event_id":"e","event_type":"ITEM_SHARED_UPDATE","created_by":{"id":"2","login":""},
                "source":{"item_type":"folder","item_id":7,"item_name":"x"}}"#,
            "share by Unauthenticated: Some(Folder) 7 x in - v-",
        ),
        (
            r#"{"event_id":"e","event_type":"COLLABORATION_INVITE","created_by":{"id":"3"},
                "source":{"folder_id":"5","folder_name":"y","user_id":"8","parent":null}}"#,
            "share by 3 -: Some(Folder) 5 y in - v-",
        ),
        (
            r#"{"event_id":"e","event_type":"EDIT","created_by":{"id":"3"},
                "source":{"type":"file","id":"7","name":"x","parent":{"id":"0"},"file_version":{"id":"98"}}}"#,
            "edit by 3 -: Some(File) 7 x in 0 v98",
        ),
        (
            r#"{"event_id":"e","event_type":"GROUP_ADD_USER","created_by":{"id":"3"},"source":{"type":"user","id":"8"}}"#,
            "people by 3 -: ",
        ),
        (r#"{"event_id":"e","event_type":"LOGIN","created_by":null,"source":null}"#, "login by Unknown: "),
        (
            r#"{"event_id":"e","event_type":"DOWNLOAD","created_by":{"id":"2"},"source":{"item_type":"file","item_id":"7"}}"#,
            "view by Unauthenticated: Some(File) 7 - in - v-",
        ),
        (r#"{"event_id":"e","event_type":"SOMETHING_NEW","created_by":{}}"#, "other by Unknown: "),
        (r#"{"event_id":null,"event_type":"UPLOAD"}"#, "nothing"),
        (r#"{"event_id":"e"}"#, "nothing"),
        ("{}", "nothing"),
    ] {
        assert_eq!(told(activity(serde_json::from_str(body).unwrap())), expected, "{body}");
    }
}

#[test]
fn an_event_keeps_its_time_address_and_raw_name() {
    let body =
        r#"{"event_id":77,"event_type":"UPLOAD","created_at":"2026-01-01T00:00:00-08:00","ip_address":"192.0.2.7"}"#;
    let activity = activity(serde_json::from_str(body).unwrap()).unwrap();
    assert_eq!((&*activity.id, &*activity.raw, activity.address.as_deref()), ("77", "UPLOAD", Some("192.0.2.7")));
    assert_eq!(activity.at, Moment::parse("2026-01-01T08:00:00Z"));
}

#[test]
fn what_is_asked_for_asks_for_a_new_look_and_views_do_not() {
    for (name, kind) in EVENT_TYPES {
        assert!(kind.promotes(), "{name}");
    }
    for (name, kind) in OTHER_TYPES {
        assert!(!kind.promotes(), "{name}");
    }
}

#[test]
fn positions_are_texts_and_cursors_never_repeat() {
    for (text, stream) in [
        ("1632893855@1000", Some("1632893855")),
        ("a@b@1000", Some("a@b")),
        ("1632893855", None),
        ("1632893855@soon", None),
        ("", None),
    ] {
        assert_eq!(Position::parse(text).map(|position| position.stream.to_string()).as_deref(), stream, "{text}");
    }
    let first = Position { stream: "7".into(), at: Moment::from_millis(1_000) };
    for (told, now, expected) in
        [(Some("8"), 2_000, "8@2000"), (Some("8"), 1_000, "8@1001"), (None, 500, "7@1001"), (Some(""), 1_500, "7@1500")]
    {
        let next = first.next(told.map(Arc::from), Moment::from_millis(now));
        assert_eq!(&*next.cursor().position, expected);
    }
}

#[test]
fn a_position_is_read_as_number_or_text() {
    for (body, position) in [
        (r#"{"next_stream_position":1632893855,"entries":[]}"#, Some("1632893855")),
        (r#"{"next_stream_position":"1632893855"}"#, Some("1632893855")),
        (r#"{"next_stream_position":null,"entries":null}"#, None),
    ] {
        let events: Events = serde_json::from_str(body).unwrap();
        assert_eq!(events.next_stream_position.as_deref(), position, "{body}");
    }
}

#[test]
fn a_repeat_is_dropped_but_a_batch_asked_for_again_is_not() {
    let mut seen = Seen::default();
    let [e1, e2]: [Arc<str>; 2] = ["e1", "e2"].map(Arc::from);
    let [p1, p2, p3] = [1, 2, 3].map(Moment::from_millis);
    for (id, cursor, new, why) in [
        (&e1, p1, true, "first time"),
        (&e1, p1, true, "the batch could not be stored and is asked for again"),
        (&e2, p2, true, "another event"),
        (&e1, p2, false, "told again by the stream"),
        (&e2, p1, true, "what came after could not be stored, and comes at once with what came before"),
        (&e2, p3, false, "told again by the stream"),
    ] {
        assert_eq!(seen.is_new(id, cursor), new, "{why}");
    }
    for id in 0..=SEEN_MAX {
        seen.is_new(&id.to_string().into(), p2);
    }
    assert!(seen.is_new(&e1, p3), "the oldest is forgotten");
}
