//! From texts to a [`RequirementsFile`]: the files in the order of their includes, the lines of each.

use std::collections::HashSet;

use pep440_rs::{Operator, Version, VersionSpecifiers};
use pep508_rs::PackageName;

use super::direct_url;
use super::lines::{self, LONGEST, Logical};
use super::parse::{self, FileSpec, Parsed, ParsedRequirement};
use super::paths::{join, normal};
use super::via::{Via, ViaReader};
use super::{FileLine, GlobalOption, Limit, LineKind, RequirementLine, RequirementsFile, Unnamed, digests, sniff};
use crate::lock::dependency::{Markers, remembered};
use crate::lock::{Entry, LockedDigest, Origin, Position};
use crate::packaging::{address, marker};
use crate::report::error::{Code, Error, Problem, Result};
use crate::text::{Source, Span, cut, quoted};

/// The deepest nesting of includes.
const DEEPEST: usize = 32;
/// The most files that are included: through links to folders, one file can have any number of names.
const MOST_FILES: usize = 500;
/// The most problems that are reported before reading stops.
const ENOUGH: usize = 20;

/// Reads a requirements file. `read` gives the text of an included file, by its path joined to the folder of the file
/// that includes it, or says why it cannot.
///
/// # Errors
/// All that is wrong with it, up to a sensible number.
pub fn parse(
    name: &str,
    text: String,
    read: &mut dyn FnMut(&str) -> std::result::Result<String, String>,
) -> Result<RequirementsFile> {
    let mut reader = RequirementsReader {
        read,
        file: RequirementsFile::default(),
        problems: Vec::new(),
        open: Vec::new(),
        seen: HashSet::new(),
        markers: Markers::default(),
    };
    reader.source(Source::new(name, text), false);
    Error::unless_empty(reader.problems)?;
    let mut file = reader.file;
    settle_indexes(&mut file);
    settle_roots(&mut file);
    Ok(file)
}

/// An index option anywhere holds for every line; of several `--index-url` the last does. The default index may be named,
/// too.
fn settle_indexes(file: &mut RequirementsFile) {
    let index = file.options.iter().rev().find_map(|option| match option {
        GlobalOption::IndexUrl(url) => Some(url.clone()),
        _ => None,
    });
    let index = index.filter(|url| !address::is_default_index(url));
    for entry in &mut file.entries {
        if let Origin::Index(origin) = &mut entry.origin {
            origin.clone_from(&index);
        }
    }
}

/// A package in a `# via` comment that the file does not hold is the project itself.
fn settle_roots(file: &mut RequirementsFile) {
    let names: HashSet<&PackageName> = file.entries.iter().map(|entry| &entry.name).collect();
    for via in file.requirements.iter_mut().filter_map(|requirement| requirement.via.as_mut()).flatten() {
        if let Via::Package(name) = via
            && !names.contains(name)
        {
            *via = Via::Root(name.to_string());
        }
    }
}

struct RequirementsReader<'r> {
    read: &'r mut dyn FnMut(&str) -> std::result::Result<String, String>,
    file: RequirementsFile,
    problems: Vec<Problem>,
    /// The files being read, the outermost first: names as shown, paths as compared.
    open: Vec<(String, String)>,
    /// The files read already, separately for the two ways to include one.
    seen: HashSet<(bool, String)>,
    markers: Markers,
}

/// A file while it is read.
struct Open<'a> {
    source: &'a Source,
    index: usize,
    constraint: bool,
}

