//! Why a search finds nothing.

use decnet_db_core::contract::search::{Search, Term};

/// What people write into a search who expect another search language than there is: a sentence each.
///
/// For searches that found nothing: each sentence says what a word means here. Empty where nothing stands out.
///
/// ```
/// let hints = decnet_db::reports::hints(&"wget OR curl".into());
/// assert_eq!(hints, [r#""OR" is a word to look for: every word must occur, there are no alternatives"#]);
/// ```
pub fn hints(search: &Search) -> Vec<String> {
    search.terms().iter().filter_map(hint).collect()
}

fn hint(term: &Term) -> Option<String> {
    match term {
        Term::Contains(word) if matches!(word.as_str(), "OR" | "||" | "|") => {
            Some(format!("{word:?} is a word to look for: every word must occur, there are no alternatives"))
        }
        Term::Contains(word) if matches!(word.as_str(), "AND" | "&&") => {
            Some(format!("{word:?} is a word to look for: leave it out, every word must occur anyway"))
        }
        Term::Contains(word) if word == "NOT" || (word.starts_with(['-', '!']) && word.len() > 1) => {
            Some(format!("{word:?} is looked for as it stands: nothing can be left out by a search"))
        }
        Term::Contains(word) | Term::Equals(_, word) | Term::Member(_, word)
            if word.contains('*') || word.contains('%') =>
        {
            Some(match term {
                Term::Contains(_) => format!(
                    "{word:?} is looked for as it stands: a part of a word is found without a wildcard"
                ),
                _ => format!(
                    "{word:?} must be the whole value: there are no wildcards; without a name and a colon, a part is found"
                ),
            })
        }
        Term::Contains(word) => {
            let (name, value) = word.split_once('=')?;
            let is_name =
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            (is_name && !value.is_empty()).then(|| {
                format!("{word:?} is looked for as it stands: a value is asked for as {name}:{value}")
            })
        }
        Term::Member(name, value) => {
            let column = match name.as_str() {
                "src_ip" | "source" | "ip" | "src" => "attacker",
                "sensor" | "host" | "honeypot" => "decky",
                "eventid" | "event_type" | "type" => "event",
                "protocol" => "service",
                _ => return None,
            };
            Some(format!("{name:?} is looked for in the event's fields; maybe {column}:{value} is meant"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_other_search_languages_are_explained() {
        for (search, part) in [
            ("wget OR curl", "no alternatives"),
            ("wget AND curl", "leave it out"),
            ("NOT wget", "nothing can be left out"),
            ("-wget", "nothing can be left out"),
            ("wg*", "without a wildcard"),
            ("username:ro*", "whole value"),
            ("service:ss%", "whole value"),
            ("username=root", "username:root"),
            ("src_ip:203.0.113.7", "attacker:203.0.113.7"),
        ] {
            let found = hints(&search.into());
            assert!(found.len() == 1 && found[0].contains(part), "{search}: {found:?}");
        }
        for search in ["", "wget", "service:ssh username:root", "a=", "-", "10.0.0.0/8"] {
            assert!(hints(&search.into()).is_empty(), "{search}");
        }
    }
}
