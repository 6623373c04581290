//! The index layer against a server that misbehaves: nothing wrong is accepted, and temporary failures are retried.

use std::io::{Read, Seek, SeekFrom};
use std::time::Duration;

use torchswap::edge::index::{Before, Downloaded, Network, Patience, RangeReader, Settings};
use torchswap::packaging::digest::Sha256;
use torchswap::report::error::{Code, Problem};
use url::Url;

use crate::support::server::{Fault, Server};

mod logins;
mod pages;
mod ranges;

/// Settings for a test in which nothing stalls: a busy machine gets all the time it needs.
pub fn patient() -> Settings {
    let patience = Patience {
        idle: Duration::from_secs(60),
        page: Duration::from_secs(60),
        retries: 3,
        pause: Duration::from_millis(1),
        longest_pause: Duration::from_secs(2),
    };
    Settings { patience, largest_page: 1 << 20, ..Settings::default() }
}

/// Settings that wait for little, for a test in which something stalls.
pub fn quick() -> Settings {
    let mut settings = patient();
    settings.patience.idle = Duration::from_millis(800);
    settings.patience.page = Duration::from_secs(2);
    settings
}

pub fn network() -> Network {
    Network::new(patient())
}

/// A network for a server that goes wrong like this.
pub fn network_for(faults: &[Fault]) -> Network {
    let stalls = faults.iter().any(|fault| matches!(fault, Fault::Stall(_) | Fault::Slow(..)));
    Network::new(if stalls { quick() } else { patient() })
}

pub fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

