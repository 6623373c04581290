//! An index page in JSON (PEP 691, 700, 714).

mod value;

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use url::Url;

use value::{Fields, Json, PLAIN};

use super::simple::{MetadataFile, Page, PageDraft};
use crate::text::quoted;

/// Reads the files of a page, one after the other: only what is used of one is kept.
///
/// # Errors
/// If it is not JSON, follows another major version of the API, has no list of files, or its links take up too much.
pub(super) fn parse(base: &Url, body: &[u8]) -> Result<Page, String> {
    let (version, draft) = top(Top { list: "files", files: FileList { base, shape: &FILE, read } }, body)?;
    if version.split('.').next() != Some("1") {
        return Err(format!("it follows version `{}` of the index API", quoted(&version)));
    }
    draft.ok_or("it has no list of files")?.finish()
}

/// Reads the files of a release, as GitHub's API lists them: `assets`, each with its `digest` where GitHub has one.
///
/// # Errors
/// If it is not JSON, has no list of files, or its links take up too much.
pub(super) fn release(base: &Url, body: &[u8]) -> Result<Page, String> {
    let (_, draft) = top(Top { list: "assets", files: FileList { base, shape: &ASSET, read: read_asset } }, body)?;
    draft.ok_or("it is not a GitHub release: it has no list of assets")?.finish()
}

fn top(top: Top<'_>, body: &[u8]) -> Result<(String, Option<PageDraft>), String> {
    let not_json = |error: &dyn fmt::Display| format!("it is not JSON: {error}");
    let text = str::from_utf8(body).map_err(|error| not_json(&error))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = reader.deserialize_map(top).and_then(|read| reader.end().map(|()| read));
    read.map_err(|error| if error.is_data() { format!("it is not a page: {error}") } else { not_json(&error) })
}

static META: Fields = Fields(&[("api-version", &PLAIN)]);
static HASHES: Fields = Fields(&[("sha256", &PLAIN)]);
static FILE: Fields = Fields(&[
    ("filename", &PLAIN),
    ("url", &PLAIN),
    ("hashes", &HASHES),
    ("size", &PLAIN),
    ("requires-python", &PLAIN),
    ("yanked", &PLAIN),
    ("core-metadata", &HASHES),
    ("dist-info-metadata", &HASHES),
]);

static ASSET: Fields = Fields(&[
    ("name", &PLAIN),
    ("browser_download_url", &PLAIN),
    ("digest", &PLAIN),
    ("size", &PLAIN),
    ("state", &PLAIN),
]);

/// The page: its version and its files.
struct Top<'a> {
    /// The list's name.
    list: &'static str,
    files: FileList<'a>,
}

