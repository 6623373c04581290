//! Archives made by hand, most of them with something wrong.

mod few_reads;

use std::io::{Cursor, Write};

use proptest::prelude::*;
use rawzip::ZipArchiveWriter;
use rawzip::path::EntryPath;

use super::directory::{LARGEST_DIRECTORY, MOST_FILES};
use super::*;

const NAME: &str = "torch-2.0.1+cu118-cp310-cp310-linux_x86_64.whl";
const METADATA: &str = "Metadata-Version: 2.1\nName: torch\nVersion: 2.0.1+cu118\nRequires-Python: >=3.8.0\n\
                        Requires-Dist: filelock\nRequires-Dist: triton (==2.0.0)\n\nTensors.\n";
const WHEEL: &str = "Wheel-Version: 1.0\nGenerator: me\nRoot-Is-Purelib: false\nTag: cp310-cp310-linux_x86_64\n";

type Members<'a> = Vec<(&'a str, &'a [u8])>;

fn members() -> Members<'static> {
    vec![
        ("torch/__init__.py", b"pass\n"),
        ("torch-2.0.1+cu118.dist-info/METADATA", METADATA.as_bytes()),
        ("torch-2.0.1+cu118.dist-info/WHEEL", WHEEL.as_bytes()),
        ("torch-2.0.1+cu118.dist-info/RECORD", b"torch/__init__.py,,\n"),
    ]
}

fn zip(members: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    zip_with(members, method, b"")
}

/// The same with such blocks in front of what the METADATA is packed to.
fn packed(members: &[(&str, &[u8])], blocks: &[u8]) -> Vec<u8> {
    zip_with(members, CompressionMethod::DEFLATE, blocks)
}

fn zip_with(members: &[(&str, &[u8])], method: CompressionMethod, blocks: &[u8]) -> Vec<u8> {
    let mut output = Vec::new();
    let mut archive = ZipArchiveWriter::new(&mut output);
    for (name, content) in members {
        let path = EntryPath::verbatim(name.as_bytes());
        let (mut entry, config) = archive.new_file(path).compression_method(method).start().unwrap();
        let descriptor = if method == CompressionMethod::STORE {
            let mut writer = config.wrap(&mut entry);
            writer.write_all(content).unwrap();
            writer.finish().unwrap().1
        } else {
            if name.ends_with("/METADATA") {
                entry.write_all(blocks).unwrap();
            }
            let encoder = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::best());
            let mut writer = config.wrap(encoder);
            writer.write_all(content).unwrap();
            let (encoder, descriptor) = writer.finish().unwrap();
            encoder.finish().unwrap();
            descriptor
        };
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
    output
}

fn opened(bytes: &[u8]) -> Result<Contents, ArchiveError> {
    open(Cursor::new(bytes), &NAME.parse().unwrap())
}

fn refusal(bytes: &[u8]) -> String {
    match opened(bytes) {
        Err(ArchiveError::Refused(why)) => why,
        other => panic!("{other:?}"),
    }
}

/// The archive with one more member, or another one in the place of that name.
fn with<'a>(name: &'a str, content: &'a [u8]) -> Vec<u8> {
    let mut members: Members<'a> = members();
    match members.iter().position(|member| member.0 == name) {
        Some(at) => members[at].1 = content,
        None => members.push((name, content)),
    }
    zip(&members, CompressionMethod::DEFLATE)
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8], which: usize) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let places: Vec<usize> =
        bytes.windows(from.len()).enumerate().filter(|(_, w)| *w == from).map(|(at, _)| at).collect();
    let mut bytes = bytes.to_vec();
    bytes[places[which]..places[which] + from.len()].copy_from_slice(to);
    bytes
}

#[test]
fn opens_a_wheel() {
    for method in [CompressionMethod::DEFLATE, CompressionMethod::STORE] {
        let contents = opened(&zip(&members(), method)).unwrap();
        assert_eq!(contents.metadata.requires_dist, ["filelock", "triton (==2.0.0)"]);
        assert_eq!(contents.metadata_bytes, METADATA.as_bytes());
        assert_eq!(contents.tags, ["cp310-cp310-linux_x86_64"]);
    }
}

