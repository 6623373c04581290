//! The folders of `examples/`: each command prints the expected file beside it.

use std::process::Command;

use crate::support::server::Server;
use crate::support::wheel::Wheel;
use crate::support::{Place, program, root};

#[test]
fn every_example_prints_what_it_says() {
    let update = std::env::var_os("TORCHSWAP_UPDATE").is_some();
    let mut tried = 0;
    for folder in std::fs::read_dir(root().join("examples")).unwrap() {
        let folder = folder.unwrap().path();
        let Ok(command) = std::fs::read_to_string(folder.join("command")) else { continue };
        let output = Command::new(program()).args(command.split_whitespace()).current_dir(&folder).output().unwrap();
        assert!(output.status.success(), "{}: {}", folder.display(), String::from_utf8_lossy(&output.stderr));
        let expected = folder.join("expected.txt");
        if update {
            std::fs::write(&expected, &output.stdout).unwrap();
        }
        let expected = std::fs::read_to_string(&expected).unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), expected, "{}", folder.display());
        tried += 1;
    }
    assert!(tried >= 3, "examples are missing");
}

/// The wheel of `flash-attn` as a release on GitHub and as a folder have it: from either the example's catalogue can be made, and
/// what the example prints.
#[test]
fn the_wheel_of_flash_attn_can_be_learned_from_its_release_and_from_a_folder() {
    const FOLDER: &str = "https://github.com/Dao-AILab/flash-attention/releases/download/v2.5.8";
    const FILE: &str = "flash_attn-2.5.8+cu118torch2.1cxx11abiFALSE-cp310-cp310-linux_x86_64.whl";
    let example = root().join("examples/flash-attn");
    let read = |name: &str| std::fs::read_to_string(example.join(name)).unwrap();
    let wheel = Wheel::new(FILE).requires(&["torch", "einops", "packaging", "ninja"]);
    // Others of the release: for another torch, another Python, another interface.
    let others = ["cu118torch2.2cxx11abiFALSE-cp310-cp310", "cu118torch2.1cxx11abiFALSE-cp311-cp311"];
    let others =
        others.into_iter().chain(["cu118torch2.1cxx11abiTRUE-cp310-cp310", "cu122torch2.1cxx11abiFALSE-cp310-cp310"]);
    let wheels: Vec<Wheel> =
        others.map(|tags| Wheel::new(&format!("flash_attn-2.5.8+{tags}-linux_x86_64.whl"))).collect();
    let server = Server::new();
    let own = server.url("/download/v2.5.8");
    let asset = |wheel: &Wheel| {
        let (path, bytes) = (format!("/download/v2.5.8/{}", wheel.file.replace('+', "%2B")), wheel.bytes());
        let (size, url) = (bytes.len(), server.url(&path));
        server.file(&path, "application/octet-stream", bytes);
        format!(
            "{{\"name\": \"{}\", \"state\": \"uploaded\", \"size\": {size}, \"digest\": \"sha256:{}\", \"browser_download_url\": \"{url}\"}}",
            wheel.file,
            wheel.sha256()
        )
    };
    let assets: Vec<String> = wheels.iter().chain([&wheel]).map(asset).collect();
    let release = format!("{{\"tag_name\": \"v2.5.8\", \"assets\": [{}]}}", assets.join(", "));
    server.file("/v2.5.8.json", "application/json", release);
    let reported = read("torchswap-catalog.tsv");
    let reported = reported.lines().find(|line| line.starts_with("wheel\t")).unwrap();
    for links in [server.url("/v2.5.8.json"), format!("wheels --index {FOLDER}")] {
        let place = Place::new();
        place.write("requirements.txt", read("requirements.txt"));
        place.write("pyproject.toml", read("pyproject.toml"));
        wheels.iter().chain([&wheel]).for_each(|one| place.write(&format!("wheels/{}", one.file), one.bytes()));
        // Without a catalogue the lock's source archive stays.
        let without = place.run(read("command").replace("--catalog torchswap-catalog.tsv", "").trim()).ok();
        assert!(without.contains("\nflash-attn==2.5.8 "), "{without}");
        place.run(&format!("catalog update flash-attn==2.5.8 --cuda 11.8 --python 3.10 --find-links {links}")).ok();
        let rows = place.read("torchswap-catalog.tsv").replace(&own, FOLDER);
        let row = rows.lines().find(|line| line.contains(FILE)).unwrap();
        assert_eq!(
            row.split('\t').take(6).collect::<Vec<_>>(),
            reported.split('\t').take(6).collect::<Vec<_>>(),
            "{rows}"
        );
        // The bytes are a tiny wheel's; all else is as the example prints it.
        let digest = reported.split('\t').nth(6).unwrap();
        let output =
            place.run(&read("command")).ok().replace(&own, FOLDER).replace(&wheel.sha256().to_string(), digest);
        assert_eq!(output, read("expected.txt"), "{links}");
    }
}
