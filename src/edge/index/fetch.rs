//! Small texts from the network: pages and METADATA, whole, within limits, from compression freed.

use std::io::{self, ErrorKind, Read};
use std::sync::MutexGuard;
use std::time::Instant;

use flate2::read::MultiGzDecoder;
use reqwest::blocking::Response;
use reqwest::header;
use url::Url;

use super::http::{Ask, Network};
use super::pace::{Paced, Slow};
use super::policy::{Failure, shown};
use super::settings::LARGEST_METADATA;
use super::simple::{self, ACCEPT, ACCEPT_LINKS, Link, MetadataFile, Page};
use crate::packaging::digest::Sha256;
use crate::report::error::{Code, Problem};

/// The size of each text that is read in parallel: the rest of a longer one waits for its turn.
const LONG: u64 = 1 << 20;

/// A text as it came.
struct FetchedText<'n> {
    /// The address it came from.
    base: Url,
    /// Its content type.
    kind: String,
    body: Vec<u8>,
    /// Held while a long body is in memory: there is only one at a time.
    turn: Option<MutexGuard<'n, ()>>,
}

impl Network {
    /// Reads a page of an index, all of it.
    ///
    /// # Errors
    /// As [`Network::page_as`].
    pub fn page(&self, url: &Url) -> Result<Page, Problem> {
        self.page_as(url, |page| page)
    }

    /// Reads a page of an index, and takes what is of use of it. However many pages are read at once, no two are in memory
    /// whole.
    ///
    /// # Errors
    /// With [`Code::Absent`] if there is none (404, and 403, with which PyTorch's index says so); with [`Code::Network`]
    /// if it cannot be had, is too large, or is no page of an index.
    pub fn page_as<T>(&self, url: &Url, take: impl FnOnce(Page) -> T) -> Result<T, Problem> {
        self.page_that(url, ACCEPT, take)
    }

    /// Reads a page of links, or what GitHub's API says of a release.
    ///
    /// # Errors
    /// As [`Network::page_as`].
    pub fn links(&self, url: &Url) -> Result<Page, Problem> {
        self.page_that(&simple::links_url(url), ACCEPT_LINKS, |page| page)
    }

    fn page_that<T>(&self, url: &Url, accept: &str, take: impl FnOnce(Page) -> T) -> Result<T, Problem> {
        let ask = Ask::file(url).with(header::ACCEPT, accept).with(header::ACCEPT_ENCODING, "gzip");
        let FetchedText { base, kind, body, turn } = self.text(&ask, self.largest_page())?;
        // A short page can say much.
        let _turn = turn.unwrap_or_else(|| self.turn());
        let page = simple::parse(&kind, &base, &body)
            .map_err(|why| Problem::new(Code::Network, format!("{} is not read: {why}", shown(url))))?;
        drop(body);
        Ok(take(page))
    }

    /// Reads the METADATA that lies beside a file (PEP 658); `None` if the page does not offer it.
    ///
    /// # Errors
    /// As [`Network::page`]; and with [`Code::DigestConflict`] if it has not the digest that the page gives it.
    pub fn metadata(&self, link: &Link) -> Result<Option<Vec<u8>>, Problem> {
        let Some(url) = link.metadata_url() else { return Ok(None) };
        let ask = Ask::file(&url).with(header::ACCEPT_ENCODING, "gzip");
        let body = self.text(&ask, LARGEST_METADATA)?.body;
        let found = Sha256::of_bytes(&body);
        match link.metadata {
            MetadataFile::Digest(expected) if expected != found => {
                let message = format!("{} has sha256 {found}, but the index page says {expected}", shown(&url));
                Err(Problem::new(Code::DigestConflict, message))
            }
            MetadataFile::Digest(_) | MetadataFile::Present | MetadataFile::Absent => Ok(Some(body)),
        }
    }

    fn text(&self, ask: &Ask<'_>, limit: u64) -> Result<FetchedText<'_>, Problem> {
        self.persist(ask.url, || {
            let start = Instant::now();
            let response = self.once(ask)?;
            let base = response.url().clone();
            let kind = text_of(&response, header::CONTENT_TYPE);
            let encoding = text_of(&response, header::CONTENT_ENCODING).to_ascii_lowercase();
            let patience = self.patience();
            let paced = Paced::new(response, patience.idle).until(start + patience.page);
            let (body, turn) = self.body(ask.url, &encoding, paced, limit)?;
            Ok(FetchedText { base, kind, body, turn })
        })
    }

    /// The body of an answer, and the turn of a long one.
    fn body(
        &self,
        url: &Url,
        encoding: &str,
        sent: Paced<Response>,
        limit: u64,
    ) -> Result<(Vec<u8>, Option<MutexGuard<'_, ()>>), Failure> {
        // As sent it may have as many bytes as it may have in the end; then it cannot shrink either.
        let sent = sent.take(limit + 1);
        let mut sent: Box<dyn Read> = match encoding {
            "" | "identity" => Box::new(sent),
            "gzip" | "x-gzip" => Box::new(MultiGzDecoder::new(sent).take(limit + 1)),
            _ => {
                let message = format!("{} comes in an encoding that was not requested", shown(url));
                return Err(Failure::last(Code::Network, message));
            }
        };
        let (mut bytes, mut turn) = (Vec::new(), None);
        let mut read = sent.by_ref().take(LONG).read_to_end(&mut bytes);
        if bytes.len() as u64 == LONG && read.is_ok() {
            turn = Some(self.turn());
            read = sent.read_to_end(&mut bytes);
        }
        if bytes.len() as u64 > limit {
            let message = format!("{} is larger than {} MB", shown(url), limit >> 20);
            return Err(Failure::last(Code::Network, message));
        }
        read.map_err(|error| broken(&error))?;
        Ok((bytes, turn))
    }
}

/// A header's text; empty if there is none.
pub(super) fn text_of(response: &Response, name: header::HeaderName) -> String {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().trim().to_owned()
}

/// The failure for an answer that ended early.
pub(super) fn broken(error: &io::Error) -> Failure {
    if let Some(slow) = Slow::of(error) {
        return Failure::passing(slow.to_string());
    }
    let late = error.kind() == ErrorKind::TimedOut || error.to_string().contains("timed out");
    Failure::passing(if late { "the answer stalled" } else { "the answer broke off" })
}
