//! An index page in HTML (PEP 503, 592, 629, 658, 714).

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};
use std::convert::Infallible;
use url::Url;

use super::simple::{LONGEST_TEXT, MetadataFile, Page, PageDraft};
use crate::text::quoted;

/// Reads every `<a href>` of a page. Of a tag only the attributes that are used are kept.
///
/// # Errors
/// If the page says that it follows another major version of the API, its `<base href>` is too long, or its links take
/// up too much.
pub(super) fn parse(base: &Url, body: &[u8]) -> Result<Page, String> {
    let mut reader = HtmlReader { draft: PageDraft::default(), base: base.clone(), based: false, refused: None };
    let mut tag = Tag::default();
    let emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, _: Span<()>| -> Option<Infallible> {
        match event {
            CallbackEvent::OpenStartTag { name } => tag.open(name),
            CallbackEvent::AttributeName { name } => tag.name(name),
            CallbackEvent::AttributeValue { value } => tag.value(value),
            CallbackEvent::CloseStartTag { .. } => reader.tag(&std::mem::take(&mut tag)),
            // An end tag has no attributes that count.
            CallbackEvent::EndTag { .. } => tag = Tag::default(),
            CallbackEvent::String { .. }
            | CallbackEvent::Comment { .. }
            | CallbackEvent::Doctype { .. }
            | CallbackEvent::Error(_) => {}
        }
        None
    });
    // No event becomes a token: the events are all there is.
    Tokenizer::new_with_emitter(body, emitter).for_each(drop);
    match reader.refused {
        Some(why) => Err(why),
        None => reader.draft.finish(),
    }
}

/// The tags that are read, and the attributes of each.
const TAGS: [(&str, &[&str]); 3] = [
    ("base", &["href"]),
    ("meta", &["name", "content"]),
    ("a", &["href", "data-core-metadata", "data-dist-info-metadata", "data-requires-python", "data-yanked"]),
];

/// A start tag: of an attribute that is there twice the first counts.
#[derive(Default)]
struct Tag {
    name: &'static str,
    wanted: &'static [&'static str],
    attributes: Vec<(&'static str, String)>,
    /// If what comes next is the value of the last attribute.
    expects: bool,
    too_long: bool,
}

impl Tag {
    fn open(&mut self, name: &[u8]) {
        let known = TAGS.into_iter().find(|(known, _)| known.as_bytes() == name);
        let (name, wanted) = known.unwrap_or_default();
        *self = Self { name, wanted, ..Self::default() };
    }

    fn name(&mut self, name: &[u8]) {
        let wanted = self.wanted.iter().find(|wanted| wanted.as_bytes() == name);
        let new = wanted.filter(|wanted| self.get(wanted).is_none());
        self.expects = new.is_some();
        self.attributes.extend(new.map(|name| (*name, String::new())));
    }

