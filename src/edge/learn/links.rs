//! Wheels that lie on no index: on a page of links, in a release on GitHub, on a saved page of either, in a folder of this
//! machine. Their names and folders say what they were built for and made for; a name that may mean two files is not taken.

use pep440_rs::Version;
use pep508_rs::PackageName;
use url::Url;

use super::page;
use super::wheel::{self, WheelFacts};
use super::{LearnRequest, Learned, take};
use crate::catalog::{Index, ReadList, WheelLabel, WheelRow, is_torch, is_untied};
use crate::edge::index::{Network, Opened, Page, shown, simple};
use crate::edge::io;
use crate::packaging::address;
use crate::packaging::requirement;
use crate::report::error::{Code, Error, Problem, Result};

/// The sources of wheels.
#[derive(Debug, Clone)]
pub enum Links {
    /// A page that links to them, or a release on GitHub.
    Page(Url),
    /// Such a page that was saved in a file.
    Saved(String),
    /// A folder of this machine.
    Folder(String),
}

/// Learns the wheels of one release from all of these.
pub(super) fn release(
    wanted: &LearnRequest,
    name: &PackageName,
    version: &Version,
    network: &Network,
    learned: &mut Learned,
) -> Result<()> {
    let before = learned.wheels.len();
    let mut refused = Vec::new();
    for place in &wanted.links {
        let page = match place {
            Links::Page(url) => network.links(url)?,
            Links::Saved(file) => saved(file, wanted.index.as_ref())?,
            Links::Folder(folder) => {
                refused.extend(in_folder(folder, wanted, name, version, learned)?);
                continue;
            }
        };
        learned.notes.extend(page.odd.iter().map(|why| format!("a link was left out: {why}")));
        let (candidates, others) = page::linked(&page, name, version, &wanted.filter);
        take(candidates, wanted.hash_missing, network, learned)?;
        refused.extend(others);
    }
    refused.extend(untied(before, learned));
    if learned.wheels.len() == before {
        return Err(none(wanted, name, version, &refused).into());
    }
    learned.notes.extend(refused.into_iter().map(|why| format!("not taken: {why}")));
    Ok(())
}

/// The base of the links of a saved page that have no host of their own.
const NOWHERE: &str = "https://saved-page.invalid/";

/// Reads a page that was saved in a file: of links, or what GitHub's API says of a release. `address` is where it lay.
fn saved(file: &str, address: Option<&Url>) -> Result<Page> {
    let text = io::read(file)?.text;
    let kind = if text.trim_start().starts_with('{') { "application/json" } else { "text/html" };
    let nowhere = Url::parse(NOWHERE).ok();
    let Some(base) = address.or(nowhere.as_ref()) else { return Ok(Page::default()) };
    let page = simple::parse(kind, base, text.as_bytes())
        .map_err(|why| Problem::new(Code::Syntax, format!("{file} is not read: {why}")))?;
    let lost = page
        .links
        .iter()
        .find(|link| address.is_none() && Some(link.url.origin()) == nowhere.as_ref().map(Url::origin));
    match lost {
        None => Ok(page),
        Some(link) => {
            let message =
                format!("{file} does not say where {} is: its links are relative to the page's own address", link.file);
            Err(Problem::new(Code::Usage, message).help("name the page's own address: --index URL").into())
        }
    }
}

/// Takes out the wheels of which nothing says the torch that they were made for: neither their names, nor an exact pin
/// among their requirements. Returns a sentence for each.
fn untied(before: usize, learned: &mut Learned) -> Vec<String> {
    let new = learned.wheels.split_off(before);
    let lists = &learned.lists;
    let pins = |row: &WheelRow| {
        let own = |list: &&ReadList| list.row.version == row.wheel.version && list.row.package == row.wheel.name;
        lists.iter().filter(own).flat_map(|list| &list.row.list).any(|text| pins_torch(text))
    };
    let tells = |row: &WheelRow| {
        let (made, _) = row.made_for();
        made.is_some()
            || is_untied(&row.wheel.name)
            || row.wheel.platform_tag() == "any"
            || page::is_family(&row.wheel.name)
            || pins(row)
    };
    let (kept, refused): (Vec<WheelRow>, Vec<WheelRow>) = new.into_iter().partition(tells);
    learned.wheels.extend(kept);
    refused.iter().map(|row| format!("{} does not say which torch it was made for", row.wheel)).collect()
}

/// True for a requirement of one release of torch.
fn pins_torch(text: &str) -> bool {
    let plain = requirement::plain(requirement::split(text).0);
    plain.is_ok_and(|(required, _)| is_torch(&required.name) && required.versions.exact().is_some())
}

/// The wheels of a release in a folder: their bytes are hashed and opened.
fn in_folder(
    folder: &str,
    wanted: &LearnRequest,
    name: &PackageName,
    version: &Version,
    learned: &mut Learned,
) -> Result<Vec<String>> {
    let served = match &wanted.index {
        Some(url) => url.as_str().trim_end_matches('/').to_owned(),
        None => io::folder_url(folder)?,
    };
    let index: Index = served.parse().map_err(|why: String| Problem::new(Code::Usage, why))?;
    let last = address::file_name(&served);
    let (mut refused, mut problems) = (Vec::new(), Vec::new());
    for local in io::wheels(folder)?.into_iter().filter(|local| page::is_of(&local.wheel, name, version)) {
        let label = match WheelLabel::of(&local.wheel, &last, wanted.filter.backend) {
            Ok(label) => label,
            Err(why) => {
                refused.push(format!("{} {why}", local.wheel));
                continue;
            }
        };
        let read = || -> Result<Option<(WheelRow, WheelFacts)>, Problem> {
            let (sha256, size) = local.hash(|_| {})?;
            let contents = wheel::contents(Opened::of(local.open()?, local.wheel.as_str())?, &local.wheel)?;
            let says = wheel::facts(contents.metadata, "wheel", Some(size));
            let row = page::found(&local.wheel, label, &index, sha256).for_pythons(says.requires_python.clone());
            let row = WheelRow { size: Some(size), evidence: "computed".into(), ..row };
            Ok(wanted.filter.admits(&row).then_some((row, says)))
        };
        match read() {
            Ok(found) => found.into_iter().for_each(|(row, says)| learned.take(row, &says)),
            Err(problem) => problems.push(problem),
        }
    }
    Error::unless_empty(problems)?;
    Ok(refused)
}

/// No wheel of what is asked for was taken: why.
fn none(wanted: &LearnRequest, name: &PackageName, version: &Version, refused: &[String]) -> Problem {
    let places: Vec<String> = wanted.links.iter().map(Links::shown).collect();
    let build = wanted.filter.backend.map(|backend| format!(" for {}", backend.spoken())).unwrap_or_default();
    let message = format!("{} has no wheel of {name} {version}{build} that can be used", places.join(" and "));
    let problem = Problem::new(Code::Unknown, message);
    match refused {
        [] => problem.help("see which files it has; --platform, --python and the build narrow the choice"),
        some => {
            let first: Vec<&str> = some.iter().take(5).map(String::as_str).collect();
            let more = some.len() - first.len();
            let more = if more > 0 { format!("; and {more} more") } else { String::new() };
            let help = format!(
                "{}{more}. Where you know better, write the row into the catalogue by hand, with the flag torch=2.8",
                first.join("; ")
            );
            problem.help(help)
        }
    }
}

impl Links {
    /// For messages: without a login.
    fn shown(&self) -> String {
        match self {
            Self::Page(url) => shown(url),
            Self::Saved(file) | Self::Folder(file) => file.clone(),
        }
    }
}
