//! Pages and METADATA.

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use torchswap::edge::index::{Network, Page};
use torchswap::report::error::{Code, Problem};

use super::{digest, network, network_for, patient, quick, url};
use crate::support::at_once;
use crate::support::server::{Fault, Server};

const PAGE: &str = "/whl/cu118/torch/";
const HTML: &str = "<!DOCTYPE html><a href='/whl/torch-2.0.1%2Bcu118-cp310-cp310-linux_x86_64.whl'>x</a>";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn page(server: &Server) -> Result<Page, Problem> {
    page_for(server, &[])
}

fn page_for(server: &Server, faults: &[Fault]) -> Result<Page, Problem> {
    network_for(faults).page(&url(&server.url(PAGE)))
}

#[test]
fn a_page_recovers_from_what_passes() {
    use Fault::{Cut, Redirect, Reset, SaysMore, Stall, Status};
    for faults in [
        vec![],
        vec![Cut(10)],
        vec![Reset(10)],
        vec![Stall(10)],
        vec![SaysMore(1)],
        vec![Status(429, "0"), Status(500, ""), Status(503, "0")],
        vec![Redirect("/whl/cu118/torch/".to_owned())],
    ] {
        let server = Server::new();
        server.page(PAGE, HTML).faults(PAGE, faults.clone());
        let page = page_for(&server, &faults).unwrap_or_else(|problem| panic!("{faults:?}: {problem}"));
        assert_eq!(page.links[0].file, "torch-2.0.1+cu118-cp310-cp310-linux_x86_64.whl");
    }
}

#[test]
fn compression_is_undone() {
    let server = Server::new();
    server.gzip(PAGE, "text/html; charset=utf-8", gzip(HTML.as_bytes()));
    assert_eq!(page(&server).unwrap().links.len(), 1);
    let request = &server.log()[0];
    assert_eq!(request.header("accept-encoding"), "gzip");
    assert!(request.header("accept").starts_with("application/vnd.pypi.simple.v1+json"));
}

#[test]
fn what_cannot_be_a_page_is_refused() {
    let large = vec![b'x'; (1 << 20) + 1];
    // name, content type, body, if it is compressed, what goes wrong with every answer
    let cases: Vec<(&str, &str, Vec<u8>, bool, Fault)> = vec![
        ("bomb", "text/html", gzip(&vec![0; 8 << 20]), true, Fault::None),
        ("large", "text/html", large.clone(), false, Fault::None),
        ("large and compressed", "text/html", gzip(&large), true, Fault::None),
        ("cut gzip", "text/html", gzip(HTML.as_bytes())[..30].to_vec(), true, Fault::None),
        ("no gzip", "text/html", HTML.as_bytes().to_vec(), true, Fault::None),
        ("no type", "", HTML.as_bytes().to_vec(), false, Fault::None),
        ("a wheel", "application/zip", HTML.as_bytes().to_vec(), false, Fault::None),
        ("no JSON", "application/vnd.pypi.simple.v1+json", HTML.as_bytes().to_vec(), false, Fault::None),
        ("drips", "text/html", vec![b'x'; 100], false, Fault::Slow(1, 200)),
        ("stalls", "text/html", HTML.as_bytes().to_vec(), false, Fault::Stall(5)),
    ];
    at_once(cases, |(name, kind, body, compressed, fault)| {
        let server = Server::new();
        if compressed {
            server.gzip(PAGE, kind, body)
        } else {
            server.file(PAGE, kind, body)
        };
        let faults = vec![fault; 9];
        server.faults(PAGE, faults.clone());
        assert_eq!(page_for(&server, &faults).unwrap_err().code, Code::Network, "{name}");
    });
}

#[test]
fn a_page_that_is_not_there_is_absent() {
    let server = Server::new();
    assert_eq!(page(&server).unwrap_err().code, Code::Absent);
    assert_eq!(server.log().len(), 1);
}

