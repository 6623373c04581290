//! The rows that a project's catalogue adds, and those that it may not have.

use super::*;
use proptest::prelude::*;

const FOLDER: &str = "https://wheels.example.test/gpu";

fn line(file: &str, built: &str, digit: char) -> String {
    let mut parts = file.split('-');
    let (name, version) = (parts.next().unwrap().replace('_', "-"), parts.next().unwrap());
    let digest = digit.to_string().repeat(64);
    format!("wheel\t{name}\t{version}\t{built}\t{FOLDER}\t{file}\t{digest}\t12\t1\t>=3.8\t-")
}

fn name(text: &str) -> PackageName {
    PackageName::new(text.to_owned()).unwrap()
}

fn of_build(all: &Catalogues, package: &PackageName, version: &Version, backend: Backend) -> Vec<WheelRow> {
    all.wheels_of(package, version).into_iter().filter(|row| row.is_for(backend)).collect()
}

#[test]
fn adds_packages_and_their_lists() {
    let text = format!(
        "\u{feff}# ours\r\n\r\n{}\r\nrequires\tflash-attn\t2.5.8+cu118\t{FOLDER}\t*\tmetadata\t-\ttorch\teinops\r\n",
        line("flash_attn-2.5.8+cu118-cp310-cp310-linux_x86_64.whl", "cu118", 'a')
    );
    let table = ProjectTable::parse("team.tsv", text).unwrap();
    let all = Catalogues::new(vec![table]).unwrap();
    let package = name("flash-attn");
    assert_eq!(all.family(&package), Family::PerBackend);
    assert_eq!(all.versions(&package), ["2.5.8".parse().unwrap()]);
    let rows = of_build(&all, &package, &"2.5.8".parse().unwrap(), Backend::Cuda(11, 8));
    assert_eq!(rows.len(), 1);
    assert_eq!(&*rows[0].catalogue, "team.tsv");
    assert!(
        matches!(all.requires(&rows[0], Platform::LinuxX86_64), Requires::Known { list, .. } if list == ["torch", "einops"])
    );
    assert!(!all.wheels(&name("torch")).is_empty());
}

#[test]
fn the_built_in_row_counts_where_both_know_a_wheel() {
    let torch = name("torch");
    let version: Version = "2.0.1".parse().unwrap();
    let known = of_build(&Catalogues::NONE, &torch, &version, Backend::Cuda(11, 8));
    let same = ProjectTable::parse("t", format!("wheel\t{}\n", known[0])).unwrap();
    let all = Catalogues::new(vec![same]).unwrap();
    assert_eq!(of_build(&all, &torch, &version, Backend::Cuda(11, 8)), known);
    assert_eq!(all.wheels_of(&torch, &version), Catalogues::NONE.wheels_of(&torch, &version));
}

#[test]
fn a_project_may_not_contradict_the_built_in_catalogue() {
    let known = of_build(&Catalogues::NONE, &name("torch"), &"2.0.1".parse().unwrap(), Backend::Cuda(11, 8));
    let mut other = known[0].clone();
    other.sha256 = "ab".repeat(32).parse().unwrap();
    let table = ProjectTable::parse("team.tsv", format!("wheel\t{other}\n")).unwrap();
    let error = Catalogues::new(vec![table]).unwrap_err();
    let problem = &error.problems()[0];
    assert_eq!(problem.code, Code::DigestConflict);
    for text in ["built-in", "team.tsv", &known[0].sha256.to_string(), &other.sha256.to_string()] {
        assert!(problem.message.contains(text), "{text}");
    }
    assert_eq!(problem.place.as_ref().unwrap().line, 1);
}

#[test]
fn nor_itself_nor_another_project() {
    let file = "flash_attn-2.5.8-cp310-cp310-linux_x86_64.whl";
    let (one, two) = (line(file, "cu118", 'a'), line(file, "cu118", 'b'));
    let error = ProjectTable::parse("t", format!("{one}\n{two}\n")).unwrap_err();
    assert_eq!(error.problems()[0].code, Code::DigestConflict);
    assert_eq!(error.problems()[0].place.as_ref().unwrap().line, 2);
    let tables = [one, two].map(|line| ProjectTable::parse("t", line).unwrap());
    assert_eq!(Catalogues::new(tables.into()).unwrap_err().problems()[0].code, Code::DigestConflict);
}

#[test]
fn a_project_may_know_what_a_wheel_was_built_for() {
    let package = name("xformers");
    let rows = Catalogues::NONE.wheels(&package);
    let unknown = rows.iter().find(|row| row.built == Built::Unknown).unwrap();
    let mut better = unknown.clone();
    better.built = Built::For(Backend::Cuda(12, 8));
    let all = Catalogues::new(vec![ProjectTable::parse("t", format!("wheel\t{better}")).unwrap()]).unwrap();
    let found = of_build(&all, &package, &unknown.wheel.version, Backend::Cuda(12, 8));
    assert_eq!(found.len(), 1);
    assert_eq!(all.wheels(&package).len(), rows.len());
}

#[test]
fn every_bad_line_is_shown_in_its_place() {
    let good = line("a-1-py3-none-any.whl", "any", 'a');
    let text =
        format!("{good}\nwhat\twheel\nnothing\n{}\nrequires\ta\t1\tpypi\t*\tx\t-\t?\n", good.replace("aaaa", "+aaa"));
    let error = ProjectTable::parse("dir/t.tsv", text).unwrap_err();
    let places: Vec<(usize, usize)> =
        error.problems().iter().map(|problem| problem.place.as_ref().unwrap()).map(|at| (at.line, at.column)).collect();
    let digest = good.find("aaaa").unwrap() + 1;
    assert_eq!(places, [(2, 1), (3, 1), (4, digest), (5, 25)]);
    assert!(error.problems().iter().all(|problem| problem.code == Code::Syntax));
}

proptest! {
    #[test]
    fn reading_never_panics(text in "(\u{feff})?((wheel|requires|#)?[\t\r\n-]{0,3}\\PC{0,9}){0,20}") {
        let _ = ProjectTable::parse("t", text);
    }
}
