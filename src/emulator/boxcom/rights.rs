//! What the app and its token may: scopes, the as-user setting, whose token may act for whom.

use super::reply::Fault;
use super::state::{Home, State};
use super::tree::Uid;
use std::collections::BTreeSet;

/// All scopes the emulator knows.
pub const SCOPES: [&str; 7] = [
    "root_readwrite",
    "manage_managed_users",
    "manage_groups",
    "manage_webhook",
    "manage_enterprise_properties",
    "manage_data_retention",
    "manage_legal_hold",
];

/// What the app may.
#[derive(Clone, Debug)]
pub(super) struct Rights {
    /// Scopes the admin authorised.
    pub(super) scopes: BTreeSet<String>,
    /// The setting "make API calls using the as-user header".
    pub(super) as_user: bool,
    /// The company has Box Governance: legal holds and retention.
    pub(super) governance: bool,
    /// How late `admin_logs` shows an event, in seconds.
    pub(super) log_delay_secs: u64,
}

impl Default for Rights {
    fn default() -> Self {
        Self { scopes: SCOPES.map(String::from).into(), as_user: true, governance: true, log_delay_secs: 0 }
    }
}

impl State {
    /// Refuses a call whose token lacks a scope.
    pub(super) fn needs(&self, scope: &str) -> Result<(), Fault> {
        if self.rights.scopes.contains(scope) {
            return Ok(());
        }
        Err(Fault::new(
            403,
            "insufficient_scope",
            "The request requires higher privileges than provided by the access token.",
        )
        .header(
            "www-authenticate",
            format!("Bearer realm=\"Service\", error=\"insufficient_scope\", scope=\"{scope}\""),
        ))
    }

    /// Refuses a call that only those may make who manage the company.
    pub(super) fn needs_admin(&self, who: Uid) -> Result<(), Fault> {
        if self.manages(who) { Ok(()) } else { Err(Fault::forbidden("Access denied - insufficient permission")) }
    }

    /// True for the service account, the admin and co-admins.
    pub(super) fn manages(&self, who: Uid) -> bool {
        let user = self.user(who);
        user.home == Home::Service || (user.home == Home::Company && user.role != "user")
    }

    /// Whom a call acts for: the token's own user, or the one `as-user` names if that is allowed.
    pub(super) fn acting(&self, subject: Uid, as_user: Option<&str>) -> Result<Uid, Fault> {
        let Some(id) = as_user else { return Ok(subject) };
        let denied = |why: &str| Err(Fault::forbidden("Access denied - insufficient permission").refused(why));
        if !self.rights.as_user {
            // A setting of the app, no mistake in the request.
            return Err(Fault::new(403, "insufficient_scope", "The app may not make calls using the as-user header."));
        }
        if !self.manages(subject) {
            return denied("as-user by somebody who manages nothing");
        }
        let Some(target) = self.user_by_id(id) else { return denied("as-user for nobody known") };
        let (caller, wanted) = (self.user(subject), self.user(target));
        if wanted.home == Home::Partner {
            return denied("as-user for a person of another company");
        }
        if wanted.status == "inactive" {
            return denied("as-user for an inactive person");
        }
        if caller.role == "coadmin" && target != subject && (wanted.role != "user" || wanted.home == Home::Service) {
            // Part of life: the gap in coverage that a co-admin's token has.
            return Err(Fault::forbidden("Access denied - insufficient permission"));
        }
        Ok(target)
    }
}
