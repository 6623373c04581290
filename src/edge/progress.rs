//! How far the work is, on standard error: bars on a terminal, a line for each wheel elsewhere; and what is waited for.

use std::io::Write;
use std::time::Duration;

use indicatif::{HumanBytes, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::terminal;
use crate::text::shown;

/// A display of how far a download is.
pub trait Progress {
    /// The file's length is known.
    fn length(&self, bytes: u64);
    /// So much of it has been hashed; less than before if it began anew.
    fn position(&self, bytes: u64);
}

/// Nobody wants to know.
impl Progress for () {
    fn length(&self, _bytes: u64) {}
    fn position(&self, _bytes: u64) {}
}

/// The terminal that shows progress.
#[derive(Debug, Clone)]
pub struct Display(DisplayKind);

#[derive(Debug, Clone)]
enum DisplayKind {
    Silent,
    Lines,
    Bars(MultiProgress),
}

/// Something that is waited for. It is over when this is dropped.
#[derive(Debug)]
pub struct WaitBar(Option<ProgressBar>);

impl Drop for WaitBar {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// The interval at which the length of a wait is shown.
const TICK: Duration = Duration::from_millis(200);

/// One wheel that is read.
#[derive(Debug)]
pub struct Task<'d> {
    display: &'d Display,
    wheel: String,
    bar: ProgressBar,
}

impl Display {
    /// Nothing is shown.
    pub const SILENT: Self = Self(DisplayKind::Silent);

    /// Bars on a terminal, with the speed and the time that is left; elsewhere a line when a wheel has been read. Nothing
    /// where nobody reads along.
    pub fn of(is_read: bool) -> Self {
        Self(match (is_read, terminal::takes_bars(&std::io::stderr())) {
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

    /// Waits for something: on a terminal a line says for what, and for how long already.
    pub fn wait(&self, what: &str) -> WaitBar {
        let DisplayKind::Bars(all) = &self.0 else { return WaitBar(None) };
        let bar = all.add(ProgressBar::new_spinner());
        if let Ok(style) = ProgressStyle::with_template("{spinner} waiting for {msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(shown(what).into_owned());
        bar.enable_steady_tick(TICK);
        WaitBar(Some(bar))
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
        let line = format!("{how} {}{size}", self.wheel);
        // Nobody listens to a closed standard error; the work is done all the same.
        let _ = match &self.display.0 {
            DisplayKind::Silent => Ok(()),
            DisplayKind::Lines => writeln!(std::io::stderr(), "{line}"),
            DisplayKind::Bars(all) => all.println(line),
        };
    }
}

impl Progress for Task<'_> {
    fn length(&self, bytes: u64) {
        // Earlier requests do not count towards the speed.
        self.bar.reset();
        self.bar.set_length(bytes);
    }

    fn position(&self, bytes: u64) {
        self.bar.set_position(bytes);
    }
}
