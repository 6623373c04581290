//! The results of an audit: the file that each entry would be installed from, and the findings.

use std::str::FromStr;

use super::rule::{Rule, Severity};
use crate::packaging::system::System;
use crate::packaging::target::{Backend, Environment, Platform, Python};
use crate::report::error::{NamedTarget, under_pythons, unite};
use crate::text::{Place, quoted, shown};

/// An audit of one lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// The lock.
    pub lock: String,
    /// Each target under each of its Pythons, in the order in which they were asked for.
    pub machines: Vec<Machine>,
    /// The findings, in the order of the lock.
    pub findings: Vec<AuditFinding>,
    /// Pythons of targets that name none which the lock cannot serve, and why.
    pub left_out: Vec<(Python, String)>,
    /// The catalogues of the project that nobody named and that were found by their name.
    pub found: Vec<String>,
}

impl Audit {
    /// The number of findings of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// Gives each rule the severity that was chosen for it; the last choice counts. Findings that are off are left out.
    pub fn weigh(&mut self, chosen: &[(Rule, Level)]) {
        self.findings.retain_mut(|finding| {
            let choice = chosen.iter().rev().find(|(rule, _)| *rule == finding.rule).map(|(_, level)| *level);
            match choice {
                None => true,
                Some(Level::Off) => false,
                Some(Level::At(severity)) => {
                    finding.severity = severity;
                    true
                }
            }
        });
    }
}

/// The level of a rule's findings: a severity, or ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Reported with this severity.
    At(Severity),
    /// Not given.
    Off,
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::Off);
        }
        let severity = Severity::ALL.into_iter().find(|severity| severity.as_str() == text);
        severity
            .map(Self::At)
            .ok_or_else(|| format!("`{}` is not a severity; those are error, warning, note and off", quoted(text)))
    }
}

/// One environment that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// The target's name in the configuration, if it has one.
    pub target: Option<String>,
    /// Platform and Python.
    pub environment: Environment,
    /// Its system; `None`: new enough for everything.
    pub system: Option<System>,
    /// The build that was asked for; `None`: as locked.
    pub backend: Option<Backend>,
    /// The verdict on each entry of the lock, in its order.
    pub entries: Vec<EntryAudit>,
}

/// The verdict on one entry on one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryAudit {
    /// The package.
    pub package: String,
    /// The version that is installed, where the lock names one.
    pub version: Option<String>,
    /// True if the lock gives it there, with the groups and extras that were chosen.
    pub selected: bool,
    /// The file it is installed from.
    pub verdict: Verdict,
}

/// The file that an entry is installed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// This wheel.
    Wheel(String),
    /// No wheel: it is built, from this file, or from a repository or a folder.
    Built(Option<String>),
    /// None of its files can be used there.
    Nothing,
    /// The lock does not name its files.
    Unknown,
}

impl Verdict {
    /// The word in the report.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Wheel(_) => "wheel",
            Self::Built(_) => "build",
            Self::Nothing => "none",
            Self::Unknown => "unknown",
        }
    }

    /// The file, where there is one.
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::Wheel(file) => Some(file),
            Self::Built(file) => file.as_deref(),
            Self::Nothing | Self::Unknown => None,
        }
    }
}

/// One thing that an audit found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditFinding {
    /// The rule.
    pub rule: Rule,
    /// The severity.
    pub severity: Severity,
    /// The package it is about, if it is about one.
    pub package: Option<String>,
    /// Its locked version.
    pub version: Option<String>,
    /// The fault, in one sentence without a full stop.
    pub message: String,
    /// Its place in the lock or in the Dockerfile.
    pub place: Option<Box<Place>>,
    /// The remedy.
    pub remedy: Option<String>,
    /// The platform, if it depends on it.
    pub platform: Option<Platform>,
    /// The Pythons, if it depends on them; ascending.
    pub pythons: Vec<Python>,
    /// The targets of the configuration that have it.
    pub targets: Vec<NamedTarget>,
}

impl AuditFinding {
    /// A finding about nothing in particular yet, with the rule's own severity. The message becomes one line, in which
    /// what a terminal would obey is escaped.
    pub fn new(rule: Rule, message: impl Into<String>) -> Self {
        Self {
            rule,
            severity: rule.severity(),
            package: None,
            version: None,
            message: shown(&message.into()).into_owned(),
            place: None,
            remedy: None,
            platform: None,
            pythons: Vec::new(),
            targets: Vec::new(),
        }
    }

    /// Says what to do about it.
    #[must_use]
    pub fn help(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(shown(&remedy.into()).into_owned());
        self
    }

    /// Says where it is.
    #[must_use]
    pub fn at(mut self, place: Option<Place>) -> Self {
        self.place = place.map(Box::new);
        self
    }

    /// Says on which environment it was found.
    #[must_use]
    pub fn on(mut self, environment: Environment) -> Self {
        self.platform = Some(environment.platform);
        self.pythons.push(environment.python);
        self
    }

    /// Takes in one that says the same of other Pythons or other targets; gives it back if it says something else.
    pub fn absorb(&mut self, other: Self) -> Option<Self> {
        let key = |one: &Self| {
            (one.rule, one.platform, one.package.clone(), one.message.clone(), one.place.clone(), one.remedy.clone())
        };
        // Of two targets only if it holds for the same Pythons.
        if key(self) != key(&other) || (self.targets != other.targets && self.pythons != other.pythons) {
            return Some(other);
        }
        unite((&mut self.pythons, &mut self.targets), (other.pythons, other.targets));
        None
    }

    /// The message, with the Pythons it holds for.
    pub fn sentence(&self) -> String {
        under_pythons(&self.message, &self.pythons)
    }
}
