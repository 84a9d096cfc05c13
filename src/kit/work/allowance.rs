//! How much memory a decoder may hold. In formats that compress, the size of the input says nothing about what comes out of
//! it. So a decoder pulls its input through a `Metered` reader, which breaks off when the thread holds more than it may.
//!
//! The allocator (jemalloc, with its statistics) counts for each thread what it has allocated and freed. It is asked each time
//! input is pulled, so a decoder exceeds its allowance by what it makes of `STEP` bytes of input, at the most.

use std::{
    cell::Cell,
    io::{self, BufRead, Read, Seek, SeekFrom},
    rc::Rc,
};

use tikv_jemalloc_ctl::thread::{ThreadLocal, allocatedp, deallocatedp};

/// The most input that is given at a time, in bytes.
const STEP: usize = 4 * 1024;

/// How much one thread may hold from now on, beside what it holds already. Clones are the same allowance.
#[derive(Clone)]
pub struct Allowance(Rc<Inner>);

struct Inner {
    counted: Option<(ThreadLocal<u64>, ThreadLocal<u64>)>,
    /// What the thread held at the beginning, and what was allocated apart from the allowance since.
    base: Cell<i128>,
    bytes: Cell<u64>,
    was_exceeded: Cell<bool>,
}

impl Allowance {
    /// So many bytes.
    pub fn of(bytes: u64) -> Self {
        let counted = allocatedp::read().and_then(|allocated| Ok((allocated, deallocatedp::read()?)));
        if let Err(error) = &counted {
            tracing::error!(%error, "the allocator counts nothing: decoders go without a limit");
        }
        let inner = Inner {
            counted: counted.ok(),
            base: Cell::new(0),
            bytes: Cell::new(bytes),
            was_exceeded: Cell::new(false),
        };
        inner.base.set(inner.held());
        Self(Rc::new(inner))
    }

    /// From now on so many bytes, counted from the same beginning.
    pub fn becomes(&self, bytes: u64) {
        self.0.bytes.set(bytes);
    }

    /// Runs `work`; what it allocates and keeps is no part of the allowance.
    pub fn apart<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = self.0.held();
        let value = work();
        self.0.base.set(self.0.base.get().saturating_add(self.0.held().saturating_sub(before)));
        value
    }

    /// Has a reader broken off because of it?
    pub fn was_exceeded(&self) -> bool {
        self.0.was_exceeded.get()
    }

    fn check(&self) -> io::Result<()> {
        let held = self.0.held().saturating_sub(self.0.base.get());
        if held <= i128::from(self.0.bytes.get()) {
            return Ok(());
        }
        self.0.was_exceeded.set(true);
        Err(io::Error::new(io::ErrorKind::OutOfMemory, "what this unpacks to takes more memory than it may"))
    }
}

impl Inner {
    /// What the thread holds; below zero where it has freed what others had allocated.
    fn held(&self) -> i128 {
        let held = |(allocated, freed): (ThreadLocal<u64>, ThreadLocal<u64>)| {
            i128::from(allocated.get()).saturating_sub(i128::from(freed.get()))
        };
        self.counted.map_or(0, held)
    }
}

/// A reader that breaks off with `OutOfMemory` once the allowance is exceeded.
pub struct Metered<R> {
    inner: R,
    allowance: Allowance,
}

impl<R> Metered<R> {
    /// A reader of `inner` under this allowance.
    pub fn new(inner: R, allowance: &Allowance) -> Self {
        Self { inner, allowance: allowance.clone() }
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.allowance.check()?;
        let length = buffer.len().min(STEP);
        self.inner.read(buffer.get_mut(..length).unwrap_or_default())
    }
}

impl<R: BufRead> BufRead for Metered<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.allowance.check()?;
        let buffer = self.inner.fill_buf()?;
        Ok(buffer.get(..STEP).unwrap_or(buffer))
    }

    fn consume(&mut self, amount: usize) {
        self.inner.consume(amount);
    }
}

impl<R: Seek> Seek for Metered<R> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.inner.seek(position)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    const MEBIBYTE: usize = 1024 * 1024;

    #[test]
    fn a_reader_breaks_off_when_the_thread_holds_more_than_it_may() {
        let allowance = Allowance::of(8 * 1024 * 1024);
        let mut reader = Metered::new(Cursor::new([7; 64]), &allowance);
        let mut byte = [0];

        let little = vec![1_u8; 4 * MEBIBYTE];
        reader.read_exact(&mut byte).unwrap();
        assert!(!allowance.was_exceeded());
        let much = vec![1_u8; 5 * MEBIBYTE];

        assert_eq!(reader.read_exact(&mut byte).unwrap_err().kind(), io::ErrorKind::OutOfMemory);
        assert!(reader.fill_buf().is_err() && allowance.was_exceeded());
        drop((little, much));
        reader.read_exact(&mut byte).unwrap();
    }

    #[test]
    fn what_is_kept_apart_does_not_count() {
        let allowance = Allowance::of(8 * 1024 * 1024);
        let mut reader = Metered::new(Cursor::new([7; 64]), &allowance);

        let _kept = allowance.apart(|| vec![1_u8; 32 * MEBIBYTE]);
        reader.read_exact(&mut [0]).unwrap();
        let _own = vec![1_u8; 9 * MEBIBYTE];

        assert!(reader.read_exact(&mut [0]).is_err());
        allowance.becomes(16 * 1024 * 1024);
        reader.read_exact(&mut [0]).unwrap();
    }
}
