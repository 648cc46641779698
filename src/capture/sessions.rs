//! The protocols of Cowrie's open sessions: only the line that opens a session names it.

use std::collections::HashMap;

use decnet_db_core::json::Json;

use super::quoted;

/// How many sessions are remembered, and how many bytes of JSON. The second bound keeps a position record, of which this is
/// a part, below the 64 KiB that a state has on DECNET's own MySQL tables.
const SESSIONS: usize = 1000;
const BYTES: usize = 48 * 1024;

/// Sessions whose protocol is not the default one.
#[derive(Debug, Clone, Default)]
pub(super) struct Sessions {
    open: HashMap<(String, String), Session>,
    /// Grows with every change.
    version: u64,
    /// What the export has in bytes.
    bytes: usize,
}

#[derive(Debug, Clone)]
struct Session {
    protocol: String,
    /// When it was opened, in the order of versions.
    opened: u64,
    bytes: usize,
}

impl Sessions {
    /// The protocol that a session was opened with.
    pub(super) fn protocol(&self, sensor: &str, session: &str) -> Option<&str> {
        if self.open.is_empty() {
            return None;
        }
        self.open.get(&key(sensor, session)).map(|found| found.protocol.as_str())
    }

    pub(super) fn open(&mut self, sensor: &str, session: &str, protocol: &str) {
        self.close(sensor, session);
        let bytes = triple(sensor, session, protocol).len() + 1;
        if bytes > BYTES / 16 {
            return;
        }
        self.version += 1;
        self.bytes += bytes;
        let entry = Session { protocol: protocol.to_owned(), opened: self.version, bytes };
        self.open.insert(key(sensor, session), entry);
        while self.open.len() > SESSIONS || self.bytes > BYTES {
            let Some((oldest, _)) = self.open.iter().min_by_key(|(_, session)| session.opened) else {
                return;
            };
            let oldest = oldest.clone();
            self.remove(&oldest);
        }
    }

    pub(super) fn close(&mut self, sensor: &str, session: &str) {
        if !self.open.is_empty() {
            self.remove(&key(sensor, session));
        }
    }

    fn remove(&mut self, key: &(String, String)) {
        if let Some(session) = self.open.remove(key) {
            self.bytes -= session.bytes;
            self.version += 1;
        }
    }

    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// A list of `[sensor, session, protocol]`, oldest first.
    pub(super) fn export(&self) -> Json {
        let mut sessions: Vec<_> = self.open.iter().collect();
        sessions.sort_by_key(|(_, session)| session.opened);
        let list: Vec<_> = sessions
            .into_iter()
            .map(|((sensor, id), session)| triple(sensor, id, &session.protocol))
            .collect();
        Json::parse(format!("[{}]", list.join(","))).unwrap_or_default()
    }

    pub(super) fn import(&mut self, sessions: &Json) {
        for [sensor, session, protocol] in sessions.decode::<Vec<[String; 3]>>().unwrap_or_default() {
            self.open(&sensor, &session, &protocol);
        }
    }
}

fn key(sensor: &str, session: &str) -> (String, String) {
    (sensor.to_owned(), session.to_owned())
}

fn triple(sensor: &str, session: &str, protocol: &str) -> String {
    format!("[{},{},{}]", quoted(sensor), quoted(session), quoted(protocol))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_sessions_are_forgotten_first() {
        let mut sessions = Sessions::default();
        for number in 0..SESSIONS + 5 {
            sessions.open("s", &number.to_string(), "telnet");
        }
        assert_eq!(sessions.open.len(), SESSIONS);
        assert_eq!(sessions.protocol("s", "4"), None);
        assert_eq!(sessions.protocol("s", "5"), Some("telnet"));

        let mut other = Sessions::default();
        other.import(&sessions.export());
        assert_eq!(other.export().as_str(), sessions.export().as_str());
    }

    #[test]
    fn what_is_remembered_is_bounded_in_bytes_too() {
        let mut sessions = Sessions::default();
        for number in 0..200 {
            sessions.open(&"\0".repeat(255), &number.to_string(), "telnet");
        }
        let exported = sessions.export();
        assert!(exported.as_str().len() <= BYTES, "{}", exported.as_str().len());
        assert!(exported.as_str().len() > BYTES / 2);
        sessions.open("s", &"x".repeat(BYTES), "telnet");
        assert_eq!(sessions.export(), exported);
    }

    #[test]
    fn a_closed_session_is_gone_and_rubbish_is_ignored() {
        let mut sessions = Sessions::default();
        sessions.import(&Json::parse(r#"{"a":[1]}"#).unwrap());
        assert_eq!(sessions.export().as_str(), "[]");
        sessions.open("s", "1", "telnet");
        sessions.close("t", "1");
        let version = sessions.version();
        assert_eq!(sessions.export().as_str(), r#"[["s","1","telnet"]]"#);
        sessions.close("s", "1");
        assert_eq!((sessions.export().as_str(), sessions.bytes), ("[]", 0));
        assert!(sessions.version() > version);
    }
}
