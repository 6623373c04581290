//! Addresses: the parts of a URL, percent-encoding, and the two names of PyTorch's host.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The root of PyTorch's wheels: a folder for each build, which is also the address of that build's index.
pub const PYTORCH: &str = "https://download.pytorch.org/whl";

/// The host of that index.
pub const PYTORCH_HOST: &str = "download.pytorch.org";

/// A text without percent-encoding; `None` if what it encodes is not text. What is no such pair stays.
pub fn decoded(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(String::from)
}

/// A path as a URI reference (RFC 3986): with slashes, and everything odd in percent.
pub fn of_path(path: &str) -> String {
    const ODD: AsciiSet =
        NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b'+').remove(b'@');
    utf8_percent_encode(&path.replace('\\', "/"), &ODD).to_string()
}

/// The name of a wheel in a URL, or a URL that has it: a `+`, as labels have it, is written `%2B`.
pub fn encoded(text: &str) -> String {
    text.replace('+', "%2B")
}

/// A URL with each [`encoded`] `+` as itself.
pub fn without_encoded(text: &str) -> String {
    text.replace("%2B", "+").replace("%2b", "+")
}

/// A URL without query and fragment.
pub fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

/// The folder that a URL's file lies in, without the slash.
pub fn folder(url: &str) -> Option<&str> {
    without_query(url).rsplit_once('/').map(|(folder, _)| folder)
}

/// The file that a URL names: what follows its last slash, without query, fragment and percent-encoding.
pub fn file_name(url: &str) -> String {
    let last = without_query(url).rsplit('/').next().unwrap_or_default();
    decoded(last).unwrap_or_else(|| last.to_owned())
}

/// The host of a URL and its port, without a login.
pub fn host(url: &str) -> &str {
    let authority = url.split_once("://").and_then(|(_, rest)| rest.split('/').next()).unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default()
}

/// A path that pip takes for one, and not for a package's name. An absolute one ties what it is written into to a machine,
/// but it is what was locked.
pub fn path(path: &str) -> String {
    let plain = path.starts_with(['.', '/']) || path.contains(':');
    if plain { path.to_owned() } else { format!("./{path}") }
}

/// True for the default index by its own address: the host is `pypi` with a top-level domain.
pub fn is_default_index(place: &str) -> bool {
    host(place).strip_prefix("pypi.").is_some_and(|domain| !domain.is_empty() && !domain.contains(['.', ':']))
}

/// An address with the first name of PyTorch's host, which has had a second one since 2026. The path is what counts there.
pub fn canonical(url: &str) -> String {
    match url.split_once("://download-r2.pytorch.org/") {
        Some((scheme, path)) if !scheme.contains('/') => format!("{scheme}://{PYTORCH_HOST}/{path}"),
        Some(_) | None => url.to_owned(),
    }
}

/// True if two URLs lead to one file.
pub fn is_same(one: &str, other: &str) -> bool {
    let plain = |url: &str| without_encoded(&canonical(url));
    plain(one) == plain(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_only_what_is_encoded() {
        for (text, expected) in [("a%2Bb", "a+b"), ("a%2bb", "a+b"), ("a%2", "a%2"), ("%+f", "%+f"), ("%é2b", "%é2b")]
        {
            assert_eq!(decoded(text).as_deref(), Some(expected));
        }
        assert_eq!(decoded("%ff"), None);
    }

    #[test]
    fn paths_become_uris() {
        assert_eq!(of_path("a/poetry.lock"), "a/poetry.lock");
        assert_eq!(of_path("a\\b c.txt"), "a/b%20c.txt");
        assert_eq!(of_path("<stdin>"), "%3Cstdin%3E");
        assert_eq!(of_path("C:/é~+@_"), "C%3A/%C3%A9~+@_");
    }

    #[test]
    fn a_url_is_a_host_and_a_folder_and_a_file() {
        let url = "https://me:secret@x.example:8080/whl/cu118/a.whl?b=/c@d#e/f";
        assert_eq!(host(url), "x.example:8080");
        assert_eq!(folder(url), Some("https://me:secret@x.example:8080/whl/cu118"));
        assert_eq!((host("a.whl"), folder("a.whl")), ("", None));
        assert_eq!(encoded("a-1+cpu.whl"), "a-1%2Bcpu.whl");
    }

    #[test]
    fn a_url_ends_in_a_file_name() {
        for (url, name) in [
            ("https://x.example/whl/a-1%2Bcu118-py3-none-any.whl?b=/c#d/e", "a-1+cu118-py3-none-any.whl"),
            ("https://x.example/a-1%21%ff.whl", "a-1%21%ff.whl"),
            ("https://x.example/a%2b.whl#sha256=x", "a+.whl"),
            ("https://x.example/a.whl?x=/y", "a.whl"),
            ("https://x.example/%", "%"),
            ("https://x.example/%f", "%f"),
            ("https://x.example/é%2B", "é+"),
            ("a-1-py3-none-any.whl", "a-1-py3-none-any.whl"),
            ("https://x.example/", ""),
            ("", ""),
        ] {
            assert_eq!(file_name(url), name);
        }
    }

    #[test]
    fn the_second_host_of_pytorch_leads_to_the_same_file() {
        let (one, other) = ("https://download.pytorch.org/whl/a%2Bb", "https://download-r2.pytorch.org/whl/a+b");
        assert!(is_same(one, other) && !is_same(one, "https://download-r2.other.example/whl/a+b"));
        let copy = "https://copy.example/https://download-r2.pytorch.org/whl/a+b";
        assert_eq!(canonical(copy), copy);
    }
}
