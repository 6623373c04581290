//! One row of a table of wheels.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use pep440_rs::{LocalSegment, Version};
use pep508_rs::PackageName;

use super::built::Built;
use super::made_for::{Abi, MadeFor};
use super::{Family, Index, built_in_family};
use crate::packaging::address;
use crate::packaging::digest::{DigestError, Sha256};
use crate::packaging::target::Backend;
use crate::packaging::wheel::WheelName;
use crate::text::{cut, pieces, quoted};

/// One known wheel. Its [`Display`](fmt::Display) is its line in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WheelRow {
    /// The file name: package, version with local label, tags.
    pub wheel: WheelName,
    /// The build it was made for.
    pub built: Built,
    /// Its index or folder. The digest holds for this place only.
    pub index: Index,
    /// The file's digest.
    pub sha256: Sha256,
    /// The file's size in bytes, where it was recorded.
    pub size: Option<u64>,
    /// The number of independent public locks that recorded this digest; 0: the index itself gave it.
    pub seen: u32,
    /// The wheel's Requires-Python, where it was recorded.
    pub requires_python: Option<String>,
    /// Withdrawn by its publishers.
    pub yanked: bool,
    /// The URL was put together from the index and the file name; no lock recorded it whole.
    pub constructed: bool,
    /// The minor release of torch that it was made for, where its publishers say: the flag `torch=2.8`.
    pub torch: Option<MadeFor>,
    /// The C++ interface that it was compiled with: the flag `abi=true`, or `abi=false`.
    pub abi: Option<Abi>,
    /// The kinds of file the digest was found in, joined by commas: `poetry,uv`; empty: not given.
    pub evidence: Arc<str>,
    /// Why the row counts instead of another catalogue's that says something else; in a table, an eleventh column
    /// `override=REASON`.
    pub overrides: Option<String>,
    /// The catalogue that has the row: [`BUILT_IN`](super::BUILT_IN) or a file's name.
    pub catalogue: Arc<str>,
}

/// A column that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadColumn {
    /// Counted from 0.
    pub column: usize,
    /// The fault.
    pub why: String,
}

/// The most characters of a reason that are reported: other readers' reasons quote the whole of what they could not read.
const LONGEST_WHY: usize = 400;

impl BadColumn {
    pub(super) fn new(column: usize, why: impl fmt::Display) -> Self {
        Self { column, why: cut(&why.to_string(), LONGEST_WHY) }
    }
}

/// The number of columns of a row, without that of an override.
pub(super) const COLUMNS: usize = 10;

/// The columns of a line, and the one behind them, if there is one more.
pub(super) type Texts<'l> = ([&'l str; COLUMNS], Option<&'l str>);

/// Splits a line; `None` if it has too few columns or too many.
pub(super) fn split(line: &str) -> Option<Texts<'_>> {
    let mut columns = [""; COLUMNS];
    let (mut start, mut count) = (0, 0);
    // The columns are short: a search made for long texts would take longer to begin than this takes.
    for (at, byte) in line.bytes().enumerate() {
        if byte == b'\t' {
            *columns.get_mut(count)? = &line[start..at];
            (start, count) = (at + 1, count + 1);
        }
    }
    match columns.get_mut(count) {
        Some(last) => *last = &line[start..],
        None => return Some((columns, Some(&line[start..]))),
    }
    (count + 1 == COLUMNS).then_some((columns, None))
}

/// The columns of a line, unread but for the digest. What a form of the table leaves out has been put back.
pub(super) struct Columns<'l> {
    /// As they are written; those of the file and the digest may represent what is in the two fields below.
    pub(super) texts: [&'l str; COLUMNS],
    pub(super) file: Cow<'l, str>,
    pub(super) sha256: Result<Sha256, DigestError>,
    /// The one behind them.
    pub(super) more: Option<&'l str>,
}

/// Splits a line that is written in full; `None` if it has too few columns or too many.
pub(super) fn columns(line: &str) -> Option<Columns<'_>> {
    let (texts, more) = split(line)?;
    let [_, _, _, _, file, sha256, ..] = texts;
    Some(Columns { texts, file: Cow::Borrowed(file), sha256: sha256.parse(), more })
}

