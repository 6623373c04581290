//! Reports of findings in which no two fields are alike: each is in its place, with its own severity and its own file.

use serde_json::{Value, json};

use super::*;
use crate::packaging::digest::Sha256;
use crate::packaging::system::System;
use crate::packaging::target::{Backend, Environment, Platform};
use crate::report::audit::{Audit, AuditFinding, EntryAudit, Machine, Verdict};
use crate::report::error::Code;
use crate::report::rule::{Rule, Severity};
use crate::report::{
    CheckFinding, Checked, Difference, DifferenceKind, DigestSource, DownloadSize, OutputReport, PythonDownload, Scope,
    Verification, Verified, Witness, WitnessKind,
};
use crate::text::{Source, Span};

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// A place in a file that is neither a lock nor an output.
fn elsewhere() -> Place {
    Source::new("Dockerfile", "# one\nFROM image\n").place(Span { start: 11, end: 16 })
}

fn elsewhere_json() -> Value {
    json!({ "file": "Dockerfile", "line": 2, "column": 6, "text": "FROM image" })
}

fn target(name: &str) -> NamedTarget {
    NamedTarget { place: Some("torchswap.toml:3".to_owned()), ..NamedTarget::new(name) }
}

fn target_json(name: &str) -> Value {
    json!({ "name": name, "place": "torchswap.toml:3" })
}

fn problem(code: Code, message: &str) -> Problem {
    let problem = Problem::new(code, message).help(format!("mend {message}")).under(Python::three(11));
    Problem { place: Some(Box::new(elsewhere())), targets: vec![target("docker")], ..problem }
}

fn problem_value(code: &str, message: &str) -> Value {
    json!({
        "code": code, "message": message, "place": elsewhere_json(), "help": format!("mend {message}"),
        "pythons": ["3.11"], "targets": [target_json("docker")],
    })
}

fn some_audit() -> Audit {
    let finding = |rule, message: &str| AuditFinding::new(rule, message);
    let entry = |package: &str, version: &str, selected, verdict| EntryAudit {
        package: package.to_owned(),
        version: Some(version.to_owned()),
        selected,
        verdict,
    };
    Audit {
        lock: "poetry.lock".to_owned(),
        machines: vec![Machine {
            target: Some("docker".to_owned()),
            environment: Environment { platform: Platform::LinuxX86_64, python: Python::three(11) },
            system: Some(System::Glibc(2, 28)),
            backend: Some(Backend::Cpu),
            entries: vec![
                entry("a", "1", true, Verdict::Wheel("a-1-py3-none-any.whl".to_owned())),
                entry("b", "2", false, Verdict::Nothing),
            ],
        }],
        findings: vec![
            AuditFinding {
                // Not the rule's own.
                severity: Severity::Note,
                package: Some("a".to_owned()),
                version: Some("1".to_owned()),
                platform: Some(Platform::LinuxX86_64),
                pythons: vec![Python::three(11)],
                targets: vec![target("docker")],
                ..finding(Rule::NoWheel, "no wheel").at(Some(elsewhere())).help("make one")
            },
            finding(Rule::PlainHttp, "no TLS"),
        ],
        left_out: vec![(Python::three(9), "no torch".to_owned())],
        found: vec!["found.tsv".to_owned()],
    }
}

