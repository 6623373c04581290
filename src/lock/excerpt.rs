//! A text with parts left out, which still knows where each byte stood.

use std::ops::Range;

use crate::text::Span;

/// What is kept of a source.
#[derive(Debug, Default)]
pub(crate) struct Excerpt {
    text: String,
    cuts: Vec<Cut>,
}

/// At an offset of an excerpt: how many bytes of the source are left out before it.
#[derive(Debug, Clone, Copy)]
struct Cut {
    at: usize,
    before: usize,
}

impl Excerpt {
    /// Goes on with a part of the source.
    pub(crate) fn keep(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Leaves out so many bytes of the source.
    pub(crate) fn skip(&mut self, length: usize) {
        let before = self.cuts.last().map_or(0, |cut| cut.before) + length;
        self.cuts.push(Cut { at: self.text.len(), before });
    }

    /// What is kept.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Where something is left out.
    pub(crate) fn cuts(&self) -> Cuts<'_> {
        Cuts(&self.cuts)
    }
}

/// The places of an excerpt where something is left out, ascending.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cuts<'e>(&'e [Cut]);

impl Cuts<'_> {
    /// Where a span of the excerpt stands in the source.
    pub(crate) fn in_source(self, span: Option<Range<usize>>) -> Span {
        let span = span.unwrap_or_default();
        Span { start: self.offset(span.start), end: self.offset(span.end) }
    }

    fn offset(self, at: usize) -> usize {
        let cuts = &self.0[..self.0.partition_point(|cut| cut.at <= at)];
        at + cuts.last().map_or(0, |cut| cut.before)
    }
}
