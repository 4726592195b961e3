//! Work that goes on after its request was answered.
//!
//! A job says `in_progress` a few times and is done at the look after that; one that nobody looks at is done after a while
//! all the same, as at the service. What it does takes effect, and is noted, only then.

use super::deeds::{self, Deed};
use super::gate::Call;
use super::reply::{Reply, conflict_tags, ok, tags};
use super::state::sharing::Whom;
use super::state::tree::{Kind, SpaceId};
use super::state::{Carrier, State};
use crate::clock::Moment;
use serde_json::{Value, json};
use std::time::Duration;

/// How often a job says `in_progress`.
const LOOKS: u32 = 2;
/// When a job that nobody looks at is done.
const LASTS: Duration = Duration::from_secs(5);

/// What a job does.
#[derive(Clone, Debug)]
pub(super) enum Work {
    /// Nothing more: it was done at once.
    None,
    /// Takes a member off a shared folder, with or without a copy of the folder for them.
    Expel { space: SpaceId, whom: Whom, leave_a_copy: bool },
    /// Closes a shared folder, with or without copies for its members.
    Unshare { space: SpaceId, leave_a_copy: bool },
    /// Gives a former member's files to another.
    HandOver { from: usize, to: usize },
}

impl Work {
    /// The tag of `JobError` that its failure has.
    fn error_tag(&self, leaves: bool) -> &'static str {
        match self {
            Work::Expel { .. } if leaves => "relinquish_folder_membership_error",
            Work::Expel { .. } => "remove_folder_member_error",
            _ => "unshare_folder_error",
        }
    }
}

/// One job.
#[derive(Clone, Debug)]
pub(super) struct Job {
    looks_left: u32,
    ends: Moment,
    deed: Deed,
    carrier: Option<Carrier>,
    /// True when a member leaves of their own.
    leaves: bool,
    work: Work,
    /// Set once it is over.
    done: bool,
    fails: Option<Vec<String>>,
    /// The body of the answer once it is done.
    outcome: Value,
}

/// Begins a job; gives the answer that names it.
pub(super) fn launch(state: &mut State, deed: Deed, work: Work, outcome: Value) -> Value {
    begin(state, deed, work, outcome, false)
}

/// The same of a member who leaves.
pub(super) fn launch_leaving(state: &mut State, deed: Deed, work: Work) -> Value {
    begin(state, deed, work, json!({ ".tag": "complete" }), true)
}

fn begin(state: &mut State, deed: Deed, work: Work, outcome: Value, leaves: bool) -> Value {
    let id = state.mint("job", 30);
    let fails = if matches!(work, Work::None) { None } else { state.jobs_fail.pop_front() };
    let (carrier, ends) = (state.carrier.clone(), deed.at.plus(LASTS));
    let job = Job { looks_left: LOOKS, ends, deed, carrier, leaves, work, done: false, fails, outcome };
    state.jobs.insert(id.clone(), job);
    json!({ ".tag": "async_job_id", "async_job_id": id })
}

/// Ends every job whose time is over.
pub(super) fn settle(state: &mut State) {
    let now = state.now;
    let due = |job: &Job| !job.done && job.ends <= now;
    let ids: Vec<String> = state.jobs.iter().filter(|(_, job)| due(job)).map(|(id, _)| id.clone()).collect();
    for id in ids {
        finish(state, &id);
    }
}

fn finish(state: &mut State, id: &str) {
    let Some(job) = state.jobs.get_mut(id).filter(|job| !job.done) else {
        return;
    };
    job.done = true;
    let job = job.clone();
    if job.fails.is_some() {
        return;
    }
    let deed = Deed { at: state.now, ..job.deed };
    let before = std::mem::replace(&mut state.carrier, job.carrier);
    match job.work {
        Work::None => {}
        Work::Expel { space, whom, leave_a_copy } => {
            if let Whom::Person(person) = whom
                && leave_a_copy
            {
                deeds::leave_a_copy(state, deed, space, person);
            }
            deeds::expel(state, deed, space, &whom, job.leaves);
        }
        Work::Unshare { space, leave_a_copy } => {
            if leave_a_copy {
                copies(state, deed, space);
            }
            deeds::unshare(state, deed, space);
        }
        Work::HandOver { from, to } => deeds::hand_over(state, deed, from, to),
    }
    state.carrier = before;
}

/// A copy for each member who has the folder in their home, the owner apart.
fn copies(state: &mut State, deed: Deed, space: SpaceId) {
    let owner = deeds::owner(state, space);
    let holder = |state: &State, person: usize| {
        let home = super::gate::home(state, person);
        state
            .tree
            .space(space)
            .mounts
            .iter()
            .any(|mount| state.tree.space_of(*mount) == home && matches!(state.tree.kind(*mount), Kind::Mount(_)))
    };
    for person in 0..state.people.all.len() {
        if Some(person) != owner && state.people.ours(person) && holder(state, person) {
            deeds::leave_a_copy(state, deed, space, person);
        }
    }
}

/// True while a former member's files are being handed over.
pub(super) fn hands_over(state: &State, person: usize) -> bool {
    let of_person = |job: &Job| matches!(job.work, Work::HandOver { from, .. } if from == person);
    state.jobs.values().any(|job| !job.done && of_person(job))
}

/// True when a route may look at a job.
fn fits(route: &str, job: &Job) -> bool {
    match (route, &job.work) {
        ("sharing/check_job_status", Work::Expel { .. } | Work::Unshare { .. }) => true,
        ("sharing/check_remove_member_job_status", Work::Expel { .. }) => !job.leaves,
        ("sharing/check_share_job_status", Work::None) => true,
        ("team/members/move_former_member_files/job_status/check", Work::HandOver { .. }) => true,
        _ => false,
    }
}

/// `sharing/check_*_job_status`, `team/members/move_former_member_files/job_status/check`.
pub(super) fn check(state: &mut State, call: &Call<'_>) -> Reply {
    let (id, route) = (call.text("async_job_id").to_owned(), call.route.name.as_str());
    let Some(job) = state.jobs.get_mut(&id).filter(|job| fits(route, job)) else {
        return Err(conflict_tags(&["invalid_async_job_id"]));
    };
    if job.looks_left > 0 && !job.done {
        job.looks_left -= 1;
        return Ok(ok(&tags(&["in_progress"])));
    }
    finish(state, &id);
    let job = &state.jobs[&id];
    let Some(fails) = &job.fails else {
        return Ok(ok(&if route == "sharing/check_job_status" { tags(&["complete"]) } else { job.outcome.clone() }));
    };
    let fails: Vec<&str> = fails.iter().map(String::as_str).collect();
    Ok(match route {
        "sharing/check_job_status" => {
            let tag = job.work.error_tag(job.leaves);
            let inner = json!({ ".tag": tag, tag: tags(&fails) });
            ok(&json!({ ".tag": "failed", "failed": inner }))
        }
        "sharing/check_remove_member_job_status" => ok(&json!({ ".tag": "failed", "failed": tags(&fails) })),
        _ => return Err(conflict_tags(&["internal_error"])),
    })
}