#[test]
fn an_audit_has_each_field_in_its_place() {
    let files = Repository::default();
    let value = read(&audit::json(&some_audit()));
    let of = |package: &str, version: &str, selected, verdict: &str, file: Value| json!({ "package": package, "version": version, "selected": selected, "verdict": verdict, "file": file });
    let full = json!({
        "schema": 1,
        "command": "audit",
        "lock": "poetry.lock",
        "targets": [{
            "target": "docker", "platform": "linux-x86_64", "python": "3.11", "system": "glibc 2.28", "backend": "cpu",
            "entries": [
                of("a", "1", true, "wheel", json!("a-1-py3-none-any.whl")),
                of("b", "2", false, "none", Value::Null),
            ],
        }],
        "findings": [
            {
                "code": "no-wheel", "severity": "note", "package": "a", "version": "1", "message": "no wheel",
                "place": elsewhere_json(), "help": "make one", "platform": "linux-x86_64", "pythons": ["3.11"],
                "targets": [target_json("docker")], "file": "Dockerfile",
            },
            {
                "code": "plain-http", "severity": "warning", "package": null, "version": null, "message": "no TLS",
                "place": null, "help": null, "platform": null, "pythons": [], "targets": [], "file": "poetry.lock",
            },
        ],
        "left_out": [{ "python": "3.9", "why": "no torch" }],
        "found_catalogues": ["found.tsv"],
    });
    assert_eq!(value, full);
    let annotations = "::notice file=Dockerfile,line=2,col=6,title=no-wheel::no wheel (CPython 3.11)%0Amake one\n\
                       ::warning file=poetry.lock,line=1,col=1,title=plain-http::no TLS\n";
    assert_eq!(audit::github(&some_audit(), &files), annotations);
    let log = read(&sarif::audit(&some_audit(), &files));
    let [first, second] = log["runs"][0]["results"].as_array().unwrap().as_slice() else { panic!("{log}") };
    let at = &first["locations"][0];
    assert_eq!(
        json!([first["level"], first["message"]["text"], at["logicalLocations"], first["properties"]]),
        json!([
            "note",
            "no wheel (CPython 3.11)\nhelp: make one",
            [{ "name": "a", "kind": "module" }],
            { "package": "a", "version": "1", "platform": "linux-x86_64", "pythons": ["3.11"], "targets": ["docker"] },
        ])
    );
    assert_eq!(place_of(first), json!(["Dockerfile", 2, 6, 11]));
    assert_eq!(json!([second["level"], place_of(second)]), json!(["warning", ["poetry.lock", null, null, null]]));
}

/// File, line and columns of a result of SARIF.
fn place_of(result: &Value) -> Value {
    let at = &result["locations"][0]["physicalLocation"];
    let region = &at["region"];
    json!([at["artifactLocation"]["uri"], region["startLine"], region["startColumn"], region["endColumn"]])
}

fn some_check() -> Checked {
    let difference = |what: &str, kind| Difference { kind, what: what.to_owned(), group: None };
    let drifted = CheckFinding {
        differences: vec![difference("a 1 -> 2", DifferenceKind::Other), difference("b==1", DifferenceKind::Missing)],
        not_compared: vec!["other.txt".to_owned()],
        ..CheckFinding::new("out.txt", problem(Code::OutOfDate, "it moved on"))
    };
    let mended =
        CheckFinding { fixed: true, ..CheckFinding::new("fixed.txt", Problem::new(Code::OutOfDate, "so did this")) };
    Checked {
        findings: vec![drifted, mended],
        up_to_date: vec![("fresh.txt".to_owned(), vec![target("ci")])],
        has_no_outputs: false,
        learned: vec![lesson()],
        found: vec!["found.tsv".to_owned()],
    }
}

fn lesson() -> LearnedRelease {
    LearnedRelease {
        package: "c".to_owned(),
        version: "3".to_owned(),
        wheels: 4,
        computed: 2,
        catalogue: "ours.tsv".to_owned(),
    }
}

fn lesson_json() -> Value {
    json!({ "package": "c", "version": "3", "wheels": 4, "computed": 2, "catalogue": "ours.tsv" })
}

#[test]
fn a_check_has_each_field_in_its_place() {
    let files = Repository::default();
    let mut drifted = problem_value("out-of-date", "it moved on");
    drifted["file"] = "out.txt".into();
    drifted["details"] = json!(["a 1 -> 2", "+ b==1", "not compared: other.txt"]);
    drifted["fixed"] = false.into();
    let mended = json!({
        "code": "out-of-date", "message": "so did this", "place": null, "help": null, "pythons": [], "targets": [],
        "file": "fixed.txt", "details": [], "fixed": true,
    });
    let full = json!({
        "schema": 1,
        "command": "check",
        "findings": [drifted, mended],
        "up_to_date": [{ "file": "fresh.txt", "targets": [target_json("ci")] }],
        "learned": [lesson_json()],
        "found_catalogues": ["found.tsv"],
    });
    assert_eq!(read(&checked_json(&some_check())), full);
    let message = "it moved on (CPython 3.11)\na 1 -> 2\n+ b==1\nnot compared: other.txt\nmend it moved on";
    let annotations = format!(
        "::error file=Dockerfile,line=2,col=6,title=out-of-date::{}\n\
         ::notice file=fixed.txt,line=1,col=1,title=out-of-date::so did this\n",
        message.replace('\n', "%0A")
    );
    assert_eq!(checked_github(&some_check(), &files), annotations);
    let log = read(&sarif::checked(&some_check(), &files));
    let [first, second] = log["runs"][0]["results"].as_array().unwrap().as_slice() else { panic!("{log}") };
    assert_eq!(
        json!([first["level"], first["message"]["text"], first["properties"], place_of(first)]),
        json!(["error", message, { "targets": ["docker"], "fixed": false }, ["Dockerfile", 2, 6, 11]])
    );
    assert_eq!(
        json!([second["level"], second["properties"], place_of(second)]),
        json!(["note", { "targets": [], "fixed": true }, ["fixed.txt", null, null, null]])
    );
}

