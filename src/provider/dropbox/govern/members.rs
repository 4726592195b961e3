//! Members and invitations.
