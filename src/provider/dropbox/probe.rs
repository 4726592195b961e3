//! What `connect test` tries, each thing apart, with the next click for what is missing.

use super::call::Ask;
use super::judge::CONSOLE;
use super::list;
use super::route;
use super::team::Team;
use super::wire::{Links, Listing};
use super::{feed, people};
use crate::model::{Person, Principal, Role, Status};
use crate::provider::{Capability, CapabilityState, Error, Next, PeoplePage};
use serde_json::{Value, json};

/// Tries everything.
/// `holds` is false when the settings say that there are no legal holds.
pub(super) fn probe(team: &Team, holds: bool) -> Vec<Capability> {
    let account = account(team);
    // With nobody to ask, and no way in, each further call would only wait once more.
    let shut = account.as_ref().err().filter(|error| is_shut(error)).map(copy);
    let known = shut.as_ref().map_or_else(|| listed(team), |error| Err(copy(error)));
    let is = |name, state: Result<CapabilityState, Error>| Capability { name, state: state.unwrap_or_else(missing) };
    vec![
        is("account", account),
        is("people", known.as_ref().map(|people| told(people)).map_err(copy)),
        is("feed", shut.as_ref().map_or_else(|| log(team), |error| Err(copy(error)))),
        is("read as another user", known.as_ref().map_err(copy).and_then(|people| reading(team, people))),
        is("sharing", known.as_ref().map_err(copy).and_then(|people| sharing(team, people))),
        is("quarantine", shut.as_ref().map_or_else(|| Ok(quarantine(team)), |error| Err(copy(error)))),
        is("holds", shut.map_or_else(|| Ok(legal_holds(team, holds)), Err)),
    ]
}

/// True when no other call can do better: the host is not there or not trusted, or no token is to be had. A right that is
/// missing says nothing of the others.
fn is_shut(error: &Error) -> bool {
    error.next() != Next::Forbidden
}

fn missing(error: Error) -> CapabilityState {
    match error.advice() {
        Some(advice) => CapabilityState::Missing(format!("{}: {advice}", error.said())),
        None => CapabilityState::Missing(error.said().to_owned()),
    }
}

/// The same failure again, for what depends on it.
fn copy(error: &Error) -> Error {
    let again = Error::new(error.next(), "test the connector", error.said());
    match error.advice() {
        Some(advice) => again.with_advice(advice),
        None => again,
    }
}

fn account(team: &Team) -> Result<CapabilityState, Error> {
    let info = team.info()?;
    let admin = team.admin()?;
    Ok(CapabilityState::Works(format!("team {:?}, acting as {admin}", info.name)))
}

fn listed(team: &Team) -> Result<Vec<Person>, Error> {
    let mut people = Vec::new();
    people::list(&team.desk, &mut |page: PeoplePage| {
        people.extend(page.people);
        Ok(())
    })?;
    Ok(people)
}

/// How many people, and who of them cannot be acted for.
fn told(people: &[Person]) -> CapabilityState {
    let of = |status: Status| people.iter().filter(move |person| person.status == status).count();
    let mut said = format!("{} members, {} of them active", people.len() - of(Status::Removed), of(Status::Active));
    let still: Vec<String> = [(Status::Invited, "invited and not here yet"), (Status::Inactive, "suspended")]
        .into_iter()
        .filter_map(|(status, word)| some_names(people, status).map(|names| format!("{names}: {word}")))
        .collect();
    if still.is_empty() {
        return CapabilityState::Works(said);
    }
    said.push_str("; nothing is read in the name of ");
    CapabilityState::Partial(said + &still.join("; "))
}

/// Names shown of each standing.
const NAMES_SHOWN: usize = 5;

/// The first few addresses of a standing; `None` when nobody has it.
fn some_names(people: &[Person], status: Status) -> Option<String> {
    let all: Vec<&str> = people.iter().filter(|person| person.status == status).map(|person| &*person.login).collect();
    let more = all.len().saturating_sub(NAMES_SHOWN);
    let shown = all.iter().take(NAMES_SHOWN).copied().collect::<Vec<_>>().join(", ");
    match (all.len(), more) {
        (0, _) => None,
        (_, 0) => Some(shown),
        _ => Some(format!("{shown} and {more} more")),
    }
}

fn log(team: &Team) -> Result<CapabilityState, Error> {
    feed::now(team)?;
    Ok(match feed::tells_files(team) {
        Ok(Some(false)) => CapabilityState::Partial(
            "the team's plan keeps no file events: changes come from the namespaces' cursors alone, without who and where \
             from; a plan with file event tracking adds them"
                .into(),
        ),
        Ok(_) => CapabilityState::Works("the team's log can be read".into()),
        Err(error) => CapabilityState::Partial(format!("the log can be read; whether it tells file events is not known: {}", error.said())),
    })
}

/// An active member who is not the admin acted as; `None` in a team of one.
fn another<'p>(team: &Team, people: &'p [Person]) -> Result<Option<&'p Person>, Error> {
    let admin = team.admin()?;
    let active = people.iter().filter(|person| person.status == Status::Active);
    let mut others = active.filter(|person| Some(&*person.id) != admin.id());
    Ok(others.clone().find(|person| person.role == Role::Member).or_else(|| others.next()))
}

