//! Counts what is asked of the allocator, in number and in bytes.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

struct Counting;

static COUNT: AtomicU64 = AtomicU64::new(0);
static LIVE: AtomicU64 = AtomicU64::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What the allocator takes for a request: eight bytes more, rounded up to sixteen, and 32 at least. That is glibc's
/// rule on 64-bit machines.
fn taken(size: usize) -> u64 {
    (size as u64 + 8).next_multiple_of(16).max(32)
}

// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Relaxed);
        LIVE.fetch_add(taken(layout.size()), Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(taken(layout.size()), Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// How many allocations there have been.
pub(crate) fn count() -> u64 {
    COUNT.load(Relaxed)
}

/// How many bytes are taken now, the allocator's own included.
pub(crate) fn live() -> u64 {
    LIVE.load(Relaxed)
}
