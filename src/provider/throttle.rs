//! The pace of calls: a token bucket with AIMD for each principal, call budgets, one writer for each namespace.
