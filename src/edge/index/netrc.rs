//! `.netrc`: logins by host, as curl, pip and uv read them.
//!
//! ```text
//! machine HOST login NAME password SECRET        words parted by white space, in any order behind `machine`
//! default login NAME password SECRET             for every other host
//! macdef NAME …                                  skipped up to the next blank line
//! # …                                            a comment, up to the end of the line
//! ```

use std::fmt;

/// Logins by host. Its [`Debug`](fmt::Debug) shows none.
#[derive(Clone, Default)]
pub struct Netrc(Vec<(Option<String>, Login)>);

/// A name and a secret. Its [`Debug`](fmt::Debug) shows neither.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) name: String,
    pub(super) secret: Option<String>,
}

impl fmt::Debug for Netrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Netrc({})", self.0.len())
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login")
    }
}

impl Netrc {
    /// Reads a file's text. What is not understood is skipped: other programs keep things of their own in it.
    pub fn parse(text: &str) -> Self {
        let mut all: Vec<(Option<String>, Login)> = Vec::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let mut words = words(line).into_iter();
            while let Some(word) = words.next() {
                match word.as_str() {
                    "machine" => all.extend(words.next().map(|host| (Some(host), Login::default()))),
                    "default" => all.push((None, Login::default())),
                    "macdef" => {
                        let _ = lines.by_ref().find(|line| line.trim().is_empty());
                        break;
                    }
                    "login" | "user" => {
                        if let (Some((_, login)), Some(name)) = (all.last_mut(), words.next()) {
                            login.name = name;
                        }
                    }
                    "password" => {
                        if let (Some((_, login)), secret @ Some(_)) = (all.last_mut(), words.next()) {
                            login.secret = secret;
                        }
                    }
                    "account" => drop(words.next()),
                    _ => {}
                }
            }
        }
        Self(all)
    }

    /// The login of a host; if `or_default` the one for every other host where it has none. Of two the later counts, as for pip.
    pub(super) fn login(&self, host: &str, or_default: bool) -> Option<&Login> {
        let last = || self.0.iter().rev();
        let own = last().find(|(machine, _)| machine.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(host)));
        let default = || last().find(|(machine, _)| machine.is_none()).filter(|_| or_default);
        own.or_else(default).map(|(_, login)| login)
    }
}

/// The words of a line; double quotes hold one together, a backslash keeps what follows it.
fn words(line: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut letters = line.chars();
    while let Some(c) = letters.next() {
        match c {
            '#' if word.is_none() && !quoted => break,
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '\\' => word.get_or_insert_default().extend(letters.next()),
            c if c.is_whitespace() && !quoted => all.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    all.extend(word);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_login_of_a_host() {
        let text = "# mine\nmachine a.example login me password se#cret\nmacdef init\nmachine evil.example login x\n\n\
                    machine B.example\n  login you\n  password \"two words\"\ndefault login any password one";
        let netrc = Netrc::parse(text);
        let login =
            |host: &str| netrc.login(host, true).map(|login| (login.name.clone(), login.secret.clone().unwrap()));
        assert_eq!(login("a.example"), Some(("me".into(), "se#cret".into())));
        assert_eq!(login("b.example"), Some(("you".into(), "two words".into())));
        assert_eq!(login("evil.example"), Some(("any".into(), "one".into())));
        assert!(netrc.login("evil.example", false).is_none());
        assert!(Netrc::parse("machine a.example login me").login("b.example", true).is_none());
    }

    #[test]
    fn shows_no_secret() {
        let netrc = Netrc::parse("machine a.example login me password secret");
        assert!(!format!("{netrc:?} {:?}", netrc.login("a.example", true)).contains("secret"));
    }
}
