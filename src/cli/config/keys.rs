//! Every key of a settings file with its default, in one table: the reader refuses what is not in it, and the guide's table
//! is held against it.

use crate::model::Provider;
use crate::provider::settings::public;

/// One key of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    /// As it is typed.
    pub(super) name: &'static str,
    /// The provider whose connectors have it; `None` for both.
    pub(super) of: Option<Provider>,
    /// What holds when it is left out, as the guide says it.
    #[cfg_attr(not(test), allow(dead_code, reason = "the guide is held against it"))]
    pub(super) default: &'static str,
}

const BOX: Option<Provider> = Some(Provider::Box);
const DROPBOX: Option<Provider> = Some(Provider::Dropbox);

/// Keys beside the tables of connectors.
#[rustfmt::skip]
pub(super) const TOP: [&str; 12] = [
    "state_dir", "service", "retention", "rules", "policies", "operators", "notify", "audit", "cells", "limits", "ocr",
    "connector",
];

/// Tables beside those of connectors, with their keys.
pub(super) const TABLES: [(&str, &[Key]); 9] = [
    ("service", &SERVICE),
    ("retention", &RETENTION),
    ("rules", &RULES),
    ("policies", &POLICIES),
    ("notify", &NOTIFY),
    ("audit", &AUDIT),
    ("cells", &CELLS),
    ("limits", &LIMITS),
    ("ocr", &OCR),
];

const fn key(name: &'static str, default: &'static str) -> Key {
    Key { name, of: None, default }
}

/// Keys of `[service]`, in the guide's order.
pub(super) const SERVICE: [Key; 26] = [
    key("data_dir", "`data` in the state folder"),
    key("rescan_every", "\"12h\""),
    key("feed_poll_ms", "5000"),
    key("fetch_threads", "16"),
    key("scan_threads", "one for each core"),
    key("live_slots", "4"),
    key("bytes_in_flight_max", "67108864"),
    key("spool_bytes_max", "17179869184"),
    key("file_bytes_max", "17179869184"),
    key("spool_dir", "`spool` in the data folder"),
    key("lease_secs", "120"),
    key("attempts_max", "6"),
    key("act_threads", "4"),
    key("act_attempts_max", "8"),
    key("asked_share", "10"),
    key("backlog_share", "10"),
    key("recheck_share", "5"),
    key("reuse_across_items", "true"),
    key("token_key_file", "the user's own token key"),
    key("http", "none: no port is opened"),
    key("http_credential_file", "none"),
    key("public_address", "none"),
    key("log", "\"text\""),
    key("log_level", "\"info\""),
    key("log_file", "none: standard error"),
    key("disk_free_min_bytes", "1073741824"),
];

/// Keys of `[retention]`, in the guide's order.
pub(super) const RETENTION: [Key; 8] = [
    key("activities_days", "kept"),
    key("past_verdicts_days", "kept"),
    key("past_findings_days", "kept"),
    key("audit_people_days", "kept"),
    key("gone_items_days", "kept"),
    key("closed_alerts_days", "kept"),
    key("past_messages_days", "kept"),
    key("past_actions_days", "kept"),
];

/// Keys of `[rules]`, in the guide's order.
pub(super) const RULES: [Key; 4] =
    [key("paths", "[]"), key("only", "[]"), key("tags", "[]"), key("no_builtin", "false")];

/// Keys of `[policies]`.
pub(super) const POLICIES: [Key; 2] =
    [key("paths", "`policies` beside the settings file, if there are any in it"), key("fetch_only_needed", "false")];

/// Keys of `[notify]`, in the guide's order.
pub(super) const NOTIFY: [Key; 13] = [
    key("from", "none: no mail leaves"),
    key("host", "none: no mail leaves"),
    key("port", "465, 587 or 25, by `tls`"),
    key("tls", "\"tls\""),
    key("user", "none: nobody signs in"),
    key("password_file", "none"),
    key("authority", "none"),
    key("proxy", "none"),
    key("operators", "[]"),
    key("contact", "none"),
    key("digest_at", "7"),
    key("attempts_max", "30"),
    key("webhooks", "none"),
];

/// Keys of a webhook's table.
pub(super) const WEBHOOK: [&str; 2] = ["url", "secret_file"];

/// Keys of `[audit]`, in the guide's order.
pub(super) const AUDIT: [Key; 3] =
    [key("anchor", "none"), key("anchor_every", "\"1h\""), key("key_file", "the user's own audit key")];

/// Keys of `[cells]`, in the guide's order.
pub(super) const CELLS: [Key; 5] = [
    key("cells", "as many as `scan_threads`"),
    key("silence_secs", "60"),
    key("memory_bytes", "a share of 512 MiB"),
    key("documents_max", "1000"),
    key("require_sandbox", "false"),
];

