//! The environments on which tags install, by the rules of `packaging.tags` and so of pip (PEP 425, 600, 656).
//!
//! A wheel installs if one of its tags, each a Python, an ABI and a platform, is one that the interpreter takes:
//!
//! | tag | taken by CPython 3.N |
//! | --- | --- |
//! | `cp3N-cp3N-PLATFORM` | this ABI alone: not a free-threaded one (`cp313t`); up to 3.7 it ends in `m` |
//! | `cp3M-abi3-PLATFORM` | M from 2 to N |
//! | `cp3N-none-PLATFORM`, `cp3N-none-any` | this Python alone |
//! | `py3-none-…`, `py3M-none-…` | M up to N |
//!
//! They are taken in that order, `cp3N-none-any` excepted, which goes before `py3-none-any` alone; within one, platform tags
//! for newer systems go first. A platform tag says how old the system may be. From macOS 11 on only major releases count: no pip takes a
//! `macosx_11_1_arm64`.

use super::{Fit, WheelName};
use crate::packaging::system::{System, number};
use crate::packaging::target::{Environment, Platform};
use crate::text::pieces;

/// Why a wheel cannot be installed, ordered from the nearest miss to the farthest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TagMisfit {
    /// Python and platform are right, but it needs a newer system, or one with another C library.
    System(System),
    /// The platform is right, but it is for another Python.
    Python,
    /// It is for another platform.
    Platform,
}

/// The requirement of a platform tag for a machine of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asks {
    /// `any`
    Nothing,
    /// `linux_x86_64`, `win_amd64`: the platform and no more.
    Platform,
    /// This system or a newer one.
    AtLeast(System),
}

/// The fit of a wheel's best tag on an environment. Without a system: one that is new enough for everything, a
/// Linux with glibc.
pub(super) fn fit(wheel: &WheelName, environment: Environment, system: Option<System>) -> Result<Fit, TagMisfit> {
    let tags = [wheel.python_tag(), wheel.abi_tag(), wheel.platform_tag()];
    // Tags are compared without regard to case, but nobody writes capitals.
    let lower = tags.iter().any(|tag| tag.bytes().any(|b| b.is_ascii_uppercase())).then(|| tags.map(str::to_lowercase));
    let [pythons, abis, platforms] = match &lower {
        Some([python, abi, platform]) => [python.as_str(), abi, platform],
        None => tags,
    };
    let mut misfit = TagMisfit::Platform;
    let mut best = None;
    for platform in pieces(platforms, b'.') {
        let Some(asks) = asks(platform, environment.platform) else { continue };
        let lacking = match (asks, system) {
            (Asks::AtLeast(least @ System::Musl(..)), None) => Some(least),
            (Asks::AtLeast(least), Some(system)) if !system.serves(least) => Some(least),
            (Asks::Nothing | Asks::Platform | Asks::AtLeast(_), _) => None,
        };
        for (python, abi) in pieces(pythons, b'.').flat_map(|python| pieces(abis, b'.').map(move |abi| (python, abi))) {
            let any = asks == Asks::Nothing;
            if any && abi != "none" {
                continue;
            }
            match (python_fit(python, abi, any, environment.python.minor()), lacking) {
                (None, _) => misfit = misfit.min(TagMisfit::Python),
                (Some(_), Some(least)) => misfit = misfit.min(TagMisfit::System(least)),
                (Some(interpreter), None) => best = best.max(Some((interpreter, newest(asks, platform)))),
            }
        }
    }
    let (interpreter, platform) = best.ok_or(misfit)?;
    Ok(Fit { interpreter, platform, build: wheel.build.clone() })
}

/// True if the tags can be seen at a glance to be those of another CPython: most wheels of torch are `cp310-cp310`.
pub(super) fn is_of_another_python(wheel: &WheelName, environment: Environment) -> bool {
    let python = wheel.python_tag();
    let own = |digits: &str| number(digits) == Some(environment.python.minor().into());
    wheel.abi_tag() == python && python.strip_prefix("cp3").is_some_and(|digits| !digits.contains('.') && !own(digits))
}

/// The rank of a tag's Python and ABI in the order of `packaging.tags`, greater first; `any`: its platform is that one.
///
/// Of one rank, the second number decides: `abi3` of a newer Python precedes that of an older one, and `py3N`, `py3`,
/// `py3(N-1)`, … follow each other.
fn python_fit(python: &str, abi: &str, any: bool, minor: u8) -> Option<(u8, u16)> {
    let minor = u16::from(minor);
    if let Some(tag) = python.strip_prefix("cp3") {
        let tag = number(tag)?;
        return match abi {
            "none" if tag == minor => Some((if any { 2 } else { 5 }, 0)),
            "abi3" if tag == minor => Some((6, 0)),
            "abi3" if (2..minor).contains(&tag) => Some((4, tag)),
            // Up to 3.7 the ABI tag carried an m.
            _ if tag == minor => {
                let rest = abi.strip_prefix(python)?;
                (rest.is_empty() && minor >= 8 || rest == "m" && minor <= 7).then_some((7, 0))
            }
            _ => None,
        };
    }
    let tag = python.strip_prefix("py3")?;
    let place = match tag {
        "" => minor,
        _ => match number(tag)? {
            own if own == minor => minor + 1,
            older if older < minor => older,
            _ => return None,
        },
    };
    (abi == "none").then_some((if any { 1 } else { 3 }, place))
}

