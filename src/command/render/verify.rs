//! A verification as text and as JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Colour, findings, problem_json};
use crate::edge::io::Repository;
use crate::report::error::Problem;
use crate::report::{Scope, State, Verification, Verified, Witness, WitnessKind};
use crate::text::shown;

/// A verification for people: a line for each wheel at a URL or with something to say, one for each release of which
/// nothing but agreement is to be reported, and a last one that counts.
pub(crate) fn verification(verification: &Verification, colour: Colour) -> String {
    let mut text = String::new();
    let mut releases: BTreeMap<(&str, &str), (usize, BTreeSet<String>)> = BTreeMap::new();
    for wheel in &verification.wheels {
        if is_plain(wheel) {
            let (files, who) = releases.entry((&wheel.lock, &wheel.package)).or_default();
            *files += 1;
            who.extend(wheel.witnesses.iter().filter_map(|witness| match witness.kind {
                WitnessKind::Catalogue => Some(placed("catalogue", witness)),
                WitnessKind::Page => Some("index page".to_owned()),
                WitnessKind::Lock | WitnessKind::Bytes => None,
            }));
        } else {
            one(&mut text, wheel, colour);
        }
    }
    for ((lock, package), (files, who)) in releases {
        let files = count(files, "file");
        let who = who.into_iter().collect::<Vec<_>>().join(", ");
        let _ =
            writeln!(text, "{}  {}: {files} in {} ({who})", state(State::Agrees, colour), shown(package), shown(lock));
    }
    text.extend(verification.notes.iter().map(|note| super::note(note, colour)));
    let number = |state| verification.wheels.iter().filter(|wheel| wheel.state() == state).count();
    let mut parts = vec![format!("{} verified", count(number(State::Agrees), "file"))];
    let more = [(number(State::Differs), "differ"), (number(State::Unanswered), "not answered")];
    parts.extend(more.into_iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}")));
    let unknown = count(verification.unknown, "file");
    match (verification.unknown, verification.scope) {
        (0, _) => {}
        (_, Scope::Catalogue) => {
            parts.push(format!("could not answer for {unknown} (the catalogue has torch and what it needs)"));
        }
        (_, Scope::Others | Scope::Folder) => parts.push(format!("{unknown} of releases that only the lock knows")),
    }
    let _ = writeln!(text, "{}", parts.join(", "));
    if verification.unknown > 0 && verification.scope == Scope::Catalogue {
        let help = "ask the index about them with --index, or only about some packages with --package";
        let _ = writeln!(text, "{}: {help}", colour.paint("1;36", "help"));
    }
    text
}

/// A file of a release of which all say the same; it was not read.
fn is_plain(wheel: &Verified) -> bool {
    let read = wheel.witnesses.iter().any(|witness| witness.kind == WitnessKind::Bytes);
    wheel.url.is_none() && wheel.state() == State::Agrees && wheel.notes.is_empty() && !read
}

/// The name of a witness, with its place if that is not the pinned one.
fn placed(who: &str, witness: &Witness) -> String {
    witness.place.as_ref().map_or_else(|| who.to_owned(), |place| format!("{who}, on {place}"))
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn state(state: State, colour: Colour) -> String {
    let code = match state {
        State::Agrees => "32",
        State::Differs => "1;31",
        State::Unanswered => "1;33",
    };
    colour.paint(code, state.as_str())
}

fn one(text: &mut String, wheel: &Verified, colour: Colour) {
    let others = wheel.witnesses.iter().filter(|witness| witness.kind != WitnessKind::Lock);
    let others: Vec<String> = others.map(|witness| placed(&witness.who, witness)).collect();
    let head = state(wheel.state(), colour);
    let others = if others.is_empty() { String::new() } else { format!(" ({})", others.join("; ")) };
    if wheel.witnesses.windows(2).all(|pair| pair[0].sha256 == pair[1].sha256) {
        let _ = writeln!(text, "{head}  {}{}", shown(&wheel.wheel), shown(&others));
    } else {
        let _ = writeln!(text, "{head}  {}", shown(&wheel.wheel));
        for witness in &wheel.witnesses {
            let alone = if witness.alone { "  <- alone" } else { "" };
            let _ = writeln!(text, "  {}  {}{alone}", witness.sha256, shown(&placed(&witness.who, witness)));
        }
    }
    for problem in wheel.wrong.iter().chain(&wheel.unanswered) {
        text.push_str(&super::problem("  ", problem, colour));
    }
    text.extend(wheel.notes.iter().map(|note| format!("  {}", super::note(note, colour))));
}

/// As annotations of GitHub Actions: what is wrong, and what could not be answered.
pub(crate) fn github(verification: &Verification, files: &Repository) -> String {
    findings::github(&findings::of_verification(verification), files)
}

/// A verification as a JSON report.
pub(crate) fn verification_json(verification: &Verification) -> String {
    let witness = |witness: &Witness| {
        json!({
            "kind": witness.kind.as_str(),
            "who": witness.who,
            "place": witness.place,
            "sha256": witness.sha256.to_string(),
            "alone": witness.alone,
        })
    };
    let problems = |some: &[Problem]| some.iter().map(problem_json).collect::<Vec<Value>>();
    let wheel = |wheel: &Verified| {
        json!({
            "file": wheel.lock,
            "package": wheel.package,
            "wheel": wheel.wheel,
            "url": wheel.url,
            "state": wheel.state().as_str(),
            "size": wheel.size,
            "witnesses": wheel.witnesses.iter().map(witness).collect::<Vec<Value>>(),
            "wrong": problems(&wheel.wrong),
            "unanswered": problems(&wheel.unanswered),
            "notes": wheel.notes,
        })
    };
    let wheels: Vec<Value> = verification.wheels.iter().map(wheel).collect();
    let value = json!({
        "state": verification.state().as_str(),
        "wheels": wheels,
        "unknown": verification.unknown,
        "notes": verification.notes,
    });
    super::document(Some("verify"), value)
}