/// Reads as a member, then as the admin who reads all the team can reach.
fn reading(team: &Team, people: &[Person]) -> Result<CapabilityState, Error> {
    let argument = json!({"path": "", "limit": 1});
    let admin = team.admin()?;
    let walks = list::walks(team)?;
    let first = walks.walks.first().map(|walk| walk.place.clone());
    if let Some(place) = first {
        let ask = Ask::new(&route::LIST_FOLDER, &admin, "list a namespace as the admin").within(&place);
        team.desk.rpc::<Listing>(&ask, &argument)?;
    }
    let namespaces = walks.walks.len();
    let Some(other) = another(team, people)? else {
        return Ok(CapabilityState::Works(format!(
            "{namespaces} namespaces; there is no other active member to read as"
        )));
    };
    let member = Principal::Person(other.id.clone());
    team.desk.rpc::<Listing>(&Ask::new(&route::LIST_FOLDER, &member, "list a member's home"), &argument)?;
    let archived = walks.holes.len();
    Ok(if archived == 0 {
        CapabilityState::Works(format!("{namespaces} namespaces, read as the admin and as {}", other.login))
    } else {
        CapabilityState::Partial(format!(
            "{namespaces} namespaces; {archived} archived team folders cannot be read: Admin Console > Content > Team \
             folders > Restore"
        ))
    })
}

fn sharing(team: &Team, people: &[Person]) -> Result<CapabilityState, Error> {
    let who = match another(team, people)? {
        Some(other) => Principal::Person(other.id.clone()),
        None => team.admin()?,
    };
    let links: Links = team.desk.rpc(&Ask::new(&route::SHARED_LINKS, &who, "list a member's links"), &json!({}))?;
    let read = format!("links and members can be read ({} links on the first page)", links.links.len());
    Ok(match lacking(team, &["sharing.write"]) {
        Some(lacking) => {
            CapabilityState::Partial(format!("{read}; to close exposures {}", how_to_grant(team, &lacking)))
        }
        None => CapabilityState::Works(read),
    })
}

/// Scopes that moving, deleting and restoring need beside those of reading.
const QUARANTINE: [&str; 3] = ["files.content.write", "files.metadata.write", "sharing.write"];

fn quarantine(team: &Team) -> CapabilityState {
    match lacking(team, &QUARANTINE) {
        Some(lacking) => CapabilityState::Missing(how_to_grant(team, &lacking)),
        None => CapabilityState::Works("files can be moved, deleted and restored".into()),
    }
}

/// Whether legal holds can be read: what cannot be read counts as held.
fn legal_holds(team: &Team, asked: bool) -> CapabilityState {
    if !asked {
        return CapabilityState::Works("the settings say that the team has none".into());
    }
    let ask = Ask::new(&route::HOLDS, &Principal::Tenant, "list the legal holds");
    match team.desk.rpc::<Value>(&ask, &json!({"include_released": false})) {
        Ok(_) => CapabilityState::Works("legal holds can be read".into()),
        Err(error) => CapabilityState::Missing(format!(
            "{}: what cannot be read counts as held, so that nothing is deleted, overwritten or given another owner; {}, or say \
             `holds = false` in the connector's settings if the team has none",
            error.said(),
            how_to_grant(team, route::HOLDS.scope)
        )),
    }
}

/// Which of these scopes were not granted, as far as the token endpoint told; none when it did not tell.
fn lacking(team: &Team, wanted: &[&str]) -> Option<String> {
    let granted = team.desk.scopes()?;
    let lacking: Vec<&str> =
        wanted.iter().copied().filter(|scope| !granted.split([' ', ',']).any(|has| has == *scope)).collect();
    (!lacking.is_empty()).then(|| lacking.join(", "))
}

fn how_to_grant(team: &Team, lacking: &str) -> String {
    format!(
        "tick {lacking} in the {CONSOLE}, press Submit, and link it again: `sluicebox connect dropbox {} --again`",
        team.desk.connector()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Side;

    fn people(standings: &[(Status, &str)]) -> Vec<Person> {
        let one = |(status, login): &(Status, &str)| Person {
            id: (*login).into(),
            account: (*login).into(),
            login: (*login).into(),
            name: "".into(),
            side: Side::Internal,
            role: Role::Member,
            status: *status,
        };
        standings.iter().map(one).collect()
    }

    #[test]
    fn invited_and_suspended_members_are_named_as_such() {
        let all =
            people(&[(Status::Active, "a"), (Status::Invited, "b"), (Status::Inactive, "c"), (Status::Removed, "d")]);
        assert_eq!(told(&all[..1]), CapabilityState::Works("1 members, 1 of them active".into()));
        let CapabilityState::Partial(said) = told(&all) else { panic!("a gap") };
        for part in ["3 members, 1 of them active", "b: invited", "c: suspended"] {
            assert!(said.contains(part), "{said}");
        }
        let many: Vec<(Status, &str)> = vec![(Status::Invited, "x"); 7];
        assert_eq!(some_names(&people(&many), Status::Invited).as_deref(), Some("x, x, x, x, x and 2 more"));
    }
}
