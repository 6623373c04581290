//! Mirrors: other addresses for the files of PyTorch's index.

use std::fmt;
use std::rc::Rc;

use url::Url;

use crate::catalog::pin::Pin;
use crate::packaging::address;
use crate::plan::TargetPlan;
use crate::text::{off_line, quoted, variable};

/// The base of an index that serves the same files as another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror(String);

impl Mirror {
    /// Reads the URL of a mirror. What is written later is the URL that was understood, not the text.
    ///
    /// # Errors
    /// If it is not an http(s) URL, or has a login, a query or a fragment, none of which belongs into an output; and if it
    /// holds what a URL only holds encoded: a blank, behind which pip reads an option, a control character, which the
    /// parser of URLs would drop, or a variable, which pip would replace.
    pub fn parse(text: &str) -> Result<Self, String> {
        let shown = quoted(text);
        if let Some(odd) = off_line(text) {
            return Err(format!("the address of the mirror holds {odd}"));
        }
        if text.contains(char::is_whitespace) {
            return Err("the address of the mirror holds a space".to_owned());
        }
        if let Some(name) = variable(text) {
            return Err(format!("the address of the mirror holds `{name}`, which pip would replace by a variable"));
        }
        let url = Url::parse(text).map_err(|error| format!("the address is not a URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(format!("`{shown}` is not an http or https URL"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("a mirror's URL goes into the output, so it must hold no login; pip reads logins from .netrc"
                .to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(format!("`{shown}` has a query or a fragment, to which no file name can be joined"));
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// Takes the wheels of a plan from here.
    pub fn serve(&self, plan: &mut TargetPlan) {
        for line in plan.environments.iter_mut().flat_map(|environment| &mut environment.lines) {
            if let Some(Pin::Url { url, .. }) = line.replacement.as_mut().map(|one| Rc::make_mut(&mut one.pin)) {
                *url = self.apply(url);
            }
        }
    }

    /// The address of a file on the mirror.
    pub fn apply(&self, url: &str) -> String {
        match url.strip_prefix(address::PYTORCH) {
            Some(rest) => format!("{}{rest}", self.0),
            None => url.to_owned(),
        }
    }
}

impl fmt::Display for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_are_plain_addresses() {
        let mirror = Mirror::parse("https://wheels.example/torch/").unwrap();
        assert_eq!(
            mirror.apply("https://download.pytorch.org/whl/cpu/a.whl"),
            "https://wheels.example/torch/cpu/a.whl"
        );
        assert_eq!(mirror.apply("https://other.example/a.whl"), "https://other.example/a.whl");
        for text in [
            "wheels.example",
            "file:///a",
            "ftp://wheels.example/torch",
            "https://me:secret@wheels.example",
            "https://secret@wheels.example",
            "https://:secret@wheels.example",
            "https://a.example?x",
            "https://a.example#x",
        ] {
            let error = Mirror::parse(text).unwrap_err();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn what_was_understood_is_written() {
        for (text, url) in [
            ("HTTPS://Wheels.Example:443/a/../torch//", "https://wheels.example/torch"),
            ("https://wheels.example/\"é\"", "https://wheels.example/%22%C3%A9%22"),
            ("https://wheels.example\\torch", "https://wheels.example/torch"),
        ] {
            assert_eq!(Mirror::parse(text).unwrap().to_string(), url);
        }
    }

    #[test]
    fn nothing_but_an_address_is_taken() {
        let ends = "\n\r\u{b}\u{c}\u{1c}\u{1d}\u{1e}\u{85}\u{2028}\u{2029}";
        for c in ends.chars().chain("\t \0\u{1b}\u{7f}\u{a0}\u{3000}".chars()) {
            for text in [
                format!("https://a.example/b{c}--hash=c"),
                format!("https://a.example/b{c}"),
                format!("{c}https://a.example"),
            ] {
                let error = Mirror::parse(&text).unwrap_err();
                let named = format!("U+{:04X}", u32::from(c));
                assert!(error.contains(&named) || c.is_whitespace() && error.contains("space"), "{text:?}: {error}");
            }
        }
        assert!(Mirror::parse("https://a.example/${HOME}").unwrap_err().contains("`${HOME}`"));
    }
}
