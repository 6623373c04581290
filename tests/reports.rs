//! Machine-readable reports: one document per run that follows `docs/report.schema.json`, however the run ends.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::support::{Place, Run, root};

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(&std::fs::read_to_string(root().join("docs/report.schema.json")).unwrap()).unwrap()
});

/// What of JSON Schema the file uses; another word would be taken for fulfilled.
const WORDS: [&str; 11] = [
    "$ref",
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "const",
    "description",
    "oneOf",
    "minimum",
];

/// Why a value is not what a part of the schema says; nothing if it is.
fn fault(value: &Value, schema: &Value, at: &str, seen: &mut BTreeSet<String>) -> Option<String> {
    let schema = schema.as_object().unwrap();
    assert!(schema.keys().all(|word| WORDS.contains(&word.as_str())), "{at}: {schema:?}");
    if let Some(name) = schema.get("$ref") {
        let name = name.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
        return fault(value, &SCHEMA["$defs"][name], name, seen);
    }
    if let Some(all) = schema.get("oneOf") {
        let mut try_one = |one: &Value| {
            let mut own = BTreeSet::new();
            let fault = fault(value, one, at, &mut own);
            seen.extend(fault.is_none().then_some(own).into_iter().flatten());
            fault
        };
        let faults: Vec<_> = all.as_array().unwrap().iter().map(&mut try_one).collect();
        let fitting = faults.iter().filter(|fault| fault.is_none()).count();
        return (fitting != 1).then(|| format!("{at}: {fitting} fit: {faults:?}"));
    }
    if let Some(wanted) = schema.get("type") {
        let is = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_i64() || number.is_u64() => "integer",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let wanted = wanted.as_array().cloned().unwrap_or_else(|| vec![wanted.clone()]);
        if !wanted.contains(&json!(is)) {
            return Some(format!("{at}: {value} is {is}"));
        }
    }
    if schema.get("const").is_some_and(|only| only != value)
        || schema.get("enum").is_some_and(|all| !all.as_array().unwrap().contains(value))
        || schema
            .get("minimum")
            .is_some_and(|least| value.as_i64().is_some_and(|number| number < least.as_i64().unwrap()))
    {
        return Some(format!("{at}: {value} is none of those it may be"));
    }
    if let (Some(fields), Some(known)) = (value.as_object(), schema.get("properties")) {
        let known = known.as_object().unwrap();
        assert_eq!(schema["additionalProperties"], false, "{at}");
        let required: BTreeSet<&str> =
            schema["required"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
        assert_eq!(required, known.keys().map(String::as_str).collect(), "{at}: each field always stands there");
        if fields.len() != known.len() {
            return Some(format!("{at}: {:?}", fields.keys().collect::<Vec<_>>()));
        }
        for (name, field) in fields {
            let Some(one) = known.get(name) else { return Some(format!("{at}: {name} is not in the schema")) };
            seen.insert(format!("{at}.{name}"));
            if let Some(fault) = fault(field, one, &format!("{at}.{name}"), seen) {
                return Some(fault);
            }
        }
    }
    let items = value.as_array().into_iter().flatten().zip(std::iter::repeat(schema.get("items")?));
    items.into_iter().find_map(|(item, one)| fault(item, one, at, seen))
}

/// The report of a run, which is all that is printed where it goes.
fn report(place: &Place, arguments: &str, status: i32, seen: &mut BTreeSet<String>) -> Value {
    let run = place.online(arguments);
    assert_eq!(run.status, status, "{arguments}: {}", run.shown());
    let is_printed = !arguments.starts_with("export") && !arguments.starts_with("rewrite");
    let text = if is_printed { &run.stdout } else { &run.stderr };
    assert_eq!(text.lines().count(), 1, "{arguments}: {}", run.shown());
    valid(text, seen)
}

/// A report that must be as the schema says.
pub fn valid(text: &str, seen: &mut BTreeSet<String>) -> Value {
    let value: Value = serde_json::from_str(text).unwrap();
    assert_eq!(fault(&value, &json!({ "oneOf": SCHEMA["oneOf"] }), "report", seen), None, "{value}");
    value
}

fn configured() -> Place {
    let place = Place::of("poetry-2.5/torch-2.4.1");
    let target =
        |name: &str, build: &str| format!("[targets.{name}]\n{build}\npython = \"3.11\"\noutput = \"{name}.txt\"\n");
    place.write("torchswap.toml", target("docker", "cuda = \"12.4\"") + &target("ci", "cpu = true"));
    place
}

#[test]
fn every_report_is_as_the_schema_says_and_all_of_that_is_seen() {
    let seen = &mut BTreeSet::new();
    let place = configured();
    let drifted = report(&place, "check --output-format json", 1, seen);
    assert_eq!(drifted["findings"][0]["targets"], json!([{ "name": "docker", "place": null }]));
    let made = report(&place, "export --all-targets --report json", 0, seen);
    let reported: Vec<_> =
        made["outputs"].as_array().unwrap().iter().map(|one| (&one["file"], &one["status"])).collect();
    assert_eq!(reported, [(&json!("docker.txt"), &json!("written")), (&json!("ci.txt"), &json!("written"))]);
    assert_eq!(made["outputs"][1]["targets"][0]["name"], "ci");
    assert_eq!(report(&place, "export --all-targets --report json", 0, seen)["outputs"][0]["status"], "unchanged");
    let fresh = report(&place, "check --output-format json", 0, seen);
    assert_eq!(fresh["up_to_date"][1], json!({ "file": "ci.txt", "targets": [{ "name": "ci", "place": null }] }));
    let audit = report(&place, "audit --all-targets --macos 12 --platform macos-arm64 --output-format json", 2, seen);
    assert_eq!(audit["problems"][0]["code"], "usage");
    report(&place, "audit --all-targets --output-format json", 0, seen);
    report(&place, "audit --platform macos-arm64 --python 3.7 --output-format json", 1, seen);
    let explained = report(&place, "audit --explain no-wheel --output-format json", 0, seen);
    assert_eq!(explained["rule"]["severity"], "error");
    report(&place, "verify docker.txt --output-format json", 2, seen);
    report(&place, "catalog list --output-format json", 0, seen);
    report(&place, "catalog list torch==2.1.2 --json", 0, seen);
    report(&place, "catalog show torch-2.0.1+cu118-cp310-cp310-linux_x86_64.whl --output-format json", 0, seen);
    report(&place, "rewrite --cuda 12.4 --report json --diff", 0, seen);
    report(&place, "rewrite --cuda 9.9 --report json", 2, seen);
    report(&Place::of("poetry-2.5/torch-2.7.1"), "export --cuda 11.8 --report json", 0, seen);
    let refused = report(&place, "export --cuda 9.9 --report json", 2, seen);
    assert_eq!(refused["problems"][0]["place"]["file"], "poetry.lock");
    // The findings of an index are in the reports of the tests of learning.
    let parts = SCHEMA["$defs"].as_object().unwrap().iter().filter(|(_, part)| part.get("properties").is_some());
    let unseen: Vec<_> =
        parts.map(|(name, _)| name).filter(|name| !seen.iter().any(|at| at.split('.').next() == Some(name))).collect();
    assert_eq!(unseen, ["update", "learned"]);
}

#[test]
fn a_command_line_that_is_not_understood_is_reported_in_the_format_that_it_asks_for() {
    let (place, seen) = (configured(), &mut BTreeSet::new());
    for (arguments, command, message, help) in [
        (
            "check --requre-outputs --output-format json",
            json!("check"),
            "unexpected argument '--requre-outputs' found",
            "'--require-outputs'",
        ),
        (
            "check --output-format=json --requre-outputs",
            json!("check"),
            "unexpected argument '--requre-outputs' found",
            "'--require-outputs'",
        ),
        ("export --cuda eleven --report json", json!("export"), "invalid value 'eleven' for", "--help"),
        ("verify --output-format json", json!("verify"), "required arguments were not provided: <FILE>...", "usage: "),
        ("catalog lst --json", json!("catalog"), "unrecognized subcommand 'lst'", "'list'"),
        ("chekc --output-format json", json!(null), "unrecognized subcommand 'chekc'", "'check'"),
    ] {
        let reported = report(&place, arguments, 2, seen);
        assert_eq!(reported["command"], command, "{reported}");
        let problem = &reported["problems"][0];
        assert_eq!(problem["code"], "usage", "{reported}");
        assert!(problem["message"].as_str().unwrap().contains(message), "{reported}");
        assert!(problem["help"].as_str().unwrap().contains(help), "{reported}");
    }
    let annotated = place.run("check --requre-outputs --output-format github");
    assert!(annotated.stdout.starts_with("::error title=usage::unexpected argument '--requre-outputs' found%0A"));
    // Where nothing is found, nothing can be annotated.
    for arguments in ["catalog list", "catalog show x", "catalog update torch==2.6.0 --cpu"] {
        for format in ["github", "sarif"] {
            let reported = place.run(&format!("{arguments} --output-format {format}"));
            assert_eq!(reported.status, 2);
            let (reported, parts) = (reported.stdout + &reported.stderr, ["text, json", "check, audit and verify"]);
            assert!(parts.iter().all(|part| reported.contains(part)), "{arguments} {format}: {reported}");
        }
    }
    // For people, and where a log would be an answer, clap says it.
    for format in ["text", "sarif"] {
        assert!(place.run(&format!("check --requre-outputs --output-format {format}")).refused().contains("tip: "));
    }
}

#[test]
fn a_refusal_goes_where_the_report_would_have_gone() {
    let place = Place::new();
    let run = |arguments: &str| -> Run { place.run(arguments) };
    assert!(run("check --output-format json").stdout.contains("\"problems\""));
    assert!(run("check --output-format github").stdout.starts_with("::error title=io::"));
    run("check --output-format sarif").refused();
    assert!(run("export --report json").refused().contains("\"problems\""));
    assert_eq!(run("check --output-format json -qq").shown(), "status: 2\n--- stdout\n--- stderr\n");
}

/// Code scanning and annotations show a file only where its path begins at the root of the repository.
#[test]
fn files_are_named_from_the_root_of_the_repository() {
    let place = Place::new();
    place.write("repo/.git/HEAD", "");
    for name in ["poetry.lock", "pyproject.toml"] {
        place.write(&format!("repo/app/{name}"), configured().read(name));
    }
    place.write("repo/app/torchswap.toml", configured().read("torchswap.toml"));
    let run = |arguments: &str| place.run(&format!("-C repo/app {arguments}")).stdout;
    let annotated = run("audit --platform macos-arm64 --python 3.7 --output-format github");
    assert!(annotated.contains("::error file=app/poetry.lock,line="), "{annotated}");
    assert!(run("check --output-format github").contains("::error file=app/docker.txt,line=1,"));
    for (arguments, file) in
        [("audit --platform macos-arm64 --python 3.7", "app/poetry.lock"), ("check", "app/docker.txt")]
    {
        let log: Value = serde_json::from_str(&run(&format!("{arguments} --output-format sarif"))).unwrap();
        let locations = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(locations["artifactLocation"]["uri"], file, "{log}");
    }
    std::fs::remove_dir_all(place.path().join("repo/.git")).unwrap();
    assert!(run("check --output-format github").contains("::error file=docker.txt,line=1,"));
}
