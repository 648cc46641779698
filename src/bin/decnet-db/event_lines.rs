//! Events as lines for people.

use console::{Style, measure_text_width, pad_str, truncate_str};
use decnet_db::contract::Log;

use crate::errors::one_line;

/// The least widths of address, decky, service and event type: most values fit, so lines that are printed one by one are level.
const WIDTHS: [usize; 4] = [15, 12, 6, 18];

/// How events are laid out: everything that attackers chose is escaped, whoever looks at it.
pub(crate) struct EventLines {
    /// Columns of the terminal; none where there is no terminal, and lines have any length.
    width: Option<usize>,
    dim: Style,
    address: Style,
    service: Style,
}

impl EventLines {
    /// For standard output: in colours on a terminal, unless NO_COLOR is set; cut to its width.
    pub(crate) fn new() -> Self {
        let width = console::Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
        Self { width, dim: Style::new().dim(), address: Style::new().bold(), service: Style::new().cyan() }
    }

    /// The event in one line, with its line break.
    pub(crate) fn line(&self, event: &Log) -> String {
        let time = event.timestamp.to_sql_text();
        // Whole seconds do: the order says the rest.
        let time = self.dim.apply_to(time.get(..19).unwrap_or(&time)).to_string();
        let [address, decky, service, kind] =
            [&event.attacker_ip, &event.decky, &event.service, &event.event_type].map(|text| one_line(text));
        let cell = |text: &str, column: usize| {
            pad_str(text, WIDTHS[column], console::Alignment::Left, None).into_owned()
        };
        let mut line = format!(
            "{time}  {}  {}  {}  {}  {}",
            self.address.apply_to(cell(&address, 0)),
            cell(&decky, 1),
            self.service.apply_to(cell(&service, 2)),
            cell(&kind, 3),
            one_line(said(event)),
        );
        if let Some(width) = self.width
            && measure_text_width(&line) > width
        {
            line = truncate_str(&line, width, "…").into_owned();
        }
        line.truncate(line.trim_end().len());
        line.push('\n');
        line
    }
}

/// What an event says: its message, else the line as it came, else its fields.
fn said(event: &Log) -> &str {
    let message = event.msg.as_deref().unwrap_or_default();
    [message, event.raw_line.as_str()]
        .into_iter()
        .find(|text| !text.trim().is_empty())
        .unwrap_or(&event.fields)
}

/// A heading and what stands under it, for reports in text.
pub(crate) fn line_of(name: &str, value: &str) -> String {
    format!("{name:<12}  {}\n", one_line(value))
}
