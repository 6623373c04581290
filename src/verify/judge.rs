//! From witnesses to a verdict.

use crate::report::error::{Code, Problem};
use crate::report::{Verified, Witness, WitnessKind};

use crate::text::without_logins;

use super::Subject;
use super::pins::FileSource;

/// Says who agrees, and who differs from all others.
pub fn judge(subject: Subject) -> Verified {
    let Subject { pinned, name, locked, mut witnesses, size, sizes, mut wrong, mut unanswered, notes, .. } = subject;
    let own = locked.iter().map(|sha256| Witness {
        kind: WitnessKind::Lock,
        who: pinned.who(),
        place: None,
        sha256: *sha256,
        alone: false,
    });
    witnesses.splice(0..0, own);
    let placed = |mut problem: Problem| {
        problem.place.get_or_insert_with(|| Box::new(pinned.place.clone()));
        problem
    };
    let differ = witnesses.windows(2).any(|pair| pair[0].sha256 != pair[1].sha256);
    if differ {
        mark_alone(&mut witnesses);
        wrong.insert(0, disagreement(&name, &witnesses));
    } else if let Some(problem) = resized(&name, &sizes, size) {
        // Files with different digests may have different sizes; one with one digest has one.
        wrong.insert(0, problem);
    } else if witnesses.iter().all(|witness| witness.kind != WitnessKind::Lock) && unanswered.is_empty() {
        let problem = Problem::new(Code::NoDigest, format!("{name} has no sha256 here"));
        unanswered.push(problem.help("make the file with digests"));
    } else if witnesses.len() < 2 && unanswered.is_empty() {
        let problem = Problem::new(Code::Unknown, format!("no other source has the digest of {name}"));
        unanswered.push(problem.help("ask the index with --index, or hash the wheel itself with --download"));
    }
    Verified {
        lock: pinned.lock.clone(),
        package: pinned.package.to_string(),
        wheel: name,
        url: match &pinned.from {
            FileSource::Url(url) => Some(without_logins(url)),
            FileSource::Index(_) => None,
        },
        witnesses,
        size,
        wrong: wrong.into_iter().map(placed).collect(),
        unanswered: unanswered.into_iter().map(placed).collect(),
        notes,
    }
}

/// Of three or more, the one that differs from all others. Of two, neither.
fn mark_alone(witnesses: &mut [Witness]) {
    if witnesses.len() < 3 {
        return;
    }
    for index in 0..witnesses.len() {
        let others: Vec<_> =
            witnesses.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, w)| w.sha256).collect();
        let agree = others.windows(2).all(|pair| pair[0] == pair[1]);
        witnesses[index].alone = agree && others.first() != Some(&witnesses[index].sha256);
    }
}

/// Two who do not give a file the same size.
fn resized(name: &str, sizes: &[(String, u64)], bytes: Option<u64>) -> Option<Problem> {
    let bytes = bytes.map(|size| ("the bytes", size));
    let mut all = sizes.iter().map(|(who, size)| (who.as_str(), *size)).chain(bytes);
    let (one, size) = all.next()?;
    let (other, other_size) = all.find(|(_, other)| *other != size)?;
    let message = format!("{name} has {size} bytes by {one}, and {other_size} by {other}");
    let help = "one of the two is damaged or of another file: install nothing until it is clear which";
    Some(Problem::new(Code::WrongWheel, message).help(help))
}

fn disagreement(name: &str, witnesses: &[Witness]) -> Problem {
    let alone = witnesses.iter().find(|witness| witness.alone);
    let remedy = match alone.map(|witness| witness.kind) {
        Some(WitnessKind::Lock) => "the file is damaged or was changed: make it again from its source",
        Some(WitnessKind::Catalogue) => {
            "the catalogue is wrong, or the wheel was replaced: ask its publishers which one counts"
        }
        Some(WitnessKind::Page) => {
            "the index page names another file than it serves: ask its publishers, and install nothing"
        }
        Some(WitnessKind::Bytes) => "these are not the bytes that were pinned: do not install them",
        None => "ask one more witness, with --index or --download, and install nothing until it is clear",
    };
    let message = match alone {
        Some(witness) => format!("{name}: the digest of {} differs from all others", witness.who),
        None => format!("{name} has different digests"),
    };
    Problem::new(Code::DigestConflict, message).help(remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packaging::digest::Sha256;
    use crate::report::State;
    use crate::text::Source;
    use crate::verify::pins::PinnedEntry;

    fn digest(digit: char) -> Sha256 {
        digit.to_string().repeat(64).parse().unwrap()
    }

    fn verdict(locked: &str, others: &[(WitnessKind, char)]) -> Verified {
        let pinned = PinnedEntry {
            lock: "r.txt".to_owned(),
            place: Source::new("r.txt", "a @ https://i.example/a.whl").place((0..1).into()),
            package: "a".parse().unwrap(),
            version: None,
            from: FileSource::Url("https://i.example/a.whl".to_owned()),
            files: Vec::new(),
        };
        let mut subject = Subject::new(pinned, "a.whl".to_owned(), locked.chars().map(digest).collect());
        subject.witnesses = others
            .iter()
            .map(|(kind, digit)| Witness {
                kind: *kind,
                who: kind.as_str().to_owned(),
                place: None,
                sha256: digest(*digit),
                alone: false,
            })
            .collect();
        judge(subject)
    }

    #[test]
    fn two_that_agree_are_enough() {
        assert_eq!(verdict("a", &[(WitnessKind::Catalogue, 'a')]).state(), State::Agrees);
        assert_eq!(verdict("a", &[]).state(), State::Unanswered);
        assert_eq!(verdict("", &[(WitnessKind::Catalogue, 'a'), (WitnessKind::Bytes, 'a')]).state(), State::Unanswered);
    }

    #[test]
    fn who_is_alone_is_named() {
        use WitnessKind::{Bytes, Catalogue, Page};
        for (locked, others, alone) in [
            ("b", vec![(Catalogue, 'a'), (Bytes, 'a')], Some(WitnessKind::Lock)),
            ("a", vec![(Catalogue, 'b'), (Page, 'a')], Some(Catalogue)),
            ("a", vec![(Catalogue, 'a'), (Page, 'b'), (Bytes, 'a')], Some(Page)),
            ("a", vec![(Catalogue, 'a'), (Page, 'a'), (Bytes, 'b')], Some(Bytes)),
            ("a", vec![(Bytes, 'b')], None),
            ("a", vec![(Catalogue, 'b'), (Bytes, 'c')], None),
            ("a", vec![(Catalogue, 'a'), (Page, 'b'), (Bytes, 'b')], None),
            ("ab", vec![], None),
        ] {
            let verdict = verdict(locked, &others);
            assert_eq!(verdict.state(), State::Differs, "{locked} {others:?}");
            let found: Vec<WitnessKind> =
                verdict.witnesses.iter().filter(|one| one.alone).map(|one| one.kind).collect();
            assert_eq!(found, alone.into_iter().collect::<Vec<_>>(), "{locked} {others:?}");
            assert_eq!(verdict.wrong[0].message.contains("differs from all others"), alone.is_some());
        }
    }
}
