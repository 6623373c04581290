//! Logins, proxies and certificate authorities.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use torchswap::edge::index::{Before, Netrc, Network, Proxies, Settings};
use torchswap::report::error::Code;

use super::{noise, patient, quick, url};
use crate::support::server::{Fault, Server};
use crate::support::{Place, fixture};

/// `me:secret` and `you:secret`, as HTTP has them.
const ME: &str = "Basic bWU6c2VjcmV0";
const PAGE: &str = "/simple/torch/";

fn with(server: &Server, login: &str) -> url::Url {
    url(&server.url(PAGE).replace("http://", &format!("http://{login}@")))
}

#[test]
fn a_login_is_in_the_address_or_the_netrc() {
    let server = Server::new();
    server.page(PAGE, "<a href=a-1.whl>a</a>").file("/simple/torch/a-1.whl", "x", noise(10)).password(ME);
    let network = Network::new(patient());
    let problem = network.page(&url(&server.url(PAGE))).unwrap_err();
    assert!(problem.message.contains("asks for a login"), "{problem}");
    // What the page links to on its own host gets the same login, and shows none.
    let page = network.page(&with(&server, "me:secret")).unwrap();
    assert_eq!(page.links[0].url.username(), "");
    assert_eq!(network.download(&page.links[0].url, &Before::default(), None, &()).unwrap().size, 10);
    let netrc = Netrc::parse("machine 127.0.0.1 login me password secret");
    let network = Network::new(Settings { netrc, ..patient() });
    network.page(&url(&server.url(PAGE))).unwrap();
}

#[test]
fn a_login_goes_to_no_other_host() {
    let (server, other) = (Server::new(), Server::new());
    let elsewhere = other.url(PAGE).replace("127.0.0.1", "localhost");
    let redirect = || vec![Fault::Redirect(elsewhere.clone())];
    other.page(PAGE, "");
    let netrc = Netrc::parse("machine 127.0.0.1 login me password secret\ndefault login you password secret");
    for (settings, address) in
        [(patient(), with(&server, "me:secret")), (Settings { netrc, ..patient() }, url(&server.url(PAGE)))]
    {
        server.faults(PAGE, redirect());
        Network::new(settings).page(&address).unwrap();
    }
    assert!(server.log().iter().all(|request| request.header("authorization") == ME));
    assert!(other.log().iter().all(|request| request.header("authorization").is_empty()));
    assert_eq!((server.log().len(), other.log().len()), (2, 2));
}

#[test]
fn the_default_login_goes_to_what_the_user_named_alone() {
    let (server, other) = (Server::new(), Server::new());
    let (page, wheel) = (url(&server.url(PAGE)), url(&other.url("/a-1.whl")));
    server.page(PAGE, &format!("<a href='{wheel}'>a</a><a href=b-1.whl>b</a>"));
    server.file("/simple/torch/b-1.whl", "x", noise(10));
    other.file("/a-1.whl", "x", noise(10));
    let netrc = Netrc::parse("machine elsewhere.example login you password secret\ndefault login me password secret");
    let network = Network::new(Settings { netrc: netrc.clone(), named: vec![page.clone()], ..patient() });
    for link in &network.page(&page).unwrap().links {
        network.download(&link.url, &Before::default(), None, &()).unwrap();
        network.open(&link.url).unwrap();
    }
    assert!(server.log().iter().all(|request| request.header("authorization") == ME));
    assert!(other.log().iter().all(|request| request.header("authorization").is_empty()));
    assert_eq!((server.log().len(), other.log().len()), (3, 2));
    // Nobody named it.
    Network::new(Settings { netrc, ..patient() }).page(&page).unwrap();
    assert_eq!(server.log()[3].header("authorization"), "");
}

