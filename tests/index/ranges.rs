//! Reading parts of a file.

use super::{Code, Fault, Problem, RangeReader, Read, Seek, SeekFrom, Server, network, network_for, noise, url};

const WHEEL: &str = "/torch-2.0.1-cp310-cp310-linux_x86_64.whl";
const LENGTH: usize = 6_000_000;

fn server(faults: &[Fault]) -> Server {
    let server = Server::new();
    server.file(WHEEL, "application/zip", noise(LENGTH)).faults(WHEEL, faults.to_vec());
    server
}

/// Reads as one who opens a zip: the end, then 600 kB of directory before it, then 5 kB in the middle.
fn read(faults: &[Fault]) -> (Result<(), Problem>, usize) {
    let server = server(faults);
    let network = network_for(faults);
    let bytes = noise(LENGTH);
    let run = || {
        let mut reader = network.open(&url(&server.url(WHEEL)))?;
        assert_eq!(reader.length(), LENGTH as u64);
        for (start, length) in [(LENGTH - 22, 22), (LENGTH - 600_022, 600_000), (3_000_000, 5_000)] {
            let mut piece = vec![0; length];
            reader.seek(SeekFrom::Start(start as u64)).unwrap();
            reader.read_exact(&mut piece).map_err(|error| RangeReader::problem(&error).unwrap().clone())?;
            assert_eq!(piece, bytes[start..start + length]);
        }
        Ok(())
    };
    let done = run();
    (done, server.count(WHEEL))
}

#[test]
fn few_requests_read_what_is_needed() {
    let (done, requests) = read(&[]);
    done.unwrap();
    assert_eq!(requests, 3);
}

#[test]
fn parts_recover_from_what_passes() {
    use Fault::{Cut, NoSuffix, None, Reset, Stall, Status};
    for (faults, requests) in [
        (vec![Cut(10)], 4),
        (vec![Reset(10)], 4),
        (vec![Stall(10)], 4),
        (vec![None, Cut(10), Status(500, ""), Status(429, "0")], 6),
        // The first byte is asked for instead, then the end.
        (vec![NoSuffix], 6),
    ] {
        let (done, count) = read(&faults);
        done.unwrap_or_else(|problem| panic!("{faults:?}: {problem}"));
        assert_eq!(count, requests, "{faults:?}");
    }
}

#[test]
fn parts_of_another_file_are_refused() {
    use Fault::{All, Change, Cut, Gzip, None, Short, Status, Untagged, Whole, Within, WrongRange, WrongTotal};
    for (faults, code) in [
        (vec![Whole; 2], Code::Unsupported),
        (vec![None, Whole], Code::Unsupported),
        (vec![None, Change], Code::Network),
        (vec![None, Untagged], Code::Network),
        (vec![None, WrongRange(7)], Code::Network),
        (vec![None, WrongTotal(7)], Code::Network),
        (vec![None, Within(7, -7)], Code::Network),
        (vec![None, Within(7, 0), Within(7, 0), Within(7, 0), Within(7, 0)], Code::Network),
        (vec![None, Gzip], Code::Network),
        (vec![All], Code::Network),
        (vec![None, Short(5), Short(5), Short(5), Short(5)], Code::Network),
        (vec![Cut(10); 4], Code::Network),
        (vec![None, Status(404, "")], Code::Absent),
    ] {
        let (done, _) = read(&faults);
        assert_eq!(done.unwrap_err().code, code, "{faults:?}");
    }
}

#[test]
fn nobody_reads_a_whole_wheel_in_parts() {
    let server = Server::new();
    server.file(WHEEL, "application/zip", vec![0; 65 << 20]);
    let network = network();
    let mut reader = network.open(&url(&server.url(WHEEL))).unwrap();
    let error = std::io::copy(&mut reader, &mut std::io::sink()).unwrap_err();
    assert_eq!(RangeReader::problem(&error).unwrap().code, Code::Unsupported);
}

#[test]
fn small_and_empty_files_are_read() {
    let server = Server::new();
    server.file("/small", "x", b"abc".to_vec()).file("/empty", "x", Vec::new());
    let network = network();
    let mut text = String::new();
    network.open(&url(&server.url("/small"))).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!((text.as_str(), server.count("/small")), ("abc", 1));
    assert!(network.open(&url(&server.url("/empty"))).is_err());
}
