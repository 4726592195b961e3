//! Commands that come through the socket: as everybody carries them out, and what the running stages must hear of them.

use super::rules;
use crate::cli::config::Config;
use crate::cli::service::actor;
use crate::cli::{key, policy};
use crate::engine::control::govern::Deed;
use crate::engine::control::{Answer, Command, Refusal, perform};
use crate::engine::core::{Core, InForce, Tenant};
use crate::engine::judge::{self, Governing};
use crate::engine::service::Running;
use crate::store::RulesNumber;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Carries out commands inside the service.
pub(super) struct Commands {
    settings: PathBuf,
    core: Arc<Core>,
    running: Arc<Running>,
}

impl Commands {
    pub(super) fn new(settings: &Path, core: &Arc<Core>, running: &Arc<Running>) -> Self {
        Self { settings: settings.to_path_buf(), core: Arc::clone(core), running: Arc::clone(running) }
    }

    /// Carries one out for the user of this number.
    pub(super) fn perform(&self, command: &Command, uid: u32) -> Result<Answer, Refusal> {
        match command {
            Command::Stop => {
                self.core.stop.store(true, Ordering::Relaxed);
                return Ok(Answer::Done);
            }
            Command::ConnectorEnable { connector } => {
                self.tenant(connector)?;
            }
            _ => {}
        }
        let loaded = match command {
            Command::RulesApply { rules, .. } => Some(self.loaded(RulesNumber(*rules))?),
            _ => None,
        };
        let admitted = self.admitted(command)?;
        // Policies are read anew before anything is written, so that a faulty file changes nothing.
        let governing = match &admitted {
            Command::Govern { deed: Deed::Reevaluate | Deed::PolicyApprove { .. } } => Some(self.governing()?),
            _ => None,
        };
        let answer = perform(&*self.core.store, &admitted, &actor(uid))?;
        if let Some(governing) = governing {
            self.core.govern(governing);
        }
        if let Some(loaded) = loaded {
            self.core.put_in_force(loaded);
        }
        match &admitted {
            Command::ConnectorEnable { connector } => self.tenant(connector)?.enabled.store(true, Ordering::Relaxed),
            Command::ConnectorDisable { connector } | Command::ConnectorRemove { connector } => {
                // A connector that was left out of this run is asked nothing anyway.
                if let Ok(tenant) = self.tenant(connector) {
                    tenant.enabled.store(false, Ordering::Relaxed);
                }
            }
            // What items are judged by may be another thing from now on.
            Command::Govern { deed } if *deed != Deed::Reevaluate => judge::refresh(&self.core)?,
            _ => {}
        }
        self.running.wake();
        Ok(answer)
    }

    /// The command that may be carried out, by the operators that the settings know now.
    fn admitted(&self, command: &Command) -> Result<Command, Refusal> {
        match command {
            Command::Govern { .. } | Command::GovernAs { .. } => {
                let config = Config::load(Some(&self.settings), false).map_err(Refusal::new)?;
                config.operators().admit(command).map_err(Refusal::new)
            }
            _ => Ok(command.clone()),
        }
    }

    fn tenant(&self, name: &str) -> Result<&Arc<Tenant>, Refusal> {
        self.core.tenants.iter().find(|tenant| tenant.name.as_str() == name).ok_or_else(|| {
            Refusal::new(
                "that connector was set up or mended after the service started\n  restart the service to take it in",
            )
        })
    }

    /// Policies as they stand in the settings now, with approvals and exceptions.
    fn governing(&self) -> Result<Governing, Refusal> {
        let failed = |failed: crate::cli::Failed| Refusal::new(failed.0.trim_start_matches("error: "));
        let config = Config::load(Some(&self.settings), false).map_err(|error| failed(error.into()))?;
        policy::governing(&config, &*self.core.store, self.core.clock.now()).map_err(failed)
    }

    /// Compiles the rules as they stand in the settings now; they must be those that were priced.
    fn loaded(&self, wanted: RulesNumber) -> Result<InForce, Refusal> {
        let failed = |failed: crate::cli::Failed| Refusal::new(failed.0.trim_start_matches("error: "));
        let config = Config::load(Some(&self.settings), false).map_err(|error| failed(error.into()))?;
        let keys = key::load_existing(config.service().token_key_file.as_deref()).map_err(failed)?;
        let loaded = rules::compiled(&config, &*self.core.store, &keys).map_err(failed)?;
        if loaded.number != wanted {
            return Err(Refusal::new(
                "the rules on disk are others than those that were priced\n  run the command again",
            ));
        }
        Ok(loaded)
    }
}
