//! Showing foreign text in a reason.

/// The longest text that a reason quotes, and the longest reason, in characters.
const QUOTED: usize = 60;
const LONGEST: usize = 240;

/// `text` in quotes, escaped and cut.
pub(super) fn excerpt(text: &str) -> String {
    format!(
        "{:?}{}",
        text.chars().take(QUOTED).collect::<String>(),
        if text.len() > QUOTED { "…" } else { "" }
    )
}

/// `text` on one line: control characters would break it, or the terminal.
pub(super) fn readable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(LONGEST));
    for (position, character) in text.chars().enumerate() {
        if position == LONGEST {
            shown.push('…');
            break;
        }
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}
