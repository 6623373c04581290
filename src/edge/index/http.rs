//! The network as a value: requests with redirects, logins and new tries.

use std::collections::HashMap;
use std::error::Error as _;
use std::io;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::sleep;

use reqwest::blocking::{Client, Response};
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Certificate, NoProxy, Proxy, redirect};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use url::Url;

use super::netrc::Login;
use super::policy::{self, Failure, Tries, shown};
use super::settings::{Patience, Proxies, Settings};
use crate::edge::progress::Display;
use crate::packaging::address;
use crate::report::error::{Code, Problem};

/// The network. A command that holds none reaches nothing; making one opens nothing.
#[derive(Debug)]
pub struct Network {
    settings: Settings,
    client: OnceLock<Result<Client, Problem>>,
    /// Logins of addresses, by origin: what a page links to on its own host needs the same.
    logins: Mutex<HashMap<String, Login>>,
    /// Its holder may take up much memory.
    turn: Mutex<()>,
    /// The terminal that shows what is waited for.
    display: Display,
}

/// One request, before it is sent.
pub(super) struct Ask<'a> {
    pub(super) url: &'a Url,
    pub(super) headers: HeaderMap,
}

impl<'a> Ask<'a> {
    /// For the bytes of a file as they are.
    pub(super) fn file(url: &'a Url) -> Self {
        Self { url, headers: HeaderMap::new() }.with(header::ACCEPT_ENCODING, "identity")
    }

    #[must_use]
    pub(super) fn with(mut self, name: header::HeaderName, value: &str) -> Self {
        // A value that came from a server and cannot be sent back is left out: then the server answers in full.
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }
}

impl Network {
    /// A network that is used as the settings say.
    pub fn new(settings: Settings) -> Self {
        let display = Display::SILENT;
        Self { settings, client: OnceLock::new(), logins: Mutex::default(), turn: Mutex::default(), display }
    }

    /// The same network; what is waited for is shown.
    #[must_use]
    pub fn shown_on(self, display: &Display) -> Self {
        Self { display: display.clone(), ..self }
    }

    /// The terminal that shows what is waited for.
    pub fn display(&self) -> &Display {
        &self.display
    }

    pub(super) fn patience(&self) -> &Patience {
        &self.settings.patience
    }

    /// Waits until nobody else takes up much memory.
    pub(super) fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn largest_page(&self) -> u64 {
        self.settings.largest_page
    }

    /// Does something until it works, fails for good, or has been tried often enough.
    pub(super) fn persist<T>(&self, url: &Url, attempt: impl FnMut() -> Result<T, Failure>) -> Result<T, Problem> {
        self.persist_with(url, &mut Tries::default(), attempt)
    }

    /// The same with a count that continues: of a file of which several parts are asked for.
    pub(super) fn persist_with<T>(
        &self,
        url: &Url,
        tries: &mut Tries,
        mut attempt: impl FnMut() -> Result<T, Failure>,
    ) -> Result<T, Problem> {
        let _wait = self.display.wait(&shown(url));
        loop {
            match attempt() {
                Ok(done) => {
                    tries.moved_on();
                    return Ok(done);
                }
                Err(failure) => self.wait(url, tries, failure)?,
            }
        }
    }

    /// Waits before a new try.
    ///
    /// # Errors
    /// If there is to be none.
    pub(super) fn wait(&self, url: &Url, tries: &mut Tries, failure: Failure) -> Result<(), Problem> {
        let patience = self.patience();
        match failure {
            Failure::Final(problem) => Err(problem),
            Failure::Passing { why, after } => match tries.failed(patience.retries) {
                Ok(in_vain) => {
                    sleep(policy::pause(in_vain, after, patience));
                    Ok(())
                }
                Err(total) => {
                    let tries = if total == 1 { "try" } else { "tries" };
                    let message = format!("{}: {why}; gave up after {total} {tries}", shown(url));
                    Err(Problem::new(Code::Network, message).help("try again later"))
                }
            },
        }
    }

    /// Sends a request once and follows redirects. The answer is one of success; its URL has no login.
    pub(super) fn once(&self, ask: &Ask<'_>) -> Result<Response, Failure> {
        let mut url = ask.url.clone();
        for _ in 0..=policy::MOST_REDIRECTS {
            policy::check_scheme(&url, self.settings.allow_http).map_err(Failure::Final)?;
            let login = self.login(&mut url);
            let mut request = self.client()?.get(url.clone()).headers(ask.headers.clone());
            if let Some(login) = login {
                request = request.basic_auth(login.name, login.secret);
            }
            let response = request.send().map_err(|error| failed(&url, &error))?;
            let status = response.status();
            let text = |name: header::HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok());
            match text(header::LOCATION).filter(|_| status.is_redirection()) {
                Some(location) => url = policy::redirected(&url, location).map_err(Failure::Final)?,
                None if status.is_success() => return Ok(response),
                None => {
                    let after = text(header::RETRY_AFTER);
                    return Err(policy::refused(&url, status.as_u16(), after, self.patience()));
                }
            }
        }
        let message = format!("{} redirects more than {} times", shown(ask.url), policy::MOST_REDIRECTS);
        Err(Failure::last(Code::Network, message))
    }

    /// Takes the login out of an address; without one it is that of the same origin before, or that of the netrc. One that
    /// the netrc has for every host goes to the servers that the user named, and to none that others lead to.
    fn login(&self, url: &mut Url) -> Option<Login> {
        let mut known = self.logins.lock().unwrap_or_else(PoisonError::into_inner);
        let origin = url.origin().ascii_serialization();
        if !url.username().is_empty() || url.password().is_some() {
            let secret = url.password().map(decoded);
            let login = Login { name: decoded(url.username()), secret };
            known.insert(origin.clone(), login);
            *url = policy::without_login(url);
        }
        let is_named = self.settings.named.iter().any(|named| named.origin() == url.origin());
        known.get(&origin).or_else(|| self.settings.netrc.login(url.host_str()?, is_named)).cloned()
    }

    fn client(&self) -> Result<&Client, Failure> {
        let made = self.client.get_or_init(|| client(&self.settings));
        made.as_ref().map_err(|problem| Failure::Final(problem.clone()))
    }
}

