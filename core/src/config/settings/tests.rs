use std::fs;

use tempfile::TempDir;

use super::*;
use crate::config::Config;

/// A folder with the given files; `ini` is written to `decnet.ini` and named by `DECNET_CONFIG`.
fn load(
    environment: &[(&str, &str)],
    ini: &str,
    dotenv_local: &str,
    dotenv: &str,
) -> Result<(TempDir, Settings)> {
    let folder = tempfile::tempdir().unwrap();
    let ini_path = folder.path().join("decnet.ini");
    for (path, text) in [
        (ini_path.as_path(), ini),
        (&folder.path().join(".env.local"), dotenv_local),
        (&folder.path().join(".env"), dotenv),
    ] {
        if !text.is_empty() {
            fs::write(path, text).unwrap();
        }
    }
    let mut sources = Sources::new(environment.iter().copied(), folder.path());
    sources.default_ini = ini_path;
    let settings = Settings::load_from(sources)?;
    Ok((folder, settings))
}

fn ini(environment: &[(&str, &str)], ini: &str) -> Settings {
    load(environment, ini, "", "").unwrap().1
}

#[test]
fn earlier_places_win_and_later_ones_fill_gaps() {
    let (_folder, settings) = load(
        &[("DECNET_A", "environment")],
        "[decnet]\na = ini\nb = ini\n",
        "DECNET_A=local\nDECNET_B=local\nDECNET_C=local\nOTHER=1\n",
        "DECNET_A=env\nDECNET_B=env\nDECNET_C=env\nexport DECNET_D='env'\n",
    )
    .unwrap();
    for (name, value) in
        [("DECNET_A", "environment"), ("DECNET_B", "ini"), ("DECNET_C", "local"), ("DECNET_D", "env")]
    {
        assert_eq!(settings.text(name), Some(value), "{name}");
    }
    assert_eq!(settings.text("OTHER"), None);
    assert!(settings.named("DECNET_C").ends_with(".env.local)"), "{}", settings.named("DECNET_C"));
    assert!(settings.named("DECNET_B").ends_with("decnet.ini [decnet])"), "{}", settings.named("DECNET_B"));
}

#[test]
fn an_empty_variable_is_unset_and_hides_later_places() {
    let settings = ini(&[("DECNET_DB_TYPE", "")], "[decnet]\ndb-type = mysql\n");
    assert_eq!(settings.text("DECNET_DB_TYPE"), None);
}

#[test]
fn every_ini_key_sets_its_variable() {
    let settings = ini(
        &[],
        "[database]\ntype=mysql\nurl=u\nhost=h\nport=1\nname=n\nuser=us\n[web]\nadmin-user=root\n\
         [tracing]\nenabled=true\notel-endpoint=e\n[ingester]\nbatch-size=5\nbatch-max-wait-ms=6\n\
         [decnet]\ndb-password=pw\nAdmin-Password=ap ; inline\n[unknown]\nx=1\n",
    );
    for (name, value) in [
        ("DECNET_DB_TYPE", "mysql"),
        ("DECNET_DB_URL", "u"),
        ("DECNET_DB_HOST", "h"),
        ("DECNET_DB_PORT", "1"),
        ("DECNET_DB_NAME", "n"),
        ("DECNET_DB_USER", "us"),
        ("DECNET_ADMIN_USER", "root"),
        ("DECNET_DEVELOPER_TRACING", "true"),
        ("DECNET_OTEL_ENDPOINT", "e"),
        ("DECNET_BATCH_SIZE", "5"),
        ("DECNET_BATCH_MAX_WAIT_MS", "6"),
        ("DECNET_DB_PASSWORD", "pw"),
        ("DECNET_ADMIN_PASSWORD", "ap"),
    ] {
        assert_eq!(settings.text(name), Some(value), "{name}");
    }
    assert!(settings.warnings.is_empty(), "{:?}", settings.warnings);
    assert!(!format!("{settings:?}").contains("\"pw\""));
}

#[test]
fn the_mode_chooses_its_section() {
    let text = "[decnet]\nmode = agent\na = decnet\n[master]\na = master\nb = master\n[agent]\na = agent\nb = agent\n";
    let settings = ini(&[], text);
    assert_eq!((settings.text("DECNET_A"), settings.text("DECNET_B")), (Some("decnet"), Some("agent")));
    assert_eq!(ini(&[("DECNET_MODE", "master")], text).text("DECNET_B"), Some("master"));
    assert_eq!(ini(&[], "[master]\nb = master\n[agent]\nb = agent\n").text("DECNET_B"), Some("master"));

    let error = load(&[], "[decnet]\nmode = spectator\n", "", "").unwrap_err().to_string();
    assert!(
        ["DECNET_MODE", "\"spectator\"", "agent or master", "decnet.ini"].iter().all(|p| error.contains(p)),
        "{error}"
    );
}

#[test]
fn unknown_keys_and_bad_dotenv_lines_are_warnings_without_values() {
    let (_folder, settings) =
        load(&[], "[database]\npassword = hunter2\n[web]\nport = 1\n", "", "DECNET_A=1\nhunter 2\n").unwrap();
    let warnings = settings.warnings.join("\n");
    for part in
        ["[database]: the key \"password\"", "DECNET_DB_PASSWORD", "[web]: the key \"port\"", ".env, line 2"]
    {
        assert!(warnings.contains(part), "{part}: {warnings}");
    }
    assert_eq!(settings.warnings.len(), 3);
    assert!(!warnings.contains("hunter"), "{warnings}");
}

