//! Paths of included files, as text: nothing here looks at a disk.

/// A path as a file names it, from the folder that the tool runs in: joined to the folder of the file.
pub(super) fn join(file: &str, path: &str) -> String {
    let drive = path.as_bytes().get(1) == Some(&b':');
    let path = path.trim_start_matches("./");
    match file.rfind(['/', '\\']) {
        Some(at) if !path.starts_with('/') && !drive => format!("{}{path}", &file[..=at]),
        _ => path.to_owned(),
    }
}

/// A path without `.` and `..`, to compare with others.
pub(super) fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split(['/', '\\']) {
        match part {
            "." => {}
            "" if !parts.is_empty() => {}
            ".." if parts.last().is_some_and(|last| !matches!(*last, ".." | "")) => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_paths_to_the_folder_of_the_file() {
        for (file, path, joined) in [
            ("requirements.txt", "base.txt", "base.txt"),
            ("a/requirements.txt", "./base.txt", "a/base.txt"),
            ("a/requirements.txt", "../base.txt", "a/../base.txt"),
            ("a/requirements.txt", "/b/base.txt", "/b/base.txt"),
            (r"a\requirements.txt", "base.txt", r"a\base.txt"),
            ("a/b.txt", "c:/base.txt", "c:/base.txt"),
            ("<stdin>", "base.txt", "base.txt"),
        ] {
            assert_eq!(join(file, path), joined);
        }
    }

    #[test]
    fn compares_paths_by_their_parts() {
        for (path, same) in [
            ("./a//b/../c", "a/c"),
            ("../a", "../a"),
            ("../../a", "../../a"),
            ("/../a", "/../a"),
            ("a/../../b", "../b"),
            ("/a/./b", "/a/b"),
        ] {
            assert_eq!(normal(path), same);
        }
    }
}
