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

    /// Some of it.
    pub(crate) fn part(&self, range: Range<usize>) -> Part<'_> {
        Part { start: range.start, text: self.text.get(range).unwrap_or_default(), cuts: &self.cuts }
    }
}

/// A part of an excerpt, or a whole source.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'e> {
    /// Its text.
    pub(crate) text: &'e str,
    start: usize,
    cuts: &'e [Cut],
}

impl<'e> Part<'e> {
    /// A source of which nothing is left out.
    pub(crate) fn whole(text: &'e str) -> Self {
        Self { text, start: 0, cuts: &[] }
    }

    /// Where a span of the part stands in the source.
    pub(crate) fn in_source(self, span: Option<Range<usize>>) -> Span {
        let span = span.unwrap_or_default();
        Span { start: self.offset(span.start), end: self.offset(span.end) }
    }

    fn offset(self, at: usize) -> usize {
        let at = self.start + at;
        let cuts = &self.cuts[..self.cuts.partition_point(|cut| cut.at <= at)];
        at + cuts.last().map_or(0, |cut| cut.before)
    }
}
