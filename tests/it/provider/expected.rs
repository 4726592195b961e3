//! What the small company must look like from outside, worked out from its fill alone, by rules written down here a second
//! time: neither the tenants nor the connectors are asked.

use super::stage::Stage;
use sha1::Digest;
use sluicebox::emulator::edit::Edit;
use sluicebox::emulator::seed::SeedFile;
use sluicebox::model::{ContentHash, Level, Provider};

/// People whose things are another company's.
const OUTSIDERS: [&str; 1] = ["pat"];
/// Groups somebody of another company is in: on Box only, since a Dropbox team's groups hold its own members.
const MIXED_GROUPS: [&str; 1] = ["group:Project X"];
/// The folder of the whole company, in both tenants.
const COMPANY: &str = "Company";

/// One file that must be found.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) path: Vec<String>,
    pub(super) hash: ContentHash,
    pub(super) level: Level,
}

/// The files of the fill that a full scan must find.
pub(super) fn files(stage: &Stage) -> Vec<File> {
    let found = stage.fill.files.iter().filter(|file| is_found(stage.provider, file));
    found
        .map(|file| File {
            path: placed(&file.path),
            hash: hash(stage.provider, &file.body),
            level: level(stage.provider, &stage.fill.deeds, &file.path),
        })
        .collect()
}

/// Where the tenants put it: the first step `team` is a folder.
fn placed(path: &[String]) -> Vec<String> {
    let first = if path[0] == "team" { COMPANY } else { path[0].as_str() };
    std::iter::once(first.to_owned()).chain(path[1..].iter().cloned()).collect()
}

/// An inactive user of Box cannot be read as; what outsiders own is found where it is shared with somebody inside.
fn is_found(provider: Provider, file: &SeedFile) -> bool {
    match (file.path[0].as_str(), provider) {
        ("ivan", Provider::Box) => false,
        ("pat", _) => file.path[1] == "Joint venture",
        _ => true,
    }
}

/// The strongest of all deeds on the file or a folder above.
fn level(provider: Provider, deeds: &[Edit], path: &[String]) -> Level {
    let owner = if OUTSIDERS.contains(&path[0].as_str()) { Level::External } else { Level::Private };
    let place = if path[0] == "team" { Level::Internal } else { Level::Private };
    let above = |of: &[String]| path.starts_with(of);
    let deeds = deeds.iter().map(|deed| match deed {
        Edit::Link { path, audience, .. } if above(path) => match audience {
            Some("public") => Level::Public,
            Some("company") => Level::Internal,
            _ => Level::Private,
        },
        Edit::Invite { path, whom, .. } if above(path) => invited(provider, whom),
        _ => Level::Private,
    });
    deeds.chain([owner, place]).max().unwrap_or_default()
}

fn invited(provider: Provider, whom: &str) -> Level {
    let outside = match whom.split_once('@') {
        Some((_, domain)) => domain != "example.com",
        None => OUTSIDERS.contains(&whom) || (provider == Provider::Box && MIXED_GROUPS.contains(&whom)),
    };
    if outside { Level::External } else { Level::Internal }
}

/// The hash of a body by the provider's published method.
pub(super) fn hash(provider: Provider, body: &[u8]) -> ContentHash {
    match provider {
        Provider::Box => ContentHash::Sha1(sha1::Sha1::digest(body).into()),
        Provider::Dropbox => {
            let blocks = body.chunks(4 << 20).flat_map(|block| <[u8; 32]>::from(sha2::Sha256::digest(block)));
            ContentHash::Blocks(sha2::Sha256::digest(blocks.collect::<Vec<u8>>()).into())
        }
    }
}
