//! The pace of an answer: one that gives a byte now and then is never late, and never ends.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind, Read, Result};
use std::time::{Duration, Instant};

use super::settings::SLOWEST;

/// A reader that fails once too little comes, or the time for all of it is over.
#[derive(Debug)]
pub(super) struct Paced<R> {
    inner: R,
    span: Duration,
    /// When the span began in which the bytes are counted, and how many came in it.
    start: Instant,
    count: u64,
    end: Option<Instant>,
}

/// Why such a reader failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slow {
    /// Less than [`SLOWEST`] came.
    Drips,
    /// The whole takes too long.
    Late,
}

impl fmt::Display for Slow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drips => write!(f, "less than {} kB of the answer came in a second", SLOWEST >> 10),
            Self::Late => f.write_str("the answer takes too long"),
        }
    }
}

impl Error for Slow {}

impl Slow {
    /// The reason in an error that reading gave.
    pub(super) fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}

impl<R> Paced<R> {
    /// In each such span [`SLOWEST`] bytes a second must come.
    pub(super) fn new(inner: R, span: Duration) -> Self {
        Self { inner, span, start: Instant::now(), count: 0, end: None }
    }

    /// The whole must have come by then.
    pub(super) fn until(self, end: Instant) -> Self {
        Self { end: Some(end), ..self }
    }
}

impl<R: Read> Read for Paced<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count += count as u64;
        let now = Instant::now();
        // An answer at its end is not slow.
        if count > 0 && now.duration_since(self.start) >= self.span {
            // Of a time in which nobody read no more is asked than of a span.
            if u128::from(self.count) * 1000 < u128::from(SLOWEST) * self.span.as_millis() {
                return Err(io::Error::new(ErrorKind::TimedOut, Slow::Drips));
            }
            (self.start, self.count) = (now, 0);
        }
        if self.end.is_some_and(|end| now > end) {
            return Err(io::Error::new(ErrorKind::TimedOut, Slow::Late));
        }
        Ok(count)
    }
}
