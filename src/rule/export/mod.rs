//! Rules written out: as a rule file of ours, or as a rule package for Microsoft Purview.

mod purview;
mod toml;

pub(super) use self::purview::write as write_purview;
pub(super) use self::toml::write as write_toml;

/// Rules in another product's words.
#[derive(Clone, Debug)]
pub struct Exported {
    /// The file.
    pub text: String,
    /// What became of each detector, a line each.
    pub lines: Vec<String>,
}
