//! Adding what was learned to a project's catalogue, as text: every line that is there stays.

use pep508_rs::PackageName;

use super::built::Built;
use super::found::{ReadList, agreeing, differing};
use super::project::{Catalogues, lines};
use super::refusal;
use super::requires::{List, RequiresRow, choose, contradiction, means};
use super::row::WheelRow;
use super::{Requires, WheelSource};
use crate::packaging::target::Platform;
use crate::report::error::Error;
use crate::text::Source;

/// A catalogue with more in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merged {
    /// The file's text.
    pub text: String,
    /// The wheels that are new.
    pub wheels: Vec<WheelRow>,
    /// The lists that are new.
    pub lists: Vec<RequiresRow>,
    /// The number of wheels that were known already, with the same digest.
    pub known: usize,
    /// Sentences that the user should read.
    pub notes: Vec<String>,
}

/// True for a file of one name on two indexes of which the second mirrors the first: a label names one build, which its
/// publishers make once. Without a label two indexes may have two files of one name.
fn is_a_copy(known: &WheelRow, row: &WheelRow) -> bool {
    row.wheel.version.is_local() && known.wheel.as_str() == row.wheel.as_str()
}

/// The first line of a new file.
const HEAD: &str = "# Wheels of this project: torchswap catalog update adds to them, and so may you.\n";

/// Adds rows to a project's catalogue. What any catalogue knows already is left out.
///
/// # Errors
/// Every file that a catalogue knows with another digest or size, and wheels of one release that do not require the same.
pub fn merge(file: &Source, known: &Catalogues, wheels: Vec<WheelRow>, lists: Vec<ReadList>) -> Result<Merged, Error> {
    let mut merged = Merged::default();
    let (lists, mut problems) = agreeing(lists);
    for row in wheels {
        let rows = known.wheels_of(&row.wheel.name, &row.wheel.version);
        let twin = rows.iter().find(|other| other.index == row.index && other.wheel.as_str() == row.wheel.as_str());
        match twin {
            None => match rows.iter().find(|other| is_a_copy(other, &row)) {
                Some(other) if rows.iter().all(|other| !is_a_copy(other, &row) || other.sha256 != row.sha256) => {
                    problems.push(refusal::changed_elsewhere(other, &row));
                }
                Some(_) | None => merged.wheels.push(row),
            },
            Some(twin) if twin.sha256 != row.sha256 => {
                if twin.overrides.is_some() {
                    let (wheel, catalogue) = (&twin.wheel, &twin.catalogue);
                    merged
                        .notes
                        .push(format!("{catalogue} overrides what the index says of {wheel}; the override stays"));
                } else {
                    problems.push(refusal::changed(twin, &row));
                }
            }
            Some(twin)
                if twin.overrides.is_none() && twin.size.zip(row.size).is_some_and(|(one, other)| one != other) =>
            {
                problems.push(refusal::resized(twin, &row));
            }
            Some(twin) if twin.built == Built::Unknown && row.built.is_bound() => merged.wheels.push(row),
            Some(twin) => {
                if row.yanked && !twin.yanked {
                    merged.notes.push(format!("{} was withdrawn by its publishers", row.wheel));
                }
                merged.known += 1;
            }
        }
    }
    for list in lists {
        match news(known, &list) {
            News::New => merged.lists.push(list.row),
            News::Known => {}
            News::Otherwise(why) => merged.notes.push(why),
            News::Differs => problems.push(differing(&list.row).help(format!(
                "what one of them requires is known: remove the row that begins with `requires` of {} {} from the \
                 catalogue, and learn all of them in one run",
                list.row.package, list.row.version
            ))),
        }
    }
    Error::unless_empty(problems)?;
    merged.wheels.sort_by_key(ToString::to_string);
    merged.wheels.dedup();
    merged.lists.sort_by_key(ToString::to_string);
    merged.lists.dedup();
    let rows = merged.wheels.iter().map(|row| format!("wheel\t{row}"));
    let rows = rows.chain(merged.lists.iter().map(|row| format!("requires\t{row}")));
    merged.text = inserted(file, rows.collect());
    Ok(merged)
}

enum News {
    New,
    Known,
    /// A catalogue says something else, and what it says stays.
    Otherwise(String),
    /// Another wheel was seen to require something else.
    Differs,
}

