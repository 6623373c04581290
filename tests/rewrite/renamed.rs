//! A package with another name on GPUs. The catalogue has no such family, so the plan is given one: torch becomes `zorch`
//! or `a-torch`, names that sort elsewhere.

use torchswap::catalog::Catalogues;
use torchswap::lock::poetry::PoetryLock;
use torchswap::lock::pylock::Pylock;
use torchswap::lock::requirements;
use torchswap::lock::{Choice, Lock};
use torchswap::packaging::target::{Backend, Platform, Python, Target};
use torchswap::plan::{self, Knowledge, TargetPlan, Wanted};
use torchswap::write::{self, Style};

const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The file name of a wheel: torch's are for one platform.
fn wheel(name: &str, version: &str) -> String {
    let tags = if name == "torch" { "7-cp310-cp310-manylinux1_x86_64" } else { "py3-none-any" };
    format!("{}-{version}-{tags}.whl", name.replace('-', "_"))
}

/// A `poetry.lock` 2.1 with torch, and a package on each side of it that requires it.
fn poetry() -> Lock {
    let entry = |name: &str, version: &str, rest: &str| {
        let wheel = wheel(name, version);
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\ndescription = \"\"\noptional = false\n\
             python-versions = \"*\"\ngroups = [\"main\"]\n\
             files = [\n    {{file = \"{wheel}\", hash = \"sha256:{ZEROS}\"}},\n]\n\n{rest}"
        )
    };
    let text = [
        entry("early", "1.0", "[package.dependencies]\nsix = \"*\"\ntorch = \">=2.0\"\nyarl = \"*\"\n\n"),
        entry("filelock", "3.13.1", ""),
        entry("jinja2", "3.1.3", "[package.dependencies]\nMarkupSafe = \">=2.0\"\n\n"),
        entry("markupsafe", "2.1.5", ""),
        entry("mpmath", "1.3.0", ""),
        entry("networkx", "3.2.1", ""),
        entry("six", "1.16.0", ""),
        entry("sympy", "1.12", "[package.dependencies]\nmpmath = \">=0.19\"\n\n"),
        entry("torch", "2.0.1", "[package.dependencies]\nfilelock = \"*\"\n\n"),
        entry("typing-extensions", "4.9.0", ""),
        entry(
            "uses-torch",
            "1.0",
            "[package.dependencies]\ntorch = [\n    {version = \">=2.0\", markers = \"os_name == \\\"posix\\\"\"},\n]\n\n",
        ),
        entry("yarl", "1.9.4", ""),
    ];
    let metadata =
        format!("[metadata]\nlock-version = \"2.1\"\npython-versions = \"==3.10.*\"\ncontent-hash = \"{ZEROS}\"\n");
    let lock = PoetryLock::parse("poetry.lock", text.concat() + &metadata, None).unwrap();
    Lock::Poetry(Box::new(lock))
}

/// The plans of targets for CPython 3.10 in which torch's replacement has another name.
fn plans(lock: &Lock, name: &str, platforms: &[Platform]) -> Vec<TargetPlan> {
    let catalogues = Catalogues::new(Vec::new()).unwrap();
    let knowledge = Knowledge::new(&catalogues);
    let plan = |platform: &Platform| {
        let backend = Some(Backend::Cpu);
        let target = Target { name: None, platform: *platform, backend, pythons: vec![Python::three(10)] };
        let choice = match lock {
            Lock::Requirements(_) => Choice::default(),
            Lock::Poetry(_) | Lock::Pylock(_) | Lock::Uv(_) => Choice::everything(),
        };
        plan::target(lock, &Wanted::new(target, choice), &knowledge).unwrap()
    };
    let mut plans: Vec<TargetPlan> = platforms.iter().map(plan).collect();
    for line in plans.iter_mut().flat_map(|plan| &mut plan.environments).flat_map(|one| &mut one.lines) {
        let is_torch = line.name.as_ref() == "torch";
        if let Some(replacement) = line.replacement.as_mut().filter(|_| is_torch) {
            replacement.name = name.parse().unwrap();
            line.name = replacement.name.clone();
        }
    }
    plans
}

fn rewritten(lock: &Lock, name: &str, platforms: &[Platform]) -> String {
    let mut plans = plans(lock, name, platforms);
    let choices = vec![Choice::everything(); plans.len()];
    write::rewritten(lock, &mut plans, &choices, &Style::default()).unwrap()
}

/// The names of a lock's entries, in file order.
fn names(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).collect()
}

/// The keys of the `[package.dependencies]` of an entry.
fn needs<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    let entry = text.split("[[package]]").find(|entry| entry.contains(&format!("name = \"{name}\""))).unwrap();
    let (_, table) = entry.split_once("[package.dependencies]\n").unwrap();
    let table = table.split("\n\n").next().unwrap();
    table.lines().filter(|line| !line.starts_with([' ', ']'])).filter_map(|line| line.split(" = ").next()).collect()
}

