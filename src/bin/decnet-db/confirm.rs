//! Making sure that the operator means this database, before anything is deleted.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;

use decnet_db::Error;
use decnet_db::config::DatabaseUrl;

use crate::errors::Failure;

/// The name that must be given: the database's, for SQLite the file's without its folder.
pub(crate) fn database_name(url: &DatabaseUrl) -> &str {
    let name = url.database();
    if url.scheme() != "sqlite" {
        return name;
    }
    Path::new(name).file_name().and_then(|file| file.to_str()).unwrap_or(name)
}

/// Fails unless the database's name was given with `--confirm`, or is typed on the terminal.
pub(crate) fn confirm(url: &DatabaseUrl, given: Option<&str>, consequence: &str) -> Result<(), Failure> {
    let name = database_name(url);
    let refuse = |reason: String| Err(Failure::from(Error::invalid_input("--confirm", reason)));
    if let Some(given) = given {
        return if given == name {
            Ok(())
        } else {
            refuse(format!("{given:?} is not the database's name, which is {name:?}; nothing was changed"))
        };
    }
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return refuse(format!(
            "needed where nobody can be asked: --confirm {name} says that you mean it; nothing was changed"
        ));
    }
    let typed = asked(&format!("{consequence}\nType the database's name to go on: "))
        .map_err(|error| Failure::io("can't ask for the database's name", error))?;
    if typed.trim_end_matches(['\r', '\n']) == name {
        Ok(())
    } else {
        refuse(format!("the database's name is {name:?}, and something else was typed; nothing was changed"))
    }
}

/// The line that is typed on the terminal after a question.
fn asked(question: &str) -> io::Result<String> {
    let mut terminal = io::stderr().lock();
    write!(terminal, "{question}")?;
    terminal.flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line)
}

/// Fails unless yes is answered on the terminal to what the database holds already.
pub(crate) fn agree(what: &str) -> Result<(), Failure> {
    let refuse =
        |how: &str| Err(Error::invalid_input("--yes", format!("{how}: {what}; nothing was changed")).into());
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return refuse("needed where nobody can be asked");
    }
    let typed = asked(&format!("{what}.\nAdd DECNET's tables to it? [y/N] "))
        .map_err(|error| Failure::io("can't ask", error))?;
    if matches!(typed.trim(), "y" | "Y" | "yes") {
        Ok(())
    } else {
        refuse("not given, and not answered with yes")
    }
}

/// Fails unless the database's name is typed on the terminal: for a call that deletes more than it names.
pub(crate) fn confirm_call(url: &DatabaseUrl, method: &str) -> Result<(), Failure> {
    let what = format!("{method} deletes rows that the call does not name");
    confirm_or_yes(url, &what, &format!("{what}, from {url}."))
}

/// Fails unless the database's name is typed on the terminal, for a command that `--yes` keeps from asking; `what` says what it
/// deletes.
pub(crate) fn confirm_or_yes(url: &DatabaseUrl, what: &str, consequence: &str) -> Result<(), Failure> {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        let message = format!("needed where nobody can be asked: {what}; nothing was changed");
        return Err(Error::invalid_input("--yes", message).into());
    }
    confirm(url, None, consequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_has_no_folder() {
        let name = |url: &str| database_name(&url.parse().unwrap()).to_owned();
        assert_eq!(name("sqlite:////var/lib/decnet.db"), "decnet.db");
        assert_eq!(name("sqlite:///:memory:"), ":memory:");
        assert_eq!(name("mysql://u:p@h/decnet?ssl=1"), "decnet");
    }

    #[test]
    fn only_the_exact_name_confirms() {
        let url = "sqlite:///a/decnet.db".parse().unwrap();
        assert!(confirm(&url, Some("decnet.db"), "").is_ok());
        for wrong in ["", "decnet", "DECNET.DB", "a/decnet.db", " decnet.db"] {
            assert!(confirm(&url, Some(wrong), "").is_err(), "{wrong:?}");
        }
    }
}