impl RequirementsReader<'_> {
    fn source(&mut self, source: Source, constraint: bool) {
        let index = self.file.sources.len();
        // Keeps the place: the files that this one includes come after it.
        self.file.sources.push(Source::new(source.name.clone(), ""));
        self.open.push((source.name.clone(), normal(&source.name)));
        self.lines(&Open { source: &source, index, constraint });
        self.open.pop();
        self.file.sources[index] = source;
    }

    fn lines(&mut self, open: &Open<'_>) {
        let source = open.source;
        let text = &*source.text;
        if let Some((span, why)) = sniff::forbidden(text) {
            return self.problems.push(Problem::new(Code::Syntax, why).at(source, span));
        }
        if let Some((span, format)) = sniff::other_format(text) {
            let message = format!("this is {format}, not a requirements file");
            return self.problems.push(Problem::new(Code::Syntax, message).at(source, span));
        }
        let mut at = text.len() - text.strip_prefix('\u{feff}').unwrap_or(text).len();
        while self.problems.len() < ENOUGH {
            let line = match Logical::read(text, at) {
                Ok(None) => break,
                Ok(Some(line)) => line,
                Err(long) => {
                    let message = format!("this line is longer than {LONGEST} bytes");
                    return self.problems.push(Problem::new(Code::Syntax, message).at(source, long.span));
                }
            };
            at = line.span.end;
            if let Err(problem) = self.line(open, &line, &mut at) {
                self.problems.push(*problem);
            }
        }
    }

    /// Reads one line; moves `at` on behind the comments that belong to it.
    fn line(&mut self, open: &Open<'_>, line: &Logical<'_>, at: &mut usize) -> std::result::Result<(), Box<Problem>> {
        if line.code().is_empty() {
            let kind = if line.comment().is_some() { LineKind::Comment } else { LineKind::Blank };
            self.push(open, line.span, kind);
            return Ok(());
        }
        if line.swallows() {
            let problem =
                Problem::new(Code::Syntax, "a comment ends in a backslash, and installers differ on what follows");
            return Err(problem.at(open.source, line.span).help("remove the backslash").into());
        }
        let parsed = parse::parse(line.code()).map_err(|fault| {
            let problem = Problem::new(Code::Syntax, fault.message).at(open.source, line.span(fault.range));
            fault.help.into_iter().fold(problem, Problem::help)
        })?;
        match parsed {
            Parsed::Options(options) => {
                self.file.options.extend(options.iter().cloned());
                self.push(open, line.span, LineKind::Options(options));
                Ok(())
            }
            Parsed::Include { path, constraint, range } => {
                let span = line.span(range);
                self.include(open, &path, constraint, span).map_err(|problem| problem.at(open.source, span))?;
                if constraint {
                    self.push(open, line.span, LineKind::Constraints);
                }
                Ok(())
            }
            Parsed::Requirement(asked) => self.requirement(open, line, *asked, at),
        }
    }

    fn push(&mut self, open: &Open<'_>, span: Span, kind: LineKind) {
        if !open.constraint {
            self.file.lines.push(FileLine { source: open.index, span, kind });
        }
    }

    fn include(
        &mut self,
        open: &Open<'_>,
        path: &str,
        constraint: bool,
        span: Span,
    ) -> std::result::Result<(), Problem> {
        let refuse = |message: String| Err(Problem::new(Code::Unsupported, message));
        if path.contains("://") || parse::is_url(path) {
            return refuse("a file at a URL is not followed: nothing is fetched from the network".to_owned());
        }
        if path.contains("${") {
            return refuse("a path with a variable cannot be followed".to_owned());
        }
        if path.is_empty() || path.contains('\\') {
            let message = "pip cannot read this path: it removes the backslash";
            return Err(Problem::new(Code::Syntax, message).help("write `/` between folders"));
        }
        if open.constraint && !constraint {
            return refuse(
                "a constraints file includes requirements, which pip and uv understand differently".to_owned(),
            );
        }
        let joined = join(&open.source.name, path);
        let key = normal(&joined);
        if let Some(first) = self.open.iter().position(|(_, one)| *one == key) {
            let chain: Vec<&str> = self.open[first..].iter().map(|(name, _)| name.as_str()).chain([&*joined]).collect();
            let message = format!("the files include each other: {}", cut(&chain.join(" → "), 400));
            return Err(Problem::new(Code::Inconsistent, message));
        }
        if self.open.len() > DEEPEST {
            return refuse(format!("files include each other more than {DEEPEST} deep"));
        }
        if self.file.sources.len() > MOST_FILES {
            return refuse(format!("more than {MOST_FILES} files are included"));
        }
        // A second time would only repeat every line.
        let constraint = constraint || open.constraint;
        if !self.seen.insert((constraint, key)) {
            return Ok(());
        }
        let text = (self.read)(&joined).map_err(|error| {
            let why = error.strip_prefix(&format!("cannot read {joined}: ")).unwrap_or(&error);
            let message = format!("`{}` cannot be read: {}", quoted(&joined), cut(why, 200));
            Problem::new(Code::Io, message).at(open.source, span)
        })?;
        self.source(Source::new(joined, text), constraint);
        Ok(())
    }

    fn requirement(
        &mut self,
        open: &Open<'_>,
        line: &Logical<'_>,
        asked: ParsedRequirement,
        at: &mut usize,
    ) -> std::result::Result<(), Box<Problem>> {
        let problem = |code, message: String, range| Problem::new(code, message).at(open.source, line.span(range));
        let whole = 0..line.code().len();
        let marker = asked.marker.clone().map(|range| {
            let text = &line.code()[range.clone()];
            let read = remembered(&mut self.markers, text, || marker::parse(text));
            read.map_err(|why| problem(Code::Syntax, cut(&why, 200), range))
        });
        let marker = marker.transpose()?;
        let given = asked
            .hashes
            .iter()
            .map(|(range, value)| digests::option(value).map_err(|why| problem(Code::Syntax, why, range.clone())));
        let given: Vec<LockedDigest> = given.collect::<std::result::Result<_, _>>()?;
        let direct = match &asked.wanted {
            FileSpec::Versions(_) => None,
            FileSpec::Direct(target) => {
                let direct = direct_url::read(target).map_err(|why| problem(Code::Syntax, why, asked.body.clone()))?;
                direct.agrees_with(&asked, &given).map_err(|(code, why)| problem(code, why, whole))?;
                Some(direct)
            }
        };
        let body = line.span(asked.body.clone());
        let named = asked.name.clone().or_else(|| {
            let direct = direct.as_ref()?;
            direct.wheel.as_ref().map(|wheel| wheel.name.clone()).or_else(|| direct.egg.clone())
        });
        if open.constraint {
            let name = named.filter(|_| !asked.editable).ok_or_else(|| {
                problem(Code::Syntax, "a constraint needs a package name".to_owned(), asked.body.clone())
            })?;
            let (versions, at) = (asked.wanted.versions(), Position { source: open.index, span: body });
            self.file.constraints.push(Limit { name, versions, marker, at });
            return Ok(());
        }
        let (via, end) = below(&open.source.text, line);
        *at = end;
        let span = Span { start: line.span.start, end };
        let Some(name) = named else {
            let (origin, mut digests) = match direct {
                Some(direct) => (direct.origin, direct.digests),
                None => return Err(problem(Code::Syntax, "no package is named".to_owned(), asked.body).into()),
            };
            digests.extend(given);
            let unnamed = Unnamed { origin, editable: asked.editable, marker, digests };
            self.push(open, span, LineKind::Unnamed(Box::new(unnamed)));
            return Ok(());
        };
        let entry = self.file.entries.len();
        let hashes = asked.hashes.iter().map(|(range, _)| line.span(range.clone())).collect();
        let notes = notes(&open.source.text, line.span(0..asked.end).end, end);
        let versions = asked.wanted.versions();
        let exact = versions.as_ref().and_then(exact);
        let pinned = exact.is_some() || direct.is_some();
        let version = exact.or_else(|| direct.as_ref()?.wheel.as_ref().map(|wheel| wheel.version.clone()));
        self.file.requirements.push(RequirementLine {
            entry,
            line: self.file.lines.len(),
            extras: asked.extras,
            pinned,
            marker,
            hashes,
            via,
            notes,
        });
        let (origin, file, mut digests) = match direct {
            Some(direct) => (direct.origin, direct.file, direct.digests),
            None => (Origin::Index(None), None, Vec::new()),
        };
        for digest in given {
            if !digests.contains(&digest) {
                digests.push(digest);
            }
        }
        let files = digests.into_iter().map(|digest| (file.clone(), digest)).collect();
        self.file.entries.push(Entry {
            name,
            version,
            origin,
            editable: asked.editable,
            files,
            at: Position { source: open.index, span: body },
        });
        self.push(open, span, LineKind::Requirement(entry));
        Ok(())
    }
}