#[test]
fn metadata_is_held_against_its_own_digest() {
    let server = Server::new();
    let metadata = b"Metadata-Version: 2.1\nName: torch\n";
    let link = |file: &str, attribute: &str| format!("<a href='{file}' {attribute}>x</a>");
    let own = format!("data-core-metadata='sha256={}'", digest(metadata));
    let wrong = format!("data-core-metadata='sha256={}'", "a".repeat(64));
    server.page(
        PAGE,
        &[
            link("a-1.whl", &own),
            link("b-1.whl", &wrong),
            link("c-1.whl", "data-core-metadata=true"),
            link("d-1.whl", ""),
        ]
        .concat(),
    );
    for file in ["a-1.whl", "b-1.whl", "c-1.whl"] {
        server.file(&format!("{PAGE}{file}.metadata"), "text/plain", metadata.to_vec());
    }
    let page = page(&server).unwrap();
    let read = |at: usize| network().metadata(&page.links[at]);
    assert_eq!(read(0).unwrap().unwrap(), metadata);
    assert_eq!(read(1).unwrap_err().code, Code::DigestConflict);
    assert_eq!(read(2).unwrap().unwrap(), metadata);
    assert_eq!(read(3).unwrap(), None);
    // None of these is the digest of a wheel.
    assert!(page.links.iter().all(|link| link.sha256.is_none()));
}

#[test]
fn large_metadata_is_refused() {
    let server = Server::new();
    server.page(PAGE, "<a href=a-1.whl data-core-metadata=true>x</a>");
    server.gzip(&format!("{PAGE}a-1.whl.metadata"), "text/plain", gzip(&vec![b'x'; 5 << 20]));
    let page = page(&server).unwrap();
    assert_eq!(network().metadata(&page.links[0]).unwrap_err().code, Code::Network);
}

/// A page that is read is in memory whole, and may say more than it is long.
#[test]
fn no_two_pages_are_taken_at_once() {
    let server = Server::new();
    server.page(PAGE, HTML);
    let (network, address) = (network(), url(&server.url(PAGE)));
    let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let take = |page: Page| {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(50));
                    now.fetch_sub(1, Ordering::SeqCst);
                    page.links.len()
                };
                assert_eq!(network.page_as(&address, take).unwrap(), 1);
            });
        }
    });
    assert_eq!(most.load(Ordering::SeqCst), 1);
}

#[test]
fn of_two_long_pages_the_second_waits_until_the_first_has_come() {
    let long = |text: &str| format!("<!-- {} -->{text}", "x".repeat(2 << 20));
    let server = Server::new();
    server.page("/first/", &long("")).page("/second/", &long(HTML));
    server.faults("/first/", [Fault::Stall(3 << 19)]);
    let mut settings = quick();
    settings.largest_page = 8 << 20;
    settings.patience.retries = 0;
    settings.patience.page = Duration::from_secs(60);
    let network = Network::new(settings);
    let ended = Mutex::new(Vec::new());
    let read = |path: &'static str| {
        let page = network.page(&url(&server.url(path)));
        ended.lock().unwrap().push((path, page.is_ok()));
    };
    std::thread::scope(|scope| {
        scope.spawn(|| read("/first/"));
        while server.count("/first/") == 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(200));
        scope.spawn(|| read("/second/"));
    });
    // The first stalls until it is given up; a short one would not have waited.
    assert_eq!(ended.into_inner().unwrap(), [("/first/", false), ("/second/", true)]);
}

#[test]
fn fifty_thousand_links_are_read() {
    let one = |number: usize| format!("<a href='t-{number}-py3-none-any.whl'>t</a>\n");
    let html: String = (0..50_000).map(one).collect();
    let server = Server::new();
    server.gzip(PAGE, "text/html", gzip(html.as_bytes()));
    let mut settings = patient();
    settings.largest_page = 8 << 20;
    let page = Network::new(settings).page(&url(&server.url(PAGE))).unwrap();
    assert_eq!(page.links.len(), 50_000);
}