#[test]
fn missing_files_are_fine_and_a_named_one_is_reported() {
    let (folder, settings) = load(&[], "", "", "").unwrap();
    assert!(settings.warnings.is_empty() && settings.values.is_empty());
    let sources =
        Sources::new([("DECNET_CONFIG", folder.path().join("no.ini").to_str().unwrap())], folder.path());
    let settings = Settings::load_from(sources).unwrap();
    assert!(settings.warnings[0].contains("no.ini"), "{:?}", settings.warnings);
}

#[test]
fn decnet_config_names_the_ini_file() {
    let (folder, _) = load(&[], "[decnet]\na = default\n", "", "").unwrap();
    let other = folder.path().join("other.ini");
    fs::write(&other, "[decnet]\nb = other\n").unwrap();
    let mut sources = Sources::new([("DECNET_CONFIG", other.to_str().unwrap())], folder.path());
    sources.default_ini = folder.path().join("decnet.ini");
    let settings = Settings::load_from(sources).unwrap();
    assert_eq!((settings.text("DECNET_A"), settings.text("DECNET_B")), (None, Some("other")));
}

#[test]
fn files_that_cannot_be_used_are_errors_that_name_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.ini");
    for (content, part) in [
        (&b"[decnet]\na = \xff"[..], "UTF-8"),
        (b"[decnet]\nhunter2\n", "line 2"),
        (b"a = hunter2\n", "line 1"),
    ] {
        fs::write(&path, content).unwrap();
        let sources = Sources::new([("DECNET_CONFIG", path.to_str().unwrap())], folder.path());
        let error = Settings::load_from(sources).unwrap_err().to_string();
        assert!(error.contains("x.ini") && error.contains(part) && !error.contains("hunter2"), "{error}");
    }
    let sources = Sources::new([("DECNET_CONFIG", folder.path().to_str().unwrap())], folder.path());
    let error = Settings::load_from(sources).unwrap_err().to_string();
    assert!(error.contains("can't be read"), "{error}");
}

#[test]
fn a_folder_named_like_a_dotenv_file_is_ignored() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".env")).unwrap();
    assert!(Settings::load_from(Sources::new([("A", "b")], folder.path())).is_ok());
}

#[test]
fn booleans_follow_ruling_r11() {
    for (text, expected) in [
        ("true", true),
        ("TRUE", true),
        ("1", true),
        ("Yes", true),
        ("on", true),
        ("false", false),
        ("0", false),
        ("NO", false),
        ("Off", false),
    ] {
        assert_eq!(
            Settings::from_map([("DECNET_X", text)]).boolean("DECNET_X").unwrap(),
            Some(expected),
            "{text}"
        );
    }
    assert_eq!(Settings::from_map([("DECNET_X", "")]).boolean("DECNET_X").unwrap(), None);
    for text in ["2", "ja", " true", "t"] {
        let error = Settings::from_map([("DECNET_X", text)]).boolean("DECNET_X").unwrap_err().to_string();
        assert!(
            error.contains("DECNET_X") && error.contains(&format!("{text:?}")) && error.contains("yes, no"),
            "{error}"
        );
    }
}

#[test]
fn numbers_are_whole_and_in_range() {
    let number = |text: &str| Settings::from_map([("DECNET_X", text)]).number("DECNET_X", 1..=10);
    assert_eq!(number("10").unwrap(), Some(10));
    assert_eq!(number(" 7 ").unwrap(), Some(7));
    assert_eq!(number("").unwrap(), None);
    for text in ["0", "11", "-1", "1e1", "0x1", "99999999999999999999", "١"] {
        let error = number(text).unwrap_err().to_string();
        assert!(error.contains("from 1 to 10") && error.contains(text), "{error}");
    }
}

#[test]
fn a_shown_value_is_one_short_line_and_never_a_url() {
    let long = format!("a\nb{}", "x".repeat(1 << 20));
    let error = Settings::from_map([("DECNET_X", long)]).boolean("DECNET_X").unwrap_err().to_string();
    assert!(error.len() < 300 && !error.contains('\n'), "{error}");
    let url = Settings::from_map([("DECNET_X", "mysql://u:hunter2@h")])
        .boolean("DECNET_X")
        .unwrap_err()
        .to_string();
    assert!(!url.contains("hunter2"), "{url}");
}

#[test]
fn a_whole_configuration_comes_from_files() {
    let (_folder, settings) = load(
        &[],
        "[database]\ntype = MariaDB\nhost = db1 # primary\n",
        "DECNET_DB_PASSWORD=\"p@ss word\"\n",
        "DECNET_DB_POOL_SIZE=2\n",
    )
    .unwrap();
    let config = Config::from_settings(&settings).unwrap();
    assert_eq!(config.url.expose(), "mysql://decnet:p%40ss%20word@db1:3306/decnet");
    assert_eq!(config.pool.size, 2);
}
