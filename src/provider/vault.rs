//! Where a rotating token lives: a 0600 file, written whole (fsync, rename) before the token is used.
