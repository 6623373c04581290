//! The faults of a project's catalogue, in words.

use super::requires::RequiresRow;
use super::row::WheelRow;
use crate::packaging::target::Platform;
use crate::report::error::{Code, Problem};
use crate::text::{Source, Span, cut, quoted};

/// The most characters of a file's name and of its folder that are reported; real ones have some 120.
const LONGEST_SHOWN: usize = 300;

/// The most problems that are reported of one file.
const ENOUGH: usize = 20;

/// True if so many problems were found that no more should be looked for; the last of them says so.
pub(super) fn are_enough(problems: &mut Vec<Problem>, name: &str) -> bool {
    if problems.len() == ENOUGH {
        let message = format!("there are {ENOUGH} problems already: the rest of {name} was not read");
        problems.push(Problem::new(Code::Syntax, message).help("fix these first"));
    }
    problems.len() > ENOUGH
}

pub(super) fn unknown(source: &Source, column: Span) -> Problem {
    Problem::new(Code::Syntax, "a row begins with `wheel` or `requires`, and has tabs between its columns")
        .at(source, column)
}

/// A file as messages name it: a digest belongs to a name and an index.
fn file(row: &WheelRow) -> String {
    format!("{} at {}", cut(row.wheel.as_str(), LONGEST_SHOWN), cut(row.index.as_str(), LONGEST_SHOWN))
}

pub(super) fn conflict(known: &WheelRow, other: &WheelRow, source: &Source, span: Span) -> Problem {
    let message = format!(
        "two digests for {}: {} says {}, {} says {}",
        file(known),
        known.catalogue,
        known.sha256,
        other.catalogue,
        other.sha256
    );
    Problem::new(Code::DigestConflict, message).at(source, span).help(
        "find out which file the index serves, and remove the other row; or give this one a last column \
             override=REASON, and it counts instead",
    )
}

/// An index gives a file another digest than the one that is known.
pub(super) fn changed(known: &WheelRow, found: &WheelRow) -> Problem {
    let message = format!(
        "two digests for {}: the {} catalogue has {}, the index now says {}",
        file(known),
        known.catalogue,
        known.sha256,
        found.sha256
    );
    let help = "a file that was published does not change: find out which of the two was, and trust neither until then";
    Problem::new(Code::DigestConflict, message).help(help)
}

/// A mirror gives a file another digest than the index that it mirrors.
pub(super) fn changed_elsewhere(known: &WheelRow, found: &WheelRow) -> Problem {
    let message = format!(
        "two digests for one file: {} has {} in the {} catalogue, and {} has {}",
        file(known),
        known.sha256,
        known.catalogue,
        cut(found.index.as_str(), LONGEST_SHOWN),
        found.sha256
    );
    let help = "a mirror serves the very bytes: this one is damaged, or has rebuilt the wheel. If that is intended, \
                write the row by hand, with a last column override=REASON";
    Problem::new(Code::DigestConflict, message).help(help)
}

/// A learned row has another size than the known file with this digest.
pub(super) fn resized(known: &WheelRow, found: &WheelRow) -> Problem {
    let size = |row: &WheelRow| row.size.unwrap_or_default();
    let message = format!(
        "two sizes for {}: {} bytes in the {} catalogue, {} as learned now",
        file(known),
        size(known),
        known.catalogue,
        size(found)
    );
    let help = "a file with one digest has one size: find out which of the two is right, and trust neither until then";
    Problem::new(Code::Contradiction, message).help(help)
}

/// Two catalogues do not agree what a wheel was built for.
pub(super) fn built(known: &WheelRow, other: &WheelRow, source: &Source, span: Span) -> Problem {
    let message = format!(
        "{} was built for {} as {} says, and for {} as {} says",
        file(known),
        known.built,
        known.catalogue,
        other.built,
        other.catalogue
    );
    let help = "remove the row; or give it a last column override=REASON, and it counts instead";
    Problem::new(Code::Contradiction, message).at(source, span).help(help)
}

/// Two catalogues do not agree what a wheel requires.
pub(super) fn requires(
    row: &RequiresRow,
    (platform, what): &(Platform, String),
    source: &Source,
    span: Span,
) -> Problem {
    let message = format!(
        "{} differs from an earlier catalogue about what {} {} at {} requires on {platform}: `{}` is in one \
         of the two lists only",
        source.name,
        row.package,
        row.version,
        cut(row.index.as_str(), LONGEST_SHOWN),
        quoted(what)
    );
    let help = "remove the row; or make its fifth column `override` and its sixth the reason, and it counts instead";
    Problem::new(Code::Contradiction, message).at(source, span).help(help)
}
