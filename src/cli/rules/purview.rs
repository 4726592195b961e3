//! `sluicebox rules list --coverage purview`: Microsoft's sensitive information types, and what covers each here.

use super::print;
use crate::cli::Failed;
use crate::report::units;
use crate::rule::purview::{SensitiveType, types};
use serde_json::json;
use std::fmt::Write as _;

/// Prints all types.
pub(super) fn list(as_json: bool) -> Result<u8, Failed> {
    let types = types();
    let mut out = String::new();
    for one in &types {
        let _ = if as_json { writeln!(out, "{}", row(one)) } else { writeln!(out, "{}", line(one)) };
    }
    if !as_json {
        let covered = types.iter().filter(|one| !one.detectors.is_empty()).count();
        let all = units::of(types.len() as u64, "type", "types");
        let _ = writeln!(out, "{all}, {covered} covered, {} not, with the reason", types.len() - covered);
    }
    print(&out)?;
    Ok(0)
}

fn row(one: &SensitiveType) -> serde_json::Value {
    json!({
        "schema": "sluicebox.purview-type/1",
        "slug": one.slug,
        "name": one.name,
        "checksum": one.checksum,
        "detectors": one.detectors,
        "reason": one.reason,
    })
}

fn line(one: &SensitiveType) -> String {
    if one.detectors.is_empty() {
        return format!("{}: not covered: {}", one.name, one.reason);
    }
    format!("{}: {}", one.name, one.detectors.join(", "))
}
