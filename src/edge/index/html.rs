//! An index page in HTML (PEP 503, 592, 629, 658, 714).

use html5gum::{StartTag, Token, Tokenizer};
use url::Url;

use super::simple::{Metadata, Page};
use crate::text::quoted;

/// Reads every `<a href>` of a page.
///
/// # Errors
/// If the page says that it follows another major version of the API.
pub(super) fn parse(base: &Url, body: &[u8]) -> Result<Page, String> {
    let mut page = Page::default();
    let mut base = base.clone();
    let mut based = false;
    for token in Tokenizer::new(body) {
        let Ok(Token::StartTag(tag)) = token else { continue };
        match tag.name.as_slice() {
            // The first `<base href>` counts.
            b"base" => {
                if let Some(url) = attribute(&tag, "href").and_then(|href| base.join(&href).ok()).filter(|_| !based) {
                    base = url;
                    based = true;
                }
            }
            b"meta" if attribute(&tag, "name").as_deref() == Some("pypi:repository-version") => {
                let version = attribute(&tag, "content").unwrap_or_default();
                if version.split('.').next() != Some("1") {
                    return Err(format!("it follows version `{}` of the index API", quoted(&version)));
                }
            }
            b"a" => anchor(&mut page, &base, &tag),
            _ => {}
        }
    }
    Ok(page)
}

fn anchor(page: &mut Page, base: &Url, tag: &StartTag<()>) {
    let Some(href) = attribute(tag, "href") else { return };
    let metadata = ["data-core-metadata", "data-dist-info-metadata"].into_iter().find_map(|name| attribute(tag, name));
    let Some(link) = page.link(base, &href, None) else { return };
    link.requires_python = attribute(tag, "data-requires-python").filter(|text| !text.trim().is_empty());
    link.yanked = attribute(tag, "data-yanked");
    link.metadata = match metadata.as_deref() {
        None | Some("false") => Metadata::Absent,
        Some(text) => match text.strip_prefix("sha256=").map(str::parse) {
            Some(Ok(digest)) => Metadata::Digest(digest),
            // Without a digest that can be checked, or with one of another kind.
            Some(Err(_)) | None => Metadata::Present,
        },
    };
}

fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    let value = tag.attributes.get(name.as_bytes())?;
    Some(String::from_utf8_lossy(&value.value).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packaging::digest::Sha256;
    use proptest::prelude::*;

    fn page(html: &str) -> Page {
        parse(&Url::parse("https://i.example/whl/cu118/torch/").unwrap(), html.as_bytes()).unwrap()
    }

    fn digest(digit: &str) -> Sha256 {
        digit.repeat(64).parse().unwrap()
    }

    #[test]
    fn reads_what_pytorch_s_index_serves() {
        let (a, b) = ("a".repeat(64), "b".repeat(64));
        let html = format!(
            "<!DOCTYPE html>\n<html><body>\n<h1>Links for torch</h1>\n\
             <a href=\"https://cdn.example/whl/cu118/torch-2.7.1%2Bcu118-cp310-cp310-linux_x86_64.whl#sha256={a}\" \
             data-dist-info-metadata=\"sha256={b}\" data-core-metadata=\"sha256={b}\" \
             data-requires-python=\"&gt;=3.9\">torch-2.7.1+cu118-cp310-cp310-linux_x86_64.whl</a><br/>\n\
             <A HREF='/whl/cu118/torch-2.0.0%2Bcu118-cp310-cp310-linux_x86_64.whl' data-yanked>x</A>\n\
             <a data-core-metadata=true data-yanked=\"broken &amp; gone\" href=torch-2.10.0+cu118-3-py3-none-any.whl#md5=1>x</a>\n\
             <a>no address</a><a href=\"../\">up</a><a href=\"mailto:a@i.example\">mail</a>"
        );
        let page = page(&html);
        assert!(page.odd.is_empty(), "{:?}", page.odd);
        let [first, second, third] = &page.links[..] else { panic!("{:?}", page.links) };
        assert_eq!(first.file, "torch-2.7.1+cu118-cp310-cp310-linux_x86_64.whl");
        assert_eq!(
            first.url.as_str(),
            "https://cdn.example/whl/cu118/torch-2.7.1%2Bcu118-cp310-cp310-linux_x86_64.whl"
        );
        assert_eq!((first.sha256, first.metadata), (Some(digest("a")), Metadata::Digest(digest("b"))));
        assert_eq!((first.requires_python.as_deref(), first.yanked.as_deref()), (Some(">=3.9"), None));
        assert!(first.metadata_url().unwrap().as_str().ends_with("linux_x86_64.whl.metadata"));
        assert_eq!(second.url.as_str(), "https://i.example/whl/cu118/torch-2.0.0%2Bcu118-cp310-cp310-linux_x86_64.whl");
        assert_eq!((second.sha256, second.yanked.as_deref(), second.metadata), (None, Some(""), Metadata::Absent));
        assert_eq!(third.url.as_str(), "https://i.example/whl/cu118/torch/torch-2.10.0+cu118-3-py3-none-any.whl");
        assert_eq!((third.sha256, third.yanked.as_deref()), (None, Some("broken & gone")));
        assert_eq!(third.metadata, Metadata::Present);
    }

    #[test]
    fn a_metadata_digest_is_never_the_file_s() {
        let b = "b".repeat(64);
        let page = page(&format!("<a href=a-1-py3-none-any.whl data-dist-info-metadata='sha256={b}'>a</a>"));
        assert_eq!((page.links[0].sha256, page.links[0].metadata), (None, Metadata::Digest(digest("b"))));
    }

    #[test]
    fn the_first_base_counts() {
        let page = page("<base href='/files/'><base href='https://evil.example/'><a href=a-1.whl>a</a>");
        assert_eq!(page.links[0].url.as_str(), "https://i.example/files/a-1.whl");
    }

    #[test]
    fn odd_links_are_left_out_and_told() {
        let page = page("<a href=a-1.whl#sha256=abc>a</a><a href='..%2f..%2fetc'>b</a><a href='http://[::1'>c</a>");
        assert!(page.links.is_empty());
        assert_eq!(page.odd.len(), 2, "{:?}", page.odd);
    }

    #[test]
    fn another_version_of_the_api_is_refused() {
        let base = Url::parse("https://i.example/").unwrap();
        let html = |version: &str| format!("<meta name='pypi:repository-version' content='{version}'>");
        assert!(parse(&base, html("1.4").as_bytes()).is_ok());
        assert!(parse(&base, html("2.0").as_bytes()).is_err());
    }

    #[test]
    fn many_links_are_read() {
        let one = |number: usize| format!("<a href=\"t-{number}-py3-none-any.whl#sha256={}\">x</a>\n", "c".repeat(64));
        let page = page(&(0..50_000).map(one).collect::<String>());
        assert_eq!((page.links.len(), page.odd.len()), (50_000, 0));
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "(<a href=|<base href=|<meta |'|\"|#sha256=|%2[fF]|data-yanked|\\PC{0,6}|>){0,30}") {
            let _ = parse(&Url::parse("https://i.example/a/").unwrap(), text.as_bytes());
        }
    }
}