    fn value(&mut self, value: &[u8]) {
        if !std::mem::take(&mut self.expects) {
            return;
        }
        if value.len() > LONGEST_TEXT {
            self.too_long = true;
        } else if let Some((_, text)) = self.attributes.last_mut() {
            *text = String::from_utf8_lossy(value).into_owned();
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

struct HtmlReader {
    draft: PageDraft,
    base: Url,
    based: bool,
    refused: Option<String>,
}

impl HtmlReader {
    fn tag(&mut self, tag: &Tag) {
        match tag.name {
            // The first `<base href>` counts.
            "base" if !self.based => {
                if tag.too_long {
                    let most = LONGEST_TEXT >> 10;
                    self.refused.get_or_insert(format!(
                        "its `<base href>` is longer than {most} kB; use another index, or report it to its operators"
                    ));
                } else if let Some(url) = tag.get("href").and_then(|href| self.base.join(href).ok()) {
                    self.base = url;
                    self.based = true;
                }
            }
            "meta" if tag.get("name") == Some("pypi:repository-version") => {
                let version = tag.get("content").unwrap_or_default();
                if version.split('.').next() != Some("1") {
                    self.refused.get_or_insert(format!("it follows version `{}` of the index API", quoted(version)));
                }
            }
            "a" if tag.too_long => self.draft.note_too_long(),
            "a" => self.anchor(tag),
            _ => {}
        }
    }

    fn anchor(&mut self, tag: &Tag) {
        let Some(href) = tag.get("href") else { return };
        let Some(mut link) = self.draft.link(&self.base, href, None) else { return };
        let metadata = ["data-core-metadata", "data-dist-info-metadata"].into_iter().find_map(|name| tag.get(name));
        link.requires_python =
            tag.get("data-requires-python").filter(|text| !text.trim().is_empty()).map(str::to_owned);
        link.yanked = tag.get("data-yanked").map(str::to_owned);
        link.metadata = match metadata {
            None | Some("false") => MetadataFile::Absent,
            Some(text) => match text.strip_prefix("sha256=").map(str::parse) {
                Some(Ok(digest)) => MetadataFile::Digest(digest),
                // Without a digest that can be checked, or with one of another kind.
                Some(Err(_)) | None => MetadataFile::Present,
            },
        };
        self.draft.keep(link);
    }
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
        assert_eq!((first.sha256, first.metadata), (Some(digest("a")), MetadataFile::Digest(digest("b"))));
        assert_eq!((first.requires_python.as_deref(), first.yanked.as_deref()), (Some(">=3.9"), None));
        assert!(first.metadata_url().unwrap().as_str().ends_with("linux_x86_64.whl.metadata"));
        assert_eq!(second.url.as_str(), "https://i.example/whl/cu118/torch-2.0.0%2Bcu118-cp310-cp310-linux_x86_64.whl");
        assert_eq!((second.sha256, second.yanked.as_deref(), second.metadata), (None, Some(""), MetadataFile::Absent));
        assert_eq!(third.url.as_str(), "https://i.example/whl/cu118/torch/torch-2.10.0+cu118-3-py3-none-any.whl");
        assert_eq!((third.sha256, third.yanked.as_deref()), (None, Some("broken & gone")));
        assert_eq!(third.metadata, MetadataFile::Present);
    }

    #[test]
    fn a_metadata_digest_is_never_the_file_s() {
        let b = "b".repeat(64);
        let page = page(&format!("<a href=a-1-py3-none-any.whl data-dist-info-metadata='sha256={b}'>a</a>"));
        assert_eq!((page.links[0].sha256, page.links[0].metadata), (None, MetadataFile::Digest(digest("b"))));
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
    fn what_is_kept_of_a_page_is_bounded() {
        let base = Url::parse("https://i.example/").unwrap();
        let long = "x".repeat(15 << 10);
        let links = |count: usize| format!("<base href='/{long}/'>{}", "<a href=b>".repeat(count));
        assert_eq!(parse(&base, links(100).as_bytes()).unwrap().links.len(), 100);
        let refused = parse(&base, links(8_000).as_bytes()).unwrap_err();
        assert!(refused.contains("more than 96 MB"), "{refused}");
    }

    #[test]
    fn a_text_that_is_too_long_is_not_kept() {
        let base = Url::parse("https://i.example/").unwrap();
        let long = "x".repeat(LONGEST_TEXT + 1);
        let refused = parse(&base, format!("<base href='{long}'>").as_bytes()).unwrap_err();
        assert!(refused.contains("longer than 16 kB"), "{refused}");
        let page = page(&format!(
            "<a href='{long}/a-1.whl'>a</a><a href=a-2.whl data-yanked='{long}'>a</a><a href=a-3.whl title='{long}'>a</a>"
        ));
        assert_eq!((page.links.len(), page.odd.len()), (1, 2), "{:?}", page.odd);
    }

    #[test]
    fn of_an_attribute_that_stands_there_twice_the_first_counts() {
        let page = page(
            "<a href data-yanked href=a-1.whl>a</a><a HREF=a-2.whl href=a-3.whl data-yanked>a</a></a href=a-4.whl>",
        );
        let [link] = &page.links[..] else { panic!("{:?}", page.links) };
        assert_eq!((link.file.as_str(), link.yanked.as_deref()), ("a-2.whl", Some("")));
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
