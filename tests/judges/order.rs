//! Which of several wheels is taken, compared with pip's own list of tags.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use torchswap::catalog::{Built, Index, WheelRow};
use torchswap::packaging::target::{Environment, Platform, Python};
use torchswap::packaging::wheel::WheelName;

use super::pythons::interpreters;
use crate::support::root;

/// Where a tag stands in the list of an environment: 0 is the best.
type Places = BTreeMap<String, usize>;

fn taken() -> Option<BTreeMap<(Platform, u8), Places>> {
    let interpreter = interpreters().last()?;
    let output = interpreter.command().arg(root().join("tests/judges/tags.py")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let lists = text.lines().map(|line| {
        let mut words = line.split(' ');
        let platform: Platform = words.next().unwrap().parse().unwrap();
        let minor: u8 = words.next().unwrap().parse().unwrap();
        let places: Places = words.enumerate().map(|(place, tag)| (tag.to_owned(), place)).collect();
        assert!(places.len() > 20, "{line}");
        ((platform, minor), places)
    });
    Some(lists.collect())
}

/// The build tag: its number and its rest.
type Build = Option<(u64, String)>;

/// What pip sorts wheels by: the place of the best tag, then the build.
fn key(wheel: &WheelName, places: &Places) -> Option<(Reverse<usize>, Build)> {
    let each = |tags: &str| tags.split('.').map(str::to_owned).collect::<Vec<_>>();
    let mut best = None;
    for python in each(wheel.python_tag()) {
        for abi in each(wheel.abi_tag()) {
            for platform in each(wheel.platform_tag()) {
                let place = places.get(&format!("{python}-{abi}-{platform}")).copied();
                best = best.max(place.map(Reverse));
            }
        }
    }
    Some((best?, wheel.build.clone()))
}

/// The wheels that pip would have to choose among.
fn releases() -> BTreeMap<(String, String, Built, Index), Vec<WheelRow>> {
    let table = std::fs::read_to_string(root().join("src/catalog/wheels.tsv")).unwrap();
    let mut releases: BTreeMap<_, Vec<WheelRow>> = BTreeMap::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let row = WheelRow::parse(line, "built-in").unwrap();
        let key = (row.wheel.name.to_string(), row.wheel.version.to_string(), row.built, row.index.clone());
        releases.entry(key).or_default().push(row);
    }
    releases
}

#[test]
fn the_best_wheel_of_each_release_is_the_one_that_pip_takes() {
    let Some(environments) = taken() else { return };
    let releases = releases();
    let (mut choices, mut found) = (0, Vec::new());
    for ((platform, minor), places) in &environments {
        let here = Environment { platform: *platform, python: Python::three(*minor) };
        for rows in releases.values() {
            let ours: Vec<_> = rows.iter().filter_map(|row| Some((row.wheel.fit(here)?, &row.wheel))).collect();
            let pips: Vec<_> = rows.iter().filter_map(|row| Some((key(&row.wheel, places)?, &row.wheel))).collect();
            choices += usize::from(pips.len() > 1);
            let best = ours.iter().max_by(|one, other| one.0.cmp(&other.0)).map(|(_, wheel)| wheel);
            let pip = pips.iter().max_by(|one, other| one.0.cmp(&other.0)).map(|(_, wheel)| wheel);
            if (best, ours.len()) != (pip, pips.len()) {
                found.push(format!("{here}: {best:?} of {}, pip takes {pip:?} of {}", ours.len(), pips.len()));
            }
        }
    }
    assert!(found.is_empty(), "{} differ:\n{}", found.len(), found.join("\n"));
    assert!(choices > 300, "only {choices} choices");
    println!("pip's order judged {choices} choices between wheels");
}