fn news(known: &Catalogues, ReadList { row, pythons }: &ReadList) -> News {
    let lists = known.lists(&row.package, &row.version);
    let lists: Vec<List<'_>> = lists.into_iter().filter(|list| list.index == row.index.as_str()).collect();
    let RequiresRow { package, version, .. } = row;
    if let Some((platform, what)) = contradiction(row, &lists, |python| pythons.contains(&python)) {
        let known = choose(package, &lists, platform);
        if matches!(&known, Requires::Known { provenance, .. } if ["metadata", "wheel"].contains(&&**provenance)) {
            return News::Differs;
        }
        let why = format!(
            "the catalogue and the wheel differ about what {package} {version} requires on {platform} \
             (`{what}` is in one of the two lists only); what it says stays"
        );
        return News::Otherwise(why);
    }
    let unknown = |platform: &Platform| !matches!(choose(package, &lists, *platform), Requires::Known { .. });
    let Some(platform) = row.platforms().into_iter().find(unknown) else { return News::Known };
    if is_distrusted(package, row, &lists, platform) {
        let why = format!("the requirements that {package} {version} itself has for {platform} are known to be wrong");
        return News::Otherwise(format!("{why}; they were ignored"));
    }
    News::New
}

/// True if the very list is recorded as one not to be used.
fn is_distrusted(package: &PackageName, row: &RequiresRow, lists: &[List<'_>], platform: Platform) -> bool {
    let suspect = matches!(choose(package, lists, platform), Requires::Suspect { .. });
    suspect
        && lists.iter().any(|list| list.is_suspect() && means(&list.texts(), platform) == means(&row.list, platform))
}

/// The text with lines put in, each before the first row that sorts behind it, and before the comments above that one.
fn inserted(file: &Source, mut new: Vec<String>) -> String {
    if new.is_empty() {
        return file.text.to_string();
    }
    new.sort_unstable();
    let end = file.line_end();
    let mut text = if file.text.is_empty() { HEAD.to_owned() } else { String::with_capacity(file.text.len()) };
    let rows: Vec<(usize, &str)> = lines(&file.text).collect();
    let mut new = new.into_iter().peekable();
    let mut at = 0;
    for (start, row) in rows {
        let mut here = String::new();
        while let Some(line) = new.next_if(|line| line.as_str() < row) {
            here.push_str(&line);
            here.push_str(end);
        }
        if here.is_empty() {
            continue;
        }
        let above = comments_above(&file.text, at, start);
        text.push_str(&file.text[at..above]);
        text.push_str(&here);
        at = above;
    }
    text.push_str(&file.text[at..]);
    for line in new {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push_str(end);
        }
        text.push_str(&line);
        text.push_str(end);
    }
    text
}

/// The start of the comments right above a row, not before `from`. A byte-order mark stays in front.
fn comments_above(text: &str, from: usize, row: usize) -> usize {
    let mut start = row;
    while let Some(before) = text[from..start].strip_suffix('\n') {
        let line = from + before.rfind('\n').map_or(0, |at| at + 1);
        if !text[line..].starts_with('#') {
            break;
        }
        start = line;
    }
    start
}

#[cfg(test)]
mod tests {
    use super::super::{ProjectTable, WheelSource};
    use super::*;
    use crate::packaging::target::Python;

    fn row(file: &str, digit: char) -> WheelRow {
        let mut parts = file.split('-');
        let (name, version) = (parts.next().unwrap(), parts.next().unwrap());
        let digest = digit.to_string().repeat(64);
        let line = format!("{name}\t{version}\t-\thttps://w.example/x\t{file}\t{digest}\t-\t0\t-\tindex");
        WheelRow::parse(&line, "index").unwrap()
    }

    fn list(version: &str, reqs: &str) -> ReadList {
        let line = format!("b\t{version}\thttps://w.example/x\t*\tmetadata\t-\t{reqs}");
        ReadList { row: RequiresRow::parse(&line).unwrap(), pythons: [Python::three(12)].into() }
    }

    fn known(text: &str) -> Catalogues {
        Catalogues::new(vec![ProjectTable::parse("team.tsv", text).unwrap()]).unwrap()
    }

    const B1: &str = "b-1-py3-none-any.whl";
    const B2: &str = "b-2-py3-none-any.whl";

