//! The progress bar of copies and backups.

use decnet_db::transfer::CopyEvent;
use indicatif::{ProgressBar, ProgressStyle};

/// The progress bar, on standard error, and only if that is a terminal.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    pub(crate) fn new() -> Self {
        let bar = ProgressBar::new(0);
        if let Ok(style) =
            ProgressStyle::with_template("{msg:28} {wide_bar} {human_pos}/{human_len} {eta:>5}")
        {
            bar.set_style(style);
        }
        Self(bar)
    }

    pub(crate) fn show(&self, event: CopyEvent) {
        match event {
            CopyEvent::Copying { rows, done } => {
                self.0.set_length(rows);
                self.0.set_position(done);
            }
            CopyEvent::Table { table } => self.0.set_message(table),
            CopyEvent::Round { number, .. } => self.0.set_message(format!("round {number}")),
            CopyEvent::Pages { done, all } => {
                self.0.set_message("pages");
                self.0.set_length(all);
                self.0.set_position(done);
            }
            CopyEvent::Comparing { rows } => {
                self.0.set_length(rows);
                self.0.set_position(0);
                self.0.reset_eta();
            }
            CopyEvent::Verifying { table } => self.0.set_message(format!("verify {table}")),
            CopyEvent::Rows(rows) => self.0.inc(rows as u64),
            _ => {}
        }
    }

    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.finish();
    }
}
