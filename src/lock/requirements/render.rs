//! A requirements file written again with some lines changed: every other byte is the same byte.

use std::collections::BTreeMap;

use pep508_rs::PackageName;

use super::lines::{Logical, is_dangling};
use super::{FileLine, LineKind, RequirementsFile, parse};

/// The changes to a [`RequirementsFile`]. Texts need no last line end; they take the line ends of the file.
#[derive(Debug, Clone, Default)]
pub struct LineEdits {
    changed: BTreeMap<usize, Vec<String>>,
    added: Vec<Added>,
    header: Option<String>,
    option: Option<String>,
}

#[derive(Debug, Clone)]
struct Added {
    name: PackageName,
    text: String,
    after: Option<usize>,
}

impl LineEdits {
    /// Puts one or more lines in the place of a line, given by its index; the `# via` comments below it go with it.
    pub fn replace(&mut self, line: usize, texts: Vec<String>) {
        self.changed.insert(line, texts);
    }

    /// Takes a line out, with the `# via` comments below it.
    pub fn remove(&mut self, line: usize) {
        self.changed.insert(line, Vec::new());
    }

    /// Adds a line for a package: where its name belongs if the requirements are in order, else after the line `after`,
    /// else at the end.
    pub fn insert(&mut self, name: PackageName, text: impl Into<String>, after: Option<usize>) {
        self.added.push(Added { name, text: text.into(), after });
    }

    /// Puts a header at the top, in the place of the one that this tool or another wrote before.
    pub fn header(&mut self, text: impl Into<String>) {
        self.header = Some(text.into());
    }

    /// Puts a line with an option below the header, or at the top.
    pub fn option(&mut self, text: impl Into<String>) {
        self.option = Some(text.into());
    }

    /// True if nothing would change.
    pub fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.added.is_empty() && self.header.is_none() && self.option.is_none()
    }
}

/// The order in which a file lists its requirements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// By normalised name: pip-compile, uv, pip freeze.
    Name,
    /// By the text of the line: Poetry, which puts `foo-bar==1` before `foo==1`.
    Text,
    /// None.
    No,
}

/// The text that was written so far. A line may lack its line end, or end in a backslash, only where the text ends with
/// it.
#[derive(Default)]
struct Out {
    text: String,
    dangling: bool,
}

impl Out {
    /// Begins a line: ends the one before, if its file ended without doing so.
    fn begin(&mut self, line_end: &str) {
        if !self.text.is_empty() && !self.text.ends_with(['\n', '\u{feff}']) {
            self.text.push_str(line_end);
        }
        if std::mem::take(&mut self.dangling) {
            self.text.push_str(line_end);
        }
    }

    fn line(&mut self, text: &str, line_end: &str) {
        self.begin(line_end);
        let text = text.strip_suffix('\n').unwrap_or(text).replace("\r\n", "\n");
        self.text.push_str(&if line_end == "\n" { text } else { text.replace('\n', line_end) });
        self.text.push_str(line_end);
    }
}

impl RequirementsFile {
    /// The file with the edits made. Without any: its own bytes, each `-r` line replaced by the file it names.
    pub fn render(&self, edits: &LineEdits) -> String {
        let mut out = Out::default();
        let root_end = self.sources.first().map_or("\n", |source| source.line_end());
        if self.sources.first().is_some_and(|source| source.text.starts_with('\u{feff}')) {
            out.text.push('\u{feff}');
        }
        let mut added = self.placed(edits);
        let mut first = 0;
        if let Some(header) = &edits.header {
            out.line(header, root_end);
            first = self.replaced_header();
            if let Some(option) = &edits.option {
                out.line(option, root_end);
            }
            // Else the next run would take the user's comment for a part of the header.
            if self.lines.get(first).is_some_and(|line| matches!(line.kind, LineKind::Comment)) {
                out.line("", root_end);
            }
        }
        // Where the header stays, or there is none.
        let below = match edits.header {
            None => self.header_lines().map_or(0, |lines| lines.end),
            Some(_) => usize::MAX,
        };
        for (index, line) in self.lines.iter().enumerate() {
            let line_end = self.sources.get(line.source).map_or(root_end, |source| source.line_end());
            for text in added.remove(&index).unwrap_or_default() {
                out.line(text, line_end);
            }
            if index < first {
                continue;
            }
            if index == below
                && let Some(option) = &edits.option
            {
                out.line(option, line_end);
            }
            match edits.changed.get(&index) {
                None => self.copy(line, root_end, &mut out),
                Some(texts) => self.replace(line, texts, line_end, &mut out),
            }
        }
        for text in added.into_values().flatten() {
            out.line(text, root_end);
        }
        out.text
    }

