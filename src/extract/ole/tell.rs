//! Which document a compound file is, told by the names in its directory.
//!
//! Old Office, Outlook messages, Visio and encrypted new Office all begin alike. The names directly in the root decide: a
//! workbook embedded in a letter does not make the letter a workbook.

use super::compound::{Compound, ROOT};
use crate::extract::Source;

/// Names of streams or storages, and the types they tell; the first that is present wins.
const NAMES: &[(&str, &str)] = &[
    ("EncryptedPackage", "encrypted-office"),
    ("WordDocument", "doc"),
    ("Workbook", "xls"),
    ("Book", "xls"),
    ("PowerPoint Document", "ppt"),
    ("PP97_DUALSTORAGE", "ppt"),
    ("PP40", "ppt"),
    ("__properties_version1.0", "msg"),
    ("__nameid_version1.0", "msg"),
    ("VisioDocument", "visio-ole"),
    ("Quill", "publisher"),
    ("Props9", "project"),
    ("Props12", "project"),
    ("Props14", "project"),
    ("HwpSummaryInformation", "hwp"),
    ("\u{5}HwpSummaryInformation", "hwp"),
];

/// The type that the directory's names tell; `None` when none of them is known.
pub(in crate::extract) fn tell(source: &Source<'_>) -> Option<&'static str> {
    let compound = Compound::open(source).ok()?;
    let (_, told) = *NAMES.iter().find(|(name, _)| compound.child(ROOT, name).is_some())?;
    let mut names = compound.under(ROOT).into_iter().map(|number| compound.entry(number).name.as_str());
    // Rights management wraps the package, or a stream of the old format, in the same way ([MS-OFFCRYPTO] 2.2).
    if names.any(|name| name.trim_start_matches(['\u{5}', '\u{6}', '\u{9}']) == "DRMEncryptedTransform") {
        return Some("rights-office");
    }
    Some(told)
}
