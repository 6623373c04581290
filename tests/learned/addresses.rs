//! The URLs of learned wheels from the default index: no catalogue keeps their path, but a `pylock.toml` must contain it.

use super::{EXPORT, torch};

#[test]
fn the_address_of_a_learned_wheel_is_asked_for_by_its_digest() {
    let site = torch();
    std::fs::remove_file(site.place.path().join("requirements.txt")).unwrap();
    let package = format!(
        "[[package]]\nname = \"torch\"\nversion = \"2.99.0\"\ndescription = \"\"\noptional = false\npython-versions = \"*\"\n\
         groups = [\"main\"]\nfiles = [\n    {{file = \"torch-2.99.0-cp312-cp312-linux_x86_64.whl\", hash = \"sha256:{}\"}},\n]\n\n",
        "f".repeat(64)
    );
    let metadata = "[metadata]\nlock-version = \"2.1\"\npython-versions = \"^3.12\"\ncontent-hash = \"\"\n";
    site.place.write("poetry.lock", package + metadata);
    site.learn(&format!("{EXPORT} -q")).ok();
    let pylock = format!("{EXPORT} -o pylock.toml");
    let message = site.run(&pylock, &[]).refused();
    assert!(message.contains("needs the URL of every file") && message.contains("--index-url URL"), "{message}");
    let index = format!("--index-url {} --retries 0", site.server.url("/simple"));
    site.run(&format!("{pylock} {index}"), &[]).ok();
    let text = site.place.read("pylock.toml");
    for file in ["filelock-4.0.0-py3-none-any.whl", "sympy-1.14.0-py3-none-any.whl"] {
        assert!(text.contains(&format!("url = \"{}\"", site.server.url(&format!("/files/{file}")))), "{text}");
    }
    // Another file of the name is not it.
    std::fs::remove_file(site.place.path().join("pylock.toml")).unwrap();
    let page = format!("<a href=\"/files/filelock-4.0.0-py3-none-any.whl#sha256={}\">x</a>", "a".repeat(64));
    site.server.page("/simple/filelock/", &page);
    let message = site.run(&format!("{pylock} {index}"), &[]).refused();
    assert!(message.contains("two digests for filelock-4.0.0-py3-none-any.whl"), "{message}");
    assert!(!site.place.exists("pylock.toml"));
}
