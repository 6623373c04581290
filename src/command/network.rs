//! The network, for the commands that may reach it.

use url::Url;

use crate::cli::NetworkArgs;
use crate::edge::index::Network;
use crate::edge::io;
use crate::edge::progress::Display;
use crate::report::error::Result;

/// The network, used as the options and the environment have it; `named` are the addresses that the user gave.
pub(super) fn network(args: NetworkArgs, named: impl IntoIterator<Item = Url>, display: &Display) -> Result<Network> {
    let NetworkArgs { allow_http, timeout, retries } = args;
    Ok(Network::new(io::network_settings()?.asked(allow_http, timeout, retries, named)).shown_on(display))
}
