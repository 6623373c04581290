//! The rules for requests and answers; pure.

use std::time::Duration;

use url::{Host, Url};

use super::settings::Patience;
use crate::report::error::{Code, Problem};

/// The most redirects that are followed.
pub(super) const MOST_REDIRECTS: usize = 10;

/// Why a request failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// It may work the next time.
    Passing {
        /// The event, for the message.
        why: String,
        /// The wait that the server asks for.
        after: Option<Duration>,
    },
    /// It will not.
    Final(Problem),
}

impl Failure {
    pub(super) fn passing(why: impl Into<String>) -> Self {
        Self::Passing { why: why.into(), after: None }
    }

    /// A problem that waiting does not mend.
    pub(super) fn last(code: Code, message: impl Into<String>) -> Self {
        Self::Final(Problem::new(code, message))
    }
}

/// The factor from the tries without progress to all tries of a file.
pub(super) const MOST_RETRIES: u32 = 10;

/// The number of tries: without progress, and in all. What makes a little progress each time must end, too.
#[derive(Debug, Default)]
pub(super) struct Tries {
    in_vain: u32,
    failed: u32,
}

impl Tries {
    /// There was progress.
    pub(super) fn moved_on(&mut self) {
        self.in_vain = 0;
    }

    /// One more try failed: how many did before it without progress, or, if there is to be no other, how many there were.
    pub(super) fn failed(&mut self, retries: u32) -> Result<u32, u32> {
        let before = self.in_vain;
        self.in_vain += 1;
        self.failed += 1;
        let is_over = self.in_vain > retries || self.failed > retries.saturating_mul(MOST_RETRIES);
        if is_over { Err(self.failed) } else { Ok(before) }
    }
}

/// An address for messages: without login, query and fragment, any of which may be secret.
pub fn shown(url: &Url) -> String {
    let mut url = without_login(url);
    url.set_fragment(None);
    url.set_query(url.query().map(|_| "…"));
    url.to_string().replace("?%E2%80%A6", "?…")
}

