//! Holds the picture of the structure true: who may import whom, and who may touch the world.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::support::root;

/// The layers, lowest first. A module imports from its own layer and from lower ones.
const LAYERS: [&[&str]; 8] = [
    &[
        "digest",
        "wheel",
        "target",
        "text",
        "error",
        "constraint",
        "marker",
        "pin",
        "requirement",
        "metadata",
        "system",
        "image",
        "dockerfile",
    ],
    &["lock", "catalog", "report", "archive"],
    &["plan", "closure", "output", "render", "check", "starter", "rules", "verify"],
    &["config"],
    &["index", "io", "progress"],
    &["learn"],
    &["cli"],
    &["command"],
];

fn layer(module: &str) -> usize {
    let found = LAYERS.iter().position(|layer| layer.contains(&module));
    found.unwrap_or_else(|| panic!("`{module}` has no layer: add it to LAYERS"))
}

fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            out.push(path);
        }
    }
}

/// All source files by the module they belong to, without their tests and comments.
fn code() -> BTreeMap<PathBuf, (String, String)> {
    let src = root().join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let mut code = BTreeMap::new();
    for path in files {
        let relative = path.strip_prefix(&src).unwrap().to_owned();
        let first = relative.components().next().unwrap().as_os_str().to_string_lossy().replace(".rs", "");
        let text = std::fs::read_to_string(&path).unwrap();
        code.insert(relative, (first, without_tests(&text)));
    }
    assert!(code.len() > 20, "the sources are missing");
    code
}

/// A file's code without its comments and its inline test module. A declaration, `mod tests;`, ends nothing.
fn without_tests(text: &str) -> String {
    let (code, behind) = match text.split_once("#[cfg(test)]\nmod tests {\n") {
        Some((code, tests)) => (code, tests.split_once("\n}\n").map_or("", |(_, behind)| behind)),
        None => (text, ""),
    };
    let lines = code.lines().chain(behind.lines()).filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn only_the_inline_test_module_is_left_out() {
    let declared = "mod a;\n#[cfg(test)]\nmod tests;\n\nuse crate::a;\n";
    assert_eq!(without_tests(declared), declared.trim_end());
    let inline = "use crate::a;\n// crate::b\n\n#[cfg(test)]\nmod tests {\n    use crate::c;\n}\n";
    assert_eq!(without_tests(inline), "use crate::a;\n");
    assert_eq!(without_tests(&format!("{inline}use crate::d;\n")), "use crate::a;\n\nuse crate::d;");
    assert_eq!(without_tests("#[cfg(test)]\nfn a() {}\nuse crate::b;"), "#[cfg(test)]\nfn a() {}\nuse crate::b;");
}

#[test]
fn a_file_is_looked_at_to_its_end() {
    let code = code();
    let mut declared = 0;
    for (path, (_, code)) in &code {
        let text = std::fs::read_to_string(root().join("src").join(path)).unwrap();
        let Some((_, behind)) = text.split_once("#[cfg(test)]\nmod tests;\n") else { continue };
        declared += 1;
        let last = behind.lines().rfind(|line| line.starts_with("    ")).unwrap_or_default();
        assert!(code.contains(last), "{} is not looked at behind `mod tests;`", path.display());
    }
    assert!(declared > 0 && code[Path::new("lock/toml.rs")].1.contains("fn dig"));
}

#[test]
fn imports_go_down_only() {
    for (path, (module, text)) in code() {
        if ["main", "lib"].contains(&module.as_str()) {
            continue;
        }
        for part in text.split("crate::").skip(1) {
            let other: String = part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            assert!(
                layer(&other) <= layer(&module),
                "{} imports `{other}`, which stands above `{module}`",
                path.display()
            );
        }
    }
}

#[test]
fn the_world_is_touched_at_the_edge_only() {
    let allowed: [(&str, &[&str]); 5] = [
        ("indicatif", &["progress"]),
        ("std::fs", &["io"]),
        ("std::env::", &["io", "main"]),
        ("reqwest", &["index"]),
        ("clap", &["cli", "main"]),
    ];
    for (path, (module, text)) in code() {
        for (word, modules) in allowed {
            assert!(!text.contains(word) || modules.contains(&module.as_str()), "{} uses {word}", path.display());
        }
        for word in ["println!", "eprintln!", "print!(", "eprint!("] {
            assert!(!text.contains(word), "{} uses {word}", path.display());
        }
        assert!(!text.contains("process::exit") || module == "main", "{} ends the process", path.display());
        // Waiting for a server takes a clock; that a file is old is nobody's business.
        let clock = text.contains("SystemTime") || text.contains("Instant::now") && module != "index";
        assert!(!clock, "{} asks the clock", path.display());
        assert!(!text.contains("sleep(") || module == "index", "{} sleeps", path.display());
    }
}

/// The commands that may reach the network. Every other one cannot: it gets hold of no `Network`.
const ONLINE: [&str; 4] = ["verify", "catalog", "audit", "export"];

#[test]
fn commands_that_need_no_network_cannot_reach_it() {
    for (path, (module, text)) in code() {
        if ["index", "io", "progress", "learn"].contains(&module.as_str()) {
            continue;
        }
        let name = path.with_extension("").to_string_lossy().replace('\\', "/");
        let online = ONLINE.iter().any(|command| name.split('/').nth(1) == Some(command)) && module == "command";
        for word in ["crate::index", "crate::learn", "network_settings", "std::net", "TcpStream"] {
            assert!(online || !text.contains(word), "{} uses {word}", path.display());
        }
    }
}
