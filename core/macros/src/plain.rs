//! Doc comments as plain text, for people who have the tool and not the documentation.

/// The text without links, and without references to rulings and documents.
pub(crate) fn text(markdown: &str) -> String {
    without_references(&without_links(markdown))
}

/// Each link's label in place of the link.
fn without_links(markdown: &str) -> String {
    let (mut text, mut rest) = (String::with_capacity(markdown.len()), markdown);
    while let Some((before, link)) = rest.split_once('[') {
        text.push_str(before);
        let Some((label, after)) = link.split_once(']').filter(|(label, _)| !label.contains('[')) else {
            text.push('[');
            rest = link;
            continue;
        };
        // A path in the label means nothing outside of the code: its last part is the name.
        match label.strip_prefix('`').and_then(|code| code.strip_suffix('`')) {
            Some(path) => text.extend(["`", path.rsplit("::").next().unwrap_or(path), "`"]),
            None => text.push_str(label),
        }
        rest =
            after.strip_prefix('(').and_then(|target| target.split_once(')')).map_or(after, |(_, rest)| rest);
    }
    text + rest
}

/// Without `(ruling R7)`, `(rulings R14 and R16)` and `(contract document 60)`, however they go on.
fn without_references(text: &str) -> String {
    let mut text = text.to_owned();
    for begin in [" (ruling", " (contract document"] {
        while let Some(at) = text.find(begin)
            && let Some(length) = text[at..].find(')')
        {
            text.replace_range(at..=at + length, "");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn links_are_their_labels_and_references_are_left_out() {
        for (markdown, plain) in [
            (
                "In the order of [`get_logs`](Self::get_logs), page by page.",
                "In the order of `get_logs`, page by page.",
            ),
            ("A [unit](crate::contract::Transactional::unit) of [`Logs::add_log`].", "A unit of `add_log`."),
            ("As `initialize`, alone (contract document 10 §6).", "As `initialize`, alone."),
            ("One (ruling R7). Two (rulings R14, 60.4, and R16)", "One. Two"),
            ("An open [ bracket; a list [1] too", "An open [ bracket; a list 1 too"),
        ] {
            assert_eq!(text(markdown), plain);
        }
    }
}