/// Keys of `[limits]`, in the guide's order.
pub(super) const LIMITS: [Key; 10] = [
    key("time_secs", "300"),
    key("read_bytes", "68719476736"),
    key("inflated_bytes", "68719476736"),
    key("inflate_ratio", "250"),
    key("inflate_grace_bytes", "1048576"),
    key("text_bytes", "68719476736"),
    key("members", "1000000"),
    key("depth", "16"),
    key("nesting", "10000"),
    key("memory_bytes", "100663296"),
];

/// Keys of `[ocr]`, in the guide's order.
pub(super) const OCR: [Key; 8] = [
    key("enabled", "false"),
    key("languages", "[\"eng\"]"),
    key("pages_max", "200"),
    key("page_secs", "60"),
    key("program", "\"tesseract\""),
    key("data", "none"),
    key("memory_bytes", "a cell's share, at least 128 MiB"),
    key("at_once", "as many as `scan_threads`"),
];

/// Lists of `never_read`: owners, groups of owners, folders.
pub(super) const NEVER_READ: [&str; 3] = ["owners", "groups", "folders"];

/// Lists of `pilot`: people, groups of people, folders.
pub(super) const PILOT: [&str; 3] = ["users", "groups", "folders"];

/// Keys of a connector's table, in the guide's order.
pub(super) const KEYS: [Key; 36] = [
    Key { name: "provider", of: None, default: "none: must be given" },
    Key { name: "enabled", of: None, default: "true" },
    Key { name: "internal_domains", of: None, default: "[]" },
    Key { name: "history_days", of: None, default: "7" },
    Key { name: "trash", of: None, default: "true" },
    Key { name: "holds", of: None, default: "true" },
    Key { name: "actions", of: None, default: "true" },
    Key { name: "settle_ms", of: None, default: "12000" },
    Key { name: "never_read", of: None, default: "nothing" },
    Key { name: "pilot", of: None, default: "everybody" },
    Key { name: "rate_per_principal", of: None, default: "10.0" },
    Key { name: "concurrency", of: None, default: "16" },
    Key { name: "calls_per_day", of: None, default: "no limit" },
    Key { name: "calls_per_month", of: None, default: "no limit" },
    Key { name: "limit_of", of: None, default: "\"acting_user\"" },
    Key { name: "proxy", of: None, default: "none" },
    Key { name: "authority", of: None, default: "none" },
    Key { name: "auth", of: BOX, default: "\"client_credentials\"" },
    Key { name: "client_id", of: BOX, default: "none: must be given, but for `jwt`" },
    Key { name: "client_secret_file", of: BOX, default: "the connector's own folder" },
    Key { name: "enterprise_id", of: BOX, default: "none: must be given for `client_credentials`" },
    Key { name: "user_id", of: BOX, default: "none" },
    Key { name: "key_file", of: BOX, default: "none: must be given for `jwt`" },
    Key { name: "hook_key_file", of: BOX, default: "the connector's own folder" },
    Key { name: "hook_second_key_file", of: BOX, default: "the connector's own folder" },
    Key { name: "upload", of: BOX, default: public::BOX_UPLOAD },
    Key { name: "download_hosts", of: BOX, default: "[\"dl.boxcloud.com\", \"*.boxcloud.com\"]" },
    Key { name: "app_key", of: DROPBOX, default: "none: must be given" },
    Key { name: "app_secret_file", of: DROPBOX, default: "the connector's own folder" },
    Key { name: "refresh_token_file", of: DROPBOX, default: "the connector's own folder" },
    Key { name: "admin", of: DROPBOX, default: "the one who linked the app" },
    Key { name: "content", of: DROPBOX, default: public::DROPBOX_CONTENT },
    Key { name: "notify", of: DROPBOX, default: public::DROPBOX_NOTIFY },
    Key { name: "api", of: None, default: "the provider's public address" },
    Key { name: "token", of: None, default: "the provider's public address" },
    Key { name: "authorize", of: None, default: "the provider's public address" },
];

/// Keys under which people would write a secret itself.
#[rustfmt::skip]
pub(super) const SECRETS: [&str; 10] = [
    "client_secret", "app_secret", "refresh_token", "access_token", "private_key", "passphrase", "password", "secret",
    "hook_key", "hook_second_key",
];

/// The candidate nearest to a word: at most a third of its letters differ, or one is the other's beginning.
pub(in crate::cli) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase().replace('-', "_");
    let bound = word.chars().count().div_ceil(3);
    let distance = |candidate: &str| {
        let shared = word.len() >= 3 && (candidate.starts_with(&word) || word.starts_with(candidate));
        let edits = strsim::damerau_levenshtein(&word, &candidate.replace('-', "_"));
        (edits <= bound || shared).then_some(edits)
    };
    candidates
        .into_iter()
        .filter_map(|candidate| distance(candidate).map(|edits| (edits, candidate)))
        .min()
        .map(|(_, candidate)| candidate)
}