#[test]
fn a_renamed_entry_of_a_poetry_lock_goes_where_its_name_is_sorted() {
    let lock = poetry();
    for (name, before, behind) in [("zorch", Some("yarl"), None), ("a-torch", None, Some("early"))] {
        let text = rewritten(&lock, name, &[Platform::LinuxX86_64]);
        let names = names(&text);
        let at = names.iter().position(|one| *one == name).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(at.checked_sub(1).map(|before| names[before]), before, "{text}");
        assert_eq!(names.get(at + 1).copied(), behind, "{text}");
        assert!(!names.contains(&"torch") && names.is_sorted(), "{text}");
        let entry = text.split("[[package]]").find(|entry| entry.contains(&format!("\"{name}\""))).unwrap();
        assert!(entry.contains("version = \"2.0.1+cpu\"") && entry.contains("sympy = "), "{entry}");
    }
}

#[test]
fn those_who_needed_the_old_name_need_the_new_one() {
    let lock = poetry();
    for (name, early) in [("zorch", ["six", "yarl", "zorch"]), ("a-torch", ["a-torch", "six", "yarl"])] {
        let text = rewritten(&lock, name, &[Platform::LinuxX86_64]);
        assert_eq!(needs(&text, "early"), early, "{text}");
        assert!(text.contains(&format!("\n{name} = \">=2.0\"\n")), "{text}");
        assert_eq!(needs(&text, "uses-torch"), [name], "{text}");
        assert!(text.contains(&format!("\n{name} = [\n    {{version = \">=2.0\", markers")), "{text}");
    }
}

#[test]
fn where_a_platform_keeps_the_old_name_both_are_there_and_needed() {
    let text = rewritten(&poetry(), "zorch", &[Platform::LinuxX86_64, Platform::WindowsX86_64]);
    let names = names(&text);
    assert!(names.contains(&"torch") && names.contains(&"zorch") && names.is_sorted(), "{text}");
    assert_eq!(needs(&text, "early"), ["six", "torch", "yarl", "zorch"], "{text}");
    let (_, need) = text.split_once("\nzorch = {version = \"*\", markers = ").unwrap();
    assert!(need.lines().next().unwrap().contains("sys_platform"), "{text}");
}

#[test]
fn a_requirements_file_gets_the_new_name_written_anew_and_in_its_place() {
    let lock = poetry();
    let plans_of = plans(&lock, "zorch", &[Platform::LinuxX86_64]);
    let text = write::requirements(&lock, &plans_of, &Style::default()).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with([' ', '#'])).collect();
    assert!(lines.last().unwrap().starts_with("zorch @ https://"), "{text}");
    assert!(lines.iter().all(|line| !line.starts_with("torch")), "{text}");

    let line = |pin: &str| format!("{pin} --hash=sha256:{ZEROS}\n");
    let pins = ["filelock==3.13.1", "jinja2==3.1.3", "networkx==3.2.1", "sympy==1.12", "torch==2.0.1"];
    let others = ["typing-extensions==4.9.0", "yarl==1.9.4"];
    let text: String = pins.iter().chain(&others).map(|pin| line(pin)).collect();
    let file = requirements::parse("requirements.txt", text, &mut |_| Err(String::new())).unwrap();
    let lock = Lock::Requirements(Box::new(file));
    let text = write::requirements(&lock, &plans(&lock, "zorch", &[Platform::LinuxX86_64]), &Style::default()).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("==") || line.contains(" @ ")).collect();
    assert!(lines[4].starts_with("zorch @ https://") && lines[5].starts_with("typing-extensions"), "{text}");
    assert!(lines.iter().all(|line| !line.starts_with("torch")), "{text}");
}

#[test]
fn a_pylock_toml_gets_the_new_name_where_it_is_sorted() {
    let package = |name: &str, version: &str| {
        let wheel = wheel(name, version);
        format!(
            "[[packages]]\nname = \"{name}\"\nversion = \"{version}\"\n\
             wheels = [{{url = \"https://x.example/{wheel}\", hashes = {{sha256 = \"{ZEROS}\"}}}}]\n\n"
        )
    };
    let all =
        [("filelock", "3.13.1"), ("jinja2", "3.1.3"), ("networkx", "3.2.1"), ("sympy", "1.12"), ("torch", "2.0.1")];
    let all = all.iter().chain(&[("typing-extensions", "4.9.0"), ("yarl", "1.9.4")]);
    let text = "lock-version = \"1.0\"\ncreated-by = \"made-up\"\n\n".to_owned();
    let text = text + &all.map(|(name, version)| package(name, version)).collect::<String>();
    let lock = Lock::Pylock(Box::new(Pylock::parse("pylock.toml", text, None).unwrap()));
    for (name, at) in [("zorch", 6), ("a-torch", 0)] {
        let text = rewritten(&lock, name, &[Platform::LinuxX86_64]);
        let names = names(&text);
        assert_eq!(names.iter().position(|one| *one == name), Some(at), "{text}");
        assert!(!names.contains(&"torch") && names.is_sorted(), "{text}");
        assert!(text.contains("version = \"2.0.1+cpu\""), "{text}");
    }
    // For the platforms that are no target the old one stays.
    let text = rewritten(&lock, "zorch", &[Platform::LinuxX86_64, Platform::WindowsX86_64]);
    let count = |name: &str| names(&text).iter().filter(|one| **one == name).count();
    assert!((count("torch"), count("zorch")) == (1, 1) && names(&text).is_sorted(), "{text}");
    assert_eq!(text.matches("name = \"zorch\"\nversion = \"2.0.1+cpu\"\n").count(), 1, "{text}");
}