fn some_verification() -> Verification {
    let witness = |kind, who: &str, digit: &str, alone: bool| Witness {
        kind,
        who: who.to_owned(),
        place: alone.then(|| "a mirror".to_owned()),
        sha256: digit.repeat(64).parse::<Sha256>().unwrap(),
        alone,
    };
    let plain = |package: &str| Verified {
        lock: "out.txt".to_owned(),
        package: package.to_owned(),
        wheel: format!("{package}.whl"),
        url: Some(format!("https://wheels.example/{package}.whl")),
        witnesses: vec![witness(WitnessKind::Lock, "out.txt", "0", false)],
        size: None,
        wrong: Vec::new(),
        unanswered: Vec::new(),
        notes: Vec::new(),
    };
    let wrong = |package: &str| Verified {
        witnesses: vec![
            witness(WitnessKind::Lock, "out.txt", "0", false),
            witness(WitnessKind::Bytes, "the file", "1", true),
        ],
        size: Some(7),
        wrong: vec![problem(Code::DigestConflict, "it differs")],
        notes: vec!["it is small".to_owned()],
        ..plain(package)
    };
    let silent = Verified { unanswered: vec![Problem::new(Code::Network, "no answer")], ..plain("c") };
    Verification {
        wheels: vec![wrong("a"), wrong("b"), silent, plain("d")],
        unknown: 5,
        scope: Scope::Others,
        notes: vec!["it was slow".to_owned()],
    }
}

#[test]
fn a_verification_has_each_field_in_its_place() {
    let files = Repository::default();
    let value = read(&verify::verification_json(&some_verification()));
    let zeros = json!({
        "kind": "file", "who": "out.txt", "place": null, "sha256": "0".repeat(64), "alone": false,
    });
    let wheel = json!({
        "file": "out.txt", "package": "a", "wheel": "a.whl", "url": "https://wheels.example/a.whl", "state": "differs",
        "size": 7,
        "witnesses": [
            zeros,
            { "kind": "bytes", "who": "the file", "place": "a mirror", "sha256": "1".repeat(64), "alone": true },
        ],
        "wrong": [problem_value("digest-conflict", "it differs")],
        "unanswered": [],
        "notes": ["it is small"],
    });
    assert_eq!(value["wheels"][0], wheel);
    let silent = &value["wheels"][2];
    assert_eq!(
        json!([silent["state"], silent["size"], silent["wrong"], silent["unanswered"][0]["code"]]),
        json!(["unanswered", null, [], "network"])
    );
    let rest = json!([value["schema"], value["command"], value["state"], value["unknown"], value["notes"]]);
    assert_eq!(rest, json!([1, "verify", "differs", 5, ["it was slow"]]));
    let text = verify::verification(&some_verification(), Colour::Off);
    let last = "1 file verified, 2 differ, 1 not answered, 5 files of releases that only the lock knows";
    assert_eq!(text.lines().last(), Some(last));
    let conflict = "::error file=Dockerfile,line=2,col=6,title=digest-conflict::it differs (CPython 3.11)%0A\
                    mend it differs\n";
    let annotations = format!("{conflict}{conflict}::warning file=out.txt,line=1,col=1,title=network::no answer\n");
    assert_eq!(verify::github(&some_verification(), &files), annotations);
    let log = read(&sarif::verification(&some_verification(), &files));
    let [first, _, third] = log["runs"][0]["results"].as_array().unwrap().as_slice() else { panic!("{log}") };
    assert_eq!(
        json!([first["level"], first["message"]["text"], first["properties"], place_of(first)]),
        json!([
            "error",
            "it differs (CPython 3.11)\nhelp: mend it differs",
            { "package": "a", "wheel": "a.whl" },
            ["Dockerfile", 2, 6, 11],
        ])
    );
    assert_eq!(json!([third["level"], place_of(third)]), json!(["warning", ["out.txt", null, null, null]]));
}

