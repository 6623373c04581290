//! How far the work is, on standard error: bars on a terminal, a line for each wheel elsewhere.

use std::io::{IsTerminal, Write};

use indicatif::{HumanBytes, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::edge::index::Progress;
use crate::text::shown;

/// Where progress is shown.
#[derive(Debug, Clone)]
pub struct Display(DisplayKind);

#[derive(Debug, Clone)]
enum DisplayKind {
    Silent,
    Lines,
    Bars(MultiProgress),
}

/// One wheel that is read.
#[derive(Debug)]
pub struct Task<'d> {
    display: &'d Display,
    wheel: String,
    bar: ProgressBar,
}

impl Display {
    /// Bars on a terminal, with the speed and the time that is left; elsewhere a line when a wheel has been read. Nothing
    /// where nobody reads along.
    pub fn of(is_read: bool) -> Self {
        Self(match (is_read, std::io::stderr().is_terminal()) {
            (false, _) => DisplayKind::Silent,
            (true, true) => DisplayKind::Bars(MultiProgress::new()),
            (true, false) => DisplayKind::Lines,
        })
    }

    /// Takes the bars off the terminal.
    pub fn clear(&self) {
        if let DisplayKind::Bars(all) = &self.0 {
            // A terminal that is gone shows nothing any more.
            let _ = all.clear();
        }
    }

    /// Begins with a wheel.
    pub fn start(&self, wheel: &str) -> Task<'_> {
        let bar = match &self.0 {
            DisplayKind::Silent | DisplayKind::Lines => {
                ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden())
            }
            DisplayKind::Bars(all) => all.add(ProgressBar::no_length()),
        };
        let style = "{msg:44!} {bar:20} {binary_bytes:>10}/{binary_total_bytes:10} {binary_bytes_per_sec:>12} {eta:>4}";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        let wheel = shown(wheel).into_owned();
        bar.set_message(wheel.clone());
        Task { display: self, wheel, bar }
    }
}

impl Task<'_> {
    /// Ends with it: how it went, and the number of its bytes.
    pub fn end(self, how: &str, size: Option<u64>) {
        self.bar.finish_and_clear();
        let size = size.map(|size| format!(", {}", HumanBytes(size))).unwrap_or_default();
        match &self.display.0 {
            DisplayKind::Silent => {}
            DisplayKind::Lines => {
                // Nobody listens to a closed standard error; the work is done all the same.
                let _ = writeln!(std::io::stderr(), "{how} {}{size}", self.wheel);
            }
            DisplayKind::Bars(all) => {
                let _ = all.println(format!("{how} {}{size}", self.wheel));
            }
        }
    }
}

impl Progress for Task<'_> {
    fn length(&self, bytes: u64) {
        // What was asked before is no part of the speed.
        self.bar.reset();
        self.bar.set_length(bytes);
    }

    fn position(&self, bytes: u64) {
        self.bar.set_position(bytes);
    }
}