impl<'de> Visitor<'de> for Top<'_> {
    type Value = (String, Option<PageDraft>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a list of files")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut version, mut draft) = (String::new(), None);
        while let Some(key) = map.next_key_seed(&PLAIN)? {
            match key.text() {
                Some("meta") => {
                    let meta = map.next_value_seed(&META)?;
                    version = meta.get("api-version").text().unwrap_or_default().to_owned();
                }
                Some(list) if list == self.list => {
                    // Of two lists the last counts; the first makes room for it.
                    drop(draft.take());
                    draft = Some(map.next_value_seed(self.files)?);
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok((version, draft))
    }
}

/// The list of files.
#[derive(Clone, Copy)]
struct FileList<'a> {
    base: &'a Url,
    shape: &'static Fields,
    read: fn(&mut PageDraft, &Url, &Json<'_>),
}

impl<'de> DeserializeSeed<'de> for FileList<'_> {
    type Value = PageDraft;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<PageDraft, D::Error> {
        reader.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for FileList<'_> {
    type Value = PageDraft;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of files")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut files: A) -> Result<PageDraft, A::Error> {
        let mut draft = PageDraft::default();
        while let Some(file) = files.next_element_seed(self.shape)? {
            if file.is_too_long() {
                draft.note_too_long();
            } else {
                (self.read)(&mut draft, self.base, &file);
            }
        }
        Ok(draft)
    }
}

fn read(draft: &mut PageDraft, base: &Url, file: &Json<'_>) {
    let (Some(name), Some(url)) = (file.get("filename").text(), file.get("url").text()) else {
        draft.note("", "a file without a name or an address");
        return;
    };
    let sha256 = match file.get("hashes").get("sha256").text().map(str::parse).transpose() {
        Ok(sha256) => sha256,
        Err(error) => {
            draft.note(name, &format!("its digest cannot be read: {error}"));
            return;
        }
    };
    let Some(mut link) = draft.link(base, url, Some(name)) else { return };
    if sha256.is_some() && link.sha256.is_some() && sha256 != link.sha256 {
        draft.note(name, "the page gives it two digests");
        return;
    }
    link.sha256 = sha256.or(link.sha256);
    link.size = if let Json::Number(size) = file.get("size") { Some(*size) } else { None };
    link.requires_python = file.get("requires-python").text().filter(|text| !text.trim().is_empty()).map(str::to_owned);
    link.yanked = match file.get("yanked") {
        Json::True => Some(String::new()),
        reason => reason.text().map(str::to_owned),
    };
    let metadata = ["core-metadata", "dist-info-metadata"].map(|name| file.get(name));
    let metadata = metadata.into_iter().find(|value| !matches!(value, Json::Null));
    link.metadata = match metadata {
        Some(Json::True) => MetadataFile::Present,
        Some(hashes @ Json::Object(_)) => match hashes.get("sha256").text().map(str::parse) {
            Some(Ok(digest)) => MetadataFile::Digest(digest),
            Some(Err(_)) | None => MetadataFile::Present,
        },
        Some(_) | None => MetadataFile::Absent,
    };
    draft.keep(link);
}

/// A file of a release. One that is not there whole yet is passed over.
fn read_asset(draft: &mut PageDraft, base: &Url, asset: &Json<'_>) {
    let (Some(name), Some(url)) = (asset.get("name").text(), asset.get("browser_download_url").text()) else {
        draft.note("", "a file without a name or an address");
        return;
    };
    if asset.get("state").text().is_some_and(|state| state != "uploaded") {
        draft.note(name, "it is not uploaded");
        return;
    }
    let digest =
        asset.get("digest").text().and_then(|digest| digest.strip_prefix("sha256:")).map(str::parse).transpose();
    let Ok(sha256) = digest else {
        draft.note(name, "its digest cannot be read");
        return;
    };
    let Some(mut link) = draft.link(base, url, Some(name)) else { return };
    link.sha256 = sha256;
    link.size = if let Json::Number(size) = asset.get("size") { Some(*size) } else { None };
    draft.keep(link);
}

#[cfg(test)]
mod tests {
    use super::{MetadataFile, Page, Url, parse};
    use crate::edge::index::simple::LONGEST_TEXT;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn page(files: &Value) -> Page {
        let body = json!({"meta": {"api-version": "1.1"}, "name": "torch", "files": files}).to_string();
        parse(&Url::parse("https://i.example/simple/torch/").unwrap(), body.as_bytes()).unwrap()
    }

    #[test]
    fn reads_what_pep_691_says() {
        let (a, b) = ("a".repeat(64), "b".repeat(64));
        let page = page(&json!([
            {"filename": "torch-2.0.1+cu118-py3-none-any.whl", "url": "../../files/torch-2.0.1%2Bcu118-py3-none-any.whl",
             "hashes": {"sha256": a, "md5": "x"}, "requires-python": ">=3.8", "size": 7, "yanked": false,
             "core-metadata": {"sha256": b}, "dist-info-metadata": true},
            {"filename": "torch-1.whl", "url": "https://cdn.example/torch-1.whl", "hashes": {}, "yanked": "bad",
             "dist-info-metadata": true, "requires-python": null},
            {"filename": "torch-2.whl", "url": "torch-2.whl", "hashes": {}, "yanked": true, "core-metadata": false,
             "dist-info-metadata": true}
        ]));
        let [first, second, third] = &page.links[..] else { panic!("{page:?}") };
        assert_eq!(first.file, "torch-2.0.1+cu118-py3-none-any.whl");
        assert_eq!(first.url.as_str(), "https://i.example/files/torch-2.0.1%2Bcu118-py3-none-any.whl");
        assert_eq!(first.sha256.unwrap().to_string(), a);
        assert_eq!(first.metadata, MetadataFile::Digest(b.parse().unwrap()));
        assert_eq!((first.size, first.requires_python.as_deref(), &first.yanked), (Some(7), Some(">=3.8"), &None));
        assert_eq!(
            (second.sha256, second.yanked.as_deref(), second.metadata),
            (None, Some("bad"), MetadataFile::Present)
        );
        assert_eq!((third.yanked.as_deref(), third.metadata), (Some(""), MetadataFile::Absent));
    }

    #[test]
    fn two_digests_for_one_file_are_none() {
        let (a, b) = ("a".repeat(64), "b".repeat(64));
        let page = page(&json!([
            {"filename": "a-1.whl", "url": format!("a-1.whl#sha256={a}"), "hashes": {"sha256": b}},
            {"filename": "../../a-1.whl", "url": "a-1.whl", "hashes": {}},
            {"filename": "a-2.whl", "url": "a-2.whl", "hashes": {"sha256": "abc"}},
            {"filename": "a-3.whl"}, 7
        ]));
        assert!(page.links.is_empty());
        assert_eq!(page.odd.len(), 5, "{:?}", page.odd);
    }

    #[test]
    fn of_a_member_that_stands_there_twice_the_last_counts() {
        let base = Url::parse("https://i.example/").unwrap();
        let body = r#"{"files": [{"filename": "a-1.whl", "url": "a-1.whl"}], "meta": {"api-version": "2.0"},
            "files": [{"filename": "a-2.whl", "filename": "a-3.whl", "url": "a-3.whl", "other": [{"url": 1}], "size": 1, "size": -1}],
            "meta": {"api-version": "1.0"}}"#;
        let page = parse(&base, body.as_bytes()).unwrap();
        let [link] = &page.links[..] else { panic!("{page:?}") };
        assert_eq!((link.file.as_str(), link.size), ("a-3.whl", None));
    }

    #[test]
    fn what_is_kept_of_a_page_is_bounded() {
        let base = Url::parse(&format!("https://i.example/{}/", "x".repeat(60 << 10))).unwrap();
        let read = |yanked: usize, count: usize| {
            let file = json!({"filename": "a-1.whl", "url": "a-1.whl", "yanked": "x".repeat(yanked)});
            let body = json!({"meta": {"api-version": "1.0"}, "files": vec![file; count]}).to_string();
            parse(&base, body.as_bytes())
        };
        assert_eq!(read(LONGEST_TEXT, 10).unwrap().links.len(), 10);
        let refused = read(1, 2_000).unwrap_err();
        assert!(refused.contains("more than 96 MB"), "{refused}");
        let page = read(LONGEST_TEXT + 1, 3).unwrap();
        assert_eq!((page.links.len(), page.odd.len()), (0, 3), "{:?}", page.odd);
    }

    #[test]
    fn other_json_is_refused() {
        let base = Url::parse("https://i.example/").unwrap();
        for body in
            ["", "[]", "{}", r#"{"meta": {"api-version": "2.0"}, "files": []}"#, r#"{"meta": {"api-version": "1.0"}}"#]
        {
            assert!(parse(&base, body.as_bytes()).is_err(), "{body}");
        }
        assert!(parse(&base, "[".repeat(100_000).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn reading_never_panics(name in "\\PC{0,12}", url in "\\PC{0,12}", hash in "[0-9a-g]{0,66}") {
            page(&json!([{"filename": name, "url": url, "hashes": {"sha256": hash}, "size": -1}]));
        }
    }
}