/// The prefix of a row's last column if it overrides another catalogue's.
const OVERRIDE: &str = "override=";

impl WheelRow {
    /// Reads a line of a table.
    ///
    /// # Errors
    /// If the line has not ten columns or eleven, one of them cannot be read, or two of them do not agree.
    pub fn parse(line: &str, catalogue: &str) -> Result<Self, BadColumn> {
        let columns = columns(line).ok_or_else(|| {
            let count = line.split('\t').count();
            BadColumn::new(0, format_args!("a wheel has {COLUMNS} columns, this line has {count}"))
        })?;
        Self::read(columns, catalogue, None)
    }

    /// Reads the columns of a line. It is quicker where the row before is of the same version.
    pub(super) fn read(columns: Columns<'_>, catalogue: &str, before: Option<&Self>) -> Result<Self, BadColumn> {
        let Columns { texts, file, sha256, more } = columns;
        let [package, version, built, index, _, _, size, seen, requires_python, flags] = texts;
        let wheel = WheelName::read(&file, before.map(|row| &row.wheel)).map_err(|error| BadColumn::new(4, error))?;
        if package != wheel.name.as_ref() {
            let (own, package) = (quoted(wheel.name.as_ref()), quoted(package));
            return Err(BadColumn::new(0, format_args!("the wheel is of {own}, not of `{package}`")));
        }
        let same_text = pieces(&file, b'-').nth(1) == Some(version);
        if !same_text && Version::from_str(version).ok().as_ref() != Some(&wheel.version) {
            let (own, version) = (quoted(&wheel.version.to_string()), quoted(version));
            return Err(BadColumn::new(1, format_args!("the wheel is of version {own}, not `{version}`")));
        }
        let built: Built = built.parse().map_err(|error| BadColumn::new(2, error))?;
        if let Built::For(backend) = built
            && let Some(label) = build_of_label(&wheel.version)
            && backend != label
        {
            return Err(BadColumn::new(2, format_args!("the wheel's label says it is built for {label}")));
        }
        let mut row = Self {
            built,
            index: match before.filter(|row| row.index.as_str() == index) {
                Some(row) => row.index.clone(),
                None => index.parse().map_err(|error: String| BadColumn::new(3, error))?,
            },
            sha256: sha256.map_err(|error| BadColumn::new(5, error))?,
            size: optional(size, decimal).ok_or_else(|| BadColumn::new(6, "a size is a number or `-`"))?,
            seen: decimal(seen)
                .and_then(|number| number.try_into().ok())
                .ok_or_else(|| BadColumn::new(7, "the count of witnesses is a number"))?,
            requires_python: optional(requires_python, |text| Some(text.to_owned()))
                .ok_or_else(|| BadColumn::new(8, "write `-` where there is no Requires-Python"))?,
            yanked: false,
            constructed: false,
            torch: None,
            abi: None,
            evidence: Arc::default(),
            overrides: match more.map(|text| text.strip_prefix(OVERRIDE).map(str::trim)) {
                None => None,
                Some(Some(reason)) if !reason.is_empty() => Some(reason.to_owned()),
                Some(_) => return Err(BadColumn::new(COLUMNS, "an eleventh column is `override=` and the reason")),
            },
            catalogue: before.map_or_else(|| catalogue.into(), |row| Arc::clone(&row.catalogue)),
            wheel,
        };
        for flag in pieces(flags, b',').filter(|_| flags != "-") {
            match flag {
                "yanked" => row.yanked = true,
                "constructed" => row.constructed = true,
                "" => return Err(BadColumn::new(9, "a flag is empty; write `-` for none")),
                _ => row.read_made_for(flag)?,
            }
        }
        row.evidence = match before {
            _ if flags == "-" => Arc::default(),
            _ if row.yanked || row.constructed || row.torch.is_some() || row.abi.is_some() => {
                let other = |flag: &&str| matches!(*flag, "yanked" | "constructed") || flag.contains('=');
                let kinds = flags.split(',').filter(|flag| !other(flag));
                kinds.collect::<Vec<_>>().join(",").into()
            }
            Some(before) if *before.evidence == *flags => Arc::clone(&before.evidence),
            Some(_) | None => flags.into(),
        };
        Ok(row)
    }

