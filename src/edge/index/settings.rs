//! Network settings: those of the user's environment and options. Made by `io`, which reads them.

use std::fmt;
use std::time::Duration;

use url::Url;

use super::netrc::Netrc;

/// All that a [`Network`](super::Network) needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Speak plain http with other hosts than this machine, too.
    pub allow_http: bool,
    /// Addresses that the user gave: only their servers get the login that a netrc has for every host.
    pub named: Vec<Url>,
    /// The user's logins.
    pub netrc: Netrc,
    /// The user's proxies.
    pub proxies: Proxies,
    /// Files of certificate authorities, each with its name: only these are trusted; if empty the system's.
    pub authorities: Vec<(String, Vec<u8>)>,
    /// The timeouts and the number of tries.
    pub patience: Patience,
    /// The largest page that is read, in bytes without compression.
    pub largest_page: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            allow_http: false,
            named: Vec::new(),
            netrc: Netrc::default(),
            proxies: Proxies::default(),
            authorities: Vec::new(),
            patience: Patience::default(),
            // Some ten times the largest known.
            largest_page: 64 << 20,
        }
    }
}

impl Settings {
    /// With what a command line says: if plain http is allowed, how many seconds to wait for something, how often to try
    /// again, and the addresses that the user gave.
    #[must_use]
    pub fn asked(self, allow_http: bool, timeout: u32, retries: u32, named: impl IntoIterator<Item = Url>) -> Self {
        let idle = Duration::from_secs(timeout.into());
        let patience = Patience { idle, page: idle * PAGE, retries, ..self.patience };
        Self { allow_http, named: named.into_iter().collect(), patience, ..self }
    }
}

/// Proxies, as the usual variables have them. Its [`Debug`](fmt::Debug) shows none: an address may hold a login.
#[derive(Clone, Default)]
pub struct Proxies {
    /// For http (`HTTP_PROXY`).
    pub http: Option<String>,
    /// For https (`HTTPS_PROXY`).
    pub https: Option<String>,
    /// For what has no proxy of its own (`ALL_PROXY`).
    pub all: Option<String>,
    /// Hosts that are reached without (`NO_PROXY`).
    pub none: Option<String>,
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proxies")
    }
}

/// The timeouts and the number of tries.
#[derive(Debug, Clone)]
pub struct Patience {
    /// For a connection, and for each piece of an answer; in as long a time 1 kB a second must come, too.
    pub idle: Duration,
    /// For a whole page.
    pub page: Duration,
    /// The number of retries of a request. A download that comes further than ever begins to count anew, up to
    /// ten times as many tries.
    pub retries: u32,
    /// Before the first new try; doubles with each.
    pub pause: Duration,
    /// The longest pause that a server may ask for (`Retry-After`), and that doubling comes to.
    pub longest_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let idle = Duration::from_secs(30);
        Self {
            idle,
            page: idle * PAGE,
            retries: 5,
            pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(60),
        }
    }
}

/// A whole page may take so many times as long as a piece of it.
const PAGE: u32 = 6;

/// The least bytes of an answer in a second, on average over [`Patience::idle`]: a tenth of the slowest lines on
/// which anybody would wait for a wheel.
pub(super) const SLOWEST: u64 = 1 << 10;

/// The largest METADATA that is read, in bytes.
pub(super) const LARGEST_METADATA: u64 = 4 << 20;

/// The largest file that is downloaded, in bytes: no wheel is a tenth of it.
pub(super) const LARGEST_FILE: u64 = 64 << 30;
