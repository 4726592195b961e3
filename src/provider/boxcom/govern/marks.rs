//! Marks: labels, locks, holds, comments, tasks.