    /// Reads a flag of what it was made for; others are kinds of files.
    fn read_made_for(&mut self, flag: &str) -> Result<(), BadColumn> {
        let Some((what, value)) = flag.split_once('=') else { return Ok(()) };
        let odd = || {
            BadColumn::new(9, format_args!("`{}` is not a flag; the flags are torch=2.8 and abi=true", quoted(flag)))
        };
        match what {
            "torch" => self.torch = Some(value.parse().map_err(|()| odd())?),
            "abi" => self.abi = Some(value.parse().map_err(|()| odd())?),
            _ => return Err(odd()),
        }
        Ok(())
    }

    /// The wheel's URL, as it is written into a lock; none on PyPI, whose files need none.
    pub fn url(&self) -> Option<String> {
        match &self.index {
            Index::Pypi => None,
            Index::Url(folder) => Some(format!("{folder}/{}", address::encoded(self.wheel.as_str()))),
        }
    }

    /// True if nobody but this tool says so: it hashed the file.
    pub fn is_computed(&self) -> bool {
        self.seen == 0 && &*self.evidence == "computed"
    }

    /// True if the wheel may be offered for a backend: built for it or for all, and its label says nothing else.
    pub fn is_for(&self, backend: Backend) -> bool {
        let fits = || label_fits(&self.wheel.name, &self.wheel.version, backend);
        self.built.is_for(backend) && (self.built == Built::Any || fits())
    }
}

/// The local label: `cu118` of `2.0.1+cu118`.
pub(super) fn label(version: &Version) -> Option<Cow<'_, str>> {
    match version.local() {
        [] => None,
        [LocalSegment::String(only)] => Some(Cow::Borrowed(only)),
        segments => Some(Cow::Owned(segments.iter().map(ToString::to_string).collect::<Vec<_>>().join("."))),
    }
}

/// The build that the local label names.
pub(crate) fn build_of_label(version: &Version) -> Option<Backend> {
    label(version)?.parse().ok()
}

/// True if the local label is the backend's own, or there is none. PyTorch's index has CPU wheels of another C++ ABI
/// (`+cpu.cxx11.abi`) and some labelled with a git hash; neither is the CPU build people mean. Other publishers label as
/// they like (`flash_attn-2.5.8+cu118torch2.1cxx11abiFALSE`), so only the row says it of their packages.
pub(super) fn label_fits(package: &PackageName, version: &Version, backend: Backend) -> bool {
    built_in_family(package) != Family::PerBackend || label(version).is_none_or(|text| text.parse() == Ok(backend))
}

/// A number without a sign.
fn decimal(text: &str) -> Option<u64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

/// `-` is nothing; the empty text is an error.
fn optional<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    match text {
        "" => None,
        "-" => Some(None),
        _ => read(text).map(Some),
    }
}