#[test]
fn names_and_versions_are_compared_by_meaning() {
    let wheel = "Foo_Bar-1.0-py3-none-any.whl".parse().unwrap();
    let members: Members<'_> = vec![
        ("foo.bar-1.0.0.dist-info/METADATA", b"Name: foo-bar\nVersion: 1\n"),
        ("foo.bar-1.0.0.dist-info/WHEEL", b"Wheel-Version: 1.0\n"),
        ("foo.bar-1.0.0.dist-info/RECORD", b""),
    ];
    let contents = open(Cursor::new(zip(&members, CompressionMethod::DEFLATE)), &wheel).unwrap();
    assert!(contents.metadata.requires_dist.is_empty());
}

#[test]
fn refuses_another_wheels_folder() {
    let elsewhere = |text: &str| text.replace("torch-2.0.1+cu118", "torch-2.0.1");
    let renamed: Vec<(String, &[u8])> =
        members().into_iter().map(|(name, content)| (elsewhere(name), content)).collect();
    let renamed: Members<'_> = renamed.iter().map(|(name, content)| (name.as_str(), *content)).collect();
    assert!(refusal(&zip(&renamed, CompressionMethod::DEFLATE)).contains("is not that of"));
    let two = refusal(&with("other-1.dist-info/METADATA", b"Name: other\nVersion: 1\n"));
    assert!(two.contains("two .dist-info folders"), "{two}");
    assert!(refusal(&with("torch-2.0.1+cu118.DIST-INFO/METADATA", b"")).contains("two .dist-info folders"));
    for from in ["Name: torch\n", "Version: 2.0.1+cu118\n"] {
        let text = METADATA.replace(from, &from.replace("torch", "torso").replace("cu118", "cu121"));
        let why = refusal(&with("torch-2.0.1+cu118.dist-info/METADATA", text.as_bytes()));
        assert!(why.contains("its file name is"), "{why}");
    }
}

#[test]
fn refuses_a_wheel_that_is_not_whole() {
    for (index, why) in [(1, "no METADATA"), (2, "no WHEEL"), (3, "no RECORD")] {
        let mut less = members();
        less.remove(index);
        assert!(refusal(&zip(&less, CompressionMethod::DEFLATE)).contains(why));
    }
    assert!(refusal(&zip(&members()[..1], CompressionMethod::DEFLATE)).contains("no .dist-info folder"));
    assert!(refusal(&with("torch-2.0.1+cu118.dist-info/WHEEL", b"Tag: a\n")).contains("no Wheel-Version"));
    assert!(refusal(&with("torch-2.0.1+cu118.dist-info/WHEEL", b"Wheel-Version: 2.0\n")).contains("not supported"));
    assert!(refusal(&with("torch-2.0.1+cu118.dist-info/METADATA", b"Name: torch\n")).contains("METADATA is odd"));
    for bytes in [&b""[..], b"PK", &[0; 100], b"<html>403</html>"] {
        assert!(matches!(opened(bytes), Err(ArchiveError::Refused(_))));
    }
}

#[test]
fn refuses_names_that_are_traps() {
    for name in [
        "../x",
        "a/../x",
        "/etc/passwd",
        "a\\b",
        "C:/x",
        "a//b",
        "./a",
        "a/./b",
        "",
        "/",
        "a\0b",
        "a\nb",
        "..",
        "torch/..",
    ] {
        let why = refusal(&with(name, b"x"));
        assert!(why.contains("unsafe"), "{name}: {why}");
    }
    let twice = [members(), members()].concat();
    assert!(refusal(&zip(&twice, CompressionMethod::DEFLATE)).contains("is in it twice"));
    let odd = replaced(&with("torch/x", b"x"), b"torch/x", b"torch/\xff", 1);
    assert!(refusal(&odd).contains("not UTF-8"));
}

#[test]
fn refuses_what_two_readers_could_understand_differently() {
    let good = zip(&members(), CompressionMethod::DEFLATE);
    let other = replaced(&good, b"dist-info/METADATA", b"dist-info/METADATE", 0);
    assert!(refusal(&other).contains("do not agree"));
    assert!(refusal(&[&b"#!/bin/sh\n"[..], &good].concat()).contains("belong to none"));
    assert!(refusal(&[&good[..], b"more"].concat()).contains("behind its end"));
    // The count of files, twice in the last 22 bytes.
    let mut fewer = good;
    let end = fewer.len() - 22;
    fewer[end + 8] = 3;
    fewer[end + 10] = 3;
    assert!(refusal(&fewer).contains("more or fewer"));
}