/// The rank of accepted platform tags in the order of `packaging.tags`, greater first: those for newer systems, the
/// C library's before the bare one, `manylinux_2_17` before `manylinux2014`, Apple's own processor before both.
fn newest(asks: Asks, tag: &str) -> (u16, u16, u8) {
    match asks {
        Asks::Nothing | Asks::Platform => (0, 0, 0),
        Asks::AtLeast(System::Glibc(major, minor)) => (major, minor, u8::from(tag.starts_with("manylinux_"))),
        Asks::AtLeast(System::Musl(major, minor)) => (major, minor, 0),
        Asks::AtLeast(System::Macos(major, minor)) => {
            let place = APPLE.iter().position(|machine| tag.ends_with(machine));
            (major, minor, place.map_or(0, |place| u8::MAX.saturating_sub(u8::try_from(place).unwrap_or(u8::MAX))))
        }
    }
}

/// The machines that a macOS tag names, in the order in which they are taken.
const APPLE: [&str; 7] = ["arm64", "x86_64", "intel", "fat64", "fat32", "universal2", "universal"];

/// The requirement of a platform tag; `None` if it is for another platform, or if no pip takes it.
fn asks(tag: &str, platform: Platform) -> Option<Asks> {
    if tag == "any" {
        return Some(Asks::Nothing);
    }
    match platform {
        Platform::LinuxX86_64 => linux(tag, "x86_64", 5),
        Platform::LinuxAarch64 => linux(tag, "aarch64", 17),
        Platform::WindowsX86_64 => (tag == "win_amd64").then_some(Asks::Platform),
        Platform::MacosArm64 => macos(tag, &["arm64", "universal2"]),
        Platform::MacosX86_64 => macos(tag, &["x86_64", "intel", "fat64", "fat32", "universal2", "universal"]),
    }
}

/// `oldest`: the minor version of the first glibc for which pip knows tags on this machine.
fn linux(tag: &str, machine: &str, oldest: u16) -> Option<Asks> {
    let kind = tag.strip_suffix(machine)?.strip_suffix('_')?;
    let glibc = |minor: u16| (minor >= oldest).then_some(Asks::AtLeast(System::Glibc(2, minor)));
    match kind {
        "linux" => Some(Asks::Platform),
        "manylinux1" => glibc(5),
        "manylinux2010" => glibc(12),
        "manylinux2014" => glibc(17),
        _ => {
            if let Some((major, minor)) = kind.strip_prefix("musllinux_").and_then(|rest| rest.split_once('_')) {
                return Some(Asks::AtLeast(System::Musl(number(major)?, number(minor)?)));
            }
            let (major, minor) = kind.strip_prefix("manylinux_")?.split_once('_')?;
            if major == "2" { glibc(number(minor)?) } else { None }
        }
    }
}

