//! Digests on a line: `--hash=ALGORITHM:HEX`, and `#ALGORITHM=HEX` at the end of a URL.

use crate::lock::LockedDigest;
use crate::text::quoted;

/// The algorithms pip has names for, the length of their hex text, and whether its hash mode takes them.
const ALGORITHMS: [(&str, usize, bool); 6] = [
    ("md5", 32, false),
    ("sha1", 40, false),
    ("sha224", 56, false),
    ("sha256", 64, true),
    ("sha384", 96, true),
    ("sha512", 128, true),
];

/// Reads the value of `--hash`.
pub(in crate::lock) fn option(value: &str) -> Result<LockedDigest, String> {
    let (algorithm, hex) = value
        .split_once(':')
        .ok_or_else(|| format!("`{}` is not a digest; one is written `sha256:…`", quoted(value)))?;
    let unknown = || Err(format!("`{}` is not a digest algorithm that pip knows", quoted(algorithm)));
    read(algorithm, hex).unwrap_or_else(unknown)
}

/// Reads the digests of a URL's fragment (without its `#`), which also holds other things: `egg=name&sha256=…`.
pub(super) fn fragment(fragment: &str) -> Result<Vec<LockedDigest>, String> {
    let mut digests = Vec::new();
    for part in fragment.split('&') {
        digests.extend(part.split_once('=').and_then(|(key, value)| read(key, value)).transpose()?);
    }
    Ok(digests)
}

/// Reads the digits of a digest; `None`: pip knows no such algorithm.
pub(in crate::lock) fn read(algorithm: &str, hex: &str) -> Option<Result<LockedDigest, String>> {
    let (_, length, strong) = ALGORITHMS.iter().find(|(name, ..)| *name == algorithm)?;
    if algorithm == "sha256" {
        return Some(hex.parse().map(LockedDigest::Sha256).map_err(|error| error.to_string()));
    }
    if let Some(odd) = hex.chars().find(|c| !c.is_ascii_hexdigit()) {
        return Some(Err(format!("`{}` is not a hexadecimal digit", odd.escape_debug())));
    }
    if hex.len() != *length {
        let there = hex.len();
        return Some(Err(format!(
            "a {algorithm} digest has {length} hexadecimal digits, this one has {there} characters"
        )));
    }
    let text = format!("{algorithm}:{}", hex.to_ascii_lowercase());
    Some(Ok(if *strong { LockedDigest::Strong(text) } else { LockedDigest::Weak(text) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_strong_and_weak_apart() {
        let a = |n| "A".repeat(n);
        assert!(matches!(option(&format!("sha256:{}", a(64))), Ok(LockedDigest::Sha256(_))));
        let strong = format!("sha512:{}", "a".repeat(128));
        assert_eq!(option(&format!("sha512:{}", a(128))), Ok(LockedDigest::Strong(strong)));
        assert!(matches!(option(&format!("sha384:{}", a(96))), Ok(LockedDigest::Strong(_))));
        for (algorithm, length) in [("md5", 32), ("sha1", 40), ("sha224", 56)] {
            let digest = option(&format!("{algorithm}:{}", a(length))).unwrap();
            assert!(matches!(digest, LockedDigest::Weak(_)) && !digest.counts());
        }
    }

    #[test]
    fn is_strict_about_length_alphabet_and_algorithm() {
        let hex = |c: &str, n| c.repeat(n);
        for text in [
            String::new(),
            hex("a", 64),
            format!("sha256:{}", hex("a", 63)),
            format!("sha256:{}", hex("g", 64)),
            format!("SHA256:{}", hex("a", 64)),
            format!("sha384:{}", hex("a", 64)),
            format!("sha512:{}", hex("+", 128)),
            format!("md5:{}", hex("é", 16)),
            format!("crc:{}", hex("a", 8)),
            "sha256:".to_owned(),
        ] {
            assert!(option(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn fragments_hold_other_things_too() {
        let hex = "b".repeat(64);
        assert_eq!(fragment(&format!("egg=torch&sha256={hex}&subdirectory=x")).unwrap().len(), 1);
        assert_eq!(fragment("egg=torch").unwrap(), []);
        assert!(fragment("sha256=b").is_err());
    }
}
