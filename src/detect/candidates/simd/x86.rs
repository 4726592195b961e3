//! The loops for x86-64.

use super::{EARLY, Hits, Row};
use std::arch::x86_64::*;

/// True on a machine with AVX-512 F, BW and VBMI.
pub(super) fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi")
}

/// True on a machine with AVX2.
pub(super) fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2")
}

/// # Safety
/// The machine has AVX-512 F, BW and VBMI; both slices have one length, a multiple of 64.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
pub(super) unsafe fn classify_avx512(classes: &[u8; 128], bytes: &[u8], out: &mut [u8]) {
    // SAFETY: the table has 128 bytes; every step reads and writes 64 bytes that end within the slices.
    unsafe {
        let low = _mm512_loadu_si512(classes.as_ptr().cast());
        let high = _mm512_loadu_si512(classes.as_ptr().add(64).cast());
        let top = _mm512_set1_epi8(127);
        for at in (0..bytes.len()).step_by(64) {
            let seen = _mm512_min_epu8(_mm512_loadu_si512(bytes.as_ptr().add(at).cast()), top);
            _mm512_storeu_si512(out.as_mut_ptr().add(at).cast(), _mm512_permutex2var_epi8(low, seen, high));
        }
    }
}

/// # Safety
/// The machine has AVX-512 F, BW and VBMI; positions are 64 for each word found and a multiple of 256, as many as there
/// are buckets told of; `classes` is 64 longer; offsets are less than 64.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
pub(super) unsafe fn search_avx512<const GROUPS: usize>(rows: &[Row], classes: &[u8], hits: &mut Hits<'_>) {
    /// Vectors of one step.
    const WIDE: usize = 4;
    let (first, rest) = rows.split_at(rows.len().min(EARLY));
    let [low, high] = &mut hits.buckets;
    let buckets = [low.as_mut_ptr(), high.as_mut_ptr()];
    for (step, found) in hits.found.chunks_exact_mut(WIDE).enumerate() {
        let mut left = [[_mm512_set1_epi8(-1); GROUPS]; WIDE];
        let keep = |row: &Row, left: &mut [[__m512i; GROUPS]; WIDE]| {
            for group in 0..GROUPS {
                // SAFETY: each table has 64 bytes.
                let admits = unsafe { _mm512_loadu_si512(row.admits[group].as_ptr().cast()) };
                for (at, left) in left.iter_mut().enumerate() {
                    // SAFETY: step and vector lie within the positions; an offset below 64 stays within the 64 bytes
                    // that `classes` has beyond them.
                    let seen = unsafe {
                        let from = classes.as_ptr().add((step * WIDE + at) * 64 + row.offset);
                        _mm512_loadu_si512(from.cast())
                    };
                    left[group] = _mm512_and_si512(left[group], _mm512_permutexvar_epi8(seen, admits));
                }
            }
        };
        for row in first {
            keep(row, &mut left);
        }
        let any = left.iter().flatten().fold(_mm512_setzero_si512(), |any, &left| _mm512_or_si512(any, left));
        if _mm512_test_epi8_mask(any, any) == 0 {
            found.fill(0);
            continue;
        }
        for row in rest {
            keep(row, &mut left);
        }
        for (at, (found, left)) in found.iter_mut().zip(&left).enumerate() {
            let any = left.iter().fold(_mm512_setzero_si512(), |any, &left| _mm512_or_si512(any, left));
            *found = _mm512_test_epi8_mask(any, any);
            for (buckets, &left) in buckets.iter().zip(left) {
                // SAFETY: step and vector lie within the positions.
                unsafe { _mm512_storeu_si512(buckets.add((step * WIDE + at) * 64).cast(), left) };
            }
        }
    }
}

/// # Safety
/// The machine has AVX2; both slices have one length, a multiple of 64.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn classify_avx2(classes: &[u8; 128], bytes: &[u8], out: &mut [u8]) {
    // SAFETY: the table has eight times 16 bytes; every step reads and writes 32 bytes that end within the slices.
    unsafe {
        let tables: [__m256i; 8] = std::array::from_fn(|at| {
            _mm256_broadcastsi128_si256(_mm_loadu_si128(classes.as_ptr().add(16 * at).cast()))
        });
        let top = _mm256_set1_epi8(127);
        for at in (0..bytes.len()).step_by(32) {
            let seen = _mm256_min_epu8(_mm256_loadu_si256(bytes.as_ptr().add(at).cast()), top);
            let mut class = _mm256_setzero_si256();
            for (high, table) in (0_i8..).zip(tables) {
                // Bytes of this sixteenth become their low half; all others get the highest bit, which looks up zero.
                let own = _mm256_xor_si256(seen, _mm256_set1_epi8(high << 4));
                let index = _mm256_adds_epu8(own, _mm256_set1_epi8(0x70));
                class = _mm256_or_si256(class, _mm256_shuffle_epi8(table, index));
            }
            _mm256_storeu_si256(out.as_mut_ptr().add(at).cast(), class);
        }
    }
}

/// Looks at 16 classes only.
///
/// # Safety
/// The machine has AVX2; positions are 64 for each word found, as many as there are buckets told of; `classes` is 64
/// longer; offsets are less than 64.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn search_avx2<const GROUPS: usize>(rows: &[Row], classes: &[u8], hits: &mut Hits<'_>) {
    /// Vectors of one step.
    const WIDE: usize = 2;
    let (first, rest) = rows.split_at(rows.len().min(EARLY));
    let [low, high] = &mut hits.buckets;
    let buckets = [low.as_mut_ptr(), high.as_mut_ptr()];
    for (step, found) in hits.found.iter_mut().enumerate() {
        let mut left = [[_mm256_set1_epi8(-1); GROUPS]; WIDE];
        let keep = |row: &Row, left: &mut [[__m256i; GROUPS]; WIDE]| {
            for group in 0..GROUPS {
                // SAFETY: 16 of each table's 64 bytes.
                let admits = unsafe { _mm256_broadcastsi128_si256(_mm_loadu_si128(row.admits[group].as_ptr().cast())) };
                for (at, left) in left.iter_mut().enumerate() {
                    // SAFETY: step and vector lie within the positions; an offset below 64 stays within the 64 bytes
                    // that `classes` has beyond them.
                    let seen = unsafe {
                        let from = classes.as_ptr().add(step * 64 + at * 32 + row.offset);
                        _mm256_loadu_si256(from.cast())
                    };
                    left[group] = _mm256_and_si256(left[group], _mm256_shuffle_epi8(admits, seen));
                }
            }
        };
        for row in first {
            keep(row, &mut left);
        }
        let any = left.iter().flatten().fold(_mm256_setzero_si256(), |any, &left| _mm256_or_si256(any, left));
        if _mm256_testz_si256(any, any) == 1 {
            *found = 0;
            continue;
        }
        for row in rest {
            keep(row, &mut left);
        }
        *found = 0;
        for (at, left) in left.iter().enumerate() {
            let any = left.iter().fold(_mm256_setzero_si256(), |any, &left| _mm256_or_si256(any, left));
            let none = _mm256_movemask_epi8(_mm256_cmpeq_epi8(any, _mm256_setzero_si256()));
            *found |= u64::from(!none.cast_unsigned()) << (32 * at);
            for (buckets, &left) in buckets.iter().zip(left) {
                // SAFETY: step and vector lie within the positions.
                unsafe { _mm256_storeu_si256(buckets.add(step * 64 + at * 32).cast(), left) };
            }
        }
    }
}
