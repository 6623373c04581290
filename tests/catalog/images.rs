//! `.ci/image` replaces digests inside the program: it must find them in the compressed table that `build.rs` writes.

use std::io::Write;
use std::process::Stdio;

use super::wheels;
use crate::judges::pythons::interpreters;
use crate::support::root;

/// The program's table of wheels.
const SHORT: &str = include_str!(concat!(env!("OUT_DIR"), "/wheels.txt"));

/// Replaces every digest that is given by one of zeros.
const TRANSLATE: &str = "
import sys, types
sys.path.insert(0, sys.argv[1])
import tiny_index
digests, _, table = sys.stdin.buffer.read().partition(b'\\n')
index = types.SimpleNamespace(digests={one: '0' * 64 for one in digests.decode().split()})
sys.stdout.buffer.write(tiny_index.TinyIndex.translate(index, table)[0])
";

#[test]
fn the_judge_of_images_finds_every_digest_in_the_programs_table() {
    let Some(interpreter) = interpreters().last() else { return };
    let digests: Vec<String> = wheels().iter().map(|row| row.sha256.to_string()).collect();
    let mut command = interpreter.command();
    command.args(["-B", "-c", TRANSLATE]).arg(root().join(".ci")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    write!(pipe, "{}\n{SHORT}", digests.join(" ")).unwrap();
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let zeros = "!".repeat(40);
    let expected = SHORT.lines().map(|line| {
        let mut columns: Vec<&str> = line.split('\t').collect();
        columns[5] = &zeros;
        columns.join("\t") + "\n"
    });
    assert!(String::from_utf8(output.stdout).unwrap() == expected.collect::<String>(), "a digest was not found");
}
