//! Logins, proxies and certificate authorities.

use torchswap::edge::index::{Netrc, Network, Proxies, Settings};
use torchswap::report::error::Code;

use super::{noise, patient, quick, url};
use crate::support::server::{Fault, Server};

/// `me:secret` and `you:secret`, as HTTP has them.
const ME: &str = "Basic bWU6c2VjcmV0";
const PAGE: &str = "/simple/torch/";

fn with(server: &Server, login: &str) -> url::Url {
    url(&server.url(PAGE).replace("http://", &format!("http://{login}@")))
}

#[test]
fn a_login_stands_in_the_address_or_the_netrc() {
    let server = Server::new();
    server.page(PAGE, "<a href=a-1.whl>a</a>").file("/simple/torch/a-1.whl", "x", noise(10)).password(ME);
    let network = Network::new(patient());
    let problem = network.page(&url(&server.url(PAGE))).unwrap_err();
    assert!(problem.message.contains("asks for a login"), "{problem}");
    // What the page links to on its own host gets the same login, and shows none.
    let page = network.page(&with(&server, "me:secret")).unwrap();
    assert_eq!(page.links[0].url.username(), "");
    assert_eq!(network.download(&page.links[0].url, &[], &()).unwrap().size, 10);
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