fn macos(tag: &str, machines: &[&str]) -> Option<Asks> {
    let (major, rest) = tag.strip_prefix("macosx_")?.split_once('_')?;
    let (minor, machine) = rest.split_once('_')?;
    let (major, minor) = (number(major)?, number(minor)?);
    let oldest = match major {
        // For Apple's own processor nothing is older than macOS 11 but what is also for Intel's.
        10 => machine == "universal2" || machines.contains(&"intel"),
        _ => minor == 0,
    };
    let known = oldest && (major > 10 || (4..=16).contains(&minor));
    (known && machines.contains(&machine)).then_some(Asks::AtLeast(System::Macos(major, minor)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packaging::target::Python;
    use proptest::prelude::*;

    fn install(tags: &str, platform: Platform, minor: u8, system: Option<System>) -> Result<(), TagMisfit> {
        let wheel: WheelName = format!("a-1-{tags}.whl").parse().unwrap();
        fit(&wheel, Environment { platform, python: Python::three(minor) }, system).map(|_| ())
    }

    #[test]
    fn a_system_may_be_too_old() {
        use Platform::*;
        let glibc = |minor| Some(System::Glibc(2, minor));
        let wheel = "cp310-cp310-manylinux_2_28_x86_64";
        assert_eq!(install(wheel, LinuxX86_64, 10, None), Ok(()));
        assert_eq!(install(wheel, LinuxX86_64, 10, glibc(28)), Ok(()));
        assert_eq!(install(wheel, LinuxX86_64, 10, glibc(26)), Err(TagMisfit::System(System::Glibc(2, 28))));
        assert_eq!(install(wheel, LinuxX86_64, 11, glibc(26)), Err(TagMisfit::Python));
        assert_eq!(install(wheel, LinuxAarch64, 10, glibc(26)), Err(TagMisfit::Platform));
        let both = "cp310-cp310-manylinux_2_12_x86_64.manylinux2010_x86_64";
        assert_eq!(install(both, LinuxX86_64, 10, glibc(12)), Ok(()));
        assert_eq!(install(both, LinuxX86_64, 10, glibc(5)), Err(TagMisfit::System(System::Glibc(2, 12))));
        let mac = "cp311-cp311-macosx_12_0_arm64";
        assert_eq!(install(mac, MacosArm64, 11, Some(System::Macos(12, 6))), Ok(()));
        assert_eq!(
            install(mac, MacosArm64, 11, Some(System::Macos(11, 0))),
            Err(TagMisfit::System(System::Macos(12, 0)))
        );
    }

    #[test]
    fn glibc_and_musl_do_not_mix() {
        let musl = Some(System::Musl(1, 2));
        let here = |tags, system| install(tags, Platform::LinuxX86_64, 10, system);
        assert_eq!(here("cp310-cp310-musllinux_1_1_x86_64", musl), Ok(()));
        assert_eq!(here("cp310-cp310-musllinux_1_1_x86_64", None), Err(TagMisfit::System(System::Musl(1, 1))));
        assert_eq!(here("cp310-cp310-manylinux2014_x86_64", musl), Err(TagMisfit::System(System::Glibc(2, 17))));
        assert_eq!(here("cp310-cp310-linux_x86_64", musl), Ok(()));
        assert_eq!(here("py3-none-any", musl), Ok(()));
    }

    #[test]
    fn what_no_pip_takes() {
        use Platform::*;
        for (tags, platform) in [
            ("cp38-none-macosx_11_1_arm64", MacosArm64),
            ("cp38-cp38-macosx_10_9_arm64", MacosArm64),
            ("cp38-cp38-macosx_10_3_x86_64", MacosX86_64),
            ("cp38-cp38-any", LinuxX86_64),
            ("cp36-abi3-any", LinuxX86_64),
            ("cp3-abi3-linux_x86_64", LinuxX86_64),
            ("cp3-none-any", LinuxX86_64),
            ("cp31-abi3-linux_x86_64", LinuxX86_64),
            ("cp038-cp38-linux_x86_64", LinuxX86_64),
            ("cp+38-none-any", LinuxX86_64),
            ("pp38-pypy38_pp73-manylinux2014_x86_64", LinuxX86_64),
            ("cp38-cp38t-manylinux2014_x86_64", LinuxX86_64),
            ("cp38-cp38-manylinux_3_1_x86_64", LinuxX86_64),
            ("cp38-cp38-manylinux_2_4_x86_64", LinuxX86_64),
            ("cp38-cp38-manylinux1_aarch64", LinuxAarch64),
            ("cp38-cp38-manylinux_2_16_aarch64", LinuxAarch64),
            ("cp38-cp38-win32", WindowsX86_64),
        ] {
            assert!(install(tags, platform, 8, None).is_err(), "{tags}");
        }
        for (tags, platform) in [
            ("cp32-abi3-linux_x86_64", LinuxX86_64),
            ("CP38-CP38-Linux_x86_64", LinuxX86_64),
            ("cp38-none-any", LinuxX86_64),
            ("py30-none-any", LinuxX86_64),
            ("py2.py3-none-manylinux_2_5_x86_64.manylinux1_x86_64", LinuxX86_64),
            ("cp38-cp38-macosx_10_9_universal2", MacosArm64),
            ("cp38-cp38-macosx_10_6_intel", MacosX86_64),
            ("cp36.cp37.cp38-abi3-win_amd64", WindowsX86_64),
        ] {
            assert_eq!(install(tags, platform, 8, None), Ok(()), "{tags}");
        }
    }

    #[test]
    fn a_glance_says_what_a_look_says() {
        for tags in
            ["cp39-cp39", "cp310-cp310", "cp310-cp310t", "cp39-abi3", "cp3-cp3", "cp39.cp310-cp39.cp310", "CP39-CP39"]
        {
            let wheel: WheelName = format!("a-1-{tags}-linux_x86_64.whl").parse().unwrap();
            for minor in 7..=11 {
                let here = Environment { platform: Platform::LinuxX86_64, python: Python::three(minor) };
                assert!(!is_of_another_python(&wheel, here) || fit(&wheel, here, None).is_err(), "{tags} {minor}");
            }
        }
        let seen: WheelName = "a-1-cp39-cp39-linux_x86_64.whl".parse().unwrap();
        let here = Environment { platform: Platform::LinuxX86_64, python: Python::three(10) };
        assert!(is_of_another_python(&seen, here));
    }

    proptest! {
        #[test]
        fn odd_tags_never_panic(tags in "[a-z0-9_.]{1,9}-[a-z0-9_.]{1,9}-(macosx_|manylinux_|musllinux_)?[0-9_]{0,9}[a-z0-9_]{1,9}") {
            let Ok(wheel) = format!("a-1-{tags}.whl").parse::<WheelName>() else { return Ok(()) };
            for platform in Platform::ALL {
                let _ = fit(&wheel, Environment { platform, python: Python::three(10) }, Some(System::Glibc(2, 17)));
            }
        }
    }
}