#[test]
fn refuses_a_header_of_any_member_that_is_not_what_the_directory_says() {
    let good = zip(&members(), CompressionMethod::DEFLATE);
    let other = replaced(&good, b"torch/__init__.py", b"torch/__evil__.py", 0);
    assert!(refusal(&other).contains("header of torch/__init__.py do not agree"), "{}", refusal(&other));
    // Signature, method, length of the name.
    for at in [2, 8, 26] {
        let mut other = good.clone();
        other[at] ^= 1;
        assert!(refusal(&other).contains("do not agree"), "{at}");
    }
    // Those that are read are looked at wherever no more than pieces are.
    let glimpsed = |bytes: &[u8]| match glimpse(Cursor::new(bytes), &NAME.parse().unwrap()) {
        Err(ArchiveError::Refused(why)) => why,
        other => panic!("{other:?}"),
    };
    let name = b"torch-2.0.1+cu118.dist-info/METADATA";
    let at = good.windows(name.len()).position(|window| window == name).unwrap();
    for at in [at, at - 22] {
        let mut other = good.clone();
        other[at] ^= 8;
        assert!(glimpsed(&other).contains("header of torch-2.0.1+cu118.dist-info/METADATA do not agree"), "{at}");
    }
    // A few pieces of it do not show that; what must be there does.
    let (_, headers) = glimpse(Cursor::new(&other), &NAME.parse().unwrap()).unwrap();
    let bytes = &other;
    let begins = |(at, part): &(u64, Vec<u8>)| bytes[usize::try_from(*at).unwrap()..].starts_with(part);
    let odd: Vec<usize> = (0..headers.parts().len()).filter(|at| !begins(&headers.parts()[*at])).collect();
    assert_eq!(odd.iter().map(|at| headers.refusal(*at)).collect::<Vec<_>>(), [refusal(&other)]);
}

#[test]
fn refuses_members_that_overlap() {
    let good = zip(&members(), CompressionMethod::STORE);
    let entries: Vec<usize> = (0..good.len()).filter(|at| good[*at..].starts_with(b"PK\x01\x02")).collect();
    // The place of a member's header, in the directory.
    let place = |entry: usize| entries[entry] + 42;
    let (first, second) = (place(0), place(1));
    let mut same = good.clone();
    same.copy_within(first..first + 4, second);
    assert!(refusal(&same).contains("overlap"));
    // Into the data of the one before, and behind the start of the directory.
    for (entry, by) in [(1, -30_i32), (3, 30)] {
        let mut shifted = good.clone();
        let at = i32::from_le_bytes(shifted[place(entry)..place(entry) + 4].try_into().unwrap()) + by;
        shifted[place(entry)..place(entry) + 4].copy_from_slice(&at.to_le_bytes());
        assert!(refusal(&shifted).contains("overlap"), "{entry}");
    }
}

#[test]
fn refuses_a_directory_whose_size_cannot_be() {
    let good = zip(&members(), CompressionMethod::DEFLATE);
    let end = good.len() - 22;
    for size in [0xffff_fff0_u32, u32::MAX, 0, 1] {
        let mut odd = good.clone();
        odd[end + 12..end + 16].copy_from_slice(&size.to_le_bytes());
        assert!(refusal(&odd).contains("size of its directory"), "{size}: {}", refusal(&odd));
    }
    // The same with the end records of large archives (APPNOTE 4.3.14).
    let number = |at: usize| u64::from(u32::from_le_bytes(good[at..at + 4].try_into().unwrap()));
    let (size, start) = (number(end + 12), number(end + 16));
    let large = |size: u64| {
        let mut bytes = good[..end].to_vec();
        bytes.extend(b"PK\x06\x06");
        bytes.extend(44_u64.to_le_bytes());
        bytes.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for number in [4, 4, size, start] {
            bytes.extend(u64::to_le_bytes(number));
        }
        bytes.extend(b"PK\x06\x07\0\0\0\0");
        bytes.extend((end as u64).to_le_bytes());
        bytes.extend(1_u32.to_le_bytes());
        bytes.extend(b"PK\x05\x06\0\0\0\0");
        bytes.extend([0xff; 12]);
        bytes.extend([0, 0]);
        bytes
    };
    opened(&large(size)).unwrap();
    for odd in [0, size - 1, size + 1, 0xffff_fff0, u64::MAX] {
        assert!(refusal(&large(odd)).contains("size of its directory"), "{odd}");
    }
    // Both kinds of records are there, and one of the two has another size or place: the last, or the one before.
    let both = |last: usize, before: usize| {
        let mut bytes = large(size);
        let record = bytes.len() - 22;
        bytes[record..].copy_from_slice(&good[end..]);
        bytes[record + last] ^= u8::from(last > 0);
        bytes[end + before] ^= u8::from(before > 0);
        bytes
    };
    opened(&both(0, 0)).unwrap();
    for (last, before) in [(12, 0), (16, 0), (0, 40), (0, 48)] {
        assert!(matches!(opened(&both(last, before)), Err(ArchiveError::Refused(_))), "{last} {before}");
    }
    // Something is between the two records.
    let mut odd = large(size);
    odd[end + 4] += 4;
    let between = end + 56;
    odd.splice(between..between, *b"more");
    assert!(refusal(&odd).contains("size of its directory"), "{}", refusal(&odd));
}

