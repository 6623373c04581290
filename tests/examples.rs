//! The folders of `examples/`: each command prints what stands beside it.

use std::process::Command;

use crate::support::root;

#[test]
fn every_example_prints_what_it_says() {
    let update = std::env::var_os("TORCHSWAP_UPDATE").is_some();
    let mut tried = 0;
    for folder in std::fs::read_dir(root().join("examples")).unwrap() {
        let folder = folder.unwrap().path();
        let Ok(command) = std::fs::read_to_string(folder.join("command")) else { continue };
        let output = Command::new(env!("CARGO_BIN_EXE_torchswap"))
            .args(command.split_whitespace())
            .current_dir(&folder)
            .output()
            .unwrap();
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
