use super::*;

fn admits(constraint: &str, version: &str) -> bool {
    Constraint::poetry(constraint).unwrap().admits(&version.parse().unwrap())
}

#[test]
fn reads_poetrys_writing() {
    for (constraint, inside, outside) in [
        ("^1.2.3", "1.9", "2.0"),
        ("^0.2.3", "0.2.9", "0.3.0"),
        ("^0.0.3", "0.0.3", "0.0.4"),
        ("^0", "0.9", "1.0"),
        ("^1.26,<1.27", "1.26.4", "1.27"),
        ("~1.2", "1.2.9", "1.3"),
        ("~1", "1.9", "2"),
        ("~1.2.3", "1.2.9", "1.3"),
        ("1.2.*", "1.2.7", "1.3"),
        ("==1.2.*", "1.2.7", "1.3"),
        ("1.2.3", "1.2.3", "1.2.4"),
        ("=1.2.3", "1.2.3", "1.2.4"),
        ("!=1.2.*", "1.3", "1.2.1"),
        ("~=1.4.2", "1.4.9", "1.5"),
        (">= 1.0 , < 2.0", "1.5", "2.0"),
        (">=1.0 <2.0", "1.5", "2.0"),
        (">=2.7,<3.0.dev0 || >=3.5", "3.6", "3.2"),
        (">=1,<2 | >3", "4", "2.5"),
        ("*", "0.1", "!"),
        (">=3.5.*", "3.5", "3.4.9"),
        ("<3.11.*", "3.10.9", "3.11"),
        (">=3.5.*,<3.11.*", "3.9", "3.11.1"),
        ("^0.22.0+rocm6.3", "0.22.0+rocm6.3", "0.22.0"),
        ("^0.22.0+rocm6.3", "0.22.1", "0.23"),
        (">=2.0+cu118", "2.0+cu118", "2.0+cpu.0"),
        ("~=1", "1.9", "2"),
        ("~=1.4.5rc1", "1.4.9", "1.5"),
        ("v1.2", "1.2", "1.3"),
        ("x", "7", "!"),
        ("1.*.*", "1.7", "2.0"),
        ("=1.2.*", "1.2.7", "1.3"),
        ("<>1.2", "1.2", "1.3"),
        ("^0.0.0.5", "0.0.0.7", "0.0.1"),
        ("^1!2.0", "1!2.5", "2.5"),
        (">=1|<0.5", "0.4", "0.7"),
        (">=1,<2,", "1.5", "2"),
    ] {
        assert!(admits(constraint, inside), "{constraint} {inside}");
        assert!(outside == "!" || !admits(constraint, outside), "{constraint} {outside}");
    }
    for text in ["", ">", "latest", "^x", "1..2", ">=1;", "^18446744073709551615"] {
        let read = Constraint::poetry(text);
        assert!(read.is_err() || text.is_empty(), "{text}");
    }
}

#[test]
fn a_local_label_counts_only_where_one_is_asked_for() {
    assert!(admits("2.0.1", "2.0.1+cu118"));
    assert!(admits("<=2.0.1", "2.0.1+cu118"));
    assert!(!admits(">2.0.1", "2.0.1+cu118"));
    assert!(admits("2.0.1+cu118", "2.0.1+cu118"));
    assert!(!admits("2.0.1+cu118", "2.0.1"));
    assert!(!admits("2.0.1+cu118", "2.0.1+cpu"));
}

#[test]
fn one_release_is_meant_by_an_exact_version_and_by_all_that_begin_with_it() {
    for (constraint, release) in [
        ("==12.6.4.1", Some("12.6.4.1")),
        ("==12.6.4.1.*", Some("12.6.4.1")),
        ("==12.6.*", None),
        ("!=12.6.4.*", None),
        (">=12.6.4.1", None),
        ("==12.6.4.*,!=12.6.4.2", None),
    ] {
        let found = Constraint::poetry(constraint).unwrap().release().map(ToString::to_string);
        assert_eq!(found.as_deref(), release, "{constraint}");
    }
}

#[test]
fn a_newer_version_of_the_same_major_one_outgrows_what_is_asked_for() {
    for (constraint, newer, other) in [
        ("==9.3.0.75", "9.5.1.17", "10.0"),
        ("==9.3.0.75", "9.3.1", "9.3.0.74"),
        ("==9.3.0.75", "9.5+cu12", "9.3.0.75"),
        (">=12.1.3.1,<12.9", "12.9.1.4", "12.8.4.1"),
        (">=12.1.3.1,<12.9", "12.9", "13.0"),
        (">=12.1,<13", "!", "13.0"),
        (">=12.8,<13", "!", "12.6"),
        (">=12.1,<12.9,!=12.9.1", "12.9.2", "12.9.1"),
        ("~=9.0.1", "9.1", "8.9"),
        ("==9.3.*", "9.4", "9.2"),
        ("!=9.3", "!", "9.3"),
        ("<9.3", "!", "9.4"),
    ] {
        let outgrows =
            |version: &str| Constraint::poetry(constraint).unwrap().is_outgrown_by(&version.parse().unwrap());
        assert!(newer == "!" || outgrows(newer), "{constraint} {newer}");
        assert!(!outgrows(other), "{constraint} {other}");
    }
}

#[test]
fn a_python_is_admitted_however_often_it_is_asked_for() {
    let constraint = Constraint::poetry(">=3.9,<3.11").unwrap();
    for _ in 0..2 {
        let admitted = (0..=40).filter(|minor| constraint.admits_python(Python::three(*minor)));
        assert_eq!(admitted.collect::<Vec<_>>(), [9, 10]);
    }
    assert_eq!(constraint, Constraint::poetry(">=3.9,<3.11").unwrap());
}

#[test]
fn pythons() {
    let python = |constraint: &str, minor| Constraint::poetry(constraint).unwrap().admits_python(Python::three(minor));
    assert!(python(">=3.9.1,<3.12", 9) && python(">=3.9,<3.12", 11) && !python(">=3.9,<3.12", 12));
    assert!(python("^3.8", 13) && !python("^3.8", 7));
    assert!(python(">=3.31", 31) && python(">=3.31", 32) && !python("<3.32", 32) && !python("<3.32", 255));
    assert!(python(">=2.7, !=3.0.*, !=3.1.*", 8));
}