/// Bytes that do not repeat, the same every time.
pub fn noise(length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 8);
    let mut state = 1u64;
    while bytes.len() < length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        bytes.extend((state ^ (state >> 33)).to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

pub fn digest(bytes: &[u8]) -> Sha256 {
    Sha256::of_bytes(bytes)
}

const LENGTH: usize = 600_000;
const HALF: usize = 400_000;
const WHEEL: &str = "/whl/cu118/torch-2.0.1%2Bcu118-cp310-cp310-linux_x86_64.whl";

/// Downloads a file with what goes wrong on the way; also gives the number of requests.
fn download(faults: &[Fault]) -> (Result<Downloaded, Problem>, usize) {
    let server = Server::new();
    server.file(WHEEL, "application/zip", noise(LENGTH)).faults(WHEEL, faults.to_vec());
    let done = network_for(faults).download(&url(&server.url(WHEEL)), &Before::default(), None, &());
    (done, server.count(WHEEL))
}

#[test]
fn a_download_recovers_from_what_passes() {
    use Fault::{
        Change, Cut, None, Redirect, Reset, SaysMore, Short, Slow, Stall, Status, Untagged, Whole, Within, WrongRange,
        WrongTotal,
    };
    let changed: Vec<u8> = noise(LENGTH).into_iter().enumerate().map(|(at, b)| b ^ u8::from(at % 1000 == 0)).collect();
    let (same, other) = (digest(&noise(LENGTH)), digest(&changed));
    let storm = |count: usize| vec![Status(500, ""); count];
    let cases: Vec<(Vec<Fault>, usize, u32, Sha256)> = vec![
        // what goes wrong, requests, of which resumed, digest; `Slow` takes longer as a whole than any piece may
        (vec![None], 1, 0, same),
        (vec![Slow(60_000, 120)], 1, 0, same),
        (vec![Cut(0)], 2, 0, same),
        (vec![Cut(HALF)], 2, 1, same),
        (vec![Reset(HALF)], 2, 1, same),
        (vec![Stall(HALF)], 2, 1, same),
        (vec![Stall(0)], 2, 0, same),
        (vec![Cut(HALF), Cut(10), Reset(10)], 4, 3, same),
        (vec![SaysMore(10)], 3, 0, same),
        (vec![Cut(HALF), WrongRange(10)], 3, 0, same),
        (vec![Cut(HALF), WrongTotal(10)], 3, 0, same),
        (vec![Cut(HALF), Within(10, 0)], 3, 0, same),
        (vec![Cut(HALF), Within(0, 10)], 3, 0, same),
        (vec![Cut(HALF), Short(10)], 3, 2, same),
        (vec![Cut(HALF), Whole], 2, 0, same),
        (vec![Cut(HALF), Untagged], 3, 0, same),
        (vec![Cut(HALF), Status(416, "")], 3, 0, same),
        (vec![Cut(HALF), Status(503, "0")], 3, 1, same),
        (vec![Status(429, "0")], 2, 0, same),
        (vec![Status(429, "1")], 2, 0, same),
        (vec![Status(408, "")], 2, 0, same),
        (vec![Status(502, ""), Status(503, ""), Status(504, "")], 4, 0, same),
        (storm(3), 4, 0, same),
        (vec![Redirect(WHEEL.to_owned()); 10], 11, 0, same),
        // The file was replaced meanwhile: the digest is that of the new one, never of a mixture.
        (vec![Cut(HALF), Change], 2, 0, other),
    ];
    for (faults, requests, resumed, expected) in cases {
        let (done, count) = download(&faults);
        let done = done.unwrap_or_else(|problem| panic!("{faults:?}: {problem}"));
        assert_eq!((done.sha256, done.size), (expected, LENGTH as u64), "{faults:?}");
        assert_eq!((count, done.resumed), (requests, resumed), "{faults:?}");
    }
}

#[test]
fn a_download_that_is_wrong_has_another_digest_or_none() {
    use Fault::{ChangeSilently, Cut, Flip, Gzip, Longer, NoLength, Redirect, SaysLess, Short, Stall, Status};
    let refused = |code| Err::<(), Code>(code);
    let reported = Ok::<(), Code>(());
    let elsewhere = |to: &str| vec![Redirect(to.to_owned())];
    let cases: Vec<(Vec<Fault>, Result<(), Code>)> = vec![
        (vec![Short(10)], reported),
        (vec![SaysLess(10)], reported),
        (vec![Flip(HALF)], reported),
        (vec![Cut(HALF), Flip(10)], reported),
        (vec![Cut(HALF), ChangeSilently], reported),
        (vec![Longer(10)], reported),
        (vec![Cut(HALF), Longer(10)], refused(Code::Network)),
        (vec![NoLength], refused(Code::Network)),
        (vec![Gzip], refused(Code::Network)),
        (vec![Status(429, "3600")], refused(Code::Network)),
        (vec![Status(500, ""); 4], refused(Code::Network)),
        (vec![Stall(0); 4], refused(Code::Network)),
        (vec![Cut(10); 4], refused(Code::Network)),
        (vec![Status(401, "")], refused(Code::Network)),
        (vec![Status(418, "")], refused(Code::Network)),
        (vec![Status(403, "")], refused(Code::Absent)),
        (vec![Status(404, "")], refused(Code::Absent)),
        (vec![Cut(HALF), Status(404, "")], refused(Code::Absent)),
        (vec![Redirect(WHEEL.to_owned()); 11], refused(Code::Network)),
        (elsewhere("http://plain.example/a.whl"), refused(Code::Network)),
        (elsewhere("file:///etc/passwd"), refused(Code::Network)),
        (elsewhere("http://["), refused(Code::Network)),
    ];
    for (faults, expected) in cases {
        let (done, _) = download(&faults);
        match (&done, expected) {
            (Ok(done), Ok(())) => assert_ne!(done.sha256, digest(&noise(LENGTH)), "{faults:?}"),
            (Err(problem), Err(code)) => assert_eq!(problem.code, code, "{faults:?}: {problem}"),
            _ => panic!("{faults:?}: {done:?}"),
        }
    }
}

#[test]
fn without_a_tag_the_bytes_tell_if_the_file_is_the_same() {
    use Fault::{Change, Cut, None, Reset, WrongTotal};
    let changed: Vec<u8> = noise(LENGTH).into_iter().enumerate().map(|(at, b)| b ^ u8::from(at % 1000 == 0)).collect();
    for (faults, requests, resumed, bytes) in [
        (vec![Cut(HALF)], 2, 1, noise(LENGTH)),
        (vec![Cut(100), Reset(HALF), Cut(20_000)], 4, 3, noise(LENGTH)),
        (vec![Cut(HALF), WrongTotal(1)], 3, 0, noise(LENGTH)),
        (vec![Cut(HALF), Change], 3, 0, changed),
        (vec![None], 1, 0, noise(LENGTH)),
    ] {
        let server = Server::new();
        server.untagged().file(WHEEL, "application/zip", noise(LENGTH)).faults(WHEEL, faults.clone());
        let done = network().download(&url(&server.url(WHEEL)), &Before::default(), Option::None, &()).unwrap();
        assert_eq!((done.sha256, done.etag), (digest(&bytes), Option::None), "{faults:?}");
        assert_eq!((server.count(WHEEL), done.resumed), (requests, resumed), "{faults:?}");
    }
}

#[test]
fn a_bad_line_that_moves_on_is_borne_with() {
    let server = Server::new();
    let bytes = noise(6 << 20);
    server.file(WHEEL, "application/zip", bytes.clone()).faults(WHEEL, vec![Fault::Cut(1_100_000); 5]);
    let done = network().download(&url(&server.url(WHEEL)), &Before::default(), None, &()).unwrap();
    assert_eq!((done.sha256, done.resumed), (digest(&bytes), 5));
}

/// A server on which whole answers break off, and the rest is always of another file.
#[test]
fn what_is_read_anew_is_no_progress() {
    let server = Server::new();
    let breaks = [Fault::Cut(2 << 20), Fault::WrongTotal(1)];
    server.file(WHEEL, "application/zip", noise(3 << 20)).faults(WHEEL, breaks.into_iter().cycle().take(60));
    let problem = network().download(&url(&server.url(WHEEL)), &Before::default(), None, &()).unwrap_err();
    assert!(problem.message.contains("gave up after 4 tries"), "{problem}");
    assert_eq!(server.count(WHEEL), 4);
}

#[test]
fn a_length_that_is_never_reached_ends() {
    let server = Server::new();
    server.file(WHEEL, "application/zip", noise(3 << 20)).faults(WHEEL, vec![Fault::SaysMore(10); 60]);
    let problem = network().download(&url(&server.url(WHEEL)), &Before::default(), None, &()).unwrap_err();
    assert_eq!(problem.code, Code::Network);
    assert!(server.count(WHEEL) <= 5, "{}", server.count(WHEEL));
}

#[test]
fn a_file_that_says_it_is_larger_than_any_wheel_is_not_waited_for() {
    let (done, count) = download(&[Fault::SaysMore(65 << 30)]);
    let problem = done.unwrap_err();
    assert!(problem.message.contains("larger than any wheel"), "{problem}");
    assert_eq!(count, 1);
}

#[test]
fn a_file_is_tried_ten_times_as_often_in_all() {
    let server = Server::new();
    // Each answer comes further than ever by 1 MB and breaks.
    server.file(WHEEL, "application/zip", noise(30 << 20)).faults(WHEEL, vec![Fault::Cut(1_100_000); 60]);
    let mut settings = patient();
    settings.patience.retries = 1;
    let problem = Network::new(settings).download(&url(&server.url(WHEEL)), &Before::default(), None, &()).unwrap_err();
    assert!(problem.message.contains("gave up after 11 tries"), "{problem}");
}

#[test]
fn what_drips_is_given_up() {
    let server = Server::new();
    server.file(WHEEL, "application/zip", noise(LENGTH)).page("/page/", &"<p>".repeat(1000));
    let drips = || vec![Fault::Slow(1, 20); 9];
    server.faults(WHEEL, drips()).faults("/page/", drips());
    let mut settings = patient();
    settings.patience.idle = Duration::from_secs(1);
    settings.patience.retries = 0;
    let network = Network::new(settings);
    let (wheel, page) = (url(&server.url(WHEEL)), url(&server.url("/page/")));
    for problem in [
        network.download(&wheel, &Before::default(), None, &()).unwrap_err(),
        network.open(&wheel).unwrap_err(),
        network.page(&page).unwrap_err(),
    ] {
        assert!(problem.message.contains("less than 1 kB of the answer came in a second"), "{problem}");
    }
}

#[test]
fn an_index_that_does_not_answer_is_reported_in_the_end() {
    // A port that nobody listens on: it was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let problem = network().download(&url(&format!("http://{free}/a.whl")), &Before::default(), None, &()).unwrap_err();
    assert_eq!(problem.code, Code::Network);
    assert!(problem.message.contains("gave up after 4 tries"), "{problem}");
}

#[test]
fn parts_that_were_read_before_are_held_against_the_file() {
    let server = Server::new();
    server.file(WHEEL, "application/zip", noise(LENGTH));
    let (network, url) = (network(), url(&server.url(WHEEL)));
    let right = vec![(7, noise(LENGTH)[7..1007].to_vec()), (500_000, noise(LENGTH)[500_000..].to_vec())];
    let same = |before: &Before| network.download(&url, before, None, &()).unwrap().is_same;
    let right = Before { length: Some(LENGTH as u64), parts: right, ..Before::default() };
    assert!(same(&right));
    assert!(!same(&Before { length: Some(LENGTH as u64 + 10), ..right.clone() }));
    let mut wrong = right;
    wrong.parts[1].1[60_000] ^= 1;
    assert!(!same(&wrong));
}
