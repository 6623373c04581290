//! An index page in JSON (PEP 691, 700, 714).

use serde_json::Value;
use url::Url;

use super::simple::{Metadata, Page};
use crate::text::quoted;

/// Reads the files of a page.
///
/// # Errors
/// If it is not JSON, follows another major version of the API, or has no list of files.
pub(super) fn parse(base: &Url, body: &[u8]) -> Result<Page, String> {
    let value: Value = serde_json::from_slice(body).map_err(|error| format!("it is not JSON: {error}"))?;
    let version = value["meta"]["api-version"].as_str().unwrap_or_default();
    if version.split('.').next() != Some("1") {
        return Err(format!("it follows version `{}` of the index API", quoted(version)));
    }
    let files = value["files"].as_array().ok_or("it has no list of files")?;
    let mut page = Page::default();
    for file in files {
        read(&mut page, base, file);
    }
    Ok(page)
}

fn read(page: &mut Page, base: &Url, file: &Value) {
    let (Some(name), Some(url)) = (file["filename"].as_str(), file["url"].as_str()) else {
        page.note("", "a file without a name or an address");
        return;
    };
    let sha256 = match file["hashes"]["sha256"].as_str().map(str::parse).transpose() {
        Ok(sha256) => sha256,
        Err(error) => {
            page.note(name, &format!("its digest cannot be read: {error}"));
            return;
        }
    };
    let Some(link) = page.link(base, url, Some(name)) else { return };
    if sha256.is_some() && link.sha256.is_some() && sha256 != link.sha256 {
        page.links.pop();
        page.note(name, "the page gives it two digests");
        return;
    }
    link.sha256 = sha256.or(link.sha256);
    link.size = file["size"].as_u64();
    link.requires_python = file["requires-python"].as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned);
    link.yanked = match &file["yanked"] {
        Value::String(reason) => Some(reason.clone()),
        Value::Bool(true) => Some(String::new()),
        _ => None,
    };
    let metadata = [&file["core-metadata"], &file["dist-info-metadata"]].into_iter().find(|value| !value.is_null());
    link.metadata = match metadata {
        Some(Value::Bool(true)) => Metadata::Present,
        Some(Value::Object(hashes)) => match hashes.get("sha256").and_then(Value::as_str).map(str::parse) {
            Some(Ok(digest)) => Metadata::Digest(digest),
            Some(Err(_)) | None => Metadata::Present,
        },
        _ => Metadata::Absent,
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

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
        assert_eq!(first.metadata, Metadata::Digest(b.parse().unwrap()));
        assert_eq!((first.size, first.requires_python.as_deref(), &first.yanked), (Some(7), Some(">=3.8"), &None));
        assert_eq!((second.sha256, second.yanked.as_deref(), second.metadata), (None, Some("bad"), Metadata::Present));
        assert_eq!((third.yanked.as_deref(), third.metadata), (Some(""), Metadata::Absent));
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
