//! Uploads in parts.
/// An upload in parts.
#[derive(Clone, Debug)]
pub(super) struct UploadSession;