    #[test]
    fn a_second_time_nothing_is_new() {
        let file = Source::new("team.tsv", "");
        let once =
            merge(&file, &Catalogues::default(), vec![row(B2, 'b'), row(B1, 'a')], vec![list("1", "c")]).unwrap();
        assert_eq!(
            once.text.lines().map(|line| line.split('\t').take(3).collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
                [1..],
            ["requires b 1", "wheel b 1", "wheel b 2"]
        );
        let all = known(&once.text);
        let file = Source::new("team.tsv", once.text.clone());
        let again = merge(&file, &all, vec![row(B2, 'b'), row(B1, 'a')], vec![list("1", "c")]).unwrap();
        assert_eq!((again.text, again.known, again.wheels.len()), (once.text, 2, 0));
    }

    #[test]
    fn what_is_there_keeps_its_bytes() {
        let first = format!("wheel\t{}", row(B1, 'a'));
        let third = format!("wheel\t{}", row("b-3-py3-none-any.whl", 'c'));
        let text = format!("\u{feff}# ours\r\n\r\n{first}\r\n# the third\r\n# of them\r\n{third}");
        let file = Source::new("team.tsv", text.clone());
        let merged = merge(&file, &known(&text), vec![row(B2, 'b'), row("c-1-py3-none-any.whl", 'd')], vec![]).unwrap();
        let (second, last) =
            (format!("wheel\t{}", row(B2, 'b')), format!("wheel\t{}", row("c-1-py3-none-any.whl", 'd')));
        let expected = text.replace("# the third", &format!("{second}\r\n# the third")) + "\r\n" + &last + "\r\n";
        assert_eq!(merged.text, expected);
    }

    #[test]
    fn another_digest_for_a_known_file_is_an_error_that_names_both() {
        let text = format!("wheel\t{}\n", row(B1, 'a'));
        let file = Source::new("team.tsv", text.clone());
        let error = merge(&file, &known(&text), vec![row(B1, 'b')], vec![]).unwrap_err().to_string();
        assert!(
            error.contains(&"a".repeat(64)) && error.contains(&"b".repeat(64)) && error.contains("team.tsv"),
            "{error}"
        );
        let text = format!("wheel\t{}\toverride=ours\n", row(B1, 'a'));
        let file = Source::new("team.tsv", text.clone());
        let merged = merge(&file, &known(&text), vec![row(B1, 'b')], vec![]).unwrap();
        assert!(merged.text == text && merged.notes[0].contains("overrides"));
    }

    #[test]
    fn another_list_is_told_and_not_taken() {
        let text = format!("requires\t{}\n", list("1", "c>=1").row).replace("metadata", "poetry.lock:exact:2");
        let file = Source::new("team.tsv", text.clone());
        let merged = merge(&file, &known(&text), vec![], vec![list("1", "c>=2"), list("2", "c")]).unwrap();
        assert_eq!(merged.lists, [list("2", "c").row]);
        assert!(merged.notes[0].contains("`c>=1` is in one of the two lists only"), "{:?}", merged.notes);
    }

    #[test]
    fn a_list_that_is_known_to_be_wrong_is_not_taken() {
        let torch = "torch".parse().unwrap();
        let all = Catalogues::default();
        let rows = all.wheels_of(&torch, &"2.6.0+xpu".parse().unwrap());
        let row = rows.iter().find(|row| row.wheel.version.to_string() == "2.6.0+xpu").unwrap();
        let Requires::Suspect { .. } = all.requires(row, Platform::LinuxX86_64) else { panic!("{row}") };
        let version = "2.6.0+xpu".parse().unwrap();
        let lists = all.lists(&torch, &version);
        let list = RequiresRow {
            package: torch.clone(),
            version,
            index: row.index.clone(),
            platform: Some(Platform::LinuxX86_64),
            provenance: "metadata".to_owned(),
            reason: None,
            list: lists[0].texts(),
        };
        let list = ReadList { row: list, pythons: [Python::three(12)].into() };
        let merged = merge(&Source::new("t", ""), &all, vec![], vec![list]).unwrap();
        assert!(merged.lists.is_empty() && merged.notes[0].contains("known to be wrong"), "{:?}", merged.notes);
    }
}
