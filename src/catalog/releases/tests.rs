use super::*;
use crate::catalog::Catalogues;

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

fn backends(text: &str) -> Vec<Backend> {
    text.split(' ').map(|one| one.parse().unwrap()).collect()
}

#[test]
fn which_abi_a_torch_has_its_release_and_its_build_tell() {
    let new = |text: &str, build: &str, platform| has_new_abi(&version(text), build.parse().ok(), platform);
    for (text, build, expected) in [
        ("2.5.1", "cu124", false),
        ("2.6.0", "cu118", false),
        ("2.6.0", "cu124", false),
        ("2.6.0", "cpu", false),
        ("2.6.0", "-", false),
        ("2.6.0", "cu126", true),
        ("2.6.0", "rocm6.2.4", true),
        ("2.6.0", "xpu", true),
        ("2.5.1", "xpu", false),
        ("2.7.0", "cu118", true),
        ("2.10.0", "cu128", true),
        ("2.7.1", "-", true),
    ] {
        assert_eq!(new(text, build, Platform::LinuxX86_64), Some(expected), "{text} {build}");
    }
    assert_eq!(new("2.6.0", "cpu", Platform::LinuxAarch64), Some(true));
    assert_eq!(new("2.5.1", "cpu", Platform::LinuxAarch64), None);
    assert_eq!(new("2.7.1", "cu126", Platform::WindowsX86_64), None);
}

#[test]
fn every_line_reads() {
    assert!(TEXT.lines().is_sorted());
    for line in TEXT.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&str> = line.split('\t').collect();
        match columns.as_slice() {
            ["cuda" | "rocm", minor, list] => {
                assert_eq!(version(minor).release().len(), 2);
                assert!(backends(list).is_sorted());
            }
            ["python", platform, python, first, last] => {
                let _: (Platform, Python) = (platform.parse().unwrap(), python.parse().unwrap());
                assert!(*last == "-" || version(first) <= version(last));
            }
            ["abi", platform, build, first] => {
                let platform: Platform = platform.parse().unwrap();
                assert!(platform.sys_platform() == "linux" && (*build == "*" || build.parse::<Backend>().is_ok()));
                assert_eq!(version(first).release().len(), 2);
            }
            ["skipped", platform, skipped] => {
                let _: Platform = platform.parse().unwrap();
                version(skipped);
            }
            ["kinds", package, kinds] => {
                // Of a package beside the family, too: a catalogue of the project may list its builds.
                assert_ne!(
                    crate::catalog::built_in_family(&package.parse().unwrap()),
                    crate::catalog::Family::OneBuild
                );
                assert!(kinds.split(' ').all(|kind| ["CPU", "CUDA", "ROCm", "XPU"].contains(&kind)));
            }
            ["number" | "one", package, since] => {
                assert_eq!(
                    crate::catalog::built_in_family(&package.parse().unwrap()),
                    crate::catalog::Family::PerBackend
                );
                version(since);
            }
            ["platform", platform, kind, first] => {
                let _: Platform = platform.parse().unwrap();
                assert!(
                    ["CUDA", "ROCm", "XPU"].contains(kind) && (*first == "-" || version(first).release().len() == 3)
                );
            }
            ["unlisted", backend, since] => {
                let _: Backend = backend.parse().unwrap();
                version(since);
            }
            _ => panic!("{line}"),
        }
    }
}

#[test]
fn knows_the_matrix() {
    assert_eq!(cuda_of(&version("2.7.1+cu118")), Some(backends("cu118 cu126 cu128")));
    assert_eq!(cuda_of(&version("2.10.0")), Some(backends("cu126 cu128 cu130")));
    assert_eq!(rocm_of(&version("2.6.0")), Some(backends("rocm6.2.4")));
    assert_eq!(cuda_of(&version("1.4.0")), None);
    assert_eq!(cuda_of(&version("2.15.0")), None);
}

#[test]
fn knows_where_a_cuda_begins_and_ends() {
    assert_eq!(first_with(Backend::Cuda(11, 8)), Some(version("2.0")));
    assert_eq!(first_with(Backend::Cuda(11, 3)), None);
}

#[test]
fn of_a_release_newer_than_the_matrix_it_knows_which_cuda_had_ended() {
    let ended = |text: &str, build: &str| {
        ended(&version(text), build.parse().unwrap()).map(|(last, newest)| format!("{last} {newest}"))
    };
    let (newest, has) = matrix("cuda").pop().unwrap();
    let next = format!("{}.{}", newest.release()[0], newest.release()[1] + 1);
    assert_eq!(ended(&next, "cu118"), Some(format!("2.7 {newest}")));
    assert_eq!(ended(&format!("{next}.1+cu118"), "cu118"), Some(format!("2.7 {newest}")));
    // The matrix has the listed releases; what the newest has, what it leaves out, what it does not know.
    assert_eq!(ended(&newest.to_string(), "cu118"), None);
    for build in [&has[0].to_string(), "cu129", "cu111", "cpu", "rocm6.3"] {
        assert_eq!(ended(&next, build), None, "{build}");
    }
}

#[test]
fn says_never_only_where_it_is_proven() {
    let never = |text: &str, backend: &str| never_built(&Catalogues::NONE, &version(text), backend.parse().unwrap());
    let too_new = never("2.8.0", "cu118").unwrap();
    assert_eq!(too_new.ends, Some(version("2.7.1")));
    assert_eq!(too_new.begins, None);
    assert!(backends("cu126 cu128 cu129").iter().all(|one| too_new.has.contains(one)));
    assert_eq!(never("1.13.1", "cu118").unwrap().begins, Some(version("2.0.0")));
    // The matrix lists no cu129 for these; the catalogue has it, or may yet learn it.
    assert_eq!(never("2.13.0", "cu129"), None);
    assert_eq!(never("2.12.0", "cu129"), None);
    assert_eq!(never("2.14.0", "cu129"), None);
    assert_eq!(never("2.7.1", "cu118"), None);
    assert_eq!(never("2.15.0", "cu118"), None);
    // Older than the matrix: CUDA 11.8 begins inside it, CUDA 11.3 may be older than it.
    assert_eq!(never("1.9.0", "cu118").unwrap().begins, Some(version("2.0.0")));
    assert_eq!(never("1.9.0", "cu113"), None);
    assert_eq!(never("1.9.0", "cu111"), None);
    assert_eq!(never("2.6.0", "rocm6.1"), None);
    assert!(never("2.6.0", "rocm6.4").is_some());
    assert_eq!(never("2.6.0", "xpu"), None);
}

#[test]
fn knows_the_pythons() {
    use Platform::*;
    let range = |platform, minor| python_range(platform, Python::three(minor));
    assert_eq!(range(LinuxX86_64, 9), Some((version("1.7.1"), Some(version("2.8.0")))));
    assert_eq!(range(LinuxX86_64, 10), Some((version("1.11.0"), Some(version("2.14.1")))));
    assert_eq!(range(LinuxX86_64, 13), Some((version("2.5.0"), None)));
    assert_eq!(range(MacosArm64, 13), Some((version("2.6.0"), None)));
    assert_eq!(range(MacosX86_64, 13), None);
    assert_eq!(platform_range(MacosX86_64).unwrap().1, Some(version("2.2.2")));
    assert_eq!(platform_range(MacosArm64).unwrap().1, None);
    assert!(is_skipped(MacosArm64, &version("1.9.1")));
    assert!(!is_skipped(MacosArm64, &version("1.10.0")));
}
