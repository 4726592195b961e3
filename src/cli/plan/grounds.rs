//! What plans are made on: the tenants with those who may look at them, and the policies.

use crate::cli::Failed;
use crate::cli::config::Config;
use crate::cli::connect::{Patience, opened};
use crate::clock::Clock;
use crate::engine::plan::Ground;
use crate::model::Directory;
use crate::provider::registry;
use crate::store::Store;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The tenants that the store knows. One that cannot be opened is told on standard error; nothing is foreseen there.
pub(in crate::cli) fn grounds(
    config: &Config,
    store: &dyn Store,
    clock: &Clock,
    stop: &Arc<AtomicBool>,
) -> Result<Vec<Ground>, Failed> {
    let mut grounds = Vec::new();
    for known in store.connectors()? {
        let directory = store.directory(known.number)?;
        let mut ground = Ground {
            number: known.number,
            name: known.name.clone(),
            provider: known.provider,
            governor: None,
            people: Arc::new(directory.unwrap_or_else(|| Directory::new([]))),
            calls_per_1000_secs: 10_000,
        };
        if let Some(connector) = config.find(&known.name).filter(|connector| connector.enabled) {
            ground.calls_per_1000_secs = per_1000_secs(connector.typed().limits.rate_per_principal);
            let mut people = Directory::clone(&ground.people);
            connector.typed().internal_domains.iter().for_each(|domain| people.add_domain(domain));
            ground.people = Arc::new(people);
            let governor = opened(config, connector, clock, stop, Patience::Long)
                .and_then(|opened| registry::governor(&opened.settings, opened.http).map_err(Failed::new));
            match governor {
                Ok(governor) => ground.governor = Some(Arc::from(governor)),
                Err(Failed(message)) => eprintln!("{message}\n  nothing is foreseen in {}", known.name),
            }
        }
        grounds.push(ground);
    }
    Ok(grounds)
}

/// Calls in a thousand seconds at a rate a second.
fn per_1000_secs(rate: f64) -> u64 {
    let rounded = format!("{:.0}", (rate * 1_000.0).clamp(1.0, 1e9));
    rounded.parse().unwrap_or(10_000)
}