#[test]
fn an_output_has_each_field_in_its_place() {
    let size = |bytes, unknown: &str| DownloadSize { bytes, unknown: vec![unknown.to_owned()] };
    let summary = Summary {
        name: Some("docker".to_owned()),
        platform: Platform::LinuxX86_64,
        backend: Some(Backend::Cpu),
        pythons: vec![Python::three(11)],
        packages: 9,
        changes: vec![Change {
            action: Action::Swapped,
            package: "a".to_owned(),
            from: Some("1".to_owned()),
            to: Some("1+cpu".to_owned()),
            pythons: vec![Python::three(11)],
            why: Some("as asked".to_owned()),
            shared_why: None,
            group: None,
            source: Some(DigestSource {
                catalogue: "ours.tsv".to_owned(),
                index: "https://wheels.example".to_owned(),
                seen: 3,
                computed: true,
                overrides: Some("it was wrong".to_owned()),
            }),
        }],
        left_out: vec![(Python::three(9), "no torch".to_owned())],
        downloads: vec![PythonDownload {
            python: Python::three(11),
            output: size(7, "a"),
            locked: size(5, "b"),
            difference: size(2, "c"),
        }],
        found: vec!["found.tsv".to_owned()],
        learned: vec![lesson()],
        notes: vec!["note".to_owned()],
        warnings: vec![problem(Code::Inconsistent, "stale")],
    };
    let size = |bytes: i64, unknown: &str| json!({ "bytes": bytes, "unknown": 1, "unknown_packages": [unknown] });
    let target = json!({
        "name": "docker",
        "platform": "linux-x86_64",
        "backend": "cpu",
        "pythons": ["3.11"],
        "packages": 9,
        "changes": [{
            "action": "swapped", "package": "a", "from": "1", "to": "1+cpu", "pythons": ["3.11"], "why": "as asked",
            "source": {
                "catalogue": "ours.tsv", "index": "https://wheels.example", "seen": 3, "computed": true,
                "overrides": "it was wrong",
            },
        }],
        "left_out": [{ "python": "3.9", "why": "no torch" }],
        "downloads": [{ "python": "3.11", "output": size(7, "a"), "lock": size(5, "b"), "difference": size(2, "c") }],
        "found_catalogues": ["found.tsv"],
        "learned": [lesson_json()],
        "notes": ["note"],
        "warnings": [problem_value("inconsistent", "stale")],
    });
    let name = || "out.txt".to_owned();
    for (status, word, file) in [
        (FileStatus::Printed, "printed", Value::Null),
        (FileStatus::Written(name()), "written", json!("out.txt")),
        (FileStatus::Unchanged(name()), "unchanged", json!("out.txt")),
        (FileStatus::Shown(name()), "shown", json!("out.txt")),
    ] {
        let output = OutputReport { lock: "uv.lock".to_owned(), status, summaries: vec![summary.clone()] };
        let full = json!({
            "schema": 1,
            "command": "export",
            "outputs": [{ "file": file, "status": word, "lock": "uv.lock", "targets": [target] }],
        });
        assert_eq!(read(&outputs_json(&[output], Some("export"))), full);
    }
}

#[test]
fn a_refusal_has_each_field_in_its_place() {
    let error: Error = problem(Code::Unmet, "it lacks b").into();
    let full =
        json!({ "schema": 1, "command": "export", "problems": [problem_value("unmet-requirement", "it lacks b")] });
    assert_eq!(read(&error_json(&error, Some("export"))), full);
    let annotation = "::error file=Dockerfile,line=2,col=6,title=unmet-requirement::it lacks b (CPython 3.11)%0A\
                      target: docker (torchswap.toml:3)%0Amend it lacks b\n";
    assert_eq!(error_github(&error, &Repository::default()), annotation);
}
