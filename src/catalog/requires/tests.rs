use super::*;

const LINUX: &str = "nvidia-cudnn-cu11==8.5.0.96; platform_system == \"Linux\"";
const LINUX_X86: &str = "triton==2.0.0; platform_system == \"Linux\" and platform_machine == \"x86_64\"";

fn row(platform: &str, provenance: &str, list: &[&str]) -> String {
    let head = format!("torch\t1.13.0\tpypi\t{platform}\t{provenance}\twhy");
    list.iter().fold(head, |line, text| format!("{line}\t{text}"))
}

/// Which of the lists speaks on each platform, by its provenance.
fn chosen(package: &str, rows: &[String]) -> Vec<String> {
    let package = PackageName::new(package.to_owned()).unwrap();
    let lists: Vec<List<'_>> = rows.iter().map(|line| List::split(line).unwrap()).collect();
    Platform::ALL
        .iter()
        .map(|platform| match choose(&package, &lists, *platform) {
            Requires::Known { provenance, .. } => provenance,
            Requires::Suspect { .. } => "suspect".to_owned(),
            Requires::Unknown => "-".to_owned(),
        })
        .collect()
}

// The order is Linux x86_64, Linux aarch64, Windows, macOS arm64, macOS x86_64.

#[test]
fn a_mac_never_gets_unmarked_gpu_libraries() {
    let rows = [
        row("*", "pypi:exact:1", &["nvidia-cudnn-cu11==8.5.0.96"]),
        row("linux-aarch64", "arm", &["typing-extensions"]),
        row("windows-x86_64", "win", &["typing-extensions"]),
    ];
    assert_eq!(chosen("torch", &rows), ["pypi:exact:1", "arm", "win", "arm", "arm"]);
    assert_eq!(chosen("torch", &rows[..1]), ["pypi:exact:1", "pypi:exact:1", "pypi:exact:1", "-", "-"]);
}

#[test]
fn markers_that_name_platforms_let_a_list_speak_for_all() {
    for list in [&[LINUX][..], &[LINUX_X86], &[LINUX, LINUX_X86, "numpy"], &["numpy"], &[]] {
        assert_eq!(chosen("torch", &[row("*", "uv.lock:none:1", list)]), ["uv.lock:none:1"; 5], "{list:?}");
    }
}

#[test]
fn a_lock_tools_unmarked_list_speaks_for_linux_x86_64_alone() {
    for list in [&["triton==2.1.0"][..], &[LINUX, "triton; python_version < \"3.12\""]] {
        let rows = [row("*", "poetry.lock:exact:1", list)];
        assert_eq!(chosen("torch", &rows), ["poetry.lock:exact:1", "-", "-", "-", "-"], "{list:?}");
    }
}

#[test]
fn gpu_libraries_require_each_other_wherever_they_exist() {
    let rows = [row("*", "uv.lock:none:1", &["nvidia-cublas-cu12"])];
    assert_eq!(chosen("nvidia-cudnn-cu12", &rows)[..3], ["uv.lock:none:1"; 3]);
}

#[test]
fn a_correction_beats_a_suspect_list_and_only_on_its_platform() {
    let rows = [row("*", "suspect", &["numpy"]), row("linux-x86_64", "correction", &[LINUX])];
    assert_eq!(chosen("torch", &rows), ["correction", "suspect", "suspect", "suspect", "suspect"]);
}

#[test]
fn a_list_that_is_distrusted_on_one_platform_speaks_for_the_others() {
    let rows = [row("*", "poetry.lock:exact:1", &["numpy"]), row("linux-x86_64", "suspect", &["numpy"])];
    let own = "poetry.lock:exact:1";
    assert_eq!(chosen("torch", &rows), ["suspect", own, own, own, own]);
}

#[test]
fn lists_are_compared_by_meaning() {
    let known = [row("*", "poetry.lock:exact:1", &["numpy", "typing-extensions>=4.8,<5", LINUX])];
    let known: Vec<List<'_>> = known.iter().map(|line| List::split(line).unwrap()).collect();
    let against = |platform: &str, list: &[&str]| {
        let row = RequiresRow::parse(&row(platform, "metadata", list)).unwrap();
        contradiction(&row, &known, |_| true).map(|(platform, what)| format!("{platform}: {what}"))
    };
    let linux = "nvidia-cudnn-cu11 (==8.5.0.96) ; sys_platform == 'linux'";
    let same = ["typing_extensions (<5,>=4.8)", linux, "numpy ; python_version >= '3.1'", "x ; extra == 'opt'"];
    assert_eq!(against("*", &same), None);
    assert_eq!(against("windows-x86_64", &same[..1]).as_deref(), Some("windows-x86_64: numpy"));
    assert_eq!(against("windows-x86_64", &["numpy", "typing-extensions<5,>=4.8"]), None);
    assert_eq!(against("linux-x86_64", &[&same[..], &["triton"]].concat()).as_deref(), Some("linux-x86_64: triton"));
    let suspect = row("*", "suspect", &["numpy"]);
    let other = RequiresRow::parse(&row("*", "metadata", &["triton"])).unwrap();
    assert_eq!(contradiction(&other, &[List::split(&suspect).unwrap()], |_| true), None);
}

#[test]
fn prints_what_it_read() {
    for list in [&[][..], &["numpy"], &[LINUX, "intel-cmplr-lib-ur (==2025.1.1)"]] {
        let line = row("*", "pypi:exact:1", list);
        assert_eq!(RequiresRow::parse(&line).unwrap().to_string(), line);
    }
}

#[test]
fn refuses_what_it_cannot_read() {
    for (line, column) in [
        ("torch\t1", 0),
        ("a b\t1\tpypi\t*\tx\t-", 0),
        ("torch\tone\tpypi\t*\tx\t-", 1),
        ("torch\t1\tx\t*\tx\t-", 2),
        ("torch\t1\tpypi\tlinux\tx\t-", 3),
        ("torch\t1\tpypi\t*\t\t-", 4),
        ("torch\t1\tpypi\t*\tx\t", 5),
        ("torch\t1\tpypi\t*\toverride\t-", 5),
        ("torch\t1\tpypi\t*\tx\t-\t", 6),
        ("torch\t1\tpypi\t*\tx\t-\tnumpy\tnumpy ==", 7),
        ("torch\t1\tpypi\t*\tx\t-\tnumpy; os_name == 'a' and", 6),
    ] {
        assert_eq!(RequiresRow::parse(line).unwrap_err().column, column, "{line}");
    }
}