    fn copy(&self, line: &FileLine, line_end: &str, out: &mut Out) {
        let text = self.text(line);
        out.begin(line_end);
        out.text.push_str(text);
        out.dangling = is_dangling(text);
    }

    fn replace(&self, line: &FileLine, texts: &[String], line_end: &str, out: &mut Out) {
        for text in texts {
            out.line(text, line_end);
        }
        let unended = !self.text(line).ends_with('\n');
        if unended && !texts.is_empty() {
            out.text.truncate(out.text.len() - line_end.len());
        }
    }

    /// The added texts, by the index of the line before which they are.
    fn placed<'e>(&self, edits: &'e LineEdits) -> BTreeMap<usize, Vec<&'e str>> {
        let mut placed: BTreeMap<usize, Vec<&'e Added>> = BTreeMap::new();
        let order = if edits.added.is_empty() { Order::No } else { self.order() };
        for added in &edits.added {
            let before = match order {
                Order::No => added.after.map_or(self.lines.len(), |line| (line + 1).min(self.lines.len())),
                Order::Name | Order::Text => self.place_of(added, order),
            };
            placed.entry(before).or_default().push(added);
        }
        let texts = |mut added: Vec<&'e Added>| {
            match order {
                Order::Name => added.sort_by(|one, other| one.name.cmp(&other.name)),
                Order::Text => added.sort_by(|one, other| one.text.cmp(&other.text)),
                Order::No => {}
            }
            added.into_iter().map(|added| added.text.as_str()).collect()
        };
        placed.into_iter().map(|(before, added)| (before, texts(added))).collect()
    }

    fn order(&self) -> Order {
        if self.requirements.is_empty() {
            Order::No
        } else if self.entries.is_sorted_by_key(|entry| &entry.name) {
            Order::Name
        } else if self.requirements.iter().map(|requirement| self.line_text(requirement.line)).is_sorted() {
            Order::Text
        } else {
            Order::No
        }
    }

    /// Behind the last requirement that does not come after it; a comment above the next one stays with that one.
    fn place_of(&self, added: &Added, order: Order) -> usize {
        let count = self.requirements.partition_point(|requirement| match order {
            Order::Name => self.entries[requirement.entry].name <= added.name,
            Order::Text | Order::No => self.line_text(requirement.line) <= added.text.as_str(),
        });
        match count.checked_sub(1) {
            Some(last) => self.requirements[last].line + 1,
            None => self.requirements.first().map_or(self.lines.len(), |first| first.line),
        }
    }

    fn line_text(&self, line: usize) -> &str {
        self.lines.get(line).map_or("", |line| self.text(line))
    }
}

/// A requirement line without its `--hash` options and without the backslashes that are then of no use. Marker,
/// comments, other options and line ends stay; so does a digest in a URL. Other lines come back as they are.
pub fn without_hashes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Ok(Some(line)) = Logical::read(text, at) {
        let code = line.code();
        let ranges = parse::hashes(code);
        let mut kept = line.span.start;
        for range in &ranges {
            let before = code[..range.start].trim_end().len();
            let from = line.span(0..before).end;
            // Two hashes side by side: the first one's end is where the second one's blanks begin.
            out.push_str(&text[kept..from.max(kept)]);
            kept = line.span(range.clone()).end;
        }
        let tail = &text[kept..line.span.end];
        let last = ranges.last().is_some_and(|range| range.end == code.len());
        out.push_str(if last { after_continuations(tail) } else { tail });
        at = line.span.end;
    }
    out.push_str(&text[at..]);
    out
}