fn decoded(text: &str) -> String {
    // The library that reads addresses encodes what is in them; only what is text can be sent.
    address::decoded(text).unwrap_or_else(|| text.to_owned())
}

fn client(settings: &Settings) -> Result<Client, Problem> {
    // Fails only if there is a provider already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("torchswap/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(settings.patience.idle)
        .timeout(settings.patience.idle)
        .redirect(redirect::Policy::none())
        .no_proxy();
    for proxy in proxies(&settings.proxies)? {
        builder = builder.proxy(proxy);
    }
    let mut trusted = Vec::new();
    for (name, pem) in &settings.authorities {
        // One that cannot be read would spoil all of them.
        let readable = CertificateDer::pem_slice_iter(pem)
            .filter_map(Result::ok)
            .filter(|one| RootCertStore::empty().add(one.clone()).is_ok());
        let before = trusted.len();
        trusted.extend(readable.filter_map(|one| Certificate::from_der(&one).ok()));
        if trusted.len() == before {
            return Err(Problem::new(Code::Io, format!("{name} holds no certificates that can be read")));
        }
    }
    if !trusted.is_empty() {
        builder = builder.tls_certs_only(trusted);
    }
    builder
        .build()
        .map_err(|error| Problem::new(Code::Network, format!("the network cannot be used: {}", chain(&error))))
}

fn proxies(proxies: &Proxies) -> Result<Vec<Proxy>, Problem> {
    // No proxy can reach this machine by its own names.
    let none = format!("localhost,127.0.0.1,::1,{}", proxies.none.as_deref().unwrap_or_default());
    let read = |name: &str, url: Option<&String>, make: fn(String) -> reqwest::Result<Proxy>| {
        // The address is not shown: it may hold a login.
        let odd = |_| Problem::new(Code::Usage, format!("{name} is not the address of a proxy"));
        let proxy = url.map(|url| make(url.clone()).map_err(odd)).transpose()?;
        Ok(proxy.map(|proxy| proxy.no_proxy(NoProxy::from_string(&none))))
    };
    let all = [
        read("HTTP_PROXY", proxies.http.as_ref(), Proxy::http)?,
        read("HTTPS_PROXY", proxies.https.as_ref(), Proxy::https)?,
        read("ALL_PROXY", proxies.all.as_ref(), Proxy::all)?,
    ];
    Ok(all.into_iter().flatten().collect())
}

/// The failure for a request without an answer. A server that speaks no TLS that can be trusted will not do so the next
/// time.
fn failed(url: &Url, error: &reqwest::Error) -> Failure {
    let why = chain(error);
    let Some(tls) = tls(error) else {
        return if error.is_timeout() { Failure::passing("no answer in time") } else { Failure::passing(why) };
    };
    let (what, remedy) = match tls {
        // A verifier of the system reports some of its reasons as general ones.
        rustls::Error::InvalidCertificate(_) | rustls::Error::General(_) | rustls::Error::NoCertificatesPresented => {
            ("cannot be trusted", "name your certificate authorities with SSL_CERT_FILE")
        }
        _ => ("offers no supported TLS", "check the address, and any proxy or firewall in between"),
    };
    Failure::Final(Problem::new(Code::Network, format!("{} {what}: {why}", shown(url))).help(remedy))
}

/// The TLS error in a failure. It is in errors of reading and writing that may lie in others of their kind, and such a
/// one names as its source not what lies in it, but the source of that.
fn tls<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e rustls::Error> {
    if let Some(found) = error.downcast_ref::<rustls::Error>() {
        return Some(found);
    }
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    inner.and_then(|inner| tls(inner)).or_else(|| error.source().and_then(tls))
}

/// An error with its causes, without the address, which may hold a secret.
fn chain(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause = error.source();
    while let Some(one) = cause {
        let one_text = one.to_string();
        // "client error (Connect)" says nothing that its cause does not say better.
        let empty = one_text.starts_with("client error") && one.source().is_some();
        if !(empty || text.contains(&one_text)) {
            text.push_str(if text.is_empty() { "" } else { ": " });
            text.push_str(&one_text);
        }
        cause = one.source();
    }
    if text.is_empty() { "the request failed".to_owned() } else { text }
}
