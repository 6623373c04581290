//! Files that a requirements file includes with `-r`, or names as constraints with `-c`.

use super::*;

#[test]
fn included_files_take_the_place_of_the_line() {
    let read = files(&[
        ("a/requirements.txt", "# top\n-r base.txt\nz==1"),
        ("a/base.txt", "\u{feff}b==1\r\n--requirement=./more/c.txt\n-rmore/c.txt\n-r more/../more/c.txt"),
        ("a/more/c.txt", "c==1"),
        ("a/./more/c.txt", "not read"),
    ])
    .unwrap();
    assert_eq!(unchanged(&read), "# top\nb==1\r\nc==1\nz==1");
    let names: Vec<_> = read.sources.iter().map(|source| source.name.as_str()).collect();
    assert_eq!(names, ["a/requirements.txt", "a/base.txt", "a/more/c.txt"]);
    assert_eq!(read.entries.iter().map(|entry| entry.at.source).collect::<Vec<_>>(), [1, 2, 0]);
    let error = files(&[("r.txt", "-r b.txt"), ("b.txt", "a b")]).unwrap_err();
    assert_eq!(error.problems()[0].place.as_ref().unwrap().file, "b.txt");
    let last = files(&[("r.txt", "-r b.txt\nc==1\n"), ("b.txt", "a==1 \\")]).unwrap();
    assert_eq!(unchanged(&last), "a==1 \\\n\nc==1\n");
    let bom = files(&[("r.txt", "\u{feff}-r b.txt"), ("b.txt", "\u{feff}a==1")]).unwrap();
    assert_eq!(unchanged(&bom), "\u{feff}a==1");
}

#[test]
fn refuses_files_that_include_each_other() {
    let error = files(&[("a.txt", "-r b.txt\n"), ("b.txt", "-c ./x/../a.txt\n")]).unwrap_err();
    assert!(error.problems()[0].message.ends_with("a.txt → b.txt → x/../a.txt"), "{error}");
    let error = files(&[("x.txt", "-r a.txt"), ("a.txt", "-r b.txt\n"), ("b.txt", "-r a.txt\n")]).unwrap_err();
    assert!(error.problems()[0].message.ends_with(": a.txt → b.txt → a.txt"), "{error}");
    let mut depth = 0;
    let mut deeper = |_: &str| {
        depth += 1;
        Ok(format!("-r {depth}.txt"))
    };
    let error = parse("r.txt", "-r 0.txt".to_owned(), &mut deeper).unwrap_err();
    assert!(error.problems()[0].message.contains("more than 32 deep"), "{error}");
}

#[test]
fn constraints_are_read_but_are_no_entries() {
    let read = files(&[
        ("r.txt", "-c limits.txt\na\n"),
        (
            "limits.txt",
            "--extra-index-url https://x.example\na<2 ; os_name == 'nt'\nb @ https://x.example/b.whl\n-c more.txt",
        ),
        ("more.txt", "c==1"),
    ])
    .unwrap();
    assert_eq!(unchanged(&read), "-c limits.txt\na\n");
    assert_eq!(read.entries.len(), 1);
    let limits: Vec<_> =
        read.constraints.iter().map(|limit| (limit.name.to_string(), limit.versions.is_some())).collect();
    assert_eq!(limits, [("a".to_owned(), true), ("b".to_owned(), false), ("c".to_owned(), true)]);
    assert_eq!(read.options.len(), 1);
    for text in ["-r x.txt", "-e .", "../folder"] {
        assert!(files(&[("r.txt", "-c limits.txt"), ("limits.txt", text), ("x.txt", "")]).is_err(), "{text}");
    }
}
