//! Broken catalogues of a project, given by `--catalog`.

use super::locks::digest;
use super::requirements::pinned;
use super::{Case, LARGE_MB, refused};
use crate::support::root;

const FILE: &str = "team.tsv";

/// A row of the built-in catalogue, as a project has it.
pub fn row() -> String {
    let table = std::fs::read_to_string(root().join("src/catalog/wheels.tsv")).unwrap();
    let line = table.lines().find(|line| line.contains("\ttorch-2.1.2+cu118-cp310-cp310-linux_x86_64.whl\t")).unwrap();
    format!("wheel\t{line}\n")
}

/// A catalogue beside a lock that is whole.
pub fn table(name: &str, text: impl AsRef<[u8]>) -> Case {
    let lock = "requirements.txt";
    Case::new(name, FILE, text).with(lock, pinned("torch==2.1.2")).run(&["--catalog", FILE, lock])
}

/// The row with another text in a column; the message must point there.
fn column(number: usize, text: &str) -> Case {
    let row = row();
    let mut columns: Vec<&str> = row.trim_end().split('\t').collect();
    columns[number] = text;
    let at = columns[..number].iter().map(|column| column.chars().count() + 1).sum::<usize>() + 1;
    let shown: String = text.chars().take(20).collect();
    table(&format!("column {number}: {shown}"), columns.join("\t")).says(&format!("--> {FILE}:1:{at}\n"))
}

#[test]
fn what_is_no_catalogue() {
    refused(vec![
        table("a word", "hello\n").at("h").says("a row begins with"),
        table("an unknown row", "whel\tx\n").at("whel"),
        table("HTML", "<html>\n").at("<"),
        table("a lock", "[[package]]\nname = 'x'\n").at("[["),
        table("too few columns", "wheel\ta\tb\n").says("10 columns"),
        table("too many columns", row().trim_end().to_owned() + "\tx\n").says("an eleventh column is `override=`"),
        table("blanks for tabs", row().replace('\t', " ")).at("wheel"),
        table("requirements cut short", "requires\ttorch\t1\n").says("six columns"),
        table("requirements of nobody", "requires\t?\t1\tpypi\t*\tx\t-\n"),
        table("a requirement that is none", "requires\ttorch\t1\tpypi\t*\tx\t-\ta b c\n").at("a b c"),
        table("a NUL byte", "wheel\0\n"),
        table("orders to the terminal", "\u{1b}[31mred\tx\n"),
        table("UTF-16", b"\xff\xfew\0h\0").says("UTF-16"),
        table("Latin-1", b"# caf\xe9\n").says("encoding"),
        table("a folder", "").with_folder().with("requirements.txt", pinned("torch==2.1.2")),
        table("missing", "").run(&["--catalog", "gone.tsv", "requirements.txt"]).blames("gone.tsv").nowhere(),
        table("one line of 100 MB", "x".repeat(100_000_000)).nowhere().says("larger than 64 MB"),
        table("one large line", "x".repeat(LARGE_MB << 20)),
    ]);
}

#[test]
fn columns() {
    refused(vec![
        column(1, "?"),
        column(2, "9"),
        column(3, "cu999x"),
        column(3, "cu121"),
        column(4, "https://user:password@x.example/whl"),
        column(4, "javascript:alert(1)"),
        column(4, "ftp://x.example/whl"),
        column(4, "https://x.example/whl?a=b"),
        column(4, "https://x.example/${HOME}/whl").says("`${HOME}`"),
        column(5, "torch.zip"),
        column(5, "../../torch-2.1.2+cu118-cp310-cp310-linux_x86_64.whl"),
        column(6, &"a".repeat(63)),
        column(6, &"+f".repeat(32)),
        column(6, &"é".repeat(32)),
        column(6, ""),
        column(7, "-1"),
        column(7, "99999999999999999999999"),
        column(8, "many"),
        column(9, ""),
        column(10, ""),
    ]);
}

#[test]
fn digests_that_contradict() {
    let known = row();
    let hex = known.split('\t').nth(6).unwrap();
    // One digit of the built-in digest, turned into another.
    let changed = format!("{}{}", if hex.starts_with('0') { '1' } else { '0' }, &hex[1..]);
    let ours = known.replace("https://download.pytorch.org/whl/cu118", "https://x.example/whl");
    let other = digest().trim_start_matches("sha256:").to_owned();
    refused(vec![
        table("the built-in catalogue", known.replace(hex, &changed)).at(&changed).says(hex).says("two digests"),
        table("itself", format!("{ours}{}", ours.replace(hex, &other))).at(&other).says("two digests"),
        table("another catalogue", &ours)
            .with("other.tsv", ours.replace(hex, &other))
            .run(&["--catalog", FILE, "--catalog", "other.tsv", "requirements.txt"])
            .blames("other.tsv")
            .says(&other),
    ]);
}

/// What the library's parser does not stand, and what would make a message of the size of the file.
#[test]
fn too_much() {
    let requires = |name: &str, text: &str| table(name, format!("requires\ttorch\t1\tpypi\t*\tx\t-\t{text}\n"));
    refused(vec![
        requires("deep brackets", &format!("a ; {}os_name == 'nt'{}", "(".repeat(100_000), ")".repeat(100_000))),
        requires("another alphabet", "a ; os_name == 'é' é"),
        requires("another alphabet behind an address in a marker", "a==1; os_name == 'https://é' é"),
        requires("a name that ends in a hyphen", "a- >1"),
        requires("an extra that ends in a hyphen", "a[b-] >1"),
        column(1, &"x".repeat(900_000)),
        column(4, &"x".repeat(900_000)),
        column(5, &"x".repeat(900_000)),
        table("many broken lines", "x\n".repeat(20_000)),
    ]);
}