#[test]
fn the_commands_name_the_index_of_their_options() {
    let server = Server::new();
    let place = Place::new();
    place.write("netrc", "default login me password secret");
    place.write("r.txt", format!("demo==1.0 --hash=sha256:{}\n", "a".repeat(64)));
    server.page("/simple/demo/", "");
    let index = server.url("/simple");
    for command in [
        format!("verify r.txt --index --index-url {index} --retries 0 --timeout 60"),
        format!("audit r.txt --platform macos-arm64 --python 3.11 --index-url {index} --retries 0 --timeout 60"),
        format!("catalog update demo==1.0 --index {index} --retries 0 --timeout 60"),
        format!("export r.txt --allow-none --python 3.11 --format pylock --index-url {index} --retries 0 --timeout 60"),
    ] {
        let before = server.log().len();
        let run = place.online(&command);
        // What is known of the entry without asking needs no page.
        let asked = &server.log()[before..];
        assert!(!asked.is_empty(), "{command}: {}", run.stderr);
        assert!(asked.iter().all(|request| request.header("authorization") == ME), "{command}");
    }
}

/// A server with a certificate that nobody signed but itself; the number of connections to it.
fn untrusted() -> (url::Url, Arc<AtomicUsize>) {
    let pem = |name: &str| std::fs::read(fixture(&format!("tls/{name}.pem"))).unwrap();
    let certificate = CertificateDer::from_pem_slice(&pem("cert")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(&pem("key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = url(&format!("https://{}{PAGE}", listener.local_addr().unwrap()));
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            counter.fetch_add(1, Ordering::Relaxed);
            let Ok(tls) = ServerConnection::new(Arc::clone(&config)) else { return };
            let mut stream = StreamOwned::new(tls, stream);
            let mut request = [0; 4096];
            // Who does not trust it says so here.
            if matches!(stream.read(&mut request), Ok(1..)) {
                let _ = stream.write_all(
                    b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n",
                );
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    (at, count)
}

#[test]
fn a_certificate_that_is_not_trusted_is_reported_at_once() {
    let (url, count) = untrusted();
    let problem = Network::new(patient()).page(&url).unwrap_err();
    assert!(problem.message.contains("cannot be trusted"), "{problem}");
    assert!(problem.to_string().contains("SSL_CERT_FILE"), "{problem}");
    assert_eq!(count.load(Ordering::Relaxed), 1);
    // The remedy is one.
    let pem = std::fs::read(fixture("tls/cert.pem")).unwrap();
    let settings = Settings { authorities: vec![("cert.pem (SSL_CERT_FILE)".to_owned(), pem)], ..patient() };
    Network::new(settings).page(&url).unwrap();
}

#[test]
fn a_server_without_tls_is_reported_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = url(&format!("https://{}{PAGE}", listener.local_addr().unwrap()));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let problem = Network::new(patient()).page(&at).unwrap_err();
    assert!(problem.message.contains("offers no supported TLS"), "{problem}");
}

#[test]
fn no_message_holds_a_secret() {
    let server = Server::new();
    for faults in [
        vec![Fault::Status(403, "")],
        vec![Fault::Status(401, "")],
        vec![Fault::Status(500, ""); 4],
        vec![Fault::Cut(0); 4],
        vec![Fault::Stall(0); 4],
        vec![Fault::Redirect("http://me:secret@plain.example/?key=secret".to_owned())],
        vec![Fault::Redirect("/simple/torch/".to_owned()); 11],
    ] {
        server.page(PAGE, "<html>").faults(PAGE, faults.clone());
        let settings = if matches!(faults[0], Fault::Stall(_)) { quick() } else { patient() };
        let problem = Network::new(settings).page(&with(&server, "me:secret")).unwrap_err();
        assert!(!format!("{problem} {problem:?}").contains("secret"), "{problem}");
    }
    let proxies = Proxies { https: Some("http://me:secret@[".to_owned()), ..Proxies::default() };
    let problem = Network::new(Settings { proxies, ..patient() }).page(&with(&server, "me:secret")).unwrap_err();
    assert_eq!(problem.code, Code::Usage);
    assert!(!format!("{problem:?}").contains("secret"), "{problem}");
}

#[test]
fn a_proxy_is_asked_but_for_this_machine() {
    let (proxy, server) = (Server::new(), Server::new());
    server.page(PAGE, "");
    proxy.page("http://i.example/simple/torch/", "<a href=a-1.whl>a</a>");
    let proxies =
        Proxies { http: Some(proxy.base.clone()), none: Some("direct.example".to_owned()), ..Proxies::default() };
    let network = Network::new(Settings { proxies, allow_http: true, ..patient() });
    let page = network.page(&url("http://i.example/simple/torch/")).unwrap();
    assert_eq!(page.links[0].url.as_str(), "http://i.example/simple/torch/a-1.whl");
    assert_eq!(proxy.log()[0].path, "http://i.example/simple/torch/");
    network.page(&url(&server.url(PAGE))).unwrap();
    assert_eq!((proxy.log().len(), server.log().len()), (1, 1));
    assert!(network.page(&url("http://direct.example:9/")).is_err());
    assert_eq!(proxy.log().len(), 1);
}

#[test]
fn plain_http_with_another_machine_is_refused() {
    let problem = Network::new(patient()).page(&url("http://i.example/simple/torch/")).unwrap_err();
    assert!(problem.to_string().contains("--allow-http"), "{problem}");
}

#[test]
fn a_file_without_certificates_is_an_error() {
    let authorities = vec![("ca.pem (SSL_CERT_FILE)".to_owned(), b"nothing".to_vec())];
    let problem = Network::new(Settings { authorities, ..patient() }).page(&url("https://i.example/")).unwrap_err();
    assert!(problem.message.contains("ca.pem (SSL_CERT_FILE)"), "{problem}");
}

/// pip reads the file with Python's own library; what is odd is read in the same way.
#[test]
fn a_netrc_is_read_as_python_reads_it() {
    const SCRIPT: &str = "import base64, netrc, sys\n\
        login, _, secret = netrc.netrc(sys.argv[1]).authenticators('127.0.0.1')\n\
        print('Basic ' + base64.b64encode(f'{login}:{secret}'.encode()).decode(), end='')";
    let place = Place::new();
    let server = Server::new();
    let page = url(&server.url(PAGE));
    server.page(PAGE, "");
    for text in [
        "machine 127.0.0.1 login me password secret",
        "machine 127.0.0.1\n\tlogin me\n\tpassword secret\n",
        "machine 127.0.0.1 password secret login me",
        "machine 127.0.0.1 login me password \"two words\"",
        "machine 127.0.0.1 login me password se#cret",
        "machine 127.0.0.1 login me password sec\\ret",
        "machine 127.0.0.1 user me account a password secret",
        "# mine\nmachine 127.0.0.1 login me password secret # and no more",
        "machine other.example login you password x\nmachine 127.0.0.1 login me password secret",
        "macdef init\nmachine 127.0.0.1 login you password x\n\nmachine 127.0.0.1 login me password secret",
        "machine 127.0.0.1 login you password x\nmachine 127.0.0.1 login me password secret",
        "machine 127.0.0.1 login me password secret\ndefault login you password x",
        "default login me password secret",
    ] {
        place.write("netrc", format!("{text}\n"));
        let python =
            std::process::Command::new("python3").args(["-c", SCRIPT, "netrc"]).current_dir(place.path()).output();
        let Ok(python) = python else {
            return println!("skipped: no Python 3 here, so nobody judges how a netrc is read");
        };
        assert!(python.status.success(), "{text}: {}", String::from_utf8_lossy(&python.stderr));
        let settings = Settings { netrc: Netrc::parse(text), named: vec![page.clone()], ..patient() };
        Network::new(settings).page(&page).unwrap();
        let sent = server.log().last().unwrap().header("authorization").to_owned();
        assert_eq!(sent, String::from_utf8(python.stdout).unwrap(), "{text}");
    }
}