impl fmt::Display for WheelRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { wheel, built, index, sha256, seen, .. } = self;
        write!(f, "{}\t{}\t{built}\t{index}\t{wheel}\t{sha256}\t", wheel.name, wheel.version)?;
        match self.size {
            Some(size) => write!(f, "{size}")?,
            None => f.write_str("-")?,
        }
        write!(f, "\t{seen}\t{}\t", self.requires_python.as_deref().unwrap_or("-"))?;
        let made_for = [self.torch.map(|torch| format!("torch={torch}")), self.abi.map(|abi| format!("abi={abi}"))];
        let flags: Vec<&str> = [("yanked", self.yanked), ("constructed", self.constructed)]
            .into_iter()
            .filter_map(|(flag, set)| set.then_some(flag))
            .chain((!self.evidence.is_empty()).then_some(&*self.evidence))
            .chain(made_for.iter().flatten().map(String::as_str))
            .collect();
        f.write_str(if flags.is_empty() { "-" } else { "" })?;
        f.write_str(&flags.join(","))?;
        self.overrides.as_ref().map_or(Ok(()), |reason| write!(f, "\t{OVERRIDE}{reason}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(version: &str, built: &str) -> String {
        let digest = "0".repeat(64);
        format!(
            "torch\t{version}\t{built}\thttps://x.test/whl\ttorch-{version}-cp310-cp310-any.whl\t{digest}\t-\t1\t-\tuv"
        )
    }

    fn row(version: &str, built: &str) -> WheelRow {
        WheelRow::parse(&line(version, built), "t").unwrap()
    }

    #[test]
    fn prints_what_it_read() {
        for (version, built) in [("2.0.1+cu118", "cu118"), ("2.0.1", "-"), ("2.0.1", "any")] {
            assert_eq!(row(version, built).to_string(), line(version, built));
        }
    }

    #[test]
    fn an_override_has_a_reason() {
        let line = line("2.0.1+cu118", "cu118");
        let with = format!("{line}\toverride=rebuilt, with a fix");
        let row = WheelRow::parse(&with, "t").unwrap();
        assert_eq!((row.overrides.as_deref(), row.to_string()), (Some("rebuilt, with a fix"), with));
        for more in ["", "override=", "override= ", "because"] {
            assert_eq!(WheelRow::parse(&format!("{line}\t{more}"), "t").unwrap_err().column, 10, "{more}");
        }
        assert_eq!(WheelRow::parse(&format!("{line}\toverride=a\tb"), "t").unwrap_err().column, 0);
    }

    #[test]
    fn the_url_has_no_plus() {
        assert_eq!(
            row("2.0.1+cu118", "cu118").url().unwrap(),
            "https://x.test/whl/torch-2.0.1%2Bcu118-cp310-cp310-any.whl"
        );
    }

    #[test]
    fn a_label_must_fit_the_backend() {
        assert!(row("2.0.1+cu118", "cu118").is_for(Backend::Cuda(11, 8)));
        assert!(!row("2.0.1+cu118", "cu118").is_for(Backend::Cpu));
        assert!(row("2.0.1", "cu118").is_for(Backend::Cuda(11, 8)));
        assert!(row("2.0.1", "cpu").is_for(Backend::Cpu));
        assert!(row("2.0.1+cpu", "cpu").is_for(Backend::Cpu));
        assert!(row("2.7.1+rocm6.2.4", "rocm6.2.4").is_for(Backend::Rocm(6, 2, Some(4))));
        assert!(!row("2.0.1+cpu.cxx11.abi", "cpu").is_for(Backend::Cpu));
        assert!(!row("0.24.1+d801a34", "cpu").is_for(Backend::Cpu));
        assert!(row("2.0.1", "any").is_for(Backend::Xpu));
        assert!(!row("2.0.1", "-").is_for(Backend::Cpu));
    }

    #[test]
    fn refuses_columns_that_do_not_agree_or_do_not_read() {
        let good = line("2.0.1+cu118", "cu118");
        for (from, to, column) in [
            ("torch\t", "torchaudio\t", 0),
            ("\t2.0.1+cu118\t", "\t2.0.1\t", 1),
            ("\tcu118\t", "\tcu121\t", 2),
            ("\tcu118\t", "\tgpu\t", 2),
            ("https://x.test/whl", "https://me:pw@x.test/whl", 3),
            ("https://x.test/whl", "https://x.test/whl/", 3),
            ("https://x.test/whl", "ftp://x.test/whl", 3),
            (".whl\t0", ".zip\t0", 4),
            ("\t0000", "\t+000", 5),
            ("\t-\t1", "\t+5\t1", 6),
            ("\t-\t1", "\t-\t-1", 7),
            ("\t1\t-", "\t1\t", 8),
            ("\tuv", "\tuv,", 9),
            ("\tuv", "", 0),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_ne!(bad, good);
            assert_eq!(WheelRow::parse(&bad, "t").unwrap_err().column, column, "{bad}");
        }
    }
}