#[test]
fn refuses_more_files_than_any_wheel_has() {
    let good = zip(&members(), CompressionMethod::DEFLATE);
    let names: Vec<String> = (0..=MOST_FILES).map(|at| format!("{at}")).collect();
    let many: Members<'_> = members().into_iter().chain(names.iter().map(|name| (name.as_str(), &b""[..]))).collect();
    assert!(refusal(&zip(&many, CompressionMethod::STORE)).contains("larger than that of any wheel"));
    // And names that are longer together.
    let long = "x".repeat(60_000);
    let names: Vec<String> = (0..=LARGEST_DIRECTORY / 60_000).map(|at| format!("{long}{at}")).collect();
    let many: Members<'_> = members().into_iter().chain(names.iter().map(|name| (name.as_str(), &b""[..]))).collect();
    assert!(refusal(&zip(&many, CompressionMethod::STORE)).contains("larger than that of any wheel"));
    opened(&good).unwrap();
}

#[test]
fn refuses_encryption_and_odd_packing() {
    let good = zip(&members(), CompressionMethod::DEFLATE);
    // In the directory: signature, two versions, flags, method.
    let at = good.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    let mut locked = good.clone();
    locked[at + 8] |= 1;
    assert!(refusal(&locked).contains("encrypted"));
    let mut odd = good;
    odd[at + 10] = 12;
    assert!(refusal(&odd).contains("compressed as no wheel should be"));
    // What is stored is as large as it is: the size behind that of the packed bytes.
    let mut odd = zip(&members(), CompressionMethod::STORE);
    let at = odd.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    odd[at + 24] += 1;
    assert!(refusal(&odd).contains("sizes of torch/__init__.py cannot be"), "{}", refusal(&odd));
}

#[test]
fn refuses_bombs() {
    let large = vec![b'a'; usize::try_from(LARGEST_METADATA).unwrap() + 1];
    let text = [METADATA.as_bytes(), &large].concat();
    let honest = with("torch-2.0.1+cu118.dist-info/METADATA", &text);
    assert!(honest.len() < 20_000, "a small file that becomes a large one");
    assert!(refusal(&honest).contains("larger than"));
    // The same with a directory that lies about the size.
    let size = u32::try_from(text.len()).unwrap().to_le_bytes();
    let lying = replaced(&honest, &size, &100_u32.to_le_bytes(), honest.windows(4).filter(|w| *w == size).count() - 1);
    let why = refusal(&lying);
    assert!(why.contains("damaged") || why.contains("larger than"), "{why}");
    let boasting = replaced(
        &honest,
        &size,
        &u32::MAX.wrapping_sub(9).to_le_bytes(),
        honest.windows(4).filter(|w| *w == size).count() - 1,
    );
    assert!(refusal(&boasting).contains("sizes"), "{}", refusal(&boasting));
    // Much that holds little: blocks without content.
    let padded = packed(&members(), &b"\0\0\0\xff\xff".repeat(usize::try_from(LARGEST_METADATA / 5 + 1).unwrap()));
    assert!(refusal(&padded).contains("METADATA is larger than 4096 kB"), "{}", refusal(&padded));
}

#[test]
fn a_changed_byte_in_what_is_read_is_seen() {
    let good = zip(&members(), CompressionMethod::STORE);
    let changed = replaced(&good, b"triton", b"trojan", 0);
    assert!(refusal(&changed).contains("damaged"));
}

proptest! {
    #[test]
    fn opening_never_panics(at in 0usize..2000, byte: u8, cut in 0usize..2000) {
        let mut bytes = zip(&members(), CompressionMethod::DEFLATE);
        let len = bytes.len();
        bytes[at % len] = byte;
        let _ = opened(&bytes);
        let _ = opened(&bytes[..cut % len]);
        let _ = opened(&bytes[cut % len..]);
    }
}