/// An address without the login that it may have.
pub fn without_login(url: &Url) -> Url {
    let mut url = url.clone();
    // Fails only for addresses that cannot have a login.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

/// Refuses plain http with another machine.
pub(super) fn check_scheme(url: &Url, allow_http: bool) -> Result<(), Problem> {
    match url.scheme() {
        "https" => Ok(()),
        "http" if allow_http || is_loopback(url) => Ok(()),
        "http" => {
            let problem =
                Problem::new(Code::Network, format!("{} is plain http, which can be changed in transit", shown(url)));
            Err(problem.help("use https, or allow it with --allow-http"))
        }
        _ => Err(Problem::new(Code::Network, format!("{} is neither https nor http", shown(url)))),
    }
}

/// True for the names and addresses of this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The target of a redirect, if it may be followed.
pub(super) fn redirected(from: &Url, location: &str) -> Result<Url, Problem> {
    let odd = || Problem::new(Code::Network, format!("{} redirects to something that is not a URL", shown(from)));
    let to = from.join(location).map_err(|_| odd())?;
    if from.scheme() == "https" && to.scheme() != "https" {
        let message = format!("{} redirects from https to {}", shown(from), shown(&to));
        return Err(Problem::new(Code::Network, message).help("this is refused even with --allow-http"));
    }
    Ok(to)
}

/// The failure for a status that is neither success nor a redirect.
pub(super) fn refused(url: &Url, status: u16, retry_after: Option<&str>, patience: &Patience) -> Failure {
    let url = shown(url);
    match status {
        404 | 410 => Failure::last(Code::Absent, format!("there is no {url} (status {status})")),
        // PyTorch's index answers so for every package that it does not have.
        403 => Failure::last(Code::Absent, format!("there is no {url}, or it may not be seen (status 403)")),
        416 => Failure::last(Code::Unsupported, format!("{url} has no such part (status 416)")),
        401 | 407 => {
            let problem = Problem::new(Code::Network, format!("{url} asks for a login (status {status})"));
            Failure::Final(problem.help("give it in the index URL or in ~/.netrc"))
        }
        408 | 425 | 429 | 500 | 502 | 503 | 504 => {
            let after = retry_after.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
            match after.filter(|after| *after > patience.longest_pause) {
                Some(after) => {
                    let message = format!("{url} asks to wait {} seconds (status {status})", after.as_secs());
                    Failure::Final(Problem::new(Code::Network, message).help("try again later"))
                }
                None => Failure::Passing { why: format!("status {status}"), after },
            }
        }
        _ => Failure::last(Code::Network, format!("{url} answers with status {status}")),
    }
}

/// The wait before the `number`th new try, counted from 0.
pub(super) fn pause(number: u32, asked: Option<Duration>, patience: &Patience) -> Duration {
    let doubled = patience.pause.saturating_mul(2u32.saturating_pow(number));
    asked.unwrap_or_default().max(doubled).min(patience.longest_pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        for (text, fine) in [
            ("https://i.example", true),
            ("http://127.0.0.1:8/", true),
            ("http://[::1]/", true),
            ("http://localhost", true),
            ("http://127.0.0.1.example", false),
            ("http://localhost.example", false),
            ("http://i.example", false),
            ("ftp://i.example", false),
            ("file:///etc/passwd", false),
        ] {
            assert_eq!(check_scheme(&url(text), false).is_ok(), fine, "{text}");
        }
        assert!(check_scheme(&url("http://i.example"), true).is_ok());
        assert!(check_scheme(&url("ftp://i.example"), true).is_err());
    }

    #[test]
    fn no_redirect_from_https_to_http() {
        let from = url("https://i.example/a/");
        assert_eq!(redirected(&from, "../b").unwrap().as_str(), "https://i.example/b");
        assert_eq!(redirected(&from, "https://cdn.example/b").unwrap().as_str(), "https://cdn.example/b");
        for to in ["http://i.example/a/", "http://127.0.0.1/", "file:///etc/passwd", "https://["] {
            assert!(redirected(&from, to).is_err(), "{to}");
        }
        assert!(redirected(&url("http://127.0.0.1/"), "http://127.0.0.1/b").is_ok());
    }

    #[test]
    fn messages_hold_no_secret() {
        let shown = shown(&url("https://me:secret@i.example/a?token=secret#secret"));
        assert_eq!(shown, "https://i.example/a?…");
        let error = redirected(&url("https://me:secret@i.example/?k=secret"), "http://x:secret@i.example").unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }

    #[test]
    fn tries_end_without_progress_and_with_a_little() {
        let mut tries = Tries::default();
        assert_eq!((0..4).map(|_| tries.failed(3)).collect::<Vec<_>>(), [Ok(0), Ok(1), Ok(2), Err(4)]);
        let mut tries = Tries::default();
        let moving = (1..).find_map(|_| {
            tries.moved_on();
            tries.failed(3).err()
        });
        assert_eq!(moving, Some(31));
        assert_eq!(Tries::default().failed(0), Err(1));
    }

    #[test]
    fn waits_as_asked_and_no_longer_than_is_sensible() {
        let patience = Patience::default();
        let page = url("https://i.example");
        assert!(matches!(
            refused(&page, 429, Some("7"), &patience),
            Failure::Passing { after: Some(after), .. } if after.as_secs() == 7
        ));
        assert!(matches!(refused(&page, 429, Some("3600"), &patience), Failure::Final(_)));
        assert!(matches!(refused(&page, 503, Some("tomorrow"), &patience), Failure::Passing { after: None, .. }));
        for status in [403, 404, 410] {
            assert!(matches!(refused(&page, status, None, &patience), Failure::Final(one) if one.code == Code::Absent));
        }
        assert_eq!(pause(0, None, &patience), patience.pause);
        assert_eq!(pause(2, None, &patience), patience.pause * 4);
        assert_eq!(pause(0, Some(Duration::from_secs(7)), &patience).as_secs(), 7);
        assert_eq!(pause(99, None, &patience), patience.longest_pause);
    }
}