/// The one version that is admitted, local labels aside.
fn exact(versions: &VersionSpecifiers) -> Option<Version> {
    match &versions[..] {
        [one] if matches!(one.operator(), Operator::Equal | Operator::ExactEqual) => Some(one.version().clone()),
        _ => None,
    }
}

/// The packages that need a requirement, and the end of the comments below it that name them.
fn below(text: &str, line: &Logical<'_>) -> (Option<Vec<Via>>, usize) {
    let mut reader = ViaReader::default();
    if let Some(comment) = line.comment() {
        reader.take(comment);
    }
    let mut end = line.span.end;
    while end < text.len() {
        let (content, next) = lines::physical(text, end);
        let comment = content.trim_start();
        match comment.strip_prefix('#') {
            Some(said) if comment.len() < content.len() && reader.take(said) => end = next,
            _ => break,
        }
    }
    (reader.finish(), end)
}

/// The comments between the last word of a requirement and its end: with the white space before them, but without the
/// backslash of a continuation, and without the last line end.
fn notes(text: &str, from: usize, end: usize) -> Span {
    let mut start = from;
    let end = start + text[start..end].trim_end_matches(['\r', '\n']).len();
    while let Some(rest) = text[start..end].trim_start_matches([' ', '\t']).strip_prefix('\\') {
        start = end - rest.trim_start_matches('\\').len();
    }
    if text[start..end].contains('#') { Span { start, end } } else { Span { start: end, end } }
}
