//! Notes (tombstones): left, found again, taken away.
