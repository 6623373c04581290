//! Requirements that name their file: the facts in its URL or path.

use pep508_rs::PackageName;

use super::digests;
use super::parse::{ParsedRequirement, is_archive, is_repository, is_url};
use crate::lock::{LockedDigest, Origin};
use crate::packaging::address;
use crate::packaging::wheel::WheelName;
use crate::report::error::Code;
use crate::text::{self, quoted};

/// The facts in a URL or path.
#[derive(Debug)]
pub(super) struct DirectUrl {
    pub(super) origin: Origin,
    /// The wheel it ends in.
    pub(super) wheel: Option<WheelName>,
    /// The file's name, percent signs decoded.
    pub(super) file: Option<String>,
    /// The name in `#egg=name`.
    pub(super) egg: Option<PackageName>,
    /// The digests in its fragment.
    pub(super) digests: Vec<LockedDigest>,
}

/// Reads a URL or path as written on the line.
pub(super) fn read(target: &str) -> Result<DirectUrl, String> {
    let direct = |origin, file: Option<String>, egg, digests| {
        let wheel = file.as_deref().and_then(|file| file.parse().ok());
        Ok(DirectUrl { origin, wheel, file, egg, digests })
    };
    if !is_url(target) && !target.starts_with("${") {
        if is_archive(target) {
            let file = text::file_name(target).to_owned();
            return direct(Origin::File(target.to_owned()), Some(file), None, Vec::new());
        }
        return direct(Origin::Directory(target.to_owned()), None, None, Vec::new());
    }
    let (plain, fragment) = target.split_once('#').unwrap_or((target, ""));
    let egg = fragment.split('&').find_map(|part| part.strip_prefix("egg="));
    // Old lines put extras or a version behind the name.
    let egg = egg.and_then(|egg| egg.split(['[', '=', '<', '>', '!', '~']).next()?.parse().ok());
    let digests = digests::fragment(fragment)?;
    let scheme = plain.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase()).unwrap_or_default();
    if is_repository(&scheme) {
        return direct(Origin::Git(target.to_owned()), None, egg, digests);
    }
    let last = address::file_name(plain);
    let archive = is_archive(&last);
    let origin = match scheme.as_str() {
        "file" if archive => Origin::File(plain.to_owned()),
        "file" => Origin::Directory(plain.to_owned()),
        _ => Origin::Url(plain.to_owned()),
    };
    direct(origin, archive.then_some(last), egg, digests)
}

impl DirectUrl {
    /// A URL repeats the name and may repeat the digest; they must be those of the line.
    pub(super) fn agrees_with(&self, asked: &ParsedRequirement, given: &[LockedDigest]) -> Result<(), (Code, String)> {
        let other = self.wheel.as_ref().map(|wheel| &wheel.name).or(self.egg.as_ref());
        if let (Some(name), Some(other)) = (&asked.name, other)
            && name != other
        {
            return Err((
                Code::Inconsistent,
                format!("the line is for {name}, its URL for {}", quoted(other.as_ref())),
            ));
        }
        let sha256 = |digest: &&LockedDigest| matches!(digest, LockedDigest::Sha256(_));
        let mut fragment = self.digests.iter().filter(sha256);
        let Some(first) = fragment.next() else { return Ok(()) };
        if fragment.any(|other| other != first) {
            return Err((Code::DigestConflict, "the URL has two different sha256 digests".to_owned()));
        }
        if given.iter().any(|digest| sha256(&digest)) && !given.contains(first) {
            return Err((Code::DigestConflict, "the digest in the URL is not the one behind `--hash`".to_owned()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_tells_its_wheel() {
        let hex = "a".repeat(64);
        let text = "https://x.example/whl/cu118/torch-2.0.1%2Bcu118-cp310-cp310-linux_x86_64.whl";
        let direct = read(&format!("{text}?v=1/2#egg=torch&sha256={hex}")).unwrap();
        assert_eq!(direct.origin, Origin::Url(format!("{text}?v=1/2")));
        assert_eq!(direct.file.as_deref(), Some("torch-2.0.1+cu118-cp310-cp310-linux_x86_64.whl"));
        assert_eq!(direct.wheel.unwrap().version.to_string(), "2.0.1+cu118");
        assert_eq!(direct.digests, [LockedDigest::Sha256(hex.parse().unwrap())]);
    }

    #[test]
    fn origins() {
        let origin = |text: &str| read(text).unwrap().origin;
        let git = "git+https://x.example/a.git@1f2e#egg=a[b]";
        assert_eq!(origin(git), Origin::Git(git.to_owned()));
        assert_eq!(read(git).unwrap().egg.unwrap().as_ref(), "a");
        assert_eq!(origin("HG+http://x.example/a"), Origin::Git("HG+http://x.example/a".to_owned()));
        assert_eq!(origin("file:///a/b.whl#x"), Origin::File("file:///a/b.whl".to_owned()));
        assert_eq!(origin("file:///a/b"), Origin::Directory("file:///a/b".to_owned()));
        assert_eq!(origin("../a"), Origin::Directory("../a".to_owned()));
        assert_eq!(origin(r"C:\a\b-1.tar.gz"), Origin::File(r"C:\a\b-1.tar.gz".to_owned()));
        assert_eq!(origin("${URL}"), Origin::Url("${URL}".to_owned()));
    }
}
