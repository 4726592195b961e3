//! How contents are inspected in the service: one set of options for all threads.

use crate::content::Limits;
use crate::detect::ScanOptions;
use crate::inspect;

/// Shared by all threads that read, scan or settle.
#[derive(Debug, Default)]
pub(crate) struct Inspecting {
    options: inspect::Options,
}

impl Inspecting {
    pub(crate) fn new(limits: Limits, ocr: Option<String>) -> Self {
        Self {
            options: inspect::Options { limits, scan: ScanOptions { grounds: true, ..ScanOptions::default() }, ocr },
        }
    }

    /// Settings of each inspection.
    pub(crate) fn options(&self) -> &inspect::Options {
        &self.options
    }

    /// What a reading of a content of this type depends on beside rules: the extractor's version and the limits.
    pub(crate) fn extraction(&self, sniffed: &str) -> [u8; 32] {
        self.options.extraction(sniffed)
    }
}
