//! Indexes of packages: what a page says (pure), and the network that pages and wheels come from.
//!
//! ```text
//! Settings (made by io) ──► Network ──► Page        a page, read by `simple`, `html`, `json`
//!                                  ├──► metadata    the PEP 658 file of a wheel, its own digest checked
//!                                  ├──► RangeReader parts of a file that lies there, as `Read + Seek`
//!                                  ├──► Download    a whole file, through SHA-256, nothing kept
//!                                  └──► Whole       a wheel, hashed and opened
//! ```
//!
//! [`Network`] is a value that a command must hold: who is not given one reaches nothing. Making it opens nothing; the
//! client is built when it is first asked. Only this layer may look at the clock and sleep.

mod download;
mod fetch;
mod html;
mod http;
mod json;
mod netrc;
mod pace;
mod policy;
mod range;
mod settings;
pub mod simple;
mod whole;

pub use download::{Before, Downloaded};
pub use http::Network;
pub use netrc::Netrc;
pub use policy::{shown, without_login};
pub use range::RangeReader;
pub use settings::{Patience, Proxies, Settings};
pub use simple::{Link, MetadataFile, Page};
pub use whole::{Glimpse, Opened};