/// A tail that holds at most continuations and a comment, without the continuations.
fn after_continuations(tail: &str) -> &str {
    let mut rest = tail;
    while let Some(after) = rest.trim_start_matches([' ', '\t']).strip_prefix('\\') {
        let after = after.trim_start_matches('\\');
        let next = after.strip_prefix('\r').unwrap_or(after);
        let next = next.strip_prefix('\n').unwrap_or(next);
        if next.trim_start_matches([' ', '\t']).starts_with('\\') {
            rest = next;
        } else {
            return after;
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::super::parse as read;
    use super::*;

    fn file(text: &str) -> RequirementsFile {
        read("requirements.txt", text.to_owned(), &mut |_| Err("not here".to_owned())).unwrap()
    }

    fn name(text: &str) -> PackageName {
        text.parse().unwrap()
    }

    fn edited(text: &str, edit: impl FnOnce(&mut LineEdits)) -> String {
        let mut edits = LineEdits::default();
        edit(&mut edits);
        file(text).render(&edits)
    }

    fn inserted(text: &str, new: &str, after: Option<usize>) -> String {
        let package = new.split("==").next().unwrap();
        edited(text, |edits| edits.insert(name(package), new, after))
    }

    #[test]
    fn replaces_and_removes_lines_with_their_via_comments() {
        let hash = "0".repeat(64);
        let text = &format!("# top\na==1\n    # via x\nb==1 \\\n    --hash=sha256:{hash}\n# own\n\nc==1");
        assert_eq!(edited(text, |edits| edits.remove(1)), text.replace("a==1\n    # via x\n", ""));
        let new = vec!["b @ https://x.example/b.whl \\\n    --hash=x".to_owned(), "bb==1".to_owned()];
        let got = edited(text, |edits| edits.replace(2, new));
        assert!(got.contains("via x\nb @ https://x.example/b.whl \\\n    --hash=x\nbb==1\n# own\n\nc==1"), "{got}");
        assert_eq!(edited("a==1\nb==1", |edits| edits.replace(1, vec!["b==2".to_owned()])), "a==1\nb==2");
        assert_eq!(edited("a==1\nb==1", |edits| edits.remove(1)), "a==1\n");
    }

    #[test]
    fn new_text_takes_the_line_ends_of_the_file() {
        let got = edited("a==1\r\nb==1\r\n", |edits| edits.replace(0, vec!["a==2 \\\n  --x".to_owned()]));
        assert_eq!(got, "a==2 \\\r\n  --x\r\nb==1\r\n");
        let got = edited("a==1\r\nb==1", |edits| edits.replace(1, vec!["b==2\r\n# c".to_owned(), "d==1".to_owned()]));
        assert_eq!(got, "a==1\r\nb==2\r\n# c\r\nd==1");
    }

    #[test]
    fn inserts_by_name_where_names_are_in_order() {
        let text = "# top\nA==1\n# of c\nc_x==1\n    # via A\ne==1\n";
        assert_eq!(inserted(text, "b==1", None), text.replace("# of c", "b==1\n# of c"));
        assert_eq!(inserted(text, "d==1", Some(0)), text.replace("e==1", "d==1\ne==1"));
        assert_eq!(inserted(text, "f==1", None), format!("{text}f==1\n"));
        assert_eq!(inserted(text, "0==1", None), text.replace("A==1", "0==1\nA==1"));
        let two = edited("a==1\nz==1\n", |edits| {
            edits.insert(name("n"), "n==1", None);
            edits.insert(name("m"), "m==1", None);
        });
        assert_eq!(two, "a==1\nm==1\nn==1\nz==1\n");
    }

    #[test]
    fn inserts_by_text_where_lines_are_in_poetrys_order() {
        let text = "grpcio-status==1\ngrpcio==1\nz==1\n";
        assert_eq!(inserted(text, "grpcio-tools==1", None), text.replace("grpcio==", "grpcio-tools==1\ngrpcio=="));
    }

    #[test]
    fn inserts_after_its_anchor_where_there_is_no_order() {
        let text = "z==1\na==1\nm==1";
        assert_eq!(inserted(text, "b==1", Some(0)), "z==1\nb==1\na==1\nm==1");
        assert_eq!(inserted(text, "b==1", Some(2)), "z==1\na==1\nm==1\nb==1\n");
        assert_eq!(inserted(text, "b==1", Some(99)), "z==1\na==1\nm==1\nb==1\n");
        assert_eq!(inserted(text, "b==1", None), "z==1\na==1\nm==1\nb==1\n");
        assert_eq!(inserted("", "b==1", None), "b==1\n");
        assert_eq!(inserted("--pre\r\n", "b==1", None), "--pre\r\nb==1\r\n");
    }

    #[test]
    fn a_backslash_at_the_end_of_the_file_does_not_swallow_what_is_added() {
        assert_eq!(inserted("a==1 \\", "b==1", None), "a==1 \\\n\nb==1\n");
        assert_eq!(inserted("a==1 \\\r\n", "b==1", None), "a==1 \\\r\n\r\nb==1\r\n");
        assert_eq!(inserted("a==1\n# \\", "b==1", None), "a==1\nb==1\n# \\");
    }

    #[test]
    fn a_header_replaces_the_one_before() {
        let head = |text: &str| edited(text, |edits| edits.header("# Made by torchswap 2\n# from x\n"));
        let new = "# Made by torchswap 2\n# from x\n";
        assert_eq!(head("a==1\n"), format!("{new}a==1\n"));
        assert_eq!(head("# Made by torchswap 1\n# a\n# b\n\na==1\n"), format!("{new}\na==1\n"));
        let first = head("# user's\na==1\n");
        assert_eq!(first, format!("{new}\n# user's\na==1\n"));
        assert_eq!(head(&first), first);
        assert_eq!(head("\u{feff}a==1\r\n"), "\u{feff}# Made by torchswap 2\r\n# from x\r\na==1\r\n");
        assert_eq!(head(""), new);
    }

    #[test]
    fn strips_hashes() {
        let hash = "--hash=sha256:0000000000000000000000000000000000000000000000000000000000000000";
        for (with, without) in [
            (format!("a==1 \\\n    {hash} \\\n    {hash}\n"), "a==1\n"),
            (format!("a==1 \\\r\n    {hash} \\\r\n    {hash}\r\n    # via b\r\n"), "a==1\r\n    # via b\r\n"),
            (format!("a==1 ; os_name == \"nt\" {hash} {hash}  # c"), "a==1 ; os_name == \"nt\"  # c"),
            (
                format!("a==1 {} --config-settings=b=c \\\n  {hash}", hash.replace('=', " ")),
                "a==1 --config-settings=b=c",
            ),
            (format!("a==1 {hash} \\\n  --config-settings b=c\n"), "a==1 \\\n  --config-settings b=c\n"),
            (format!("a==1 {hash} \\\n    # via b\n"), "a==1\n    # via b\n"),
            (format!("a==1 {hash} \\\n"), "a==1\n"),
            (format!("a==1 {hash} \\\n  \\\n\nb==1"), "a==1\n\nb==1"),
            ("a==1 \\\n  ; os_name == 'nt' # c".to_owned(), "a==1 \\\n  ; os_name == 'nt' # c"),
            ("# --hash=a\n--require-hashes".to_owned(), "# --hash=a\n--require-hashes"),
        ] {
            assert_eq!(without_hashes(&with), without, "{with}");
        }
    }
}
